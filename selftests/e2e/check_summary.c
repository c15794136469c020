// SPDX-License-Identifier: Apache-2.0
/*
 * check_summary.c - what a run says at its end, and the law of accounting:
 * seen = filtered + sent up + dropped, for every hook.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"

#define WHY_MAX 256

static const char *const hooks[] = { "process.fork", "process.exec", "process.exit", "file.open",
				     "all" };
#define NR_HOOKS (sizeof(hooks) / sizeof(hooks[0]))

struct hook {
	unsigned long long seen, filtered, sent, maybe, dropped;
};

static bool read_hook(const char *line, const char *name, struct hook *h)
{
	char found[64];

	return sscanf(line, " %63s %llu %llu %llu %llu %llu", found, &h->seen, &h->filtered,
		      &h->sent, &h->maybe, &h->dropped) == 6 &&
	       strcmp(found, name) == 0;
}

static void read_rule_row(const char *line, struct summary *s)
{
	char found[64];
	long hits, confirmed, refuted, undecided, alerts;

	if (sscanf(line, " %63s %ld %ld %ld %ld %ld", found, &hits, &confirmed, &refuted,
		   &undecided, &alerts) != 6)
		return;
	for (size_t i = 0; i < nr_act_rules; i++) {
		if (strcmp(found, act_rules[i].id) == 0)
			s->rule_alerts[i] = alerts;
	}
}

static void check_law(const char *line, const char *name, size_t *nr_rows, char *why)
{
	struct hook h;

	if (!read_hook(line, name, &h))
		return;
	++*nr_rows;
	if (h.seen != h.filtered + h.sent + h.dropped)
		snprintf(why, WHY_MAX,
			 "%s: %llu seen, but %llu filtered + %llu sent up + %llu dropped", name,
			 h.seen, h.filtered, h.sent, h.dropped);
	else if (h.seen == 0)
		snprintf(why, WHY_MAX, "%s: nothing seen", name);
}

static bool read_totals(const char *line, struct summary *s)
{
	const char *numbers = strstr(line, "events seen: ");

	sscanf(line, "kestrel: events received: %llu", &s->received);
	return numbers && sscanf(numbers,
				 "events seen: %llu; decided in the kernel: %*u (%*f %%); sent up: "
				 "%llu (%*f %%); alerts: %llu; dropped: %llu",
				 &s->seen, &s->sent, &s->alerts, &s->dropped) == 4;
}

void read_summary(const char *path, struct summary *s)
{
	char line[512], why[WHY_MAX] = "", causes[WHY_MAX] = "";
	size_t nr_rows = 0, nr_totals = 0;
	FILE *f = fopen(path, "re");

	if (!f)
		give_up("open", path);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		nr_totals += read_totals(line, s);
		for (size_t i = 0; i < NR_HOOKS; i++)
			check_law(line, hooks[i], &nr_rows, why);
		if (strstr(line, "unaccounted"))
			snprintf(why, sizeof(why), "%.200s", line);
		if (strstr(line, "dropped by cause"))
			snprintf(causes, sizeof(causes), "%.200s", line);
		read_rule_row(line, s);
	}
	fclose(f);
	if (nr_rows != NR_HOOKS || nr_totals != 1)
		snprintf(why, sizeof(why), "the summary is not complete");
	else if (s->sent != s->received)
		snprintf(why, sizeof(why), "%llu sent up, but %llu received", s->sent, s->received);
	tell("events_are_accounted_for", *why ? why : NULL);
	tell("nothing_is_dropped", s->dropped > 0 ? causes : NULL);
}
