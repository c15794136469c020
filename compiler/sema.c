// SPDX-License-Identifier: Apache-2.0
/*
 * sema.c - names, types and constants: the parsed tree becomes a typed one.
 *
 * In: a query as parsed. Out: a condition of BOOL, NOT, AND, OR and LEAF nodes, in which BOOL only
 * stands alone, AND and OR have two or more kids of another kind, and every literal has the type
 * of its field. All mistakes of a rule are reported; the tree is used only when there are none.
 *
 * Truth is two-valued: `f != x` is the complement of `f == x`, also when f has no value. What can
 * never be true (user.id == "root") becomes false with a warning, not silently.
 */
#include <inttypes.h>
#include <string.h>

#include "err.h"
#include "eval.h"
#include "fold.h"
#include "frontend.h"

struct sema {
	struct diags *d;
	struct arena *arena;
	uint32_t events; /* the event kinds of the query's category */
};

enum {
	FIELD_NONE = -1,  /* optional and unknown: it never has a value */
	FIELD_ERROR = -2, /* reported */
};

static struct node *node_new(struct sema *s, enum node_kind kind, struct span span)
{
	struct node *n = arena_new_of(s->arena, struct node);

	n->kind = kind;
	n->span = span;
	return n;
}

static struct node *make_bool(struct sema *s, struct span span, bool b)
{
	struct node *n = node_new(s, NODE_BOOL, span);

	n->b = b;
	return n;
}

/* What stands for a condition that was reported as wrong. */
static struct node *make_error(struct sema *s, const struct node *n)
{
	return make_bool(s, n->span, false);
}

static void add_kid(struct sema *s, struct node *n, struct node *kid)
{
	vec_push(s->arena, n->kids, n->nr_kids, n->cap_kids, kid);
}

static struct node *make_not(struct sema *s, struct span span, struct node *kid)
{
	struct node *n;

	if (kid->kind == NODE_BOOL)
		return make_bool(s, span, !kid->b);
	n = node_new(s, NODE_NOT, span);
	add_kid(s, n, kid);
	return n;
}

static struct node *make_leaf(struct sema *s, struct span span, int field, enum op op)
{
	struct node *n = node_new(s, NODE_LEAF, span);

	n->op = op;
	n->leaf.field = (enum field_id)field;
	return n;
}

static void add_literal(struct sema *s, struct node *leaf, struct literal lit, size_t room)
{
	if (!leaf->leaf.lits)
		leaf->leaf.lits = arena_array(s->arena, room, struct literal);
	leaf->leaf.lits[leaf->leaf.nr_lits++] = lit;
}

/* Names */

static void report_unknown_field(struct sema *s, const struct node *n)
{
	struct diag *e =
		diag_error(s->d, n->span, "unknown field \"%.*s\"", (int)n->str.len, n->str.s);
	const char *near = field_suggest(n->str.s);

	if (near)
		diag_hint(s->d, e, "did you mean \"%s\"?", near);
	else
		diag_hint(s->d, e, "a field that may be unknown is written ?%.*s", (int)n->str.len,
			  n->str.s);
}

/* The field of a NODE_FIELD, or FIELD_NONE, or FIELD_ERROR. */
static int resolve(struct sema *s, const struct node *n)
{
	int id = field_find(n->str.s, n->str.len);

	if (id < 0) {
		if (n->optional)
			return FIELD_NONE;
		report_unknown_field(s, n);
		return FIELD_ERROR;
	}
	if (s->events && !(fields[id].events & s->events) && !n->optional)
		diag_warn(s->d, n->span, "no event of this category has %s: it never has a value",
			  fields[id].name);
	return id;
}

/* Constants */

static bool is_constant(const struct node *n)
{
	return n->kind <= NODE_STRING;
}

static bool is_number(const struct node *n)
{
	return n->kind == NODE_INT || n->kind == NODE_DOUBLE;
}

static bool is_string_type(enum field_type type)
{
	return type == TYPE_STR || type == TYPE_LIST;
}

static const char *kind_shown(const struct node *n)
{
	switch (n->kind) {
	case NODE_NULL:
		return "null";
	case NODE_BOOL:
		return "a boolean";
	case NODE_INT:
	case NODE_DOUBLE:
		return "a number";
	case NODE_STRING:
		return "a string";
	case NODE_FIELD:
		return "a field";
	default:
		return "a condition";
	}
}

