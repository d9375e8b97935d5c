/* Seccomp filters, rule by rule. Errors end the process. */
#ifndef DIOSHIM_TEST_SECCOMP_FILTER_H
#define DIOSHIM_TEST_SECCOMP_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>

/* Begins empty. */
struct filter {
	struct sock_filter code[192];
	unsigned short len;
};

/* Adds one instruction. */
void filter_add(struct filter *f, struct sock_filter instruction);

/* Adds a rule for a system call; the second, only if the low half of an argument is `value`. */
void filter_call(struct filter *f, int nr, uint32_t verdict);
void filter_call_with(struct filter *f, int nr, int argument, uint32_t value, uint32_t verdict);

/* Installs it for this process. `otherwise`: the verdict on all other calls. */
void filter_install(struct filter *f, uint32_t otherwise);

#endif
