/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nf.h - negation normal form, and conditions specialised to one hook.
 */
#ifndef COMPILER_NF_H
#define COMPILER_NF_H

#include "ast.h"

/*
 * Push every NOT down to a leaf, flatten AND in AND and OR in OR, drop constants and repeated
 * kids. The size stays linear: no distribution. The result shares leaves with the input.
 */
struct node *nf_run(struct arena *a, struct node *cond);

/*
 * The condition at one hook: leaves whose value is known there (constants of the event, static
 * fields, fields that the event does not have) are folded. NODE_BOOL when nothing is left to test.
 */
struct node *specialise_run(struct arena *a, struct node *nnf, enum kes_event_id event);

/* Whether `category where` can match an event kind at all. */
bool specialise_category(const struct query *q, enum kes_event_id event);

#endif /* COMPILER_NF_H */