static const char *source_text(struct sema *s, struct span span)
{
	return arena_strndup(s->arena, span.src->text + span.begin, span.end - span.begin);
}

/* long double holds every 64-bit integer and every double on x86; elsewhere binary128 does. */
static int compare_numbers(const struct node *a, const struct node *b)
{
	long double x = a->kind == NODE_INT ? (long double)a->i : (long double)a->d;
	long double y = b->kind == NODE_INT ? (long double)b->i : (long double)b->d;

	return (x > y) - (x < y);
}

/* constant op constant */
static struct node *compare_constants(struct sema *s, const struct node *n, const struct node *a,
				      const struct node *b)
{
	bool equality = n->op == OP_EQ || n->op == OP_NE;

	if (a->kind == NODE_NULL || b->kind == NODE_NULL)
		return make_bool(s, n->span, equality && (n->op == OP_EQ) == (a->kind == b->kind));
	if (is_number(a) && is_number(b))
		return make_bool(s, n->span, op_holds(n->op, compare_numbers(a, b)));
	if (a->kind == NODE_STRING && b->kind == NODE_STRING)
		return make_bool(s, n->span, op_holds(n->op, string_compare(a->str, b->str)));
	if (a->kind == NODE_BOOL && b->kind == NODE_BOOL && equality)
		return make_bool(s, n->span, op_holds(n->op, a->b - b->b));
	diag_error(s->d, n->span, "%s cannot be compared with %s", kind_shown(a), kind_shown(b));
	return make_error(s, n);
}

/* Literals */

enum coerced { COERCED, COERCED_NEVER /* no value can equal it */, COERCED_ERROR };

static enum coerced reject_literal(struct sema *s, int field, const struct node *lit)
{
	const struct field *f = &fields[field];
	struct diag *e;

	if (lit->kind == NODE_NULL) {
		e = diag_error(s->d, lit->span, "null is not a value");
		diag_hint(s->d, e, "test for a missing value with: %s == null", f->name);
		return COERCED_ERROR;
	}
	if (!is_constant(lit)) {
		e = diag_error(s->d, lit->span, "%s is compared with %s", f->name, kind_shown(lit));
		diag_hint(s->d, e, "a field can only be compared with constants");
		return COERCED_ERROR;
	}
	e = diag_error(s->d, lit->span, "%s (%s) cannot be compared with %s", f->name,
		       field_type_name(f->type), kind_shown(lit));
	if (is_number(lit))
		diag_hint(s->d, e, "write \"%s\"", source_text(s, lit->span));
	else if (lit->kind == NODE_STRING && f->type == TYPE_INT)
		diag_hint(s->d, e, "write the number without quotes");
	return COERCED_ERROR;
}

/* The decimal digits of a u32 as the system prints it: no sign, no leading zero. */
static bool parse_id(struct string str, int64_t *out)
{
	int64_t value = 0;

	if (str.len == 0 || str.len > 10 || (str.len > 1 && str.s[0] == '0'))
		return false;
	for (uint32_t i = 0; i < str.len; i++) {
		if (str.s[i] < '0' || str.s[i] > '9')
			return false;
		value = value * 10 + (str.s[i] - '0');
	}
	*out = value;
	return value <= UINT32_MAX;
}

static bool fits_int64(double d)
{
	return d >= -0x1p63 && d < 0x1p63;
}

/* Whether a double is a 64-bit integer. */
static bool is_int64(double d)
{
	return fits_int64(d) && (double)(int64_t)d == d;
}

/* A number or, for an id, its digits. */
static enum coerced coerce_number(struct sema *s, int field, const struct node *lit, int64_t *out)
{
	bool id = fields[field].type == TYPE_ID;

	if (lit->kind == NODE_STRING && id)
		return parse_id(lit->str, out) ? COERCED : COERCED_NEVER;
	if (!is_number(lit))
		return reject_literal(s, field, lit);
	if (lit->kind == NODE_DOUBLE && !is_int64(lit->d))
		return COERCED_NEVER;
	*out = lit->kind == NODE_INT ? lit->i : (int64_t)lit->d;
	return id && (*out < 0 || *out > UINT32_MAX) ? COERCED_NEVER : COERCED;
}

