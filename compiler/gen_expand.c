// SPDX-License-Identifier: Apache-2.0
/*
 * gen_expand.c - from hits to atom bits and candidates; process bits in and out of k_pbits.
 *
 * Only events that hit something come here, and those of the hooks that keep the process bits.
 *
 * Registers: r6 slot, r7 scratch; r8 chain entry and r9 step count in the expansion.
 */
#include "gen_internal.h"

/* Hits and chain entries of one event; beyond, the event is undecided. */
#define EXPAND_STEPS 384

#define PB(word) (8 * (SCRATCH_PB + (word)))

static void load_bases(struct hook_gen *hg)
{
	emit_insn(hg->e, LOAD(BPF_DW, R6, FP, FP_SLOT));
	emit_insn(hg->e, LOAD(BPF_DW, R7, FP, FP_SCRATCH));
}

static void set_words(struct hook_gen *hg, uint32_t at, uint32_t nr, int value)
{
	emit_insn(hg->e, MOV_IMM(R1, value));
	for (uint32_t i = 0; i < nr; i++)
		emit_insn(hg->e, STORE(BPF_DW, R7, 8 * (at + i), R1));
}

static void zero_words(struct hook_gen *hg, uint32_t at, uint32_t nr)
{
	set_words(hg, at, nr, 0);
}

static void fill_word(struct hook_gen *hg, uint32_t word)
{
	set_words(hg, word, 1, -1);
}

/* Words from a k_pbits value (R0) into the scratch area. */
static void copy_words(struct hook_gen *hg, uint32_t to, uint32_t pb_word, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		emit_insn(hg->e, LOAD(BPF_DW, R1, R0, 8 * (pb_word + i)));
		emit_insn(hg->e, STORE(BPF_DW, R7, 8 * (to + i), R1));
	}
}

/* R0 = the bits of the process whose tgid is at `member` of the event, or NULL. Keeps R6-R9. */
static void lookup_pbits(struct hook_gen *hg, size_t member)
{
	struct emit *e = hg->e;

	emit_insn(e, LOAD(BPF_DW, R1, R6, member));
	emit_insn(e, STORE(BPF_W, FP, FP_KEY, R1));
	emit_address(e, R1, SYMBOL_PBITS, 0);
	emit_insn(e, MOV_REG(R2, FP));
	emit_insn(e, ALU_IMM(BPF_ADD, R2, FP_KEY));
	emit_insn(e, CALL(HELPER_MAP_LOOKUP));
}

/* Jump to `unknown` unless R0 is the record of the process that started at `member`. */
static void check_identity(struct hook_gen *hg, size_t member, int unknown)
{
	struct emit *e = hg->e;

	emit_jump(e, JUMP_IMM(BPF_JEQ, R0, 0), unknown);
	emit_insn(e, LOAD(BPF_DW, R1, R0, 8 * PB_START));
	emit_insn(e, LOAD(BPF_DW, R2, R6, member));
	emit_jump(e, JUMP_REG(BPF_JNE, R1, R2), unknown);
}

/* R and the gate from the parent's C; the parent is whoever is the parent at this moment. */
static void take_parent(struct hook_gen *hg)
{
	const struct plan *p = hg->plan;
	struct emit *e = hg->e;
	int unknown = emit_label(e), done = emit_label(e);

	lookup_pbits(hg, SLOT_EV(ppid));
	check_identity(hg, SLOT_EV(parent_start_ns), unknown);
	copy_words(hg, p->at_r, PB_HEADER, p->nr_r);
	copy_words(hg, SCRATCH_PB + PB_UND_PARENT, PB_UND_SELF, 1);
	copy_words(hg, SCRATCH_PB + PB_GATE_PARENT, PB_GATE_CHILD, 1);
	/* The element may have become another process's while it was copied. */
	check_identity(hg, SLOT_EV(parent_start_ns), unknown);
	emit_jump(e, JUMP(), done);
	emit_bind(e, unknown);
	zero_words(hg, p->at_r, p->nr_r);
	fill_word(hg, SCRATCH_PB + PB_UND_PARENT);
	fill_word(hg, SCRATCH_PB + PB_GATE_PARENT);
	emit_bind(e, done);
}

