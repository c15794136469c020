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
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "acts.h"

#define CALLS_MAX 4096
#define RULES_MAX 64
#define NS        1000000000LL

/* An alert that must be there. */
struct call {
	const struct act *act;
	const char *rule;
	const char *action; /* event.action */
	bool is_child;
	long pid, ppid;
	json_t *alert; /* the one that answers; NULL: none yet */
};

static struct call calls[CALLS_MAX];
static size_t nr_calls;
static size_t nr_lines, nr_alerts, nr_losses;
static const char *run_name;
static bool failed;
static char *rule_why[RULES_MAX];               /* the first thing that is wrong */
static long rule_alerts[RULES_MAX];             /* as the summary counts them */
static long long first_ns = INT64_MAX, last_ns; /* when acts were played */

static void tell(const char *what, const char *why)
{
	if (why)
		printf("FAIL %s/%s: %s\n", run_name, what, why);
	else
		printf("ok %s/%s\n", run_name, what);
	failed |= why != NULL;
}

static _Noreturn void give_up(const char *what, const char *name)
{
	printf("FAIL %s/check: cannot %s %s\n", run_name, what, name);
	exit(1);
}

static size_t rule_index(const char *id)
{
	for (size_t i = 0; i < nr_act_rules; i++) {
		if (strcmp(act_rules[i].id, id) == 0)
			return i;
	}
	give_up("find rule", id);
}

