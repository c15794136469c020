// SPDX-License-Identifier: Apache-2.0
/*
 * ecs.c - see ecs.h. The line is valid JSON whatever bytes it was given.
 */
#include "ecs.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../compiler/err.h"
#include "clocks.h"
#include "text.h"

#define ECS_VERSION "8.11.0"
#define KEY_MAX     64

void ecs_format_time(char out[ECS_TIME_MAX], int64_t wall_ns)
{
	const time_t seconds = wall_ns / NS_PER_SECOND;
	struct tm tm = { 0 };
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(out, ECS_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, ECS_TIME_MAX - n, ".%09lldZ", (long long)(wall_ns % NS_PER_SECOND));
}

void ecs_begin(struct ecs *d, const char *kind, int64_t wall_ns)
{
	char time[ECS_TIME_MAX], host[256] = "";

	*d = (struct ecs){ .root = json_object(), .not_utf8 = json_array() };
	ecs_format_time(time, wall_ns);
	gethostname(host, sizeof(host) - 1);
	ecs_put_text(d, "@timestamp", time);
	ecs_put_text(d, "ecs.version", ECS_VERSION);
	ecs_put_text(d, "host.name", host);
	ecs_put_text(d, "agent.type", "kestrel");
	ecs_put_text(d, "agent.version", KESTREL_VERSION);
	ecs_put_text(d, "kestrel.kind", kind);
}

char *ecs_finish(struct ecs *d)
{
	autofree char *text = NULL;
	char *line = NULL;

	ecs_put_array(d, "kestrel.not_utf8", TAKE(d->not_utf8));
	if (!d->failed)
		text = json_dumps(d->root, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(d->root);
	d->root = NULL;
	if (!text || asprintf(&line, "%s\n", text) < 0)
		return NULL;
	return line;
}

void ecs_member(struct ecs *d, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		d->failed = true;
}

void ecs_append(struct ecs *d, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		d->failed = true;
}

/* The object that holds the last part of a path, made on the way; *last is that part. */
static json_t *object_at(struct ecs *d, const char *path, const char **last)
{
	json_t *at = d->root;
	const char *dot;

	for (; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
		char key[KEY_MAX];
		json_t *next;

		snprintf(key, sizeof(key), "%.*s", (int)(dot - path), path);
		next = json_object_get(at, key);
		if (!next) {
			next = json_object();
			ecs_member(d, at, key, next);
		}
		at = next;
	}
	*last = path;
	return at;
}

void ecs_put(struct ecs *d, const char *path, json_t *value)
{
	const char *last;
	json_t *at = object_at(d, path, &last);

	ecs_member(d, at, last, value);
}

void ecs_put_array(struct ecs *d, const char *path, json_t *array)
{
	if (json_array_size(array) > 0)
		ecs_put(d, path, array);
	else
		json_decref(array);
}

void ecs_put_text(struct ecs *d, const char *path, const char *s)
{
	if (s && *s)
		ecs_put(d, path, json_string(s));
}

json_t *ecs_program_text(struct ecs *d, const char *name, const char *s, size_t len)
{
	bool repaired = false;
	size_t n = 0;
	autofree char *text = text_utf8(s, len, &n, &repaired);

	if (repaired)
		ecs_append(d, d->not_utf8, json_string(name));
	return text ? json_stringn(text, n) : NULL;
}