/* A new process runs the image of the process that forked it. */
static void take_image(struct hook_gen *hg)
{
	const struct plan *p = hg->plan;
	struct emit *e = hg->e;
	int unknown = emit_label(e), done = emit_label(e);

	lookup_pbits(hg, SLOT_EV(image_pid));
	emit_jump(e, JUMP_IMM(BPF_JEQ, R0, 0), unknown);
	copy_words(hg, p->at_c, PB_HEADER, p->nr_r + p->nr_s);
	copy_words(hg, SCRATCH_PB + PB_UND_SELF, PB_UND_SELF, 1);
	copy_words(hg, SCRATCH_PB + PB_GATE_SELF, PB_GATE_SELF, 1);
	copy_words(hg, SCRATCH_PB + PB_GATE_CHILD, PB_GATE_CHILD, 1);
	emit_jump(e, JUMP(), done);
	emit_bind(e, unknown);
	zero_words(hg, p->at_c, p->nr_r + p->nr_s);
	fill_word(hg, SCRATCH_PB + PB_UND_SELF);
	fill_word(hg, SCRATCH_PB + PB_GATE_SELF);
	fill_word(hg, SCRATCH_PB + PB_GATE_CHILD);
	emit_bind(e, done);
}

static void take_own(struct hook_gen *hg)
{
	const struct plan *p = hg->plan;
	struct emit *e = hg->e;
	int unknown = emit_label(e), done = emit_label(e);

	lookup_pbits(hg, SLOT_EV(pid));
	check_identity(hg, SLOT_EV(start_ns), unknown);
	copy_words(hg, p->at_s, PB_HEADER + p->nr_r, p->nr_s + p->nr_r);
	copy_words(hg, SCRATCH_PB + PB_UND_SELF, PB_UND_SELF, 4); /* the gates, too */
	emit_jump(e, JUMP(), done);
	emit_bind(e, unknown);
	zero_words(hg, p->at_s, p->nr_s + p->nr_r);
	set_words(hg, SCRATCH_PB + PB_UND_SELF, 4, -1);
	emit_bind(e, done);
}

static void take_process_bits(struct hook_gen *hg)
{
	const struct plan *p = hg->plan;

	if (hg->event == KES_EXEC) {
		zero_words(hg, p->at_c, p->nr_r + p->nr_s);
		zero_words(hg, SCRATCH_PB + PB_GATE_SELF, 1);
		zero_words(hg, SCRATCH_PB + PB_GATE_CHILD, 1);
		take_parent(hg);
	} else if (hg->event == KES_FORK) {
		take_image(hg);
		take_parent(hg);
	} else if (hg->h->uses_process) {
		take_own(hg);
	}
	if (hg->event == KES_EXEC || hg->event == KES_FORK) {
		emit_insn(hg->e, LOAD(BPF_DW, R1, R6, SLOT_EV(start_ns)));
		emit_insn(hg->e, STORE(BPF_DW, R7, PB(PB_START), R1));
	}
}

