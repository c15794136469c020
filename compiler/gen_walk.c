// SPDX-License-Identifier: Apache-2.0
/*
 * gen_walk.c - numbers through threshold tables, strings through automata.
 *
 * Up to five automata step over one buffer together: their loads do not depend on each other, so
 * the processor overlaps them. There are two forms of a walk:
 *
 * fast	nothing but steps. The first state with outputs ends it: what is left is stored in the
 *	scratch area for the slow form. Strings of ordinary events mostly end here.
 * slow	every state is stored into a queue whose index advances only past states with outputs, so
 *	the loop has no branch but its end. The queue is then turned into hits.
 *
 * Branches inside these loops are arranged so that the fall-through leaves the loop and the jump
 * stays: the verifier follows the fall-through first, finds an exit soon, and never piles up more
 * than a few branches. The other way round a walk of thousands of bytes hits the limit of 8,192
 * pending branches (BPF_COMPLEXITY_LIMIT_JMP_SEQ, 5.10).
 *
 * Registers in a loop: r1 next byte, r2 bytes left, r3-r5 temporaries, r6-r9 and r0 states.
 */
#include "gen_internal.h"

#define FLAG_OUT     0x10000 /* of state + bias */
#define NAME_LENGTHS 256     /* NAME_MAX + 1 */

/* The register of the state of the k-th automaton of a loop. */
static int state_reg(uint32_t k)
{
	return k < 4 ? R6 + (int)k : R0;
}

/* Words of the scratch area in which a loop waits for the slow form. */
static uint32_t wait_word(uint32_t loop)
{
	return SCRATCH_LOOPS + 3 * loop;
}

static uint32_t und_word(const struct unit *u)
{
	return u->process ? SCRATCH_PB + PB_UND_SELF : SCRATCH_UND;
}

static const struct unit *loop_unit(const struct hook_gen *hg, const struct loop *l, uint32_t k)
{
	return &hg->plan->units->v[l->units[k]];
}

static size_t str_at(const struct loop *l)
{
	return SLOT_EV(str) + l->buffer * sizeof(struct kes_str);
}

static bool is_list(const struct loop *l)
{
	return l->buffer == KES_BUF_ARGS || l->buffer == KES_BUF_PARENT_ARGS;
}

