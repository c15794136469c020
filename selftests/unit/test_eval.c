// SPDX-License-Identifier: Apache-2.0
/* test_eval.c - what conditions mean. */
#include "front.h"

#define STR(text)                        \
	{                                \
		(text), sizeof(text) - 1 \
	}

static const struct string name = STR("Bash");
static const struct string args[] = { STR("bash"), STR("-c"), STR("id") };

static struct value strings(const struct string *strs, size_t nr)
{
	return (struct value){ .present = true, .strs = strs, .nr_strs = nr };
}

static struct value number(int64_t i)
{
	return (struct value){ .present = true, .i = i };
}

/* An exec with name, arguments, pid 7, user 1000; no exit code, no working directory. */
static struct eval_event sample(void)
{
	struct eval_event ev;

	eval_init(&ev, KES_EXEC);
	ev.v[FIELD_PROCESS_NAME] = strings(&name, 1);
	ev.v[FIELD_PROCESS_ARGS] = strings(args, 3);
	ev.v[FIELD_PROCESS_PID] = number(7);
	ev.v[FIELD_USER_ID] = number(1000);
	return ev;
}

struct expected {
	const char *text;
	enum truth truth;
};

static void assert_truths(const struct eval_event *ev, const struct expected *cases, size_t nr)
{
	autofront f = front_new();

	for (size_t i = 0; i < nr; i++) {
		struct query *q =
			front_query(&f, arena_printf(f.arena, "any where %s", cases[i].text));

		if (!q)
			fail_msg("%s", front_diags(&f));
		if (eval_query(q, ev) != cases[i].truth)
			fail_msg("%s is not %d", cases[i].text, cases[i].truth);
	}
}

static void eval_leaf_is_true_of_any_value(void **state)
{
	static const struct expected cases[] = {
		{ "process.args == \"-c\"", TRUTH_YES },
		{ "process.args == \"-d\"", TRUTH_NO },
		{ "process.args in (\"x\", \"id\")", TRUTH_YES },
		{ "process.args != \"-c\"", TRUTH_NO },
		{ "process.args != \"-d\"", TRUTH_YES },
		{ "process.args > \"i\"", TRUTH_YES },
		{ "process.args : \"BA*\"", TRUTH_YES },
		{ "process.args like \"BA*\"", TRUTH_NO },
		{ "process.args contains \"as\"", TRUTH_YES },
		{ "process.args contains \"AS\"", TRUTH_NO },
		{ "process.args contains~ \"AS\"", TRUTH_YES },
		{ "process.name == \"bash\"", TRUTH_NO },
		{ "process.name in~ (\"bash\")", TRUTH_YES },
		{ "process.name in~ (\"b*\")", TRUTH_NO },
		{ "process.name < \"a\"", TRUTH_YES },
		{ "process.pid > 6.5", TRUTH_YES },
		{ "process.pid in (1, 7)", TRUTH_YES },
		{ "user.id == \"1000\"", TRUTH_YES },
		{ "user.id like \"1?00\"", TRUTH_YES },
		{ "user.id contains \"00\"", TRUTH_YES },
		{ "user.id < 1000", TRUTH_NO },
		{ "event.category == \"process\" and event.type == \"start\"", TRUTH_YES },
		{ "event.action : (\"exec\", \"exec_event\")", TRUTH_YES },
		{ "event.action == \"fork\"", TRUTH_NO },
		{ "host.os.type == \"linux\"", TRUTH_YES },
	};
	struct eval_event ev = sample();

	assert_truths(&ev, cases, ARRAY_SIZE(cases));
}

static void eval_not_is_the_complement_of_a_missing_value(void **state)
{
	static const struct expected cases[] = {
		{ "process.working_directory == \"x\"", TRUTH_NO },
		{ "process.working_directory : \"*\"", TRUTH_NO },
		{ "process.working_directory != \"x\"", TRUTH_YES },
		{ "not process.working_directory == \"x\"", TRUTH_YES },
		{ "process.working_directory not in (\"x\")", TRUTH_YES },
		{ "not process.exit_code > 5", TRUTH_YES },
		{ "process.exit_code <= 5", TRUTH_NO },
		{ "process.exit_code == 0", TRUTH_NO },
		{ "process.exit_code == null", TRUTH_YES },
		{ "process.pid == null", TRUTH_NO },
		{ "process.parent.args == null", TRUTH_YES },
		{ "null == (process.exit_code > -1)", TRUTH_YES },
		{ "(process.exit_code > 1) == false", TRUTH_NO },
		{ "(process.exit_code > 1) != false", TRUTH_YES },
		{ "(process.pid > 10) == false", TRUTH_YES },
	};
	struct eval_event ev = sample();

	ev.v[FIELD_PARENT_ARGS] = strings(NULL, 0); /* an empty list has no value either */
	assert_truths(&ev, cases, ARRAY_SIZE(cases));
}

