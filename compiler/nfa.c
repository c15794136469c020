// SPDX-License-Identifier: Apache-2.0
/*
 * nfa.c - patterns as a trie with wildcard nodes.
 *
 * Patterns share their prefixes, so that the sets of the subset construction stay as small as the
 * number of suffixes that are alive, not the number of patterns. There is one trie for patterns
 * that respect case and one for those that fold it; in the latter, an edge stands for every code
 * point of the same simple folding, so that folding is exact beyond ASCII.
 */
#include "nfa.h"

#include <string.h>

#include "fold.h"

enum token {
	TOKEN_CHAR, /* a code point, exactly */
	TOKEN_FOLD, /* a code point, by its folding */
	TOKEN_BYTE, /* the inside of a multi-byte code point */
	TOKEN_ANY,  /* `?` */
	TOKEN_GAP,  /* `*` */
	TOKEN_END,  /* the end of the string */
};

struct trie_key {
	uint32_t node;
	uint32_t token;
	uint32_t value;
};

static uint32_t node_new(struct nfa *n)
{
	vec_push(n->arena, n->nodes, n->nr_nodes, n->cap_nodes, (struct nfa_node){ 0 });
	return (uint32_t)n->nr_nodes - 1;
}

static void edge_raw(struct nfa *n, uint32_t from, int lo, int hi, uint32_t to)
{
	struct nfa_edge e = { .lo = (uint16_t)lo, .hi = (uint16_t)hi, .target = to };
	struct nfa_node *node = &n->nodes[from];

	if (lo <= hi)
		vec_push(n->arena, node->edges, node->nr_edges, node->cap_edges, e);
}

/* Bytes that restart the patterns are never part of a value. */
static bool is_reset(const struct nfa *n, int byte)
{
	switch (n->mode) {
	case MODE_EXT:
		return byte == '.';
	case MODE_EACH:
		return byte == 0;
	default:
		return false;
	}
}

/* An edge over bytes, leaving out those that restart. */
static void edge_add(struct nfa *n, uint32_t from, int lo, int hi, uint32_t to)
{
	for (int b = lo; b <= hi; b++) {
		if (!is_reset(n, b))
			continue;
		edge_raw(n, from, lo, b - 1, to);
		lo = b + 1;
	}
	edge_raw(n, from, lo, hi, to);
}

static void accept_add(struct nfa *n, uint32_t node, uint32_t atom)
{
	struct nfa_node *x = &n->nodes[node];

	for (size_t i = 0; i < x->nr_accepts; i++) {
		if (x->accepts[i] == atom)
			return;
	}
	vec_push(n->arena, x->accepts, x->nr_accepts, x->cap_accepts, atom);
}

/* The child of a trie node by a token, made when it is new. */
static uint32_t child_get(struct nfa *n, uint32_t node, enum token token, uint32_t value,
			  bool *added)
{
	struct trie_key key = { .node = node, .token = token, .value = value };
	uint32_t nr = strtab_put(n->trie, &key, sizeof(key), added);

	if (*added)
		vec_push(n->arena, n->children, n->nr_children, n->cap_children, node_new(n));
	return n->children[nr];
}

/* Connect a node to a child by the UTF-8 bytes of a code point. */
static void connect_code_point(struct nfa *n, uint32_t from, uint32_t cp, uint32_t to)
{
	char bytes[4];
	int len = utf8_encode(cp, bytes);

	for (int i = 0; i < len - 1; i++) {
		uint8_t b = (uint8_t)bytes[i];
		bool added;
		uint32_t next = child_get(n, from, TOKEN_BYTE, b, &added);

		if (added)
			edge_add(n, from, b, b, next);
		from = next;
	}
	edge_add(n, from, (uint8_t)bytes[len - 1], (uint8_t)bytes[len - 1], to);
}

