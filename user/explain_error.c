// SPDX-License-Identifier: Apache-2.0
/*
 * explain_error.c - see explain_error.h.
 *
 * libbpf loads silently first and asks for a log only when that failed: the program with a
 * non-empty log is the one that failed.
 *
 * bounds: LOG_BYTES of address space a program, of which only what is written is ever used
 */
#include "explain_error.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../compiler/err.h"
#include "log.h"

#define LOG_BYTES    ((size_t)16 * 1024 * 1024) /* the kernel's limit before 5.2 was 16 MiB */
#define LAST_LINES   20
#define SOURCE_LINES 5

struct verifier_logs {
	char *text; /* LOG_BYTES a program, in the object's order */
	size_t bytes;
};

static const struct {
	int bit;
	const char *name, *needed_for;
} capabilities[] = {
	{ 39, "CAP_BPF", "to load BPF programs and maps" },
	{ 38, "CAP_PERFMON", "to attach to tracepoints and functions" },
	{ 24, "CAP_SYS_RESOURCE", "to raise the limit of locked memory on kernels before 5.11" },
};
#define CAP_SYS_ADMIN_BIT 21 /* includes the first two */

static uint64_t effective_capabilities(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	uint64_t caps = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %" SCNx64, &caps) == 1)
			break;
	if (f)
		fclose(f);
	return caps;
}

static bool locked_down(void)
{
	FILE *f = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "";
	bool yes = f && fgets(line, sizeof(line), f) && strstr(line, "[confidentiality]");

	if (f)
		fclose(f);
	return yes;
}

static void explain_permission(void)
{
	uint64_t caps = effective_capabilities();
	bool missing = false;

	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		bool admin = capabilities[i].bit >= 38 && (caps >> CAP_SYS_ADMIN_BIT & 1);

		if (admin || (caps >> capabilities[i].bit & 1))
			continue;
		missing = true;
		log_hint("this process lacks %s, needed %s", capabilities[i].name,
			 capabilities[i].needed_for);
	}
	if (missing)
		log_hint("run it as root, or grant these capabilities");
	else if (locked_down())
		log_hint("the kernel is locked down to confidentiality: boot without "
			 "lockdown=confidentiality");
	else
		log_hint("all capabilities are there: a security module, a seccomp filter, the "
			 "container runtime or a limit of locked memory forbids it");
}

void explain_error(int err)
{
	switch (-err) {
	case EPERM:
	case EACCES:
		explain_permission();
		break;
	case ENOMEM:
		log_hint("out of kernel memory, or of the memory that its cgroup may use");
		break;
	case ESRCH:
	case ENOENT:
		log_hint("this kernel has no such tracepoint or function, or no BTF for it");
		break;
	case EBUSY:
		log_hint("another program holds this hook exclusively: live patching, ftrace");
		break;
	case E2BIG:
	case EINVAL:
		log_hint("this kernel is too old for it, or was built without it; 5.10 is the "
			 "oldest that is supported");
		break;
	default:
		break;
	}
}

void verifier_logs_free(struct verifier_logs *l)
{
	if (!l)
		return;
	munmap(l->text, l->bytes);
	free(l);
}

void verifier_logs_freep(struct verifier_logs **l)
{
	verifier_logs_free(*l);
}

static size_t nr_programs(const struct bpf_object *obj)
{
	struct bpf_program *p;
	size_t n = 0;

	bpf_object__for_each_program(p, obj)
		n++;
	return n;
}

struct verifier_logs *verifier_logs_new(struct bpf_object *obj)
{
	struct verifier_logs *l = calloc(1, sizeof(*l));
	struct bpf_program *p;
	size_t i = 0;

	if (!l)
		return NULL;
	l->bytes = (nr_programs(obj) + 1) * LOG_BYTES;
	l->text = mmap(NULL, l->bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (l->text == MAP_FAILED) {
		free(l);
		return NULL;
	}
	bpf_object__for_each_program(p, obj)
		bpf_program__set_log_buf(p, l->text + i++ * LOG_BYTES, LOG_BYTES);
	return l;
}

/* The start of the n-th last line of a text, or its first. */
static const char *last_lines(const char *text, size_t len, int n)
{
	const char *s = text + len;

	for (; s > text; s--)
		if (s[-1] == '\n' && s != text + len && n-- == 1)
			break;
	return s;
}

static void print_lines(const char *from, const char *end)
{
	while (from < end) {
		const char *nl = memchr(from, '\n', (size_t)(end - from));

		nl = nl ? nl : end;
		log_error("  | %.*s", (int)(nl - from), from);
		from = nl + 1;
	}
}

/* Lines that begin with "; " are the source of what follows: with generated programs, rules. */
static void print_sources(const char *text, size_t len)
{
	const char *found[SOURCE_LINES];
	int nr = 0;

	for (const char *s = text + len; s > text && nr < SOURCE_LINES; s--)
		if ((s == text + 1 || s[-2] == '\n') && s[-1] == ';')
			found[nr++] = s - 1;
	if (nr)
		log_error("  near, the last one first:");
	for (int i = 0; i < nr; i++)
		print_lines(found[i], strchrnul(found[i], '\n'));
}

static void save_log(const char *program, const char *text, size_t len)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	autoclose int fd = -1;

	snprintf(path, sizeof(path), "%s/kestrel-verifier-%s-XXXXXX", dir && *dir ? dir : "/tmp",
		 program);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		log_hint("the verifier's log could not be saved: %s", strerror(errno));
	else
		log_hint("the verifier's whole log is in %s", path);
}

/*
 * What a person should see first. Since 7.x a report follows the log: its head says why, what comes
 * after is the whole way there. The line before the head is the reason as it always was.
 */
static void print_reason(const char *text, size_t len)
{
	const char *head = strstr(text, "\nVerification failed:");
	const char *from, *end = text + len;

	if (!head) {
		log_error("  the verifier's last lines:");
		print_lines(last_lines(text, len, LAST_LINES), end);
		return;
	}
	from = last_lines(text, (size_t)(head - text), 1);
	end = head;
	for (int i = 0; i < LAST_LINES && *end; i++)
		end = strchrnul(end + 1, '\n');
	log_error("  the verifier's report:");
	print_lines(from, end);
}

static void explain_rejected(const char *what, const char *program, const char *text, int err)
{
	size_t len = strnlen(text, LOG_BYTES);

	log_error("cannot load program %s of the %s: %s", program, what, strerror(-err));
	print_sources(text, len);
	print_reason(text, len);
	save_log(program, text, len);
}

void verifier_logs_explain(const struct verifier_logs *l, struct bpf_object *obj, const char *what,
			   int err)
{
	struct bpf_program *p;
	size_t i = 0;

	bpf_object__for_each_program(p, obj) {
		const char *text = l->text + i++ * LOG_BYTES;

		if (*text) {
			explain_rejected(what, bpf_program__name(p), text, err);
			return;
		}
	}
	log_error("cannot load the %s: %s", what, strerror(-err));
	explain_error(err);
}
