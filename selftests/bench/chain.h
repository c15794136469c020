/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain.h - the generated programs of one ruleset object between the two of kern/inject.bpf.c, to
 * be timed by BPF_PROG_TEST_RUN. Nothing is attached.
 */
#ifndef BENCH_CHAIN_H
#define BENCH_CHAIN_H

#include <stddef.h>

#include "../../compiler/object.h"
#include "../../kern/inject.h"

/* How runs are timed. */
enum timing {
	TIMING_REPEAT, /* as scheduler classifiers, which the kernel repeats and times: 6.10+ */
	TIMING_STATS,  /* as raw tracepoints, by the kernel's statistics of program runs */
	NR_TIMINGS,
};

struct chain;

struct chain_load {
	double ms; /* one bpf_object__load: maps, verifier, JIT */
	uint32_t nr_programs;
	uint64_t nr_verified; /* instructions that the verifier processed; 0: unknown to it */
};

/*
 * Load the programs of all hooks. Without an image: the empty chain, inject directly before finish.
 * Returns 0 or a negative errno, which libbpf has explained on standard error.
 */
int chain_open(struct chain **out, const void *image, size_t len, const struct object_info *info,
	       enum timing timing, struct chain_load *load);
void chain_free(struct chain *c);
void chain_freep(struct chain **c);

/* Whether the ruleset has programs at this hook; the empty chain has. */
bool chain_has(const struct chain *c, int event);

/*
 * Judge a record `repeat` times. result: its header afterwards; ns: mean time of a run.
 * Only KES_EXEC and KES_OPEN. Returns 0 or a negative errno.
 */
int chain_run(struct chain *c, const struct inject_event *in, uint32_t repeat,
	      struct kes_event *result, double *ns);

#endif /* BENCH_CHAIN_H */