static void eval_unknown_matters_only_when_it_can(void **state)
{
	static const struct expected cases[] = {
		{ "process.args == \"-c\"", TRUTH_YES },
		{ "process.args == \"-d\"", TRUTH_MAYBE },
		{ "process.args != \"-c\"", TRUTH_NO },
		{ "process.args != \"-d\"", TRUTH_MAYBE },
		{ "process.args != null", TRUTH_YES },
		{ "process.name == \"x\"", TRUTH_MAYBE },
		{ "process.name == null", TRUTH_MAYBE },
		{ "process.exit_code == 0", TRUTH_MAYBE },
		{ "process.exit_code != null", TRUTH_YES },
		{ "process.name == \"x\" and process.pid == 8", TRUTH_NO },
		{ "process.name == \"x\" and process.pid == 7", TRUTH_MAYBE },
		{ "process.name == \"x\" or process.pid == 7", TRUTH_YES },
		{ "process.name == \"x\" or process.pid == 8", TRUTH_MAYBE },
		{ "not (process.name == \"x\" or process.pid == 7)", TRUTH_NO },
		{ "true", TRUTH_YES },
	};
	struct eval_event ev = sample();

	ev.v[FIELD_PROCESS_ARGS].unknown = true;
	ev.v[FIELD_PROCESS_NAME] = (struct value){ .unknown = true };
	ev.v[FIELD_PROCESS_EXIT_CODE] = (struct value){ .present = true, .unknown = true };
	assert_truths(&ev, cases, ARRAY_SIZE(cases));
}

static void eval_query_needs_the_category(void **state)
{
	autofront f = front_new();
	struct eval_event ev = sample();

	assert_int_equal(eval_query(front_query(&f, "process where true"), &ev), TRUTH_YES);
	assert_int_equal(eval_query(front_query(&f, "\"process\" where true"), &ev), TRUTH_YES);
	assert_int_equal(eval_query(front_query(&f, "file where true"), &ev), TRUTH_NO);
	assert_int_equal(eval_query(front_query(&f, "Process where true"), &ev), TRUTH_NO);
	assert_int_equal(eval_query(front_query(&f, "\"any\" where true"), &ev), TRUTH_NO);
	assert_int_equal(eval_query(front_query(&f, "any where true"), &ev), TRUTH_YES);
}

static void eval_orders_strings_by_code_point(void **state)
{
	static const struct string a = STR("a"), ab = STR("ab"), e = STR("\xC3\xA9"),
				   euro = STR("\xE2\x82\xAC"), empty = { NULL, 0 };

	assert_true(string_compare(a, ab) < 0);
	assert_true(string_compare(ab, e) < 0);
	assert_true(string_compare(e, euro) < 0);
	assert_true(string_compare(empty, a) < 0);
	assert_true(string_compare(empty, empty) == 0);
}

static bool like(const char *pat, const char *s, bool fold)
{
	return like_match(pat, strlen(pat), s, strlen(s), fold);
}

static void like_stars_take_any_run(void **state)
{
	assert_true(like("*", "", false));
	assert_true(like("*", "a/b\nc", false));
	assert_true(like("a*c", "abcbc", false));
	assert_true(like("*a*b*c*", "xxaxxbxxcxx", false));
	assert_false(like("*a*b*c*", "xxaxxcxxbxx", false));
	assert_false(like("", "a", false));
	assert_true(like("**", "", false));
	assert_true(like("*ab", "aab", false));
}

static void like_question_mark_takes_one_code_point(void **state)
{
	assert_true(like("?", "\xC3\xA9", false));
	assert_true(like("a?c",
			 "a\xE2\x82\xAC"
			 "c",
			 false));
	assert_false(like("??", "\xC3\xA9", false));
	assert_false(like("?", "", false));
	assert_true(like("?", "\xFF", false));  /* a byte that begins no code point is one */
	assert_false(like("?", "\x80", false)); /* a lone continuation byte is none */
	assert_true(like("?", "a\x80\x80", false));
	assert_true(like("*?",
			 "\x80"
			 "a",
			 false));
}

