/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - the operations that the benchmark measures: one exec and one open. They share their
 * first directories with the rules of gen_rules.c, and match none of them.
 */
#ifndef BENCH_EVENTS_H
#define BENCH_EVENTS_H

#define BENCH_EXE  "/usr/lib/postgres/bin/postmast"           /* 30 bytes */
#define BENCH_PATH "/var/lib/postgres/base/16384/2619_vm.dat" /* 40 bytes */
#define BENCH_CWD  "/var/lib/postgres"

/* Each argument with its NUL: joined by spaces a command line of 100 bytes. */
#define BENCH_ARGS                                                                         \
	"postmast\0--data_directory=/var/lib/postgres\0--config_file=/etc/postgres.conf\0" \
	"--port=5432\0--silent=on\0"
#define BENCH_NR_ARGS 5

_Static_assert(sizeof(BENCH_EXE) - 1 == 30, "the figures are for 30 bytes");
_Static_assert(sizeof(BENCH_PATH) - 1 == 40, "the figures are for 40 bytes");
/* Here the last argument has two NULs, the literal's and its own. */
_Static_assert(sizeof(BENCH_ARGS) - 2 == 100, "the figures are for 100 bytes");

#endif /* BENCH_EVENTS_H */
