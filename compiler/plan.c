// SPDX-License-Identifier: Apache-2.0
/*
 * plan.c - layout.
 *
 * in:  atoms with pivots, units
 * out: a struct plan; every number that gen.c and object.c write comes from here
 *
 * Bounds, each met by a diagnostic: 64 process units and 64 event units (undecided units are one
 * word), 16 loops and 20 decision stages a hook, 32 KiB of scratch (a per-CPU map value).
 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

#define STAGE_INSNS     20000 /* decision code of one program; jumps reach 32,767 */
#define PREDICATE_INSNS 8000  /* a larger predicate is left to user space once a pivot fired */
#define MAX_UNITS       64
#define SCRATCH_BYTES   32768

struct planner {
	struct arena *arena;
	struct atoms *atoms;
	struct automata *units;
	struct plan *plan;
	uint32_t *unit_of; /* by atom: any unit that decides it, or ATOM_NONE */
};

static uint32_t words_of(uint32_t bits)
{
	return (bits + 63) / 64;
}

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

uint32_t plan_formula_size(const struct formula *f)
{
	uint32_t size = 3;

	for (size_t i = 0; i < f->nr_kids; i++)
		size += plan_formula_size(f->kids[i]);
	return size;
}

static enum field_scope scope_of(const struct planner *p, uint32_t atom)
{
	return fields[p->atoms->v[atom].field].scope;
}

enum image { IMAGE_S, IMAGE_R, IMAGE_E, IMAGE_X, NR_IMAGES };

static void mark_atoms(const struct formula *f, bool *used)
{
	if (f->kind == FORMULA_ATOM)
		used[f->atom] = true;
	for (size_t i = 0; i < f->nr_kids; i++)
		mark_atoms(f->kids[i], used);
}

/* Atoms that some predicate tests at a hook other than exec. */
static bool *kept_atoms(const struct planner *p)
{
	bool *kept = arena_array(p->arena, p->atoms->nr + 1, bool);

	for (size_t i = 0; i < p->atoms->nr_predicates; i++) {
		for (int e = 0; e < KES_NR_EVENTS; e++) {
			if (e != KES_EXEC && p->atoms->predicates[i].at[e].formula)
				mark_atoms(p->atoms->predicates[i].at[e].formula, kept);
		}
	}
	return kept;
}

static enum image image_of(const struct planner *p, uint32_t atom, const bool *kept)
{
	switch (scope_of(p, atom)) {
	case SCOPE_PROCESS:
		return kept[atom] ? IMAGE_S : IMAGE_X;
	case SCOPE_PARENT:
		return IMAGE_R;
	default:
		return IMAGE_E;
	}
}

/* Bits in the order of atoms, so that a rule's atoms lie near each other. */
static void assign_bits(struct planner *p)
{
	struct plan *plan = p->plan;
	uint32_t nr[NR_IMAGES] = { 0 }, base[NR_IMAGES];
	bool *kept = kept_atoms(p);

	for (size_t i = 0; i < p->units->nr; i++) {
		for (size_t k = 0; k < p->units->v[i].nr_atoms; k++)
			p->unit_of[p->units->v[i].atoms[k]] = (uint32_t)i;
	}
	for (uint32_t i = 0; i < p->atoms->nr; i++) {
		if (p->atoms->v[i].lowering == ATOM_UNKNOWN)
			p->unit_of[i] = ATOM_NONE;
		if (p->unit_of[i] != ATOM_NONE)
			nr[image_of(p, i, kept)]++;
	}
	plan->nr_s = words_of(nr[IMAGE_S]);
	plan->nr_r = words_of(nr[IMAGE_R]);
	plan->nr_e = words_of(nr[IMAGE_E]);
	plan->nr_x = words_of(nr[IMAGE_X]);
	plan->nr_t = plan->nr_s + plan->nr_r + plan->nr_e + plan->nr_x;
	base[IMAGE_S] = 0;
	base[IMAGE_R] = 64 * plan->nr_s;
	base[IMAGE_E] = base[IMAGE_R] + 64 * plan->nr_r;
	base[IMAGE_X] = base[IMAGE_E] + 64 * plan->nr_e;
	memset(nr, 0, sizeof(nr));
	for (uint32_t i = 0; i < p->atoms->nr; i++) {
		enum image image = image_of(p, i, kept);

		if (p->unit_of[i] == ATOM_NONE)
			continue;
		if (image == IMAGE_R)
			p->atoms->v[i].parent_bit = nr[image];
		p->atoms->v[i].bit = base[image] + nr[image]++;
	}
}

