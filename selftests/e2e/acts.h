/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acts.h - what is played before kestrel, and which alerts must come of it.
 *
 * play.c plays the table and writes a line for each act: who did it. check.c reads these lines and
 * knows from the table what must be in the alerts. An act without alerts is a near miss of its rule.
 */
#ifndef E2E_ACTS_H
#define E2E_ACTS_H

#include <stddef.h>

/* The alerts that an act must raise, one for each bit; it raises no others. */
enum {
	ALERT_EXEC = 1 << 0,
	ALERT_FORK = 1 << 1, /* its process is the child that the act forks */
	ALERT_END = 1 << 2,
	ALERT_CHILD_END = 1 << 3,
	ALERT_OPEN = 1 << 4,
};

/* What the program does once it runs. */
enum deed {
	DEED_NOTHING,
	DEED_EXIT,   /* with status `code` */
	DEED_SIGNAL, /* die of signal `code` */
	DEED_FORK,   /* a child, which ends at once */
	DEED_THREAD,
	DEED_OPEN, /* `file` */
	DEED_PATH, /* open `file` with O_PATH */
	DEED_STAT, /* of `file` */
};

#define ACT_ARGS_MAX   8
#define ACT_ALSO_MAX   8
#define ACT_LONG       "(long)" /* stands for an argument of ACT_LONG_BYTES characters */
#define ACT_LONG_BYTES 5000

struct act_alerts {
	const char *rule;
	unsigned int alerts;
};

struct act {
	const char *rule;               /* whose hit or near miss this is: its id */
	unsigned int alerts;            /* ALERT_* */
	const char *program;            /* gets executed under this path */
	const char *args[ACT_ARGS_MAX]; /* behind the path, which is argument 0 */
	enum deed deed;
	int code;
	const char *file;
	const char *via; /* the program that executes it, also by its path; NULL: play */
	const char *via_args[ACT_ARGS_MAX];
	const char *cwd; /* NULL: ACT_CWD */
	unsigned int uid, gid;
	const char *verdict;                  /* who decided; NULL: "kernel" */
	struct act_alerts also[ACT_ALSO_MAX]; /* alerts of other rules, with the same verdict */
};

struct act_rule {
	const char *id, *severity;
	int risk;
};

#define ACT_CWD  "/e2e/data"
#define ACT_PLAY "/e2e/play"

extern const struct act acts[];
extern const size_t nr_acts;
extern const struct act_rule act_rules[];
extern const size_t nr_act_rules;

#endif /* E2E_ACTS_H */
