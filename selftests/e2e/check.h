/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - what the parts of check share: alerts that must be there, and how findings are told.
 */
#ifndef E2E_CHECK_H
#define E2E_CHECK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "acts.h"

#define RULES_MAX 64

/* An alert that must be there. */
struct call {
	const struct act *act;
	const char *rule;
	const char *action; /* event.action */
	bool is_child;
	long pid, ppid;
	json_t *alert; /* the one that answers; NULL: none yet */
};

/* When acts were played. */
struct played {
	long long first_ns, last_ns; /* since 1970 */
};

/* What kestrel says of a run as a whole. */
struct summary {
	unsigned long long seen, sent, alerts, dropped, received;
	long rule_alerts[RULES_MAX]; /* in the order of act_rules */
};

/* The result of one test; why: NULL when it passed. */
void tell(const char *what, const char *why);
_Noreturn void give_up(const char *what, const char *name);

size_t rule_index(const char *id);

/* Something is wrong with an alert of this rule; the first finding is told in the end. */
__attribute__((format(printf, 2, 3))) void rule_wrong(const char *id, const char *fmt, ...);

/* The value at "process.parent.name", NULL or "" without one. */
json_t *alert_get(json_t *alert, const char *path);
const char *alert_text(json_t *alert, const char *path);

/* Compare every field of an alert with the act that called for it. */
void check_alert(const struct call *c, const struct played *when);

/* Read standard error of a run with --summary; tells whether events are accounted for. */
void read_summary(const char *path, struct summary *out);

#endif /* E2E_CHECK_H */
