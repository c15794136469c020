// SPDX-License-Identifier: Apache-2.0
/*
 * explain.c - see explain.h. Says where a rule is judged, what wakes it, where each of its tests is
 * decided, and what is left to user space and why.
 */
#include "explain.h"

#include <stdlib.h>

#include "err.h"

static const char *where(const struct atom *x)
{
	enum field_scope scope = fields[x->field].scope;

	if (x->lowering == ATOM_UNKNOWN)
		return "user space";
	if (scope == SCOPE_PROCESS)
		return "kernel, once at exec";
	if (scope == SCOPE_PARENT)
		return "kernel, once at the parent's exec";
	return "kernel, at the event";
}

static void mark(const struct formula *f, bool *used)
{
	if (f->kind == FORMULA_ATOM)
		used[f->atom] = true;
	for (size_t i = 0; i < f->nr_kids; i++)
		mark(f->kids[i], used);
}

static void explain_hook(FILE *out, const struct atoms *atoms, const struct predicate_at *at,
			 enum kes_event_id e)
{
	fprintf(out, "  at %s: ", event_kinds[e].name);
	if (at->always) {
		fputs("evaluated on every event; no single test must hold\n", out);
		return;
	}
	fputs("evaluated only when ", out);
	for (size_t k = 0; k < at->nr_pivots; k++)
		fprintf(out, "%s%s", k ? " or " : "", atoms->v[at->pivots[k]].text);
	fputc('\n', out);
}

static void explain_rule(FILE *out, const struct gen *g, const struct predicate *p)
{
	const struct atoms *atoms = g->plan->atoms;
	autofree bool *used = calloc(atoms->nr + 1, sizeof(*used));
	bool anywhere = false;

	fprintf(out, "%s: %s\n", p->rule->id,
		p->inexact ? "partly in the kernel" : "in the kernel");
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		if (!p->at[e].formula)
			continue;
		anywhere = true;
		explain_hook(out, atoms, &p->at[e], e);
		if (used)
			mark(p->at[e].formula, used);
	}
	if (!anywhere)
		fputs("  can never match: no event has what it asks for\n", out);
	for (size_t i = 0; used && i < atoms->nr; i++) {
		if (!used[i])
			continue;
		fprintf(out, "  %s: %s", where(&atoms->v[i]), atoms->v[i].text);
		if (atoms->v[i].reason)
			fprintf(out, " (%s)", atoms->v[i].reason);
		fputc('\n', out);
	}
}

void explain_print(FILE *out, const struct gen *g, size_t object_bytes)
{
	const struct atoms *atoms = g->plan->atoms;
	size_t exact = 0, states = 0, automata = 0, insns = 0;

	for (size_t i = 0; i < atoms->nr_predicates; i++) {
		explain_rule(out, g, &atoms->predicates[i]);
		exact += !atoms->predicates[i].inexact;
	}
	for (size_t i = 0; i < g->plan->units->nr; i++) {
		automata += !g->plan->units->v[i].number;
		states += g->plan->units->v[i].dfa.nr_states;
	}
	for (size_t i = 0; i < g->nr_programs; i++)
		insns += g->programs[i].code.nr;
	fprintf(out,
		"\n%zu rules: %zu wholly in the kernel, %zu partly\n"
		"%zu atoms, %zu automata with %zu states, %zu programs with %zu instructions\n"
		"%zu bytes of tables, %u bytes a process, %zu bytes of object\n",
		atoms->nr_predicates, exact, atoms->nr_predicates - exact, atoms->nr, automata,
		states, g->nr_programs, insns, g->nr_bytes, 8 * g->plan->pb_words, object_bytes);
}
