// SPDX-License-Identifier: Apache-2.0
/*
 * trigger.c - the program that kernel tests execute: does one thing and ends.
 *
 *   trigger exit N     end with status N
 *   trigger signal N   end by signal N
 *   trigger wait FILE  say '!' on standard output, wait for standard input to end, open FILE
 * Anything else ends with status 0.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int wait_and_open(const char *file)
{
	char byte = '!';

	if (write(STDOUT_FILENO, &byte, 1) != 1)
		return 1;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return open(file, O_RDONLY) < 0;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 0;
	if (strcmp(argv[1], "exit") == 0)
		return atoi(argv[2]);
	if (strcmp(argv[1], "signal") == 0)
		return raise(atoi(argv[2]));
	if (strcmp(argv[1], "wait") == 0)
		return wait_and_open(argv[2]);
	return 0;
}
