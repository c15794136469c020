/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diag.h - source texts, places in them, and the mistakes that rule authors make.
 *
 * Every pass collects its diagnostics here and goes on where it can; the caller prints them all
 * with diag_print() and exits with 3.
 */
#ifndef COMPILER_DIAG_H
#define COMPILER_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "arena.h"

#define DIAG_MAX 20 /* shown; the rest is counted */

/* One rule file or command-line text. The arena owns both strings; text is NUL-terminated. */
struct source {
	const char *name;
	const char *text;
	size_t len;
};

/* Bytes [begin, end) of a source. */
struct span {
	const struct source *src;
	uint32_t begin, end;
};

enum diag_level { DIAG_ERROR, DIAG_WARNING };

struct diag {
	enum diag_level level;
	struct span span; /* src may be NULL: about a file as a whole, named in the message */
	const char *message;
	const char *hint; /* or NULL */
};

struct diags {
	struct arena *arena;
	struct diag *v;
	size_t nr, cap;
	size_t nr_errors;
};

void diags_init(struct diags *d, struct arena *arena);

/* Add one; returns it so that diag_hint() can follow. The message has no trailing newline. */
struct diag *diag_error(struct diags *d, struct span span, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
struct diag *diag_warn(struct diags *d, struct span span, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void diag_hint(struct diags *d, struct diag *diag, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "file:line:col: error: message", the source line, a caret range, the hint. At most DIAG_MAX. */
void diag_print(FILE *out, const struct diags *d, bool colour);

/* 1-based line and column (columns count code points) of a byte offset. */
void source_locate(const struct source *src, uint32_t offset, uint32_t *line, uint32_t *col);

/* The nearest of nr names by edit distance, or NULL when none is near enough to suggest. */
const char *suggest(const char *word, const char *const *names, size_t nr);

#endif /* COMPILER_DIAG_H */
