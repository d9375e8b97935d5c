/* Tests of the sentences of launcher/report/verdict.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <cmocka.h>

#include "report/verdict.h"

static struct counted_file files[20];
static struct counted counted;
static struct verdict verdict;

/* Adds a file with alignments of 512. */
static struct counted_file *add_file(const char *path)
{
	struct counted_file *f = &files[counted.files++];

	*f = (struct counted_file){
		.device = makedev(8, 1), .inode = 9, .mem_align = 512, .offset_align = 512
	};
	snprintf(f->path, sizeof(f->path), "%s", path);
	counted.file = files;
	return f;
}

static struct verdict_about about;

static int start_over(void **state)
{
	(void)state;
	counted = (struct counted){ 0 };
	about = (struct verdict_about){ .ended = true };
	return 0;
}

static void assert_line(int n, const char *text)
{
	verdict_make(&counted, &about, &verdict);
	assert_true(verdict.lines > n);
	assert_string_equal(verdict.line[n], text);
}

static void assert_lines(int n)
{
	verdict_make(&counted, &about, &verdict);
	assert_int_equal(verdict.lines, n);
}

static void no_calls(void **state)
{
	(void)state;
	assert_line(0, "No call on an O_DIRECT descriptor was seen: the program does not use "
		       "O_DIRECT, or is out of the shim's reach (see dioshim --check COMMAND).");
	assert_lines(1);
}

static void no_calls_but_opens(void **state)
{
	(void)state;
	counted.opened = 1;
	assert_line(0,
		    "1 open with O_DIRECT, but no read or write on it, was seen. The program made "
		    "none, or in a way that the shim does not see (see dioshim --check COMMAND), "
		    "or checks the alignment itself.");
	assert_lines(1);
	counted.not_opened = 2;
	assert_line(1,
		    "2 opens with O_DIRECT failed with EINVAL, as where the file system does not "
		    "support direct I/O (see dioshim --probe PATH).");
	counted.opened = 0;
	assert_lines(1);
	assert_line(0,
		    "2 opens with O_DIRECT failed with EINVAL, as where the file system does not "
		    "support direct I/O (see dioshim --probe PATH).");
}

static void ways_that_are_not_seen(void **state)
{
	(void)state;
	counted.liburings = 1;
	assert_line(1, "The program can also use io_uring, which the shim does not see: with "
		       "--no-io-uring many programs use other calls.");
	counted.no_io_uring = true;
	assert_lines(1);
	counted.io_urings = 2;
	assert_line(1, "2 io_urings were set up. The shim does not see what is moved through them: "
		       "with --no-io-uring many programs use other calls.");
	assert_lines(2);
}

/* Who says that a program needs no shim has to know that it did what it should. */
static void untouched_but_not_ended_well(void **state)
{
	struct counts *c = &add_file("/x")->counts[RECORD_READ];

	(void)state;
	c->calls[WAY_UNTOUCHED] = 2;
	about.status = 3;
	assert_line(0, "All 2 calls were aligned.");
	assert_line(1, "It ended with status 3. If that is because of an alignment, it checks "
		       "alignments itself, or moves data in a way that the shim does not see.");
	assert_lines(2);
	about.ended = false;
	assert_line(0, "All 2 calls were aligned.");
	assert_lines(1);
	files[0].offset_align = 0;
	assert_line(0, "All 2 calls were accepted unchanged.");
}

static void all_untouched(void **state)
{
	struct counts *c = &add_file("/x")->counts[RECORD_READ];

	(void)state;
	c->calls[WAY_UNTOUCHED] = 1;
	assert_line(0, "The 1 call was aligned: this program does not need dioshim.");
	c->calls[WAY_UNTOUCHED] = 1204;
	assert_line(0, "All 1,204 calls were aligned: this program does not need dioshim.");
	assert_lines(1);
	files[0].offset_align = 0;
	assert_line(0, "All 1,204 calls were accepted by the kernel unchanged: on these files this "
		       "program does not need dioshim.");
	c->calls[WAY_FAILED] = 1;
	files[0].offset_align = 512;
	assert_line(0, "All 1,204 calls that did not fail were aligned: this program does not need "
		       "dioshim.");
	assert_line(1, "1 call failed for reasons other than alignment.");
}