__attribute__((format(printf, 2, 3))) static void rule_wrong(const char *id, const char *fmt, ...)
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
			first_ns = ns < first_ns ? ns : first_ns;
		} else if (sscanf(line, "end %lld", &ns) == 1) {
			last_ns = ns > last_ns ? ns : last_ns;
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

/* Fields of an alert */

/* "process.parent.name" */
static json_t *get(json_t *alert, const char *path)
{
	json_t *at = alert;
	const char *dot;

	for (; (dot = strchr(path, '.')) != NULL; path = dot + 1)
		at = json_object_getn(at, path, (size_t)(dot - path));
	return json_object_get(at, path);
}

static const char *text(json_t *alert, const char *path)
{
	const char *s = json_string_value(get(alert, path));

	return s ? s : "";
}

static void expect_text(const struct call *c, const char *path, const char *wanted)
{
	const char *found = text(c->alert, path);

	if (strcmp(found, wanted) != 0)
		rule_wrong(c->rule, "%s is \"%s\" instead of \"%s\"", path, found, wanted);
}

static void expect_number(const struct call *c, const char *path, long wanted)
{
	json_t *found = get(c->alert, path);

	if (!json_is_integer(found) || json_integer_value(found) != wanted)
		rule_wrong(c->rule, "%s is %" JSON_INTEGER_FORMAT " instead of %ld", path,
			   json_integer_value(found), wanted);
}

static void expect_id(const struct call *c, const char *path, long wanted)
{
	char number[24];

	snprintf(number, sizeof(number), "%ld", wanted);
	expect_text(c, path, number);
}

static bool has_text(json_t *array, const char *wanted)
{
	json_t *one;
	size_t i;

	json_array_foreach(array, i, one)
	{
		if (strcmp(json_string_value(one), wanted) == 0)
			return true;
	}
	return false;
}

static void expect_member(const struct call *c, const char *path, const char *wanted)
{
	if (!has_text(get(c->alert, path), wanted))
		rule_wrong(c->rule, "%s lacks \"%s\"", path, wanted);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static size_t nr_args(const char *const *args)
{
	size_t n = 0;

	while (n < ACT_ARGS_MAX && args[n])
		n++;
	return n;
}

static bool is_utf8(const char *s)
{
	json_t *string = json_string(s);
	const bool yes = string != NULL;

	json_decref(string);
	return yes;
}

static bool is_cut(const char *const *args)
{
	return args[0] && strcmp(args[0], ACT_LONG) == 0;
}

/* What JSON cannot carry is replaced, and told. */
static void check_arg(const struct call *c, const char *path, size_t i, const char *wanted)
{
	const char *found = json_string_value(json_array_get(get(c->alert, path), i));

	if (!is_utf8(wanted)) {
		expect_member(c, "kestrel.not_utf8", path);
		return;
	}
	if (!found || strcmp(found, wanted) != 0)
		rule_wrong(c->rule, "%s[%zu] is \"%s\" instead of \"%s\"", path, i,
			   found ? found : "", wanted);
}

static void check_args(const struct call *c, const char *path, const char *program,
		       const char *const *args)
{
	const size_t n = nr_args(args);

	if (is_cut(args)) {
		expect_member(c, "kestrel.truncated", path);
		return;
	}
	check_arg(c, path, 0, program);
	for (size_t i = 0; i < n; i++)
		check_arg(c, path, i + 1, args[i]);
	if (json_array_size(get(c->alert, path)) != n + 1)
		rule_wrong(c->rule, "%s has %zu elements instead of %zu", path,
			   json_array_size(get(c->alert, path)), n + 1);
}

static void check_command_line(const struct call *c, const char *path, const char *program,
			       const char *const *args)
{
	char line[512];
	size_t at = (size_t)snprintf(line, sizeof(line), "%s", program);

	for (size_t i = 0; i < nr_args(args) && at < sizeof(line); i++) {
		if (!is_utf8(args[i]) || is_cut(args))
			return;
		at += (size_t)snprintf(line + at, sizeof(line) - at, " %s", args[i]);
	}
	expect_text(c, path, line);
}

static void check_process(const struct call *c)
{
	const struct act *a = c->act;

	expect_text(c, "process.executable", a->program);
	expect_text(c, "process.name", base_name(a->program));
	expect_number(c, "process.args_count", (long)nr_args(a->args) + 1);
	check_args(c, "process.args", a->program, a->args);
	check_command_line(c, "process.command_line", a->program, a->args);
	expect_id(c, "user.id", a->uid);
	expect_id(c, "group.id", a->gid);
	if (strcmp(c->action, "end") != 0)
		expect_text(c, "process.working_directory", a->cwd ? a->cwd : ACT_CWD);
	if (!*text(c->alert, "process.entity_id"))
		rule_wrong(c->rule, "process.entity_id is missing");
}

/* The parent of a child is the act's own program. */
static void check_parent(const struct call *c)
{
	const struct act *a = c->act;
	const char *program = c->is_child ? a->program : a->via ? a->via : ACT_PLAY;

	expect_number(c, "process.parent.pid", c->ppid);
	expect_text(c, "process.parent.executable", program);
	expect_text(c, "process.parent.name", base_name(program));
	if (c->is_child || a->via) {
		const char *const *args = c->is_child ? a->args : a->via_args;

		check_args(c, "process.parent.args", program, args);
		check_command_line(c, "process.parent.command_line", program, args);
		expect_number(c, "process.parent.args_count", (long)nr_args(args) + 1);
	}
	if (!*text(c->alert, "process.parent.entity_id"))
		rule_wrong(c->rule, "process.parent.entity_id is missing");
}

static void check_event(const struct call *c)
{
	const bool is_file = strcmp(c->action, "open") == 0;
	const bool is_end = strcmp(c->action, "end") == 0;
	const struct act *a = c->act;

	expect_member(c, "event.category", is_file ? "file" : "process");
	expect_member(c, "event.type", is_file ? "access" : is_end ? "end" : "start");
	if (is_end && !c->is_child)
		expect_number(c, "process.exit_code",
			      a->deed == DEED_SIGNAL ? 128 + a->code : a->code);
	if (!is_end && get(c->alert, "process.exit_code"))
		rule_wrong(c->rule, "process.exit_code before the end");
}

static void check_file(const struct call *c)
{
	const struct act *a = c->act;
	const char *name, *dot;

	if (strcmp(c->action, "open") != 0) {
		if (get(c->alert, "file"))
			rule_wrong(c->rule, "the alert of a process has a file");
		return;
	}
	name = base_name(a->file);
	dot = strrchr(name, '.');
	expect_text(c, "file.name", name);
	expect_text(c, "file.extension", dot ? dot + 1 : "");
	if (!strstr(a->file, "/../"))
		expect_text(c, "file.path", a->file);
}

static void check_rule(const struct call *c)
{
	const struct act_rule *r = &act_rules[rule_index(c->rule)];

	expect_text(c, "kestrel.severity", r->severity);
	expect_number(c, "event.risk_score", r->risk);
	expect_text(c, "event.kind", "alert");
	expect_text(c, "kestrel.kind", "alert");
	expect_text(c, "kestrel.verdict", c->act->verdict ? c->act->verdict : "kernel");
	if (strcmp(r->id, "exit-77") != 0) {
		expect_text(c, "rule.name", r->id);
		return;
	}
	expect_text(c, "rule.name", "A program ends with 77");
	expect_text(c, "rule.description", "Every key that a rule can have.");
	expect_member(c, "rule.reference", "https://example.org/77");
	expect_member(c, "tags", "e2e");
	expect_text(c, "threat.framework", "MITRE ATT&CK");
	expect_member(c, "threat.tactic.id", "TA0011");
	expect_member(c, "threat.technique.id", "T1059");
	expect_member(c, "threat.technique.subtechnique.id", "T1059.004");
}

/* Nanoseconds since 1970 of "2026-01-31T12:00:00.123456789Z", or -1. */
static long long time_ns(const char *s)
{
	struct tm tm = { 0 };
	const char *rest = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	long fraction;

	if (!rest || strlen(rest) != 11 || rest[10] != 'Z' || sscanf(rest, ".%9ld", &fraction) != 1)
		return -1;
	return (long long)timegm(&tm) * NS + fraction;
}

/* The clock may be set by up to this between an event and its alert. */
static void check_time(const struct call *c)
{
	const long long ns = time_ns(text(c->alert, "@timestamp"));

	if (ns < first_ns - NS || ns > last_ns + NS)
		rule_wrong(c->rule, "@timestamp \"%s\" is not when the acts were played",
			   text(c->alert, "@timestamp"));
}

/* Reading alerts */

static struct call *find_call(json_t *alert)
{
	const long pid = (long)json_integer_value(get(alert, "process.pid"));
	const char *rule = text(alert, "rule.id"), *action = text(alert, "event.action");

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

	if (strcmp(text(alert, "kestrel.kind"), "loss") == 0) {
		nr_losses++;
		return NULL;
	}
	nr_alerts++;
	c = find_call(alert);
	if (c) {
		c->alert = json_incref(alert);
		return NULL;
	}
	snprintf(why, sizeof(why), "rule %s, %s of process %" JSON_INTEGER_FORMAT " (%s)",
		 text(alert, "rule.id"), text(alert, "event.action"),
		 json_integer_value(get(alert, "process.pid")),
		 text(alert, "process.command_line"));
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

		nr_lines++;
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
	tell("nothing_is_lost", nr_losses > 0 ? "there are alerts of losses" : NULL);
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
		check_rule(c);
		check_time(c);
		check_event(c);
		check_process(c);
		check_parent(c);
		check_file(c);
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
			x = text(a->alert, "process.entity_id");
			y = text(b->alert, "process.entity_id");
			if ((a->pid == b->pid) != (strcmp(x, y) == 0))
				snprintf(why, sizeof(why), "process %ld is %s, process %ld is %s",
					 a->pid, x, b->pid, y);
			if (a->is_child && !b->is_child && a->ppid == b->pid &&
			    strcmp(text(a->alert, "process.parent.entity_id"), y) != 0)
				snprintf(why, sizeof(why), "parent %ld of %ld is not %s", b->pid,
					 a->pid, y);
		}
	}
	tell("entity_ids_tell_processes_apart", *why ? why : NULL);
}