/* Candidate slots: one a predicate, and every stage begins with a new word. */
static bool assign_slots(struct planner *p, enum kes_event_id e, struct diags *d)
{
	struct hook_plan *h = &p->plan->hooks[e];
	size_t cap = 0;
	uint32_t insns = 0;

	for (uint32_t i = 0; i < p->atoms->nr_predicates; i++) {
		struct predicate *pr = &p->atoms->predicates[i];
		struct predicate_at *at = &pr->at[e];
		uint32_t size;

		if (!at->formula)
			continue;
		size = plan_formula_size(at->formula);
		if (size > PREDICATE_INSNS) {
			at->left = true;
			pr->inexact = true;
			size = 3;
		}
		size += 16;
		if (h->nr_stages == 0 || insns + size > STAGE_INSNS) {
			if (h->nr_stages == PLAN_MAX_STAGES) {
				diag_error(d, (struct span){ 0 },
					   "too many rules at %s: more than %d stages of code",
					   event_kinds[e].name, PLAN_MAX_STAGES);
				return false;
			}
			while (h->nr_slots % 64)
				vec_push(p->arena, h->predicates, h->nr_slots, cap, ATOM_NONE);
			h->stages[h->nr_stages++].first_word = h->nr_slots / 64;
			insns = 0;
		}
		insns += size;
		at->slot = h->nr_slots;
		h->has_always |= at->always;
		h->nr_predicates++;
		vec_push(p->arena, h->predicates, h->nr_slots, cap, i);
	}
	for (uint32_t s = 0; s < h->nr_stages; s++) {
		uint32_t end =
			s + 1 < h->nr_stages ? h->stages[s + 1].first_word : words_of(h->nr_slots);

		h->stages[s].nr_words = end - h->stages[s].first_word;
	}
	if (words_of(h->nr_slots) > p->plan->nr_cand)
		p->plan->nr_cand = words_of(h->nr_slots);
	return true;
}

static bool number_units(struct planner *p, struct diags *d)
{
	uint32_t nr[2] = { 0, 0 };

	for (size_t i = 0; i < p->units->nr; i++) {
		struct unit *u = &p->units->v[i];

		u->nr = nr[u->process]++;
		if (u->nr_outsets > UINT16_MAX) {
			diag_error(d, (struct span){ 0 },
				   "too many different tests of %s: more than %d outcomes",
				   fields[u->field].name, UINT16_MAX);
			return false;
		}
		if (u->nr >= MAX_UNITS) {
			diag_error(d, (struct span){ 0 },
				   "too many automata: more than %d for %s fields", MAX_UNITS,
				   u->process ? "process" : "event");
			return false;
		}
	}
	return true;
}

static bool judged_at(const struct unit *u, enum kes_event_id e)
{
	return u->process ? e == KES_EXEC : (u->events & (1u << e)) != 0;
}

/*
 * Put a unit into a loop over its buffer. One that can die early is no reason for a second loop:
 * stepping along with the others costs less than beginning again.
 */
static bool loop_add(struct planner *p, struct hook_plan *h, uint32_t unit)
{
	const struct unit *u = &p->units->v[unit];
	enum string_mode mode = fields[u->field].mode;
	bool name = mode == MODE_NAME || mode == MODE_EXT;
	struct loop *l = NULL;

	for (size_t i = 0; i < h->nr_loops; i++) {
		if (h->loops[i].buffer == fields[u->field].judged && h->loops[i].name == name &&
		    h->loops[i].nr_units < PLAN_LOOP_UNITS)
			l = &h->loops[i];
	}
	if (!l) {
		struct loop fresh = { .buffer = fields[u->field].judged,
				      .name = name,
				      .dies = u->dfa.can_die };

		if (h->nr_loops == PLAN_MAX_LOOPS)
			return false;
		vec_push(p->arena, h->loops, h->nr_loops, h->cap_loops, fresh);
		l = &h->loops[h->nr_loops - 1];
	}
	l->dies &= u->dfa.can_die;
	l->units[l->nr_units++] = unit;
	return true;
}

static bool plan_walks(struct planner *p, enum kes_event_id e, struct diags *d)
{
	struct hook_plan *h = &p->plan->hooks[e];

	h->hit_base = arena_array(p->arena, p->units->nr + 1, uint32_t);
	for (uint32_t i = 0; i < p->units->nr; i++) {
		const struct unit *u = &p->units->v[i];

		if (!judged_at(u, e))
			continue;
		h->hit_base[i] = h->nr_hits;
		h->nr_hits += u->nr_outsets;
		if (!u->process)
			h->und_event |= 1ull << u->nr;
		if (u->number) {
			vec_push(p->arena, h->numbers, h->nr_numbers, h->cap_numbers, i);
			continue;
		}
		h->want |= KES_WANT(fields[u->field].judged);
		if (!loop_add(p, h, i)) {
			diag_error(d, (struct span){ 0 },
				   "too many automata at %s: more than %d loops",
				   event_kinds[e].name, PLAN_MAX_LOOPS);
			return false;
		}
	}
	h->nr_hits = 64 * words_of(h->nr_hits);
	return true;
}

