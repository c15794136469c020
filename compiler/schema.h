/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h - the tables of kern/schema.def as the compiler and user space read them.
 */
#ifndef COMPILER_SCHEMA_H
#define COMPILER_SCHEMA_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../kern/wire.h"

enum field_id {
#define EVENTCONST(id, name, which)                         FIELD_##id,
#define STATIC(id, name, value)                             FIELD_##id,
#define STRING(id, name, type, scope, buffer, mode, events) FIELD_##id,
#define NUMBER(id, name, type, scope, member, events)       FIELD_##id,
#define ENTITY(id, name, pid_member, start_member)          FIELD_##id,
#include "../kern/schema.def"
	NR_FIELDS,
};

enum field_type {
	TYPE_STR,  /* one string */
	TYPE_LIST, /* any-of strings */
	TYPE_INT,  /* a 64-bit integer */
	TYPE_ID,   /* an integer that is a string in rules: user.id == "0" */
};

enum field_scope {
	SCOPE_CONST,  /* event.category and the like: known from the hook */
	SCOPE_STATIC, /* known from configuration */
	SCOPE_EVENT,
	SCOPE_PROCESS,
	SCOPE_PARENT,
};

enum field_source {
	SOURCE_CONST,
	SOURCE_STATIC,
	SOURCE_STRING, /* buffer and mode */
	SOURCE_NUMBER, /* offset in struct kes_event */
	SOURCE_ENTITY, /* computed in user space */
};

enum string_mode { MODE_WHOLE, MODE_NAME, MODE_EXT, MODE_EACH, MODE_JOINED, NR_MODES };
enum event_const { EVENT_CONST_category, EVENT_CONST_type, EVENT_CONST_action };

struct field {
	const char *name;
	enum field_type type;
	enum field_scope scope;
	enum field_source source;
	uint32_t events; /* mask of the events that have it */
	enum kes_buffer
		buffer; /* SOURCE_STRING: where the record holds it (parent's twin for PARENT) */
	enum kes_buffer judged; /* SOURCE_STRING: the buffer the automata read it from */
	enum string_mode mode;
	uint32_t offset;        /* SOURCE_NUMBER: in struct kes_event (parent's own for PARENT) */
	uint32_t judged_offset; /* SOURCE_NUMBER: member that PARENT atoms are judged on at exec */
	uint32_t start_offset;  /* SOURCE_ENTITY: offset holds the pid, this the start time */
	enum event_const which; /* SOURCE_CONST */
	const char *value;      /* SOURCE_STATIC */
};

struct event_kind {
	const char *name;                     /* "process.exec" */
	const char *short_name;               /* "exec" */
	const char *category, *type, *action; /* may list values, separated by commas */
};

extern const struct field fields[NR_FIELDS];
extern const struct event_kind event_kinds[KES_NR_EVENTS];

/* Field by its EQL name (not NUL-terminated), or -1. */
int field_find(const char *name, size_t len);

/* The nearest field name for a message, or NULL. */
const char *field_suggest(const char *name);

/* Whether a comma-separated list of schema.def has this value. */
bool list_has(const char *list, const char *value);

const char *field_type_name(enum field_type type); /* keyword, keyword[], long, id */

/* A hash over every line of schema.def and the layout of the record. */
uint64_t schema_hash(void);

/* what: "events", "event_types" (the same), "fields", "field:NAME". Returns 0 or -ENOENT. */
int schema_show(FILE *out, const char *what);

#endif /* COMPILER_SCHEMA_H */
