// SPDX-License-Identifier: Apache-2.0
/*
 * gen_decide.c - the predicates, as branches over atom bits.
 *
 * The question is always: can it be true? A positive literal reads its bit from M (undecided counts
 * as true), a negative one from T (undecided counts as not true). The answer is a certain NO when
 * the code says no. When it says yes, the answer is YES if nothing was undecided for the event and
 * every atom is exact, else MAYBE. M is T itself when nothing is undecided.
 *
 * Registers: r6 candidate bits, r7 scratch (T), r8 base for M, r9 KES_HIT_MAYBE or 0.
 */
#include "gen_internal.h"

static void literal(struct hook_gen *hg, const struct formula *f, int yes, int no, int next)
{
	const struct atom *x = &hg->plan->atoms->v[f->atom];
	struct emit *e = hg->e;
	size_t off = 8 * hg->plan->at_s + 4 * (x->bit / 32);
	uint32_t bit = 1u << (x->bit % 32);

	if (x->lowering == ATOM_UNKNOWN || (f->negated && x->lowering == ATOM_SUPERSET)) {
		if (next != yes)
			emit_jump(e, JUMP(), yes);
		return;
	}
	emit_at(e, f->span);
	emit_insn(e, LOAD(BPF_W, R1, f->negated ? R7 : R8, off));
	if (f->negated) {
		emit_jump(e, JUMP32_IMM(BPF_JSET, R1, bit), no);
		if (next != yes)
			emit_jump(e, JUMP(), yes);
	} else if (next == yes) {
		emit_insn(e, ALU_IMM(BPF_AND, R1, bit));
		emit_jump(e, JUMP_IMM(BPF_JEQ, R1, 0), no);
	} else {
		emit_jump(e, JUMP32_IMM(BPF_JSET, R1, bit), yes);
		if (next != no)
			emit_jump(e, JUMP(), no);
	}
}

/* Jump to yes or no; `next` is the one of them that is bound right behind, so it needs no jump. */
static void condition(struct hook_gen *hg, const struct formula *f, int yes, int no, int next)
{
	switch (f->kind) {
	case FORMULA_TRUE:
		if (next != yes)
			emit_jump(hg->e, JUMP(), yes);
		break;
	case FORMULA_FALSE:
		if (next != no)
			emit_jump(hg->e, JUMP(), no);
		break;
	case FORMULA_ATOM:
		literal(hg, f, yes, no, next);
		break;
	case FORMULA_AND:
	case FORMULA_OR:
		for (size_t i = 0; i < f->nr_kids; i++) {
			int label = emit_label(hg->e);

			if (i + 1 == f->nr_kids)
				condition(hg, f->kids[i], yes, no, next);
			else if (f->kind == FORMULA_AND)
				condition(hg, f->kids[i], label, no, label);
			else
				condition(hg, f->kids[i], yes, label, label);
			emit_bind(hg->e, label);
		}
		break;
	}
}

/* Append the predicate's number to the hits of the event. */
static void add_hit(struct hook_gen *hg, uint32_t predicate, bool inexact, int full)
{
	struct emit *e = hg->e;

	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SLOT));
	emit_insn(e, LOAD(BPF_W, R2, R1, SLOT_EV(nr_hits)));
	emit_jump(e, JUMP_IMM(BPF_JGT, R2, KES_HITS_MAX - 1), full);
	emit_insn(e, MOV_REG(R3, R2));
	emit_insn(e, ALU_IMM(BPF_ADD, R2, 1));
	emit_insn(e, STORE(BPF_W, R1, SLOT_EV(nr_hits), R2));
	emit_insn(e, ALU_IMM(BPF_LSH, R3, 2));
	emit_insn(e, ALU_REG(BPF_ADD, R1, R3));
	emit_insn(e, MOV_IMM(R2, predicate));
	emit_insn(e, ALU_REG(BPF_OR, R2, R9));
	if (inexact)
		emit_insn(e, ALU_IMM(BPF_OR, R2, KES_HIT_MAYBE));
	emit_insn(e, STORE(BPF_W, R1, SLOT_EV(hits), R2));
}

