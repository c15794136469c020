// SPDX-License-Identifier: Apache-2.0
/* test_text.c - bytes of a watched program, for JSON and for a terminal. */
#include "../../user/text.h"
#include "front.h"

static const char *shown(struct front *f, const char *s, size_t len)
{
	char *out = arena_alloc(f->arena, len * TEXT_SHOWN_MAX + 1);
	size_t n = 0;

	while (len > 0) {
		struct shown c;

		text_show(s, len, &c);
		assert_true(c.consumed > 0 && c.consumed <= len);
		memcpy(out + n, c.text, c.bytes);
		n += c.bytes;
		s += c.consumed;
		len -= c.consumed;
	}
	return out;
}

#define assert_shown(f, literal, expected) \
	assert_string_equal(shown((f), literal, sizeof(literal) - 1), expected)

static void text_show_keeps_what_is_plain(void **state)
{
	autofront f = front_new();

	assert_shown(&f, "ls -l /tmp", "ls -l /tmp");
	assert_shown(&f, "grüße \xe6\xbc\xa2", "grüße \xe6\xbc\xa2");
}

static void text_show_escapes_what_moves_hides_or_reorders(void **state)
{
	autofront f = front_new();

	assert_shown(&f, "a\nb\tc\rd\ae", "a\\nb\\tc\\rd\\ae");
	assert_shown(&f, "\x1b[2J", "\\x1b[2J");
	assert_shown(&f, "\x7f", "\\x7f");
	assert_shown(&f, "a\0b", "a\\x00b");
	assert_shown(&f,
		     "\xc2\x9b"
		     "31m",
		     "\\x9b31m");
	assert_shown(&f, "\xe2\x80\xae", "\\u{202e}");
	assert_shown(&f, "\xe2\x80\x8b", "\\u{200b}");
	assert_shown(&f, "\xff\xc3", "\\xff\\xc3");
}

static void text_show_counts_columns(void **state)
{
	struct shown c;

	(void)state;
	text_show("a", 1, &c);
	assert_int_equal(c.columns, 1);
	text_show("\xe6\xbc\xa2", 3, &c);
	assert_int_equal(c.columns, 2);
	text_show("\x1b", 1, &c);
	assert_int_equal(c.columns, 4);
}

static void text_utf8_replaces_what_is_not(void **state)
{
	bool repaired;
	size_t len;

	(void)state;
	autofree char *good = text_utf8("gr\xc3\xbc\xc3\x9f", 6, &len, &repaired);
	assert_false(repaired);
	assert_int_equal(len, 6);
	assert_string_equal(good, "gr\xc3\xbc\xc3\x9f");
	autofree char *bad = text_utf8("a\xff\xc3", 3, &len, &repaired);
	assert_true(repaired);
	assert_string_equal(bad, "a\xef\xbf\xbd\xef\xbf\xbd");
	autofree char *surrogate = text_utf8("\xed\xa0\x80", 3, &len, &repaired);
	assert_true(repaired);
	assert_int_equal(len, 9);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_show_keeps_what_is_plain),
		cmocka_unit_test(text_show_escapes_what_moves_hides_or_reorders),
		cmocka_unit_test(text_show_counts_columns),
		cmocka_unit_test(text_utf8_replaces_what_is_not),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
