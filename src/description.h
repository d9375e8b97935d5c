/*
 * Open file descriptions: which descriptor numbers refer to the same one.
 *
 * Each description that the shim sees being opened with O_DIRECT gets a key, which dup(2) and its
 * variants copy and forked children share. A description that was not seen (inherited by exec(2),
 * received over a socket, opened inside the C library) is identified by its file: all such
 * descriptions of a file have one key. They wait for each other's windows, although they need not,
 * and have no gate (gate.h).
 *
 * What the tables say is a hint, like hint.h: closes inside the C library are not seen. So a key is
 * used only together with the file that the descriptor is found to refer to.
 */
#ifndef DIOSHIM_DESCRIPTION_H
#define DIOSHIM_DESCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Records that the number was opened, and forgets what it referred to before. `direct`: with
 * O_DIRECT. A child of vfork(2) that opens a file thereby changes what is remembered of its
 * parent's number: detecting that would cost each open a system call.
 */
void description_opened(int fd, bool direct);

/* Records that `to` refers to what `from` refers to. */
void description_copied(int from, int to);

/*
 * Records, and tells, whether the description was last seen to append (O_APPEND). What other processes set
 * is not seen.
 */
void description_set_appends(int fd, bool appends);
bool description_appends(int fd);

/* Records the same for all numbers with this key. */
void description_all_append(uint32_t key, bool appends);

/* Records that the number was closed. */
void description_forget(int fd);

/*
 * The first returns how often the number has begun to refer to something else, as far as was seen;
 * only for comparison, never 0. The second returns whether it was closed in between, and not only
 * replaced (dup2(2)).
 */
uint32_t description_generation(int fd);
bool description_closed_since(int fd, uint32_t generation);

/*
 * Records that O_DIRECT was refused on the description of this number, which is on `file` (struct
 * descriptor), so that it is direct in the program's eyes only (refused.h); 0: it is not so. The other
 * two return whether that is recorded, on whatever file, and on this one.
 */
void description_set_refused(int fd, uint64_t file);
bool description_refused(int fd);
bool description_refused_on(int fd, uint64_t file);

/* Returns the key that is remembered; 0 if there is none. */
uint32_t description_key(int fd);

/* Returns whether the key belongs to one description, and not to all unseen ones of a file. */
static inline bool description_is_certain(uint32_t key)
{
	return !(key >> 31);
}

/* Returns the number by which a file (struct descriptor) is remembered; never 0. */
static inline uint32_t description_file_of(uint64_t file)
{
	return (uint32_t)(file ^ file >> 32) | 1;
}

/* Returns that of the file that it was on when it was looked at; 0 if it was not. */
uint32_t description_file(int fd);

/*
 * Return the key of the description behind `fd`, which is on `file` (struct descriptor). Never 0. The
 * second also records that the number is direct.
 */
uint32_t description_key_on(int fd, uint64_t file);
uint32_t description_find(int fd, uint64_t file);

#endif
