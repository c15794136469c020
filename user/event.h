/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h - records from the ring as events: checked, named, printed.
 */
#ifndef USER_EVENT_H
#define USER_EVENT_H

#include "../compiler/eval.h"

/*
 * A decoded record. The strings point into the record and into `parts`, which grows as needed and
 * is reused from record to record; nothing of it outlives the next event_decode().
 */
struct event {
	const struct kes_event *ev;
	const uint8_t *buf;
	struct eval_event values;
	struct string *parts; /* arguments, derived names */
	size_t nr_parts, cap_parts;
	char *text; /* joined command lines, entity ids */
	size_t nr_text, cap_text;
};

void event_fini(struct event *e);

/*
 * Check every length and offset of a record and fill e->values. A string that was cut or could not
 * be read is `unknown` there. Returns 0, or -EBADMSG when the record is damaged.
 */
int event_decode(struct event *e, const void *data, size_t size);

#endif /* USER_EVENT_H */
