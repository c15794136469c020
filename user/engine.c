// SPDX-License-Identifier: Apache-2.0
/*
 * engine.c - see engine.h.
 *
 * in:         one record of the ring
 * out:        an alert for every rule that is true of it or could not be refuted
 * invariants: a rule alerts at most once an event; a hit that the kernel is sure of is never judged
 *             again; what nobody can decide alerts, marked as undecided
 */
#include "engine.h"

#include "../compiler/err.h"
#include "clocks.h"

struct engine {
	const struct object_info *info;
	struct proctable *procs;
	engine_alert_fn *fn;
	void *arg;
	struct event event;
	struct engine_counters counters;
	struct engine_rule *rules;
	uint64_t *judged; /* of each predicate: the number of the record that it was judged for last */
	uint64_t *alerted; /* of each rule: the same for its last alert */
};

static void *zeroed(size_t nr, size_t size)
{
	return calloc(nr > 0 ? nr : 1, size);
}

struct engine *engine_new(const struct object_info *info, struct proctable *procs,
			  engine_alert_fn *fn, void *arg)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->info = info;
	e->procs = procs;
	e->fn = fn;
	e->arg = arg;
	e->rules = zeroed(info->rules.nr, sizeof(*e->rules));
	e->alerted = zeroed(info->rules.nr, sizeof(*e->alerted));
	e->judged = zeroed(info->nr_predicates, sizeof(*e->judged));
	if (!e->rules || !e->alerted || !e->judged) {
		engine_free(e);
		return NULL;
	}
	return e;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	event_fini(&e->event);
	free(e->rules);
	free(e->alerted);
	free(e->judged);
	free(e);
}

void engine_freep(struct engine **e)
{
	engine_free(*e);
}

static void raise_alert(struct engine *e, uint32_t rule, enum verdict verdict)
{
	struct alert a = {
		.rule = e->info->rules.v[rule],
		.event = &e->event,
		.verdict = verdict,
		.wall_ns = clocks_wall_of_boot(e->event.ev->ktime_ns),
	};

	if (e->alerted[rule] == e->counters.records)
		return;
	e->alerted[rule] = e->counters.records;
	if (e->procs)
		a.nr_ancestors = proctable_ancestors(e->procs, &e->event, a.ancestors);
	e->rules[rule].alerts++;
	e->counters.alerts++;
	e->fn(e->arg, &a);
}

/* What the kernel could not decide. */
static void judge(struct engine *e, uint32_t predicate)
{
	const uint32_t rule = e->info->predicates[predicate].rule;
	struct engine_rule *r = &e->rules[rule];

	switch (eval_query(e->info->rules.v[rule]->query, &e->event.values)) {
	case TRUTH_YES:
		r->confirmed++;
		raise_alert(e, rule, VERDICT_CONFIRMED);
		break;
	case TRUTH_MAYBE:
		r->undecided++;
		raise_alert(e, rule, VERDICT_UNDECIDED);
		break;
	case TRUTH_NO:
		r->refuted++;
		break;
	}
}

/* Whether this is the first look at a predicate for this record. */
static bool first_look(struct engine *e, uint32_t predicate)
{
	if (e->judged[predicate] == e->counters.records)
		return false;
	e->judged[predicate] = e->counters.records;
	return true;
}

/* False: the hit makes no sense, so nothing is known of what the kernel found. */
static bool take_hit(struct engine *e, uint32_t hit)
{
	const uint32_t predicate = hit & ~KES_HIT_MAYBE;
	uint32_t rule;

	if (predicate >= e->info->nr_predicates) {
		e->counters.bad_hits++;
		return false;
	}
	if (!first_look(e, predicate))
		return true;
	rule = e->info->predicates[predicate].rule;
	e->rules[rule].kernel_hits++;
	if (hit & KES_HIT_MAYBE)
		judge(e, predicate);
	else
		raise_alert(e, rule, VERDICT_KERNEL);
	return true;
}

/* The hit list is not complete: every predicate that this event can match. */
static void judge_all(struct engine *e)
{
	const uint32_t event = 1u << e->event.ev->event;

	for (uint32_t p = 0; p < e->info->nr_predicates; p++) {
		if (e->info->predicates[p].hooks & event && first_look(e, p))
			judge(e, p);
	}
}

int engine_record(struct engine *e, const void *data, size_t size)
{
	bool complete = true;
	int err;

	e->counters.records++;
	err = event_decode(&e->event, data, size);
	if (err == -EBADMSG)
		e->counters.damaged++;
	else if (err)
		e->counters.lost++;
	if (err)
		return err;
	if (e->procs)
		proctable_learn(e->procs, &e->event);
	for (uint32_t i = 0; i < e->event.ev->nr_hits; i++)
		complete &= take_hit(e, e->event.ev->hits[i]);
	if (!complete || e->event.ev->flags & KES_EV_ALL_MAYBE)
		judge_all(e);
	return 0;
}

const struct engine_counters *engine_counters(const struct engine *e)
{
	return &e->counters;
}

const struct engine_rule *engine_rules(const struct engine *e)
{
	return e->rules;
}
