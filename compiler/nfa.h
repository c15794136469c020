/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nfa.h - the patterns of many atoms on one string, as one non-deterministic automaton.
 *
 * The alphabet is the 256 bytes and NFA_END, which follows the last byte. How a string is read
 * (schema.def's mode) is part of the automaton:
 *
 *   WHOLE, JOINED  the string
 *   NAME           the same; the walk begins behind the last '/'
 *   EXT            what follows the last '.' of the name: every '.' restarts all patterns
 *   EACH           NUL-terminated elements; NUL ends an element and starts the next
 *
 * An atom fires when a node that accepts it is entered; firing is final (the bit stays set), so a
 * pattern that ends in `*` fires early, except in EXT where a later '.' could take it back.
 */
#ifndef COMPILER_NFA_H
#define COMPILER_NFA_H

#include "ast.h"
#include "strtab.h"

#define NFA_END     256
#define NFA_SYMBOLS 257

struct nfa_edge {
	uint16_t lo, hi; /* symbols, inclusive */
	uint32_t target;
};

struct nfa_node {
	struct nfa_edge *edges;
	size_t nr_edges, cap_edges;
	uint32_t gap;      /* a node that is entered together with this one, or 0 */
	uint32_t *accepts; /* atoms that fire on entry */
	size_t nr_accepts, cap_accepts;
};

struct nfa {
	struct arena *arena;
	enum string_mode mode;
	struct nfa_node *nodes; /* node 0 is unused: 0 means none */
	size_t nr_nodes, cap_nodes;
	uint32_t *starts;
	size_t nr_starts, cap_starts;
	struct strtab *trie; /* (node, token) -> child */
	uint32_t *children;  /* by number of the trie key */
	size_t nr_children, cap_children;
	uint32_t roots[2]; /* case-sensitive, folding */
	uint32_t present;  /* entered at the very start only */
};

/*
 * One pattern of an atom, in wildcard form: `*` and `?` have their meaning unless exact is set.
 */
struct pattern {
	struct string text;
	bool exact;  /* every byte is literal */
	bool inside; /* literal anywhere in the string (contains) */
	bool any;    /* matches every value: presence */
	bool fold;
	uint32_t atom;
};

void nfa_init(struct nfa *n, struct arena *a, enum string_mode mode);
void nfa_add(struct nfa *n, const struct pattern *p);

#endif /* COMPILER_NFA_H */
