/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inject.h - what user space hands to the programs of inject.bpf.c and tasks.bpf.c.
 */
#ifndef KERN_INJECT_H
#define KERN_INJECT_H

#include "wire.h"

/* The value of the map `inject_event`. */
struct inject_event {
	struct kes_event ev;
	__u8 buf[KES_BUF_SPAN];
};

/*
 * Returned when the record was not judged. A generated program that could not call the next one
 * returns 0: whether the record was judged to the end is told by inject_result.version.
 */
#define INJECT_FAILED -1

#define INJECT_KTHREAD 1u /* a kernel thread: it runs no program, /proc has no exe for it */

/* One process, as the iterator `list_tasks` writes it: identity that /proc rounds or hides. */
struct inject_task {
	__s64 pid;
	__s64 start_ns;
	__s64 ppid;
	__s64 parent_start_ns;
	__s64 uid;
	__s64 gid;
	__u64 flags; /* INJECT_KTHREAD */
	char comm[16];
};

#endif /* KERN_INJECT_H */
