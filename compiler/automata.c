// SPDX-License-Identifier: Apache-2.0
/*
 * automata.c - atoms to units.
 *
 * in:  interned atoms
 * out: for every string that rules test, few automata that decide all its atoms together; for
 *	every number, one sorted table of thresholds
 *
 * Patterns on one string are of three kinds: *anchored* ones, whose automaton dies early on a string
 * that begins like none of them; *floating* ones (`*x`, `*x*`), linear in size together; and *gapped*
 * ones, with a `*` inside, whose product can explode. They are built as one automaton when its size
 * stays in proportion to the patterns, which it mostly does for few rules. Otherwise each kind is
 * split in halves until the parts fit DFA_MAX_STATES. Gapped patterns that still do not fit into
 * GAPPED_MAX automata are replaced by their longest piece, which makes their atoms supersets: a
 * clear bit is a certain no.
 */
#include "automata.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

#define GAPPED_STATES 16384 /* per automaton of gapped patterns: they double where others add */
#define GAPPED_WORTH  8 /* an automaton that holds less than one in so many is not worth its steps */
#define GAPPED_MAX    1  /* automata of gapped patterns for one string */
#define GAPPED_JOINED 24 /* more gapped patterns are not tried in one automaton with the others */

enum pattern_kind { ANCHORED, FLOATING, GAPPED, NR_PATTERN_KINDS };

struct patterns {
	struct pattern *v;
	size_t nr, cap;
};

/* One string as one mode: everything that is decided over it. */
struct input {
	enum kes_buffer buffer;
	enum string_mode mode;
	enum field_id field;
	bool process;
	uint32_t events;
	struct patterns kinds[NR_PATTERN_KINDS];
};

struct build {
	struct arena *arena;
	struct atoms *atoms;
	struct automata *out;
	struct input inputs[KES_NR_BUFFERS * NR_MODES];
	size_t nr_inputs;
	uint32_t *uses; /* by atom: hooks whose predicates use it */
};

static bool is_process(const struct field *f)
{
	return f->scope == SCOPE_PROCESS || f->scope == SCOPE_PARENT;
}

static struct input *input_get(struct build *b, enum field_id field)
{
	const struct field *f = &fields[field];
	struct input *in;

	for (size_t i = 0; i < b->nr_inputs; i++) {
		in = &b->inputs[i];
		if (in->buffer == f->judged && in->mode == f->mode && in->process == is_process(f))
			return in;
	}
	in = &b->inputs[b->nr_inputs++];
	*in = (struct input){
		.buffer = f->judged, .mode = f->mode, .field = field, .process = is_process(f)
	};
	return in;
}

static enum pattern_kind kind_of(const struct pattern *p, enum string_mode mode)
{
	size_t begin = 0, end = p->text.len;
	bool restarts = mode == MODE_EXT || mode == MODE_EACH;

	if (p->exact || p->any)
		return restarts ? FLOATING : ANCHORED;
	if (p->inside) /* in EXT the hit is remembered to the end, as a gap is */
		return mode == MODE_EXT ? GAPPED : FLOATING;
	while (begin < end && p->text.s[begin] == '*')
		begin++;
	while (end > begin && p->text.s[end - 1] == '*')
		end--;
	if (memchr(p->text.s + begin, '*', end - begin))
		return GAPPED;
	if (end < p->text.len && mode == MODE_EXT)
		return GAPPED;
	return begin > 0 || restarts ? FLOATING : ANCHORED;
}

static void pattern_add(struct build *b, struct input *in, struct pattern p)
{
	enum pattern_kind kind;

	if (!p.exact && !p.inside) {
		size_t stars = 0;

		while (stars < p.text.len && p.text.s[stars] == '*')
			stars++;
		p.any = p.text.len > 0 && stars == p.text.len;
	}
	kind = kind_of(&p, in->mode);
	vec_push(b->arena, in->kinds[kind].v, in->kinds[kind].nr, in->kinds[kind].cap, p);
}

