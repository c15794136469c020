// SPDX-License-Identifier: Apache-2.0
/* test_event.c - records of the ring, sound and damaged, as named values. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "../../user/event.h"
#include "user.h"

struct fixture {
	struct record record;
	struct event event;
	void *copy;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	record_init(&f->record, KES_EXEC);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	event_fini(&f->event);
	free(f->copy);
	free(f);
	return 0;
}

static int decode(struct fixture *f)
{
	const size_t size = sizeof(f->record.ev) + f->record.ev.buf_len;

	free(f->copy);
	f->copy = record_copy(&f->record, size);
	return event_decode(&f->event, f->copy, size);
}

static void assert_text(const struct value *v, size_t i, const char *expected)
{
	assert_true(v->present);
	assert_true(i < v->nr_strs);
	assert_int_equal(v->strs[i].len, strlen(expected));
	assert_memory_equal(v->strs[i].s, expected, strlen(expected));
}

#define VALUE(f, id) (&(f)->event.values.v[FIELD_##id])
#define SEEN(f, id)  (&(f)->event.seen[FIELD_##id])

static void name_is_what_follows_the_last_slash(void **state)
{
	struct fixture *f = *state;

	record_set(&f->record, EXE, "/usr/bin/python3.11");
	record_set(&f->record, PARENT_EXE, "no-slash");
	assert_int_equal(decode(f), 0);
	assert_text(VALUE(f, PROCESS_EXECUTABLE), 0, "/usr/bin/python3.11");
	assert_text(VALUE(f, PROCESS_NAME), 0, "python3.11");
	assert_text(VALUE(f, PARENT_NAME), 0, "no-slash");
}

static void extension_is_what_follows_the_last_dot_of_the_name(void **state)
{
	static const struct {
		const char *path, *extension;
	} cases[] = {
		{ "/a/b.tar.gz", "gz" }, { "/a.d/b", NULL }, { "/a/.bashrc", "bashrc" },
		{ "/a/b.", "" },         { "/", NULL },      { "", NULL },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		record_init(&f->record, KES_OPEN);
		record_add(&f->record, KES_BUF_PATH, cases[i].path, strlen(cases[i].path),
			   KES_STR_PRESENT);
		assert_int_equal(decode(f), 0);
		if (cases[i].extension)
			assert_text(VALUE(f, FILE_EXTENSION), 0, cases[i].extension);
		else
			assert_false(VALUE(f, FILE_EXTENSION)->present);
		assert_false(VALUE(f, FILE_EXTENSION)->unknown);
	}
}

static void list_has_every_element_and_joins_by_spaces(void **state)
{
	struct fixture *f = *state;

	record_set(&f->record, ARGS, "sh\0-c\0\0echo a\0");
	assert_int_equal(decode(f), 0);
	assert_int_equal(VALUE(f, PROCESS_ARGS)->nr_strs, 4);
	assert_text(VALUE(f, PROCESS_ARGS), 0, "sh");
	assert_text(VALUE(f, PROCESS_ARGS), 2, "");
	assert_text(VALUE(f, PROCESS_ARGS), 3, "echo a");
	assert_text(VALUE(f, PROCESS_COMMAND_LINE), 0, "sh -c  echo a");
}

static void empty_list_has_no_value(void **state)
{
	struct fixture *f = *state;

	record_set(&f->record, ARGS, "");
	assert_int_equal(decode(f), 0);
	assert_false(VALUE(f, PROCESS_ARGS)->present);
	assert_false(VALUE(f, PROCESS_ARGS)->unknown);
	assert_false(VALUE(f, PROCESS_COMMAND_LINE)->present);
}

static void cut_list_keeps_its_complete_elements(void **state)
{
	struct fixture *f = *state;

	record_set_cut(&f->record, ARGS, "sh\0-c\0echo lon");
	assert_int_equal(decode(f), 0);
	assert_int_equal(VALUE(f, PROCESS_ARGS)->nr_strs, 2);
	assert_true(VALUE(f, PROCESS_ARGS)->unknown);
	assert_int_equal(SEEN(f, PROCESS_ARGS)->nr_strs, 3);
	assert_text(SEEN(f, PROCESS_ARGS), 2, "echo lon");
	assert_true(VALUE(f, PROCESS_COMMAND_LINE)->unknown);
	assert_int_equal(VALUE(f, PROCESS_COMMAND_LINE)->nr_strs, 0);
	assert_text(SEEN(f, PROCESS_COMMAND_LINE), 0, "sh -c echo lon");
}

static void cut_path_decides_nothing(void **state)
{
	struct fixture *f = *state;

	record_init(&f->record, KES_OPEN);
	record_set_cut(&f->record, PATH, "/a/b.c");
	assert_int_equal(decode(f), 0);
	assert_true(VALUE(f, FILE_PATH)->unknown);
	assert_true(VALUE(f, FILE_PATH)->present);
	assert_int_equal(VALUE(f, FILE_PATH)->nr_strs, 0);
	assert_true(VALUE(f, FILE_NAME)->unknown);
	assert_true(VALUE(f, FILE_EXTENSION)->unknown);
	assert_false(VALUE(f, FILE_EXTENSION)->present);
	assert_text(SEEN(f, FILE_PATH), 0, "/a/b.c");
	assert_false(SEEN(f, FILE_NAME)->present);
}

static void failed_read_is_unknown(void **state)
{
	struct fixture *f = *state;

	record_add(&f->record, KES_BUF_CWD, "", 0, KES_STR_ERROR);
	assert_int_equal(decode(f), 0);
	assert_true(VALUE(f, WORKING_DIRECTORY)->unknown);
	assert_false(VALUE(f, WORKING_DIRECTORY)->present);
}

static void fields_of_an_unknown_process_are_unknown(void **state)
{
	struct fixture *f = *state;

	f->record.ev.flags = KES_EV_PROC_UNKNOWN | KES_EV_PARENT_UNKNOWN;
	record_set(&f->record, PARENT_EXE, "/usr/sbin/sshd");
	assert_int_equal(decode(f), 0);
	assert_true(VALUE(f, PROCESS_EXECUTABLE)->unknown);
	assert_true(VALUE(f, PROCESS_ARGS_COUNT)->unknown);
	assert_true(VALUE(f, PARENT_ARGS)->unknown);
	/* What is there is known all the same; so is what the event itself tells. */
	assert_false(VALUE(f, PARENT_NAME)->unknown);
	assert_text(VALUE(f, PARENT_NAME), 0, "sshd");
	assert_int_equal(VALUE(f, PROCESS_PID)->i, 100);
	assert_false(VALUE(f, PROCESS_PID)->unknown);
}

