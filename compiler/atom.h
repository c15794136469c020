/* SPDX-License-Identifier: Apache-2.0 */
/*
 * atom.h - predicates as formulas over interned atoms, and the pivots that wake them.
 */
#ifndef COMPILER_ATOM_H
#define COMPILER_ATOM_H

#include "nf.h"
#include "rule.h"

#define ATOM_NONE UINT32_MAX

/*
 * How well the kernel knows an atom. EXACT: its bit is the truth. SUPERSET: a clear bit is a
 * certain no. UNKNOWN: no automaton; it is taken as possibly true always.
 */
enum atom_lowering { ATOM_EXACT, ATOM_SUPERSET, ATOM_UNKNOWN };

/* One test on one field; equal tests of different rules are one atom. */
struct atom {
	const struct node *leaf; /* the first rule's */
	const char *text;        /* canonical, the interning key */
	enum field_id field;
	enum atom_lowering lowering;
	const char *reason; /* why it is not exact, or NULL */
	uint32_t cost;      /* how often it fires on ordinary machines, estimated: lower is rarer */
	uint32_t bit;       /* plan: bit number in the T image */
	uint32_t parent_bit; /* plan: PARENT atoms: bit number in the C words */
};

enum formula_kind { FORMULA_TRUE, FORMULA_FALSE, FORMULA_AND, FORMULA_OR, FORMULA_ATOM };

/* A condition over atoms, negation only at the leaves. */
struct formula {
	enum formula_kind kind;
	bool negated; /* FORMULA_ATOM */
	uint32_t atom;
	struct span span;
	struct formula **kids;
	size_t nr_kids, cap_kids;
};

/*
 * A predicate at one hook. At least one of the pivots must be true for the predicate to hold, so it
 * is evaluated only when one of them fires. No pivots: evaluated on every event of the hook.
 */
struct predicate_at {
	struct formula *formula; /* NULL: cannot hold at this hook */
	uint32_t *pivots;        /* atoms */
	size_t nr_pivots;
	bool always;   /* has no pivot */
	bool left;     /* plan: too large for the kernel, left to user space once it is woken */
	uint32_t slot; /* plan: its candidate bit at this hook */
};

struct predicate {
	const struct rule *rule;
	uint32_t item;
	struct node *nnf;
	struct predicate_at at[KES_NR_EVENTS];
	bool inexact; /* some atom it needs is not exact: the kernel says NO or MAYBE */
};

struct atoms {
	struct atom *v;
	size_t nr, cap;
	struct predicate *predicates;
	size_t nr_predicates;
	struct strtab *index; /* text -> atom */
};

/* Normalise, specialise and intern every rule. */
void atoms_run(struct arena *a, const struct rules *rules, struct atoms *out);

/*
 * Choose the pivots. After the automata pass, since an atom without automaton cannot be one.
 * Sets predicate.inexact too.
 */
void atoms_pivots(struct arena *a, struct atoms *atoms);

void nf_dump(FILE *out, const struct atoms *atoms);
void specialise_dump(FILE *out, const struct atoms *atoms);
void atoms_dump(FILE *out, const struct atoms *atoms);
void formula_print(FILE *out, const struct formula *f);

#endif /* COMPILER_ATOM_H */
