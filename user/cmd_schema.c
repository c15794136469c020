// SPDX-License-Identifier: Apache-2.0
/*
 * cmd_schema.c - kestrel schema: what rules can name.
 */
#include <argp.h>
#include <string.h>

#include "../compiler/err.h"
#include "../compiler/schema.h"
#include "cmd.h"
#include "log.h"

#define FIELD_PREFIX "field:"

static const struct argp_option options[] = {
	{ "show", 's', "WHAT", 0, "event_types, fields (the default) or field:NAME", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const char **show = state->input;

	switch (key) {
	case 's':
		*show = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument: %s", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Show the events and fields that rules can use.\v" EXIT_CODES_DOC,
};

static int unknown(const char *show)
{
	const size_t prefix = strlen(FIELD_PREFIX);
	const char *near;

	if (strncmp(show, FIELD_PREFIX, prefix) != 0) {
		log_error("nothing to show by the name %s", show);
		log_hint("there are event_types, fields and field:NAME");
		return EXIT_USAGE;
	}
	log_error("no field is named %s", show + prefix);
	near = field_suggest(show + prefix);
	if (near)
		log_hint("did you mean %s?", near);
	else
		log_hint("kestrel schema --show fields lists them");
	return EXIT_FAILED;
}

int cmd_schema(int argc, char **argv)
{
	const char *show = "fields";

	argp_parse(&argp, argc, argv, 0, NULL, &show);
	return schema_show(stdout, show) == 0 ? EXIT_OK : unknown(show);
}
