/*
 * Programs that start others, but not as their arguments say to a reader, or not with their own environment: by
 * another process (systemd-run, docker), on another machine (ssh), as another user (su), or as a file says (make).
 */
#ifndef DIOSHIM_ELSEWHERE_H
#define DIOSHIM_ELSEWHERE_H

#include "check/chain.h"

/* Sets c->lost or c->unknown if c->program is one of them and has arguments that make it start another. */
void elsewhere_look(struct chain *c);

#endif