/* Process bits that are pivots at this hook are hits like those of a walk. */
static void hit_process_pivots(struct hook_gen *hg)
{
	const struct plan *p = hg->plan;
	struct emit *e = hg->e;
	int closed = emit_label(e);

	if (!hg->h->nr_pivot_words)
		return;
	emit_insn(e, LOAD(BPF_DW, R1, R7, PB(PB_GATE_PARENT)));
	if (hg->event != KES_EXEC) { /* there the own pivots come from the walk */
		emit_insn(e, LOAD(BPF_DW, R2, R7, PB(PB_GATE_SELF)));
		emit_insn(e, ALU_REG(BPF_OR, R1, R2));
	}
	emit_insn(e, ALU_IMM(BPF_RSH, R1, hg->event));
	emit_insn(e, ALU_IMM(BPF_AND, R1, 1));
	emit_jump(e, JUMP_IMM(BPF_JEQ, R1, 0), closed);
	for (size_t i = 0; i < hg->h->nr_pivot_words; i++) {
		const struct pivot_word *pw = &hg->h->pivot_words[i];
		int none = emit_label(e);
		int h0 = (int)(8 * (p->at_h0 + pw->hit_word));

		emit_insn(e, LOAD(BPF_DW, R4, R7, 8 * (p->at_s + pw->word)));
		emit_const64(e, R5, pw->mask);
		emit_insn(e, ALU_REG(BPF_AND, R4, R5));
		emit_jump(e, JUMP_IMM(BPF_JEQ, R4, 0), none);
		emit_insn(e, LOAD(BPF_DW, R5, R7, h0));
		emit_insn(e, ALU_REG(BPF_OR, R5, R4));
		emit_insn(e, STORE(BPF_DW, R7, h0, R5));
		gen_or_bit(hg, p->at_h1 + pw->hit_word / 64, pw->hit_word % 64);
		gen_or_bit(hg, SCRATCH_HTOP, pw->hit_word / 64);
		emit_bind(e, none);
	}
	emit_bind(e, closed);
}

/* dst = index of the lowest set bit of src (not zero); clobbers R4. */
static void lowest_bit(struct hook_gen *hg, int dst, int src)
{
	struct emit *e = hg->e;

	emit_insn(e, MOV_REG(dst, src));
	emit_insn(e, NEG(dst));
	emit_insn(e, ALU_REG(BPF_AND, dst, src));
	emit_const64(e, R4, 0x03f79d71b4cb0a89ull);
	emit_insn(e, ALU_REG(BPF_MUL, dst, R4));
	emit_insn(e, ALU_IMM(BPF_RSH, dst, 58));
	emit_address(e, R4, SYMBOL_TABLES, hg->ctz);
	emit_insn(e, ALU_REG(BPF_ADD, R4, dst));
	emit_insn(e, LOAD(BPF_B, dst, R4, 0));
	emit_insn(e, ALU_IMM(BPF_AND, dst, 63));
}

/* dst = 1 when src is zero, else 0; clobbers tmp. */
static void is_zero(struct hook_gen *hg, int dst, int src, int tmp)
{
	emit_insn(hg->e, MOV_REG(tmp, src));
	emit_insn(hg->e, NEG(tmp));
	emit_insn(hg->e, MOV_REG(dst, src));
	emit_insn(hg->e, ALU_REG(BPF_OR, dst, tmp));
	emit_insn(hg->e, ALU_IMM(BPF_RSH, dst, 63));
	emit_insn(hg->e, ALU_IMM(BPF_XOR, dst, 1));
}

/*
 * The word at R5 + off, whose value is R1, loses its lowest bit if R2 is 1. R2 = 1 if it did and
 * the word is zero now, else 0. Clobbers R1, R3, R4.
 */
static void drop_lowest(struct hook_gen *hg, size_t off)
{
	struct emit *e = hg->e;

	emit_insn(e, MOV_REG(R3, R1));
	emit_insn(e, NEG(R3));
	emit_insn(e, ALU_REG(BPF_AND, R3, R1));
	emit_insn(e, ALU_REG(BPF_MUL, R3, R2));
	emit_insn(e, ALU_REG(BPF_XOR, R1, R3));
	emit_insn(e, STORE(BPF_DW, R5, off, R1));
	is_zero(hg, R3, R1, R4);
	emit_insn(e, ALU_REG(BPF_AND, R2, R3));
}

/* R5 = scratch + 8 * index */
static void word_address(struct hook_gen *hg, int index)
{
	emit_insn(hg->e, MOV_REG(R5, index));
	emit_insn(hg->e, ALU_IMM(BPF_LSH, R5, 3));
	emit_insn(hg->e, ALU_REG(BPF_ADD, R5, R7));
}

