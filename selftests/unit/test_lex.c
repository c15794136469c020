// SPDX-License-Identifier: Apache-2.0
/* test_lex.c - tokens of EQL. */
#include "front.h"

static void lex_names_every_token_with_its_place(void **state)
{
	autofront f = front_new();

	assert_string_equal(front_lex(&f, "any where\n  a.b >= -1.5e3 or c in~ (\"x\")"),
			    "keyword any 1:1\n"
			    "keyword where 1:5\n"
			    "name a 2:3\n"
			    "symbol . 2:4\n"
			    "name b 2:5\n"
			    "symbol >= 2:7\n"
			    "symbol - 2:10\n"
			    "double 1500 2:11\n"
			    "keyword or 2:17\n"
			    "name c 2:20\n"
			    "keyword in~ 2:22\n"
			    "symbol ( 2:26\n"
			    "string \"x\" 2:27\n"
			    "symbol ) 2:30\n"
			    "end 2:31\n");
}

static void lex_decodes_every_escape(void **state)
{
	autofront f = front_new();

	assert_string_equal(front_lex(&f, "\"\\n\\r\\t\\b\\f\\\\\\\"\\'\\u{e9}\\u{0001F600}\""),
			    "string \"\\n\\r\\t\\b\\f\\\\\\\"'\xC3\xA9\xF0\x9F\x98\x80\" 1:1\n"
			    "end 1:37\n");
}

static void lex_raw_string_keeps_backslashes_and_ends_late(void **state)
{
	autofront f = front_new();

	assert_string_equal(front_lex(&f, "\"\"\"a\\b\"\"\""), "string \"a\\\\b\" 1:1\nend 1:10\n");
	assert_string_equal(front_lex(&f, "\"\"\"a\"\"\"\"\""),
			    "string \"a\\\"\\\"\" 1:1\nend 1:10\n");
	assert_string_equal(front_lex(&f, "\"\"\"\"\"\" 1"),
			    "string \"\" 1:1\nint 1 1:8\nend 1:9\n");
}

static void lex_skips_comments_of_all_forms(void **state)
{
	autofront f = front_new();

	assert_string_equal(front_lex(&f, "// a\n# b\n/* c /* d */ e */ x // y"),
			    "name x 3:19\nend 3:25\n");
}

static void lex_skips_a_byte_order_mark(void **state)
{
	autofront f = front_new();

	assert_string_equal(front_lex(&f, "\xEF\xBB\xBFx\r\n"), "name x 1:2\nend 2:1\n");
}

static void lex_quoted_names_double_the_back_quote(void **state)
{
	autofront f = front_new();

	assert_string_equal(front_lex(&f, "`a``b c`"), "quoted \"a`b c\" 1:1\nend 1:9\n");
}

static void lex_columns_count_code_points(void **state)
{
	autofront f = front_new();

	assert_string_equal(front_lex(&f, "\"\xC3\xA9\xE2\x82\xAC\" x"),
			    "string \"\xC3\xA9\xE2\x82\xAC\" 1:1\nname x 1:6\nend 1:7\n");
}

static void lex_integer_beyond_64_bits_is_a_double(void **state)
{
	autofront f = front_new();

	assert_string_equal(front_lex(&f, "9223372036854775807 9223372036854775808"),
			    "int 9223372036854775807 1:1\ndouble 9.2233720368547758e+18 1:21\n"
			    "end 1:40\n");
}

/* text, message, column */
static const struct {
	const char *text, *message;
	uint32_t begin;
} rejected[] = {
	{ "x == 'a'", "single-quoted strings", 5 },
	{ "x == ?\"a\"", "?-quoted raw strings", 5 },
	{ "x == ?'a'", "?-quoted raw strings", 5 },
	{ "a && b", "`&&` is not part", 2 },
	{ "a || b", "`||` is not part", 2 },
	{ "a <> b", "`<>` is not part", 2 },
	{ "\"abc", "this string is not closed", 0 },
	{ "\"abc\ndef\"", "this string is not closed", 0 },
	{ "\"abc\\", "unknown escape sequence", 4 },
	{ "\"\"\"abc", "this raw string is not closed", 0 },
	{ "\"\"\"a\nb\"\"\"", "this raw string is not closed", 0 },
	{ "`abc", "this quoted name is not closed", 0 },
	{ "``", "a name cannot be empty", 0 },
	{ "a /* b /* c */", "this comment is not closed", 2 },
	{ "\"\\x41\"", "unknown escape sequence", 1 },
	{ "\"\\u{1}\"", "malformed Unicode escape", 1 },
	{ "\"\\u{123456789}\"", "malformed Unicode escape", 1 },
	{ "\"\\u{zz}\"", "malformed Unicode escape", 1 },
	{ "\"\\u0041\"", "malformed Unicode escape", 1 },
	{ "\"\\u{d800}\"", "a surrogate", 1 },
	{ "\"\\u{110000}\"", "no such code point", 1 },
	{ "$x", "variables", 0 },
	{ "a ~ b", "`~` stands directly behind", 2 },
	{ "and~", "`~` stands directly behind", 3 },
	{ "a \\ b", "unexpected character `\\`", 2 },
	{ "a \x01 b", "unexpected character U+0001", 2 },
	{ "\xE2\x80\x9Cx\xE2\x80\x9D", "is not part of the language", 0 },
	{ "a \xC2\xA0 b", "unexpected character U+00A0", 2 },
	{ "1e999", "this number is too large", 0 },
	{ "x \xFF y", "byte 0xff: a rule is UTF-8 text", 2 },
	{ "x // \xC3(", "byte 0xc3: a rule is UTF-8 text", 5 },
	{ "\"\xED\xA0\x80\"", "byte 0xed: a rule is UTF-8 text", 1 },
};

static void lex_rejects_with_a_place(void **state)
{
	autofront f = front_new();

	for (size_t i = 0; i < ARRAY_SIZE(rejected); i++) {
		front_lex(&f, rejected[i].text);
		assert_int_equal(f.d.nr_errors, 1);
		assert_contains(front_first(&f), rejected[i].message);
		assert_int_equal(f.d.v[0].span.begin, rejected[i].begin);
	}
}

static void lex_says_what_to_write_for_old_strings(void **state)
{
	autofront f = front_new();

	front_lex(&f, "'a*'");
	assert_string_equal(f.d.v[0].hint, "write \"a*\"");
	front_lex(&f, "?\"a\\b\"");
	assert_string_equal(f.d.v[0].hint, "write \"\"\"a\\b\"\"\"");
}

static void lex_rejects_a_nul_byte(void **state)
{
	autofront f = front_new();
	struct capture c;

	capture_open(&c);
	lex_dump(c.out, source_new(f.arena, "t", "a\0b", 3), &f.d);
	capture_take(&c, &f);
	assert_contains(front_first(&f), "byte 0x00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lex_names_every_token_with_its_place),
		cmocka_unit_test(lex_decodes_every_escape),
		cmocka_unit_test(lex_raw_string_keeps_backslashes_and_ends_late),
		cmocka_unit_test(lex_skips_comments_of_all_forms),
		cmocka_unit_test(lex_skips_a_byte_order_mark),
		cmocka_unit_test(lex_quoted_names_double_the_back_quote),
		cmocka_unit_test(lex_columns_count_code_points),
		cmocka_unit_test(lex_integer_beyond_64_bits_is_a_double),
		cmocka_unit_test(lex_rejects_with_a_place),
		cmocka_unit_test(lex_says_what_to_write_for_old_strings),
		cmocka_unit_test(lex_rejects_a_nul_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
