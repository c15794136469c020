// SPDX-License-Identifier: Apache-2.0
/*
 * gen.c - tables, stages, and what every generated program begins and ends with.
 *
 * in:  a plan
 * out: programs with labels resolved, and one section of tables that all of them share
 *
 * Verifier rules that shaped it: 5.10 has no bpf_loop and no atomics with a result; at most a
 * million instructions are verified a program, and a walk counts once a byte; BPF-to-BPF calls do
 * not mix with tail calls, so everything is inlined.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gen_internal.h"

#define WALK_BUDGET    700000 /* verified instructions of the walks of one program, estimated */
#define MAX_TAIL_CALLS 33     /* MAX_TAIL_CALL_CNT + 1 of 5.10; one more since 5.16 */

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

/* Reserve a table, aligned to 8 bytes and zeroed; returns its offset. */
static uint32_t table_new(struct gen *g, const char *name, uint32_t elem, uint32_t nr)
{
	struct gen_table t = { .name = name, .elem = elem, .bytes = elem * nr };

	t.offset = (uint32_t)(g->nr_bytes + 7) & ~7u;
	while (t.offset + t.bytes > g->cap_bytes) {
		size_t cap = g->cap_bytes ? 2 * g->cap_bytes : 1 << 16;
		uint8_t *bigger = arena_alloc(g->arena, cap);

		if (g->nr_bytes)
			memcpy(bigger, g->tables, g->nr_bytes);
		g->tables = bigger;
		g->cap_bytes = cap;
	}
	g->nr_bytes = t.offset + t.bytes;
	vec_push(g->arena, g->names, g->nr_names, g->cap_names, t);
	return t.offset;
}

static void put16(struct gen *g, uint32_t at, uint32_t v)
{
	uint16_t x = (uint16_t)v;

	memcpy(g->tables + at, &x, sizeof(x));
}

/* The symbol that an automaton takes for one of the record. */
static int symbol_of(const struct unit *u, int sym)
{
	enum string_mode mode = fields[u->field].mode;

	if (mode == MODE_JOINED && sym == 0)
		return ' '; /* the arguments lie NUL-separated in the record */
	if (mode == MODE_EACH && sym == NFA_END)
		return 0;
	return sym;
}

/*
 * Automata that may walk together share one table of byte classes, so that a byte is classified
 * once for all of them: those over the same part of the same buffer.
 */
struct view {
	uint32_t table; /* u16[257]: class * 2 */
	uint32_t nr_classes;
	uint16_t class_of[NFA_SYMBOLS];
	uint16_t symbol[NFA_SYMBOLS]; /* of a class: one symbol of it */
};

static bool same_view(const struct unit *u, const struct unit *v)
{
	const struct field *f = &fields[u->field], *g = &fields[v->field];

	return !u->number && !v->number && f->judged == g->judged &&
	       (f->mode == MODE_NAME || f->mode == MODE_EXT) ==
		       (g->mode == MODE_NAME || g->mode == MODE_EXT);
}

/* Two symbols are of one class if every automaton of the view has them in one class. */
static void view_build(struct gen *g, uint32_t first, struct view *v)
{
	const struct automata *units = g->plan->units;
	struct strtab *columns = strtab_new(g->arena);
	uint16_t *column = arena_array(g->arena, units->nr + 1, uint16_t);

	v->table = table_new(g, arena_printf(g->arena, "class_%u", first), 2, NFA_SYMBOLS);
	for (int sym = 0; sym < NFA_SYMBOLS; sym++) {
		size_t nr = 0;
		bool added;

		for (size_t i = first; i < units->nr; i++) {
			const struct unit *u = &units->v[i];

			if (same_view(&units->v[first], u))
				column[nr++] = u->dfa.class_of[symbol_of(u, sym)];
		}
		v->class_of[sym] =
			(uint16_t)strtab_put(columns, column, nr * sizeof(*column), &added);
		if (added)
			v->symbol[v->class_of[sym]] = (uint16_t)sym;
		put16(g, v->table + 2 * (uint32_t)sym, 2u * v->class_of[sym]);
	}
	v->nr_classes = strtab_size(columns);
}