/*
 * When the chain R8 has ended, take the next hit out of the bitmap and begin its chain. There is no
 * branch in it: what must not happen is multiplied by zero. With branches the verifier follows
 * every path through every step, a million instructions and more.
 */
static void next_hit(struct hook_gen *hg)
{
	const struct plan *p = hg->plan;
	struct emit *e = hg->e;

	emit_insn(e, LOAD(BPF_DW, R1, R7, 8 * SCRATCH_HTOP));
	lowest_bit(hg, R0, R1);
	emit_insn(e, ALU_IMM(BPF_AND, R0, p->nr_h1 - 1)); /* which word of H1 */
	word_address(hg, R0);
	emit_insn(e, LOAD(BPF_DW, R1, R5, 8 * p->at_h1));
	lowest_bit(hg, R3, R1);
	emit_insn(e, MOV_REG(R2, R0));
	emit_insn(e, ALU_IMM(BPF_LSH, R2, 6));
	emit_insn(e, ALU_REG(BPF_ADD, R3, R2));
	emit_insn(e, ALU_IMM(BPF_AND, R3, p->nr_h0 - 1)); /* which word of H0 */
	word_address(hg, R3);
	emit_insn(e, LOAD(BPF_DW, R1, R5, 8 * p->at_h0));
	lowest_bit(hg, R2, R1);
	emit_insn(e, ALU_IMM(BPF_LSH, R3, 6));
	emit_insn(e, ALU_REG(BPF_ADD, R3, R2));
	emit_insn(e, ALU_IMM(BPF_AND, R3, hg->nr_heads - 1)); /* which hit */
	emit_insn(e, ALU_IMM(BPF_LSH, R3, 2));
	emit_address(e, R4, SYMBOL_TABLES, hg->heads);
	emit_insn(e, ALU_REG(BPF_ADD, R4, R3));
	emit_insn(e, LOAD(BPF_W, R4, R4, 0));
	is_zero(hg, R2, R8, R3);
	emit_insn(e, ALU_REG(BPF_MUL, R4, R2));
	emit_insn(e, ALU_REG(BPF_OR, R8, R4));
	drop_lowest(hg, 8 * p->at_h0);
	word_address(hg, R0);
	emit_insn(e, LOAD(BPF_DW, R1, R5, 8 * p->at_h1));
	drop_lowest(hg, 8 * p->at_h1);
	emit_insn(e, MOV_REG(R5, R7));
	emit_insn(e, LOAD(BPF_DW, R1, R5, 8 * SCRATCH_HTOP));
	drop_lowest(hg, 8 * SCRATCH_HTOP);
}

static void apply_chain_entry(struct hook_gen *hg)
{
	struct emit *e = hg->e;

	emit_insn(e, ALU_IMM(BPF_AND, R8, hg->nr_chains - 1));
	emit_insn(e, ALU_IMM(BPF_MUL, R8, sizeof(struct chain_entry)));
	emit_address(e, R1, SYMBOL_TABLES, hg->chains);
	emit_insn(e, ALU_REG(BPF_ADD, R1, R8));
	emit_insn(e, LOAD(BPF_W, R8, R1, offsetof(struct chain_entry, next)));
	for (int k = 0; k < CHAIN_PAIRS; k++) {
		emit_insn(e, LOAD(BPF_H, R2, R1, offsetof(struct chain_entry, word) + 2 * k));
		emit_insn(e, LOAD(BPF_DW, R3, R1, offsetof(struct chain_entry, mask) + 8 * k));
		emit_insn(e, ALU_IMM(BPF_AND, R2, hg->plan->scratch_words - 1));
		word_address(hg, R2);
		emit_insn(e, LOAD(BPF_DW, R4, R5, 0));
		emit_insn(e, ALU_REG(BPF_OR, R4, R3));
		emit_insn(e, STORE(BPF_DW, R5, 0, R4));
	}
}

