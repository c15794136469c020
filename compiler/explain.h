/* SPDX-License-Identifier: Apache-2.0 */
/* explain.h - what the compiler did with every rule, for the person who wrote it. */
#ifndef COMPILER_EXPLAIN_H
#define COMPILER_EXPLAIN_H

#include "gen.h"

/* One paragraph a rule, then a summary of the whole set. */
void explain_print(FILE *out, const struct gen *g, size_t object_bytes);

#endif /* COMPILER_EXPLAIN_H */
