// SPDX-License-Identifier: Apache-2.0
/*
 * test_dfa.c - automata against the definition of matching, exhaustively on small inputs and then
 * randomly on many patterns at once. The seed of the random part is printed.
 */
#include "front.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../compiler/dfa.h"
#include "../../compiler/eval.h"

#define MAX_ATOMS 32

static uint64_t rng_state;

static uint32_t pick(uint32_t n)
{
	rng_state = rng_state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(rng_state >> 33) % n;
}

static bool value_matches(const struct pattern *p, const char *s, size_t len)
{
	struct string v = { s, (uint32_t)len };

	if (p->any)
		return true;
	if (p->inside)
		return string_contains(v, p->text, p->fold);
	if (p->exact)
		return p->fold ? string_equal_folded(p->text, v) : string_compare(p->text, v) == 0;
	return like_match(p->text.s, p->text.len, s, len, p->fold);
}

/* What a string means in a mode, said without automata. */
static bool mode_matches(const struct pattern *p, enum string_mode mode, const char *s, size_t len)
{
	const char *slash = memrchr(s, '/', len), *dot;

	if (mode == MODE_EACH) {
		for (size_t at = 0; at < len; at += strlen(s + at) + 1) {
			if (value_matches(p, s + at, strlen(s + at)))
				return true;
		}
		return false;
	}
	if ((mode == MODE_NAME || mode == MODE_EXT) && slash) {
		len -= (size_t)(slash + 1 - s);
		s = slash + 1;
	}
	if (mode == MODE_EXT) {
		dot = memrchr(s, '.', len);
		if (!dot)
			return false;
		len -= (size_t)(dot + 1 - s);
		s = dot + 1;
	}
	return value_matches(p, s, len);
}

/* The walk of the kernel: names begin behind the last '/'; of a list the last NUL is END. */
static void walk(const struct dfa *d, enum string_mode mode, const char *s, size_t len, bool *fired)
{
	const char *slash = memrchr(s, '/', len);

	if (slash && (mode == MODE_NAME || mode == MODE_EXT)) {
		len -= (size_t)(slash + 1 - s);
		s = slash + 1;
	}
	memset(fired, 0, MAX_ATOMS * sizeof(*fired));
	dfa_walk(d, s, len, mode != MODE_EACH, fired);
}

static void build(struct arena *a, enum string_mode mode, const struct pattern *v, size_t nr,
		  struct dfa *d)
{
	struct nfa n;

	nfa_init(&n, a, mode);
	for (size_t i = 0; i < nr; i++)
		nfa_add(&n, &v[i]);
	assert_int_equal(dfa_build(a, &n, UINT32_MAX, d), 0);
}

/* Strings over an alphabet by number: 0 is empty, then by length. */
static size_t nth_string(const char *alphabet, uint32_t nr, char *out)
{
	size_t k = strlen(alphabet), len = 0;

	for (; nr; nr = (nr - 1) / (uint32_t)k)
		out[len++] = alphabet[(nr - 1) % k];
	out[len] = 0;
	return len;
}

static void every_short_pattern_matches_as_defined(void **state)
{
	static const enum string_mode modes[] = { MODE_WHOLE, MODE_NAME, MODE_EXT };

	for (uint32_t p = 0; p < 1365; p++) {
		char pattern[16], s[16];
		struct pattern pat = { .text = { pattern, 0 } };

		pat.text.len = (uint32_t)nth_string("a*?/", p, pattern);
		for (size_t m = 0; m < ARRAY_SIZE(modes); m++) {
			autoptr(arena) a = arena_new();
			struct dfa d;

			pat.any = pat.text.len && strspn(pattern, "*") == pat.text.len;
			build(a, modes[m], &pat, 1, &d);
			for (uint32_t i = 0; i < 341; i++) {
				size_t len = nth_string("ab/.", i, s);
				bool fired[MAX_ATOMS];

				walk(&d, modes[m], s, len, fired);
				if (fired[0] != mode_matches(&pat, modes[m], s, len))
					fail_msg("pattern \"%s\" mode %d on \"%s\"", pattern,
						 modes[m], s);
			}
		}
	}
}

static const char *const words[] = { "a",      "b",  "ab",  "aa",   "bash",   "tmp",    "/",
				     ".",      "K",  "k",   "s",    "\u212a", "\u017f", "\u00e9",
				     "\u00c9", "-c", "usr", "conf", "lib",    ".so" };
static const char *const rare[] = { "\xff", "\x80", "\xc3", "\xe2\x84" };

static void random_text(char *out, size_t cap, uint32_t max, bool wild, bool broken)
{
	uint32_t n = pick(max + 1);

	*out = 0;
	for (uint32_t i = 0; i < n && strlen(out) + 8 < cap; i++) {
		if (wild && pick(3) == 0)
			strcat(out, pick(3) ? "*" : "?");
		strcat(out, broken && pick(6) == 0 ? rare[pick(ARRAY_SIZE(rare))]
						   : words[pick(ARRAY_SIZE(words))]);
	}
	if (wild && pick(2))
		strcat(out, "*");
}