/* Empty the hit bitmap; what this event could have decided is undecided. */
static void give_up(struct hook_gen *hg)
{
	struct emit *e = hg->e;
	int zero = emit_label(e);

	emit_insn(e, MOV_IMM(R1, 0));
	emit_insn(e, MOV_IMM(R2, 0));
	emit_bind(e, zero);
	word_address(hg, R2);
	emit_insn(e, STORE(BPF_DW, R5, 8 * hg->plan->at_h1, R1));
	emit_insn(e, ALU_IMM(BPF_ADD, R2, 1));
	emit_jump(e, JUMP_IMM(BPF_JLT, R2, hg->plan->nr_h1 + hg->plan->nr_h0), zero);
	zero_words(hg, SCRATCH_HTOP, 1);
	fill_word(hg, SCRATCH_UND);
	if (hg->event == KES_EXEC)
		fill_word(hg, SCRATCH_PB + PB_UND_SELF);
	/* Pivots of the parent may be among the lost hits: M of their bits is right, but not woken. */
	set_words(hg, SCRATCH_FLAGS, 1, 1);
}

/*
 * Every step applies one chain entry. When the steps do not suffice, everything that this event
 * could have decided is undecided.
 */
static void expand_hits(struct hook_gen *hg)
{
	struct emit *e = hg->e;
	int again = emit_label(e), step = emit_label(e), done = emit_label(e);

	gen_checkpoint(hg);
	emit_insn(e, MOV_IMM(R8, 0));
	emit_insn(e, MOV_IMM(R9, 0));
	emit_bind(e, again);
	emit_insn(e, LOAD(BPF_DW, R1, R7, 8 * SCRATCH_HTOP));
	emit_insn(e, ALU_REG(BPF_OR, R1, R8));
	emit_jump(e, JUMP_IMM(BPF_JNE, R1, 0), step);
	emit_jump(e, JUMP(), done);
	emit_bind(e, step);
	next_hit(hg);
	apply_chain_entry(hg);
	emit_insn(e, ALU_IMM(BPF_ADD, R9, 1));
	emit_jump(e, JUMP_IMM(BPF_JLT, R9, EXPAND_STEPS), again);
	give_up(hg);
	emit_bind(e, done);
}

/* Bits of M that one undecided unit could set; scope tells which of its atoms. */
static void und_mask(struct hook_gen *hg, const struct unit *u, enum field_scope scope)
{
	const struct plan *p = hg->plan;
	uint32_t nr_words = p->nr_t;
	uint64_t *mask = arena_array(hg->g->arena, nr_words + 1, uint64_t);

	for (size_t i = 0; i < u->nr_atoms; i++) {
		const struct atom *x = &p->atoms->v[u->atoms[i]];

		if (fields[x->field].scope == scope && x->bit != ATOM_NONE)
			mask[x->bit / 64] |= 1ull << (x->bit % 64);
	}
	for (uint32_t w = 0; w < nr_words; w++) {
		if (!mask[w])
			continue;
		emit_const64(hg->e, R2, mask[w]);
		emit_insn(hg->e, LOAD(BPF_DW, R1, R7, 8 * (p->at_m + w)));
		emit_insn(hg->e, ALU_REG(BPF_OR, R1, R2));
		emit_insn(hg->e, STORE(BPF_DW, R7, 8 * (p->at_m + w), R1));
	}
}

static void und_masks(struct hook_gen *hg, uint32_t word, uint64_t relevant, bool process,
		      enum field_scope scope)
{
	struct emit *e = hg->e;

	for (size_t i = 0; i < hg->plan->units->nr; i++) {
		const struct unit *u = &hg->plan->units->v[i];
		int decided = emit_label(e);

		if (u->process == process && (relevant & (1ull << u->nr))) {
			emit_insn(e, LOAD(BPF_DW, R1, R7, 8 * word));
			emit_insn(e, ALU_IMM(BPF_RSH, R1, u->nr));
			emit_insn(e, ALU_IMM(BPF_AND, R1, 1));
			emit_jump(e, JUMP_IMM(BPF_JEQ, R1, 0), decided);
			und_mask(hg, u, scope);
		}
		emit_bind(e, decided);
	}
}

