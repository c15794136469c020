// SPDX-License-Identifier: Apache-2.0
/*
 * acts.c - see acts.h. The rules are in rules/; each has what must fire it and what nearly does.
 */
#include "acts.h"

#include <signal.h>

#define BIN "/e2e/bin/"

const struct act_rule act_rules[] = {
	{ "equal", "low", 21 },
	{ "not_equal", "medium", 47 },
	{ "less", "high", 73 },
	{ "less_or_equal", "critical", 99 },
	{ "greater", "low", 21 },
	{ "greater_or_equal", "medium", 47 },
	{ "in", "high", 73 },
	{ "in_fold", "low", 21 },
	{ "not_in", "medium", 47 },
	{ "colon", "high", 73 },
	{ "like", "low", 21 },
	{ "like_fold", "medium", 47 },
	{ "contains", "high", 73 },
	{ "null", "low", 21 },
	{ "not_null", "medium", 47 },
	{ "and", "high", 73 },
	{ "or", "low", 21 },
	{ "not", "medium", 47 },
	{ "every_process_event", "high", 73 },
	{ "fork", "low", 21 },
	{ "exit-77", "critical", 91 },
	{ "signal", "medium", 47 },
	{ "file_path", "high", 73 },
	{ "file_name", "low", 21 },
	{ "parent_name", "medium", 47 },
	{ "parent_args", "high", 73 },
	{ "parent_of_open", "low", 21 },
	{ "working_directory", "medium", 47 },
	{ "user_id", "high", 73 },
	{ "group_id", "low", 21 },
	{ "beyond_window", "high", 73 },
	{ "odd_bytes", "low", 21 },
};
const size_t nr_act_rules = sizeof(act_rules) / sizeof(act_rules[0]);

#define RUN(rule_, alerts_, program_, ...) \
	.rule = rule_, .alerts = alerts_, .program = program_, .args = { __VA_ARGS__ }
#define VIA(program_, ...) .via = program_, .via_args = { __VA_ARGS__ }
#define DO(deed_, file_)   .deed = deed_, .file = file_