static void untouched_but_not_all_was_seen(void **state)
{
	(void)state;
	add_file("/x")->counts[RECORD_READ].calls[WAY_UNTOUCHED] = 2;
	counted.lost = counted.others = 1;
	counted.other.counts[RECORD_WRITE].calls[WAY_UNTOUCHED] = 1;
	assert_line(0, "All 3 calls were accepted by the kernel unchanged: on these files this "
		       "program does not need dioshim.");
	assert_line(1, "1 file, with 1 call, is only in the total: a record file has room for "
		       "16,384 files.");
	counted.lost = 3;
	counted.others = 2;
	counted.others_at_least = true;
	assert_line(1, "Over 2 files, with 3 calls, are only in the total: a record file has room "
		       "for 16,384 files.");
}

static void only_failures(void **state)
{
	(void)state;
	add_file("/x")->counts[RECORD_READ].calls[WAY_FAILED] = 2;
	assert_line(0, "No call succeeded.");
	assert_line(1, "2 calls failed for reasons other than alignment.");
	assert_lines(2);
}

static void share_of_bytes(void **state)
{
	struct counts *c = &add_file("/x")->counts[RECORD_WRITE];

	(void)state;
	c->calls[WAY_BOUNCED] = 1;
	assert_line(0, "No bytes were moved.");
	c->bytes[WAY_UNTOUCHED] = 9800;
	c->bytes[WAY_BOUNCED] = 200;
	c->copied = 150;
	c->buffered = 50;
	assert_line(0, "98% of 9.8K moved directly to or from the program's buffers; 150 bytes "
		       "copied, 50 bytes through the page cache.");
	c->copied = 1;
	c->buffered = 0;
	assert_line(0, "More than 99% of 9.8K moved directly to or from the program's buffers; 1 "
		       "byte copied, 0 bytes through the page cache.");
	c->copied = 9999;
	assert_line(0, "Less than 1% of 9.8K moved directly to or from the program's buffers; 9.8K "
		       "copied, 0 bytes through the page cache.");
	c->copied = 20000;
	assert_line(0, "0% of 9.8K moved directly to or from the program's buffers; 20K copied, 0 "
		       "bytes through the page cache.");
}

static struct counts *changed(const char *path, int direction)
{
	struct counts *c = &add_file(path)->counts[direction];

	c->calls[WAY_PARTIAL] = 1204;
	c->bytes[WAY_PARTIAL] = 1 << 20;
	return c;
}

static void one_tail(void **state)
{
	struct counts *c = changed("/data/x", RECORD_WRITE);

	(void)state;
	c->misaligned[1] = 1204;
	c->tail[0] = (struct tail){ 100, 1204 };
	assert_line(1, "1,204 writes to /data/x ended 100 bytes after a block boundary: pad "
		       "records to a multiple of 512 bytes.");
	c->tail[0] = (struct tail){ 1, 1 };
	assert_line(1, "1 write to /data/x ended 1 byte after a block boundary: pad records to a "
		       "multiple of 512 bytes.");
	files[0].offset_align = 0;
	assert_line(1, "1 write to /data/x ended 1 byte after a block boundary: pad records to a "
		       "multiple of the alignment that dioshim --probe shows.");
	assert_lines(2);
}

static void several_tails(void **state)
{
	struct counts *c = changed("/data/x", RECORD_READ);

	(void)state;
	c->misaligned[1] = 1204;
	c->copied = 2048;
	c->copy_ns = 15000;
	c->tail[0] = (struct tail){ 100, 600 };
	c->tail[1] = (struct tail){ 200, 500 };
	c->tail[2] = (struct tail){ 300, 4 };
	c->other_tails = 100;
	assert_line(1, "1,100 reads of /data/x ended 100 or 200 bytes after a block boundary (2.0K "
		       "copied, 15 us): read a multiple of 512 bytes.");
	c->tail[2].calls = 400;
	assert_line(1, "1,500 reads of /data/x ended 100, 200 or 300 bytes after a block boundary "
		       "(2.0K copied, 15 us): read a multiple of 512 bytes.");
	c->other_tails = 1000;
	assert_line(1, "1,204 reads of /data/x had a misaligned length (2.0K copied, 15 us): read "
		       "a multiple of 512 bytes.");
	memset(c->tail, 0, sizeof(c->tail));
	c->other_tails = 0;
	assert_line(1, "1,204 reads of /data/x had a misaligned length (2.0K copied, 15 us): read "
		       "a multiple of 512 bytes.");
}

