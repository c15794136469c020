/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval.h - the reference evaluator: what a condition means, said as plainly as possible.
 */
#ifndef COMPILER_EVAL_H
#define COMPILER_EVAL_H

#include "ast.h"

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_MAYBE };

/*
 * The value of one field. A list is any-of; a single string is a list of one.
 * `unknown`: the value, or its rest, was not seen: a leaf over it that is not already true by
 * the values that are here is undecided.
 */
struct value {
	bool present;
	bool unknown;
	int64_t i;                 /* TYPE_INT, TYPE_ID */
	const struct string *strs; /* TYPE_STR, TYPE_LIST */
	size_t nr_strs;
};

struct eval_event {
	enum kes_event_id event; /* decides event.category, event.type, event.action */
	struct value
		v[NR_FIELDS]; /* by enum field_id; constants and statics are filled by eval_init() */
};

/* An event with no values but the constants of its kind and the static fields. */
void eval_init(struct eval_event *ev, enum kes_event_id event);

/* The truth of a typed condition; MAYBE only when an unknown value matters. */
enum truth eval_node(const struct node *n, const struct eval_event *ev);

/* Whether the category matches and the condition is true. */
enum truth eval_query(const struct query *q, const struct eval_event *ev);

/*
 * Wildcard match over bytes: `*` any run, `?` one code point, that is a byte outside 80-BF and the
 * continuation bytes (80-BF) that follow it. Fold: simple Unicode case folding.
 */
bool like_match(const char *pat, size_t pat_len, const char *s, size_t len, bool fold);

/* Bytewise, which for UTF-8 is by code point; a prefix comes first. */
int string_compare(struct string a, struct string b);

/* Whether `a op b` for a comparison of a and b that gave order (< 0, 0, > 0). */
bool op_holds(enum op op, int order);

/* The other two string tests: equality without regard to case, and substring (never of ""). */
bool string_equal_folded(struct string lit, struct string s);
bool string_contains(struct string s, struct string lit, bool fold);

#endif /* COMPILER_EVAL_H */