static void like_folds_beyond_ascii(void **state)
{
	assert_true(like("\xC3\x89T\xC3\x89", "\xC3\xA9t\xC3\xA9", true));
	assert_true(like("k*",
			 "\xE2\x84\xAA"
			 "x",
			 true)); /* the Kelvin sign folds to k */
	assert_true(like("\xE2\x84\xAA", "K", true));
	assert_true(like("*s", "x\xC5\xBF", true)); /* the long s */
	assert_false(like("i", "\xC4\xB0", true));  /* dotted I folds to itself */
	assert_false(like("k", "\xE2\x84\xAA", false));
}

/* The definition, with every choice tried. */
static bool like_slow(const char *p, const char *s, bool fold)
{
	uint32_t a, b;
	int p_len, s_len, n;

	if (!*p)
		return !*s;
	if (*p == '*') {
		for (;; s++) {
			if (like_slow(p + 1, s, fold))
				return true;
			if (!*s)
				return false;
		}
	}
	if (*p == '?') {
		if (!*s || (*s & 0xC0) == 0x80)
			return false;
		for (n = 1; (s[n] & 0xC0) == 0x80; n++)
			;
		return like_slow(p + 1, s + n, fold);
	}
	p_len = utf8_decode(p, strlen(p), &a);
	s_len = utf8_decode(s, strlen(s), &b);
	if (s_len == 0 || (a != b && !(fold && fold_code_point(a) == fold_code_point(b))))
		return false;
	return like_slow(p + p_len, s + s_len, fold);
}

/* Number n in base nr, each digit one of the pieces. */
static void spell(char *out, unsigned int n, const char *const *pieces, unsigned int nr)
{
	*out = 0;
	for (; n; n /= nr + 1) {
		if (n % (nr + 1))
			out = stpcpy(out, pieces[n % (nr + 1) - 1]);
	}
}

static void like_equals_its_definition_on_all_small_inputs(void **state)
{
	static const char *const in_pattern[] = { "a", "k", "\xC3\xA9", "*", "?" };
	static const char *const in_string[] = { "a",        "K",    "\xE2\x84\xAA",
						 "\xC3\xA9", "\x80", "\xC3" };
	char pattern[32], string[32];

	for (unsigned int p = 0; p < 6 * 6 * 6 * 6; p++) {
		spell(pattern, p, in_pattern, 5);
		for (unsigned int s = 0; s < 7 * 7 * 7 * 7; s++) {
			spell(string, s, in_string, 6);
			for (int fold = 0; fold < 2; fold++) {
				if (like(pattern, string, fold) != like_slow(pattern, string, fold))
					fail_msg("%s over %s, fold %d", pattern, string, fold);
			}
		}
	}
}

static void contains_is_a_like_with_stars(void **state)
{
	static const char *const pieces[] = { "a", "K", "\xE2\x84\xAA", "\xC3\xA9", "\xC3" };
	char needle[32], string[32], pattern[40];

	for (unsigned int n = 1; n < 5 * 5 * 5; n++) {
		spell(needle, n, pieces, 4);
		snprintf(pattern, sizeof(pattern), "*%s*", needle);
		for (unsigned int s = 0; *needle && s < 6 * 6 * 6 * 6; s++) {
			struct string lit = { needle, (uint32_t)strlen(needle) };
			struct string value = { string, 0 };

			spell(string, s, pieces, 5);
			value.len = (uint32_t)strlen(string);
			assert_true(string_contains(value, lit, true) ==
				    like(pattern, string, true));
			assert_true(string_contains(value, lit, false) ==
				    like(pattern, string, false));
			assert_true(string_equal_folded(lit, value) == like(needle, string, true));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eval_leaf_is_true_of_any_value),
		cmocka_unit_test(eval_not_is_the_complement_of_a_missing_value),
		cmocka_unit_test(eval_unknown_matters_only_when_it_can),
		cmocka_unit_test(eval_query_needs_the_category),
		cmocka_unit_test(eval_orders_strings_by_code_point),
		cmocka_unit_test(like_stars_take_any_run),
		cmocka_unit_test(like_question_mark_takes_one_code_point),
		cmocka_unit_test(like_folds_beyond_ascii),
		cmocka_unit_test(like_equals_its_definition_on_all_small_inputs),
		cmocka_unit_test(contains_is_a_like_with_stars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
