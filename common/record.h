/*
 * The record files of --stats and --trace. All processes under the shim map such a file shared, so
 * that what they have counted survives them, however they end.
 *
 * This is the layout of the file; the launcher reads it. An all-zero file is a valid start, except
 * for the first two words, which the process that creates the file writes. Counters and states are
 * atomic. Those who write them never wait, lock or allocate.
 *
 * DIOSHIM_STATS=FILE counts every call on an O_DIRECT descriptor; DIOSHIM_TRACE=FILE keeps the last
 * RECORD_CALLS calls that the shim changed. Both may name the same file.
 */
#ifndef DIOSHIM_RECORD_H
#define DIOSHIM_RECORD_H

#include <stdatomic.h>
#include <stdint.h>

#define RECORD_MAGIC UINT64_C(0x316d6968736f6964) /* "dioshim1", little-endian */

enum {
	RECORD_FILES = 16384, /* files that are counted separately */
	RECORD_PLACES =
		32768, /* of the table that finds them; a power of two, and so many that half stay free */
	RECORD_OTHERS = 131072, /* other files, of which only the number is kept; a power of two */
	RECORD_CALLS = 65536,	/* calls kept for the trace; a power of two */
	RECORD_PATH = 256,	/* bytes of a path that are kept, including its NUL */
	RECORD_TAILS = 8, /* tail lengths that are counted separately, per file and direction */
};

/* What became of a call. */
enum record_way {
	WAY_UNTOUCHED, /* the kernel accepted it as it was */
	WAY_BOUNCED,   /* moved by direct I/O only, through a bounce buffer or in other pieces */
	WAY_PARTIAL,   /* all or part went through the page cache, or a sector was rewritten */
	WAY_REFUSED,   /* failed with an error that is about alignment: the shim could not help */
	WAY_FAILED,    /* failed with another error */
	RECORD_WAYS
};

enum record_direction { RECORD_READ, RECORD_WRITE, RECORD_DIRECTIONS };

/* What was misaligned, as bits. */
enum record_misaligned {
	MISALIGNED_ADDRESS = 1,
	MISALIGNED_LENGTH = 2,
	MISALIGNED_OFFSET = 4,
	RECORD_MISALIGNED = 3, /* the number of these bits */

	/* Of a traced call: they are no facts, but guesses; the file system reports no alignments. */
	MISALIGNED_GUESSED = 8,
	/* Of a traced call: what it would have needed was not looked at, or is not known. */
	MISALIGNED_UNKNOWN = 16,
};

/* An unaligned end: (pos + len) modulo the offset alignment. 0: this entry is free. */
struct record_tail {
	_Atomic uint64_t bytes;
	_Atomic uint64_t calls;
};

/* The calls on one file in one direction. */
struct record_counts {
	_Atomic uint64_t calls[RECORD_WAYS];
	_Atomic uint64_t bytes[RECORD_WAYS]; /* as returned to the program */
	_Atomic uint64_t copied;   /* bytes copied between bounce buffers and program memory */
	_Atomic uint64_t copy_ns;  /* nanoseconds spent on that */
	_Atomic uint64_t buffered; /* bytes moved through the page cache */
	/* Calls by the bits above: address, length, offset. */
	_Atomic uint64_t misaligned[RECORD_MISALIGNED];
	_Atomic uint64_t not_direct; /* calls for which direct I/O was refused at every alignment */
	_Atomic uint64_t no_tail;    /* changed calls that ended on a multiple of the alignment */
	_Atomic uint64_t other_tails; /* changed calls whose tail found no free entry */
	struct record_tail tail[RECORD_TAILS];
};

enum record_state { RECORD_FREE, RECORD_READY };

struct record_file {
	/* enum record_state. Once it is READY and has a place, only the alignments and the counts change. */
	_Atomic uint32_t state;
	uint32_t block_device;			  /* 1 for a block device, otherwise 0 */
	uint64_t device, inode;			  /* stat(2), st_dev and st_ino */
	_Atomic uint32_t mem_align, offset_align; /* bytes, as last seen; 0: unknown */
	_Atomic uint32_t not_direct; /* 1 once direct I/O was refused at every alignment */
	uint32_t spare;
	_Atomic uint64_t
		refused; /* how often O_DIRECT was refused and the file used without (refused.h) */
	char path[RECORD_PATH]; /* as it was when first seen; empty: unknown (no /proc) */
	struct record_counts counts[RECORD_DIRECTIONS];
};

