/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - where alerts go: one line each, written at once, in full or with an error that sticks.
 */
#ifndef USER_OUTPUT_H
#define USER_OUTPUT_H

#include "account.h"
#include "alert.h"

enum output_format { OUTPUT_AUTO, OUTPUT_JSON, OUTPUT_COMPACT };
enum output_colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct output {
	int fd;
	enum output_format format; /* never OUTPUT_AUTO once opened */
	struct alert_style style;
	int err; /* the first failure, a negative errno; nothing is written after it */
};

/*
 * AUTO is compact on a terminal and JSON elsewhere; colour follows the terminal and NO_COLOR. The
 * width is the terminal's, else the variable COLUMNS, else unlimited. Does not own fd.
 */
void output_open(struct output *o, int fd, enum output_format format, enum output_colour colour);

void output_alert(struct output *o, const struct alert *a);

/* A loss of events: a line of JSON, or in compact form nothing, since standard error says it. */
void output_loss(struct output *o, const struct account *losses, int64_t wall_ns);

#endif /* USER_OUTPUT_H */
