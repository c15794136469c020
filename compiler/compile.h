/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile.h - the passes behind the front end: typed rules to a ruleset object.
 */
#ifndef COMPILER_COMPILE_H
#define COMPILER_COMPILE_H

#include "rule.h"

/*
 * Compile to an ELF image in memory, owned by the arena. Returns false when diagnostics of error
 * level were added (a limit was met); warnings name rules that are costly or inexact.
 */
bool compile_build(struct arena *a, const struct rules *rules, struct diags *d, void **image,
		   size_t *len);

/* Print a pass: nf, specialise, atom, automata, plan, gen, object. False: unknown pass or errors. */
bool compile_dump(FILE *out, const char *pass, struct arena *a, const struct rules *rules,
		  struct diags *d);

/* What runs in the kernel for every rule, and what is left to user space; then a summary. */
bool compile_explain(FILE *out, struct arena *a, const struct rules *rules, struct diags *d);

#endif /* COMPILER_COMPILE_H */