/* New numbers: states with outputs last, so that one addition tells them; dead stays 0. */
static uint32_t *number_states(struct gen *g, const struct dfa *d, uint32_t *bias)
{
	uint32_t *number = arena_array(g->arena, d->nr_states, uint32_t);
	uint32_t nr = 0;

	for (uint32_t s = 0; s < d->nr_states; s++) {
		if (!d->out[s])
			number[s] = nr++;
	}
	*bias = 0x10000 - nr;
	for (uint32_t s = 0; s < d->nr_states; s++) {
		if (d->out[s])
			number[s] = nr++;
	}
	return number;
}

static void automaton_tables(struct gen *g, const struct view *v, const struct unit *u, uint32_t nr,
			     struct unit_tables *t)
{
	const struct dfa *d = &u->dfa;
	uint32_t row = power_of_two(2 * v->nr_classes);
	uint32_t *number = number_states(g, d, &t->bias);

	t->start = number[d->start];
	t->class_of = v->table;
	t->end = 2u * v->class_of[NFA_END];
	for (t->shift = 0; 1u << t->shift < row; t->shift++)
		;
	t->mask = power_of_two(d->nr_states * row) - 1;
	t->next = table_new(g, arena_printf(g->arena, "next_%u", nr), 2, (t->mask + 1) / 2);
	for (uint32_t s = 0; s < d->nr_states; s++) {
		for (uint32_t c = 0; c < v->nr_classes; c++) {
			uint32_t class = d->class_of[symbol_of(u, v->symbol[c])];
			uint32_t to = d->next[s * d->nr_classes + class];

			put16(g, t->next + (number[s] << t->shift) + 2 * c, number[to]);
		}
	}
	t->out = table_new(g, arena_printf(g->arena, "out_%u", nr), 2, power_of_two(d->nr_states));
	for (uint32_t s = 0; s < d->nr_states; s++)
		put16(g, t->out + 2 * number[s], d->out[s]);
}

static void number_tables(struct gen *g, const struct unit *u, uint32_t nr, struct unit_tables *t)
{
	uint32_t n = (uint32_t)u->nr_thresholds;

	t->nr_pow2 = power_of_two(n + 1);
	t->thresholds = table_new(g, arena_printf(g->arena, "limits_%u", nr), 8, t->nr_pow2 + 1);
	for (uint32_t i = 0; i <= t->nr_pow2; i++) {
		int64_t v = i < n ? u->thresholds[i] : INT64_MAX;

		memcpy(g->tables + t->thresholds + 8 * i, &v, sizeof(v));
	}
	t->out = table_new(g, arena_printf(g->arena, "out_%u", nr), 2, 2 * t->nr_pow2 + 2);
	for (uint32_t r = 0; r < 2 * t->nr_pow2 + 2; r++)
		put16(g, t->out + 2 * r, u->region_out[r < 2 * n ? r : 2 * n]);
}

static struct unit_tables *all_unit_tables(struct gen *g)
{
	const struct automata *units = g->plan->units;
	struct unit_tables *t = arena_array(g->arena, units->nr + 1, struct unit_tables);
	bool *done = arena_array(g->arena, units->nr + 1, bool);

	for (uint32_t i = 0; i < units->nr; i++) {
		struct view *v;

		if (units->v[i].number)
			number_tables(g, &units->v[i], i, &t[i]);
		if (units->v[i].number || done[i])
			continue;
		v = arena_new_of(g->arena, struct view);
		view_build(g, i, v);
		for (uint32_t k = i; k < units->nr; k++) {
			if (!same_view(&units->v[i], &units->v[k]))
				continue;
			automaton_tables(g, v, &units->v[k], k, &t[k]);
			done[k] = true;
		}
	}
	return t;
}

/* De Bruijn's sequence: the index of the lowest set bit x is table[(x * DEBRUIJN) >> 58]. */
static uint32_t ctz_table(struct gen *g)
{
	uint32_t at = table_new(g, "lowest_bit", 1, 64);

	for (uint32_t i = 0; i < 64; i++)
		g->tables[at + (((1ull << i) * 0x03f79d71b4cb0a89ull) >> 58)] = (uint8_t)i;
	return at;
}

static uint32_t chain_table(struct gen *g, uint32_t *nr)
{
	uint32_t at;

	*nr = power_of_two((uint32_t)g->plan->nr_chains);
	at = table_new(g, "chains", 8, (uint32_t)sizeof(struct chain_entry) / 8 * *nr);
	memcpy(g->tables + at, g->plan->chains, g->plan->nr_chains * sizeof(struct chain_entry));
	return at;
}