static void field_of_another_event_is_absent(void **state)
{
	struct fixture *f = *state;

	f->record.ev.exit_code = 3;
	record_set(&f->record, PATH, "/etc/passwd");
	assert_int_equal(decode(f), 0);
	assert_false(VALUE(f, PROCESS_EXIT_CODE)->present);
	assert_false(VALUE(f, FILE_PATH)->present);
	assert_false(VALUE(f, FILE_PATH)->unknown);
	f->record.ev.event = KES_EXIT;
	assert_int_equal(decode(f), 0);
	assert_int_equal(VALUE(f, PROCESS_EXIT_CODE)->i, 3);
}

static void entity_ids_are_stable_and_distinct(void **state)
{
	struct fixture *f = *state;
	char first[ENTITY_ID_LEN + 1], other[ENTITY_ID_LEN + 1];

	assert_int_equal(decode(f), 0);
	assert_int_equal(VALUE(f, PROCESS_ENTITY_ID)->strs[0].len, ENTITY_ID_LEN);
	entity_id(first, 100, 1000000000);
	assert_text(VALUE(f, PROCESS_ENTITY_ID), 0, first);
	assert_int_equal(strlen(first), ENTITY_ID_LEN);
	entity_id(other, 100, 1000000001);
	assert_string_not_equal(first, other);
	entity_id(other, 99, 500000000);
	assert_text(VALUE(f, PARENT_ENTITY_ID), 0, other);
}

static void process_without_start_time_has_an_unknown_entity_id(void **state)
{
	struct fixture *f = *state;

	f->record.ev.parent_start_ns = 0;
	assert_int_equal(decode(f), 0);
	assert_true(VALUE(f, PARENT_ENTITY_ID)->unknown);
	f->record.ev.ppid = 0;
	assert_int_equal(decode(f), 0);
	assert_false(VALUE(f, PARENT_ENTITY_ID)->unknown);
	assert_false(VALUE(f, PARENT_ENTITY_ID)->present);
}

