// SPDX-License-Identifier: Apache-2.0
/* test_sema.c - names, types, constants: what a typed condition looks like. */
#include "front.h"

struct pair {
	const char *text, *result;
};

static void assert_pairs(const struct pair *pairs, size_t nr)
{
	autofront f = front_new();

	for (size_t i = 0; i < nr; i++) {
		const char *text = arena_printf(f.arena, "process where %s", pairs[i].text);

		assert_string_equal(front_sema(&f, text), pairs[i].result);
	}
}

static void sema_lowers_every_operator(void **state)
{
	static const struct pair pairs[] = {
		{ "process.name == \"a\"", "process.name == \"a\"" },
		{ "process.name != \"a\"", "process.name != \"a\"" },
		{ "process.name in (\"a\")", "process.name == \"a\"" },
		{ "process.name in~ (\"a\")", "process.name in~ (\"a\")" },
		{ "process.name not in (\"a\", \"b\")", "process.name not in (\"a\", \"b\")" },
		{ "process.name : \"a*\"", "process.name like~ \"a*\"" },
		{ "process.name like (\"a*\", \"b\")", "process.name like (\"a*\", \"b\")" },
		{ "process.args contains \"*\"", "process.args contains \"*\"" },
		{ "process.args contains~ \"a\"", "process.args contains~ \"a\"" },
		{ "process.name >= \"a\"", "process.name >= \"a\"" },
		{ "process.name == null", "process.name == null" },
		{ "null != process.name", "process.name != null" },
		{ "\"a\" == process.name", "process.name == \"a\"" },
		{ "2 < process.pid", "process.pid > 2" },
		{ "2 >= process.pid", "process.pid <= 2" },
		{ "`process`.name == \"a\"", "process.name == \"a\"" },
		{ "`process.name` == \"a\"", "process.name == \"a\"" },
		{ "not (process.pid == 1 and process.pid == 2)",
		  "not (process.pid == 1 and process.pid == 2)" },
	};

	assert_pairs(pairs, ARRAY_SIZE(pairs));
}

static void sema_coerces_literals_to_the_field(void **state)
{
	static const struct pair pairs[] = {
		{ "user.id == 0", "user.id == 0" },
		{ "user.id == \"0\"", "user.id == 0" },
		{ "user.id in (\"0\", 1000)", "user.id in (0, 1000)" },
		{ "user.id in~ (\"0\", 1)", "user.id in (0, 1)" },
		{ "user.id >= \"1000\"", "user.id >= 1000" },
		{ "user.id == \"root\"", "false" },
		{ "user.id != \"root\"", "true" },
		{ "user.id == \"00\"", "false" },
		{ "user.id == -1", "false" },
		{ "user.id == 4294967295", "user.id == 4294967295" },
		{ "user.id == 4294967296", "false" },
		{ "user.id in (\"root\", 7)", "user.id == 7" },
		{ "user.id : \"1*\"", "user.id like~ \"1*\"" },
		{ "process.pid == 5.0", "process.pid == 5" },
		{ "process.pid == 1.5", "false" },
		{ "process.pid != 1.5", "true" },
	};

	assert_pairs(pairs, ARRAY_SIZE(pairs));
}

static void sema_compares_integers_with_doubles_exactly(void **state)
{
	static const struct pair pairs[] = {
		{ "process.args_count > 1.5", "process.args_count >= 2" },
		{ "process.args_count >= 1.5", "process.args_count >= 2" },
		{ "process.args_count < 1.5", "process.args_count <= 1" },
		{ "process.args_count <= 1.5", "process.args_count <= 1" },
		{ "process.args_count > -1.5", "process.args_count >= -1" },
		{ "process.args_count < -1.5", "process.args_count <= -2" },
		{ "process.args_count > 2.0", "process.args_count > 2" },
		{ "1.5 < process.args_count", "process.args_count >= 2" },
		{ "process.pid < 1e30", "process.pid != null" },
		{ "process.pid > 1e30", "false" },
		{ "process.pid > -1e30", "process.pid != null" },
		{ "process.pid < -1e30", "false" },
		{ "process.pid == -9223372036854775808", "process.pid == -9223372036854775808" },
		{ "process.pid < 9223372036854775808", "process.pid != null" },
	};

	assert_pairs(pairs, ARRAY_SIZE(pairs));
}

