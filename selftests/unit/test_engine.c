// SPDX-License-Identifier: Apache-2.0
/* test_engine.c - who decides, what alerts, what is counted. */
#include "../../user/engine.h"
#include "user.h"

#define CURL "process where process.name == \"curl\""
#define WGET "process where process.name == \"wget\""

/* The alerts of a test, in order. */
struct heard {
	struct {
		const char *rule;
		enum verdict verdict;
		size_t nr_ancestors;
	} v[32];
	size_t nr;
};

static void hear(void *arg, const struct alert *a)
{
	struct heard *h = arg;

	assert_true(h->nr < 32);
	h->v[h->nr].rule = a->rule->id;
	h->v[h->nr].verdict = a->verdict;
	h->v[h->nr++].nr_ancestors = a->nr_ancestors;
}

static int send(struct engine *e, const struct record *r)
{
	autofree void *copy = record_copy(r, r->ev.size);

	return engine_record(e, copy, r->ev.size);
}

static void exec_of(struct record *r, const char *path)
{
	record_init(r, KES_EXEC);
	record_add(r, KES_BUF_EXE, path, strlen(path), KES_STR_PRESENT);
}

static void assert_heard(const struct heard *h, size_t i, const char *rule, enum verdict verdict)
{
	assert_true(i < h->nr);
	assert_string_equal(h->v[i].rule, rule);
	assert_int_equal(h->v[i].verdict, verdict);
}

static void engine_takes_the_kernels_yes_unjudged(void **state)
{
	autouser u = user_new();
	struct heard h = { 0 };
	struct record r;

	user_rule(&u, "curl", CURL);
	autoptr(engine) e = engine_new(&u.info, NULL, hear, &h);
	/* Not even the event's own fields are asked: the kernel saw more than the record holds. */
	exec_of(&r, "/usr/bin/other");
	record_hit(&r, 0);
	assert_int_equal(send(e, &r), 0);
	assert_int_equal(h.nr, 1);
	assert_heard(&h, 0, "curl", VERDICT_KERNEL);
	assert_int_equal(engine_rules(e)[0].kernel_hits, 1);
	assert_int_equal(engine_rules(e)[0].confirmed, 0);
	assert_int_equal(engine_rules(e)[0].alerts, 1);
}

static void engine_judges_a_maybe(void **state)
{
	autouser u = user_new();
	struct heard h = { 0 };
	struct record r;

	user_rule(&u, "curl", CURL);
	user_rule(&u, "wget", WGET);
	autoptr(engine) e = engine_new(&u.info, NULL, hear, &h);
	exec_of(&r, "/usr/bin/curl");
	record_hit(&r, 0 | KES_HIT_MAYBE);
	record_hit(&r, 1 | KES_HIT_MAYBE);
	assert_int_equal(send(e, &r), 0);
	assert_int_equal(h.nr, 1);
	assert_heard(&h, 0, "curl", VERDICT_CONFIRMED);
	assert_int_equal(engine_rules(e)[0].confirmed, 1);
	assert_int_equal(engine_rules(e)[1].kernel_hits, 1);
	assert_int_equal(engine_rules(e)[1].refuted, 1);
	assert_int_equal(engine_rules(e)[1].alerts, 0);
}

static void engine_alerts_on_what_nobody_can_decide(void **state)
{
	autouser u = user_new();
	struct heard h = { 0 };
	struct record r;

	user_rule(&u, "long", "process where process.command_line like \"*secret*\"");
	autoptr(engine) e = engine_new(&u.info, NULL, hear, &h);
	record_init(&r, KES_EXEC);
	record_set_cut(&r, ARGS, "sh\0-c\0ech");
	record_hit(&r, 0 | KES_HIT_MAYBE);
	assert_int_equal(send(e, &r), 0);
	assert_int_equal(h.nr, 1);
	assert_heard(&h, 0, "long", VERDICT_UNDECIDED);
	assert_int_equal(engine_rules(e)[0].undecided, 1);
}