static uint32_t head_table(struct gen *g, enum kes_event_id event, uint32_t *nr)
{
	const struct hook_plan *h = &g->plan->hooks[event];
	uint32_t at;

	*nr = power_of_two(h->nr_hits ? h->nr_hits : 1);
	at = table_new(g, arena_printf(g->arena, "heads_%s", event_kinds[event].short_name), 4,
		       *nr);
	memcpy(g->tables + at, h->heads, h->nr_hits * sizeof(uint32_t));
	return at;
}

void gen_prologue(struct hook_gen *hg)
{
	struct emit *e = hg->e;
	int found = emit_label(e), none = emit_label(e);

	hg->lost = emit_label(e);
	hg->broken = emit_label(e);
	emit_insn(e, STORE(BPF_DW, FP, FP_CTX, R1));
	emit_insn(e, CALL(HELPER_PID_TGID));
	emit_insn(e, MOV_REG(R6, R0));
	emit_insn(e, ALU_IMM(BPF_ADD, R6, 1));
	for (int i = 0; i < KES_NR_SLOTS; i++) {
		int next = emit_label(e);

		emit_insn(e, MOV_IMM(R1, i));
		emit_insn(e, STORE(BPF_W, FP, FP_KEY, R1));
		emit_address(e, R1, SYMBOL_SLOTS, 0);
		emit_insn(e, MOV_REG(R2, FP));
		emit_insn(e, ALU_IMM(BPF_ADD, R2, FP_KEY));
		emit_insn(e, CALL(HELPER_MAP_LOOKUP));
		emit_jump(e, JUMP_IMM(BPF_JEQ, R0, 0), none);
		emit_insn(e, LOAD(BPF_DW, R1, R0, offsetof(struct kes_slot, owner)));
		emit_jump(e, JUMP_REG(BPF_JNE, R1, R6), next);
		emit_insn(e, LOAD(BPF_H, R1, R0, SLOT_EV(event)));
		emit_jump(e, JUMP_IMM(BPF_JEQ, R1, hg->event), found);
		emit_bind(e, next);
	}
	/* The caller owned a slot, so this is not reached. */
	emit_bind(e, none);
	emit_insn(e, MOV_IMM(R0, 0));
	emit_insn(e, EXIT());
	emit_bind(e, found);
	emit_insn(e, STORE(BPF_DW, FP, FP_SLOT, R0));
	emit_address(e, R1, SYMBOL_SCRATCH, 0);
	emit_insn(e, MOV_REG(R2, FP));
	emit_insn(e, ALU_IMM(BPF_ADD, R2, FP_KEY));
	emit_insn(e, CALL(HELPER_MAP_LOOKUP));
	emit_jump(e, JUMP_IMM(BPF_JEQ, R0, 0), none);
	emit_insn(e, STORE(BPF_DW, FP, FP_SCRATCH, R0));
}

void gen_tail(struct hook_gen *hg, uint32_t index)
{
	emit_insn(hg->e, MOV_IMM(R3, index));
	emit_insn(hg->e, LOAD(BPF_DW, R1, FP, FP_CTX));
	emit_address(hg->e, R2, SYMBOL_TAIL, 0);
	emit_insn(hg->e, CALL(HELPER_TAIL_CALL));
	emit_jump(hg->e, JUMP(), hg->lost);
}

/* Between events the hit bitmap is empty; a walk that is given up must leave it so. */
static void clear_hits(struct hook_gen *hg)
{
	struct emit *e = hg->e;
	int again = emit_label(e);

	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SCRATCH));
	emit_insn(e, MOV_IMM(R4, 0));
	emit_insn(e, STORE(BPF_DW, R1, 8 * SCRATCH_HTOP, R4));
	emit_insn(e, MOV_IMM(R2, 0));
	emit_bind(e, again);
	emit_insn(e, MOV_REG(R3, R2));
	emit_insn(e, ALU_IMM(BPF_LSH, R3, 3));
	emit_insn(e, ALU_REG(BPF_ADD, R3, R1));
	emit_insn(e, STORE(BPF_DW, R3, 8 * hg->plan->at_h1, R4));
	emit_insn(e, ALU_IMM(BPF_ADD, R2, 1));
	emit_jump(e, JUMP_IMM(BPF_JLT, R2, hg->plan->nr_h1 + hg->plan->nr_h0), again);
}

