// SPDX-License-Identifier: Apache-2.0
/* test_rule.c - rule files, directories and metadata. */
#include <sys/stat.h>

#include "front.h"

static struct rule *add(struct front *f, struct rules *rules, const char *file, const char *text)
{
	size_t before = rules->nr;

	rules_add_text(f->arena, file, text, strlen(text), rules, &f->d);
	return rules->nr > before ? rules->v[before] : NULL;
}

static void rule_reads_its_metadata(void **state)
{
	autofront f = front_new();
	struct rules rules = { 0 };
	struct rule *r = add(&f, &rules, "dir/x.eql",
			     "// id: my-id\n"
			     "\n"
			     "# Name:  A name: with a colon  \r\n"
			     "//description: what it is\n"
			     "// severity: high\n"
			     "// risk: 80\n"
			     "// tags: a, b ,, c\n"
			     "// tags: d\n"
			     "// tactic: Execution\n"
			     "// technique: T1059.004 Unix Shell, T1105\n"
			     "// references: https://a/b,https://c\n"
			     "// false_positives: admins\n"
			     "// This is prose: it says nothing.\n"
			     "process where true\n"
			     "// severity: low\n");

	assert_int_equal(f.d.nr, 0);
	assert_non_null(r);
	assert_string_equal(r->id, "my-id");
	assert_string_equal(r->name, "A name: with a colon");
	assert_string_equal(r->description, "what it is");
	assert_string_equal(r->severity, "high");
	assert_int_equal(r->risk, 80);
	assert_int_equal(r->nr_tags, 4);
	assert_string_equal(r->tags[3], "d");
	assert_int_equal(r->nr_tactics, 1);
	assert_int_equal(r->nr_techniques, 2);
	assert_string_equal(r->techniques[0], "T1059.004 Unix Shell");
	assert_int_equal(r->nr_references, 2);
	assert_string_equal(r->false_positives[0], "admins");
	assert_int_equal(r->query->span.begin,
			 strstr(r->src->text, "process where") - r->src->text);
}

static void rule_has_defaults(void **state)
{
	autofront f = front_new();
	struct rules rules = { 0 };
	struct rule *r = add(&f, &rules, "dir/a.b.eql", "process where true");

	assert_string_equal(r->id, "a.b");
	assert_string_equal(r->name, "a.b");
	assert_string_equal(r->description, "");
	assert_string_equal(r->severity, "medium");
	assert_int_equal(r->risk, 47);
	r = add(&f, &rules, "c.eql", "// severity: critical\nany where true");
	assert_int_equal(r->risk, 99);
}

static void rule_rejects_wrong_metadata(void **state)
{
	static const char *const texts[] = {
		"// severity: urgent\nany where true",
		"// risk: 101\nany where true",
		"// risk: -1\nany where true",
		"// risk: high\nany where true",
	};
	autofront f = front_new();
	struct rules rules = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		front_reset(&f);
		assert_null(add(&f, &rules, "x.eql", texts[i]));
		assert_int_equal(f.d.nr_errors, 1);
	}
}

static void rule_warns_of_misspelt_keys(void **state)
{
	autofront f = front_new();
	struct rules rules = { 0 };

	assert_non_null(add(&f, &rules, "a.eql", "// serverity: high\nany where true"));
	assert_string_equal(f.d.v[0].hint, "did you mean \"severity\"?");
	front_reset(&f);
	assert_non_null(add(&f, &rules, "b.eql", "// note: high\n// see also: x\nany where true"));
	assert_int_equal(f.d.nr, 0);
	assert_non_null(add(&f, &rules, "c.eql", "// name: a\n// name: b\nany where true"));
	assert_contains(front_first(&f), "name is given twice");
	assert_string_equal(rules.v[2]->name, "a");
	front_reset(&f);
	assert_non_null(add(&f, &rules, "d.eql", "// action: kill\n// tags:\nany where true"));
	assert_int_equal(f.d.nr, 2);
	assert_int_equal(f.d.nr_errors, 0);
}

static void rule_ids_are_unique(void **state)
{
	autofront f = front_new();
	struct rules rules = { 0 };

	assert_non_null(add(&f, &rules, "a/x.eql", "\nany where true"));
	assert_null(add(&f, &rules, "b/y.eql", "// id: x\nany where true"));
	assert_string_equal(front_diags(&f),
			    "b/y.eql:1:8: error: the id \"x\" is already used at a/x.eql:2:1\n"
			    "// id: x\n"
			    "       ^\n"
			    "hint: give this rule another one: // id: ...\n");
	front_reset(&f);
	for (int i = 0; i < 1000; i++)
		assert_non_null(
			add(&f, &rules, arena_printf(f.arena, "%d.eql", i), "any where true"));
	assert_null(add(&f, &rules, "500.eql", "any where true"));
}