/* Hand the literals of a string atom to its input. False: no lowering. */
static bool add_string_atom(struct build *b, uint32_t nr)
{
	struct atom *atom = &b->atoms->v[nr];
	const struct node *leaf = atom->leaf;
	struct input *in;

	if (leaf->op >= OP_LT && leaf->op <= OP_GE) {
		atom->reason = "strings are ordered in user space";
		return false;
	}
	for (size_t i = 0; i < leaf->leaf.nr_lits; i++) {
		if (leaf->leaf.lits[i].s.len > KES_WINDOW) {
			atom->reason = "a literal is longer than what the kernel reads";
			return false;
		}
	}
	in = input_get(b, atom->field);
	in->events |= b->uses[nr];
	if (leaf->op == OP_EXISTS)
		pattern_add(b, in, (struct pattern){ .any = true, .inside = true, .atom = nr });
	for (size_t i = 0; i < leaf->leaf.nr_lits; i++)
		pattern_add(b, in,
			    (struct pattern){ .text = leaf->leaf.lits[i].s,
					      .exact = leaf->op == OP_EQ,
					      .inside = leaf->op == OP_CONTAINS,
					      .any = leaf->op == OP_CONTAINS &&
						     leaf->leaf.lits[i].s.len == 0,
					      .fold = leaf->fold,
					      .atom = nr });
	return true;
}

static int try_build(struct build *b, enum string_mode mode, const struct pattern *v, size_t nr,
		     uint32_t max_states, struct dfa *dfa)
{
	autoptr(arena) tmp = arena_new();
	struct nfa nfa;

	nfa_init(&nfa, tmp, mode);
	for (size_t i = 0; i < nr; i++)
		nfa_add(&nfa, &v[i]);
	return dfa_build(b->arena, &nfa, max_states, dfa);
}

