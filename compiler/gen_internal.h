/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gen_internal.h - what the parts of the code generator share.
 *
 *	gen.c         tables, stages, prologue and epilogue
 *	gen_walk.c    automata and number tables
 *	gen_expand.c  hits to bits, process bits
 *	gen_decide.c  predicates
 */
#ifndef COMPILER_GEN_INTERNAL_H
#define COMPILER_GEN_INTERNAL_H

#include <stddef.h>

#include "gen.h"

enum { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, FP };

/*
 * Bytes that one run of a walk takes; longer strings take several runs. A slow run queues at most
 * one outcome a byte, one before the first and one at the end, so its queue cannot run over.
 */
#define WALK_FAST 512
#define WALK_SLOW (PLAN_QUEUE - 2)

#define FP_CTX     -8
#define FP_SLOT    -16
#define FP_SCRATCH -24
#define FP_KEY     -32
#define FP_EXTRA   -40

#define SLOT_EV(member) (offsetof(struct kes_slot, ev) + offsetof(struct kes_event, member))

/* Helper numbers: include/uapi/linux/bpf.h, stable ABI. */
enum {
	HELPER_MAP_LOOKUP = 1,
	HELPER_MAP_UPDATE = 2,
	HELPER_MAP_DELETE = 3,
	HELPER_TAIL_CALL = 12,
	HELPER_PID_TGID = 14,
};

/* Where a unit's tables lie, as offsets in the table section. */
struct unit_tables {
	uint32_t class_of; /* u16[257]: class * 2; one table for all units of a loop */
	uint32_t end;      /* class of NFA_END * 2 */
	uint32_t next;     /* u16[]: state by row (state << shift) and class */
	uint32_t start;
	uint32_t bias;       /* state + bias >= 0x10000: it has outputs; these states come last */
	uint32_t out;        /* u16[states]: output set; numbers: u16 by region */
	uint32_t thresholds; /* s64[nr_pow2 + 1] */
	uint32_t nr_pow2;
	uint32_t shift; /* log2 of the bytes of a row */
	uint32_t mask;  /* bytes of `next` - 1, a power of two minus one */
};

struct hook_gen {
	struct gen *g;
	const struct plan *plan;
	const struct hook_plan *h;
	enum kes_event_id event;
	struct unit_tables *units;  /* by unit index */
	uint32_t heads, nr_heads;   /* u32[nr_heads], a power of two */
	uint32_t chains, nr_chains; /* struct chain_entry[nr_chains], a power of two */
	uint32_t ctz;               /* u8[64] */
	/* stage numbers of this hook */
	uint32_t first_finish, first_expand, first_decide;
	/* the program being written */
	struct emit *e;
	int lost;   /* label: a tail call failed; release the slot */
	int broken; /* label: a table is inconsistent; let user space decide everything */
};

/* Find slot and scratch. */
void gen_prologue(struct hook_gen *hg);
/* The lost and broken blocks; ends the program. */
void gen_epilogue(struct hook_gen *hg);
/* Tail call to an index of the hook's program array; falls into the lost block when it fails. */
void gen_tail(struct hook_gen *hg, uint32_t index);

/* scratch[word] |= bit, with constants; clobbers R1, R2. */
void gen_or_bit(struct hook_gen *hg, uint32_t word, uint32_t bit);
/* Instructions without effect, at which the verifier joins paths; clobbers R0. */
void gen_checkpoint(struct hook_gen *hg);
/* Set a hit whose number is constant; clobbers R1-R3. */
void gen_hit_const(struct hook_gen *hg, uint32_t hit);
/* Set the hit whose number is in R4 if R0 is 1, not if it is 0; clobbers R1-R5. */
void gen_hit_r4(struct hook_gen *hg);

void gen_number(struct hook_gen *hg, uint32_t unit);
void gen_walk_fast(struct hook_gen *hg, uint32_t loop);
void gen_walk_slow(struct hook_gen *hg, uint32_t loop);
void gen_expand(struct hook_gen *hg);
void gen_decide(struct hook_gen *hg, uint32_t stage);
/* Tail call to the first decision stage from `from` on that has candidates, or to the end. */
void gen_dispatch(struct hook_gen *hg, uint32_t from);
/* Leave when nothing fired and nothing else wants the expand stage; R0-R5 clobbered. */
void gen_leave_early(struct hook_gen *hg, int stay);

#endif /* COMPILER_GEN_INTERNAL_H */
