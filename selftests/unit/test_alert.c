// SPDX-License-Identifier: Apache-2.0
/* test_alert.c - what machines and people are told. */
#include <jansson.h>
#include <stdio.h>

#include "../../user/alert.h"
#include "user.h"

#define RULE                                                            \
	"// id: rule-1\n"                                               \
	"// name: A shell \"quoted\"\n"                                 \
	"// description: what it means\n"                               \
	"// severity: high\n"                                           \
	"// tactic: Execution, command_and_control\n"                   \
	"// technique: T1059.004 Unix Shell, T1071 Protocol\n"          \
	"// tags: linux, shell\n"                                       \
	"// references: https://example.org/a, https://example.org/b\n" \
	"any where process.pid > 0\n"

struct fixture {
	struct user u;
	struct record record;
	struct event event;
	struct alert alert;
	struct process parent, grandparent;
	void *copy;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->u = user_new();
	user_rule(&f->u, "file-name", RULE);
	record_init(&f->record, KES_EXEC);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	event_fini(&f->event);
	free(f->copy);
	user_freep(&f->u);
	free(f);
	return 0;
}

static struct alert *alert_of(struct fixture *f)
{
	f->copy = record_copy(&f->record, f->record.ev.size);
	assert_int_equal(event_decode(&f->event, f->copy, f->record.ev.size), 0);
	f->parent = (struct process){ .pid = 99, .start_ns = 5, .start_exact = true };
	f->grandparent = (struct process){ .pid = 1, .executable = (char *)"/sbin/init" };
	f->grandparent.executable_len = strlen("/sbin/init");
	f->alert = (struct alert){
		.rule = f->u.info.rules.v[0],
		.event = &f->event,
		.verdict = VERDICT_KERNEL,
		.wall_ns = 1767225599123456789LL,
		.ancestors = { &f->parent, &f->grandparent },
		.nr_ancestors = 2,
	};
	return &f->alert;
}