static void rule_text_has_a_size_limit(void **state)
{
	autofront f = front_new();
	struct rules rules = { 0 };
	char *text = arena_alloc(f.arena, RULE_FILE_MAX + 2);

	memset(text, ' ', RULE_FILE_MAX + 1);
	memcpy(text, "any where true", 14);
	rules_add_text(f.arena, "x", text, RULE_FILE_MAX + 1, &rules, &f.d);
	assert_string_equal(front_diags(&f), "error: cannot read x: larger than 1024 KiB\n");
	front_reset(&f);
	rules_add_text(f.arena, "x", text, RULE_FILE_MAX, &rules, &f.d);
	assert_int_equal(f.d.nr, 0);
	assert_int_equal(rules.nr, 1);
}

static void rule_with_a_mistake_leaves_the_others(void **state)
{
	autofront f = front_new();
	struct rules rules = { 0 };

	assert_null(add(&f, &rules, "a.eql", ""));
	assert_null(add(&f, &rules, "b.eql", "any where x == 1"));
	assert_non_null(add(&f, &rules, "c.eql", "any where true"));
	assert_int_equal(f.d.nr_errors, 2);
}

/* A directory that is removed again. */
static int make_dir(void **state)
{
	*state = strdup("/tmp/kestrel-test-XXXXXX");
	return mkdtemp(*state) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf '%s'", (char *)*state);
	free(*state);
	return system(command);
}

static void write_text(const char *dir, const char *path, const char *text)
{
	char full[200];
	FILE *out;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	out = fopen(full, "w");
	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void make_subdir(const char *dir, const char *path)
{
	char full[200];

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	assert_int_equal(mkdir(full, 0700), 0);
}

static void rules_are_read_from_a_tree_in_order(void **state)
{
	autofront f = front_new();
	struct rules rules = { 0 };
	char link[200];

	make_subdir(*state, "sub");
	make_subdir(*state, ".hidden");
	write_text(*state, "b.eql", "any where true");
	write_text(*state, "a.eql", "any where true");
	write_text(*state, "sub/c.eql", "any where true");
	write_text(*state, ".hidden/d.eql", "any where true");
	write_text(*state, ".e.eql", "any where true");
	write_text(*state, "readme.txt", "not a rule");
	write_text(*state, "target", "any where true");
	snprintf(link, sizeof(link), "%s/l.eql", (char *)*state);
	assert_int_equal(symlink("target", link), 0);
	assert_int_equal(rules_read(f.arena, *state, &rules, &f.d), 0);
	assert_int_equal(f.d.nr, 0);
	assert_int_equal(rules.nr, 4);
	assert_string_equal(rules.v[0]->id, "a");
	assert_string_equal(rules.v[1]->id, "b");
	assert_string_equal(rules.v[2]->id, "l");
	assert_string_equal(rules.v[3]->id, "c");
}

static void rules_unreadable_files_are_reported(void **state)
{
	autofront f = front_new();
	struct rules rules = { 0 };
	char link[200];

	write_text(*state, "a.eql", "any where true");
	snprintf(link, sizeof(link), "%s/broken.eql", (char *)*state);
	assert_int_equal(symlink("nowhere", link), 0);
	assert_int_equal(rules_read(f.arena, *state, &rules, &f.d), 0);
	assert_int_equal(rules.nr, 1);
	assert_int_equal(f.d.nr_errors, 1);
	assert_contains(front_first(&f), "broken.eql: No such file or directory");
}

static void rules_read_says_why_nothing_came(void **state)
{
	autofront f = front_new();
	struct rules rules = { 0 };

	assert_int_equal(rules_read(f.arena, *state, &rules, &f.d), -ENODATA);
	assert_int_equal(rules_read(f.arena, "/nonexistent", &rules, &f.d), -ENOENT);
	assert_int_equal(f.d.nr, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_reads_its_metadata),
		cmocka_unit_test(rule_has_defaults),
		cmocka_unit_test(rule_rejects_wrong_metadata),
		cmocka_unit_test(rule_warns_of_misspelt_keys),
		cmocka_unit_test(rule_ids_are_unique),
		cmocka_unit_test(rule_text_has_a_size_limit),
		cmocka_unit_test(rule_with_a_mistake_leaves_the_others),
		cmocka_unit_test_setup_teardown(rules_are_read_from_a_tree_in_order, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(rules_unreadable_files_are_reported, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(rules_read_says_why_nothing_came, make_dir,
						remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
