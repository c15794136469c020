// SPDX-License-Identifier: Apache-2.0
/* test_diag.c - how mistakes are shown. */
#include "front.h"

static struct span span_of(struct source *src, uint32_t begin, uint32_t end)
{
	return (struct span){ .src = src, .begin = begin, .end = end };
}

/* The diagnostic of a range of a text, as printed. */
static const char *shown(struct front *f, const char *text, uint32_t begin, uint32_t end)
{
	front_reset(f);
	diag_error(&f->d, span_of(front_source(f, text), begin, end), "oops");
	return front_diags(f);
}

static void diag_shows_place_line_range_and_hint(void **state)
{
	autofront f = front_new();

	front_sema(&f, "process where\n  process.nam == \"x\"");
	assert_string_equal(front_diags(&f), "t.eql:2:3: error: unknown field \"process.nam\"\n"
					     "  process.nam == \"x\"\n"
					     "  ^~~~~~~~~~~\n"
					     "hint: did you mean \"process.name\"?\n");
}

static void diag_expands_tabs(void **state)
{
	autofront f = front_new();

	assert_string_equal(shown(&f, "\ta\tbc", 3, 5), "t.eql:1:4: error: oops\n"
							"        a       bc\n"
							"                ^~\n");
}

static void diag_counts_code_points_as_columns(void **state)
{
	autofront f = front_new();

	assert_string_equal(shown(&f, "\xC3\xA9\xE2\x82\xAC x", 6, 7), "t.eql:1:4: error: oops\n"
								       "\xC3\xA9\xE2\x82\xAC x\n"
								       "   ^\n");
}

static void diag_marks_the_end_of_a_text(void **state)
{
	autofront f = front_new();

	assert_string_equal(shown(&f, "ab", 2, 2), "t.eql:1:3: error: oops\nab\n  ^\n");
	assert_string_equal(shown(&f, "", 0, 0), "t.eql:1:1: error: oops\n\n^\n");
	assert_string_equal(shown(&f, "ab\r\n", 3, 4), "t.eql:1:4: error: oops\nab\n  ^\n");
	assert_string_equal(shown(&f, "ab\n", 3, 3), "t.eql:2:1: error: oops\n\n^\n");
	assert_string_equal(shown(&f, "ab", 77, 99), "t.eql:1:3: error: oops\nab\n  ^\n");
}

static void diag_marks_only_the_first_line_of_a_range(void **state)
{
	autofront f = front_new();

	assert_string_equal(shown(&f, "ab\ncd", 1, 5), "t.eql:1:2: error: oops\nab\n ^\n");
}

static void diag_shows_a_window_of_a_long_line(void **state)
{
	autofront f = front_new();
	char text[1001] = { 0 };
	const char *out, *line, *caret;

	memset(text, 'x', 1000);
	text[500] = '!';
	out = shown(&f, text, 500, 501);
	line = strchr(out, '\n') + 1;
	caret = strchr(line, '\n') + 1;
	assert_true(caret - line < 140);
	assert_int_equal(strncmp(line, "...", 3), 0);
	assert_int_equal(line[strchr(caret, '^') - caret], '!');
	out = shown(&f, text, 0, 1000);
	assert_true(strlen(out) < 300);
}

static void diag_keeps_control_characters_from_the_terminal(void **state)
{
	autofront f = front_new();

	front_reset(&f);
	diag_error(&f.d, span_of(front_source(&f, "a\033[2Jb\xFF"), 0, 1), "bad \033[1m name");
	assert_string_equal(front_diags(&f), "t.eql:1:1: error: bad \xEF\xBF\xBD[1m name\n"
					     "a\xEF\xBF\xBD[2Jb\xEF\xBF\xBD\n"
					     "^\n");
}

static void diag_colours_only_when_asked(void **state)
{
	autofront f = front_new();
	struct capture c;

	assert_null(strchr(shown(&f, "a", 0, 1), '\033'));
	capture_open(&c);
	diag_print(c.out, &f.d, true);
	assert_non_null(strchr(capture_take(&c, &f), '\033'));
}

static void diag_shows_errors_before_it_runs_out_of_places(void **state)
{
	autofront f = front_new();
	const char *out;

	for (int i = 0; i < 30; i++)
		diag_warn(&f.d, (struct span){ 0 }, "warning %d", i);
	diag_error(&f.d, (struct span){ 0 }, "the error");
	out = front_diags(&f);
	assert_contains(out, "error: the error\n");
	assert_contains(out, "not shown: 0 more errors, 11 more warnings\n");
}

static void suggest_finds_near_names_only(void **state)
{
	static const char *const names[] = { "process.name", "process.pid", "tags", "name" };

	assert_string_equal(suggest("process.nmae", names, 4), "process.name");
	assert_string_equal(suggest("Process.Name", names, 4), "process.name");
	assert_string_equal(suggest("tag", names, 4), "tags");
	assert_null(suggest("note", names, 4));
	assert_null(suggest("", names, 4));
	assert_null(suggest("registry.path", names, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(diag_shows_place_line_range_and_hint),
		cmocka_unit_test(diag_expands_tabs),
		cmocka_unit_test(diag_counts_code_points_as_columns),
		cmocka_unit_test(diag_marks_the_end_of_a_text),
		cmocka_unit_test(diag_marks_only_the_first_line_of_a_range),
		cmocka_unit_test(diag_shows_a_window_of_a_long_line),
		cmocka_unit_test(diag_keeps_control_characters_from_the_terminal),
		cmocka_unit_test(diag_colours_only_when_asked),
		cmocka_unit_test(diag_shows_errors_before_it_runs_out_of_places),
		cmocka_unit_test(suggest_finds_near_names_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
