/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frontend.h - text to typed tree: lex.c, parse.c, sema.c.
 */
#ifndef COMPILER_FRONTEND_H
#define COMPILER_FRONTEND_H

#include "ast.h"

/* One token a line: kind, text, line:col. */
void lex_dump(FILE *out, const struct source *src, struct diags *d);

/* The query of a source, or NULL when diagnostics were added. */
struct query *parse_query(const struct source *src, struct diags *d);

/*
 * Check names and types, coerce literals, fold constants: replaces q->cond by the typed tree.
 * False when errors were added. A condition that is constant is a NODE_BOOL.
 */
bool sema_run(struct query *q, struct diags *d);

#endif /* COMPILER_FRONTEND_H */
