// SPDX-License-Identifier: Apache-2.0
/*
 * atom.c - interned atoms, formulas over them, pivots.
 *
 * in:  typed rules
 * out: for every rule and every hook it can match at, a formula over atoms; a set of pivots
 *
 * Invariant: a predicate_at with pivots is false on every event on which all of them are false.
 */
#include "atom.h"

#include <stdlib.h>
#include <string.h>

#include "strtab.h"

static const char *node_text(struct arena *a, const struct node *n, size_t *len)
{
	char *buf = NULL;
	const char *text;
	FILE *f = open_memstream(&buf, len);

	if (!f) {
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	node_print(f, n);
	fclose(f);
	text = arena_strndup(a, buf, *len);
	free(buf);
	return text;
}

/* The longest run of a pattern without a wildcard: what makes it rare. */
static size_t longest_piece(struct string s)
{
	size_t best = 0, run = 0;

	for (uint32_t i = 0; i < s.len; i++) {
		run = s.s[i] == '*' || s.s[i] == '?' ? 0 : run + 1;
		best = run > best ? run : best;
	}
	return best;
}

/*
 * Rough expected firings per 1,000 events. Only the order matters, and only for speed: long exact
 * strings are rare, "is root" and ranges are not, a presence test always fires.
 */
static uint32_t leaf_cost(const struct node *leaf)
{
	enum field_type type = fields[leaf->leaf.field].type;
	uint32_t cost = 0;

	if (leaf->op == OP_EXISTS)
		return 1000;
	if (leaf->op >= OP_LT && leaf->op <= OP_GE)
		return 500;
	for (size_t i = 0; i < leaf->leaf.nr_lits; i++) {
		size_t piece;

		if (type == TYPE_ID || type == TYPE_INT)
			cost += leaf->leaf.lits[i].i == 0 ? 400 : 60;
		else if ((piece = longest_piece(leaf->leaf.lits[i].s)) >= 4)
			cost += leaf->op == OP_EQ ? 4 : 10;
		else
			cost += piece >= 2 ? 30 : 200;
	}
	return cost < 1000 ? cost : 1000;
}

static uint32_t atom_intern(struct arena *a, struct atoms *atoms, const struct node *leaf)
{
	size_t len;
	const char *text = node_text(a, leaf, &len);
	bool added;
	uint32_t nr = strtab_put(atoms->index, text, len, &added);
	struct atom atom = { .leaf = leaf,
			     .text = text,
			     .field = leaf->leaf.field,
			     .cost = leaf_cost(leaf),
			     .bit = ATOM_NONE,
			     .parent_bit = ATOM_NONE };

	if (added)
		vec_push(a, atoms->v, atoms->nr, atoms->cap, atom);
	return nr;
}

/* Equal tests were different leaves until they were interned. */
static bool has_kid(const struct formula *f, const struct formula *kid)
{
	for (size_t i = 0; i < f->nr_kids && kid->kind == FORMULA_ATOM; i++) {
		if (f->kids[i]->kind == FORMULA_ATOM && f->kids[i]->atom == kid->atom &&
		    f->kids[i]->negated == kid->negated)
			return true;
	}
	return false;
}

static struct formula *formula_of(struct arena *a, struct atoms *atoms, const struct node *n)
{
	struct formula *f = arena_new_of(a, struct formula);

	f->span = n->span;
	if (n->kind == NODE_BOOL) {
		f->kind = n->b ? FORMULA_TRUE : FORMULA_FALSE;
	} else if (n->kind == NODE_NOT || n->kind == NODE_LEAF) {
		f->kind = FORMULA_ATOM;
		f->negated = n->kind == NODE_NOT;
		f->atom = atom_intern(a, atoms, f->negated ? n->kids[0] : n);
	} else {
		f->kind = n->kind == NODE_AND ? FORMULA_AND : FORMULA_OR;
		for (size_t i = 0; i < n->nr_kids; i++) {
			struct formula *kid = formula_of(a, atoms, n->kids[i]);

			if (!has_kid(f, kid))
				vec_push(a, f->kids, f->nr_kids, f->cap_kids, kid);
		}
	}
	return f;
}

void atoms_run(struct arena *a, const struct rules *rules, struct atoms *out)
{
	*out = (struct atoms){ .index = strtab_new(a) };
	out->predicates = arena_array(a, rules->nr ? rules->nr : 1, struct predicate);
	out->nr_predicates = rules->nr;
	for (size_t i = 0; i < rules->nr; i++) {
		struct predicate *p = &out->predicates[i];

		p->rule = rules->v[i];
		p->nnf = nf_run(a, p->rule->query->cond);
		for (int e = 0; e < KES_NR_EVENTS; e++) {
			struct node *n;

			if (!specialise_category(p->rule->query, e))
				continue;
			n = specialise_run(a, p->nnf, e);
			if (n->kind != NODE_BOOL || n->b)
				p->at[e].formula = formula_of(a, out, n);
		}
	}
}

struct pivots {
	uint32_t *v;
	size_t nr, cap;
	uint32_t cost; /* UINT32_MAX: there is none */
};

static struct pivots pivots_of(struct arena *a, const struct atoms *atoms, const struct formula *f)
{
	struct pivots p = { .cost = UINT32_MAX };

	switch (f->kind) {
	case FORMULA_FALSE:
		p.cost = 0; /* nothing has to wake it */
		break;
	case FORMULA_ATOM:
		if (f->negated || atoms->v[f->atom].lowering == ATOM_UNKNOWN)
			break;
		vec_push(a, p.v, p.nr, p.cap, f->atom);
		p.cost = atoms->v[f->atom].cost;
		break;
	case FORMULA_AND:
		for (size_t i = 0; i < f->nr_kids; i++) {
			struct pivots kid = pivots_of(a, atoms, f->kids[i]);

			if (kid.cost < p.cost)
				p = kid;
		}
		break;
	case FORMULA_OR:
		p.cost = 0;
		for (size_t i = 0; i < f->nr_kids; i++) {
			struct pivots kid = pivots_of(a, atoms, f->kids[i]);

			if (kid.cost == UINT32_MAX)
				return (struct pivots){ .cost = UINT32_MAX };
			p.cost += kid.cost;
			for (size_t k = 0; k < kid.nr; k++)
				vec_push(a, p.v, p.nr, p.cap, kid.v[k]);
		}
		break;
	default:
		break;
	}
	return p;
}

static int by_number(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

static size_t unique(uint32_t *v, size_t nr)
{
	size_t out = 0;

	if (nr)
		qsort(v, nr, sizeof(*v), by_number);
	for (size_t i = 0; i < nr; i++) {
		if (i == 0 || v[i] != v[i - 1])
			v[out++] = v[i];
	}
	return out;
}

static bool has_inexact(const struct atoms *atoms, const struct formula *f)
{
	if (f->kind == FORMULA_ATOM)
		return atoms->v[f->atom].lowering != ATOM_EXACT;
	for (size_t i = 0; i < f->nr_kids; i++) {
		if (has_inexact(atoms, f->kids[i]))
			return true;
	}
	return false;
}

void atoms_pivots(struct arena *a, struct atoms *atoms)
{
	for (size_t i = 0; i < atoms->nr_predicates; i++) {
		struct predicate *p = &atoms->predicates[i];

		for (int e = 0; e < KES_NR_EVENTS; e++) {
			struct predicate_at *at = &p->at[e];
			struct pivots piv;

			if (!at->formula)
				continue;
			piv = pivots_of(a, atoms, at->formula);
			at->always = piv.cost == UINT32_MAX;
			at->pivots = piv.v;
			at->nr_pivots = unique(piv.v, piv.nr);
			p->inexact |= has_inexact(atoms, at->formula);
		}
	}
}

void formula_print(FILE *out, const struct formula *f)
{
	switch (f->kind) {
	case FORMULA_TRUE:
	case FORMULA_FALSE:
		fputs(f->kind == FORMULA_TRUE ? "true" : "false", out);
		break;
	case FORMULA_ATOM:
		fprintf(out, "%sa%u", f->negated ? "!" : "", f->atom);
		break;
	case FORMULA_AND:
	case FORMULA_OR:
		fputc('(', out);
		for (size_t i = 0; i < f->nr_kids; i++) {
			if (i)
				fputs(f->kind == FORMULA_AND ? " & " : " | ", out);
			formula_print(out, f->kids[i]);
		}
		fputc(')', out);
		break;
	}
}

void nf_dump(FILE *out, const struct atoms *atoms)
{
	for (size_t i = 0; i < atoms->nr_predicates; i++) {
		fprintf(out, "%s: ", atoms->predicates[i].rule->id);
		node_print(out, atoms->predicates[i].nnf);
		fputc('\n', out);
	}
}

/* What is left of each rule at each hook, in terms of atoms. */
void specialise_dump(FILE *out, const struct atoms *atoms)
{
	for (size_t i = 0; i < atoms->nr_predicates; i++) {
		const struct predicate *p = &atoms->predicates[i];
		bool nowhere = true;

		for (int e = 0; e < KES_NR_EVENTS; e++) {
			if (!p->at[e].formula)
				continue;
			nowhere = false;
			fprintf(out, "%s @ %s: ", p->rule->id, event_kinds[e].name);
			formula_print(out, p->at[e].formula);
			fputc('\n', out);
		}
		if (nowhere)
			fprintf(out, "%s: never\n", p->rule->id);
	}
}

void atoms_dump(FILE *out, const struct atoms *atoms)
{
	static const char *const lowering[] = { "exact", "superset", "unknown" };

	for (size_t i = 0; i < atoms->nr; i++)
		fprintf(out, "a%zu %s cost %u: %s\n", i, lowering[atoms->v[i].lowering],
			atoms->v[i].cost, atoms->v[i].text);
	for (size_t i = 0; i < atoms->nr_predicates; i++) {
		const struct predicate *p = &atoms->predicates[i];

		for (int e = 0; e < KES_NR_EVENTS; e++) {
			const struct predicate_at *at = &p->at[e];

			if (!at->formula)
				continue;
			fprintf(out, "%s @ %s:%s", p->rule->id, event_kinds[e].name,
				at->always ? " no pivot, always evaluated" : " pivots");
			for (size_t k = 0; k < at->nr_pivots && !at->always; k++)
				fprintf(out, " a%u", at->pivots[k]);
			fputc('\n', out);
		}
	}
}