static void test_undecided(struct hook_gen *hg, uint32_t word, uint64_t relevant)
{
	struct emit *e = hg->e;

	if (!relevant)
		return;
	emit_insn(e, LOAD(BPF_DW, R1, R7, 8 * word));
	emit_const64(e, R2, relevant);
	emit_insn(e, ALU_REG(BPF_AND, R1, R2));
	emit_insn(e, ALU_REG(BPF_OR, R3, R1));
}

/* M = T with every undecided bit set; every predicate of the hook is a candidate. */
static void decide_undecided(struct hook_gen *hg)
{
	const struct plan *p = hg->plan;
	const struct hook_plan *h = hg->h;
	struct emit *e = hg->e;
	int decided = emit_label(e);
	uint32_t nr_words = p->nr_t;

	emit_insn(e, LOAD(BPF_DW, R3, R7, 8 * SCRATCH_FLAGS));
	test_undecided(hg, SCRATCH_UND, h->und_event);
	test_undecided(hg, SCRATCH_PB + PB_UND_SELF, h->und_self);
	test_undecided(hg, SCRATCH_PB + PB_UND_PARENT, h->und_parent);
	emit_jump(e, JUMP_IMM(BPF_JEQ, R3, 0), decided);
	set_words(hg, SCRATCH_FLAGS, 1, 1);
	for (uint32_t w = 0; w < nr_words; w++) {
		emit_insn(e, LOAD(BPF_DW, R1, R7, 8 * (p->at_s + w)));
		emit_insn(e, STORE(BPF_DW, R7, 8 * (p->at_m + w), R1));
	}
	und_masks(hg, SCRATCH_UND, h->und_event, false, SCOPE_EVENT);
	und_masks(hg, SCRATCH_PB + PB_UND_SELF, h->und_self, true, SCOPE_PROCESS);
	und_masks(hg, SCRATCH_PB + PB_UND_PARENT, h->und_parent, true, SCOPE_PARENT);
	for (uint32_t w = 0; w < (h->nr_slots + 63) / 64; w++)
		fill_word(hg, p->at_cand + w);
	emit_const64(e, R1, (1ull << h->nr_stages) - 1);
	emit_insn(e, STORE(BPF_DW, R7, 8 * SCRATCH_STAGES, R1));
	emit_bind(e, decided);
}

static uint32_t stage_of_word(const struct hook_plan *h, uint32_t word)
{
	uint32_t s = 0;

	while (word >= h->stages[s].first_word + h->stages[s].nr_words)
		s++;
	return s;
}

/* Predicates without a pivot are candidates of every event. */
static void wake_always(struct hook_gen *hg)
{
	const struct hook_plan *h = hg->h;

	for (uint32_t s = 0; s < h->nr_slots; s++) {
		if (h->predicates[s] == ATOM_NONE ||
		    !hg->plan->atoms->predicates[h->predicates[s]].at[hg->event].always)
			continue;
		gen_or_bit(hg, hg->plan->at_cand + s / 64, s % 64);
		gen_or_bit(hg, SCRATCH_STAGES, stage_of_word(h, s / 64));
	}
}

/* An undecided image leaves the gates open for its events and its children. */
static void open_gates(struct hook_gen *hg)
{
	int decided = emit_label(hg->e);

	emit_insn(hg->e, LOAD(BPF_DW, R1, R7, PB(PB_UND_SELF)));
	emit_jump(hg->e, JUMP_IMM(BPF_JEQ, R1, 0), decided);
	fill_word(hg, SCRATCH_PB + PB_GATE_SELF);
	fill_word(hg, SCRATCH_PB + PB_GATE_CHILD);
	emit_bind(hg->e, decided);
}