static void sema_folds_constants(void **state)
{
	static const struct pair pairs[] = {
		{ "1 == 1", "true" },
		{ "1 == 1.0", "true" },
		{ "9223372036854775807 == 9223372036854775808", "false" },
		{ "\"a\" < \"b\"", "true" },
		{ "\"a\" == \"A\"", "false" },
		{ "\"ab\" : \"A*\"", "true" },
		{ "\"ab\" in~ (\"x\", \"AB\")", "true" },
		{ "\"ab\" contains \"b\"", "true" },
		{ "null == null", "true" },
		{ "1 == null", "false" },
		{ "1 != null", "true" },
		{ "null < 1", "false" },
		{ "null : \"*\"", "false" },
		{ "true and process.pid == 1", "process.pid == 1" },
		{ "true or process.pid == 1", "true" },
		{ "false or process.pid == 1 or false", "process.pid == 1" },
		{ "not true", "false" },
		{ "process.pid == 1 and not (1 == 1)", "false" },
		{ "(process.pid == 1 and process.pid == 2) and process.pid == 3",
		  "process.pid == 1 and process.pid == 2 and process.pid == 3" },
	};

	assert_pairs(pairs, ARRAY_SIZE(pairs));
}

static void sema_optional_unknown_fields_have_no_value(void **state)
{
	static const struct pair pairs[] = {
		{ "?x == \"a\"", "false" },
		{ "?x != \"a\"", "true" },
		{ "?x == null", "true" },
		{ "?x != null", "false" },
		{ "?x in (1, \"a\")", "false" },
		{ "not ?x : \"a\"", "true" },
		{ "?x == true", "false" },
		{ "?x", "false" },
		{ "?process.name == \"a\"", "process.name == \"a\"" },
	};

	assert_pairs(pairs, ARRAY_SIZE(pairs));
}

static void sema_tests_conditions_against_constants(void **state)
{
	static const struct pair pairs[] = {
		{ "(process.pid == 1) == true", "process.pid == 1" },
		{ "true != (process.pid == 1)", "process.pid != 1" },
		{ "null == (process.exit_code > -1)", "process.exit_code == null" },
		{ "(process.pid > 1) == false", "not (process.pid > 1 or process.pid == null)" },
		{ "(process.pid == null) == null", "false" },
	};

	assert_pairs(pairs, ARRAY_SIZE(pairs));
}

/* condition, message; the category is process */
static const struct pair rejected[] = {
	{ "process.nam == \"x\"", "unknown field \"process.nam\"" },
	{ "x == 1", "unknown field \"x\"" },
	{ "process.pid == \"1\"", "process.pid (long) cannot be compared with a string" },
	{ "process.pid in (1, \"x\")", "process.pid (long) cannot be compared with a string" },
	{ "process.pid == true", "process.pid (long) cannot be compared with a boolean" },
	{ "process.name == 1", "process.name (keyword) cannot be compared with a number" },
	{ "process.name == true", "process.name (keyword) cannot be compared with a boolean" },
	{ "process.name > 1", "process.name (keyword) cannot be compared with a number" },
	{ "process.name in (\"a\", null)", "null is not a value" },
	{ "process.name in (\"a\", process.args)", "a list cannot contain a field" },
	{ "process.name == process.args", "a field is compared with a field" },
	{ "process.pid : \"1*\"", "process.pid (long) is not a string" },
	{ "process.pid contains \"1\"", "process.pid (long) is not a string" },
	{ "process.name : 1", "the right side of `like` is strings, not a number" },
	{ "process.name : (\"a\", process.args)", "is strings, not a field" },
	{ "process.name", "a field is not a condition" },
	{ "1", "a number is not a condition" },
	{ "\"x\"", "a string is not a condition" },
	{ "null", "null is not a condition" },
	{ "1 == \"1\"", "a number cannot be compared with a string" },
	{ "true < false", "a boolean cannot be compared with a boolean" },
	{ "1 in (\"1\")", "a number cannot be in a list with a string" },
	{ "1 : \"1\"", "the left side of `like` cannot be a number" },
	{ "(process.pid == 1) in (true)", "the left side of `in` cannot be a condition" },
	{ "(process.pid == 1) == 1", "a condition can only be tested" },
	{ "(process.pid == 1) == (process.pid == 2)", "a condition is compared with a condition" },
	{ "(process.pid == 1 or process.pid == 2) == null", "is not supported" },
};

