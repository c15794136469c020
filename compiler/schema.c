// SPDX-License-Identifier: Apache-2.0
/*
 * schema.c - kern/schema.def as tables.
 *
 * Every table is made by including schema.def with other macros; nothing here names a field or an
 * event a second time. The one exception is what a NUMBER of the parent is called in the record,
 * which the pasting below refuses to guess.
 */
#include "schema.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "diag.h"

/* A parent's strings follow its child's in the record, in the same order. */
static_assert(KES_BUF_PARENT_EXE - KES_BUF_EXE == KES_BUF_PARENT_ARGS - KES_BUF_ARGS,
	      "the order of the PROCESS buffers equals that of their parents' twins");

/* The member that holds a parent's number: scope PARENT names the member of the process itself. */
#define PARENT_MEMBER_args_count parent_args_count

#define MEMBER_OFFSET(member)  offsetof(struct kes_event, member)
#define OFFSET_EVENT(member)   MEMBER_OFFSET(member)
#define OFFSET_PROCESS(member) MEMBER_OFFSET(member)
#define OFFSET_PARENT(member)  MEMBER_OFFSET(PARENT_MEMBER_##member)

#define BUFFER_EVENT(buffer)   KES_BUF_##buffer
#define BUFFER_PROCESS(buffer) KES_BUF_##buffer
#define BUFFER_PARENT(buffer)  KES_BUF_PARENT_##buffer

#define CONST_TYPE_category TYPE_LIST
#define CONST_TYPE_type     TYPE_LIST
#define CONST_TYPE_action   TYPE_STR