static int by_number(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

static void unit_take_atoms(struct arena *a, struct unit *u)
{
	size_t cap = 0, nr = 0;

	for (uint32_t o = 0; o < u->nr_outsets; o++) {
		for (size_t i = 0; i < u->outsets[o].nr; i++)
			vec_push(a, u->atoms, nr, cap, u->outsets[o].atoms[i]);
	}
	if (nr)
		qsort(u->atoms, nr, sizeof(*u->atoms), by_number);
	for (size_t i = 0; i < nr; i++) {
		if (i == 0 || u->atoms[i] != u->atoms[i - 1])
			u->atoms[u->nr_atoms++] = u->atoms[i];
	}
}

static void unit_add(struct build *b, const struct input *in, const struct dfa *dfa)
{
	struct unit u = { .process = in->process,
			  .field = in->field,
			  .events = in->events,
			  .dfa = *dfa,
			  .outsets = dfa->outsets,
			  .nr_outsets = dfa->nr_outsets };

	unit_take_atoms(b->arena, &u);
	if (u.nr_atoms)
		vec_push(b->arena, b->out->v, b->out->nr, b->out->cap, u);
}

static void give_up(struct build *b, uint32_t atom, const char *reason)
{
	b->atoms->v[atom].lowering = ATOM_UNKNOWN;
	b->atoms->v[atom].reason = reason;
}

/* States that patterns may need before their product counts as exploding. */
static uint32_t fair_size(const struct pattern *v, size_t nr, uint32_t factor, uint32_t max)
{
	uint64_t size = 256;

	for (size_t i = 0; i < nr; i++)
		size += (uint64_t)factor * (v[i].text.len + 1);
	return size < max ? (uint32_t)size : max;
}

/* All patterns of some kinds in one automaton, if that is no larger than fair. */
static bool build_joined(struct build *b, const struct input *in, bool gapped)
{
	struct patterns all = { 0 };
	struct dfa dfa;

	for (int k = 0; k < (gapped ? NR_PATTERN_KINDS : GAPPED); k++) {
		for (size_t i = 0; i < in->kinds[k].nr; i++)
			vec_push(b->arena, all.v, all.nr, all.cap, in->kinds[k].v[i]);
	}
	if (all.nr == 0)
		return true;
	if (try_build(b, in->mode, all.v, all.nr, fair_size(all.v, all.nr, 4, DFA_MAX_STATES),
		      &dfa))
		return false;
	unit_add(b, in, &dfa);
	return true;
}

/* One automaton for v[0..nr), or two for its halves, and so on. */
static void build_split(struct build *b, const struct input *in, const struct pattern *v, size_t nr)
{
	struct dfa dfa;

	if (nr == 0)
		return;
	if (try_build(b, in->mode, v, nr, DFA_MAX_STATES, &dfa) == 0) {
		unit_add(b, in, &dfa);
		return;
	}
	if (nr == 1) {
		give_up(b, v->atom, "a literal is too long for an automaton");
		return;
	}
	build_split(b, in, v, nr / 2);
	build_split(b, in, v + nr / 2, nr - nr / 2);
}

/* The piece of a gapped pattern that stands for it when it is too much. */
static struct string longest_piece(struct string s)
{
	struct string best = { "", 0 };
	uint32_t begin = 0;

	for (uint32_t i = 0; i <= s.len; i++) {
		if (i < s.len && s.s[i] != '*' && s.s[i] != '?')
			continue;
		if (i - begin > best.len)
			best = (struct string){ s.s + begin, i - begin };
		begin = i + 1;
	}
	return best;
}

static void weaken(struct build *b, struct input *in, struct pattern p)
{
	static const char reason[] = "its patterns exceed the automata budget of the field";

	if (in->mode == MODE_EXT || p.inside) {
		give_up(b, p.atom, reason);
		return;
	}
	if (b->atoms->v[p.atom].lowering == ATOM_EXACT) {
		b->atoms->v[p.atom].lowering = ATOM_SUPERSET;
		b->atoms->v[p.atom].reason = reason;
	}
	p.text = longest_piece(p.text);
	p.inside = true;
	p.any = p.text.len == 0;
	vec_push(b->arena, in->kinds[FLOATING].v, in->kinds[FLOATING].nr, in->kinds[FLOATING].cap,
		 p);
}

/* As many gapped patterns as fit, in order; the rest is weakened. */
static void build_gapped(struct build *b, struct input *in)
{
	const struct patterns *g = &in->kinds[GAPPED];
	size_t done = 0;

	for (int k = 0; k < GAPPED_MAX && done < g->nr; k++) {
		size_t nr = g->nr - done;
		struct dfa dfa;

		while (nr > 0 && try_build(b, in->mode, g->v + done, nr,
					   fair_size(g->v + done, nr, 8, GAPPED_STATES), &dfa) != 0)
			nr /= 2;
		if (nr == 0 || nr < g->nr / GAPPED_WORTH)
			break;
		unit_add(b, in, &dfa);
		done += nr;
	}
	for (; done < g->nr; done++)
		weaken(b, in, g->v[done]);
}

static void build_input(struct build *b, struct input *in)
{
	if (in->kinds[GAPPED].nr <= GAPPED_JOINED && build_joined(b, in, true))
		return;
	build_gapped(b, in);
	if (build_joined(b, in, false))
		return;
	build_split(b, in, in->kinds[ANCHORED].v, in->kinds[ANCHORED].nr);
	build_split(b, in, in->kinds[FLOATING].v, in->kinds[FLOATING].nr);
}

/* The atoms of one number that are true in a region, given any value of it. */
static bool number_holds(const struct node *leaf, int64_t v)
{
	for (size_t i = 0; i < leaf->leaf.nr_lits; i++) {
		int64_t c = leaf->leaf.lits[i].i;

		if ((leaf->op == OP_EQ && v == c) || (leaf->op == OP_LT && v < c) ||
		    (leaf->op == OP_LE && v <= c) || (leaf->op == OP_GT && v > c) ||
		    (leaf->op == OP_GE && v >= c))
			return true;
	}
	return leaf->op == OP_EXISTS;
}

static int by_value(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

static void collect_thresholds(struct build *b, struct unit *u, const uint32_t *nrs, size_t nr)
{
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < nr; i++) {
		const struct node *leaf = b->atoms->v[nrs[i]].leaf;

		for (size_t k = 0; k < leaf->leaf.nr_lits; k++)
			vec_push(b->arena, u->thresholds, n, cap, leaf->leaf.lits[k].i);
	}
	if (n)
		qsort(u->thresholds, n, sizeof(*u->thresholds), by_value);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || u->thresholds[i] != u->thresholds[i - 1])
			u->thresholds[u->nr_thresholds++] = u->thresholds[i];
	}
}