/* lower_bound over the thresholds, unrolled; then the region's output set becomes a hit. */
void gen_number(struct hook_gen *hg, uint32_t unit)
{
	const struct unit *u = &hg->plan->units->v[unit];
	const struct unit_tables *t = &hg->units[unit];
	const struct field *f = &fields[u->field];
	struct emit *e = hg->e;
	int equal = emit_label(e), out = emit_label(e), none = emit_label(e);

	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SLOT));
	emit_insn(e, LOAD(BPF_DW, R1, R1,
			  offsetof(struct kes_slot, ev) +
				  (u->process ? f->judged_offset : f->offset)));
	emit_insn(e, MOV_IMM(R2, 0));
	for (uint32_t step = t->nr_pow2 / 2; step; step /= 2) {
		int stay = emit_label(e);

		emit_insn(e, MOV_REG(R3, R2));
		emit_insn(e, ALU_IMM(BPF_LSH, R3, 3));
		emit_address(e, R4, SYMBOL_TABLES, t->thresholds + 8 * (step - 1));
		emit_insn(e, ALU_REG(BPF_ADD, R4, R3));
		emit_insn(e, LOAD(BPF_DW, R4, R4, 0));
		emit_jump(e, JUMP_REG(BPF_JSGE, R4, R1), stay);
		emit_insn(e, ALU_IMM(BPF_ADD, R2, step));
		emit_bind(e, stay);
		/* Through memory: the verifier would follow every path to every leaf. */
		emit_insn(e, LOAD(BPF_DW, R5, FP, FP_SCRATCH));
		emit_insn(e, STORE(BPF_DW, R5, 8 * SCRATCH_COUNT, R2));
		gen_checkpoint(hg);
		emit_insn(e, LOAD(BPF_DW, R5, FP, FP_SCRATCH));
		emit_insn(e, LOAD(BPF_DW, R2, R5, 8 * SCRATCH_COUNT));
		emit_insn(e, ALU_IMM(BPF_AND, R2, t->nr_pow2 - 1));
	}
	emit_insn(e, MOV_REG(R3, R2));
	emit_insn(e, ALU_IMM(BPF_LSH, R3, 3));
	emit_address(e, R4, SYMBOL_TABLES, t->thresholds);
	emit_insn(e, ALU_REG(BPF_ADD, R4, R3));
	emit_insn(e, LOAD(BPF_DW, R4, R4, 0));
	emit_insn(e, ALU_IMM(BPF_LSH, R2, 1));
	emit_jump(e, JUMP_REG(BPF_JEQ, R4, R1), equal);
	emit_jump(e, JUMP(), out);
	emit_bind(e, equal);
	emit_insn(e, ALU_IMM(BPF_ADD, R2, 1));
	emit_bind(e, out);
	emit_insn(e, ALU_IMM(BPF_LSH, R2, 1));
	emit_address(e, R4, SYMBOL_TABLES, t->out);
	emit_insn(e, ALU_REG(BPF_ADD, R4, R2));
	emit_insn(e, LOAD(BPF_H, R4, R4, 0));
	emit_jump(e, JUMP_IMM(BPF_JEQ, R4, 0), none);
	emit_insn(e, ALU_IMM(BPF_ADD, R4, hg->h->hit_base[unit]));
	emit_insn(e, MOV_IMM(R0, 1));
	gen_hit_r4(hg);
	emit_bind(e, none);
}

static void undecided(struct hook_gen *hg, const struct loop *l, uint32_t k)
{
	gen_or_bit(hg, und_word(loop_unit(hg, l, k)), loop_unit(hg, l, k)->nr);
}

static void all_undecided(struct hook_gen *hg, const struct loop *l)
{
	for (uint32_t k = 0; k < l->nr_units; k++)
		undecided(hg, l, k);
}

/*
 * R3 = offset of the string in the buffer, R2 = bytes that are walked before END: of a list without
 * the NUL that ends its last element, which END stands for. R1 = slot.
 */
static void load_extent(struct hook_gen *hg, const struct loop *l)
{
	struct emit *e = hg->e;
	int cut = emit_label(e);

	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SLOT));
	emit_insn(e, LOAD(BPF_H, R3, R1, str_at(l) + offsetof(struct kes_str, off)));
	emit_insn(e, LOAD(BPF_H, R2, R1, str_at(l) + offsetof(struct kes_str, len)));
	if (!is_list(l))
		return;
	emit_insn(e, LOAD(BPF_W, R4, R1, str_at(l) + offsetof(struct kes_str, flags)));
	emit_jump(e, JUMP_IMM(BPF_JSET, R4, KES_STR_TRUNC), cut);
	emit_insn(e, ALU_IMM(BPF_SUB, R2, 1));
	emit_bind(e, cut);
}

/*
 * Move the extent R3, R2 to what follows the last '/'. Names have at most NAME_MAX (255) bytes; a
 * longer one cannot come from the kernel, and is undecided. The length goes through memory, or the
 * verifier would follow the walk for each length.
 */
