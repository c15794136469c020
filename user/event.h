/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h - records from the ring as events: checked, named, printed.
 */
#ifndef USER_EVENT_H
#define USER_EVENT_H

#include "../compiler/eval.h"

/* An entity id: 128 bits in base64url without padding. */
#define ENTITY_ID_LEN 22

/*
 * A decoded record. The strings point into the record and into `parts`, which grows as needed and
 * is reused from record to record; nothing of it outlives the next event_decode().
 * Zero-initialise; release with event_fini().
 */
struct event {
	const struct kes_event *ev;
	const uint8_t *buf;
	struct eval_event values;
	/*
	 * What a person is shown, by enum field_id: as values, but a string that was cut has its
	 * incomplete text as the last element. Nothing may be decided on it.
	 */
	struct value seen[NR_FIELDS];
	struct string *parts; /* arguments, derived names */
	size_t nr_parts, cap_parts;
	char *text; /* joined command lines, entity ids */
	size_t nr_text, cap_text;
};

void event_fini(struct event *e);

/*
 * Check every length and offset of a record and fill e->values and e->seen. A string that was cut
 * or could not be read is `unknown` there. The data must be aligned to 8 bytes, as the ring's is,
 * and outlive the use of e. Returns 0, -EBADMSG when the record is damaged, or -ENOMEM.
 */
int event_decode(struct event *e, const void *data, size_t size);

/* The stable name of a process across the fleet: a hash of boot id, pid and start time. */
void entity_id(char out[ENTITY_ID_LEN + 1], int64_t pid, int64_t start_ns);

#endif /* USER_EVENT_H */
