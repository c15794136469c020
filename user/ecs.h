/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ecs.h - one line of ECS JSON, built field by field. Errors are sticky: ecs_finish() tells.
 */
#ifndef USER_ECS_H
#define USER_ECS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ecs {
	json_t *root;
	json_t *not_utf8; /* names of fields that had to be repaired */
	bool failed;      /* out of memory */
};

/* "2026-01-31T12:00:00.123456789Z" */
#define ECS_TIME_MAX 40
void ecs_format_time(char out[ECS_TIME_MAX], int64_t wall_ns);

/* What every line has: time, host, agent, and what kind of line it is (kestrel.kind). */
void ecs_begin(struct ecs *d, const char *kind, int64_t wall_ns);

/* The line with its newline; releases d. The caller frees it; NULL when out of memory. */
char *ecs_finish(struct ecs *d);

/* Each takes the value, NULL included. A path is dotted: "process.parent.name". */
void ecs_put(struct ecs *d, const char *path, json_t *value);
void ecs_put_array(struct ecs *d, const char *path, json_t *array); /* not when it is empty */
void ecs_append(struct ecs *d, json_t *array, json_t *value);
void ecs_member(struct ecs *d, json_t *object, const char *key, json_t *value);

void ecs_put_text(struct ecs *d, const char *path, const char *s); /* not when NULL or empty */

/* A string of a watched program's choosing; `name` is remarked on when it is not UTF-8. */
json_t *ecs_program_text(struct ecs *d, const char *name, const char *s, size_t len);

#endif /* USER_ECS_H */