/* What was done for a call, as bits. */
enum record_done {
	DONE_BOUNCED = 1,  /* copied through a bounce buffer */
	DONE_BUFFERED = 2, /* all or part of it went through the page cache */
	DONE_SECTOR = 4,   /* a sector of a block device was read, changed and written back */
	DONE_SPLIT = 8,	   /* more than one system call moved data */
	DONE_RETRIED = 16, /* the same call was issued again, while O_DIRECT was off */
	DONE_ASIDE = 32,   /* nothing: the program got the kernel's own answer */
	DONE_NOT_DIRECT =
		64, /* direct I/O was refused at every alignment: by the file system, then */
	DONE_GIVEN_UP = 128, /* the file system refuses O_DIRECT, and it was taken off for good */
};

/*
 * A call that the shim changed, or that it was asked to change. 128 bytes. With DONE_GIVEN_UP it may also
 * be a call that set O_DIRECT, of which only `nr` and `fd` are known: SYS_openat (for any open), SYS_fcntl.
 */
struct record_call {
	_Atomic uint64_t ticket; /* 1 + its number, written last; any other value: being written */
	int64_t time_ns;	 /* CLOCK_REALTIME, when it returned */
	int32_t pid, tid;
	int32_t nr; /* SYS_read, SYS_pwritev2, ... */
	int32_t fd;
	uint32_t file;	/* index in record.file; RECORD_FILES if it had no entry */
	int32_t iovcnt; /* of vectored calls, otherwise 0 */
	uint64_t addr;	/* address of the buffer, or of the iovec array */
	uint64_t len;	/* bytes requested in total */
	/*
	 * Where it began, in bytes from the start of the file; -1: unknown. Only approximate if
	 * others move the description's offset at the same time.
	 */
	int64_t pos;
	int64_t ret;	      /* the count, or a negative errno */
	uint64_t copied;      /* bytes */
	uint64_t buffered;    /* bytes */
	uint32_t duration_ns; /* at most UINT32_MAX */
	uint16_t misaligned;  /* enum record_misaligned */
	uint16_t done;	      /* enum record_done */
	/*
	 * The errno with which the kernel had refused it; 0: the kernel was not asked; UINT16_MAX:
	 * the kernel wrote 0 of more than 0 bytes.
	 */
	uint16_t refusal;
	uint16_t positional; /* 1 if the call takes an offset */
	int32_t rwf;	     /* RWF_* */
	uint64_t spare[3];
};

_Static_assert(sizeof(struct record_call) == 128, "one call, two cache lines");

struct record {
	_Atomic uint64_t magic; /* RECORD_MAGIC once the file is set up */
	_Atomic uint64_t size;	/* sizeof(struct record): differs between versions */
	_Atomic uint64_t
		lost_files;	/* calls on files for which there was no entry: those of `other` */
	_Atomic uint64_t calls; /* calls put into call[] so far */
	/* Calls for which O_DIRECT was taken off a description: begun, ended (recording.h). */
	_Atomic uint64_t buffered_begun;
	_Atomic uint64_t buffered_ended;
	_Atomic uint64_t io_urings;   /* set up through syscall(2); others are not seen */
	_Atomic uint64_t opened;      /* opens with O_DIRECT that gave a descriptor */
	_Atomic uint64_t not_opened;  /* those that the file system refused (EINVAL, open(2)) */
	_Atomic uint64_t liburings;   /* processes that had liburing loaded when they started */
	_Atomic uint64_t files;	      /* how many entries of file[] are taken, from the first */
	_Atomic uint64_t no_io_uring; /* 1 if the launcher made it for --no-io-uring */
	uint64_t spare[4];
	/* All files without an entry together; its alignments are the largest of theirs. */
	struct record_file other;
	/*
	 * Finds an entry: 1 + its index, or 0 if free. Open addressing, hashed by device and inode. The entries
	 * themselves have no gaps, so that a reader sees, and memory has, only as many pages as there are files.
	 */
	_Atomic uint32_t place[RECORD_PLACES];
	_Atomic uint64_t
		other_file[RECORD_OTHERS]; /* a set: a number for each file of `other`; 0: free */
	struct record_call call[RECORD_CALLS]; /* a ring, indexed by call number */
	struct record_file file[RECORD_FILES];
};

#endif