static void move_to_name(struct hook_gen *hg, const struct loop *l, int done)
{
	struct emit *e = hg->e;
	int back = emit_label(e), more = emit_label(e), found = emit_label(e);

	emit_insn(e, MOV_REG(R4, R3));
	emit_insn(e, ALU_REG(BPF_ADD, R4, R2));
	emit_insn(e, ALU_IMM(BPF_AND, R4, KES_BUF_SPAN - 1));
	emit_insn(e, ALU_REG(BPF_ADD, R1, R4));
	/* 7.3 counts constants into the range of the pointer, which may not become negative. */
	emit_insn(e, ALU_IMM(BPF_ADD, R1, NAME_LENGTHS));
	emit_insn(e, MOV_IMM(R4, 0));
	emit_bind(e, back);
	emit_jump(e, JUMP_REG(BPF_JGT, R2, R4), more);
	emit_jump(e, JUMP(), found);
	emit_bind(e, more);
	emit_insn(e, LOAD(BPF_B, R5, R1, offsetof(struct kes_slot, buf) - 1 - NAME_LENGTHS));
	emit_jump(e, JUMP_IMM(BPF_JEQ, R5, '/'), found);
	emit_insn(e, ALU_IMM(BPF_SUB, R1, 1));
	emit_insn(e, ALU_IMM(BPF_ADD, R4, 1));
	emit_jump(e, JUMP_IMM(BPF_JLT, R4, NAME_LENGTHS), back);
	all_undecided(hg, l);
	emit_jump(e, JUMP(), done);
	emit_bind(e, found);
	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SCRATCH));
	emit_insn(e, STORE(BPF_DW, R1, 8 * SCRATCH_COUNT, R4));
	gen_checkpoint(hg);
	load_extent(hg, l);
	emit_insn(e, LOAD(BPF_DW, R4, FP, FP_SCRATCH));
	emit_insn(e, LOAD(BPF_DW, R4, R4, 8 * SCRATCH_COUNT));
	emit_insn(e, ALU_REG(BPF_ADD, R3, R2));
	emit_insn(e, ALU_REG(BPF_SUB, R3, R4));
	emit_insn(e, MOV_REG(R2, R4));
}

/*
 * R2 bytes are left: R2 = those of this run, FP_EXTRA = the others. The way through memory makes
 * the verifier forget how R2 came about, so that it follows one loop and not one for each way.
 */
static void take_chunk(struct hook_gen *hg, uint32_t loop, uint32_t chunk)
{
	struct emit *e = hg->e;
	uint32_t word = wait_word(loop);
	int whole = emit_label(e);

	emit_insn(e, MOV_IMM(R4, 0));
	emit_jump(e, JUMP_IMM(BPF_JLE, R2, chunk), whole);
	emit_insn(e, MOV_REG(R4, R2));
	emit_insn(e, ALU_IMM(BPF_SUB, R4, chunk));
	emit_insn(e, MOV_IMM(R2, chunk));
	emit_bind(e, whole);
	emit_insn(e, LOAD(BPF_DW, R5, FP, FP_SCRATCH));
	emit_insn(e, STORE(BPF_DW, R5, 8 * word, R2));
	emit_insn(e, STORE(BPF_DW, R5, 8 * word + 8, R4));
	emit_insn(e, LOAD(BPF_DW, R2, R5, 8 * word));
	emit_insn(e, LOAD(BPF_DW, R4, R5, 8 * word + 8));
	emit_insn(e, STORE(BPF_DW, FP, FP_EXTRA, R4));
	emit_jump(e, JUMP_IMM(BPF_JGT, R2, chunk), hg->broken);
}

/* R1 = address of the byte at offset R3 of the slot's strings. */
static void point_at_byte(struct hook_gen *hg)
{
	emit_insn(hg->e, LOAD(BPF_DW, R1, FP, FP_SLOT));
	emit_insn(hg->e, ALU_IMM(BPF_AND, R3, KES_BUF_SPAN - 1));
	emit_insn(hg->e, ALU_REG(BPF_ADD, R1, R3));
	emit_insn(hg->e, ALU_IMM(BPF_ADD, R1, offsetof(struct kes_slot, buf)));
}

