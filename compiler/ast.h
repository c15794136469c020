/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ast.h - an EQL condition, as parsed and as typed.
 *
 * The parser makes every kind but NODE_LEAF. sema_run() returns a tree of BOOL, NOT, AND, OR and
 * LEAF only: a leaf tests one field against literals of the field's type, and is true iff some
 * value of the field satisfies it. `!=` is NOT over EQ, `== null` is NOT over EXISTS.
 * Everything lives in the arena of the compilation; every node keeps its span.
 */
#ifndef COMPILER_AST_H
#define COMPILER_AST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "diag.h"
#include "schema.h"

enum node_kind {
	/* constants */
	NODE_NULL,
	NODE_BOOL,
	NODE_INT,
	NODE_DOUBLE,
	NODE_STRING,
	/* parsed only */
	NODE_FIELD,
	NODE_COMPARE, /* kids: left, right; op */
	NODE_IN,      /* kids: what, then the list; fold; negated by a NOT around it */
	NODE_MATCH,   /* kids: what, then the strings; op is OP_LIKE or OP_CONTAINS; fold */
	/* both */
	NODE_NOT, /* one kid */
	NODE_AND, /* two or more kids */
	NODE_OR,
	/* typed only */
	NODE_LEAF,
};

enum op {
	OP_EQ, /* any of the literals, exactly; fold for in~ */
	OP_NE, /* parsed only */
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_LIKE,     /* any of the wildcard patterns; over TYPE_ID: of the decimal number */
	OP_CONTAINS, /* any of the literals is a substring; no wildcards; none is empty */
	OP_EXISTS,   /* has a value; no literals */
};

struct string {
	const char *s; /* may hold NULs; NUL-terminated all the same */
	uint32_t len;
};

/*
 * A literal of a leaf: s for TYPE_STR and TYPE_LIST and for every OP_LIKE and OP_CONTAINS, else i.
 * span is what the author wrote; src is NULL for a literal that sema made up.
 */
struct literal {
	struct string s;
	int64_t i;
	struct span span;
};

struct node {
	enum node_kind kind;
	enum op op;
	bool fold;     /* ignore case */
	bool optional; /* NODE_FIELD: `?field` */
	struct span span;
	struct node **kids;
	size_t nr_kids, cap_kids;
	union {
		bool b;
		int64_t i;
		double d;
		struct string str; /* NODE_STRING; NODE_FIELD: the name as written */
		struct {
			enum field_id field;
			struct literal *lits;
			size_t nr_lits;
		} leaf;
	};
};

/* `category where condition`. */
struct query {
	struct span span;
	struct string category; /* "any" when any is set */
	struct span category_span;
	bool any;
	struct node *cond;
};

/* In double quotes, escaped so that EQL reads the same bytes back. */
void string_print(FILE *out, struct string s);

/* S-expressions, one node a line, indented. */
void query_dump(FILE *out, const struct query *q);
void node_dump(FILE *out, const struct node *n, int indent);

/* One line in EQL syntax, normalised; used by `dump nf` and explain. */
void node_print(FILE *out, const struct node *n);

#endif /* COMPILER_AST_H */