/* The summary */

struct hook {
	unsigned long long seen, filtered, sent, maybe, dropped;
};

static bool read_hook(const char *line, const char *name, struct hook *h)
{
	char found[64];

	return sscanf(line, " %63s %llu %llu %llu %llu %llu", found, &h->seen, &h->filtered,
		      &h->sent, &h->maybe, &h->dropped) == 6 &&
	       strcmp(found, name) == 0;
}

static void read_rule_row(const char *line)
{
	char found[64];
	long hits, confirmed, refuted, undecided, alerts;

	if (sscanf(line, " %63s %ld %ld %ld %ld %ld", found, &hits, &confirmed, &refuted,
		   &undecided, &alerts) != 6)
		return;
	for (size_t i = 0; i < nr_act_rules; i++) {
		if (strcmp(found, act_rules[i].id) == 0)
			rule_alerts[i] = alerts;
	}
}

static void check_law(const char *name, const struct hook *h, char *why, size_t cap)
{
	if (h->seen != h->filtered + h->sent + h->dropped)
		snprintf(why, cap, "%s: %llu seen, but %llu filtered + %llu sent up + %llu dropped",
			 name, h->seen, h->filtered, h->sent, h->dropped);
	else if (h->dropped > 0)
		snprintf(why, cap, "%s: %llu dropped", name, h->dropped);
	else if (h->seen == 0)
		snprintf(why, cap, "%s: nothing seen", name);
}