/* dst = next state from state register `state` by the row offset that add() put into dst. */
static void table_load(struct hook_gen *hg, const struct unit_tables *t, int row, int dst)
{
	emit_insn(hg->e, ALU_IMM(BPF_AND, row, t->mask));
	emit_address(hg->e, R5, SYMBOL_TABLES, t->next);
	emit_insn(hg->e, ALU_REG(BPF_ADD, R5, row));
	emit_insn(hg->e, LOAD(BPF_H, dst, R5, 0));
}

/* All automata over the next byte. */
static void step_byte(struct hook_gen *hg, const struct loop *l)
{
	struct emit *e = hg->e;

	emit_insn(e, ALU_IMM(BPF_SUB, R2, 1));
	emit_insn(e, LOAD(BPF_B, R3, R1, 0));
	emit_insn(e, ALU_IMM(BPF_ADD, R1, 1));
	emit_insn(e, ALU_IMM(BPF_LSH, R3, 1));
	emit_address(e, R4, SYMBOL_TABLES, hg->units[l->units[0]].class_of);
	emit_insn(e, ALU_REG(BPF_ADD, R4, R3));
	emit_insn(e, LOAD(BPF_H, R4, R4, 0));
	for (uint32_t k = 0; k < l->nr_units; k++) {
		const struct unit_tables *t = &hg->units[l->units[k]];
		int state = state_reg(k);

		emit_insn(e, ALU_IMM(BPF_LSH, state, t->shift));
		emit_insn(e, ALU_REG(BPF_ADD, state, R4));
		table_load(hg, t, state, state);
	}
}

/* dst = the state after END of automaton k; the state register stays. */
static void step_end(struct hook_gen *hg, const struct loop *l, uint32_t k, int dst)
{
	const struct unit_tables *t = &hg->units[l->units[k]];

	emit_insn(hg->e, MOV_REG(R3, state_reg(k)));
	emit_insn(hg->e, ALU_IMM(BPF_LSH, R3, t->shift));
	emit_insn(hg->e, ALU_IMM(BPF_ADD, R3, t->end));
	table_load(hg, t, R3, dst);
}

static void or_states(struct hook_gen *hg, const struct loop *l, int dst)
{
	emit_insn(hg->e, MOV_REG(dst, R6));
	for (uint32_t k = 1; k < l->nr_units; k++)
		emit_insn(hg->e, ALU_REG(BPF_OR, dst, state_reg(k)));
}

/* dst has FLAG_OUT when one of the states has outputs; clobbers tmp. */
static void or_flags(struct hook_gen *hg, const struct loop *l, int dst, int tmp)
{
	for (uint32_t k = 0; k < l->nr_units; k++) {
		int to = k ? tmp : dst;

		emit_insn(hg->e, MOV_REG(to, state_reg(k)));
		emit_insn(hg->e, ALU_IMM(BPF_ADD, to, hg->units[l->units[k]].bias));
		if (k)
			emit_insn(hg->e, ALU_REG(BPF_OR, dst, tmp));
	}
}

/* Automata that are not dead when a cut string ends cannot say what its rest would do. */
static void cut_string(struct hook_gen *hg, const struct loop *l)
{
	for (uint32_t k = 0; k < l->nr_units; k++) {
		int dead = emit_label(hg->e);

		emit_jump(hg->e, JUMP_IMM(BPF_JEQ, state_reg(k), 0), dead);
		undecided(hg, l, k);
		emit_bind(hg->e, dead);
	}
}

/* Leave the walk for the finish stage: R2 bytes of this run and the others are left. */
static void save_walk(struct hook_gen *hg, const struct loop *l, uint32_t loop)
{
	struct emit *e = hg->e;
	uint32_t word = wait_word(loop);

	emit_insn(e, LOAD(BPF_DW, R3, FP, FP_EXTRA));
	emit_insn(e, ALU_REG(BPF_ADD, R3, R2));
	emit_insn(e, LOAD(BPF_DW, R4, FP, FP_SCRATCH));
	emit_insn(e, STORE(BPF_DW, R4, 8 * word, R3));
	for (uint32_t k = 0; k < l->nr_units; k++)
		emit_insn(e, STORE(BPF_H, R4, 8 * word + 8 + 2 * k, state_reg(k)));
	gen_or_bit(hg, SCRATCH_RESUME, loop);
}