static void release_slot(struct hook_gen *hg)
{
	struct emit *e = hg->e;
	size_t dropped = offsetof(struct kes_slot, count) +
			 8 * (hg->event * KES_NR_COUNTERS + KES_DROP_NODECIDE);

	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SLOT));
	emit_insn(e, LOAD(BPF_DW, R2, R1, dropped));
	emit_insn(e, ALU_IMM(BPF_ADD, R2, 1));
	emit_insn(e, STORE(BPF_DW, R1, dropped, R2));
	emit_insn(e, LOAD(BPF_DW, R2, R1, offsetof(struct kes_slot, nodecide)));
	emit_insn(e, ALU_IMM(BPF_ADD, R2, 1));
	emit_insn(e, STORE(BPF_DW, R1, offsetof(struct kes_slot, nodecide), R2));
	emit_insn(e, MOV_IMM(R2, 0));
	emit_insn(e, STORE(BPF_DW, R1, offsetof(struct kes_slot, owner), R2));
	emit_insn(e, MOV_IMM(R2, -1));
	emit_insn(e, ATOMIC_ADD(R1, offsetof(struct kes_slot, claim), R2));
	emit_insn(e, MOV_IMM(R0, 0));
	emit_insn(e, EXIT());
}

void gen_epilogue(struct hook_gen *hg)
{
	struct emit *e = hg->e;

	emit_bind(e, hg->broken);
	clear_hits(hg);
	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SLOT));
	emit_insn(e, LOAD(BPF_W, R2, R1, SLOT_EV(flags)));
	emit_insn(e, ALU_IMM(BPF_OR, R2, KES_EV_ALL_MAYBE));
	emit_insn(e, STORE(BPF_W, R1, SLOT_EV(flags), R2));
	if (hg->h->context) { /* no bits is undecided; old bits would be wrong */
		emit_insn(e, LOAD(BPF_DW, R2, R1, SLOT_EV(pid)));
		emit_insn(e, STORE(BPF_W, FP, FP_KEY, R2));
		emit_address(e, R1, SYMBOL_PBITS, 0);
		emit_insn(e, MOV_REG(R2, FP));
		emit_insn(e, ALU_IMM(BPF_ADD, R2, FP_KEY));
		emit_insn(e, CALL(HELPER_MAP_DELETE));
	}
	gen_tail(hg, KES_TAIL_FINISH);
	emit_bind(e, hg->lost);
	clear_hits(hg);
	release_slot(hg);
}

/*
 * Make the verifier remember its state here: it does so only after two jumps and eight instructions
 * since the last time (is_state_visited, 5.1 and later). Without, the paths that meet before a loop
 * would each be followed through all of it. The kernel drops these instructions when it has
 * verified them, except for eight register moves.
 */
void gen_checkpoint(struct hook_gen *hg)
{
	for (int i = 0; i < 8; i++)
		emit_insn(hg->e, MOV_IMM(R0, 0));
	for (int i = 0; i < 2; i++)
		emit_insn(hg->e, JUMP());
}

void gen_or_bit(struct hook_gen *hg, uint32_t word, uint32_t bit)
{
	struct emit *e = hg->e;

	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SCRATCH));
	emit_insn(e, LOAD(BPF_DW, R2, R1, 8 * word));
	if (bit < 31) {
		emit_insn(e, ALU_IMM(BPF_OR, R2, 1 << bit));
	} else {
		emit_const64(e, R3, 1ull << bit);
		emit_insn(e, ALU_REG(BPF_OR, R2, R3));
	}
	emit_insn(e, STORE(BPF_DW, R1, 8 * word, R2));
}

void gen_hit_const(struct hook_gen *hg, uint32_t hit)
{
	gen_or_bit(hg, hg->plan->at_h0 + hit / 64, hit % 64);
	gen_or_bit(hg, hg->plan->at_h1 + hit / 4096, hit / 64 % 64);
	gen_or_bit(hg, SCRATCH_HTOP, hit / 4096);
}

static void or_word_at(struct emit *e, uint32_t base, int index, int bit_reg)
{
	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SCRATCH));
	emit_insn(e, MOV_REG(R3, index));
	emit_insn(e, ALU_IMM(BPF_LSH, R3, 3));
	emit_insn(e, ALU_REG(BPF_ADD, R1, R3));
	emit_insn(e, LOAD(BPF_DW, R3, R1, 8 * base));
	emit_insn(e, ALU_REG(BPF_OR, R3, bit_reg));
	emit_insn(e, STORE(BPF_DW, R1, 8 * base, R3));
}

