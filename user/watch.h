/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - the loop of `kestrel run`: records to alerts until told to stop.
 */
#ifndef USER_WATCH_H
#define USER_WATCH_H

#include "deploy.h"
#include "engine.h"
#include "output.h"

struct watch_options {
	const char *rules_name; /* where the rules came from, for messages */
	const char *ready_file; /* gets the pid once every hook is attached; NULL: none */
	uint32_t duration_s;    /* 0: until a signal */
	bool summary;           /* tables by hook and by rule at the end */
	enum output_format format;
	enum output_colour colour;
};

/*
 * Load the ruleset, watch, write alerts to standard output. SIGINT and SIGTERM end it with a last
 * drain of the ring and a summary on standard error. Returns an exit code; messages were logged.
 */
int watch(const void *image, size_t len, const struct object_info *info,
	  const struct watch_options *opt);

#endif /* USER_WATCH_H */
