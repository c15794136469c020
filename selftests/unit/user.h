/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user.h - for the unit tests of user/: rules from text, as a ruleset object would hold them.
 */
#ifndef UNIT_USER_H
#define UNIT_USER_H

#include "../../compiler/object.h"
#include "front.h"
#include "record.h"

struct user {
	struct arena *arena;
	struct object_info info;
};

static inline void user_freep(struct user *u)
{
	arena_free(u->arena);
}

#define autouser __attribute__((cleanup(user_freep))) struct user

static inline struct user user_new(void)
{
	return (struct user){ .arena = arena_new() };
}

/* One more rule; its single predicate has the rule's number and can match every event. */
static inline void user_rule(struct user *u, const char *name, const char *text)
{
	struct object_info *info = &u->info;
	struct object_predicate *v;
	struct diags d;

	diags_init(&d, u->arena);
	rules_add_text(u->arena, name, text, strlen(text), &info->rules, &d);
	diag_print(stderr, &d, false);
	assert_int_equal(d.nr_errors, 0);
	assert_int_equal(info->rules.nr, info->nr_predicates + 1);
	v = arena_array(u->arena, info->rules.nr, struct object_predicate);
	if (info->nr_predicates > 0)
		memcpy(v, info->predicates, info->nr_predicates * sizeof(*v));
	v[info->nr_predicates] = (struct object_predicate){
		.rule = (uint32_t)info->nr_predicates,
		.hooks = KES_ON_ALL,
	};
	info->predicates = v;
	info->nr_predicates++;
}

#endif /* UNIT_USER_H */