/* A value inside region r: the threshold itself, or one beside it; false when there is none. */
static bool region_value(const struct unit *u, size_t r, int64_t *v)
{
	size_t i = r / 2;

	if (r & 1) {
		*v = u->thresholds[i];
		return true;
	}
	if (i < u->nr_thresholds) {
		if (u->thresholds[i] == INT64_MIN)
			return false;
		*v = u->thresholds[i] - 1;
		return i == 0 || *v > u->thresholds[i - 1];
	}
	if (i == 0) {
		*v = 0;
		return true;
	}
	if (u->thresholds[i - 1] == INT64_MAX)
		return false;
	*v = u->thresholds[i - 1] + 1;
	return true;
}

static void build_number(struct build *b, enum field_id field, const uint32_t *nrs, size_t nr)
{
	struct unit u = { .process = is_process(&fields[field]), .number = true, .field = field };
	struct strtab *outs = strtab_new(b->arena);
	uint32_t *true_here = arena_array(b->arena, nr, uint32_t);
	size_t len;

	collect_thresholds(b, &u, nrs, nr);
	strtab_put(outs, "", 0, NULL);
	u.region_out = arena_array(b->arena, 2 * u.nr_thresholds + 1, uint32_t);
	for (size_t r = 0; r < 2 * u.nr_thresholds + 1; r++) {
		size_t n = 0;
		int64_t v;

		for (size_t i = 0; i < nr && region_value(&u, r, &v); i++) {
			if (number_holds(b->atoms->v[nrs[i]].leaf, v))
				true_here[n++] = nrs[i];
		}
		u.region_out[r] = strtab_put(outs, true_here, n * sizeof(*true_here), NULL);
	}
	for (size_t i = 0; i < nr; i++)
		u.events |= b->uses[nrs[i]];
	u.nr_outsets = strtab_size(outs);
	u.outsets = arena_array(b->arena, u.nr_outsets, struct outset);
	for (uint32_t o = 0; o < u.nr_outsets; o++) {
		const void *key = strtab_key(outs, o, &len);

		u.outsets[o].nr = len / sizeof(uint32_t);
		u.outsets[o].atoms = (uint32_t *)arena_strndup(b->arena, key, len);
	}
	unit_take_atoms(b->arena, &u);
	vec_push(b->arena, b->out->v, b->out->nr, b->out->cap, u);
}

/* Fields whose atoms one table decides: the field itself, and its PARENT twin. */
static bool same_number(enum field_id x, enum field_id y)
{
	return x == y || (is_process(&fields[x]) && is_process(&fields[y]) &&
			  fields[x].judged_offset == fields[y].judged_offset);
}

static void build_numbers(struct build *b)
{
	bool *done = arena_array(b->arena, b->atoms->nr + 1, bool);
	uint32_t *nrs = arena_array(b->arena, b->atoms->nr + 1, uint32_t);

	for (uint32_t i = 0; i < b->atoms->nr; i++) {
		enum field_id field = b->atoms->v[i].field;
		size_t nr = 0;

		if (done[i] || fields[field].source != SOURCE_NUMBER ||
		    b->atoms->v[i].lowering == ATOM_UNKNOWN)
			continue;
		for (uint32_t k = i; k < b->atoms->nr; k++) {
			if (fields[b->atoms->v[k].field].source != SOURCE_NUMBER ||
			    !same_number(field, b->atoms->v[k].field) ||
			    b->atoms->v[k].lowering == ATOM_UNKNOWN)
				continue;
			nrs[nr++] = k;
			done[k] = true;
		}
		build_number(b, field, nrs, nr);
	}
}

