// SPDX-License-Identifier: Apache-2.0
/*
 * eval.c - the reference evaluator.
 *
 * In: a typed condition and the values of an event. Out: no, yes or maybe. It is the ground truth
 * that the automata and the generated programs are tested against, so it is written to be read:
 * a leaf is true iff some value satisfies it, `not` is the complement, and an unknown value makes
 * a leaf undecided unless a known one already makes it true.
 *
 * The values given are whole values: of a string that was cut, the part that was seen is not one.
 */
#include "eval.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "err.h"
#include "fold.h"

bool op_holds(enum op op, int order)
{
	switch (op) {
	case OP_EQ:
		return order == 0;
	case OP_NE:
		return order != 0;
	case OP_LT:
		return order < 0;
	case OP_LE:
		return order <= 0;
	case OP_GT:
		return order > 0;
	case OP_GE:
		return order >= 0;
	default:
		assert(!"not a comparison");
		return false;
	}
}

/* Strings */

int string_compare(struct string a, struct string b)
{
	uint32_t len = a.len < b.len ? a.len : b.len;
	int c = len ? memcmp(a.s, b.s, len) : 0;

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

/*
 * How many bytes of s the code point at the start of pat matches, 0 when it does not. A pattern is
 * UTF-8; where s is not, its bytes equal nothing but themselves.
 */
static size_t match_code_point(const char *pat, size_t pat_len, const char *s, size_t len,
			       bool fold)
{
	uint32_t want, have;
	int want_len = utf8_decode(pat, pat_len, &want);
	int have_len = utf8_decode(s, len, &have);

	if (want_len == 0) /* not reached from rules */
		return len && *pat == *s ? 1 : 0;
	if (have_len == 0)
		return 0;
	if (want == have || (fold && fold_code_point(want) == fold_code_point(have)))
		return (size_t)have_len;
	return 0;
}

static size_t code_point_len(const char *s, size_t n)
{
	uint32_t cp;
	int len = utf8_decode(s, n, &cp);

	return len ? (size_t)len : 1;
}

/* `?`: a byte that begins a code point and the continuation bytes behind it. */
static size_t match_any_one(const char *s, size_t len)
{
	size_t n = 1;

	if (len == 0 || is_continuation(*s))
		return 0;
	while (n < len && is_continuation(s[n]))
		n++;
	return n;
}

/*
 * Between two stars every pattern element takes one code point, so the leftmost match of what
 * stands between them is also the one that ends first, and only the last star is tried again.
 */
bool like_match(const char *pat, size_t pat_len, const char *s, size_t len, bool fold)
{
	size_t p = 0, i = 0;
	size_t star_p = SIZE_MAX, star_i = 0; /* behind the last star; where its run ends */

	while (i < len || p < pat_len) {
		size_t taken = 0;

		if (p < pat_len && pat[p] == '*') {
			star_p = ++p;
			star_i = i;
			continue;
		}
		if (p < pat_len)
			taken = pat[p] == '?' ? match_any_one(s + i, len - i)
					      : match_code_point(pat + p, pat_len - p, s + i,
								 len - i, fold);
		if (taken) {
			p += code_point_len(pat + p, pat_len - p);
			i += taken;
			continue;
		}
		if (star_p == SIZE_MAX || star_i >= len)
			return false;
		p = star_p;
		i = ++star_i;
	}
	return true;
}

/* How many bytes of s the whole of lit matches at its start; SIZE_MAX when it does not. */
static size_t match_prefix(struct string lit, struct string s, bool fold)
{
	size_t i = 0;

	for (size_t p = 0; p < lit.len; p += code_point_len(lit.s + p, lit.len - p)) {
		size_t taken = match_code_point(lit.s + p, lit.len - p, s.s + i, s.len - i, fold);

		if (taken == 0)
			return SIZE_MAX;
		i += taken;
	}
	return i;
}

bool string_equal_folded(struct string lit, struct string s)
{
	return match_prefix(lit, s, true) == s.len;
}

bool string_contains(struct string s, struct string lit, bool fold)
{
	if (lit.len == 0)
		return false;
	for (uint32_t i = 0; i < s.len; i++) {
		struct string rest = { .s = s.s + i, .len = s.len - i };

		if (match_prefix(lit, rest, fold) != SIZE_MAX)
			return true;
	}
	return false;
}

/* Leaves */

static bool test_string(const struct node *leaf, const struct literal *lit, struct string s)
{
	if (leaf->op == OP_LIKE)
		return like_match(lit->s.s, lit->s.len, s.s, s.len, leaf->fold);
	if (leaf->op == OP_CONTAINS)
		return string_contains(s, lit->s, leaf->fold);
	if (leaf->fold)
		return string_equal_folded(lit->s, s);
	return op_holds(leaf->op, string_compare(s, lit->s));
}

static bool test_number(const struct node *leaf, const struct literal *lit, int64_t i)
{
	char digits[24];
	struct string s = { .s = digits };

	if (leaf->op == OP_LIKE || leaf->op == OP_CONTAINS) { /* an id is a string to rules */
		s.len = (uint32_t)snprintf(digits, sizeof(digits), "%" PRId64, i);
		return test_string(leaf, lit, s);
	}
	return op_holds(leaf->op, (i > lit->i) - (i < lit->i));
}

static bool is_string(enum field_id field)
{
	return fields[field].type == TYPE_STR || fields[field].type == TYPE_LIST;
}

/* Whether a value that is known satisfies one of the literals. */
static bool leaf_holds(const struct node *leaf, const struct value *v)
{
	size_t nr = is_string(leaf->leaf.field) ? v->nr_strs : 1;

	if (!v->present)
		return false;
	if (leaf->op ==
	    OP_EXISTS) /* a list without elements has no value, unless they are unknown */
		return nr > 0 || v->unknown;
	for (size_t i = 0; i < nr; i++) {
		for (size_t j = 0; j < leaf->leaf.nr_lits; j++) {
			const struct literal *lit = &leaf->leaf.lits[j];

			if (is_string(leaf->leaf.field) ? test_string(leaf, lit, v->strs[i])
							: test_number(leaf, lit, v->i))
				return true;
		}
	}
	return false;
}

static enum truth eval_leaf(const struct node *leaf, const struct value *v)
{
	bool number_unknown = v->unknown && !is_string(leaf->leaf.field) && leaf->op != OP_EXISTS;

	if (!number_unknown && leaf_holds(leaf, v))
		return TRUTH_YES;
	return v->unknown ? TRUTH_MAYBE : TRUTH_NO;
}

/* Trees */

static enum truth negate(enum truth t)
{
	return t == TRUTH_MAYBE ? TRUTH_MAYBE : t == TRUTH_YES ? TRUTH_NO : TRUTH_YES;
}

/* AND is decided by a NO, OR by a YES; else one undecided kid leaves the whole undecided. */
static enum truth eval_joined(const struct node *n, const struct eval_event *ev)
{
	enum truth decisive = n->kind == NODE_AND ? TRUTH_NO : TRUTH_YES;
	enum truth result = negate(decisive);

	for (size_t i = 0; i < n->nr_kids; i++) {
		enum truth t = eval_node(n->kids[i], ev);

		if (t == decisive)
			return decisive;
		if (t == TRUTH_MAYBE)
			result = TRUTH_MAYBE;
	}
	return result;
}

enum truth eval_node(const struct node *n, const struct eval_event *ev)
{
	switch (n->kind) {
	case NODE_BOOL:
		return n->b ? TRUTH_YES : TRUTH_NO;
	case NODE_NOT:
		return negate(eval_node(n->kids[0], ev));
	case NODE_AND:
	case NODE_OR:
		return eval_joined(n, ev);
	case NODE_LEAF:
		return eval_leaf(n, &ev->v[n->leaf.field]);
	default:
		assert(!"not a typed tree");
		return TRUTH_MAYBE;
	}
}

enum truth eval_query(const struct query *q, const struct eval_event *ev)
{
	if (!q->any && (strlen(q->category.s) != q->category.len ||
			!list_has(event_kinds[ev->event].category, q->category.s)))
		return TRUTH_NO;
	return eval_node(q->cond, ev);
}

/* Events */

#define CONST_VALUES 4 /* in one comma-separated list of schema.def */
#define CONST_TEXT   64

/* The values of event.category, type and action, split once. */
static struct const_list {
	char text[CONST_TEXT];
	struct string v[CONST_VALUES];
	size_t nr;
} const_lists[KES_NR_EVENTS][3];

static void split_list(struct const_list *out, const char *list)
{
	char *save = NULL;

	assert(strlen(list) < sizeof(out->text));
	strcpy(out->text, list);
	for (char *s = strtok_r(out->text, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		assert(out->nr < CONST_VALUES);
		out->v[out->nr++] = (struct string){ .s = s, .len = (uint32_t)strlen(s) };
	}
}

static void split_lists(void)
{
	for (size_t i = 0; i < KES_NR_EVENTS; i++) {
		split_list(&const_lists[i][EVENT_CONST_category], event_kinds[i].category);
		split_list(&const_lists[i][EVENT_CONST_type], event_kinds[i].type);
		split_list(&const_lists[i][EVENT_CONST_action], event_kinds[i].action);
	}
}

static const struct string static_values[NR_FIELDS] = {
#define STATIC(id, name, value) [FIELD_##id] = { (value), sizeof(value) - 1 },
#include "../kern/schema.def"
};

void eval_init(struct eval_event *ev, enum kes_event_id event)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, split_lists);
	*ev = (struct eval_event){ .event = event };
	for (size_t i = 0; i < NR_FIELDS; i++) {
		const struct const_list *list = &const_lists[event][fields[i].which];

		if (fields[i].source == SOURCE_CONST)
			ev->v[i] = (struct value){ .present = list->nr > 0,
						   .strs = list->v,
						   .nr_strs = list->nr };
		else if (fields[i].source == SOURCE_STATIC)
			ev->v[i] = (struct value){ .present = true,
						   .strs = &static_values[i],
						   .nr_strs = 1 };
	}
}
