// SPDX-License-Identifier: Apache-2.0
/* test_parse.c - the shape of trees, and what is not EQL. */
#include "front.h"

static void parse_binds_not_then_and_then_or(void **state)
{
	autofront f = front_new();

	assert_string_equal(front_parse(&f, "any where not a == 1 and b == 2 or c == 3"),
			    "(event any\n"
			    "  (or\n"
			    "    (and\n"
			    "      (not\n"
			    "        (compare ==\n"
			    "          (field a)\n"
			    "          (int 1)))\n"
			    "      (compare ==\n"
			    "        (field b)\n"
			    "        (int 2)))\n"
			    "    (compare ==\n"
			    "      (field c)\n"
			    "      (int 3))))\n");
}

static void parse_reads_every_operator(void **state)
{
	autofront f = front_new();

	assert_string_equal(front_parse(&f, "file where a : \"x\" and b like (\"x\", \"y\") and "
					    "c like~ \"z\" and d not in~ (1, -2.5) and "
					    "e contains~ \"k\" and ?f.`g h` != null"),
			    "(event \"file\"\n"
			    "  (and\n"
			    "    (match like~\n"
			    "      (field a)\n"
			    "      (string \"x\"))\n"
			    "    (match like\n"
			    "      (field b)\n"
			    "      (string \"x\")\n"
			    "      (string \"y\"))\n"
			    "    (match like~\n"
			    "      (field c)\n"
			    "      (string \"z\"))\n"
			    "    (not\n"
			    "      (in ~\n"
			    "        (field d)\n"
			    "        (int 1)\n"
			    "        (double -2.5)))\n"
			    "    (match contains~\n"
			    "      (field e)\n"
			    "      (string \"k\"))\n"
			    "    (compare !=\n"
			    "      (field ?f.g h)\n"
			    "      (null))))\n");
}

static void parse_takes_quoted_categories_literally(void **state)
{
	autofront f = front_new();

	assert_contains(front_parse(&f, "\"any\" where true"), "(event \"any\"\n");
	assert_contains(front_parse(&f, "\"\"\"a b\"\"\" where true"), "(event \"a b\"\n");
}

static void parse_spans_cover_their_text(void **state)
{
	autofront f = front_new();
	const char *text = "any where ( a == 1 ) and b in (1, 2)";
	struct query *q = parse_query(front_source(&f, text), &f.d);

	assert_non_null(q);
	assert_int_equal(q->span.begin, 0);
	assert_int_equal(q->span.end, strlen(text));
	assert_int_equal(q->cond->span.begin, 10);
	assert_int_equal(q->cond->span.end, strlen(text));
	assert_int_equal(q->cond->kids[0]->span.begin, 10);
	assert_int_equal(q->cond->kids[0]->span.end, 20);
	assert_int_equal(q->cond->kids[1]->kids[0]->span.begin, 25);
	assert_int_equal(q->cond->kids[1]->span.end, strlen(text));
}

/* n levels of `open` before, and of `close` behind a condition. */
static const char *nested(struct front *f, const char *open, const char *close, size_t n)
{
	struct capture c;

	capture_open(&c);
	fputs("any where ", c.out);
	for (size_t i = 0; i < n; i++)
		fputs(open, c.out);
	fputs("a == 1", c.out);
	for (size_t i = 0; i < n; i++)
		fputs(close, c.out);
	return capture_take(&c, f);
}

static void parse_bounds_nesting(void **state)
{
	autofront f = front_new();

	front_parse(&f, nested(&f, "(", ")", 200));
	assert_int_equal(f.d.nr, 0);
	front_parse(&f, nested(&f, "(", ")", 201));
	assert_string_equal(front_first(&f), "nested too deeply");
	front_parse(&f, nested(&f, "not ", "", 201));
	assert_string_equal(front_first(&f), "nested too deeply");
	front_parse(&f, nested(&f, "(", ")", 100000));
	assert_string_equal(front_first(&f), "nested too deeply");
	front_parse(&f, nested(&f, "a in (", ")", 100000));
	assert_int_equal(f.d.nr_errors, 1);
	front_parse(&f, nested(&f, "a == 1 and ", "", 50000));
	assert_int_equal(f.d.nr, 0);
}

static void parse_reads_a_list_of_100000(void **state)
{
	autofront f = front_new();
	struct query *q;
	struct capture c;

	capture_open(&c);
	fputs("any where process.name in (\"x\"", c.out);
	for (int i = 1; i < 100000; i++)
		fprintf(c.out, ",\"%d\"", i);
	fputs(")", c.out);
	q = front_query(&f, capture_take(&c, &f));
	assert_non_null(q);
	assert_int_equal(q->cond->leaf.nr_lits, 100000);
}

