// SPDX-License-Identifier: Apache-2.0
/*
 * actor.c - stands in for programs that the demonstration's VM does not have: curl, python3, nc, …
 *
 * It does nothing but what makes the scene look right: opens, for reading, every file whose absolute
 * path occurs in its arguments, and, as curl or wget, prints a shell script that does nothing. It
 * never connects, never executes.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-"

static void read_files_named_in(const char *text)
{
	char path[256];

	while ((text = strchr(text, '/')) != NULL) {
		const size_t len = strspn(text, PATH_CHARS);
		int fd;

		if (len < sizeof(path)) {
			memcpy(path, text, len);
			path[len] = '\0';
			fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
			if (fd >= 0)
				close(fd);
		}
		text += len;
	}
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];

	for (int i = 1; i < argc; i++)
		read_files_named_in(argv[i]);
	if (strcmp(name, "curl") == 0 || strcmp(name, "wget") == 0)
		puts(": this script does nothing");
	return 0;
}