static void engine_judges_all_when_the_list_is_not_complete(void **state)
{
	autouser u = user_new();
	struct heard h = { 0 };
	struct record r;

	user_rule(&u, "curl", CURL);
	user_rule(&u, "wget", WGET);
	user_rule(&u, "sure", "process where process.pid == 1");
	user_rule(&u, "other-hook", CURL);
	u.info.predicates[3].hooks = KES_ON_FILE;
	autoptr(engine) e = engine_new(&u.info, NULL, hear, &h);
	exec_of(&r, "/usr/bin/curl");
	r.ev.flags = KES_EV_ALL_MAYBE;
	record_hit(&r, 2);
	assert_int_equal(send(e, &r), 0);
	assert_int_equal(h.nr, 2);
	assert_heard(&h, 0, "sure", VERDICT_KERNEL);
	assert_heard(&h, 1, "curl", VERDICT_CONFIRMED);
	assert_int_equal(engine_rules(e)[1].refuted, 1);
	assert_int_equal(engine_rules(e)[2].refuted, 0);
	assert_int_equal(engine_rules(e)[3].confirmed, 0);
}

static void engine_alerts_once_a_rule_and_event(void **state)
{
	autouser u = user_new();
	struct heard h = { 0 };
	struct record r;

	user_rule(&u, "curl", CURL);
	autoptr(engine) e = engine_new(&u.info, NULL, hear, &h);
	exec_of(&r, "/usr/bin/curl");
	record_hit(&r, 0);
	record_hit(&r, 0);
	record_hit(&r, 0 | KES_HIT_MAYBE);
	assert_int_equal(send(e, &r), 0);
	assert_int_equal(h.nr, 1);
	assert_int_equal(send(e, &r), 0);
	assert_int_equal(h.nr, 2);
	assert_int_equal(engine_counters(e)->alerts, 2);
}

static void engine_counts_hits_that_name_nothing_and_judges_all(void **state)
{
	autouser u = user_new();
	struct heard h = { 0 };
	struct record r;

	user_rule(&u, "curl", CURL);
	autoptr(engine) e = engine_new(&u.info, NULL, hear, &h);
	exec_of(&r, "/usr/bin/curl");
	record_hit(&r, 1);
	record_hit(&r, 0x7fffffff | KES_HIT_MAYBE);
	assert_int_equal(send(e, &r), 0);
	assert_int_equal(engine_counters(e)->bad_hits, 2);
	assert_int_equal(h.nr, 1);
	assert_heard(&h, 0, "curl", VERDICT_CONFIRMED);
}

static void engine_counts_damaged_records(void **state)
{
	autouser u = user_new();
	struct heard h = { 0 };
	struct record r;

	user_rule(&u, "curl", CURL);
	autoptr(engine) e = engine_new(&u.info, NULL, hear, &h);
	exec_of(&r, "/usr/bin/curl");
	r.ev.version = 0;
	assert_int_equal(send(e, &r), -EBADMSG);
	assert_int_equal(engine_counters(e)->damaged, 1);
	assert_int_equal(engine_counters(e)->records, 1);
	assert_int_equal(h.nr, 0);
}

static void engine_gives_alerts_their_ancestors(void **state)
{
	autouser u = user_new();
	struct heard h = { 0 };
	struct record r;

	user_rule(&u, "curl", CURL);
	autoptr(proctable) procs = proctable_new(0, "/nonexistent");
	autoptr(engine) e = engine_new(&u.info, procs, hear, &h);
	exec_of(&r, "/usr/bin/curl");
	record_hit(&r, 0);
	assert_int_equal(send(e, &r), 0);
	assert_int_equal(h.v[0].nr_ancestors, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(engine_takes_the_kernels_yes_unjudged),
		cmocka_unit_test(engine_judges_a_maybe),
		cmocka_unit_test(engine_alerts_on_what_nobody_can_decide),
		cmocka_unit_test(engine_judges_all_when_the_list_is_not_complete),
		cmocka_unit_test(engine_alerts_once_a_rule_and_event),
		cmocka_unit_test(engine_counts_hits_that_name_nothing_and_judges_all),
		cmocka_unit_test(engine_counts_damaged_records),
		cmocka_unit_test(engine_gives_alerts_their_ancestors),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
