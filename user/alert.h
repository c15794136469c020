/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert.h - a rule that is true of an event, for machines (ECS JSON) and for people (one line).
 */
#ifndef USER_ALERT_H
#define USER_ALERT_H

#include "../compiler/rule.h"
#include "event.h"
#include "proctable.h"

/* Who decided: the kernel; user space, where the kernel could not; nobody could. */
enum verdict { VERDICT_KERNEL, VERDICT_CONFIRMED, VERDICT_UNDECIDED };

struct alert {
	const struct rule *rule;
	const struct event *event;
	enum verdict verdict;
	int64_t wall_ns; /* when the event happened, since 1970 */
	const struct process *ancestors[PROCTABLE_ANCESTORS]; /* parent first */
	size_t nr_ancestors;
};

/* One line of ECS JSON with its newline. The caller frees it; NULL when out of memory. */
char *alert_json(const struct alert *a);

struct alert_style {
	bool colour;
	int columns; /* the line is cut there; 0: never */
};

/* One line for a terminal with its newline. The caller frees it; NULL when out of memory. */
char *alert_compact(const struct alert *a, const struct alert_style *style);

#endif /* USER_ALERT_H */