static struct pattern random_pattern(struct arena *a, uint32_t atom)
{
	struct pattern p = { .atom = atom, .fold = pick(2) };
	uint32_t kind = pick(8);
	char text[256];

	p.exact = kind == 0;
	p.inside = kind == 1;
	random_text(text, sizeof(text), 3, !p.exact && !p.inside, false);
	p.text = (struct string){ arena_strdup(a, text), (uint32_t)strlen(text) };
	if (p.inside && p.text.len == 0)
		p = (struct pattern){ .atom = atom, .any = true, .inside = true };
	else if (!p.exact && !p.inside && p.text.len && strspn(text, "*") == p.text.len)
		p.any = true;
	return p;
}

static size_t random_value(enum string_mode mode, char *out, size_t cap)
{
	size_t len = 0;

	if (mode != MODE_EACH) {
		random_text(out, cap, 8, false, true);
		return strlen(out);
	}
	for (uint32_t i = pick(5); i; i--) {
		random_text(out + len, 64, 3, false, true);
		len += strlen(out + len) + 1;
	}
	return len;
}

static void many_patterns_in_one_automaton_match_as_defined(void **state)
{
	uint64_t seed = (uint64_t)time(NULL);

	print_message("seed %llu\n", (unsigned long long)seed);
	for (int round = 0; round < 300; round++) {
		autoptr(arena) a = arena_new();
		enum string_mode mode;
		struct pattern v[MAX_ATOMS];
		uint32_t nr;
		struct dfa d;

		rng_state = seed + (uint64_t)round;
		mode = (enum string_mode)pick(NR_MODES);
		nr = 1 + pick(mode == MODE_WHOLE ? 10 : 6);
		for (uint32_t i = 0; i < nr; i++)
			v[i] = random_pattern(a, i);
		build(a, mode, v, nr, &d);
		for (int k = 0; k < 200; k++) {
			char s[1024];
			size_t len = random_value(mode, s, sizeof(s));
			bool fired[MAX_ATOMS];

			if (mode == MODE_EACH && len == 0)
				continue; /* an empty list is absent: it is not walked */
			walk(&d, mode, s, len, fired);
			for (uint32_t i = 0; i < nr; i++) {
				if (fired[i] != mode_matches(&v[i], mode, s, len))
					fail_msg(
						"seed %llu: pattern \"%s\"%s%s%s mode %d on \"%s\"",
						(unsigned long long)(seed + (uint64_t)round),
						v[i].text.s, v[i].fold ? " fold" : "",
						v[i].exact ? " exact" : "",
						v[i].inside ? " inside" : "", mode, s);
			}
		}
	}
}

static void equal_states_are_merged(void **state)
{
	autoptr(arena) a = arena_new();
	struct pattern v[] = { { .text = { "abcd", 4 }, .exact = true, .atom = 0 },
			       { .text = { "xbcd", 4 }, .exact = true, .atom = 0 } };
	struct dfa d;

	build(a, MODE_WHOLE, v, 2, &d);
	/* dead, start, four letters, fired: the tails are one */
	assert_int_equal(d.nr_states, 7);
	assert_true(d.can_die);
}

static void contains_patterns_add_up(void **state)
{
	autoptr(arena) a = arena_new();
	static const char *const texts[] = { "*aaab*",  "*history -c*", "*HISTFILE=*",
					     "*| sh*",  "*base64 -d*",  "*curl *",
					     "*wget *", "*/dev/tcp/*" };
	struct pattern v[ARRAY_SIZE(texts)];
	struct dfa d;

	for (uint32_t i = 0; i < ARRAY_SIZE(texts); i++)
		v[i] = (struct pattern){ .text = { texts[i], (uint32_t)strlen(texts[i]) },
					 .atom = i };
	build(a, MODE_EACH, v, ARRAY_SIZE(v), &d);
	assert_in_range(d.nr_states, 1, 120);
}

static void the_budget_is_kept(void **state)
{
	autoptr(arena) a = arena_new();
	struct pattern v = { .text = { "0123456789", 10 }, .exact = true };
	struct dfa d = { .nr_states = 77 };
	struct nfa n;

	nfa_init(&n, a, MODE_WHOLE);
	nfa_add(&n, &v);
	assert_int_equal(dfa_build(a, &n, 5, &d), DFA_TOO_LARGE);
	assert_int_equal(d.nr_states, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_short_pattern_matches_as_defined),
		cmocka_unit_test(many_patterns_in_one_automaton_match_as_defined),
		cmocka_unit_test(equal_states_are_merged),
		cmocka_unit_test(contains_patterns_add_up),
		cmocka_unit_test(the_budget_is_kept),
	};

	return cmocka_run_group_tests_name("dfa", tests, NULL, NULL);
}