static void misaligned_memory(void **state)
{
	struct counts *c = changed("", RECORD_READ);

	(void)state;
	c->misaligned[0] = 3000;
	c->copied = 12 << 20;
	c->copy_ns = 800000000;
	assert_line(1, "3,000 reads of device 8:1 inode 9 used a misaligned buffer (12M copied, "
		       "0.8 s): align buffers to 512 bytes, for example with posix_memalign(3).");
	files[0].mem_align = 4;
	assert_line(1, "3,000 reads of device 8:1 inode 9 used a misaligned buffer (12M copied, "
		       "0.8 s): align buffers to 8 bytes, for example with posix_memalign(3).");
	files[0].mem_align = 0;
	assert_line(1, "3,000 reads of device 8:1 inode 9 used a misaligned buffer (12M copied, "
		       "0.8 s): align buffers as dioshim --probe shows, for example with "
		       "posix_memalign(3).");
}

static void unaligned_offsets(void **state)
{
	struct counts *c = changed("/x", RECORD_WRITE);

	(void)state;
	c->misaligned[1] = c->misaligned[2] = 5;
	assert_lines(2);
	c->misaligned[2] = 6;
	assert_line(2, "1 write to /x of aligned length began at a misaligned offset: begin at a "
		       "multiple of 512 bytes.");
}

static void refusals_come_first(void **state)
{
	struct counts *c = changed("/x", RECORD_WRITE);

	(void)state;
	c->misaligned[0] = c->misaligned[1] = 9;
	c->copy_ns = UINT64_C(1) << 50;
	c->calls[WAY_REFUSED] = 12;
	assert_line(1, "12 writes to /x still failed with EINVAL; --trace shows them.");
	c->calls[WAY_REFUSED] = 1;
	assert_line(1, "1 write to /x still failed with EINVAL; --trace shows it.");
}

/* The same advice is given once, with the most costly file. */
static void one_sentence_for_many_files(void **state)
{
	char path[16];

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		struct counts *c = changed(path, RECORD_WRITE);

		c->misaligned[0] = 2;
		c->copied = 512;
		c->copy_ns = i == 13 ? 1000000000 : 0;
	}
	assert_line(1, "40 writes to /13 and 19 other files used a misaligned buffer (10K copied, "
		       "1.0 s): align buffers to 512 bytes, for example with posix_memalign(3).");
	assert_lines(2);
	/* Other alignments are other advice. */
	files[4].mem_align = files[5].mem_align = 4096;
	assert_line(1, "36 writes to /13 and 17 other files used a misaligned buffer (9.0K copied, "
		       "1.0 s): align buffers to 512 bytes, for example with posix_memalign(3).");
	assert_line(2,
		    "4 writes to /4 and 1 other file used a misaligned buffer (1.0K copied, 0 s): "
		    "align buffers to 4096 bytes, for example with posix_memalign(3).");
	assert_lines(3);
}

static void advice_for_files_without_an_entry(void **state)
{
	struct counts *c = &counted.other.counts[RECORD_READ];

	(void)state;
	counted.lost = 5;
	counted.others = 3;
	c->calls[WAY_BOUNCED] = c->misaligned[0] = 5;
	c->bytes[WAY_BOUNCED] = 1000;
	counted.other.mem_align = 512;
	assert_line(1, "5 reads of 3 other files used a misaligned buffer: align buffers to 512 "
		       "bytes, for example with posix_memalign(3).");
	changed("/x", RECORD_READ)->misaligned[0] = 2;
	assert_line(1, "7 reads of /x and 3 other files used a misaligned buffer: align buffers to "
		       "512 bytes, for example with posix_memalign(3).");
	counted.others_at_least = true;
	assert_line(1, "7 reads of /x and over 3 other files used a misaligned buffer: align "
		       "buffers to 512 bytes, for example with posix_memalign(3).");
}

