// SPDX-License-Identifier: Apache-2.0
/*
 * check_alert.c - whether the fields of one alert say what the act was.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check.h"

#define NS 1000000000LL

json_t *alert_get(json_t *alert, const char *path)
{
	json_t *at = alert;
	const char *dot;

	for (; (dot = strchr(path, '.')) != NULL; path = dot + 1)
		at = json_object_getn(at, path, (size_t)(dot - path));
	return json_object_get(at, path);
}

const char *alert_text(json_t *alert, const char *path)
{
	const char *s = json_string_value(alert_get(alert, path));

	return s ? s : "";
}

static void expect_text(const struct call *c, const char *path, const char *wanted)
{
	const char *found = alert_text(c->alert, path);

	if (strcmp(found, wanted) != 0)
		rule_wrong(c->rule, "%s is \"%s\" instead of \"%s\"", path, found, wanted);
}

static void expect_number(const struct call *c, const char *path, long wanted)
{
	json_t *found = alert_get(c->alert, path);

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
	if (!has_text(alert_get(c->alert, path), wanted))
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
	const char *found = json_string_value(json_array_get(alert_get(c->alert, path), i));

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
	if (json_array_size(alert_get(c->alert, path)) != n + 1)
		rule_wrong(c->rule, "%s has %zu elements instead of %zu", path,
			   json_array_size(alert_get(c->alert, path)), n + 1);
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
	if (!*alert_text(c->alert, "process.entity_id"))
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
	if (!*alert_text(c->alert, "process.parent.entity_id"))
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
	if (!is_end && alert_get(c->alert, "process.exit_code"))
		rule_wrong(c->rule, "process.exit_code before the end");
}

static void check_file(const struct call *c)
{
	const struct act *a = c->act;
	const char *name, *dot;

	if (strcmp(c->action, "open") != 0) {
		if (alert_get(c->alert, "file"))
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
static void check_time(const struct call *c, const struct played *when)
{
	const long long ns = time_ns(alert_text(c->alert, "@timestamp"));

	if (ns < when->first_ns - NS || ns > when->last_ns + NS)
		rule_wrong(c->rule, "@timestamp \"%s\" is not when the acts were played",
			   alert_text(c->alert, "@timestamp"));
}

void check_alert(const struct call *c, const struct played *when)
{
	check_rule(c);
	check_time(c, when);
	check_event(c);
	check_process(c);
	check_parent(c);
	check_file(c);
}
