// SPDX-License-Identifier: Apache-2.0
/* log.c - see log.h. Each line is written by one call, so that lines of two processes do not mix. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum log_level log_level = LOG_LEVEL_INFO;

static void log_line(enum log_level level, const char *prefix, const char *fmt, va_list ap)
{
	char text[2048];

	if (level > log_level)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	fprintf(stderr, "%s%s\n", prefix, text);
}

#define LOG_FUNCTION(name, level, prefix)         \
	void name(const char *fmt, ...)           \
	{                                         \
		va_list ap;                       \
                                                  \
		va_start(ap, fmt);                \
		log_line(level, prefix, fmt, ap); \
		va_end(ap);                       \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR, "kestrel: ")
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN, "kestrel: warning: ")
LOG_FUNCTION(log_info, LOG_LEVEL_INFO, "kestrel: ")
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG, "kestrel: debug: ")
LOG_FUNCTION(log_hint, LOG_LEVEL_ERROR, "  hint: ")

bool log_level_set(const char *name)
{
	static const char *const names[] = { "error", "warn", "info", "debug", "trace" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0) {
			log_level = (enum log_level)i;
			return true;
		}
	}
	return false;
}
