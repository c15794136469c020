/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - one line per failure, on standard error, by the frame that knows the name.
 */
#ifndef USER_LOG_H
#define USER_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_TRACE
};

extern enum log_level log_level; /* lines above it are not printed; default LOG_LEVEL_INFO */

/* "kestrel: cannot attach file.open: Operation not permitted" */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "  hint: …" below the line before it. */
void log_hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* error, warn, info, debug, trace; false when unknown. */
bool log_level_set(const char *name);

#endif /* USER_LOG_H */