/* Jump to `cut` when the string was cut at the window. */
static void test_cut(struct hook_gen *hg, const struct loop *l, int cut)
{
	emit_insn(hg->e, LOAD(BPF_DW, R3, FP, FP_SLOT));
	emit_insn(hg->e, LOAD(BPF_W, R3, R3, str_at(l) + offsetof(struct kes_str, flags)));
	emit_jump(hg->e, JUMP_IMM(BPF_JSET, R3, KES_STR_TRUNC), cut);
}

static void begin_walk(struct hook_gen *hg, uint32_t loop, const struct loop *l, int done)
{
	for (uint32_t k = 0; k < l->nr_units; k++) {
		const struct dfa *d = &loop_unit(hg, l, k)->dfa;

		if (d->out[d->start])
			gen_hit_const(hg, hg->h->hit_base[l->units[k]] + d->out[d->start]);
	}
	load_extent(hg, l);
	if (l->name)
		move_to_name(hg, l, done);
	emit_jump(hg->e, JUMP_IMM(BPF_JGT, R2, KES_WINDOW), hg->broken);
	point_at_byte(hg);
	take_chunk(hg, loop, WALK_FAST);
	for (uint32_t k = 0; k < l->nr_units; k++)
		emit_insn(hg->e, MOV_IMM(state_reg(k), hg->units[l->units[k]].start));
}

void gen_walk_fast(struct hook_gen *hg, uint32_t loop)
{
	const struct loop *l = &hg->h->loops[loop];
	struct emit *e = hg->e;
	int present = emit_label(e), error = emit_label(e), done = emit_label(e);
	int head = emit_label(e), step = emit_label(e), alive = emit_label(e);
	int save = emit_label(e), cut = emit_label(e);

	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SLOT));
	emit_insn(e, LOAD(BPF_W, R2, R1, str_at(l) + offsetof(struct kes_str, flags)));
	emit_jump(e, JUMP_IMM(BPF_JSET, R2, KES_STR_ERROR), error);
	emit_jump(e, JUMP_IMM(BPF_JSET, R2, KES_STR_PRESENT), present);
	emit_jump(e, JUMP(), done);
	emit_bind(e, error);
	all_undecided(hg, l);
	emit_jump(e, JUMP(), done);
	emit_bind(e, present);
	if (is_list(l)) { /* an empty list has no value */
		emit_insn(e, LOAD(BPF_H, R2, R1, str_at(l) + offsetof(struct kes_str, len)));
		emit_jump(e, JUMP_IMM(BPF_JEQ, R2, 0), done);
	}
	if (l->name) /* the name of a cut path is in the part that was not read */
		emit_jump(e, JUMP_IMM(BPF_JSET, R2, KES_STR_TRUNC), error);
	begin_walk(hg, loop, l, done);

	emit_bind(e, head);
	emit_jump(e, JUMP_IMM(BPF_JGT, R2, 0), step);
	/* the end of this run */
	emit_insn(e, LOAD(BPF_DW, R3, FP, FP_EXTRA));
	emit_jump(e, JUMP_IMM(BPF_JNE, R3, 0), save);
	test_cut(hg, l, cut);
	emit_insn(e, MOV_IMM(R1, 0));
	for (uint32_t k = 0; k < l->nr_units; k++) {
		step_end(hg, l, k, R4);
		emit_insn(e, ALU_IMM(BPF_ADD, R4, hg->units[l->units[k]].bias));
		emit_insn(e, ALU_REG(BPF_OR, R1, R4));
	}
	emit_insn(e, ALU_IMM(BPF_AND, R1, FLAG_OUT));
	emit_jump(e, JUMP_IMM(BPF_JEQ, R1, 0), done);
	emit_jump(e, JUMP(), save);

	emit_bind(e, step);
	step_byte(hg, l);
	if (l->dies) {
		or_states(hg, l, R4);
		emit_jump(e, JUMP_IMM(BPF_JNE, R4, 0), alive);
		emit_jump(e, JUMP(), done);
	}
	emit_bind(e, alive);
	or_flags(hg, l, R4, R5);
	emit_insn(e, ALU_IMM(BPF_AND, R4, FLAG_OUT));
	emit_jump(e, JUMP_IMM(BPF_JEQ, R4, 0), head);
	emit_bind(e, save);
	save_walk(hg, l, loop);
	emit_jump(e, JUMP(), done);
	emit_bind(e, cut);
	cut_string(hg, l);
	emit_bind(e, done);
	gen_checkpoint(hg);
}