const struct act acts[] = {
	{ RUN("equal", ALERT_EXEC, BIN "equal", "x", "equal:hit", "y") },
	{ RUN("equal", 0, BIN "equal", "Equal:hit", "equal:hit ", "equal:hi", "") },

	{ RUN("not_equal", ALERT_EXEC, BIN "notequal", "1", "2", "3") },
	{ RUN("not_equal", ALERT_EXEC, BIN "notequal", "1") },
	{ RUN("not_equal", 0, BIN "notequal", "1", "2") },

	{ RUN("less", ALERT_EXEC, BIN "less", "1") },
	{ RUN("less", 0, BIN "less", "1", "2") },
	{ RUN("less_or_equal", ALERT_EXEC, BIN "lessorequal", "1", "2") },
	{ RUN("less_or_equal", 0, BIN "lessorequal", "1", "2", "3") },
	{ RUN("greater", ALERT_EXEC, BIN "greater", "1", "2", "3") },
	{ RUN("greater", 0, BIN "greater", "1", "2") },
	{ RUN("greater_or_equal", ALERT_EXEC, BIN "greaterorequal", "1", "2") },
	{ RUN("greater_or_equal", 0, BIN "greaterorequal", "1") },

	{ RUN("in", ALERT_EXEC, BIN "in-one") },
	{ RUN("in", ALERT_EXEC, BIN "in-three") },
	{ RUN("in", 0, BIN "In-two") },
	{ RUN("in", 0, BIN "in-tw") },
	{ RUN("in_fold", ALERT_EXEC, BIN "infold", "IN-fold-TWO") },
	{ RUN("in_fold", 0, BIN "infold", "in-fold-*", "in-fold-three") },
	{ RUN("not_in", ALERT_EXEC, "/e2e/third/notin") },
	{ RUN("not_in", 0, "/e2e/other/notin") },

	{ RUN("colon", ALERT_EXEC, BIN "colon", "COLON/any/thing/end") },
	{ RUN("colon", 0, BIN "colon", "colon end.", " colon end") },
	{ RUN("like", ALERT_EXEC, BIN "like", "like-x-begin", "and", "more:like-end") },
	{ RUN("like", ALERT_EXEC, BIN "like", "like-\xc3\xa9-begin", ":like-end") },
	{ RUN("like", 0, BIN "like", "like-xy-begin", ":like-end") },
	{ RUN("like", 0, BIN "like", "like-x-begin", ":Like-end") },
	{ RUN("like_fold", ALERT_EXEC, "/e2e/folded/deep/FILE.bin") },
	{ RUN("like_fold", 0, "/e2e/folded/deep/FILE.bin2") },
	{ RUN("contains", ALERT_EXEC, BIN "contains", "one", "contains", "two") },
	{ RUN("contains", ALERT_EXEC, BIN "contains", "xone contains twox") },
	{ RUN("contains", 0, BIN "contains", "one", "Contains", "two") },

	{ RUN("null", ALERT_OPEN, BIN "null"), DO(DEED_OPEN, "/e2e/null/plain") },
	{ RUN("null", 0, BIN "null"), DO(DEED_OPEN, "/e2e/null/plain.txt") },
	{ RUN("not_null", ALERT_END, BIN "notnull") },
	{ RUN("not_null", 0, BIN "notnul") },

	{ RUN("and", ALERT_EXEC, BIN "and", "and:c", "and:b", "and:a") },
	{ RUN("and", 0, BIN "and", "and:c", "and:a") },
	{ RUN("or", ALERT_EXEC, BIN "or", "or:a") },
	{ RUN("or", ALERT_EXEC, BIN "or", "or:c", "or:b") },
	{ RUN("or", 0, BIN "or", "or:b") },
	{ RUN("or", 0, BIN "or", "or:c") },
	{ RUN("not", ALERT_EXEC, BIN "not", "not:a") },
	{ RUN("not", ALERT_EXEC, BIN "not", "not:b") },
	{ RUN("not", ALERT_EXEC, BIN "not") },
	{ RUN("not", 0, BIN "not", "not:b", "not:a") },

	{ RUN("every_process_event", ALERT_EXEC | ALERT_FORK | ALERT_END | ALERT_CHILD_END,
	      BIN "every", "every:hit"),
	  .deed = DEED_FORK },
	{ RUN("every_process_event", 0, BIN "every", "every:hi"), .deed = DEED_FORK },
	{ RUN("fork", ALERT_FORK, BIN "forker", "fork:hit"), .deed = DEED_FORK },
	{ RUN("fork", 0, BIN "forker", "fork:hit"), .deed = DEED_THREAD },
	{ RUN("exit-77", ALERT_END, BIN "end"), .deed = DEED_EXIT, .code = 77 },
	{ RUN("exit-77", 0, BIN "end"), .deed = DEED_EXIT, .code = 76 },
	{ RUN("signal", ALERT_END, BIN "signalled"), .deed = DEED_SIGNAL, .code = SIGTERM },
	{ RUN("signal", 0, BIN "signalled"), .deed = DEED_EXIT, .code = 128 },

	{ RUN("file_path", ALERT_OPEN, BIN "reader"), DO(DEED_OPEN, "/e2e/data/secret.key") },
	{ RUN("file_path", ALERT_OPEN, BIN "reader"),
	  DO(DEED_OPEN, "/e2e/data/link/../secret.key") },
	{ RUN("file_path", 0, BIN "reader"), DO(DEED_OPEN, "/e2e/data/secret.key2") },
	{ RUN("file_path", 0, BIN "reader"), DO(DEED_PATH, "/e2e/data/secret.key") },
	{ RUN("file_path", 0, BIN "reader"), DO(DEED_STAT, "/e2e/data/secret.key") },
	{ RUN("file_path", 0, BIN "reader"), DO(DEED_OPEN, "/e2e/nowhere/secret.key") },
	{ RUN("file_name", ALERT_OPEN, BIN "reader"), DO(DEED_OPEN, "/e2e/data/Passwords.kdbx") },
	{ RUN("file_name", 0, BIN "reader"), DO(DEED_OPEN, "/e2e/data/Passwords.kdbx.old") },
	{ RUN("file_name", 0, BIN "reader"), DO(DEED_OPEN, "/e2e/pass/my.kdbx") },

	{ RUN("parent_name", ALERT_EXEC, BIN "spawned"), VIA(BIN "spawner") },
	{ RUN("parent_name", 0, BIN "spawned") },
	{ RUN("parent_name", 0, BIN "spawner"), VIA(BIN "spawned") },
	{ RUN("parent_args", ALERT_EXEC, BIN "anything"), VIA(BIN "parentargs", "--spawn", "a-x") },
	{ RUN("parent_args", 0, BIN "anything"), VIA(BIN "parentargs", "--spawn", "a-y") },
	{ RUN("parent_args", 0, BIN "parentargs", "--spawn", "a-x") },
	{ RUN("parent_of_open", ALERT_OPEN, BIN "reader"), DO(DEED_OPEN, "/e2e/data/parent"),
	  VIA(BIN "opener") },
	{ RUN("parent_of_open", 0, BIN "opener"), DO(DEED_OPEN, "/e2e/data/parent") },

	{ RUN("working_directory", ALERT_EXEC, BIN "worker"), .cwd = "/e2e/cwd" },
	{ RUN("working_directory", 0, BIN "worker"), .cwd = "/e2e/cwd/deeper" },
	{ RUN("user_id", ALERT_EXEC, BIN "who"), .uid = 1000, .gid = 1000 },
	{ RUN("user_id", 0, BIN "who"), .uid = 100, .gid = 1000 },
	{ RUN("group_id", ALERT_EXEC, BIN "which"), .gid = 1 },
	{ RUN("group_id", 0, BIN "which"), .uid = 1 },

	{ RUN("beyond_window", ALERT_EXEC, BIN "long", "x", "needle") },
	/* The kernel cannot see all of the arguments: every rule that they could fire says so. */
	{ RUN("beyond_window", ALERT_EXEC, BIN "long", ACT_LONG, "needle"), .verdict = "undecided",
	  .also = { { "equal", ALERT_EXEC },
		    { "in_fold", ALERT_EXEC },
		    { "colon", ALERT_EXEC },
		    { "like", ALERT_EXEC },
		    { "contains", ALERT_EXEC },
		    { "and", ALERT_EXEC },
		    { "or", ALERT_EXEC },
		    { "every_process_event", ALERT_EXEC | ALERT_END } } },
	{ RUN("beyond_window", 0, BIN "long", "x", "needless") },

	{ RUN("odd_bytes", ALERT_EXEC, BIN "odd", "\"quoted\"", "a\nb\tc\\d", "\x1b[31m\x01\x7f",
	      "\xe2\x82\xac \xf0\x9f\x90\xa6", "") },
	{ RUN("odd_bytes", ALERT_EXEC, BIN "odd", "\xff\xfe", "\xed\xa0\x80", "\xc3") },
	{ RUN("odd_bytes", 0, BIN "od", "\xff") },
};
const size_t nr_acts = sizeof(acts) / sizeof(acts[0]);