/* A literal that a field may be equal to. */
static enum coerced coerce(struct sema *s, int field, const struct node *lit, struct literal *out)
{
	*out = (struct literal){ .span = lit->span };
	if (!is_string_type(fields[field].type))
		return coerce_number(s, field, lit, &out->i);
	if (lit->kind != NODE_STRING)
		return reject_literal(s, field, lit);
	out->s = lit->str;
	return COERCED;
}

static void warn_never_equal(struct sema *s, int field, const struct node *lit)
{
	struct diag *w =
		diag_warn(s->d, lit->span, "%s never equals this value", fields[field].name);

	if (fields[field].type == TYPE_ID)
		diag_hint(s->d, w, "it is a decimal number from 0 to 4294967295");
	else
		diag_hint(s->d, w, "it is a 64-bit integer");
}

/* field == any of the literals */
static struct node *equal_leaf(struct sema *s, struct span span, int field, bool fold,
			       struct node **lits, size_t nr)
{
	struct node *leaf = make_leaf(s, span, field, OP_EQ);

	leaf->fold = fold && is_string_type(fields[field].type);
	for (size_t i = 0; i < nr; i++) {
		struct literal lit;

		switch (coerce(s, field, lits[i], &lit)) {
		case COERCED:
			add_literal(s, leaf, lit, nr);
			break;
		case COERCED_NEVER:
			warn_never_equal(s, field, lits[i]);
			break;
		case COERCED_ERROR:
			break;
		}
	}
	return leaf->leaf.nr_lits ? leaf : make_bool(s, span, false);
}

/*
 * A number between integers: `> 1.5` is `>= 2`. Beyond all integers it is true of every value, or
 * of none.
 */
static struct node *order_by_double(struct sema *s, struct node *leaf, const struct node *lit)
{
	bool upward = leaf->op == OP_GT || leaf->op == OP_GE;
	double d = lit->d;
	int64_t edge;

	if (!fits_int64(d)) {
		if ((d < 0) != upward)
			return make_bool(s, leaf->span, false);
		leaf->op = OP_EXISTS;
		return leaf;
	}
	edge = (int64_t)d; /* towards zero; then to the integer that still satisfies the test */
	if (edge != d) {
		leaf->op = upward ? OP_GE : OP_LE;
		edge += upward ? d > 0 : -(d < 0);
	}
	add_literal(s, leaf, (struct literal){ .i = edge, .span = lit->span }, 1);
	return leaf;
}

/* field < literal and the like */
static struct node *order_leaf(struct sema *s, struct span span, int field, enum op op,
			       const struct node *lit)
{
	struct node *leaf = make_leaf(s, span, field, op);
	enum field_type type = fields[field].type;
	struct literal out;

	if (lit->kind == NODE_NULL) {
		diag_warn(s->d, span, "a comparison with null is never true");
		return make_bool(s, span, false);
	}
	if (!is_string_type(type) && lit->kind == NODE_DOUBLE)
		return order_by_double(s, leaf, lit);
	out = (struct literal){ .i = lit->i, .span = lit->span };
	if (!is_string_type(type) && lit->kind == NODE_INT) {
		add_literal(s, leaf, out, 1);
		return leaf;
	}
	switch (coerce(s, field, lit, &out)) {
	case COERCED:
		add_literal(s, leaf, out, 1);
		return leaf;
	case COERCED_NEVER:
		warn_never_equal(s, field, lit);
		break;
	case COERCED_ERROR:
		break;
	}
	return make_bool(s, span, false);
}

/* Conditions */

static struct node *check(struct sema *s, struct node *n);

static enum op flip(enum op op)
{
	switch (op) {
	case OP_LT:
		return OP_GT;
	case OP_LE:
		return OP_GE;
	case OP_GT:
		return OP_LT;
	case OP_GE:
		return OP_LE;
	default:
		return op;
	}
}

/* field op constant */
static struct node *compare_field(struct sema *s, const struct node *n, const struct node *field,
				  struct node *lit)
{
	int id = resolve(s, field);
	struct node *leaf;