/* dst = R0 << nr */
static void bit_of(struct emit *e, int dst, int nr)
{
	emit_insn(e, ALU_IMM(BPF_AND, nr, 63));
	emit_insn(e, MOV_REG(dst, R0));
	emit_insn(e, ALU_REG(BPF_LSH, dst, nr));
}

void gen_hit_r4(struct hook_gen *hg)
{
	struct emit *e = hg->e;

	emit_insn(e, MOV_REG(R5, R4));
	emit_insn(e, ALU_IMM(BPF_RSH, R5, 6));
	emit_insn(e, ALU_IMM(BPF_AND, R5, hg->plan->nr_h0 - 1));
	bit_of(e, R2, R4);
	or_word_at(e, hg->plan->at_h0, R5, R2);
	emit_insn(e, MOV_REG(R4, R5));
	bit_of(e, R2, R4);
	emit_insn(e, ALU_IMM(BPF_RSH, R5, 6));
	or_word_at(e, hg->plan->at_h1, R5, R2);
	bit_of(e, R2, R5);
	emit_insn(e, LOAD(BPF_DW, R1, FP, FP_SCRATCH));
	emit_insn(e, LOAD(BPF_DW, R3, R1, 8 * SCRATCH_HTOP));
	emit_insn(e, ALU_REG(BPF_OR, R3, R2));
	emit_insn(e, STORE(BPF_DW, R1, 8 * SCRATCH_HTOP, R3));
}

static void program_begin(struct hook_gen *hg, const char *kind, uint32_t stage)
{
	struct gen *g = hg->g;
	const char *name =
		arena_printf(g->arena, "%s_%u", event_kinds[hg->event].short_name, stage);
	struct gen_program p = { .event = hg->event, .stage = stage, .kind = kind, .name = name };

	vec_push(g->arena, g->programs, g->nr_programs, g->cap_programs, p);
	hg->e = &g->programs[g->nr_programs - 1].code;
	emit_init(hg->e, g->arena);
	gen_prologue(hg);
}

/* Loops of one program: as many as the budget takes. */
struct span_of_loops {
	uint32_t first, nr;
};

static uint32_t split_loops(const struct hook_plan *h, uint32_t base, uint32_t per_unit,
			    struct span_of_loops *out)
{
	uint32_t nr = 0, used = 0;

	for (uint32_t i = 0; i < h->nr_loops; i++) {
		uint32_t cost = base + per_unit * h->loops[i].nr_units;

		if (nr == 0 || used + cost > WALK_BUDGET) {
			out[nr++] = (struct span_of_loops){ .first = i };
			used = 0;
		}
		out[nr - 1].nr++;
		used += cost;
	}
	return nr;
}

static void reset_scratch(struct hook_gen *hg)
{
	emit_insn(hg->e, LOAD(BPF_DW, R1, FP, FP_SCRATCH));
	emit_insn(hg->e, MOV_IMM(R2, 0));
	emit_insn(hg->e, STORE(BPF_DW, R1, 8 * SCRATCH_UND, R2));
	emit_insn(hg->e, STORE(BPF_DW, R1, 8 * SCRATCH_RESUME, R2));
	if (hg->event == KES_EXEC)
		emit_insn(hg->e, STORE(BPF_DW, R1, 8 * (SCRATCH_PB + PB_UND_SELF), R2));
}

/* From here to the expand stage, or out when nothing calls for it. */
static void to_expand(struct hook_gen *hg)
{
	int stay = emit_label(hg->e);

	gen_leave_early(hg, stay);
	emit_bind(hg->e, stay);
	gen_tail(hg, KES_TAIL_DECIDE + hg->first_expand);
}

static void walk_program(struct hook_gen *hg, uint32_t stage, uint32_t nr_walks,
			 const struct span_of_loops *s, uint32_t nr_loops)
{
	int resume = emit_label(hg->e);

	if (stage == 0) {
		reset_scratch(hg);
		for (size_t i = 0; i < hg->h->nr_numbers; i++)
			gen_number(hg, hg->h->numbers[i]);
	}
	for (uint32_t i = 0; i < nr_loops; i++)
		gen_walk_fast(hg, s->first + i);
	if (stage + 1 < nr_walks) {
		gen_tail(hg, KES_TAIL_DECIDE + stage + 1);
	} else {
		emit_insn(hg->e, LOAD(BPF_DW, R1, FP, FP_SCRATCH));
		emit_insn(hg->e, LOAD(BPF_DW, R1, R1, 8 * SCRATCH_RESUME));
		emit_jump(hg->e, JUMP_IMM(BPF_JNE, R1, 0), resume);
		to_expand(hg);
		emit_bind(hg->e, resume);
		gen_tail(hg,
			 KES_TAIL_DECIDE + (hg->h->nr_loops ? hg->first_finish : hg->first_expand));
	}
	gen_epilogue(hg);
}

