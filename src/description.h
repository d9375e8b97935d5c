/*
 * Open file descriptions: which descriptor numbers stand for the same one.
 *
 * Each description that is seen to be opened with O_DIRECT gets a key, which dup(2) and its kin copy and
 * forked children share. One that was not seen to be opened (inherited by exec(2), received over a
 * socket, opened inside the C library) goes by its file: all such descriptions of a file have one key.
 * They then wait for each other's windows, which they need not, and have no gate (gate.h).
 *
 * What the tables say is a hint, like hint.h: closes inside the C library are not seen. So a key is
 * used only together with the file that the descriptor is found to be on.
 */
#ifndef DIOSHIM_DESCRIPTION_H
#define DIOSHIM_DESCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The number was opened; `direct`: with O_DIRECT. Whatever it stood for before is forgotten. A child of
 * vfork(2) that opens a file so changes what is remembered of its parent's number: to find that out would
 * cost each open a system call.
 */
void description_opened(int fd, bool direct);

/* `to` stands for what `from` stands for. */
void description_copied(int from, int to);

/* The number was closed. */
void description_forget(int fd);

/*
 * How often the number has begun to stand for something else, as far as was seen: to compare. Never 0.
 * The second tells whether it was closed in between, and not only replaced (dup2(2)).
 */
uint32_t description_generation(int fd);
bool description_closed_since(int fd, uint32_t generation);

/* The key that is remembered; 0 if there is none. */
uint32_t description_key(int fd);

/* Does the key stand for one description, and not for all those of a file that go by it? */
static inline bool description_is_certain(uint32_t key)
{
	return !(key >> 31);
}

/* The key of the description behind `fd`, which is on `file` (struct descriptor). Never 0. */
uint32_t description_find(int fd, uint64_t file);

#endif