#define IS_S64(member)                                                               \
	static_assert(sizeof(((struct kes_event *)NULL)->member) == sizeof(int64_t), \
		      #member " is an __s64")
#define S64_EVENT(member)   IS_S64(member)
#define S64_PROCESS(member) IS_S64(member)
#define S64_PARENT(member) \
	IS_S64(member);    \
	IS_S64(PARENT_MEMBER_##member)

#define NUMBER(id, name, type, scope, member, events) S64_##scope(member);
#define ENTITY(id, name, pid_member, start_member) \
	IS_S64(pid_member);                        \
	IS_S64(start_member);
#include "../kern/schema.def"

const struct field fields[NR_FIELDS] = {
#define EVENTCONST(id, name_, which_)                 \
	[FIELD_##id] = { .name = (name_),             \
			 .type = CONST_TYPE_##which_, \
			 .scope = SCOPE_CONST,        \
			 .source = SOURCE_CONST,      \
			 .events = KES_ON_ALL,        \
			 .which = EVENT_CONST_##which_ },
#define STATIC(id, name_, value_)                 \
	[FIELD_##id] = { .name = (name_),         \
			 .type = TYPE_STR,        \
			 .scope = SCOPE_STATIC,   \
			 .source = SOURCE_STATIC, \
			 .events = KES_ON_ALL,    \
			 .value = (value_) },
#define STRING(id, name_, type_, scope_, buffer_, mode_, events_) \
	[FIELD_##id] = { .name = (name_),                         \
			 .type = TYPE_##type_,                    \
			 .scope = SCOPE_##scope_,                 \
			 .source = SOURCE_STRING,                 \
			 .events = KES_##events_,                 \
			 .buffer = BUFFER_##scope_(buffer_),      \
			 .judged = KES_BUF_##buffer_,             \
			 .mode = MODE_##mode_ },
#define NUMBER(id, name_, type_, scope_, member_, events_)   \
	[FIELD_##id] = { .name = (name_),                    \
			 .type = TYPE_##type_,               \
			 .scope = SCOPE_##scope_,            \
			 .source = SOURCE_NUMBER,            \
			 .events = KES_##events_,            \
			 .offset = OFFSET_##scope_(member_), \
			 .judged_offset = MEMBER_OFFSET(member_) },
#define ENTITY(id, name_, pid_member_, start_member_)          \
	[FIELD_##id] = { .name = (name_),                      \
			 .type = TYPE_STR,                     \
			 .scope = SCOPE_EVENT,                 \
			 .source = SOURCE_ENTITY,              \
			 .events = KES_ON_ALL,                 \
			 .offset = MEMBER_OFFSET(pid_member_), \
			 .start_offset = MEMBER_OFFSET(start_member_) },
#include "../kern/schema.def"
};

const struct event_kind event_kinds[KES_NR_EVENTS] = {
#define EVENT(id, short_, name_, category_, type_, action_) \
	[KES_##id] = { .name = (name_),                     \
		       .short_name = #short_,               \
		       .category = (category_),             \
		       .type = (type_),                     \
		       .action = (action_) },
#include "../kern/schema.def"
};

static const char *const buffer_names[KES_NR_BUFFERS] = {
#define BUFFER(id, name) [KES_BUF_##id] = (name),
#include "../kern/schema.def"
};

static const char *const scope_names[] = {
	[SCOPE_CONST] = "const",     [SCOPE_STATIC] = "static", [SCOPE_EVENT] = "event",
	[SCOPE_PROCESS] = "process", [SCOPE_PARENT] = "parent",
};

static const char *const mode_texts[NR_MODES] = {
	[MODE_WHOLE] = "the whole string",
	[MODE_NAME] = "the part after the last '/'",
	[MODE_EXT] = "the part after the last '.' of the name",
	[MODE_EACH] = "each of the strings",
	[MODE_JOINED] = "the strings joined by single spaces",
};

static uint16_t by_name[NR_FIELDS]; /* field ids in the order of their names */

static int compare_names(const void *a, const void *b)
{
	return strcmp(fields[*(const uint16_t *)a].name, fields[*(const uint16_t *)b].name);
}

static void sort_names(void)
{
	for (size_t i = 0; i < NR_FIELDS; i++)
		by_name[i] = (uint16_t)i;
	qsort(by_name, NR_FIELDS, sizeof(*by_name), compare_names);
}

int field_find(const char *name, size_t len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	size_t lo = 0, hi = NR_FIELDS;

	pthread_once(&once, sort_names);
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const char *candidate = fields[by_name[mid]].name;
		size_t candidate_len = strlen(candidate);
		int c = memcmp(name, candidate, len < candidate_len ? len : candidate_len);

		if (c == 0 && len == candidate_len)
			return by_name[mid];
		if (c < 0 || (c == 0 && len < candidate_len))
			hi = mid;
		else
			lo = mid + 1;
	}
	return -1;
}

/* "command_line" was meant as "process.command_line": the first field that ends so. */
static const char *field_ending_in(const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < NR_FIELDS; i++) {
		size_t name_len = strlen(fields[i].name);

		if (name_len > len + 1 && fields[i].name[name_len - len - 1] == '.' &&
		    strcasecmp(fields[i].name + name_len - len, word) == 0)
			return fields[i].name;
	}
	return NULL;
}

const char *field_suggest(const char *name)
{
	const char *names[NR_FIELDS];
	const char *near;

	for (size_t i = 0; i < NR_FIELDS; i++)
		names[i] = fields[i].name;
	near = suggest(name, names, NR_FIELDS);
	return near ? near : field_ending_in(name);
}

bool list_has(const char *list, const char *value)
{
	size_t len = strlen(value);

	for (const char *p = list;; p++) {
		const char *end = strchrnul(p, ',');

		if ((size_t)(end - p) == len && memcmp(p, value, len) == 0)
			return true;
		if (!*end)
			return false;
		p = end;
	}
}

const char *field_type_name(enum field_type type)
{
	static const char *const names[] = {
		[TYPE_STR] = "keyword",
		[TYPE_LIST] = "keyword[]",
		[TYPE_INT] = "long",
		[TYPE_ID] = "id",
	};

	return names[type];
}

/* Every line of schema.def, as it is written there. */
static const char schema_text[] =
#define EVENT(id, short_, name, category, type, action) \
	"EVENT " #id " " #short_ " " name " " category " " type " " action "\n"
#define STRING(id, name, type, scope, buffer, mode, events) \
	"STRING " #id " " name " " #type " " #scope " " #buffer " " #mode " " #events "\n"
#define NUMBER(id, name, type, scope, member, events) \
	"NUMBER " #id " " name " " #type " " #scope " " #member " " #events "\n"
#define ENTITY(id, name, pid_member, start_member) \
	"ENTITY " #id " " name " " #pid_member " " #start_member "\n"
#define EVENTCONST(id, name, which) "EVENTCONST " #id " " name " " #which "\n"
#define STATIC(id, name, value)     "STATIC " #id " " name " " value "\n"
#define BUFFER(id, name)            "BUFFER " #id " " name "\n"
#define COUNTER(id, name, sign)     "COUNTER " #id " " name " " #sign "\n"
#include "../kern/schema.def"
	;

static uint64_t fnv1a(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--)
		hash = (hash ^ *p++) * 0x100000001b3u;
	return hash;
}

uint64_t schema_hash(void)
{
	const uint64_t layout[] = {
		KES_WIRE_VERSION,
		KES_WINDOW,
		KES_BUF_SPAN,
		KES_HITS_MAX,
		KES_NR_SLOTS,
		KES_NR_TAILS,
		sizeof(struct kes_str),
		sizeof(struct kes_event),
		sizeof(struct kes_slot),
		offsetof(struct kes_event, str),
		offsetof(struct kes_event, hits),
		offsetof(struct kes_slot, ev),
		offsetof(struct kes_slot, buf),
	};
	uint64_t hash = fnv1a(0xcbf29ce484222325u, schema_text, sizeof(schema_text));

	hash = fnv1a(hash, layout, sizeof(layout));
	for (size_t i = 0; i < NR_FIELDS; i++) {
		const uint32_t offsets[] = { fields[i].offset, fields[i].judged_offset,
					     fields[i].start_offset };

		hash = fnv1a(hash, offsets, sizeof(offsets));
	}
	return hash;
}

static void show_events_mask(FILE *out, uint32_t mask)
{
	const char *separator = "";

	if (mask == KES_ON_ALL) {
		fputs("all", out);
		return;
	}
	for (size_t i = 0; i < KES_NR_EVENTS; i++) {
		if (!(mask & (1u << i)))
			continue;
		fprintf(out, "%s%s", separator, event_kinds[i].name);
		separator = ",";
	}
}

static void show_events(FILE *out)
{
	for (size_t i = 0; i < KES_NR_EVENTS; i++)
		fprintf(out, "%-16s %-10s %-10s %s\n", event_kinds[i].name, event_kinds[i].category,
			event_kinds[i].type, event_kinds[i].action);
}

static void show_fields(FILE *out)
{
	for (size_t i = 0; i < NR_FIELDS; i++) {
		fprintf(out, "%-32s %-10s %-8s ", fields[i].name, field_type_name(fields[i].type),
			scope_names[fields[i].scope]);
		show_events_mask(out, fields[i].events);
		fputc('\n', out);
	}
}

static void show_source(FILE *out, const struct field *f)
{
	static const char *const which[] = {
		[EVENT_CONST_category] = "category",
		[EVENT_CONST_type] = "type",
		[EVENT_CONST_action] = "action",
	};

	switch (f->source) {
	case SOURCE_CONST:
		fprintf(out, "the %s of the event, see `schema events`\n", which[f->which]);
		break;
	case SOURCE_STATIC:
		fprintf(out, "configuration; default \"%s\"\n", f->value);
		break;
	case SOURCE_STRING:
		fprintf(out, "string \"%s\" of the record: %s\n", buffer_names[f->buffer],
			mode_texts[f->mode]);
		break;
	case SOURCE_NUMBER:
		fputs("a number of the record\n", out);
		break;
	case SOURCE_ENTITY:
		fputs("a hash of boot id, pid and start time, made in user space\n", out);
		break;
	}
}

static int show_field(FILE *out, const char *name)
{
	int id = field_find(name, strlen(name));

	if (id < 0)
		return -ENOENT;
	fprintf(out, "name    %s\n", fields[id].name);
	fprintf(out, "type    %s\n", field_type_name(fields[id].type));
	fprintf(out, "scope   %s\n", scope_names[fields[id].scope]);
	fputs("events  ", out);
	show_events_mask(out, fields[id].events);
	fputs("\nsource  ", out);
	show_source(out, &fields[id]);
	return 0;
}

int schema_show(FILE *out, const char *what)
{
	if (strcmp(what, "events") == 0 || strcmp(what, "event_types") == 0) {
		show_events(out);
		return 0;
	}
	if (strcmp(what, "fields") == 0) {
		show_fields(out);
		return 0;
	}
	if (strncmp(what, "field:", 6) == 0)
		return show_field(out, what + 6);
	return -ENOENT;
}