static void refused_by_the_file_system(void **state)
{
	struct counts *c = changed("/x", RECORD_READ);

	(void)state;
	c->not_direct = 1204;
	assert_line(1, "1,204 reads of /x: the file system refused direct I/O at every alignment "
		       "(see dioshim --probe PATH), so they used the page cache, or failed.");
	assert_lines(2);
}

/* A file that was refused was used, even if no call on it was counted. */
static void refused_and_used_without(void **state)
{
	(void)state;
	add_file("/x")->refused = 1;
	assert_line(0, "The file system refused direct I/O on /x: it was buffered instead.");
	assert_lines(1);
	counted.other.refused = 3;
	assert_line(0, "The file system refused direct I/O on /x and more files: they were "
		       "buffered instead.");
	counted.files = 0;
	assert_line(0, "The file system refused direct I/O on files: they were buffered instead.");
	assert_lines(1);
	for (int i = 0; i < 3; i++)
		add_file(i ? "/z" : "/y")->refused = 1;
	files[2].refused = 0;
	assert_line(0, "The file system refused direct I/O on /y, /z and more files: they were "
		       "buffered instead.");
	counted.opened = 1;
	verdict_make(&counted, &about, &verdict);
	assert_non_null(strstr(verdict.line[0], "but no read or write on it, was seen"));
	assert_lines(2);
}

static void all_kinds_at_once_leave_room_for_the_rest(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		struct counts *c = changed("/x", i % 2);

		files[i].mem_align = files[i].offset_align = 512u << i;
		c->misaligned[0] = c->misaligned[1] = 1;
		c->misaligned[2] = 2;
		c->calls[WAY_REFUSED] = 1;
	}
	counted.lost = counted.others = 1;
	assert_lines(VERDICT_LINES);
	assert_non_null(strstr(verdict.line[VERDICT_LINES - 1], "only in the total"));
	assert_non_null(strstr(verdict.line[1], "still failed with EINVAL"));
}

static void processes_that_still_run(void **state)
{
	(void)state;
	about.left = 1;
	about.record = "/proc/7/fd/3";
	assert_line(1, "1 process of COMMAND still runs: until it has ended, dioshim "
		       "--report=/proc/7/fd/3 also shows what it does from now on.");
	about.left = 12;
	assert_line(1, "12 processes of COMMAND still run: until they have ended, dioshim "
		       "--report=/proc/7/fd/3 also shows what they do from now on.");
	about.record = NULL;
	assert_line(1,
		    "12 processes of COMMAND still run; what they do from now on is not reported.");
}

static void a_path_of_only_escapes_is_not_cut(void **state)
{
	struct counts *c = changed("", RECORD_WRITE);

	(void)state;
	memset(files[0].path, '\1', RECORD_PATH - 1);
	c->misaligned[0] = 1;
	verdict_make(&counted, &about, &verdict);
	assert_non_null(strstr(verdict.line[1], "for example with posix_memalign(3)."));
}

#define TEST(f) cmocka_unit_test_setup(f, start_over)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(no_calls),
		TEST(no_calls_but_opens),
		TEST(ways_that_are_not_seen),
		TEST(untouched_but_not_ended_well),
		TEST(all_untouched),
		TEST(untouched_but_not_all_was_seen),
		TEST(only_failures),
		TEST(share_of_bytes),
		TEST(one_tail),
		TEST(several_tails),
		TEST(misaligned_memory),
		TEST(unaligned_offsets),
		TEST(refusals_come_first),
		TEST(one_sentence_for_many_files),
		TEST(advice_for_files_without_an_entry),
		TEST(refused_by_the_file_system),
		TEST(refused_and_used_without),
		TEST(all_kinds_at_once_leave_room_for_the_rest),
		TEST(processes_that_still_run),
		TEST(a_path_of_only_escapes_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