/* text, message, offset of the place */
static const struct {
	const char *text, *message;
	uint32_t begin;
} rejected[] = {
	{ "", "the rule is empty", 0 },
	{ " // only a comment\n", "the rule is empty", 0 },
	{ "process", "expected `where`, not the end of the rule", 7 },
	{ "process where", "expected a field, a value or `(`, not the end of the rule", 13 },
	{ "process where // true", "not the end of the rule", 13 },
	{ "42 where true", "expected an event category", 0 },
	{ "`x` where true", "expected an event category", 0 },
	{ "?x where true", "expected an event category", 0 },
	{ "any~ where true", "`~` stands", 3 },
	{ "x~ where true", "expected an event category", 0 },
	{ "any where a = 1", "not `=`", 12 },
	{ "any where !a", "not `!`", 10 },
	{ "any where a == 1 AND b == 2", "not `AND`", 17 },
	{ "any where a == b == c", "comparisons cannot be chained", 17 },
	{ "any where a < 1 <= 2", "comparisons cannot be chained", 16 },
	{ "any where a in ()", "expected a value, not `)`", 16 },
	{ "any where a in (1,)", "expected a value, not `)`", 18 },
	{ "any where a in (1 2)", "expected `,` or `)`, not `2`", 18 },
	{ "any where a in 1", "expected `(` and a list of values", 15 },
	{ "any where a in (1", "not the end of the rule", 17 },
	{ "any where a not like \"x\"", "expected `in`, not `like`", 16 },
	{ "any where (a == 1", "expected `)` or an operator", 17 },
	{ "any where a == 1)", "not `)`", 16 },
	{ "any where a == 1 b", "not `b`", 17 },
	{ "any where a.in == 1", "not the keyword `in`", 12 },
	{ "any where by == 1", "not `by`", 10 },
	{ "any where a~ == 1", "`~` stands behind a function or an operator", 10 },
	{ "any where a[0] == 1", "a list index is not supported", 11 },
	{ "any where a + 1 == 2", "arithmetic is not supported", 12 },
	{ "any where -a == 2", "arithmetic is not supported", 10 },
	{ "any where a regex \"x\"", "`regex` is not supported", 12 },
	{ "any where a regex~ \"x\"", "`regex` is not supported", 12 },
	{ "any where LENGTH(a) > 2", "the function length is not supported", 10 },
	{ "any where startsWith~(a, \"x\")", "the function startsWith is not supported", 10 },
	{ "any where lenght(a) > 2", "unknown function \"lenght\"", 10 },
	{ "any where descendant of [any where true]", "`descendant of` is not supported", 10 },
	{ "any where true | head 5", "a pipe is not supported", 15 },
	{ "sequence [any where true]", "a sequence is not supported", 0 },
	{ "sample by a [any where true]", "a sample is not supported", 0 },
	{ "join [any where true]", "a join is not supported", 0 },
};

static void parse_rejects_with_a_place(void **state)
{
	autofront f = front_new();

	for (size_t i = 0; i < ARRAY_SIZE(rejected); i++) {
		front_parse(&f, rejected[i].text);
		assert_int_equal(f.d.nr, 1);
		assert_contains(front_first(&f), rejected[i].message);
		assert_int_equal(f.d.v[0].span.begin, rejected[i].begin);
	}
}

static void parse_hints_at_the_right_spelling(void **state)
{
	autofront f = front_new();

	front_parse(&f, "any where a = 1");
	assert_string_equal(f.d.v[0].hint, "write `==` to compare");
	front_parse(&f, "any where a == 1 AND b == 2");
	assert_string_equal(f.d.v[0].hint, "keywords are lower case: `and`");
	front_parse(&f, "any where lenght(a)");
	assert_string_equal(f.d.v[0].hint, "did you mean length?");
}

static void parse_bounds_field_names(void **state)
{
	autofront f = front_new();

	front_parse(&f, nested(&f, "a.", "", 100000));
	assert_string_equal(front_first(&f), "this field name is too long");
}

/* Whatever bytes come, there is a tree or a diagnostic. */
static void parse_survives_damaged_texts(void **state)
{
	static const char seed[] =
		"any where not (process.name in~ (\"a\", \"b\") or process.args : "
		"(\"*x?\", \"\"\"y\"\"\") and ?z.`q` != null) and user.id >= -1.5e2 "
		"/* c */ or null == (process.pid > 1) // d";
	static const char bytes[] = "()\"'`~?*.:=!<>|,-+#/[]{}\\ \nax09u\x80\xC3";
	uint32_t random = 12345;

	for (int round = 0; round < 5000; round++) {
		autofront f = front_new();
		char text[sizeof(seed)];
		struct query *q;

		memcpy(text, seed, sizeof(seed));
		for (int i = 0; i < 1 + round % 4; i++) {
			random = random * 1664525 + 1013904223;
			text[(random >> 8) % (sizeof(seed) - 1)] =
				bytes[(random >> 20) % (sizeof(bytes) - 1)];
		}
		q = parse_query(front_source(&f, text), &f.d);
		if (q)
			sema_run(q, &f.d);
		else
			assert_true(f.d.nr_errors > 0);
		front_diags(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_binds_not_then_and_then_or),
		cmocka_unit_test(parse_reads_every_operator),
		cmocka_unit_test(parse_takes_quoted_categories_literally),
		cmocka_unit_test(parse_spans_cover_their_text),
		cmocka_unit_test(parse_bounds_nesting),
		cmocka_unit_test(parse_reads_a_list_of_100000),
		cmocka_unit_test(parse_rejects_with_a_place),
		cmocka_unit_test(parse_hints_at_the_right_spelling),
		cmocka_unit_test(parse_bounds_field_names),
		cmocka_unit_test(parse_survives_damaged_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
