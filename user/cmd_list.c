// SPDX-License-Identifier: Apache-2.0
/*
 * cmd_list.c - kestrel list: the rules of a directory, one a line.
 *
 * Rules with mistakes are reported on standard error and not listed; the exit code tells.
 */
#include <argp.h>
#include <jansson.h>
#include <string.h>

#include "../compiler/err.h"
#include "cmd.h"
#include "log.h"
#include "ruleset.h"

static const struct argp_option options[] = {
	{ "rules", 'r', "DIR", 0, "directory (or file) of .eql rules", 0 },
	{ "json", 'j', NULL, 0, "one JSON object a line", 0 },
	{ 0 },
};

struct list {
	const char *rules;
	bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct list *l = state->input;

	switch (key) {
	case 'r':
		l->rules = arg;
		return 0;
	case 'j':
		l->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument: %s", arg);
		return 0;
	case ARGP_KEY_END:
		if (!l->rules)
			argp_error(state, "--rules DIR is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "List rules: severity, id, tactics and name.\v" EXIT_CODES_DOC,
};

static json_t *list_json(const char *const *v, size_t nr)
{
	json_t *array = json_array();

	for (size_t i = 0; i < nr; i++)
		json_array_append_new(array, json_string(v[i]));
	return array;
}

static void print_json(const struct rule *r)
{
	json_t *o =
		json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:s}", "id", r->id, "name",
			  r->name, "description", r->description, "severity", r->severity,
			  "risk_score", r->risk, "tags", list_json(r->tags, r->nr_tags), "tactics",
			  list_json(r->tactics, r->nr_tactics), "techniques",
			  list_json(r->techniques, r->nr_techniques), "references",
			  list_json(r->references, r->nr_references), "file", r->src->name);

	/* NULL when a text of the file is not UTF-8, which the reader of rules refuses. */
	if (o)
		json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static void print_text(const struct rule *r)
{
	printf("%-8s  %-44s  %-20s  %s\n", r->severity, r->id,
	       r->nr_tactics > 0 ? r->tactics[0] : "-", r->name);
}

int cmd_list(int argc, char **argv)
{
	autoptr(arena) arena = arena_new();
	struct rules rules = { 0 };
	struct list l = { 0 };
	struct diags d;
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &l);
	diags_init(&d, arena);
	code = ruleset_read(arena, l.rules, &rules, &d);
	ruleset_report(&d);
	for (size_t i = 0; i < rules.nr; i++) {
		if (l.json)
			print_json(rules.v[i]);
		else
			print_text(rules.v[i]);
	}
	return code;
}
