// SPDX-License-Identifier: Apache-2.0
/*
 * account.c - see account.h. Which counters end an event, and which of those are losses, is read
 * from schema.def: a new one is summed and shown without a change here.
 */
#include "account.h"

#include <inttypes.h>
#include <string.h>

#include "../compiler/err.h"
#include "ecs.h"

enum sign { SIGN_SEEN, SIGN_END, SIGN_NOTE };

static const struct counter {
	const char *name;
	enum sign sign;
} counters[KES_NR_COUNTERS] = {
#define COUNTER(id, name, sign) [KES_##id] = { name, SIGN_##sign },
#include "../kern/schema.def"
};

#define RECURSION "dropped_recursion"

static bool is_loss(enum kes_counter c)
{
	return counters[c].sign == SIGN_END && strncmp(counters[c].name, "dropped", 7) == 0;
}

void account_tally_hook(const struct account *a, enum kes_event_id hook, struct tally *out)
{
	const uint64_t *v = a->v[hook];
	uint64_t ends = 0;

	*out = (struct tally){
		.seen = v[KES_SEEN],
		.emitted = v[KES_EMITTED],
		.maybe = v[KES_MAYBE],
	};
	for (int c = 0; c < KES_NR_COUNTERS; c++) {
		ends += counters[c].sign == SIGN_END ? v[c] : 0;
		out->dropped += is_loss((enum kes_counter)c) ? v[c] : 0;
	}
	out->kept = ends - out->emitted - out->dropped;
	out->unaccounted = (int64_t)(out->seen - ends);
	out->seen += a->recursion[hook];
	out->dropped += a->recursion[hook];
}

void account_tally(const struct account *a, struct tally *out)
{
	struct tally sum = { 0 };

	for (int hook = 0; hook < KES_NR_EVENTS; hook++) {
		struct tally t;

		account_tally_hook(a, (enum kes_event_id)hook, &t);
		sum.seen += t.seen;
		sum.kept += t.kept;
		sum.emitted += t.emitted;
		sum.maybe += t.maybe;
		sum.dropped += t.dropped;
		sum.unaccounted += t.unaccounted;
	}
	*out = sum;
}

void account_delta(const struct account *now, const struct account *before, struct account *out)
{
	for (int hook = 0; hook < KES_NR_EVENTS; hook++) {
		for (int c = 0; c < KES_NR_COUNTERS; c++)
			out->v[hook][c] = now->v[hook][c] - before->v[hook][c];
		out->recursion[hook] = now->recursion[hook] - before->recursion[hook];
	}
}

typedef void loss_fn(void *arg, const char *hook, const char *cause, uint64_t n);

static void each_loss(const struct account *a, loss_fn *fn, void *arg)
{
	for (int hook = 0; hook < KES_NR_EVENTS; hook++) {
		for (int c = 0; c < KES_NR_COUNTERS; c++) {
			if (is_loss((enum kes_counter)c) && a->v[hook][c] > 0)
				fn(arg, event_kinds[hook].name, counters[c].name, a->v[hook][c]);
		}
		if (a->recursion[hook] > 0)
			fn(arg, event_kinds[hook].name, RECURSION, a->recursion[hook]);
	}
}

struct loss_text {
	FILE *out;
	const char *separator;
};

static void print_loss(void *arg, const char *hook, const char *cause, uint64_t n)
{
	struct loss_text *t = arg;

	fprintf(t->out, "%s%s %s %" PRIu64, t->separator, hook, cause, n);
	t->separator = ", ";
}

void account_print_losses(FILE *out, const struct account *a)
{
	struct loss_text t = { .out = out, .separator = "" };

	each_loss(a, print_loss, &t);
}

struct loss_json {
	struct ecs *d;
	json_t *list;
};

static void append_loss(void *arg, const char *hook, const char *cause, uint64_t n)
{
	struct loss_json *l = arg;
	json_t *o = json_object();

	ecs_member(l->d, o, "hook", json_string(hook));
	ecs_member(l->d, o, "cause", json_string(cause));
	ecs_member(l->d, o, "events", json_integer((json_int_t)n));
	ecs_append(l->d, l->list, o);
}

char *account_loss_json(const struct account *a, int64_t wall_ns)
{
	struct loss_json l;
	struct tally t;
	struct ecs d;

	account_tally(a, &t);
	ecs_begin(&d, "loss", wall_ns);
	ecs_put_text(&d, "event.kind", "pipeline_error");
	ecs_put_text(&d, "event.action", "loss");
	ecs_put_text(&d, "message", "events were lost: rules may have missed something");
	ecs_put(&d, "kestrel.dropped", json_integer((json_int_t)t.dropped));
	l = (struct loss_json){ .d = &d, .list = json_array() };
	each_loss(a, append_loss, &l);
	ecs_put_array(&d, "kestrel.losses", l.list);
	return ecs_finish(&d);
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 100.0;
}

void account_print_line(FILE *out, const struct account *a, uint64_t alerts)
{
	struct tally t;
	uint64_t decided;

	account_tally(a, &t);
	decided = t.kept + t.emitted - t.maybe;
	fprintf(out,
		"events seen: %" PRIu64 "; decided in the kernel: %" PRIu64
		" (%.2f %%); sent up: %" PRIu64 " (%.2f %%); alerts: %" PRIu64 "; dropped: %" PRIu64
		"\n",
		t.seen, decided, percent(decided, t.seen), t.emitted,
		t.seen > 0 ? percent(t.emitted, t.seen) : 0.0, alerts, t.dropped);
}

static void print_row(FILE *out, const char *name, const struct tally *t)
{
	fprintf(out,
		"  %-14s %12" PRIu64 " %12" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n",
		name, t->seen, t->kept, t->emitted, t->maybe, t->dropped);
}

void account_print_hooks(FILE *out, const struct account *a)
{
	struct tally t;

	fprintf(out, "  %-14s %12s %12s %10s %10s %10s\n", "hook", "seen", "filtered", "sent up",
		"of it maybe", "dropped");
	for (int hook = 0; hook < KES_NR_EVENTS; hook++) {
		account_tally_hook(a, (enum kes_event_id)hook, &t);
		print_row(out, event_kinds[hook].name, &t);
	}
	account_tally(a, &t);
	print_row(out, "all", &t);
	fputs("  dropped by cause: ", out);
	if (t.dropped > 0)
		account_print_losses(out, a);
	else
		fputs("nothing was dropped", out);
	fputc('\n', out);
	if (t.unaccounted != 0)
		fprintf(out, "  unaccounted: %" PRId64 "\n", t.unaccounted);
}

void account_print_rules(FILE *out, const struct rules *rules, const struct engine_rule *v)
{
	fprintf(out, "  %-44s %10s %10s %10s %10s %10s\n", "rule", "kernel hits", "confirmed",
		"refuted", "undecided", "alerts");
	for (size_t i = 0; i < rules->nr; i++) {
		const struct engine_rule *r = &v[i];

		if (r->kernel_hits + r->confirmed + r->refuted + r->undecided == 0)
			continue;
		fprintf(out,
			"  %-44.44s %11" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64
			" %10" PRIu64 "\n",
			rules->v[i]->id, r->kernel_hits, r->confirmed, r->refuted, r->undecided,
			r->alerts);
	}
}