static void candidate(struct hook_gen *hg, uint32_t slot, int full)
{
	uint32_t nr = hg->h->predicates[slot];
	const struct predicate *p = &hg->plan->atoms->predicates[nr];
	struct emit *e = hg->e;
	int woken = emit_label(e), yes = emit_label(e), no = emit_label(e);

	emit_at(e, p->rule->query->span);
	emit_jump(e, JUMP32_IMM(BPF_JSET, R6, 1u << (slot % 32)), woken);
	emit_jump(e, JUMP(), no);
	emit_bind(e, woken);
	if (!p->at[hg->event].left)
		condition(hg, p->at[hg->event].formula, yes, no, yes);
	emit_bind(e, yes);
	add_hit(hg, nr, p->inexact, full);
	emit_bind(e, no);
}

void gen_dispatch(struct hook_gen *hg, uint32_t from)
{
	uint32_t nr = hg->h->nr_stages;
	struct emit *e = hg->e;
	int go = emit_label(e);

	if (from < nr) {
		emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SCRATCH));
		emit_insn(e, LOAD(BPF_DW, R1, R1, 8 * SCRATCH_STAGES));
	}
	for (uint32_t s = from; s < nr; s++) {
		emit_insn(e, MOV_IMM(R3, KES_TAIL_DECIDE + hg->first_decide + s));
		emit_jump(e, JUMP_IMM(BPF_JSET, R1, 1u << s), go);
	}
	emit_insn(e, MOV_IMM(R3, KES_TAIL_FINISH));
	emit_bind(e, go);
	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_CTX));
	emit_address(e, R2, SYMBOL_TAIL, 0);
	emit_insn(e, CALL(HELPER_TAIL_CALL));
	emit_jump(e, JUMP(), hg->lost);
}

void gen_decide(struct hook_gen *hg, uint32_t stage)
{
	const struct plan *p = hg->plan;
	const struct decision_stage *s = &hg->h->stages[stage];
	struct emit *e = hg->e;
	int full = emit_label(e);

	emit_insn(e, LOAD(BPF_DW, R7, FP, FP_SCRATCH));
	emit_insn(e, LOAD(BPF_DW, R9, R7, 8 * SCRATCH_FLAGS));
	emit_insn(e, ALU_IMM(BPF_AND, R9, 1));
	emit_insn(e, MOV_REG(R8, R9));
	emit_insn(e, ALU_IMM(BPF_MUL, R8, 8 * (p->at_m - p->at_s)));
	emit_insn(e, ALU_REG(BPF_ADD, R8, R7));
	emit_insn(e, ALU_IMM(BPF_LSH, R9, 31));
	for (uint32_t half = 2 * s->first_word; half < 2 * (s->first_word + s->nr_words); half++) {
		int none = emit_label(e);

		emit_insn(e, LOAD(BPF_W, R6, R7, 8 * p->at_cand + 4 * half));
		emit_jump(e, JUMP_IMM(BPF_JEQ, R6, 0), none);
		for (uint32_t i = 32 * half; i < 32 * half + 32 && i < hg->h->nr_slots; i++) {
			if (hg->h->predicates[i] != ATOM_NONE)
				candidate(hg, i, full);
		}
		emit_bind(e, none);
	}
	gen_dispatch(hg, stage + 1);
	emit_bind(e, full);
	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SLOT));
	emit_insn(e, LOAD(BPF_W, R2, R1, SLOT_EV(flags)));
	emit_insn(e, ALU_IMM(BPF_OR, R2, KES_EV_ALL_MAYBE));
	emit_insn(e, STORE(BPF_W, R1, SLOT_EV(flags), R2));
	gen_tail(hg, KES_TAIL_FINISH);
}
