// SPDX-License-Identifier: Apache-2.0
/*
 * alert.c - alerts as ECS JSON, see alert.h.
 *
 * in:         a rule, a decoded event, its ancestors
 * out:        one line
 * invariants: the event's fields go where their EQL names say, by the table fields[]: a field added
 *             to the schema is in the alert without a change here. The line is valid JSON whatever
 *             bytes the watched program chose; what had to be repaired for that is named.
 */
#include "alert.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "../compiler/err.h"
#include "ecs.h"
#include "severity.h"

static const struct {
	const char *name, *id;
} tactics[] = {
	{ "Reconnaissance", "TA0043" },  { "Resource Development", "TA0042" },
	{ "Initial Access", "TA0001" },  { "Execution", "TA0002" },
	{ "Persistence", "TA0003" },     { "Privilege Escalation", "TA0004" },
	{ "Defense Evasion", "TA0005" }, { "Credential Access", "TA0006" },
	{ "Discovery", "TA0007" },       { "Lateral Movement", "TA0008" },
	{ "Collection", "TA0009" },      { "Command and Control", "TA0011" },
	{ "Exfiltration", "TA0010" },    { "Impact", "TA0040" },
};

static json_t *number_text(int64_t i)
{
	return json_sprintf("%" PRId64, i);
}

static json_t *value_list(struct ecs *d, const struct field *f, const struct value *v)
{
	json_t *array = json_array();

	for (size_t i = 0; i < v->nr_strs; i++)
		ecs_append(d, array, ecs_program_text(d, f->name, v->strs[i].s, v->strs[i].len));
	return array;
}

/* event.category and event.type are lists in ECS, event.action is one word. */
static bool is_list(const struct field *f)
{
	return f->type == TYPE_LIST ||
	       (f->source == SOURCE_CONST && f->which != EVENT_CONST_action);
}

static json_t *value_json(struct ecs *d, const struct field *f, const struct value *v)
{
	switch (f->type) {
	case TYPE_INT:
		return json_integer(v->i);
	case TYPE_ID:
		return number_text(v->i);
	case TYPE_STR:
	case TYPE_LIST:
		break;
	}
	if (is_list(f))
		return value_list(d, f, v);
	return ecs_program_text(d, f->name, v->strs[0].s, v->strs[0].len);
}

/* What the event says, by the schema; and which fields say less than there was. */
static void put_fields(struct ecs *d, const struct event *e)
{
	json_t *truncated = json_array(), *unknown = json_array();

	for (int id = 0; id < NR_FIELDS; id++) {
		const struct field *f = &fields[id];
		const struct value *v = &e->seen[id];

		if (v->present)
			ecs_put(d, f->name, value_json(d, f, v));
		if (v->unknown)
			ecs_append(d, v->present ? truncated : unknown, json_string(f->name));
	}
	ecs_put(d, "kestrel.truncated", truncated);
	ecs_put_array(d, "kestrel.unknown", unknown);
}

/* "TA0002", "execution", "Command and Control" or "command_and_control". */
static bool same_tactic(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		const bool gap = *a == '_' || *a == '-';

		if (tolower((unsigned char)(gap ? ' ' : *a)) != tolower((unsigned char)*b))
			return false;
	}
	return *a == *b;
}

static void put_tactics(struct ecs *d, const struct rule *rule)
{
	json_t *names = json_array(), *ids = json_array();

	for (size_t i = 0; i < rule->nr_tactics; i++) {
		const char *name = rule->tactics[i], *id = NULL;

		for (size_t t = 0; t < ARRAY_SIZE(tactics) && !id; t++) {
			if (same_tactic(name, tactics[t].name) ||
			    strcmp(name, tactics[t].id) == 0) {
				name = tactics[t].name;
				id = tactics[t].id;
			}
		}
		ecs_append(d, names, json_string(name));
		if (id)
			ecs_append(d, ids, json_string(id));
	}
	ecs_put_array(d, "threat.tactic.name", names);
	ecs_put_array(d, "threat.tactic.id", ids);
}

