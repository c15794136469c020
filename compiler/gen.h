/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gen.h - plan to BPF programs and tables.
 *
 * The programs of a hook run in this order, each a tail call of the one before:
 *
 *	walk     number tables; the automata of up to WALK_BUDGET verified instructions, fast: a walk
 *		 that meets an outcome stops there
 *	finish   the rest of such walks, slower, with every outcome queued as a hit
 *	expand   hits to atom bits and candidates; process bits in and out; undecided units
 *	decide   the predicates whose candidate bit is set; each true one becomes a hit of the event
 *
 * and then KES_TAIL_FINISH. A program leaves early when there is nothing left to do.
 *
 * Stack of every program: fp-8 ctx, fp-16 slot, fp-24 scratch, fp-32 map key.
 */
#ifndef COMPILER_GEN_H
#define COMPILER_GEN_H

#include "emit.h"
#include "plan.h"

/* A named part of the table section, for symbols and BTF. */
struct gen_table {
	const char *name;
	uint32_t offset, bytes;
	uint32_t elem; /* size of an element: 1, 2, 4, 8 */
};

struct gen_program {
	enum kes_event_id event;
	uint32_t stage;
	const char *kind; /* walk, finish, expand, decide */
	const char *name; /* "exec_0" */
	struct emit code;
};

struct gen {
	struct arena *arena;
	const struct plan *plan;
	uint8_t *tables;
	size_t nr_bytes, cap_bytes;
	struct gen_table *names;
	size_t nr_names, cap_names;
	struct gen_program *programs;
	size_t nr_programs, cap_programs;
};

/* False when a limit was met (a jump too far, too many stages); it is in d. */
bool gen_run(struct arena *a, const struct plan *plan, struct diags *d, struct gen *out);

/* Disassembly, with rule lines. */
void gen_dump(FILE *out, const struct gen *g);

#endif /* COMPILER_GEN_H */
