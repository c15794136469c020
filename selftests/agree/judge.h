/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.h - the generated programs of a ruleset object, run by BPF_PROG_TEST_RUN on records that
 * the caller makes. Nothing is attached: this is safe on any machine where one may load programs.
 */
#ifndef SELFTESTS_JUDGE_H
#define SELFTESTS_JUDGE_H

#include "../../compiler/object.h"
#include "../../kern/inject.h"

struct judge;

/*
 * Load the programs of every hook as raw tracepoint programs that share one map of process bits.
 * Returns 0 or a negative errno; with log, what libbpf and the verifier say goes to stderr.
 */
int judge_open(struct judge **out, const void *image, size_t len, const struct object_info *info,
	       bool log);
void judge_free(struct judge *j);
void judge_freep(struct judge **j);

/* Judge one record, `repeat` times. result: its header afterwards. ns: mean time a run. */
int judge_run(struct judge *j, const struct inject_event *in, uint32_t repeat,
	      struct kes_event *result, uint32_t *ns);

/* Instructions that the verifier processed for all programs, and their number after it. */
uint64_t judge_verified(const struct judge *j);

#endif /* SELFTESTS_JUDGE_H */