/* Which process units matter at a hook: when one is undecided, so is the event. */
static void plan_dependence(struct planner *p, enum kes_event_id e)
{
	struct hook_plan *h = &p->plan->hooks[e];
	bool *used = arena_array(p->arena, p->atoms->nr + 1, bool);

	for (size_t i = 0; i < p->atoms->nr_predicates; i++) {
		if (p->atoms->predicates[i].at[e].formula)
			mark_atoms(p->atoms->predicates[i].at[e].formula, used);
	}
	for (size_t i = 0; i < p->units->nr; i++) {
		const struct unit *u = &p->units->v[i];

		for (size_t k = 0; k < u->nr_atoms && u->process; k++) {
			if (!used[u->atoms[k]])
				continue;
			h->uses_process = true;
			if (scope_of(p, u->atoms[k]) == SCOPE_PROCESS)
				h->und_self |= 1ull << u->nr;
			else
				h->und_parent |= 1ull << u->nr;
		}
	}
}

/* Collects (word, mask) pairs, one a word, before they become a chain. */
struct pair {
	uint32_t word;
	uint64_t mask;
};

struct chain {
	struct arena *arena;
	struct pair *v;
	size_t nr, cap;
};

static void chain_bit(struct chain *c, uint32_t word, uint32_t bit)
{
	struct pair pair = { .word = word, .mask = 1ull << bit };

	for (size_t i = 0; i < c->nr; i++) {
		if (c->v[i].word == word) {
			c->v[i].mask |= pair.mask;
			return;
		}
	}
	vec_push(c->arena, c->v, c->nr, c->cap, pair);
}

/* Append to the plan's chains; returns the head, 0 for an empty chain. */
static uint32_t chain_finish(struct planner *p, const struct chain *c)
{
	struct plan *plan = p->plan;
	uint32_t head = (uint32_t)plan->nr_chains;

	for (size_t i = 0; i < c->nr; i += CHAIN_PAIRS) {
		struct chain_entry e = { 0 };

		for (size_t k = 0; k < CHAIN_PAIRS && i + k < c->nr; k++) {
			e.word[k] = (uint16_t)c->v[i + k].word;
			e.mask[k] = c->v[i + k].mask;
		}
		e.next = i + CHAIN_PAIRS < c->nr ? (uint32_t)plan->nr_chains + 1 : 0;
		vec_push(p->arena, plan->chains, plan->nr_chains, plan->cap_chains, e);
	}
	return c->nr ? head : 0;
}

struct wakes { /* the candidate slots that an atom wakes at one hook */
	uint32_t *v;
	size_t nr, cap;
};

static struct wakes *wakes_of(struct planner *p, enum kes_event_id e)
{
	struct wakes *w = arena_array(p->arena, p->atoms->nr + 1, struct wakes);

	for (size_t i = 0; i < p->atoms->nr_predicates; i++) {
		const struct predicate_at *at = &p->atoms->predicates[i].at[e];

		for (size_t k = 0; at->formula && !at->always && k < at->nr_pivots; k++) {
			struct wakes *x = &w[at->pivots[k]];

			vec_push(p->arena, x->v, x->nr, x->cap, at->slot);
		}
	}
	return w;
}

static void chain_wakes(struct planner *p, struct chain *c, enum kes_event_id e,
			const struct wakes *w)
{
	const struct hook_plan *h = &p->plan->hooks[e];

	for (size_t i = 0; i < w->nr; i++) {
		uint32_t word = w->v[i] / 64, stage = 0;

		chain_bit(c, p->plan->at_cand + word, w->v[i] % 64);
		while (word >= h->stages[stage].first_word + h->stages[stage].nr_words)
			stage++;
		chain_bit(c, SCRATCH_STAGES, stage);
	}
}

/* At which hooks other than exec (at exec too for parent atoms) an atom is a pivot. */
static uint64_t *gates_of(struct planner *p)
{
	uint64_t *gates = arena_array(p->arena, p->atoms->nr + 1, uint64_t);

	for (int e = 0; e < KES_NR_EVENTS; e++) {
		for (size_t i = 0; i < p->atoms->nr_predicates; i++) {
			const struct predicate_at *at = &p->atoms->predicates[i].at[e];

			for (size_t k = 0; at->formula && !at->always && k < at->nr_pivots; k++)
				gates[at->pivots[k]] |= 1ull << e;
		}
	}
	return gates;
}

