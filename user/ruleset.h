/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ruleset.h - rules from a directory or an object file, with the messages that users see.
 *
 * Every function returns an exit code (cmd.h) after it has logged what is wrong.
 */
#ifndef USER_RULESET_H
#define USER_RULESET_H

#include "../compiler/object.h"

/* A ruleset object in memory and what it says; all of it is the arena's. */
struct ruleset {
	const void *image;
	size_t len;
	struct object_info info;
};

/*
 * Read and type-check. Messages about the path are logged; the rules' own mistakes are left in d.
 * EXIT_RULES when there are such mistakes or no rules; EXIT_FAILED when the path cannot be read.
 */
int ruleset_read(struct arena *a, const char *path, struct rules *out, struct diags *d);

/* Print every diagnostic, then one line that sums the errors up, on standard error. */
void ruleset_report(const struct diags *d);

/* rules -> image -> info */
int ruleset_build(struct arena *a, const char *path, struct ruleset *out);

/* object file -> info */
int ruleset_load(struct arena *a, const char *path, struct ruleset *out);

#endif /* USER_RULESET_H */