/*
 * Store the states at the queue's index, and advance it when one of them has outputs. The index is
 * in memory for the verifier, too, which would follow what comes after the loop anew for every
 * range that it knows of a register.
 */
static void enqueue(struct hook_gen *hg, const struct loop *l)
{
	struct emit *e = hg->e;

	or_flags(hg, l, R3, R5);
	emit_insn(e, LOAD(BPF_DW, R4, FP, FP_SCRATCH));
	emit_insn(e, LOAD(BPF_DW, R5, R4, 8 * SCRATCH_COUNT));
	emit_insn(e, ALU_IMM(BPF_RSH, R3, 16));
	emit_insn(e, ALU_IMM(BPF_AND, R3, 1));
	emit_insn(e, ALU_REG(BPF_ADD, R3, R5));
	emit_insn(e, STORE(BPF_DW, R4, 8 * SCRATCH_COUNT, R3));
	emit_insn(e, ALU_IMM(BPF_AND, R5, PLAN_QUEUE - 1));
	emit_insn(e, ALU_IMM(BPF_LSH, R5, 4));
	emit_insn(e, ALU_REG(BPF_ADD, R4, R5));
	for (uint32_t k = 0; k < l->nr_units; k++)
		emit_insn(e, STORE(BPF_H, R4, 8 * hg->plan->at_queue + 2 * k, state_reg(k)));
}

/* The queue becomes hits. */
static void drain(struct hook_gen *hg, const struct loop *l)
{
	struct emit *e = hg->e;
	int again = emit_label(e), body = emit_label(e), end = emit_label(e);

	gen_checkpoint(hg);
	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SCRATCH));
	emit_insn(e, LOAD(BPF_DW, R7, R1, 8 * SCRATCH_COUNT));
	emit_insn(e, MOV_IMM(R6, 0));
	emit_bind(e, again);
	emit_jump(e, JUMP_REG(BPF_JGT, R7, R6), body);
	emit_jump(e, JUMP(), end);
	emit_bind(e, body);
	emit_insn(e, LOAD(BPF_DW, R8, FP, FP_SCRATCH));
	emit_insn(e, MOV_REG(R1, R6));
	emit_insn(e, ALU_IMM(BPF_LSH, R1, 4));
	emit_insn(e, ALU_REG(BPF_ADD, R8, R1));
	for (uint32_t k = 0; k < l->nr_units; k++) {
		const struct unit_tables *t = &hg->units[l->units[k]];
		uint32_t last =
			t->mask >> t->shift; /* a power of two - 1, as the table is padded */

		emit_insn(e, LOAD(BPF_H, R4, R8, 8 * hg->plan->at_queue + 2 * k));
		emit_insn(e, MOV_REG(R0, R4));
		emit_insn(e, ALU_IMM(BPF_ADD, R0, t->bias));
		emit_insn(e, ALU_IMM(BPF_RSH, R0, 16));
		emit_insn(e, ALU_IMM(BPF_AND, R4, last));
		emit_insn(e, ALU_IMM(BPF_LSH, R4, 1));
		emit_address(e, R5, SYMBOL_TABLES, t->out);
		emit_insn(e, ALU_REG(BPF_ADD, R5, R4));
		emit_insn(e, LOAD(BPF_H, R4, R5, 0));
		emit_insn(e, ALU_IMM(BPF_ADD, R4, hg->h->hit_base[l->units[k]]));
		gen_hit_r4(hg);
	}
	emit_insn(e, ALU_IMM(BPF_ADD, R6, 1));
	emit_jump(e, JUMP_IMM(BPF_JLT, R6, PLAN_QUEUE), again);
	emit_bind(e, end);
}

