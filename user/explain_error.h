/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_error.h - why the kernel said no to BPF: hints that help, verifier logs that are read.
 */
#ifndef USER_EXPLAIN_ERROR_H
#define USER_EXPLAIN_ERROR_H

#include <bpf/libbpf.h>
#include <stddef.h>

/* Log hints for a negative errno of a bpf() call: missing capabilities, lockdown, limits. */
void explain_error(int err);

/*
 * Room for one verifier log a program, so that after a failed load the log tells which program it
 * was. It must live as long as the object may be loaded.
 */
struct verifier_logs;

void verifier_logs_free(struct verifier_logs *l); /* NULL is fine */
void verifier_logs_freep(struct verifier_logs **l);

/* Give every program of an object that is not yet loaded its log. NULL: out of memory. */
struct verifier_logs *verifier_logs_new(struct bpf_object *obj);

/*
 * After loading failed with err: one log line that names the program, the rule lines nearest to
 * the failure, the end of the log; the whole log goes to a file in $TMPDIR.
 * what: "sensor", "ruleset".
 */
void verifier_logs_explain(const struct verifier_logs *l, struct bpf_object *obj, const char *what,
			   int err);

#endif /* USER_EXPLAIN_ERROR_H */