static void chain_atom(struct planner *p, struct chain *c, enum kes_event_id e, uint32_t atom,
		       const struct wakes *wakes, const uint64_t *gates)
{
	const struct plan *plan = p->plan;
	const struct atom *x = &p->atoms->v[atom];
	bool parent = scope_of(p, atom) == SCOPE_PARENT;

	if (x->bit == ATOM_NONE) /* given up after a part of it was built */
		return;
	if (parent)
		chain_bit(c, plan->at_c + x->parent_bit / 64, x->parent_bit % 64);
	else
		chain_bit(c, plan->at_s + x->bit / 64, x->bit % 64);
	for (uint32_t g = 0; g < KES_NR_EVENTS; g++) {
		if (scope_of(p, atom) != SCOPE_EVENT && (gates[atom] & (1ull << g)))
			chain_bit(c, SCRATCH_PB + (parent ? PB_GATE_CHILD : PB_GATE_SELF), g);
	}
	if (!parent)
		chain_wakes(p, c, e, &wakes[atom]);
}

static void plan_chains(struct planner *p, enum kes_event_id e, const uint64_t *gates)
{
	struct plan *plan = p->plan;
	struct hook_plan *h = &plan->hooks[e];
	struct wakes *wakes = wakes_of(p, e);

	/* Process bits that are pivots here. At exec the own ones come from the walk itself. */
	for (uint32_t i = 0; i < p->atoms->nr; i++) {
		enum field_scope scope = scope_of(p, i);
		uint32_t word = p->atoms->v[i].bit / 64;
		struct pivot_word *pw = NULL;

		if (wakes[i].nr == 0 || p->unit_of[i] == ATOM_NONE ||
		    !(scope == SCOPE_PARENT || (scope == SCOPE_PROCESS && e != KES_EXEC)))
			continue;
		for (size_t k = 0; k < h->nr_pivot_words; k++) {
			if (h->pivot_words[k].word == word)
				pw = &h->pivot_words[k];
		}
		if (!pw) {
			struct pivot_word fresh = { .word = word, .hit_word = h->nr_hits / 64 };

			vec_push(p->arena, h->pivot_words, h->nr_pivot_words, h->cap_pivot_words,
				 fresh);
			h->nr_hits += 64;
			pw = &h->pivot_words[h->nr_pivot_words - 1];
		}
		pw->mask |= 1ull << (p->atoms->v[i].bit % 64);
	}
	h->heads = arena_array(p->arena, h->nr_hits + 1, uint32_t);
	for (uint32_t i = 0; i < p->units->nr; i++) {
		const struct unit *u = &p->units->v[i];

		for (uint32_t o = 1; judged_at(u, e) && o < u->nr_outsets; o++) {
			struct chain c = { .arena = p->arena };

			for (size_t k = 0; k < u->outsets[o].nr; k++)
				chain_atom(p, &c, e, u->outsets[o].atoms[k], wakes, gates);
			h->heads[h->hit_base[i] + o] = chain_finish(p, &c);
		}
	}
	for (uint32_t i = 0; i < p->atoms->nr; i++) {
		for (size_t k = 0; k < h->nr_pivot_words && wakes[i].nr; k++) {
			const struct pivot_word *pw = &h->pivot_words[k];
			struct chain c = { .arena = p->arena };

			if (p->unit_of[i] == ATOM_NONE || pw->word != p->atoms->v[i].bit / 64)
				continue;
			chain_wakes(p, &c, e, &wakes[i]);
			h->heads[64 * pw->hit_word + p->atoms->v[i].bit % 64] = chain_finish(p, &c);
		}
	}
}

