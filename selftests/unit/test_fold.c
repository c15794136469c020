// SPDX-License-Identifier: Apache-2.0
/* test_fold.c - case folding and UTF-8. */
#include "front.h"

#define CODE_POINTS 0x110000

static void fold_knows_the_special_cases(void **state)
{
	static const struct {
		uint32_t from, to;
	} cases[] = {
		{ 'A', 'a' },         { 'Z', 'z' },       { 'a', 'a' },         { '[', '[' },
		{ 0x00C9, 0x00E9 },   { 0x00DF, 0x00DF }, { 0x1E9E, 0x00DF },   { 0x017F, 's' },
		{ 0x212A, 'k' },      { 0x0130, 0x0130 }, { 0x0131, 0x0131 },   { 0x1F88, 0x1F80 },
		{ 0x03C2, 0x03C3 },   { 0x0178, 0x00FF }, { 0x13F8, 0x13F0 },   { 0xAB70, 0x13A0 },
		{ 0x10400, 0x10428 }, { 0x00D7, 0x00D7 }, { 0x1E921, 0x1E943 }, { 0x2126, 0x03C9 },
		{ 0xFB03, 0xFB03 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(fold_code_point(cases[i].from), cases[i].to);
}

static void fold_leads_to_a_fixed_point(void **state)
{
	unsigned int nr = 0;

	for (uint32_t cp = 0; cp < CODE_POINTS; cp++) {
		uint32_t folded = fold_code_point(cp);

		assert_true(fold_code_point(folded) == folded);
		nr += folded != cp;
	}
	assert_int_equal(nr,
			 1454); /* entries of status C and S in CaseFolding.txt of Unicode 14.0 */
}

static void fold_orbit_is_the_set_of_equal_foldings(void **state)
{
	static unsigned char nr_with_folding[CODE_POINTS];

	for (uint32_t cp = 0; cp < CODE_POINTS; cp++)
		nr_with_folding[fold_code_point(cp)]++;
	for (uint32_t cp = 0; cp < CODE_POINTS; cp++) {
		uint32_t orbit[FOLD_ORBIT_MAX];
		int nr = fold_orbit(cp, orbit);
		int self = 0;

		if (nr != nr_with_folding[fold_code_point(cp)])
			fail_msg("U+%04X: %d", cp, nr);
		for (int i = 0; i < nr; i++) {
			self += orbit[i] == cp;
			assert_true(fold_code_point(orbit[i]) == fold_code_point(cp));
		}
		assert_int_equal(self, 1);
	}
}

static void utf8_round_trips_every_code_point(void **state)
{
	for (uint32_t cp = 0; cp < CODE_POINTS; cp++) {
		bool surrogate = cp >= 0xD800 && cp < 0xE000;
		uint32_t back = 0;
		char text[4];
		int len = utf8_encode(cp, text);

		assert_int_equal(utf8_decode(text, (size_t)len, &back), surrogate ? 0 : len);
		assert_true(surrogate || back == cp);
		assert_int_equal(utf8_decode(text, (size_t)len - 1, &back), 0);
	}
}

static void utf8_rejects_malformed_bytes(void **state)
{
	static const char *const bad[] = {
		"\x80",
		"\xC0\x80",
		"\xC1\xBF",
		"\xC3",
		"\xC3(",
		"\xE0\x80\x80",
		"\xE2\x82",
		"\xED\xA0\x80",
		"\xF0\x80\x80\x80",
		"\xF4\x90\x80\x80",
		"\xF5\x80\x80\x80",
		"\xFF",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
	assert_true(utf8_valid("", 0));
	assert_true(utf8_valid("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fold_knows_the_special_cases),
		cmocka_unit_test(fold_leads_to_a_fixed_point),
		cmocka_unit_test(fold_orbit_is_the_set_of_equal_foldings),
		cmocka_unit_test(utf8_round_trips_every_code_point),
		cmocka_unit_test(utf8_rejects_malformed_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
