// SPDX-License-Identifier: Apache-2.0
/*
 * output.c - see output.h. No stdio on purpose: a line is with its reader when the call returns,
 * and a failure is known for the line that it hit.
 */
#include "output.h"

#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../compiler/err.h"

#define COLUMNS_MIN 40 /* a narrower terminal wraps */

static int columns_of(int fd)
{
	const char *variable = getenv("COLUMNS");
	struct winsize w = { 0 };
	long n = 0;

	if (ioctl(fd, TIOCGWINSZ, &w) == 0)
		n = w.ws_col;
	if (n == 0 && variable)
		n = strtol(variable, NULL, 10);
	if (n <= 0 || n > INT16_MAX)
		return 0;
	return n < COLUMNS_MIN ? COLUMNS_MIN : (int)n;
}

static bool wants_colour(int fd, enum output_colour colour)
{
	const char *no_color = getenv("NO_COLOR");

	if (colour != COLOUR_AUTO)
		return colour == COLOUR_ALWAYS;
	return isatty(fd) && !(no_color && *no_color);
}

void output_open(struct output *o, int fd, enum output_format format, enum output_colour colour)
{
	if (format == OUTPUT_AUTO)
		format = isatty(fd) ? OUTPUT_COMPACT : OUTPUT_JSON;
	*o = (struct output){
		.fd = fd,
		.format = format,
		.style = { .colour = wants_colour(fd, colour), .columns = columns_of(fd) },
	};
}

/* Whether the descriptor can be written to after EAGAIN: stdout may be non-blocking for others. */
static bool wait_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

static int write_all(int fd, const char *s, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, s, len);

		if (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_writable(fd))))
			continue;
		if (n < 0)
			return -errno;
		s += n;
		len -= (size_t)n;
	}
	return 0;
}

static void put_line(struct output *o, const char *line)
{
	if (o->err)
		return;
	o->err = line ? write_all(o->fd, line, strlen(line)) : -ENOMEM;
}

void output_alert(struct output *o, const struct alert *a)
{
	autofree char *line = NULL;

	if (o->err)
		return;
	line = o->format == OUTPUT_JSON ? alert_json(a) : alert_compact(a, &o->style);
	put_line(o, line);
}

void output_loss(struct output *o, const struct account *losses, int64_t wall_ns)
{
	autofree char *line = NULL;

	if (o->err || o->format != OUTPUT_JSON)
		return;
	line = account_loss_json(losses, wall_ns);
	put_line(o, line);
}
