// SPDX-License-Identifier: Apache-2.0
/*
 * check.c - whether a run of kestrel raised the alerts that the acts before it call for.
 *
 * in:  check NAME ALERTS MESSAGES LOG...
 *        ALERTS    standard output of kestrel run --output json
 *        MESSAGES  its standard error, with --summary
 *        LOG...    what play wrote: every play that the run has seen
 * out: "ok NAME/WHAT" or "FAIL NAME/WHAT: why" for each rule of acts.c and for each property of the
 *      whole: every line is JSON, every alert is called for, the law of accounting holds, ...
 *
 * An alert is called for by an act when rule, process id and event.action agree, once. Its fields
 * are then compared with the act.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define CALLS_MAX 4096

static struct call calls[CALLS_MAX];
static size_t nr_calls;
static size_t nr_alerts;
static struct played played = { .first_ns = INT64_MAX };
static const char *run_name;
static bool failed;
static char *rule_why[RULES_MAX]; /* the first thing that is wrong */

void tell(const char *what, const char *why)
{
	if (why)
		printf("FAIL %s/%s: %s\n", run_name, what, why);
	else
		printf("ok %s/%s\n", run_name, what);
	failed |= why != NULL;
}

_Noreturn void give_up(const char *what, const char *name)
{
	printf("FAIL %s/check: cannot %s %s\n", run_name, what, name);
	exit(1);
}

size_t rule_index(const char *id)
{
	for (size_t i = 0; i < nr_act_rules; i++) {
		if (strcmp(act_rules[i].id, id) == 0)
			return i;
	}
	give_up("find rule", id);
}

void rule_wrong(const char *id, const char *fmt, ...)
{
	char **why = &rule_why[rule_index(id)];
	va_list args;

	if (*why)
		return;
	va_start(args, fmt);
	if (vasprintf(why, fmt, args) < 0)
		give_up("describe", id);
	va_end(args);
}

/* What the acts call for */

static void add_call(struct call call)
{
	if (nr_calls == CALLS_MAX)
		give_up("hold so many alerts as", "these");
	calls[nr_calls++] = call;
}

static void add_calls(const struct act *a, const struct act_alerts *of, long pid, long ppid,
		      long child)
{
	struct call call = { .act = a, .rule = of->rule, .pid = pid, .ppid = ppid };

	call.action = "exec";
	if (of->alerts & ALERT_EXEC)
		add_call(call);
	call.action = "open";
	if (of->alerts & ALERT_OPEN)
		add_call(call);
	call.action = "end";
	if (of->alerts & ALERT_END)
		add_call(call);
	call.is_child = true;
	call.pid = child;
	call.ppid = pid;
	if (of->alerts & ALERT_CHILD_END)
		add_call(call);
	call.action = "fork";
	if (of->alerts & ALERT_FORK)
		add_call(call);
}

static void add_all_calls(const struct act *a, long pid, long ppid, long child)
{
	const struct act_alerts own = { a->rule, a->alerts };

	add_calls(a, &own, pid, ppid, child);
	for (size_t i = 0; i < ACT_ALSO_MAX && a->also[i].rule; i++)
		add_calls(a, &a->also[i], pid, ppid, child);
}

/* Every act must be in the log: one that was not played proves nothing. */
static void read_log(const char *path)
{
	FILE *f = fopen(path, "re");
	long number, pid, ppid, child;
	size_t nr_played = 0;
	char line[256];
	long long ns;

	if (!f)
		give_up("open", path);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "begin %lld", &ns) == 1) {
			played.first_ns = ns < played.first_ns ? ns : played.first_ns;
		} else if (sscanf(line, "end %lld", &ns) == 1) {
			played.last_ns = ns > played.last_ns ? ns : played.last_ns;
		} else if (sscanf(line, "%ld %ld %ld %ld", &number, &pid, &ppid, &child) == 4 &&
			   number >= 0 && number < (long)nr_acts) {
			add_all_calls(&acts[number], pid, ppid, child);
			nr_played++;
		} else {
			give_up("read this line of the log:", line);
		}
	}
	fclose(f);
	if (nr_played != nr_acts)
		give_up("find every act in", path);
}

/* Reading alerts */

static struct call *find_call(json_t *alert)
{
	const long pid = (long)json_integer_value(alert_get(alert, "process.pid"));
	const char *rule = alert_text(alert, "rule.id"),
		   *action = alert_text(alert, "event.action");

	for (size_t i = 0; i < nr_calls; i++) {
		struct call *c = &calls[i];

		if (!c->alert && c->pid == pid && strcmp(c->rule, rule) == 0 &&
		    strcmp(c->action, action) == 0)
			return c;
	}
	return NULL;
}

