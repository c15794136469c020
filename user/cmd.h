/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd.h - the sub-commands of kestrel. Each parses its own options and returns an exit code.
 */
#ifndef USER_CMD_H
#define USER_CMD_H

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1, /* the world said no */
	EXIT_USAGE = 2,
	EXIT_RULES = 3,       /* rules, or a ruleset object, were rejected */
	EXIT_UNSUPPORTED = 4, /* this kernel cannot */
};

#define EXIT_CODES_DOC                                                                \
	"Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 rules rejected, 4 this kernel " \
	"lacks what is needed."

int cmd_list(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_schema(int argc, char **argv);
int cmd_validate(int argc, char **argv);

#endif /* USER_CMD_H */