static void finish_program(struct hook_gen *hg, uint32_t stage, bool last,
			   const struct span_of_loops *s)
{
	int next = emit_label(hg->e);
	uint32_t mine = ((1u << s->nr) - 1) << s->first;

	for (uint32_t i = 0; i < s->nr; i++)
		gen_walk_slow(hg, s->first + i);
	emit_insn(hg->e, LOAD(BPF_DW, R1, FP, FP_SCRATCH));
	emit_insn(hg->e, LOAD(BPF_DW, R1, R1, 8 * SCRATCH_RESUME));
	emit_insn(hg->e, ALU_IMM(BPF_AND, R1, mine));
	emit_jump(hg->e, JUMP_IMM(BPF_JEQ, R1, 0), next);
	gen_tail(hg, KES_TAIL_DECIDE + stage);
	emit_bind(hg->e, next);
	gen_tail(hg, KES_TAIL_DECIDE + (last ? hg->first_expand : stage + 1));
	gen_epilogue(hg);
}

static int gen_hook(struct hook_gen *hg)
{
	const struct hook_plan *h = hg->h;
	struct span_of_loops walks[PLAN_MAX_LOOPS] = { 0 }, finishes[PLAN_MAX_LOOPS] = { 0 };
	uint32_t nr_walks = split_loops(h, 14 * WALK_FAST, 9 * WALK_FAST, walks), nr_finishes;
	size_t first = hg->g->nr_programs;
	uint32_t runs; /* tail calls of the longest way through the stages */

	nr_walks = nr_walks ? nr_walks : 1;
	nr_finishes = split_loops(h, 38 * PLAN_QUEUE, 49 * PLAN_QUEUE, finishes);
	hg->first_finish = nr_walks;
	hg->first_expand = nr_walks + nr_finishes;
	hg->first_decide = hg->first_expand + 1;
	runs = nr_walks + nr_finishes * ((KES_WINDOW + WALK_SLOW - 1) / WALK_SLOW) + 1 +
	       h->nr_stages + 1;
	if (KES_TAIL_DECIDE + hg->first_decide + h->nr_stages > KES_NR_TAILS ||
	    runs > MAX_TAIL_CALLS)
		return -E2BIG;
	for (uint32_t i = 0; i < nr_walks; i++) {
		program_begin(hg, "walk", i);
		walk_program(hg, i, nr_walks, &walks[i], walks[i].nr);
	}
	for (uint32_t i = 0; i < nr_finishes; i++) {
		program_begin(hg, "finish", hg->first_finish + i);
		finish_program(hg, hg->first_finish + i, i + 1 == nr_finishes, &finishes[i]);
	}
	program_begin(hg, "expand", hg->first_expand);
	gen_expand(hg);
	gen_epilogue(hg);
	for (uint32_t i = 0; i < h->nr_stages; i++) {
		program_begin(hg, "decide", hg->first_decide + i);
		gen_decide(hg, i);
		gen_epilogue(hg);
	}
	for (size_t i = first; i < hg->g->nr_programs; i++) {
		int err = emit_finish(&hg->g->programs[i].code);

		if (err)
			return err;
	}
	return 0;
}

bool gen_run(struct arena *a, const struct plan *plan, struct diags *d, struct gen *out)
{
	struct hook_gen common = { .g = out, .plan = plan };

	*out = (struct gen){ .arena = a, .plan = plan };
	common.units = all_unit_tables(out);
	common.ctz = ctz_table(out);
	common.chains = chain_table(out, &common.nr_chains);
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		struct hook_gen hg = common;
		int err;

		if (!plan->hooks[e].used)
			continue;
		hg.event = e;
		hg.h = &plan->hooks[e];
		hg.heads = head_table(out, e, &hg.nr_heads);
		err = gen_hook(&hg);
		if (err) {
			diag_error(d, (struct span){ 0 }, "the rules at %s are too large: %s",
				   event_kinds[e].name,
				   err == -E2BIG ? "more than 33 tail calls" : strerror(-err));
			return false;
		}
	}
	return true;
}
