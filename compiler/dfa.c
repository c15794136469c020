// SPDX-License-Identifier: Apache-2.0
/*
 * dfa.c - subset construction, minimisation, byte classes.
 *
 * in:  an NFA whose nodes accept on entry
 * out: the equivalent minimal DFA over byte classes
 *
 * Bounds: at most max_states states; the construction stops as soon as it needs one more.
 */
#include "dfa.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "err.h"

/* A growing list of node numbers, reused for every class. */
struct bucket {
	uint32_t *v;
	size_t nr, cap;
};

struct subset {
	struct arena *arena; /* temporary */
	const struct nfa *nfa;
	uint16_t class_of[NFA_SYMBOLS];
	uint32_t nr_classes;
	struct strtab *sets;    /* sorted node numbers -> state */
	struct strtab *outs;    /* sorted atoms -> output set */
	struct bucket *buckets; /* by class */
	struct bucket atoms;
	uint32_t *next;
	size_t nr_next, cap_next;
	uint32_t *out;
	size_t nr_out, cap_out;
	uint32_t max_states;
	bool too_large;
};

/* Classes are intervals of symbols between the borders of edges, so an edge covers a run of them. */
static void classes_init(struct subset *s)
{
	bool border[NFA_SYMBOLS + 1] = { false };
	uint32_t class = 0;

	border[NFA_END] = true;
	for (size_t i = 0; i < s->nfa->nr_nodes; i++) {
		const struct nfa_node *n = &s->nfa->nodes[i];

		for (size_t e = 0; e < n->nr_edges; e++) {
			border[n->edges[e].lo] = true;
			border[n->edges[e].hi + 1] = true;
		}
	}
	for (int sym = 0; sym < NFA_SYMBOLS; sym++) {
		class += sym > 0 && border[sym];
		s->class_of[sym] = (uint16_t) class;
	}
	s->nr_classes = class + 1;
}

static void bucket_add(struct subset *s, struct bucket *b, uint32_t node)
{
	for (; node; node = s->nfa->nodes[node].gap)
		vec_push(s->arena, b->v, b->nr, b->cap, node);
}