	if (id == FIELD_ERROR)
		return make_error(s, n);
	if (id == FIELD_NONE)
		return make_bool(s, n->span,
				 lit->kind == NODE_NULL ? n->op == OP_EQ : n->op == OP_NE);
	if (n->op != OP_EQ && n->op != OP_NE)
		return order_leaf(s, n->span, id, n->op, lit);
	if (lit->kind == NODE_NULL) {
		leaf = make_leaf(s, n->span, id, OP_EXISTS);
		return n->op == OP_NE ? leaf : make_not(s, n->span, leaf);
	}
	leaf = equal_leaf(s, n->span, id, false, &lit, 1);
	return n->op == OP_EQ ? leaf : make_not(s, n->span, leaf);
}

/*
 * Whether a test has no result because its field has no value: NULL when that is not a question of
 * one field.
 */
static struct node *is_null(struct sema *s, struct span span, const struct node *typed)
{
	while (typed->kind == NODE_NOT)
		typed = typed->kids[0];
	if (typed->kind == NODE_BOOL || (typed->kind == NODE_LEAF && typed->op == OP_EXISTS))
		return make_bool(s, span, false);
	if (typed->kind != NODE_LEAF)
		return NULL;
	return make_not(s, span, make_leaf(s, span, (int)typed->leaf.field, OP_EXISTS));
}

/* (condition) op true, false or null */
static struct node *compare_condition(struct sema *s, const struct node *n, struct node *cond,
				      const struct node *constant)
{
	struct node *typed = check(s, cond);
	struct node *null, *both;

	if ((n->op != OP_EQ && n->op != OP_NE) ||
	    (constant->kind != NODE_BOOL && constant->kind != NODE_NULL)) {
		diag_error(s->d, n->span,
			   "a condition can only be tested with == and != against "
			   "true, false and null");
		return make_error(s, n);
	}
	if (constant->kind == NODE_BOOL && constant->b)
		return n->op == OP_EQ ? typed : make_not(s, n->span, typed);
	null = is_null(s, n->span, typed);
	if (!null) {
		diag_error(s->d, n->span, "this test of a condition is not supported");
		return make_error(s, n);
	}
	if (constant->kind == NODE_NULL)
		return n->op == OP_EQ ? null : make_not(s, n->span, null);
	/* Equal to false: it has a result, and that is not true. */
	both = node_new(s, NODE_OR, n->span);
	add_kid(s, both, typed);
	add_kid(s, both, null);
	both = check(s, both);
	return n->op == OP_NE ? both : make_not(s, n->span, both);
}

static struct node *check_compare(struct sema *s, struct node *n)
{
	struct node *left = n->kids[0], *right = n->kids[1];
	struct diag *e;

	if (is_constant(left) && is_constant(right))
		return compare_constants(s, n, left, right);
	if (is_constant(left)) {
		left = n->kids[1];
		right = n->kids[0];
		n->op = flip(n->op);
	}
	if (is_constant(right))
		return left->kind == NODE_FIELD ? compare_field(s, n, left, right)
						: compare_condition(s, n, left, right);
	if (left->kind == NODE_FIELD)
		resolve(s, left);
	if (right->kind == NODE_FIELD)
		resolve(s, right);
	e = diag_error(s->d, n->span, "%s is compared with %s", kind_shown(left),
		       kind_shown(right));
	diag_hint(s->d, e, "one side of a comparison must be a constant");
	return make_error(s, n);
}

/* The left side of in, like and contains is neither a field nor of the right type. */
static struct node *reject_left(struct sema *s, const struct node *n, const char *op)
{
	diag_error(s->d, n->kids[0]->span, "the left side of `%s` cannot be %s", op,
		   kind_shown(n->kids[0]));
	return make_error(s, n);
}

static bool equal_constants(const struct node *a, const struct node *b, bool fold)
{
	if (is_number(a) && is_number(b))
		return compare_numbers(a, b) == 0;
	if (a->kind == NODE_STRING && b->kind == NODE_STRING)
		return fold ? string_equal_folded(a->str, b->str)
			    : string_compare(a->str, b->str) == 0;
	return a->kind == NODE_BOOL && b->kind == NODE_BOOL && a->b == b->b;
}