static void sema_rejects_wrong_types(void **state)
{
	autofront f = front_new();

	for (size_t i = 0; i < ARRAY_SIZE(rejected); i++) {
		const char *text = arena_printf(f.arena, "process where %s", rejected[i].text);

		assert_null(front_query(&f, text));
		assert_int_equal(f.d.nr_errors, 1);
		assert_contains(front_first(&f), rejected[i].result);
	}
}

static void sema_reports_every_mistake(void **state)
{
	autofront f = front_new();

	front_query(
		&f,
		"process where a == 1 and (b == 2 or not c in (3)) and true or process.pid == \"x\"");
	assert_int_equal(f.d.nr_errors, 4);
}

static void sema_suggests_near_fields(void **state)
{
	autofront f = front_new();

	front_query(&f, "any where process.nam == \"x\"");
	assert_string_equal(f.d.v[0].hint, "did you mean \"process.name\"?");
	front_query(&f, "any where command_line == \"x\"");
	assert_string_equal(f.d.v[0].hint, "did you mean \"process.command_line\"?");
	front_query(&f, "any where registry.data == \"x\"");
	assert_string_equal(f.d.v[0].hint, "a field that may be unknown is written ?registry.data");
}

static void sema_warns_of_what_never_matches(void **state)
{
	autofront f = front_new();

	assert_non_null(front_query(&f, "registry where true"));
	assert_contains(front_diags(&f), "warning: no event has this category");
	assert_contains(f.d.v[0].hint, "process,file");
	assert_non_null(front_query(&f, "process where file.path == \"x\""));
	assert_contains(front_diags(&f), "warning: no event of this category has file.path");
	assert_non_null(front_query(&f, "process where ?file.path == \"x\""));
	assert_int_equal(f.d.nr, 0);
	assert_non_null(front_query(&f, "any where user.id == \"root\""));
	assert_contains(front_diags(&f), "warning: user.id never equals this value");
}

/* What is printed reads back as the same condition. */
static void sema_print_reads_back(void **state)
{
	static const char *const texts[] = {
		"process.name in~ (\"a\\n\\\"\\\\\\u{01}\xC3\xA9\", \"b\") and not process.pid > 1",
		"not (process.pid == 1 or not (process.name : \"x\" and user.id : \"1?\"))",
		"process.args contains (\"*\", \"?\") or process.exit_code != -1 and process.args != null",
		"not not process.name like \"a\"",
	};
	autofront f = front_new();

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *once = front_sema(&f, arena_printf(f.arena, "any where %s", texts[i]));
		const char *twice = front_sema(&f, arena_printf(f.arena, "any where %s", once));

		assert_int_equal(f.d.nr, 0);
		assert_string_equal(once, twice);
	}
}

static void schema_finds_every_field_by_name(void **state)
{
	for (int i = 0; i < NR_FIELDS; i++) {
		const char *name = fields[i].name;

		assert_int_equal(field_find(name, strlen(name)), i);
		assert_int_equal(field_find(name, strlen(name) - 1), -1);
	}
	assert_int_equal(field_find("", 0), -1);
	assert_int_equal(field_find("process.namee", 13), -1);
}

static void schema_parent_fields_have_both_places(void **state)
{
	assert_int_equal(fields[FIELD_PARENT_NAME].buffer, KES_BUF_PARENT_EXE);
	assert_int_equal(fields[FIELD_PARENT_NAME].judged, KES_BUF_EXE);
	assert_int_equal(fields[FIELD_PROCESS_NAME].judged, KES_BUF_EXE);
	assert_int_equal(fields[FIELD_PARENT_ARGS_COUNT].offset,
			 offsetof(struct kes_event, parent_args_count));
	assert_int_equal(fields[FIELD_PARENT_ARGS_COUNT].judged_offset,
			 offsetof(struct kes_event, args_count));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sema_lowers_every_operator),
		cmocka_unit_test(sema_coerces_literals_to_the_field),
		cmocka_unit_test(sema_compares_integers_with_doubles_exactly),
		cmocka_unit_test(sema_folds_constants),
		cmocka_unit_test(sema_optional_unknown_fields_have_no_value),
		cmocka_unit_test(sema_tests_conditions_against_constants),
		cmocka_unit_test(sema_rejects_wrong_types),
		cmocka_unit_test(sema_reports_every_mistake),
		cmocka_unit_test(sema_suggests_near_fields),
		cmocka_unit_test(sema_warns_of_what_never_matches),
		cmocka_unit_test(sema_print_reads_back),
		cmocka_unit_test(schema_finds_every_field_by_name),
		cmocka_unit_test(schema_parent_fields_have_both_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