static int by_number(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

/* Sort and drop repeated numbers; sets are small, so insertion beats qsort up to some size. */
static void bucket_normalise(struct bucket *b)
{
	size_t out = 0;

	if (b->nr > 32) {
		qsort(b->v, b->nr, sizeof(*b->v), by_number);
	} else {
		for (size_t i = 1; i < b->nr; i++) {
			uint32_t x = b->v[i];
			size_t k = i;

			for (; k > 0 && b->v[k - 1] > x; k--)
				b->v[k] = b->v[k - 1];
			b->v[k] = x;
		}
	}
	for (size_t i = 0; i < b->nr; i++) {
		if (i == 0 || b->v[i] != b->v[i - 1])
			b->v[out++] = b->v[i];
	}
	b->nr = out;
}

static uint32_t outset_of(struct subset *s, const struct bucket *set)
{
	s->atoms.nr = 0;
	for (size_t i = 0; i < set->nr; i++) {
		const struct nfa_node *n = &s->nfa->nodes[set->v[i]];

		for (size_t k = 0; k < n->nr_accepts; k++)
			vec_push(s->arena, s->atoms.v, s->atoms.nr, s->atoms.cap, n->accepts[k]);
	}
	bucket_normalise(&s->atoms);
	return strtab_put(s->outs, s->atoms.v, s->atoms.nr * sizeof(uint32_t), NULL);
}

static uint32_t state_of(struct subset *s, struct bucket *set)
{
	bool added;
	uint32_t nr;

	bucket_normalise(set);
	nr = strtab_put(s->sets, set->v, set->nr * sizeof(uint32_t), &added);
	if (!added)
		return nr;
	if (nr >= s->max_states) {
		s->too_large = true;
		return 0;
	}
	vec_push(s->arena, s->out, s->nr_out, s->cap_out, outset_of(s, set));
	return nr;
}

static void expand_state(struct subset *s, uint32_t state)
{
	size_t len;
	const uint32_t *set = strtab_key(s->sets, state, &len);

	for (uint32_t c = 0; c < s->nr_classes; c++)
		s->buckets[c].nr = 0;
	for (size_t i = 0; i < len / sizeof(uint32_t); i++) {
		const struct nfa_node *n = &s->nfa->nodes[set[i]];

		for (size_t e = 0; e < n->nr_edges; e++) {
			uint32_t last = s->class_of[n->edges[e].hi];

			for (uint32_t c = s->class_of[n->edges[e].lo]; c <= last; c++)
				bucket_add(s, &s->buckets[c], n->edges[e].target);
		}
	}
	for (uint32_t c = 0; c < s->nr_classes && !s->too_large; c++)
		vec_push(s->arena, s->next, s->nr_next, s->cap_next, state_of(s, &s->buckets[c]));
}

/*
 * Moore's refinement: states are split by their outputs, then by the classes of their successors,
 * until nothing changes. Signatures are 128-bit hashes; a collision would need 2^64 states.
 */
struct signature {
	XXH128_hash_t hash;
	uint32_t state;
};

static int by_hash(const void *x, const void *y)
{
	const struct signature *a = x, *b = y;
	int c = XXH128_cmp(&a->hash, &b->hash);

	return c ? c : (a->state > b->state) - (a->state < b->state);
}

static uint32_t refine(const struct dfa *d, struct signature *sig, uint32_t *part, uint32_t *row)
{
	uint32_t nr = 0;

	for (uint32_t s = 0; s < d->nr_states; s++) {
		for (uint32_t c = 0; c < d->nr_classes; c++)
			row[c] = part[d->next[s * d->nr_classes + c]];
		row[d->nr_classes] = part[s];
		sig[s].hash = XXH3_128bits(row, (d->nr_classes + 1) * sizeof(*row));
		sig[s].state = s;
	}
	qsort(sig, d->nr_states, sizeof(*sig), by_hash);
	for (uint32_t i = 0; i < d->nr_states; i++) {
		nr += i > 0 && XXH128_cmp(&sig[i].hash, &sig[i - 1].hash) != 0;
		part[sig[i].state] = nr;
	}
	return nr + 1;
}

/* Rewrite the automaton with one state a part, numbered by first appearance: dead stays 0. */
static void merge_states(struct arena *tmp, struct dfa *d, const uint32_t *part, uint32_t nr_parts)
{
	uint32_t *name = arena_array(tmp, nr_parts, uint32_t);
	uint32_t nr = 0;

	memset(name, 0xff, nr_parts * sizeof(*name));
	for (uint32_t s = 0; s < d->nr_states; s++) {
		if (name[part[s]] != UINT32_MAX)
			continue;
		name[part[s]] = nr;
		d->out[nr] = d->out[s];
		memmove(&d->next[nr * d->nr_classes], &d->next[s * d->nr_classes],
			d->nr_classes * sizeof(*d->next));
		nr++;
	}
	for (uint32_t i = 0; i < nr * d->nr_classes; i++)
		d->next[i] = name[part[d->next[i]]];
	d->start = name[part[d->start]];
	d->nr_states = nr;
}

static void minimise(struct arena *tmp, struct dfa *d)
{
	struct signature *sig = arena_array(tmp, d->nr_states, struct signature);
	uint32_t *part = arena_array(tmp, d->nr_states, uint32_t);
	uint32_t *row = arena_array(tmp, d->nr_classes + 1, uint32_t);
	uint32_t nr = 0, before;

	memcpy(part, d->out, d->nr_states * sizeof(*part));
	do {
		before = nr;
		nr = refine(d, sig, part, row);
	} while (nr != before);
	merge_states(tmp, d, part, nr);
}

/* Byte classes that no state tells apart become one. */
static void merge_classes(struct arena *tmp, struct dfa *d)
{
	struct strtab *columns = strtab_new(tmp);
	uint32_t *column = arena_array(tmp, d->nr_states, uint32_t);
	uint32_t *name = arena_array(tmp, d->nr_classes, uint32_t);
	uint32_t *first = arena_array(tmp, d->nr_classes, uint32_t);
	uint32_t nr;

	for (uint32_t c = 0; c < d->nr_classes; c++) {
		bool added;

		for (uint32_t s = 0; s < d->nr_states; s++)
			column[s] = d->next[s * d->nr_classes + c];
		name[c] = strtab_put(columns, column, d->nr_states * sizeof(*column), &added);
		if (added)
			first[name[c]] = c;
	}
	nr = strtab_size(columns);
	for (uint32_t s = 0; s < d->nr_states; s++) {
		for (uint32_t c = 0; c < nr; c++)
			d->next[s * nr + c] = d->next[s * d->nr_classes + first[c]];
	}
	for (int sym = 0; sym < NFA_SYMBOLS; sym++)
		d->class_of[sym] = (uint16_t)name[d->class_of[sym]];
	d->nr_classes = nr;
}

static void find_death(struct dfa *d)
{
	uint32_t end = d->class_of[NFA_END];

	d->can_die = d->start == 0;
	for (uint32_t s = 1; s < d->nr_states && !d->can_die; s++) {
		if (d->out[s])
			continue;
		for (uint32_t c = 0; c < d->nr_classes; c++)
			d->can_die |= c != end && d->next[s * d->nr_classes + c] == 0;
	}
}

static void take_outsets(struct arena *a, const struct subset *s, struct dfa *d)
{
	d->nr_outsets = strtab_size(s->outs);
	d->outsets = arena_array(a, d->nr_outsets, struct outset);
	for (uint32_t i = 0; i < d->nr_outsets; i++) {
		size_t len;
		const void *key = strtab_key(s->outs, i, &len);

		d->outsets[i].nr = len / sizeof(uint32_t);
		d->outsets[i].atoms = (uint32_t *)arena_strndup(a, key, len);
	}
}

static uint32_t start_state(struct subset *s)
{
	struct bucket start = { 0 };

	for (size_t i = 0; i < s->nfa->nr_starts; i++)
		bucket_add(s, &start, s->nfa->starts[i]);
	return state_of(s, &start);
}

int dfa_build(struct arena *a, const struct nfa *n, uint32_t max_states, struct dfa *out)
{
	autoptr(arena) tmp = arena_new();
	struct subset s = { .arena = tmp, .nfa = n, .max_states = max_states };
	struct bucket none = { 0 };
	struct dfa d = { 0 };

	classes_init(&s);
	s.sets = strtab_new(tmp);
	s.outs = strtab_new(tmp);
	s.buckets = arena_array(tmp, s.nr_classes, struct bucket);
	strtab_put(s.outs, "", 0, NULL); /* output set 0 is empty */
	state_of(&s, &none);             /* state 0 is dead */
	d.start = start_state(&s);
	for (uint32_t state = 0; state < strtab_size(s.sets) && !s.too_large; state++)
		expand_state(&s, state);
	if (s.too_large)
		return DFA_TOO_LARGE;
	d.nr_states = strtab_size(s.sets);
	d.nr_classes = s.nr_classes;
	d.next = s.next;
	d.out = s.out;
	memcpy(d.class_of, s.class_of, sizeof(d.class_of));
	minimise(tmp, &d);
	merge_classes(tmp, &d);
	find_death(&d);
	assert(d.next[0] == 0 && d.out[0] == 0);
	take_outsets(a, &s, &d);
	d.next = (uint32_t *)arena_strndup(a, (const char *)d.next,
					   d.nr_states * d.nr_classes * sizeof(uint32_t));
	d.out = (uint32_t *)arena_strndup(a, (const char *)d.out, d.nr_states * sizeof(uint32_t));
	*out = d;
	return 0;
}

static void fire(const struct dfa *d, uint32_t state, bool *fired)
{
	const struct outset *o = &d->outsets[d->out[state]];

	for (size_t i = 0; i < o->nr; i++)
		fired[o->atoms[i]] = true;
}

void dfa_walk(const struct dfa *d, const char *s, size_t len, bool end, bool *fired)
{
	uint32_t state = d->start;

	fire(d, state, fired);
	for (size_t i = 0; i < len; i++) {
		state = d->next[state * d->nr_classes + d->class_of[(uint8_t)s[i]]];
		fire(d, state, fired);
	}
	if (end) {
		state = d->next[state * d->nr_classes + d->class_of[NFA_END]];
		fire(d, state, fired);
	}
}

static void symbol_print(FILE *out, int sym)
{
	if (sym == NFA_END)
		fputs("END", out);
	else if (sym > ' ' && sym < 0x7f)
		fprintf(out, "%c", sym);
	else
		fprintf(out, "\\x%02x", (unsigned int)sym);
}

static void classes_print(FILE *out, const struct dfa *d)
{
	for (uint32_t c = 0; c < d->nr_classes; c++) {
		fprintf(out, "  class %u:", c);
		for (int lo = 0, hi; lo < NFA_SYMBOLS; lo = hi + 1) {
			for (hi = lo;
			     hi + 1 < NFA_SYMBOLS && d->class_of[hi + 1] == d->class_of[lo];)
				hi++;
			if (d->class_of[lo] != c)
				continue;
			fputc(' ', out);
			symbol_print(out, lo);
			if (hi > lo) {
				fputs("..", out);
				symbol_print(out, hi);
			}
		}
		fputc('\n', out);
	}
}

void dfa_dump(FILE *out, const struct dfa *d)
{
	classes_print(out, d);
	for (uint32_t s = 1; s < d->nr_states; s++) {
		fprintf(out, "  %u%s", s, s == d->start ? " start" : "");
		for (size_t i = 0; i < d->outsets[d->out[s]].nr; i++)
			fprintf(out, "%s%u", i ? "," : " fires a", d->outsets[d->out[s]].atoms[i]);
		fputc(':', out);
		for (uint32_t c = 0; c < d->nr_classes; c++) {
			if (d->next[s * d->nr_classes + c])
				fprintf(out, " %u>%u", c, d->next[s * d->nr_classes + c]);
		}
		fputc('\n', out);
	}
}