static json_t *json_of(struct fixture *f)
{
	autofree char *line = alert_json(alert_of(f));
	const char *newline;
	json_t *root;

	assert_non_null(line);
	newline = strchr(line, '\n');
	assert_true(newline && newline[1] == '\0');
	root = json_loads(line, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	assert_non_null(root);
	return root;
}

/* The value at a dotted path, arrays by number: "threat.tactic.id.0". */
static const json_t *at(const json_t *root, const char *path)
{
	char copy[128], *rest = copy;
	const char *key;

	assert_true(strlen(path) < sizeof(copy));
	strcpy(copy, path);
	while (root && (key = strsep(&rest, ".")) != NULL)
		root = json_is_array(root) ? json_array_get(root, strtoul(key, NULL, 10))
					   : json_object_get(root, key);
	return root;
}

static void assert_at(const json_t *root, const char *path, const char *expected)
{
	const char *s = json_string_value(at(root, path));

	if (!s)
		fail_msg("nothing at %s", path);
	assert_string_equal(s, expected);
}

static void alert_json_tells_the_rule(void **state)
{
	json_t *root = json_of(*state);

	assert_at(root, "rule.id", "rule-1");
	assert_at(root, "rule.name", "A shell \"quoted\"");
	assert_at(root, "rule.description", "what it means");
	assert_at(root, "rule.reference.1", "https://example.org/b");
	assert_at(root, "kestrel.severity", "high");
	assert_int_equal(json_integer_value(at(root, "event.severity")), 73);
	assert_int_equal(json_integer_value(at(root, "event.risk_score")), 73);
	assert_at(root, "tags.1", "shell");
	assert_at(root, "threat.framework", "MITRE ATT&CK");
	assert_at(root, "threat.tactic.name.1", "Command and Control");
	assert_at(root, "threat.tactic.id.0", "TA0002");
	assert_at(root, "threat.tactic.id.1", "TA0011");
	assert_at(root, "threat.technique.id.0", "T1059");
	assert_at(root, "threat.technique.id.1", "T1071");
	assert_at(root, "threat.technique.name.0", "Protocol");
	assert_at(root, "threat.technique.subtechnique.id.0", "T1059.004");
	assert_at(root, "threat.technique.subtechnique.name.0", "Unix Shell");
	json_decref(root);
}

static void alert_json_tells_the_event(void **state)
{
	struct fixture *f = *state;
	json_t *root;

	f->record.ev.args_count = 2;
	f->record.ev.uid = 1000;
	record_set(&f->record, EXE, "/usr/bin/bash");
	record_set(&f->record, ARGS, "bash\0-i\0");
	record_set(&f->record, PARENT_EXE, "/usr/sbin/sshd");
	record_set(&f->record, CWD, "/home/user");
	root = json_of(f);
	assert_at(root, "@timestamp", "2025-12-31T23:59:59.123456789Z");
	assert_at(root, "event.kind", "alert");
	assert_at(root, "event.category.0", "process");
	assert_at(root, "event.type.0", "start");
	assert_at(root, "event.action", "exec");
	assert_at(root, "host.os.type", "linux");
	assert_non_null(at(root, "host.name"));
	assert_int_equal(json_integer_value(at(root, "process.pid")), 100);
	assert_at(root, "process.name", "bash");
	assert_at(root, "process.executable", "/usr/bin/bash");
	assert_at(root, "process.args.1", "-i");
	assert_int_equal(json_integer_value(at(root, "process.args_count")), 2);
	assert_at(root, "process.command_line", "bash -i");
	assert_at(root, "process.working_directory", "/home/user");
	assert_at(root, "process.parent.name", "sshd");
	assert_int_equal(json_integer_value(at(root, "process.parent.pid")), 99);
	assert_at(root, "user.id", "1000");
	assert_at(root, "group.id", "0");
	assert_at(root, "kestrel.verdict", "kernel");
	assert_int_equal(json_integer_value(at(root, "kestrel.generation")), 1);
	assert_int_equal(json_array_size(at(root, "kestrel.truncated")), 0);
	assert_null(at(root, "process.exit_code"));
	assert_null(at(root, "file"));
	json_decref(root);
}

static void alert_json_has_every_field_that_the_event_has(void **state)
{
	struct fixture *f = *state;
	json_t *root;

	record_init(&f->record, KES_OPEN);
	record_set(&f->record, EXE, "/usr/bin/cat");
	record_set(&f->record, ARGS, "cat\0x\0");
	record_set(&f->record, PARENT_EXE, "/bin/sh");
	record_set(&f->record, PARENT_ARGS, "sh\0");
	record_set(&f->record, CWD, "/");
	record_set(&f->record, PATH, "/etc/ssl/key.pem");
	root = json_of(f);
	for (int id = 0; id < NR_FIELDS; id++) {
		if (fields[id].events && !(fields[id].events & KES_ON_FILE))
			continue;
		if (!at(root, fields[id].name))
			fail_msg("%s is missing", fields[id].name);
	}
	assert_at(root, "file.extension", "pem");
	json_decref(root);
}

static void alert_json_names_the_ancestors(void **state)
{
	json_t *root = json_of(*state);
	char id[ENTITY_ID_LEN + 1];

	entity_id(id, 99, 5);
	assert_int_equal(json_array_size(at(root, "process.Ext.ancestry")), 1);
	assert_at(root, "process.Ext.ancestry.0", id);
	assert_int_equal(json_array_size(at(root, "kestrel.ancestors")), 2);
	assert_at(root, "kestrel.ancestors.1.executable", "/sbin/init");
	assert_null(at(root, "kestrel.ancestors.1.entity_id"));
	json_decref(root);
}

static void alert_json_marks_what_was_cut_or_repaired(void **state)
{
	struct fixture *f = *state;
	json_t *root;

	record_set_cut(&f->record, ARGS, "sh\0-c\0ab");
	record_set(&f->record, CWD, "/tmp/\xff");
	f->record.ev.flags = KES_EV_PROC_UNKNOWN;
	root = json_of(f);
	assert_at(root, "kestrel.truncated.0", "process.args");
	assert_at(root, "kestrel.truncated.1", "process.command_line");
	assert_at(root, "process.command_line", "sh -c ab");
	assert_at(root, "process.working_directory", "/tmp/\xef\xbf\xbd");
	assert_at(root, "kestrel.not_utf8.0", "process.working_directory");
	assert_at(root, "kestrel.unknown.0", "process.name");
	json_decref(root);
}

static void alert_json_is_valid_whatever_the_bytes(void **state)
{
	struct fixture *f = *state;
	char text[256];

	for (int i = 0; i < 256; i++)
		text[i] = (char)i;
	record_add(&f->record, KES_BUF_EXE, text, sizeof(text), KES_STR_PRESENT);
	record_add(&f->record, KES_BUF_ARGS, text, sizeof(text), KES_STR_PRESENT);
	json_decref(json_of(f));
}

static char *compact_of(struct fixture *f, bool colour, int columns)
{
	const struct alert_style style = { .colour = colour, .columns = columns };
	char *line = alert_compact(alert_of(f), &style);

	assert_non_null(line);
	return line;
}

static void alert_compact_is_one_line_of_what_matters(void **state)
{
	struct fixture *f = *state;
	autofree char *line = NULL;

	record_set(&f->record, EXE, "/usr/bin/bash");
	record_set(&f->record, ARGS, "bash\0-c\0a\nb\0");
	record_set(&f->record, PARENT_EXE, "/usr/sbin/sshd");
	line = compact_of(f, false, 0);
	assert_non_null(strstr(line, ".123 HIGH"));
	assert_non_null(strstr(line, "A shell \"quoted\" · exec · bash(100) < sshd(99) · "
				     "bash -c a\\nb\n"));
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_null(strchr(line, '\033'));
}

static void alert_compact_shows_the_path_of_a_file_event(void **state)
{
	struct fixture *f = *state;
	autofree char *line = NULL;

	record_init(&f->record, KES_OPEN);
	record_set(&f->record, ARGS, "cat\0");
	record_set(&f->record, PATH, "/etc/shadow");
	line = compact_of(f, false, 0);
	assert_non_null(strstr(line, "open · ?(100) < ?(99) · /etc/shadow\n"));
}

static int visible_columns(const char *line)
{
	int n = 0;

	for (const char *c = line; *c && *c != '\n'; c++) {
		if (*c == '\033')
			c = strchr(c, 'm');
		else
			n += ((unsigned char)*c & 0xc0) != 0x80;
	}
	return n;
}

static void alert_compact_is_cut_by_what_is_visible(void **state)
{
	struct fixture *f = *state;
	char text[300];

	memset(text, 'x', sizeof(text));
	record_add(&f->record, KES_BUF_ARGS, text, sizeof(text), KES_STR_PRESENT);
	for (int columns = 40; columns < 120; columns += 13) {
		autofree char *line = compact_of(f, true, columns);

		assert_int_equal(visible_columns(line), columns);
		assert_non_null(strstr(line, "…"));
		free(f->copy);
		f->copy = NULL;
	}
}

static void alert_compact_marks_the_undecided(void **state)
{
	static const struct alert_style plain;
	struct fixture *f = *state;
	struct alert *a = alert_of(f);
	autofree char *line = NULL;

	a->verdict = VERDICT_UNDECIDED;
	line = alert_compact(a, &plain);
	assert_non_null(strstr(line, "HIGH     ? A shell"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(alert_json_tells_the_rule),
		TEST(alert_json_tells_the_event),
		TEST(alert_json_has_every_field_that_the_event_has),
		TEST(alert_json_names_the_ancestors),
		TEST(alert_json_marks_what_was_cut_or_repaired),
		TEST(alert_json_is_valid_whatever_the_bytes),
		TEST(alert_compact_is_one_line_of_what_matters),
		TEST(alert_compact_shows_the_path_of_a_file_event),
		TEST(alert_compact_is_cut_by_what_is_visible),
		TEST(alert_compact_marks_the_undecided),
	};

	return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