/* "T1059.004 Unix Shell": technique T1059, sub-technique T1059.004, and the name if there is one. */
static void put_techniques(struct ecs *d, const struct rule *rule)
{
	json_t *ids = json_array(), *names = json_array();
	json_t *sub_ids = json_array(), *sub_names = json_array();

	for (size_t i = 0; i < rule->nr_techniques; i++) {
		const char *text = rule->techniques[i];
		const size_t id_len = strcspn(text, " \t");
		const size_t parent_len = strcspn(text, ". \t");
		const char *name = text + id_len + strspn(text + id_len, " \t");
		const bool sub = parent_len < id_len;

		ecs_append(d, ids, json_stringn(text, parent_len));
		if (sub)
			ecs_append(d, sub_ids, json_stringn(text, id_len));
		if (*name)
			ecs_append(d, sub ? sub_names : names, json_string(name));
	}
	ecs_put_array(d, "threat.technique.id", ids);
	ecs_put_array(d, "threat.technique.name", names);
	ecs_put_array(d, "threat.technique.subtechnique.id", sub_ids);
	ecs_put_array(d, "threat.technique.subtechnique.name", sub_names);
}

static void put_list(struct ecs *d, const char *path, const char *const *v, size_t nr)
{
	json_t *array;

	if (nr == 0)
		return;
	array = json_array();
	for (size_t i = 0; i < nr; i++)
		ecs_append(d, array, json_string(v[i]));
	ecs_put(d, path, array);
}

static void put_rule(struct ecs *d, const struct rule *rule)
{
	ecs_put_text(d, "rule.id", rule->id);
	ecs_put_text(d, "rule.name", rule->name);
	ecs_put_text(d, "rule.description", rule->description);
	put_list(d, "rule.reference", rule->references, rule->nr_references);
	ecs_put(d, "event.severity", json_integer(severity_number(rule->severity)));
	ecs_put(d, "event.risk_score", json_integer(rule->risk));
	ecs_put_text(d, "kestrel.severity", rule->severity);
	put_list(d, "tags", rule->tags, rule->nr_tags);
	if (rule->nr_tactics + rule->nr_techniques > 0)
		ecs_put_text(d, "threat.framework", "MITRE ATT&CK");
	if (rule->nr_tactics > 0)
		put_tactics(d, rule);
	if (rule->nr_techniques > 0)
		put_techniques(d, rule);
}

static json_t *ancestor_json(struct ecs *d, const struct process *p)
{
	json_t *o = json_object();
	char id[ENTITY_ID_LEN + 1];

	ecs_member(d, o, "pid", json_integer(p->pid));
	if (p->start_exact) {
		entity_id(id, p->pid, p->start_ns);
		ecs_member(d, o, "entity_id", json_string(id));
	}
	if (p->executable)
		ecs_member(d, o, "executable",
			   ecs_program_text(d, "kestrel.ancestors.executable", p->executable,
					    p->executable_len));
	if (p->command_line)
		ecs_member(d, o, "command_line",
			   ecs_program_text(d, "kestrel.ancestors.command_line", p->command_line,
					    p->command_line_len));
	return o;
}

/* process.Ext.ancestry has entity ids, as ECS users know it; who they were is in kestrel's part. */
static void put_ancestors(struct ecs *d, const struct alert *a)
{
	json_t *ancestry = json_array(), *ancestors = json_array();

	for (size_t i = 0; i < a->nr_ancestors; i++) {
		const struct process *p = a->ancestors[i];
		char id[ENTITY_ID_LEN + 1];

		ecs_append(d, ancestors, ancestor_json(d, p));
		if (!p->start_exact)
			continue;
		entity_id(id, p->pid, p->start_ns);
		ecs_append(d, ancestry, json_string(id));
	}
	ecs_put_array(d, "process.Ext.ancestry", ancestry);
	ecs_put_array(d, "kestrel.ancestors", ancestors);
}

static const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[VERDICT_KERNEL] = "kernel",
		[VERDICT_CONFIRMED] = "confirmed",
		[VERDICT_UNDECIDED] = "undecided",
	};

	return names[v];
}

static void put_engine(struct ecs *d, const struct alert *a)
{
	const struct kes_event *ev = a->event->ev;

	ecs_put_text(d, "event.kind", "alert");
	ecs_put(d, "kestrel.generation", json_integer(ev->generation));
	ecs_put_text(d, "kestrel.verdict", verdict_name(a->verdict));
	ecs_put(d, "kestrel.cpu", json_integer(ev->cpu));
	ecs_put(d, "kestrel.sequence", json_integer((json_int_t)ev->seq));
	ecs_put(d, "process.thread.id", json_integer(ev->tid));
}

char *alert_json(const struct alert *a)
{
	struct ecs d;

	ecs_begin(&d, "alert", a->wall_ns);
	put_rule(&d, a->rule);
	put_fields(&d, a->event);
	put_engine(&d, a);
	put_ancestors(&d, a);
	return ecs_finish(&d);
}
