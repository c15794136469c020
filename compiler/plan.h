/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - where everything lies: bits of atoms, candidate bits of predicates, the scratch area,
 * output chains, loops and stages. What gen.c turns into instructions.
 *
 * Images (arrays of 64-bit words):
 *
 *   S  the process's own atoms, judged at exec
 *   R  parent atoms, judged for the parent of this process
 *   C  parent atoms, judged over this process, for its children
 *   E  atoms of one event
 *   X  the process's own atoms that only rules at exec ask about: not kept beyond it
 *   T  = S R E X, what the decision code tests; M is T with every undecided bit set
 *
 * The record of a process in k_pbits is PB = header, C, S, R. The scratch area (k_scratch, one a
 * slot) holds a PB, E and M, the candidate words, and the hit bitmap that the walks fill:
 *
 *   | header | resume | PB: header C S R | E | candidates | M | queue | H1 | H0 |
 *
 * A hit is the number of one outcome at one hook: an output set of a unit, or a process bit that
 * is a pivot there. H0 has a bit for each, H1 a bit for each word of H0, HTOP a bit for each word
 * of H1: an event that hits nothing costs one test of HTOP. Every hit leads to a chain of
 * (word, mask) pairs that are ORed into the scratch area.
 */
#ifndef COMPILER_PLAN_H
#define COMPILER_PLAN_H

#include "automata.h"

/* Words of the scratch header. */
enum {
	SCRATCH_HTOP,   /* a bit for each non-zero word of H1 */
	SCRATCH_STAGES, /* a bit for each decision stage with candidates */
	SCRATCH_UND,    /* a bit for each undecided event unit */
	SCRATCH_FLAGS,  /* 1: something is undecided, decide by M */
	SCRATCH_RESUME, /* a bit for each loop that the slow walk must finish */
	SCRATCH_COUNT,  /* queued outcomes of the slow walk that runs */
	SCRATCH_LOOPS,  /* three words a loop: bytes left, states */
	SCRATCH_PB = SCRATCH_LOOPS + 3 * 16,
};

/* Words of the PB header. */
enum {
	PB_START,    /* start time of the process */
	PB_UND_SELF, /* process units that are undecided for it; the next four are copied together */
	PB_UND_PARENT,  /* the same for its parent */
	PB_GATE_SELF,   /* hooks at which a pivot among its own atoms is true */
	PB_GATE_PARENT, /* the same among its parent atoms */
	PB_GATE_CHILD,  /* what will be GATE_PARENT of its children */
	PB_HEADER,
};

#define PLAN_LOOP_UNITS 5 /* automata stepped together: their states live in r6-r9 and r0 */
#define PLAN_MAX_LOOPS  16
#define PLAN_QUEUE      512 /* outcomes of one run of a slow walk; a power of two */
#define PLAN_MAX_STAGES 20  /* decision stages at one hook */

/* Three words at a time: a step costs more than what it applies. Unused masks are 0. */
#define CHAIN_PAIRS 3

struct chain_entry {
	uint32_t next;              /* index of the next entry; 0 ends the chain */
	uint16_t word[CHAIN_PAIRS]; /* of the scratch area */
	uint16_t zero[3];
	uint64_t mask[CHAIN_PAIRS];
};

_Static_assert(sizeof(struct chain_entry) == 40, "no hidden padding: it is a table of the object");

/* Automata that walk one buffer together. */
struct loop {
	enum kes_buffer buffer;
	bool name;                       /* from behind the last '/' */
	uint32_t units[PLAN_LOOP_UNITS]; /* indexes into automata */
	uint32_t nr_units;
	bool dies; /* every unit can die: stop when all have */
};

/* The process bits that are pivots at a hook: one entry for each word of T that has any. */
struct pivot_word {
	uint32_t word; /* of T */
	uint64_t mask;
	uint32_t hit_word; /* of H0 */
};

struct decision_stage {
	uint32_t first_word, nr_words; /* candidate words */
};

struct hook_plan {
	bool used;
	bool context;         /* keeps the process bits up to date: fork, exec, exit */
	uint32_t want;        /* KES_WANT mask */
	uint32_t *predicates; /* by candidate slot; ATOM_NONE: an unused slot */
	uint32_t nr_slots;
	uint32_t nr_predicates;
	bool has_always;
	bool uses_process;             /* some predicate tests process or parent atoms */
	uint64_t und_self, und_parent; /* process units that its predicates depend on */
	uint64_t und_event;
	struct loop *loops;
	size_t nr_loops, cap_loops;
	uint32_t *numbers; /* units */
	size_t nr_numbers, cap_numbers;
	uint32_t *hit_base; /* by unit index */
	uint32_t nr_hits;   /* rounded up to 64 */
	struct pivot_word *pivot_words;
	size_t nr_pivot_words, cap_pivot_words;
	uint32_t *heads; /* [nr_hits] first chain entry */
	struct decision_stage stages[PLAN_MAX_STAGES];
	uint32_t nr_stages;
};

struct plan {
	const struct atoms *atoms;
	const struct automata *units;
	/* sizes in words */
	uint32_t nr_s, nr_r, nr_e, nr_x;
	uint32_t nr_t; /* their sum */
	/* offsets in words of the scratch area */
	uint32_t at_c, at_s, at_r, at_e, at_cand, at_m, at_queue, at_h1, at_h0;
	uint32_t nr_cand, nr_h1, nr_h0; /* H sizes are powers of two */
	uint32_t scratch_words;
	uint32_t pb_words;
	struct hook_plan hooks[KES_NR_EVENTS];
	struct chain_entry *chains;
	size_t nr_chains, cap_chains;
};

/* Returns false when a limit was met; it is in d. */
bool plan_run(struct arena *a, struct atoms *atoms, struct automata *units, struct diags *d,
	      struct plan *out);

void plan_dump(FILE *out, const struct plan *plan);

/* How many instructions the decision code of a formula takes, at most. */
uint32_t plan_formula_size(const struct formula *f);

#endif /* COMPILER_PLAN_H */
