/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule.h - rules with their metadata, read from files, directories or text.
 */
#ifndef COMPILER_RULE_H
#define COMPILER_RULE_H

#include "ast.h"

#define RULE_FILE_MAX (1024 * 1024) /* bytes; a larger file is refused with a message */

struct rule {
	const struct source *src;
	const char *id;          /* default: the file name without its suffix */
	const char *name;        /* default: the id */
	const char *description; /* "" when absent, like the next ones */
	const char *severity;    /* low, medium, high, critical; default medium */
	int risk;                /* 0-100; default by severity: 21, 47, 73, 99 */
	const char *const *tags;
	size_t nr_tags;
	const char *const *techniques; /* "T1059.004 …" as written, comma-separated in the file */
	size_t nr_techniques;
	const char *const *tactics;
	size_t nr_tactics;
	const char *const *references;
	size_t nr_references;
	const char *const *false_positives;
	size_t nr_false_positives;
	struct span id_span; /* where the id is given; else the query */
	struct query *query; /* typed */
};

struct rules {
	struct rule **v;
	size_t nr, cap;
	struct rule **by_id; /* hash table of cap_ids places, a power of two; private to rule.c */
	size_t cap_ids;
};

/* Rule texts before they are read: what the passes before sema work on. */
struct sources {
	struct source **v;
	size_t nr, cap;
};

/*
 * Read one .eql file ("-": standard input), or every .eql file below a directory (sorted by path,
 * hidden ones skipped).
 * Mistakes in rules become diagnostics; the good rules are still appended to `out`.
 * Duplicate ids are an error that names both places.
 * Returns 0, or a negative errno when path itself cannot be read (nothing was printed), or
 * -ENODATA when it holds no rule file at all.
 */
int rules_read(struct arena *a, const char *path, struct rules *out, struct diags *d);

/*
 * The same in two steps: first the texts, with a diagnostic for each that cannot be read, then the
 * rule of each. rules_add_source() returns false when the rule has mistakes.
 */
int sources_read(struct arena *a, const char *path, struct sources *out, struct diags *d);
bool rules_add_source(struct arena *a, const struct source *src, struct rules *out,
		      struct diags *d);

/* One text; name stands for the file in diagnostics and gives the default id. */
struct source *source_new(struct arena *a, const char *name, const char *text, size_t len);

/* The same for one text; a text that is too long is a mistake of the rule. */
void rules_add_text(struct arena *a, const char *name, const char *text, size_t len,
		    struct rules *out, struct diags *d);

#endif /* COMPILER_RULE_H */
