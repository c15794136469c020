// SPDX-License-Identifier: Apache-2.0
/* test_account.c - the law of accounting, losses, percentages. */
#include <jansson.h>

#include "../../user/account.h"
#include "user.h"

static struct account example(void)
{
	struct account a = { 0 };

	a.v[KES_EXEC][KES_SEEN] = 100;
	a.v[KES_EXEC][KES_FILTERED] = 90;
	a.v[KES_EXEC][KES_FILTERED_SELF] = 3;
	a.v[KES_EXEC][KES_EMITTED] = 5;
	a.v[KES_EXEC][KES_MAYBE] = 2;
	a.v[KES_EXEC][KES_DROP_RING] = 2;
	a.recursion[KES_OPEN] = 4;
	return a;
}

static void account_tally_splits_what_was_seen(void **state)
{
	const struct account a = example();
	struct tally t;

	(void)state;
	account_tally(&a, &t);
	assert_int_equal(t.seen, 104);
	assert_int_equal(t.kept, 93);
	assert_int_equal(t.emitted, 5);
	assert_int_equal(t.maybe, 2);
	assert_int_equal(t.dropped, 6);
	assert_int_equal(t.unaccounted, 0);
}

static void account_tally_finds_what_is_missing(void **state)
{
	struct account a = example();
	struct tally t;

	(void)state;
	a.v[KES_OPEN][KES_SEEN] = 10;
	a.v[KES_OPEN][KES_FILTERED] = 9;
	account_tally(&a, &t);
	assert_int_equal(t.unaccounted, 1);
}

static void account_line_says_where_events_went(void **state)
{
	const struct account a = example();
	autofront f = front_new();
	autofree char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	account_print_line(out, &a, 3);
	fclose(out);
	/* 93 kept + 3 of the 5 that were sent up as a certain yes */
	assert_string_equal(text,
			    "events seen: 104; decided in the kernel: 96 (92.31 %); sent up: 5 "
			    "(4.81 %); alerts: 3; dropped: 6\n");
}

static void account_loss_json_names_hook_and_cause(void **state)
{
	const struct account now = example();
	struct account before = { 0 }, grown;
	autofree char *line = NULL;
	json_t *root, *losses;

	(void)state;
	before.v[KES_EXEC][KES_DROP_RING] = 1;
	account_delta(&now, &before, &grown);
	line = account_loss_json(&grown, 0);
	assert_non_null(line);
	root = json_loads(line, 0, NULL);
	assert_non_null(root);
	losses = json_object_get(json_object_get(root, "kestrel"), "losses");
	assert_int_equal(json_array_size(losses), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(losses, 0), "hook")),
			    "process.exec");
	assert_string_equal(json_string_value(json_object_get(json_array_get(losses, 0), "cause")),
			    "dropped_ring");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(losses, 0), "events")),
			 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(losses, 1), "cause")),
			    "dropped_recursion");
	json_decref(root);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(account_tally_splits_what_was_seen),
		cmocka_unit_test(account_tally_finds_what_is_missing),
		cmocka_unit_test(account_line_says_where_events_went),
		cmocka_unit_test(account_loss_json_names_hook_and_cause),
	};

	return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