static void formula_uses(const struct formula *f, uint32_t event, uint32_t *uses)
{
	if (f->kind == FORMULA_ATOM)
		uses[f->atom] |= event;
	for (size_t i = 0; i < f->nr_kids; i++)
		formula_uses(f->kids[i], event, uses);
}

static bool lower_atom(struct build *b, uint32_t nr)
{
	struct atom *atom = &b->atoms->v[nr];
	const struct field *f = &fields[atom->field];

	if (f->source == SOURCE_STRING)
		return add_string_atom(b, nr);
	if (f->source == SOURCE_ENTITY) {
		atom->reason = "the field is computed in user space";
		return false;
	}
	if (atom->leaf->op == OP_LIKE || atom->leaf->op == OP_CONTAINS) {
		atom->reason = "a number is matched as text in user space";
		return false;
	}
	return true;
}

void automata_run(struct arena *a, struct atoms *atoms, struct automata *out)
{
	struct build *b = arena_new_of(a, struct build);

	*out = (struct automata){ 0 };
	*b = (struct build){ .arena = a, .atoms = atoms, .out = out };
	b->uses = arena_array(a, atoms->nr + 1, uint32_t);
	for (size_t i = 0; i < atoms->nr_predicates; i++) {
		for (int e = 0; e < KES_NR_EVENTS; e++) {
			if (atoms->predicates[i].at[e].formula)
				formula_uses(atoms->predicates[i].at[e].formula, 1u << e, b->uses);
		}
	}
	for (uint32_t i = 0; i < atoms->nr; i++) {
		if (!lower_atom(b, i))
			atoms->v[i].lowering = ATOM_UNKNOWN;
	}
	for (size_t i = 0; i < b->nr_inputs; i++)
		build_input(b, &b->inputs[i]);
	build_numbers(b);
}

static void unit_title(FILE *out, const struct unit *u)
{
	static const char *const modes[] = { "whole", "name", "ext", "each", "joined" };
	static const char *const buffers[] = {
#define BUFFER(id, name) name,
#include "../kern/schema.def"
	};
	const struct field *f = &fields[u->field];

	fprintf(out, "%s %s ", u->process ? "process" : "event", u->number ? "number" : "string");
	if (u->number)
		fputs(f->name, out);
	else
		fprintf(out, "%s %s", buffers[f->judged], modes[f->mode]);
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		if (u->events & (1u << e))
			fprintf(out, " @%s", event_kinds[e].name);
	}
	fprintf(out, ": %zu atoms", u->nr_atoms);
}

static void thresholds_dump(FILE *out, const struct unit *u)
{
	for (size_t r = 0; r < 2 * u->nr_thresholds + 1; r++) {
		const struct outset *o = &u->outsets[u->region_out[r]];

		if (o->nr == 0)
			continue;
		if (r & 1)
			fprintf(out, "  == %lld fires", (long long)u->thresholds[r / 2]);
		else if (r / 2 < u->nr_thresholds)
			fprintf(out, "  < %lld fires", (long long)u->thresholds[r / 2]);
		else
			fputs("  above fires", out);
		for (size_t i = 0; i < o->nr; i++)
			fprintf(out, " a%u", o->atoms[i]);
		fputc('\n', out);
	}
}

void automata_dump(FILE *out, const struct automata *units, const struct atoms *atoms)
{
	for (size_t i = 0; i < units->nr; i++) {
		const struct unit *u = &units->v[i];

		fprintf(out, "unit %zu ", i);
		unit_title(out, u);
		if (u->number) {
			fprintf(out, ", %zu thresholds\n", u->nr_thresholds);
			thresholds_dump(out, u);
		} else {
			fprintf(out, ", %u states, %u classes%s\n", u->dfa.nr_states,
				u->dfa.nr_classes, u->dfa.can_die ? ", dies early" : "");
			dfa_dump(out, &u->dfa);
		}
	}
	for (size_t i = 0; i < atoms->nr; i++) {
		if (atoms->v[i].reason)
			fprintf(out, "a%zu is not exact: %s\n", i, atoms->v[i].reason);
	}
}
