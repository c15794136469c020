/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dfa.h - deterministic automata with outputs on entering a state.
 */
#ifndef COMPILER_DFA_H
#define COMPILER_DFA_H

#include "nfa.h"

/* States are 16-bit numbers in the tables of the kernel. */
#define DFA_MAX_STATES 65535

struct outset {
	uint32_t *atoms; /* sorted */
	size_t nr;
};

struct dfa {
	uint32_t nr_states; /* state 0 is dead: it leads only to itself and has no outputs */
	uint32_t start;
	uint32_t nr_classes;
	uint16_t class_of[NFA_SYMBOLS];
	uint32_t *next;         /* [state * nr_classes + class] */
	uint32_t *out;          /* by state: number of its output set, 0: none */
	struct outset *outsets; /* outsets[0] is empty */
	uint32_t nr_outsets;
	bool can_die; /* the dead state can be reached before the end of the string */
};

/* Positive outcome: more than max_states states would be needed; *out is untouched. */
#define DFA_TOO_LARGE 1

/* Subset construction, then minimisation, then merging of equal byte classes. Returns 0. */
int dfa_build(struct arena *a, const struct nfa *n, uint32_t max_states, struct dfa *out);

/* The reference walk: sets fired[atom] for every atom that fires. With end: the END symbol too. */
void dfa_walk(const struct dfa *d, const char *s, size_t len, bool end, bool *fired);

void dfa_dump(FILE *out, const struct dfa *d);

#endif /* COMPILER_DFA_H */
