// SPDX-License-Identifier: Apache-2.0
/*
 * test_object.c - the ruleset object: the same bytes every time, everything read back, and every
 * damage refused. Run under ASan: a read outside the image ends the test.
 */
#include "front.h"

#include <string.h>
#include <time.h>

#include "../../compiler/compile.h"
#include "../../compiler/object.h"

static const char rule_a[] = "// severity: high\nprocess where process.name == \"a\"\n";
static const char rule_b[] = "file where file.path : \"/etc/*\" and process.args : \"*x*\"\n";

static void make_object(struct arena *a, void **image, size_t *len)
{
	struct rules rules = { 0 };
	struct diags d;

	diags_init(&d, a);
	rules_add_text(a, "dir/a.eql", rule_a, strlen(rule_a), &rules, &d);
	rules_add_text(a, "dir/b.eql", rule_b, strlen(rule_b), &rules, &d);
	assert_int_equal(rules.nr, 2);
	assert_true(compile_build(a, &rules, &d, image, len));
}

static void reads_back_what_was_written(void **state)
{
	autoptr(arena) a = arena_new();
	struct object_info info;
	const char *why;
	void *image;
	size_t len;

	make_object(a, &image, &len);
	assert_int_equal(object_read(a, image, len, &info, &why), 0);
	assert_int_equal(info.rules.nr, 2);
	assert_string_equal(info.rules.v[0]->id, "a");
	assert_string_equal(info.rules.v[0]->severity, "high");
	assert_string_equal(info.rules.v[1]->src->name, "dir/b.eql");
	assert_int_equal(info.nr_predicates, 2);
	assert_int_equal(info.predicates[0].hooks, 1 << KES_FORK | 1 << KES_EXEC | 1 << KES_EXIT);
	assert_int_equal(info.predicates[1].hooks, 1 << KES_OPEN);
	assert_int_equal(info.hooks[KES_OPEN].want, KES_WANT(KES_BUF_PATH));
	assert_int_equal(info.hooks[KES_OPEN].nr_predicates, 1);
}

static void the_same_rules_give_the_same_bytes(void **state)
{
	autoptr(arena) a = arena_new();
	autoptr(arena) b = arena_new();
	void *first, *second;
	size_t len, len2;

	make_object(a, &first, &len);
	make_object(b, &second, &len2);
	assert_int_equal(len, len2);
	assert_memory_equal(first, second, len);
}

static bool is_refused(const void *image, size_t len)
{
	autoptr(arena) a = arena_new();
	struct object_info info;
	const char *why = NULL;
	/* A copy of the exact size, so that ASan sees a read behind it. */
	autofree void *copy = malloc(len ? len : 1);
	int err;

	memcpy(copy, image, len);
	err = object_read(a, copy, len, &info, &why);
	return err == -EINVAL && why && *why;
}

static void every_truncation_is_refused(void **state)
{
	autoptr(arena) a = arena_new();
	void *image;
	size_t len;

	make_object(a, &image, &len);
	for (size_t cut = 0; cut < len; cut += cut < 256 || len - cut < 4096 ? 1 : 61)
		assert_true(is_refused(image, cut));
}

static void every_flipped_bit_is_refused(void **state)
{
	autoptr(arena) a = arena_new();
	uint64_t seed = (uint64_t)time(NULL), x = seed;
	uint8_t *image;
	size_t len;

	make_object(a, (void **)&image, &len);
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < 3000; i++) {
		size_t at;
		uint8_t bit;

		x = x * 6364136223846793005ull + 1442695040888963407ull;
		at = (size_t)(x >> 20) % len;
		bit = (uint8_t)(1u << (x >> 60 & 7));
		image[at] ^= bit;
		assert_true(is_refused(image, len));
		image[at] ^= bit;
	}
	assert_false(is_refused(image, len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_what_was_written),
		cmocka_unit_test(the_same_rules_give_the_same_bytes),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(every_flipped_bit_is_refused),
	};

	return cmocka_run_group_tests_name("object", tests, NULL, NULL);
}
