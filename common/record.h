/*
 * What processes under the shim tell whoever asked for it (--stats, --trace): a file that they all map
 * shared, so that what they have counted outlives them however they end.
 *
 * The layout is that of the file; the launcher reads it. All zero is a valid beginning, but for the
 * first two words: whoever comes first writes those and makes the file, and nobody has to wait.
 * Everything is written with atomic operations, and nothing waits, locks or allocates.
 *
 * DIOSHIM_STATS=FILE counts every call on an O_DIRECT descriptor; DIOSHIM_TRACE=FILE keeps the last
 * RECORD_CALLS calls that the shim changed. The two may name one file.
 */
#ifndef DIOSHIM_RECORD_H
#define DIOSHIM_RECORD_H

#include <stdatomic.h>
#include <stdint.h>

#define RECORD_MAGIC UINT64_C(0x316d6968736f6964) /* "dioshim1", little-endian */

enum {
	RECORD_FILES = 2048,  /* files told apart; a power of two */
	RECORD_CALLS = 65536, /* calls kept for the trace; a power of two */
	RECORD_PATH = 256,    /* bytes of a path that are kept, with its NUL */
	RECORD_TAILS = 8,     /* lengths of tails told apart, for each file and direction */
};

/* What became of a call. */
enum record_way {
	WAY_UNTOUCHED, /* the kernel took it as it stood */
	WAY_BOUNCED,   /* moved by direct I/O alone, by way of a bounce buffer or in other pieces */
	WAY_PARTIAL,   /* some or all of it moved through the page cache, or by rewriting a sector */
	WAY_REFUSED,   /* answered with an error that is about alignment: the shim could not help */
	WAY_FAILED,    /* answered with another error */
	RECORD_WAYS
};

enum record_direction { RECORD_READ, RECORD_WRITE, RECORD_DIRECTIONS };

/* What was misaligned, as bits. */
enum record_misaligned {
	MISALIGNED_ADDRESS = 1,
	MISALIGNED_LENGTH = 2,
	MISALIGNED_OFFSET = 4,
	RECORD_MISALIGNED = 3, /* how many there are */
};

/* An unaligned end: pos + len, modulo the offset alignment. 0: this place is free. */
struct record_tail {
	_Atomic uint64_t bytes;
	_Atomic uint64_t calls;
};

/* The calls on one file in one direction. */
struct record_counts {
	_Atomic uint64_t calls[RECORD_WAYS];
	_Atomic uint64_t bytes[RECORD_WAYS]; /* as returned */
	_Atomic uint64_t copied;             /* bytes copied between the program's memory and bounce buffers */
	_Atomic uint64_t copy_ns;            /* time that took, nanoseconds */
	_Atomic uint64_t buffered;             /* bytes moved through the page cache */
	_Atomic uint64_t misaligned[RECORD_MISALIGNED]; /* calls, by the bits above: address, length, offset */
	_Atomic uint64_t no_tail;            /* changed calls that ended on a multiple of the alignment */
	_Atomic uint64_t other_tails;        /* changed calls with a tail for which there was no place */
	struct record_tail tail[RECORD_TAILS];
};

enum record_state { RECORD_FREE, RECORD_CLAIMED, RECORD_READY };

struct record_file {
	_Atomic uint32_t state; /* enum record_state; the fields below but counts are fixed once READY */
	uint32_t block_device;  /* 1 if it is one */
	uint64_t device, inode; /* stat(2), st_dev and st_ino */
	_Atomic uint32_t mem_align, offset_align; /* bytes, as last seen; 0: not known */
	char path[RECORD_PATH]; /* as it was when first seen; empty: not to be had (no /proc) */
	struct record_counts counts[RECORD_DIRECTIONS];
};

/* What was done for a call, as bits. */
enum record_done {
	DONE_BOUNCED = 1, /* copied by way of a bounce buffer */
	DONE_BUFFERED = 2,  /* (in part) through the page cache */
	DONE_SECTOR = 4,  /* a sector of a block device read, changed and written back */
	DONE_SPLIT = 8,   /* more than one system call that moves data */
	DONE_RETRIED = 16, /* the same call again: O_DIRECT was off when it was refused */
	DONE_ASIDE = 32,  /* nothing: the kernel's answer stands */
};

/* A call that the shim changed, or was asked to. 128 bytes. */
struct record_call {
	_Atomic uint64_t ticket; /* 1 + its number, written last; anything else: being written */
	int64_t time_ns;         /* CLOCK_REALTIME, when it came back */
	int32_t pid, tid;
	int32_t nr;              /* SYS_read, SYS_pwritev2, ... */
	int32_t fd;
	uint32_t file;           /* index in record.file; RECORD_FILES if it had no place */
	int32_t iovcnt;          /* of vectored calls, else 0 */
	uint64_t addr;           /* the buffer's address, the array's for vectored calls */
	uint64_t len;            /* bytes asked for in all */
	int64_t pos;             /* where it began, bytes from the start of the file; -1: not known. Of a
				    description whose offset others move at the same time: as near as
				    can be told */
	int64_t ret;             /* the count, or a negative errno */
	uint64_t copied;         /* bytes */
	uint64_t buffered;         /* bytes */
	uint32_t duration_ns;    /* at the most UINT32_MAX */
	uint16_t misaligned;     /* enum record_misaligned */
	uint16_t done;           /* enum record_done */
	uint16_t refusal;        /* errno with which the kernel had refused it; 0: it was not asked;
				    UINT16_MAX: it wrote nothing of what was there to write */
	uint16_t positional;     /* 1 if the call names its offset */
	int32_t rwf;             /* RWF_* */
	uint64_t spare[3];
};

_Static_assert(sizeof(struct record_call) == 128, "one call, two cache lines");

struct record {
	_Atomic uint64_t magic;      /* RECORD_MAGIC once the file is set up */
	_Atomic uint64_t size;       /* sizeof(struct record): another version's differs */
	_Atomic uint64_t lost_files; /* calls on files for which there was no place */
	_Atomic uint64_t calls;      /* calls put into call[] so far: the next ticket */
	/* Calls for whose length O_DIRECT was taken off a description: begun, ended (recording.h). */
	_Atomic uint64_t buffered_begun;
	_Atomic uint64_t buffered_ended;
	uint64_t spare[2];
	struct record_file file[RECORD_FILES]; /* open addressing, by device and inode */
	struct record_call call[RECORD_CALLS]; /* a ring, by number */
};

#endif
