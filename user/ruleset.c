// SPDX-License-Identifier: Apache-2.0
/* ruleset.c - see ruleset.h. */
#include "ruleset.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "../compiler/compile.h"
#include "../compiler/err.h"
#include "cmd.h"
#include "log.h"

#define OBJECT_MAX (256 * 1024 * 1024) /* bytes; more cannot be a ruleset */

int ruleset_read(struct arena *a, const char *path, struct rules *out, struct diags *d)
{
	int err = rules_read(a, path, out, d);

	switch (err) {
	case 0:
		return d->nr_errors > 0 ? EXIT_RULES : EXIT_OK;
	case -ENOENT:
		log_error("rules directory not found: %s", path);
		log_hint("name the directory that holds the .eql files with --rules");
		return EXIT_FAILED;
	case -ENODATA:
		log_error("no rules in %s", path);
		log_hint("a rule is a file whose name ends in .eql; hidden files are skipped");
		return EXIT_RULES;
	default:
		log_error("cannot read rules from %s: %s", path, strerror(-err));
		return EXIT_FAILED;
	}
}

void ruleset_report(const struct diags *d)
{
	if (d->nr > 0)
		diag_print(stderr, d, isatty(STDERR_FILENO));
	if (d->nr_errors > 0)
		log_error("failed to load rules: Invalid EQL syntax or names (%zu error%s above)",
			  d->nr_errors, d->nr_errors == 1 ? "" : "s");
}

/* The info of an image that is there: the last step of both ways. */
static int read_info(struct arena *a, const char *path, struct ruleset *rs)
{
	const char *why = "unknown reason";

	if (object_read(a, rs->image, rs->len, &rs->info, &why) == 0)
		return EXIT_OK;
	log_error("cannot use the ruleset object %s: %s", path, why);
	log_hint("build it again: kestrelc build RULES -o FILE");
	return EXIT_RULES;
}

int ruleset_build(struct arena *a, const char *path, struct ruleset *out)
{
	struct ruleset rs = { 0 };
	struct rules rules = { 0 };
	struct diags d;
	void *image = NULL;
	int code;

	diags_init(&d, a);
	code = ruleset_read(a, path, &rules, &d);
	if (code == EXIT_OK && !compile_build(a, &rules, &d, &image, &rs.len))
		code = EXIT_RULES;
	ruleset_report(&d);
	if (code != EXIT_OK)
		return code;
	rs.image = image;
	code = read_info(a, path, &rs);
	if (code == EXIT_OK)
		*out = rs;
	return code;
}

/* The whole file, in the arena. Returns 0 or a negative errno. */
static int read_file(struct arena *a, const char *path, struct ruleset *out)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t done = 0;
	char *image;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (st.st_size > OBJECT_MAX)
		return -EFBIG;
	image = arena_alloc(a, (size_t)st.st_size + 1);
	while (done < (size_t)st.st_size) {
		ssize_t n = read(fd, image + done, (size_t)st.st_size - done);

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	out->image = image;
	out->len = done;
	return 0;
}

int ruleset_load(struct arena *a, const char *path, struct ruleset *out)
{
	struct ruleset rs = { 0 };
	int err = read_file(a, path, &rs);
	int code;

	if (err) {
		log_error("cannot read the ruleset object %s: %s", path, strerror(-err));
		return EXIT_FAILED;
	}
	code = read_info(a, path, &rs);
	if (code == EXIT_OK)
		*out = rs;
	return code;
}
