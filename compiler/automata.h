/* SPDX-License-Identifier: Apache-2.0 */
/*
 * automata.h - units: what decides atoms. An automaton over one string, or a table of thresholds
 * for one number.
 */
#ifndef COMPILER_AUTOMATA_H
#define COMPILER_AUTOMATA_H

#include "atom.h"
#include "dfa.h"

/*
 * A unit's outcome is a set of output sets, numbered by the unit. Process units are judged at exec
 * only, for the process's own fields and for what children will see as their parent's; event units
 * at every hook that has the field.
 */
struct unit {
	bool process; /* process unit; else event unit */
	bool number;  /* thresholds; else automaton */
	enum field_id
		field;   /* a field that it serves: tells buffer and mode, or the number's member */
	uint32_t *atoms; /* every atom it can fire, sorted */
	size_t nr_atoms;
	uint32_t events; /* hooks at which it is judged */
	/* automaton */
	struct dfa dfa;
	/* thresholds c[0] < c[1] < …: region 2i is below c[i] (and above c[i-1]), 2i+1 equals c[i] */
	int64_t *thresholds;
	size_t nr_thresholds;
	uint32_t *region_out; /* [2 * nr_thresholds + 1] output set numbers */
	/* both */
	struct outset *outsets; /* outsets[0] is empty */
	uint32_t nr_outsets;
	uint32_t nr; /* plan: number among process units, or among event units */
};

struct automata {
	struct unit *v;
	size_t nr, cap;
};

/* Build all units; sets every atom's lowering and, where it is not exact, the reason. */
void automata_run(struct arena *a, struct atoms *atoms, struct automata *out);

void automata_dump(FILE *out, const struct automata *units, const struct atoms *atoms);

#endif /* COMPILER_AUTOMATA_H */
