// SPDX-License-Identifier: Apache-2.0
/* severity.c - see severity.h. */
#include "severity.h"

#include <string.h>

#include "../compiler/err.h"

struct severity {
	const char *name;
	int number;
	const char *label, *colour;
};

static const struct severity severities[] = {
	{ "low", 21, "LOW     ", "\033[36m" },
	{ "medium", 47, "MEDIUM  ", "\033[33m" },
	{ "high", 73, "HIGH    ", "\033[31m" },
	{ "critical", 99, "CRITICAL", "\033[1;37;41m" },
};

static const struct severity *get(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(severities); i++) {
		if (strcmp(name, severities[i].name) == 0)
			return &severities[i];
	}
	return &severities[1];
}

int severity_number(const char *name)
{
	return get(name)->number;
}

const char *severity_label(const char *name)
{
	return get(name)->label;
}

const char *severity_colour(const char *name)
{
	return get(name)->colour;
}