static bool layout(struct planner *p, struct diags *d)
{
	struct plan *plan = p->plan;
	uint32_t at = SCRATCH_PB + PB_HEADER, hits = 64;

	for (int e = 0; e < KES_NR_EVENTS; e++) {
		/* An upper bound: process bits add at most a word for each of S and R. */
		uint32_t nr = plan->hooks[e].nr_hits + 64 * (plan->nr_s + plan->nr_r);

		hits = nr > hits ? nr : hits;
	}
	plan->nr_h0 = power_of_two(words_of(hits));
	plan->nr_h1 = power_of_two(words_of(plan->nr_h0));
	plan->at_c = at;
	plan->at_s = at += plan->nr_r;
	plan->at_r = at += plan->nr_s;
	plan->at_e = at += plan->nr_r;
	plan->pb_words = plan->at_e - SCRATCH_PB;
	plan->at_cand = at += plan->nr_e + plan->nr_x;
	plan->at_m = at += plan->nr_cand;
	plan->at_queue = at += plan->nr_t;
	plan->at_h1 = at += 2 * PLAN_QUEUE;
	plan->at_h0 = at += plan->nr_h1;
	at += plan->nr_h0;
	plan->scratch_words = power_of_two(at); /* chains mask their word with it */
	if (plan->nr_h1 <= 64 && 8 * plan->scratch_words <= SCRATCH_BYTES)
		return true;
	diag_error(d, (struct span){ 0 },
		   "too many different tests: %u bytes of scratch, at most %d",
		   8 * plan->scratch_words, SCRATCH_BYTES);
	return false;
}

static void mark_used(struct planner *p)
{
	static const bool context[KES_NR_EVENTS] = {
		[KES_FORK] = true, [KES_EXEC] = true, [KES_EXIT] = true
	};

	for (int e = 0; e < KES_NR_EVENTS; e++) {
		p->plan->hooks[e].context = context[e];
		p->plan->hooks[e].used = context[e] || p->plan->hooks[e].nr_predicates > 0;
	}
}

bool plan_run(struct arena *a, struct atoms *atoms, struct automata *units, struct diags *d,
	      struct plan *out)
{
	struct planner p = { .arena = a, .atoms = atoms, .units = units, .plan = out };
	uint64_t *gates;

	*out = (struct plan){ .atoms = atoms, .units = units };
	vec_push(a, out->chains, out->nr_chains, out->cap_chains, (struct chain_entry){ 0 });
	p.unit_of = arena_array(a, atoms->nr + 1, uint32_t);
	memset(p.unit_of, 0xff, (atoms->nr + 1) * sizeof(*p.unit_of));
	assign_bits(&p);
	if (!number_units(&p, d))
		return false;
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		if (!assign_slots(&p, e, d) || !plan_walks(&p, e, d))
			return false;
		plan_dependence(&p, e);
	}
	mark_used(&p);
	if (!layout(&p, d))
		return false;
	gates = gates_of(&p);
	for (int e = 0; e < KES_NR_EVENTS; e++)
		plan_chains(&p, e, gates);
	return true;
}

static void hook_dump(FILE *out, const struct plan *plan, enum kes_event_id e)
{
	const struct hook_plan *h = &plan->hooks[e];

	fprintf(out, "%s: %u predicates, %zu loops, %zu numbers, %u hits, %u stages%s%s\n",
		event_kinds[e].name, h->nr_predicates, h->nr_loops, h->nr_numbers, h->nr_hits,
		h->nr_stages, h->context ? ", context" : "", h->has_always ? ", always" : "");
	for (size_t i = 0; i < h->nr_loops; i++) {
		fprintf(out, "  loop over buffer %d%s%s: units", h->loops[i].buffer,
			h->loops[i].name ? ", its name" : "",
			h->loops[i].dies ? ", dies early" : "");
		for (uint32_t k = 0; k < h->loops[i].nr_units; k++)
			fprintf(out, " %u", h->loops[i].units[k]);
		fputc('\n', out);
	}
	for (uint32_t s = 0; s < h->nr_slots; s++) {
		if (h->predicates[s] != ATOM_NONE)
			fprintf(out, "  candidate %u: %s\n", s,
				plan->atoms->predicates[h->predicates[s]].rule->id);
	}
	for (size_t i = 0; i < h->nr_pivot_words; i++)
		fprintf(out, "  process pivots: word %u mask %#llx\n", h->pivot_words[i].word,
			(unsigned long long)h->pivot_words[i].mask);
}

void plan_dump(FILE *out, const struct plan *plan)
{
	fprintf(out,
		"words: S %u, R %u, E %u, X %u, candidates %u, H0 %u, H1 %u, scratch %u, PB %u\n",
		plan->nr_s, plan->nr_r, plan->nr_e, plan->nr_x, plan->nr_cand, plan->nr_h0,
		plan->nr_h1, plan->scratch_words, plan->pb_words);
	for (size_t i = 0; i < plan->atoms->nr; i++) {
		const struct atom *x = &plan->atoms->v[i];

		if (x->bit != ATOM_NONE)
			fprintf(out, "a%zu: bit %u\n", i, x->bit);
	}
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		if (plan->hooks[e].used)
			hook_dump(out, plan, e);
	}
}
