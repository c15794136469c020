/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.h - where every event went: seen = filtered + emitted + dropped by cause, hook by hook.
 */
#ifndef USER_ACCOUNT_H
#define USER_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../compiler/schema.h"
#include "engine.h"

struct account {
	uint64_t v[KES_NR_EVENTS][KES_NR_COUNTERS];
	uint64_t recursion[KES_NR_EVENTS]; /* skipped by the kernel; not in `seen` */
};

/* Sums over hooks, or of one of them. */
struct tally {
	uint64_t seen; /* recursion included */
	uint64_t kept; /* judged in the kernel and not sent up */
	uint64_t emitted;
	uint64_t maybe;      /* of the emitted: left to user space */
	uint64_t dropped;    /* for every cause, recursion included */
	int64_t unaccounted; /* what the law of accounting misses; 0 once the machine is quiet */
};

void account_tally(const struct account *a, struct tally *out);
void account_tally_hook(const struct account *a, enum kes_event_id hook, struct tally *out);

/* What grew from one look to the next. */
void account_delta(const struct account *now, const struct account *before, struct account *out);

/* "file.open dropped_ring 12, file.open recursion 3": every loss there is; "" without one. */
void account_print_losses(FILE *out, const struct account *a);

/* The losses as a line of JSON, with its newline. The caller frees it; NULL when out of memory. */
char *account_loss_json(const struct account *a, int64_t wall_ns);

/* One line: seen, decided in the kernel, sent up, alerts, dropped. */
void account_print_line(FILE *out, const struct account *a, uint64_t alerts);

/* Tables: by hook, losses by cause, by rule. */
void account_print_hooks(FILE *out, const struct account *a);
void account_print_rules(FILE *out, const struct rules *rules, const struct engine_rule *counters);

#endif /* USER_ACCOUNT_H */