/* constant in (constants): of one type, or `1 in ("1")` would be false without a word */
static struct node *constant_in(struct sema *s, const struct node *n)
{
	const struct node *what = n->kids[0];
	bool found = false;

	for (size_t i = 1; i < n->nr_kids; i++) {
		const struct node *lit = n->kids[i];

		if (!is_constant(lit) || lit->kind == NODE_NULL ||
		    (what->kind != NODE_NULL && lit->kind != what->kind &&
		     !(is_number(lit) && is_number(what)))) {
			diag_error(s->d, lit->span, "%s cannot be in a list with %s",
				   kind_shown(what), kind_shown(lit));
			return make_error(s, n);
		}
		found = found || equal_constants(what, lit, n->fold);
	}
	return make_bool(s, n->span, found);
}

static bool list_is_constant(struct sema *s, const struct node *n)
{
	bool ok = true;

	for (size_t i = 1; i < n->nr_kids; i++) {
		struct diag *e;

		if (is_constant(n->kids[i]))
			continue;
		ok = false;
		e = diag_error(s->d, n->kids[i]->span, "a list cannot contain %s",
			       kind_shown(n->kids[i]));
		diag_hint(s->d, e, "the right side of this operator is constants");
	}
	return ok;
}

static struct node *check_in(struct sema *s, struct node *n)
{
	struct node *what = n->kids[0];
	int id;

	if (is_constant(what))
		return constant_in(s, n);
	if (what->kind != NODE_FIELD)
		return reject_left(s, n, "in");
	id = resolve(s, what);
	if (!list_is_constant(s, n) || id < 0)
		return make_bool(s, n->span, false);
	return equal_leaf(s, n->span, id, n->fold, n->kids + 1, n->nr_kids - 1);
}

static const char *match_op_shown(const struct node *n)
{
	return n->op == OP_LIKE ? "like" : "contains";
}

/* The right side of like and contains: strings only. */
static bool check_patterns(struct sema *s, const struct node *n)
{
	bool ok = true;

	for (size_t i = 1; i < n->nr_kids; i++) {
		struct diag *e;

		if (n->kids[i]->kind == NODE_STRING)
			continue;
		ok = false;
		e = diag_error(s->d, n->kids[i]->span, "the right side of `%s` is strings, not %s",
			       match_op_shown(n), kind_shown(n->kids[i]));
		if (is_number(n->kids[i]))
			diag_hint(s->d, e, "write \"%s\"", source_text(s, n->kids[i]->span));
	}
	return ok;
}

static struct node *constant_match(struct sema *s, const struct node *n)
{
	const struct node *what = n->kids[0];
	bool found = false;

	if (what->kind != NODE_STRING && what->kind != NODE_NULL)
		return reject_left(s, n, match_op_shown(n));
	for (size_t i = 1; i < n->nr_kids && what->kind == NODE_STRING; i++) {
		struct string p = n->kids[i]->str;

		if (n->op == OP_LIKE)
			found = found ||
				like_match(p.s, p.len, what->str.s, what->str.len, n->fold);
		else
			found = found || string_contains(what->str, p, n->fold);
	}
	return make_bool(s, n->span, found);
}

static struct node *match_leaf(struct sema *s, const struct node *n, int field)
{
	struct node *leaf = make_leaf(s, n->span, field, n->op);

	leaf->fold = n->fold;
	for (size_t i = 1; i < n->nr_kids; i++) {
		struct literal lit = { .s = n->kids[i]->str, .span = n->kids[i]->span };

		if (n->op == OP_CONTAINS && lit.s.len == 0)
			diag_warn(s->d, lit.span, "`contains \"\"` is never true");
		else
			add_literal(s, leaf, lit, n->nr_kids);
	}
	return leaf->leaf.nr_lits ? leaf : make_bool(s, n->span, false);
}

static struct node *check_match(struct sema *s, struct node *n)
{
	struct node *what = n->kids[0];
	bool ok = check_patterns(s, n);
	struct diag *e;
	int id;

