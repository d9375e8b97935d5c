/* What the bytes of an input stand for. See calls_input.h. */
#include "calls_input.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>

#define FAR ((off_t)1 << 20) /* no offset is farther than this beyond the end of the file */

/* The rest of the input. After its end zeros are read. */
static const uint8_t *input;
static size_t input_left;

void input_start(const uint8_t *data, size_t size)
{
	input = data;
	input_left = size;
}

size_t input_rest(void)
{
	return input_left;
}

unsigned take_byte(void)
{
	if (!input_left)
		return 0;
	input_left--;
	return *input++;
}

static unsigned take_two_bytes(void)
{
	unsigned low = take_byte();

	return low | take_byte() << 8;
}

/* Takes a position near a block boundary, near the end of the file, or anywhere. */
static off_t take_position(off_t size)
{
	unsigned how = take_byte();
	off_t near = (off_t)(int8_t)take_byte();
	off_t pos;

	switch (how % 4) {
	case 0:
		pos = (off_t)(how / 4) * 4096 + near;
		break;
	case 1:
		pos = (off_t)(how / 4) * 512 + near;
		break;
	case 2:
		pos = size + near;
		break;
	default:
		pos = (off_t)take_two_bytes() * 16 + near;
	}
	return pos > size + FAR ? FAR : pos;
}

static size_t take_length(void)
{
	unsigned how = take_byte();
	size_t few = take_byte();

	switch (how % 4) {
	case 0:
		return few;
	case 1:
		return how / 4 * 512 + (few & 1 ? few : 0);
	case 2:
		return how / 4 * 4096 + (few & 1 ? few : 0);
	default:
		return (how / 4 & 15) * 16384 + few * 7;
	}
}

static void take_pieces(struct call *c)
{
	bool vector = c->op == READV || c->op == PREADV || c->op == PREADV2 || c->op == WRITEV ||
		      c->op == PWRITEV || c->op == PWRITEV2;
	size_t at = 4096;

	c->count = vector ? 1 + (int)(take_byte() % MOST_PIECES) : 1;
	c->asked = 0;
	for (int i = 0; i < c->count; i++) {
		unsigned shift = take_byte();

		at = (at + 4095) / 4096 * 4096 + (shift & 3 ? shift : shift * 2);
		c->piece[i].len = take_length();
		c->piece[i].at = shift == 255 ? ARENA - c->piece[i].len / 2 : at;
		at += c->piece[i].len;
		c->asked += c->piece[i].len;
	}
}

static int take_flags(void)
{
	static const int flags[] = { 0, 0, RWF_DSYNC, RWF_APPEND };

	return flags[take_byte() % 4];
}

void take_call(struct call *c, off_t size)
{
	unsigned op = take_byte();

	memset(c, 0, sizeof(*c));
	c->op = (enum op)(op % OPS);
	c->fill = op;
	c->limit = RLIM_INFINITY;
	c->pos = take_position(size);
	if (c->op < SEEK || c->op == BYSTANDER)
		take_pieces(c);
	if (c->op == PREADV2 || c->op == PWRITEV2)
		c->flags = c->op == PREADV2 ? 0 : take_flags();
	if (c->op == SETFL || c->op == REOPEN)
		c->flags = take_byte() % 3 ? 0 : O_APPEND;
	/* Large enough for libFuzzer to save an input that crashes under this limit. */
	if (op >= 240 && c->pos >= 0)
		c->limit = 4096 + (rlim_t)c->pos + take_two_bytes();
}
