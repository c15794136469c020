// SPDX-License-Identifier: Apache-2.0
/*
 * compile.c - the passes in order, and stopping after one of them to print it.
 */
#include "compile.h"

#include <string.h>

#include "automata.h"
#include "explain.h"
#include "gen.h"
#include "object_write.h"
#include "plan.h"

enum pass { PASS_NF, PASS_SPECIALISE, PASS_ATOM, PASS_AUTOMATA, PASS_PLAN, PASS_GEN, PASS_OBJECT };

static const char *const pass_names[] = { "nf",   "specialise", "atom",  "automata",
					  "plan", "gen",        "object" };

struct compilation {
	struct atoms atoms;
	struct automata automata;
	struct plan plan;
	struct gen gen;
	void *image;
	size_t len;
};

/* A rule that costs every event, or that the kernel cannot finish, deserves a word. */
static void warn_costly(const struct atoms *atoms, struct diags *d)
{
	for (size_t i = 0; i < atoms->nr_predicates; i++) {
		const struct predicate *p = &atoms->predicates[i];
		bool anywhere = false;

		for (int e = 0; e < KES_NR_EVENTS; e++) {
			anywhere |= p->at[e].formula != NULL;
			if (p->at[e].formula && p->at[e].always)
				diag_warn(d, p->rule->query->span,
					  "rule \"%s\" has no test that must hold at %s: it is "
					  "evaluated on every such event",
					  p->rule->id, event_kinds[e].name);
		}
		if (!anywhere)
			diag_warn(d, p->rule->query->span, "rule \"%s\" can never match",
				  p->rule->id);
	}
}

/* Run the passes up to and including `last`. */
static bool run(struct arena *a, const struct rules *rules, enum pass last, struct diags *d,
		struct compilation *c)
{
	int err;

	atoms_run(a, rules, &c->atoms);
	if (last >= PASS_ATOM) {
		automata_run(a, &c->atoms, &c->automata);
		atoms_pivots(a, &c->atoms);
	}
	if (last >= PASS_PLAN && !plan_run(a, &c->atoms, &c->automata, d, &c->plan))
		return false;
	if (last >= PASS_GEN && !gen_run(a, &c->plan, d, &c->gen))
		return false;
	if (last >= PASS_OBJECT) {
		err = object_write(a, &c->gen, rules, &c->image, &c->len);
		if (err) {
			diag_error(d, (struct span){ 0 }, "cannot write the object: %s",
				   strerror(-err));
			return false;
		}
	}
	return true;
}

bool compile_build(struct arena *a, const struct rules *rules, struct diags *d, void **image,
		   size_t *len)
{
	struct compilation c = { 0 };

	if (!run(a, rules, PASS_OBJECT, d, &c))
		return false;
	warn_costly(&c.atoms, d);
	*image = c.image;
	*len = c.len;
	return true;
}

static void dump_pass(FILE *out, enum pass pass, const struct compilation *c)
{
	switch (pass) {
	case PASS_NF:
		nf_dump(out, &c->atoms);
		break;
	case PASS_SPECIALISE:
		specialise_dump(out, &c->atoms);
		break;
	case PASS_ATOM:
		atoms_dump(out, &c->atoms);
		break;
	case PASS_AUTOMATA:
		automata_dump(out, &c->automata, &c->atoms);
		break;
	case PASS_PLAN:
		plan_dump(out, &c->plan);
		break;
	case PASS_GEN:
		gen_dump(out, &c->gen);
		break;
	case PASS_OBJECT:
		object_dump(out, c->image, c->len);
		break;
	}
}

bool compile_dump(FILE *out, const char *pass, struct arena *a, const struct rules *rules,
		  struct diags *d)
{
	struct compilation c = { 0 };
	enum pass p = PASS_NF;

	while (p <= PASS_OBJECT && strcmp(pass, pass_names[p]) != 0)
		p++;
	if (p > PASS_OBJECT || !run(a, rules, p, d, &c))
		return false;
	dump_pass(out, p, &c);
	return true;
}

bool compile_explain(FILE *out, struct arena *a, const struct rules *rules, struct diags *d)
{
	struct compilation c = { 0 };

	if (!run(a, rules, PASS_OBJECT, d, &c))
		return false;
	explain_print(out, &c.gen, c.len);
	return true;
}
