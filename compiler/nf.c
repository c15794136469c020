// SPDX-License-Identifier: Apache-2.0
/*
 * nf.c - negation normal form.
 *
 * in:  a typed condition (BOOL, NOT, AND, OR, LEAF)
 * out: the same truth, with NOT only directly above a LEAF
 *
 * Truth is two-valued (a missing field makes a leaf false and its NOT true), so De Morgan holds
 * without conditions. Work and output are linear in the input.
 */
#include "nf.h"

#include "eval.h"

static struct node *node_new(struct arena *a, enum node_kind kind, struct span span)
{
	struct node *n = arena_new_of(a, struct node);

	n->kind = kind;
	n->span = span;
	return n;
}

static struct node *bool_new(struct arena *a, bool value, struct span span)
{
	struct node *n = node_new(a, NODE_BOOL, span);

	n->b = value;
	return n;
}

static bool same_kid(const struct node *x, const struct node *y)
{
	if (x->kind == NODE_NOT && y->kind == NODE_NOT)
		return x->kids[0] == y->kids[0];
	return x == y;
}

/* Add a kid to an AND or OR under construction; false when the kid decides the whole. */
static bool join_add(struct arena *a, struct node *join, struct node *kid)
{
	if (kid->kind == NODE_BOOL)
		return kid->b == (join->kind == NODE_AND);
	if (kid->kind == join->kind) {
		for (size_t i = 0; i < kid->nr_kids; i++)
			join_add(a, join, kid->kids[i]);
		return true;
	}
	for (size_t i = 0; i < join->nr_kids; i++) {
		if (same_kid(join->kids[i], kid))
			return true;
	}
	vec_push(a, join->kids, join->nr_kids, join->cap_kids, kid);
	return true;
}

static struct node *join_finish(struct arena *a, struct node *join)
{
	if (join->nr_kids == 0)
		return bool_new(a, join->kind == NODE_AND, join->span);
	return join->nr_kids == 1 ? join->kids[0] : join;
}

static struct node *nf_node(struct arena *a, struct node *n, bool negate);

static struct node *nf_join(struct arena *a, struct node *n, bool negate)
{
	enum node_kind kind = (n->kind == NODE_AND) == negate ? NODE_OR : NODE_AND;
	struct node *join = node_new(a, kind, n->span);

	for (size_t i = 0; i < n->nr_kids; i++) {
		if (!join_add(a, join, nf_node(a, n->kids[i], negate)))
			return bool_new(a, kind == NODE_OR, n->span);
	}
	return join_finish(a, join);
}

static struct node *nf_node(struct arena *a, struct node *n, bool negate)
{
	struct node * not ;

	switch (n->kind) {
	case NODE_BOOL:
		return bool_new(a, n->b != negate, n->span);
	case NODE_NOT:
		return nf_node(a, n->kids[0], !negate);
	case NODE_AND:
	case NODE_OR:
		return nf_join(a, n, negate);
	default:
		if (!negate)
			return n;
		not = node_new(a, NODE_NOT, n->span);
		vec_push(a, not ->kids, not ->nr_kids, not ->cap_kids, n);
		return not ;
	}
}

struct node *nf_run(struct arena *a, struct node *cond)
{
	return nf_node(a, cond, false);
}

/* A leaf at a hook: 1 true, 0 false, -1 stays. */
static int leaf_fold(const struct node *leaf, enum kes_event_id event)
{
	const struct field *f = &fields[leaf->leaf.field];
	struct eval_event ev;

	if (f->scope != SCOPE_CONST && f->scope != SCOPE_STATIC)
		return f->events & (1u << event) ? -1 : 0;
	eval_init(&ev, event);
	return eval_node(leaf, &ev) == TRUTH_YES;
}

static struct node *specialise_node(struct arena *a, struct node *n, enum kes_event_id event)
{
	bool negated = n->kind == NODE_NOT;
	struct node *join;
	int known;

	if (n->kind == NODE_BOOL)
		return n;
	if (negated || n->kind == NODE_LEAF) {
		known = leaf_fold(negated ? n->kids[0] : n, event);
		return known < 0 ? n : bool_new(a, (known == 1) != negated, n->span);
	}
	join = node_new(a, n->kind, n->span);
	for (size_t i = 0; i < n->nr_kids; i++) {
		if (!join_add(a, join, specialise_node(a, n->kids[i], event)))
			return bool_new(a, n->kind == NODE_OR, n->span);
	}
	return join_finish(a, join);
}

struct node *specialise_run(struct arena *a, struct node *nnf, enum kes_event_id event)
{
	return specialise_node(a, nnf, event);
}

bool specialise_category(const struct query *q, enum kes_event_id event)
{
	return q->any || list_has(event_kinds[event].category, q->category.s);
}