static void key_of_process(struct hook_gen *hg)
{
	struct emit *e = hg->e;

	emit_insn(e, LOAD(BPF_DW, R1, R6, SLOT_EV(pid)));
	emit_insn(e, STORE(BPF_W, FP, FP_KEY, R1));
	emit_address(e, R1, SYMBOL_PBITS, 0);
	emit_insn(e, MOV_REG(R2, FP));
	emit_insn(e, ALU_IMM(BPF_ADD, R2, FP_KEY));
}

/* Without room in the map the process has no bits, and its events are undecided: counted. */
static void store_process_bits(struct hook_gen *hg)
{
	struct emit *e = hg->e;
	size_t full = offsetof(struct kes_slot, count) +
		      8 * (hg->event * KES_NR_COUNTERS + KES_PROCS_FULL);
	int stored = emit_label(e);

	key_of_process(hg);
	emit_insn(e, MOV_REG(R3, R7));
	emit_insn(e, ALU_IMM(BPF_ADD, R3, 8 * SCRATCH_PB));
	emit_insn(e, MOV_IMM(R4, 0));
	emit_insn(e, CALL(HELPER_MAP_UPDATE));
	emit_jump(e, JUMP_IMM(BPF_JEQ, R0, 0), stored);
	emit_insn(e, LOAD(BPF_DW, R1, R6, full));
	emit_insn(e, ALU_IMM(BPF_ADD, R1, 1));
	emit_insn(e, STORE(BPF_DW, R6, full, R1));
	key_of_process(hg);
	emit_insn(e, CALL(HELPER_MAP_DELETE));
	emit_bind(e, stored);
}

void gen_expand(struct hook_gen *hg)
{
	const struct plan *p = hg->plan;

	load_bases(hg);
	zero_words(hg, p->at_e, p->nr_e + (hg->event == KES_EXEC ? p->nr_x : 0));
	zero_words(hg, p->at_cand, p->nr_cand);
	zero_words(hg, SCRATCH_STAGES, 1);
	zero_words(hg, SCRATCH_FLAGS, 1);
	take_process_bits(hg);
	hit_process_pivots(hg);
	expand_hits(hg);
	if (hg->event == KES_EXEC)
		open_gates(hg);
	if (hg->h->nr_stages)
		decide_undecided(hg);
	if (hg->h->has_always)
		wake_always(hg);
	if (hg->event == KES_EXEC || hg->event == KES_FORK)
		store_process_bits(hg);
	if (hg->event == KES_EXIT) {
		key_of_process(hg);
		emit_insn(hg->e, CALL(HELPER_MAP_DELETE));
	}
	gen_dispatch(hg, 0);
}

void gen_leave_early(struct hook_gen *hg, int stay)
{
	const struct hook_plan *h = hg->h;
	struct emit *e = hg->e;

	if (h->context || h->has_always)
		return;
	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SCRATCH));
	emit_insn(e, LOAD(BPF_DW, R2, R1, 8 * SCRATCH_HTOP));
	emit_insn(e, LOAD(BPF_DW, R3, R1, 8 * SCRATCH_UND));
	emit_insn(e, ALU_REG(BPF_OR, R2, R3));
	emit_jump(e, JUMP_IMM(BPF_JNE, R2, 0), stay);
	if (h->nr_pivot_words) {
		emit_insn(e, LOAD(BPF_DW, R6, FP, FP_SLOT));
		lookup_pbits(hg, SLOT_EV(pid));
		check_identity(hg, SLOT_EV(start_ns), stay);
		emit_insn(e, LOAD(BPF_DW, R1, R0, 8 * PB_GATE_SELF));
		emit_insn(e, LOAD(BPF_DW, R2, R0, 8 * PB_GATE_PARENT));
		emit_insn(e, ALU_REG(BPF_OR, R1, R2));
		emit_insn(e, ALU_IMM(BPF_RSH, R1, hg->event));
		emit_insn(e, ALU_IMM(BPF_AND, R1, 1));
		emit_jump(e, JUMP_IMM(BPF_JNE, R1, 0), stay);
	}
	gen_tail(hg, KES_TAIL_FINISH);
}
