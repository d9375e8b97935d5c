/* Records that a file is used without O_DIRECT, because the file system refuses that (refused.h). */
#ifndef DIOSHIM_RECORD_REFUSED_H
#define DIOSHIM_RECORD_REFUSED_H

enum { RECORD_NO_LINE = -1 };

/*
 * Notes the file in all record files. `nr`: the system call that set O_DIRECT, for a line in the trace;
 * RECORD_NO_LINE: there is one about the call already.
 */
void record_refused(int fd, long nr);

#endif