	if (is_constant(what))
		return ok ? constant_match(s, n) : make_error(s, n);
	if (what->kind != NODE_FIELD)
		return reject_left(s, n, match_op_shown(n));
	id = resolve(s, what);
	if (!ok || id < 0)
		return make_bool(s, n->span, false);
	if (fields[id].type == TYPE_INT) {
		e = diag_error(s->d, what->span, "%s (%s) is not a string", fields[id].name,
			       field_type_name(fields[id].type));
		diag_hint(s->d, e, "numbers are compared with == != < <= > >= and in");
		return make_error(s, n);
	}
	return match_leaf(s, n, id);
}

/* Kids of the same kind are spliced in, constants fold. */
static void add_joined(struct sema *s, struct node *joined, struct node *kid)
{
	if (kid->kind != joined->kind) {
		add_kid(s, joined, kid);
		return;
	}
	for (size_t i = 0; i < kid->nr_kids; i++)
		add_kid(s, joined, kid->kids[i]);
}

static struct node *check_joined(struct sema *s, struct node *n)
{
	struct node *joined = node_new(s, n->kind, n->span);
	bool decisive = n->kind == NODE_OR; /* the constant that decides the whole */
	bool decided = false;

	for (size_t i = 0; i < n->nr_kids; i++) {
		struct node *kid = check(s, n->kids[i]);

		if (kid->kind == NODE_BOOL)
			decided = decided || kid->b == decisive;
		else
			add_joined(s, joined, kid);
	}
	if (decided || joined->nr_kids == 0)
		return make_bool(s, n->span, decided == decisive);
	return joined->nr_kids == 1 ? joined->kids[0] : joined;
}

static struct node *reject_condition(struct sema *s, struct node *n)
{
	struct diag *e;
	int id = n->kind == NODE_FIELD ? resolve(s, n) : FIELD_ERROR;

	if (n->kind == NODE_FIELD && id < 0)
		return make_error(s, n);
	e = diag_error(s->d, n->span, "%s is not a condition", kind_shown(n));
	if (n->kind == NODE_FIELD)
		diag_hint(s->d, e, "compare it, or test whether it has a value: %s != null",
			  fields[id].name);
	return make_error(s, n);
}

/* A typed tree for a condition; for a wrong one, after a diagnostic, anything. */
static struct node *check(struct sema *s, struct node *n)
{
	switch (n->kind) {
	case NODE_BOOL:
	case NODE_LEAF:
		return n;
	case NODE_NOT:
		return make_not(s, n->span, check(s, n->kids[0]));
	case NODE_AND:
	case NODE_OR:
		return check_joined(s, n);
	case NODE_COMPARE:
		return check_compare(s, n);
	case NODE_IN:
		return check_in(s, n);
	case NODE_MATCH:
		return check_match(s, n);
	default:
		return reject_condition(s, n);
	}
}

/* Categories */

/* Every category once, separated by ", ". */
static const char *all_categories(struct sema *s)
{
	const char *all = "";

	for (size_t i = 0; i < KES_NR_EVENTS; i++) {
		const char *next = event_kinds[i].category;

		while (*next) {
			size_t len = strcspn(next, ",");
			char *one = arena_strndup(s->arena, next, len);

			next += len + (next[len] == ',');
			if (!list_has(all, one))
				all = *all ? arena_printf(s->arena, "%s,%s", all, one) : one;
		}
	}
	return all;
}

static uint32_t category_events(const struct query *q)
{
	uint32_t events = 0;

	if (q->any)
		return KES_ON_ALL;
	if (strlen(q->category.s) != q->category.len)
		return 0;
	for (size_t i = 0; i < KES_NR_EVENTS; i++) {
		if (list_has(event_kinds[i].category, q->category.s))
			events |= 1u << i;
	}
	return events;
}

static void check_category(struct sema *s, const struct query *q)
{
	struct diag *w;

	s->events = category_events(q);
	if (s->events)
		return;
	w = diag_warn(s->d, q->category_span, "no event has this category: it never matches");
	diag_hint(s->d, w, "the categories are: %s", all_categories(s));
}

bool sema_run(struct query *q, struct diags *d)
{
	struct sema s = { .d = d, .arena = d->arena };
	size_t before = d->nr_errors;
	struct node *cond;

	check_category(&s, q);
	cond = check(&s, q->cond);
	if (d->nr_errors != before)
		return false;
	q->cond = cond;
	return true;
}