static void damaged_header_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(decode(f), 0);
	assert_int_equal(event_decode(&f->event, f->copy, sizeof(struct kes_event) - 1), -EBADMSG);
	assert_int_equal(event_decode(&f->event, f->copy, 0), -EBADMSG);
	f->record.ev.version++;
	assert_int_equal(decode(f), -EBADMSG);
	f->record.ev.version--;
	f->record.ev.event = KES_NR_EVENTS;
	assert_int_equal(decode(f), -EBADMSG);
	f->record.ev.event = KES_EXEC;
	f->record.ev.nr_hits = KES_HITS_MAX + 1;
	assert_int_equal(decode(f), -EBADMSG);
	f->record.ev.nr_hits = 0;
	f->record.ev.size++;
	assert_int_equal(decode(f), -EBADMSG);
}

static void string_outside_of_the_record_is_refused(void **state)
{
	struct fixture *f = *state;

	record_set(&f->record, EXE, "/bin/sh");
	assert_int_equal(decode(f), 0);
	f->record.ev.str[KES_BUF_EXE].len++;
	assert_int_equal(decode(f), -EBADMSG);
	f->record.ev.str[KES_BUF_EXE].len--;
	f->record.ev.str[KES_BUF_EXE].off = 1;
	assert_int_equal(decode(f), -EBADMSG);
	/* A string that is not there may say what it likes. */
	f->record.ev.str[KES_BUF_EXE].flags = 0;
	assert_int_equal(decode(f), 0);
}

/* Reads every byte of every value: what lies outside of the record, the sanitizer reports. */
static unsigned int touch(const struct value *v)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < v->nr_strs; i++) {
		for (size_t b = 0; b < v->strs[i].len; b++)
			sum += (unsigned char)v->strs[i].s[b];
	}
	return sum;
}

static void fill(struct record *r, unsigned int *seed)
{
	record_init(r, (enum kes_event_id)(rand_r(seed) % KES_NR_EVENTS));
	for (int b = 0; b < KES_NR_BUFFERS; b++) {
		char text[600];
		const size_t len = (size_t)rand_r(seed) % sizeof(text);

		for (size_t i = 0; i < len; i++)
			text[i] = "/.\0 ab\xff\n"[rand_r(seed) % 8];
		record_add(r, (enum kes_buffer)b, text, len, (uint32_t)rand_r(seed) % 4);
	}
}

static void damaged_records_never_read_outside(void **state)
{
	struct fixture *f = *state;
	const char *given = getenv("KESTREL_SEED");
	unsigned int seed =
		given ? (unsigned int)strtoul(given, NULL, 10) : (unsigned int)time(NULL);
	unsigned int sum = 0;
	int refused = 0;

	print_message("seed: KESTREL_SEED=%u\n", seed);
	for (int round = 0; round < 20000; round++) {
		const int nr_changes = rand_r(&seed) % 4;
		size_t size;
		void *copy;

		fill(&f->record, &seed);
		size = sizeof(f->record.ev) + f->record.ev.buf_len;
		for (int i = 0; i < nr_changes; i++)
			((uint8_t *)&f->record)[(size_t)rand_r(&seed) % sizeof(f->record.ev)] =
				(uint8_t)rand_r(&seed);
		if (rand_r(&seed) % 2)
			size = (size_t)rand_r(&seed) % (size + 1);
		copy = record_copy(&f->record, size);
		if (event_decode(&f->event, copy, size) == 0) {
			for (int id = 0; id < NR_FIELDS; id++)
				sum += touch(&f->event.values.v[id]) + touch(&f->event.seen[id]);
		} else {
			refused++;
		}
		free(copy);
	}
	print_message("refused %d of 20000, sum %u\n", refused, sum);
	assert_true(refused > 1000 && refused < 19000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(name_is_what_follows_the_last_slash),
		TEST(extension_is_what_follows_the_last_dot_of_the_name),
		TEST(list_has_every_element_and_joins_by_spaces),
		TEST(empty_list_has_no_value),
		TEST(cut_list_keeps_its_complete_elements),
		TEST(cut_path_decides_nothing),
		TEST(failed_read_is_unknown),
		TEST(fields_of_an_unknown_process_are_unknown),
		TEST(field_of_another_event_is_absent),
		TEST(entity_ids_are_stable_and_distinct),
		TEST(process_without_start_time_has_an_unknown_entity_id),
		TEST(damaged_header_is_refused),
		TEST(string_outside_of_the_record_is_refused),
		TEST(damaged_records_never_read_outside),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
