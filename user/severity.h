/* SPDX-License-Identifier: Apache-2.0 */
/*
 * severity.h - the four severities of rules: their number in ECS, their look on a terminal.
 */
#ifndef USER_SEVERITY_H
#define USER_SEVERITY_H

int severity_number(const char *name);        /* 21, 47, 73, 99; an unknown name counts as medium */
const char *severity_label(const char *name); /* eight columns, upper case */
const char *severity_colour(const char *name); /* an SGR sequence */

#endif /* USER_SEVERITY_H */