static void resume_walk(struct hook_gen *hg, const struct loop *l, uint32_t loop)
{
	struct emit *e = hg->e;
	uint32_t word = wait_word(loop);

	emit_insn(e, ALU_IMM(BPF_AND, R2, ~(1u << loop)));
	emit_insn(e, STORE(BPF_DW, R1, 8 * SCRATCH_RESUME, R2));
	emit_insn(e, MOV_IMM(R2, 0));
	emit_insn(e, STORE(BPF_DW, R1, 8 * SCRATCH_COUNT, R2));
	for (uint32_t k = 0; k < l->nr_units; k++)
		emit_insn(e, LOAD(BPF_H, state_reg(k), R1, 8 * word + 8 + 2 * k));
	load_extent(hg, l);
	emit_insn(e, LOAD(BPF_DW, R4, FP, FP_SCRATCH));
	emit_insn(e, LOAD(BPF_DW, R4, R4, 8 * word));
	emit_insn(e, ALU_REG(BPF_ADD, R3, R2));
	emit_insn(e, ALU_REG(BPF_SUB, R3, R4)); /* where the walk stopped */
	emit_insn(e, MOV_REG(R2, R4));
	point_at_byte(hg);
	take_chunk(hg, loop, WALK_SLOW);
}

void gen_walk_slow(struct hook_gen *hg, uint32_t loop)
{
	const struct loop *l = &hg->h->loops[loop];
	struct emit *e = hg->e;
	int go = emit_label(e), skip = emit_label(e), top = emit_label(e), step = emit_label(e);
	int save = emit_label(e), cut = emit_label(e), out = emit_label(e);

	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SCRATCH));
	emit_insn(e, LOAD(BPF_DW, R2, R1, 8 * SCRATCH_RESUME));
	emit_jump(e, JUMP_IMM(BPF_JSET, R2, 1u << loop), go);
	emit_jump(e, JUMP(), skip);
	emit_bind(e, go);
	resume_walk(hg, l, loop);

	emit_bind(e, top);
	enqueue(hg, l);
	emit_jump(e, JUMP_IMM(BPF_JGT, R2, 0), step);
	/* the end of this run */
	emit_insn(e, LOAD(BPF_DW, R3, FP, FP_EXTRA));
	emit_jump(e, JUMP_IMM(BPF_JNE, R3, 0), save);
	test_cut(hg, l, cut);
	for (uint32_t k = 0; k < l->nr_units; k++)
		step_end(hg, l, k, state_reg(k));
	enqueue(hg, l);
	emit_jump(e, JUMP(), out);
	emit_bind(e, save);
	save_walk(hg, l, loop);
	emit_jump(e, JUMP(), out);
	emit_bind(e, cut);
	cut_string(hg, l);
	emit_jump(e, JUMP(), out);

	emit_bind(e, step);
	step_byte(hg, l);
	if (l->dies) {
		or_states(hg, l, R4);
		emit_jump(e, JUMP_IMM(BPF_JNE, R4, 0), top);
	} else {
		emit_jump(e, JUMP(), top);
	}
	emit_bind(e, out);
	drain(hg, l);
	emit_bind(e, skip);
	gen_checkpoint(hg);
}