static uint32_t step_char(struct nfa *n, uint32_t node, uint32_t cp, bool fold)
{
	uint32_t orbit[FOLD_ORBIT_MAX];
	bool added;
	uint32_t child;

	if (!fold) {
		child = child_get(n, node, TOKEN_CHAR, cp, &added);
		if (added)
			connect_code_point(n, node, cp, child);
		return child;
	}
	child = child_get(n, node, TOKEN_FOLD, fold_code_point(cp), &added);
	if (added) {
		int nr = fold_orbit(cp, orbit);

		for (int i = 0; i < nr; i++)
			connect_code_point(n, node, orbit[i], child);
	}
	return child;
}

/* One code point: a byte that is no continuation, then all continuations (eval.h). */
static uint32_t step_any(struct nfa *n, uint32_t node)
{
	bool added;
	uint32_t child = child_get(n, node, TOKEN_ANY, 0, &added);

	if (added) {
		edge_add(n, node, 0x00, 0x7f, child);
		edge_add(n, node, 0xc0, 0xff, child);
		edge_add(n, child, 0x80, 0xbf, child);
	}
	return child;
}

static uint32_t step_gap(struct nfa *n, uint32_t node)
{
	bool added;
	uint32_t child = child_get(n, node, TOKEN_GAP, 0, &added);

	if (added) {
		edge_add(n, child, 0x00, 0xff, child);
		n->nodes[node].gap = child;
	}
	return child;
}

static void accept_at_end(struct nfa *n, uint32_t node, uint32_t atom)
{
	bool added;
	uint32_t child = child_get(n, node, TOKEN_END, 0, &added);
	int end = n->mode == MODE_EACH ? 0 : NFA_END;

	if (added)
		edge_raw(n, node, end, end, child);
	accept_add(n, child, atom);
}

void nfa_init(struct nfa *n, struct arena *a, enum string_mode mode)
{
	uint32_t restart;

	*n = (struct nfa){ .arena = a, .mode = mode, .trie = strtab_new(a) };
	node_new(n); /* number 0 means none */
	n->roots[0] = node_new(n);
	n->roots[1] = node_new(n);
	n->present = node_new(n);
	if (mode != MODE_EXT) {
		vec_push(a, n->starts, n->nr_starts, n->cap_starts, n->roots[0]);
		vec_push(a, n->starts, n->nr_starts, n->cap_starts, n->roots[1]);
		vec_push(a, n->starts, n->nr_starts, n->cap_starts, n->present);
	}
	if (mode != MODE_EXT && mode != MODE_EACH)
		return;
	restart = node_new(n);
	vec_push(a, n->starts, n->nr_starts, n->cap_starts, restart);
	edge_raw(n, restart, 0x00, 0xff, restart);
	for (int i = 0; i < 2; i++) {
		int byte = mode == MODE_EXT ? '.' : 0;

		edge_raw(n, restart, byte, byte, n->roots[i]);
	}
}

void nfa_add(struct nfa *n, const struct pattern *p)
{
	bool early = n->mode != MODE_EXT; /* firing early is final */
	uint32_t node = n->roots[p->fold];
	bool open = p->inside || p->any;
	const char *s = p->text.s, *end = s + p->text.len;

	if (p->any && early) {
		accept_add(n, n->present, p->atom);
		return;
	}
	if (open)
		node = step_gap(n, node);
	while (s < end && !p->any) {
		uint32_t cp;

		open = !p->exact && !p->inside && *s == '*';
		if (open) {
			while (s < end && *s == '*')
				s++;
			/* What follows a last `*` does not matter, so nothing remembers it. */
			if (s < end || !early)
				node = step_gap(n, node);
		} else if (!p->exact && !p->inside && *s == '?') {
			node = step_any(n, node);
			s++;
		} else {
			s += utf8_decode(s, (size_t)(end - s), &cp);
			node = step_char(n, node, cp, p->fold);
		}
	}
	if ((open || p->inside) && early) {
		accept_add(n, node, p->atom);
		return;
	}
	if (p->inside && !p->any)
		node = step_gap(n, node);
	accept_at_end(n, node, p->atom);
}
