/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proctable.h - what user space knows of processes, for the ancestors of an alert.
 *
 * It only describes; no rule is decided by it. Bounded: when it is full, the process that was not
 * used for longest is forgotten and counted.
 */
#ifndef USER_PROCTABLE_H
#define USER_PROCTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

#define PROCTABLE_DEFAULT     8192 /* processes */
#define PROCTABLE_MIN         64  /* more than one alert asks for, so that its answers stay valid */
#define PROCTABLE_EXE_MAX     256 /* bytes kept of each text */
#define PROCTABLE_COMMAND_MAX 512
#define PROCTABLE_ANCESTORS   16 /* of one process; deeper ones are not reported */

struct process {
	int64_t pid;
	int64_t start_ns; /* 0: unknown */
	/* /proc tells start times in clock ticks only: an entity id needs the exact one. */
	bool start_exact;
	int64_t ppid;            /* 0: none or unknown */
	int64_t parent_start_ns; /* 0: unknown */
	char *executable; /* not NUL-terminated text of a program's choosing; NULL: unknown */
	size_t executable_len;
	char *command_line;
	size_t command_line_len;
};

struct proctable_stats {
	uint64_t nr; /* processes known now */
	uint64_t evicted;
	uint64_t proc_reads, proc_failures; /* of /proc */
};

struct proctable;

/* cap: processes, at least PROCTABLE_MIN; proc_root: "/proc". NULL when out of memory. */
struct proctable *proctable_new(size_t cap, const char *proc_root);
void proctable_free(struct proctable *t); /* NULL is fine */
void proctable_freep(struct proctable **t);

/* Learn every running process. Returns how many, or a negative errno when the root is unreadable. */
int proctable_scan(struct proctable *t);

/* Learn what an event tells of its process and of its parent. */
void proctable_learn(struct proctable *t, const struct event *e);

/*
 * The ancestors of an event's process, parent first: from /proc who still runs, else from the table.
 * Returns how many, at most PROCTABLE_ANCESTORS. They stay valid until the next call that learns.
 */
size_t proctable_ancestors(struct proctable *t, const struct event *e,
			   const struct process *out[PROCTABLE_ANCESTORS]);

void proctable_stats(const struct proctable *t, struct proctable_stats *out);

#endif /* USER_PROCTABLE_H */