static void check_summary(const char *path)
{
	static const char *const names[] = { "process.fork", "process.exec", "process.exit",
					     "file.open", "all" };
	char line[512], bad[256] = "";
	unsigned long long seen, sent, alerts, dropped, received = 0;
	size_t nr_rows = 0, nr_lines_seen = 0;
	FILE *f = fopen(path, "re");
	struct hook h;

	if (!f)
		give_up("open", path);
	while (fgets(line, sizeof(line), f)) {
		const char *numbers = strstr(line, "events seen: ");

		sscanf(line, "kestrel: events received: %llu", &received);
		if (numbers &&
		    sscanf(numbers,
			   "events seen: %llu; decided in the kernel: %*u (%*f %%); sent "
			   "up: %llu (%*f %%); alerts: %llu; dropped: %llu",
			   &seen, &sent, &alerts, &dropped) == 4) {
			nr_lines_seen++;
			if (sent != received || alerts != nr_alerts || dropped > 0)
				snprintf(bad, sizeof(bad),
					 "%llu sent up, %llu received; %llu "
					 "alerts, %zu lines; %llu dropped",
					 sent, received, alerts, nr_lines, dropped);
		}
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (!read_hook(line, names[i], &h))
				continue;
			nr_rows++;
			check_law(names[i], &h, bad, sizeof(bad));
		}
		if (strstr(line, "dropped by cause") && !strstr(line, "nothing was dropped"))
			snprintf(bad, sizeof(bad), "%.200s", line);
		if (strstr(line, "unaccounted"))
			snprintf(bad, sizeof(bad), "%.200s", line);
		read_rule_row(line);
	}
	fclose(f);
	if (nr_rows != sizeof(names) / sizeof(names[0]) || nr_lines_seen != 1)
		tell("events_are_accounted_for", "the summary is not complete");
	else
		tell("events_are_accounted_for", *bad ? bad : NULL);
}

static void check_counts(void)
{
	long wanted[RULES_MAX] = { 0 };

	for (size_t i = 0; i < nr_calls; i++)
		wanted[rule_index(calls[i].rule)]++;
	for (size_t i = 0; i < nr_act_rules; i++) {
		const char *id = act_rules[i].id;

		if (wanted[i] == 0)
			rule_wrong(id, "no act calls for it");
		if (rule_alerts[i] != wanted[i])
			rule_wrong(id, "the summary counts %ld alerts instead of %ld",
				   rule_alerts[i], wanted[i]);
	}
}

int main(int argc, char **argv)
{
	if (argc < 5 || nr_act_rules > RULES_MAX) {
		fputs("usage: check NAME ALERTS MESSAGES LOG...\n", stderr);
		return 2;
	}
	run_name = argv[1];
	for (int i = 4; i < argc; i++)
		read_log(argv[i]);
	read_alerts(argv[2]);
	check_calls();
	check_summary(argv[3]);
	check_counts();
	check_entities();
	for (size_t i = 0; i < nr_act_rules; i++)
		tell(act_rules[i].id, rule_why[i]);
	return failed;
}