/* Returns what is wrong with it, or NULL. The text is static. */
static const char *take_alert(json_t *alert)
{
	static char why[1024];
	struct call *c;

	if (strcmp(alert_text(alert, "kestrel.kind"), "loss") == 0)
		return NULL;
	nr_alerts++;
	c = find_call(alert);
	if (c) {
		c->alert = json_incref(alert);
		return NULL;
	}
	snprintf(why, sizeof(why), "rule %s, %s of process %" JSON_INTEGER_FORMAT " (%s)",
		 alert_text(alert, "rule.id"), alert_text(alert, "event.action"),
		 json_integer_value(alert_get(alert, "process.pid")),
		 alert_text(alert, "process.command_line"));
	return why;
}

static void read_alerts(const char *path)
{
	char *not_json = NULL, *not_called = NULL;
	FILE *f = fopen(path, "re");
	size_t cap = 0;
	char *line = NULL;
	ssize_t len;

	if (!f)
		give_up("open", path);
	while ((len = getline(&line, &cap, f)) > 0) {
		json_t *alert = json_loadb(line, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
		const char *why = NULL;

		if (!json_is_object(alert) || line[len - 1] != '\n')
			not_json = not_json ? not_json : strdup(line);
		else
			why = take_alert(alert);
		if (why && !not_called)
			not_called = strdup(why);
		json_decref(alert);
	}
	fclose(f);
	free(line);
	tell("every_line_is_json", not_json);
	tell("no_alert_without_an_act", not_called);
	free(not_json);
	free(not_called);
}

static void check_calls(void)
{
	for (size_t i = 0; i < nr_calls; i++) {
		const struct call *c = &calls[i];

		if (!c->alert) {
			rule_wrong(c->rule, "no alert: %s of process %ld, %s %s", c->action, c->pid,
				   c->act->program, c->act->args[0] ? c->act->args[0] : "");
			continue;
		}
		check_alert(c, &played);
	}
}

/* One process has one entity id, and no two have the same. */
static void check_entities(void)
{
	char why[256] = "";

	for (size_t i = 0; i < nr_calls && !*why; i++) {
		for (size_t k = 0; k < i; k++) {
			const struct call *a = &calls[i], *b = &calls[k];
			const char *x, *y;

			if (!a->alert || !b->alert)
				continue;
			x = alert_text(a->alert, "process.entity_id");
			y = alert_text(b->alert, "process.entity_id");
			if ((a->pid == b->pid) != (strcmp(x, y) == 0))
				snprintf(why, sizeof(why), "process %ld is %s, process %ld is %s",
					 a->pid, x, b->pid, y);
			if (a->is_child && !b->is_child && a->ppid == b->pid &&
			    strcmp(alert_text(a->alert, "process.parent.entity_id"), y) != 0)
				snprintf(why, sizeof(why), "parent %ld of %ld is not %s", b->pid,
					 a->pid, y);
		}
	}
	tell("entity_ids_tell_processes_apart", *why ? why : NULL);
}

static void check_counts(const struct summary *s)
{
	long wanted[RULES_MAX] = { 0 };
	char why[128];

	for (size_t i = 0; i < nr_calls; i++)
		wanted[rule_index(calls[i].rule)]++;
	for (size_t i = 0; i < nr_act_rules; i++) {
		const char *id = act_rules[i].id;

		if (wanted[i] == 0)
			rule_wrong(id, "no act calls for it");
		if (s->rule_alerts[i] != wanted[i])
			rule_wrong(id, "the summary counts %ld alerts instead of %ld",
				   s->rule_alerts[i], wanted[i]);
	}
	snprintf(why, sizeof(why), "the summary says %llu, there are %zu", s->alerts, nr_alerts);
	tell("alerts_are_counted", s->alerts == nr_alerts ? NULL : why);
}

int main(int argc, char **argv)
{
	struct summary summary = { 0 };

	if (argc < 5 || nr_act_rules > RULES_MAX) {
		fputs("usage: check NAME ALERTS MESSAGES LOG...\n", stderr);
		return 2;
	}
	run_name = argv[1];
	for (int i = 4; i < argc; i++)
		read_log(argv[i]);
	read_alerts(argv[2]);
	check_calls();
	read_summary(argv[3], &summary);
	check_counts(&summary);
	check_entities();
	for (size_t i = 0; i < nr_act_rules; i++)
		tell(act_rules[i].id, rule_why[i]);
	return failed;
}
