#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# test.sh - tests of the scripts in this folder.
#
# usage: vmtest/test.sh [-k NAME] [PATTERN]
#
#   -k NAME  the kernel to use (6.12)
#   PATTERN  only tests whose name contains it
#   -h       this text
#
# In:   what run.sh needs.
# Out:  "ok NAME" or "FAIL NAME" for each test, the details of a failure below it, and a sum.
# Exit: 0 nothing failed, 1 something did, 2 usage.
set -euo pipefail

VM_PROG=test.sh
# shellcheck source=vmtest/lib.sh
. "$(dirname "$0")/lib.sh"

HERE=$VM_ROOT/vmtest
kernel=6.12 pattern=''
nr_passed=0 nr_failed=0 nr_skipped=0

# Each test is a function test_*: it succeeds, or says what is wrong and fails.  $work is empty
# at its start.

run() { # [OPTION]... -- CMD...: run.sh on the chosen kernel; output in out and err, status in $rc
	local -a options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	status "$HERE/run.sh" "${options[@]}" "$kernel" "$@"
}

status() { # CMD...: the same for any command
	rc=0
	"$@" >"$work/out" 2>"$work/err" || rc=$?
}

expect() { # WHAT WANTED GOT
	[[ $2 == "$3" ]] || { printf '%s: wanted "%s", got "%s"\n' "$@"; return 1; }
}

expect_status() { # WANTED
	expect status "$1" "$rc" || { tail -n 20 "$work/out" "$work/err"; return 1; }
}

expect_said() { # TEXT
	grep -qF -- "$1" "$work/err" || { printf 'stderr lacks "%s":\n' "$1"; cat "$work/err"; return 1; }
}

test_run_forwards_success() {
	run -- true && expect_status 0
}

test_run_forwards_status_7() {
	run -- sh -c 'exit 7' && expect_status 7
}

test_run_reports_a_signal_as_128_plus_n() {
	# shellcheck disable=SC2016 # the VM's shell
	run -- sh -c 'kill -9 $$' && expect_status 137
}

test_run_reports_a_missing_command_as_127() {
	run -- /no/such/program && expect_status 127
}

test_run_boots_the_named_kernel() {
	run -- uname -r && expect_status 0 && expect series "$kernel" "$(cut -d . -f 1-2 "$work/out")"
}

test_run_has_what_programs_expect() {
	# shellcheck disable=SC2016 # the VM's shell
	run -- sh -ec 'grep -q " /sys/fs/bpf bpf " /proc/mounts; grep -q " /sys/fs/cgroup cgroup2 " /proc/mounts
		test -e /sys/kernel/tracing/events; test -r /sys/kernel/btf/vmlinux; test -c /dev/ptmx
		ping -c 1 127.0.0.1; ping -c 1 ::1; id user; echo >/tmp/x; echo >/run/x; test $# = 1
		test "$1" = "a  b"' sh 'a  b' && expect_status 0
}

test_run_keeps_output_byte_exact() {
	local code
	for code in {0..255}; do
		printf '%b' "\\0$(printf %o "$code")"
	done >"$work/bytes"
	printf '\r\n\n\033[1mbold\033[0m {"a":"\xff"}' >>"$work/bytes"
	run -f "$work/bytes" -- cat "$work/bytes" && expect_status 0 && cmp "$work/bytes" "$work/out"
}

test_run_passes_stderr_on() {
	run -- sh -c 'echo one; echo two >&2' && expect output $'one\ntwo' "$(<"$work/out")"
}

# The reader must see the first line while the command still runs.
test_run_streams_output() {
	local line pid
	mkfifo "$work/fifo"
	"$HERE/run.sh" "$kernel" -- sh -c 'echo first; sleep 1000' >"$work/fifo" 2>"$work/err" &
	pid=$!
	read -r -t 120 line <"$work/fifo" || line='(nothing)'
	kill "$pid"
	rc=0
	wait "$pid" || rc=$?
	expect line first "$line" && expect_status 143
}

test_run_ends_with_its_reader() {
	local line
	line=$(timeout 120 "$HERE/run.sh" "$kernel" -- yes 2>/dev/null | head -n 1)
	expect line y "$line"
}

test_run_brings_shared_libraries() {
	cat >"$work/hello.c" <<-'EOF'
		#include <math.h>
		#include <stdio.h>
		#include <stdlib.h>
		int main(int argc, char **argv)
		{
			return argc != 2 || printf("%.3f\n", cbrt(atof(argv[1]))) < 0;
		}
	EOF
	cc -o "$work/hello" "$work/hello.c" -lm
	run -f "$work/hello:/opt/bin/hello" -- /opt/bin/hello 27 && expect_status 0 &&
		expect output 3.000 "$(<"$work/out")"
}

test_run_takes_directories() {
	mkdir -p "$work/dir/sub"
	echo content >"$work/dir/sub/file"
	ln -s sub/file "$work/dir/link"
	run -f "$work/dir" -f "$work/dir:/srv/copy" -- cat "$work/dir/link" /srv/copy/link &&
		expect_status 0 && expect output $'content\ncontent' "$(<"$work/out")"
}

test_run_starts_in_this_directory() {
	mkdir "$work/here"
	echo found >"$work/here/file"
	(cd "$work/here" && run -f file -- cat file && expect_status 0 && expect output found "$(<"$work/out")")
}

test_run_obeys_cpus_memory_and_arguments() {
	# shellcheck disable=SC2016 # the VM's shell
	run -c 1 -m 512 -a 'kestrel.word=1 log_buf_len=1M' -- sh -c \
		'nproc; grep -o kestrel.word=1 /proc/cmdline; test $(awk "/MemTotal/ { print \$2 }" /proc/meminfo) -lt 524288' &&
		expect_status 0 && expect output $'1\nkestrel.word=1' "$(<"$work/out")"
}

test_run_fails_when_the_kernel_panics() {
	run -- sh -c 'echo before; echo c >/proc/sysrq-trigger; sleep 100' && expect_status "$VM_SPLAT" &&
		expect_said 'sysrq triggered crash' && expect output before "$(<"$work/out")"
}

test_run_fails_when_the_vm_goes_down() {
	run -- sh -c 'echo o >/proc/sysrq-trigger; sleep 100' && expect_status "$VM_BROKEN"
}

test_run_fails_on_a_splat_though_the_command_succeeds() {
	run -- sh -c 'echo "<4>WARNING: made up" >/dev/kmsg' && expect_status "$VM_SPLAT" &&
		expect_said 'WARNING: made up'
}

test_run_times_out() {
	run -t 1 -- sleep 1000 && expect_status "$VM_TIMEOUT" && expect_said 'no end after 1 s'
}

test_run_retries_a_boot_that_dies_before_init() {
	run -a 'rdinit=/bin/false' -- true && expect_said 'boot 1 of 3' && expect_said 'boot 3 of 3' &&
		expect_status "$VM_SPLAT"
}

# Guest time is the number of instructions: it cannot depend on this machine's load, nor on what
# the kernel does after boot.
test_run_counts_instructions() {
	local counted
	cat >"$work/loop.c" <<-'EOF'
		#include <stdio.h>
		#include <time.h>
		int main(void)
		{
			struct timespec a, b;
			long n = 50000000;
			clock_gettime(CLOCK_MONOTONIC, &a);
			__asm__ volatile("1: dec %0; jnz 1b" : "+r"(n));
			clock_gettime(CLOCK_MONOTONIC, &b);
			printf("%ld\n", (b.tv_sec - a.tv_sec) * 1000000000L + b.tv_nsec - a.tv_nsec);
			return 0;
		}
	EOF
	cc -O2 -static -o "$work/loop" "$work/loop.c"
	run -i -f "$work/loop" -- "$work/loop" && expect_status 0 || return 1
	counted=$(<"$work/out")
	# 100 million, and less than 1 % for the timer's interrupts.
	((counted >= 100000000 && counted < 101000000)) || { echo "counted $counted"; return 1; }
}

test_run_leaves_nothing_behind() {
	mkdir "$work/tmp"
	status env TMPDIR="$work/tmp" "$HERE/run.sh" "$kernel" -- true && expect_status 0 &&
		expect leftovers '' "$(ls -A "$work/tmp")"
}

test_run_refuses_bad_usage() {
	local words
	for words in '' "$kernel" "$kernel --" "$kernel true" "-x $kernel -- true" "-t 0 $kernel -- true" \
		"-c two $kernel -- true" "-f /no/such/file $kernel -- true" \
		"-f /etc/passwd:/proc/x $kernel -- true" '-m'; do
		# shellcheck disable=SC2086 # one word an argument
		status "$HERE/run.sh" $words
		expect_status "$VM_USAGE" || { echo "arguments: $words"; return 1; }
	done
}

test_run_names_the_known_kernels() {
	status "$HERE/run.sh" 0.99 -- true
	expect_status "$VM_USAGE" && expect_said "which has: $(kernel_names | xargs)"
}

test_run_explains_itself() {
	status "$HERE/run.sh" --help
	expect_status 0 && grep -q '^usage: vmtest/run.sh' "$work/out"
}

test_fetch_refuses_unknown_names() {
	status "$HERE/fetch.sh" 0.99
	expect_status "$VM_USAGE" && expect_said "which has: $(kernel_names | xargs)"
}

test_fetch_prints_the_cached_image() {
	status "$HERE/fetch.sh" "$kernel"
	expect_status 0 && expect path "$VM_CACHE/kernels/$kernel/vmlinuz" "$(<"$work/out")"
}

test_fetch_says_when_there_is_no_mirror() {
	status env KESTREL_VM_CACHE="$work/cache" KESTREL_DEBIAN_MIRROR="file:$work/nowhere" \
		"$HERE/fetch.sh" "$kernel"
	expect_status "$VM_BROKEN" && expect_said 'cannot read the package list' &&
		expect image '' "$(find "$work/cache" -name vmlinuz)"
}

test_scan_ignores_what_is_allowed() {
	printf '%s\r\n' '[1.0] traps: x[9] general protection fault ip:4011 sp:7ffc error:0' \
		'[1.0] Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS' >"$work/log"
	status "$HERE/scan.sh" "$work/log"
	expect_status 0
}

test_scan_finds_splats() {
	local line
	for line in 'BUG: kernel NULL pointer dereference' 'WARNING: CPU: 0 PID: 1 at kernel/x.c:1' \
		'Oops: 0000 [#1]' 'RIP: 0010:f+0x1/0x2' 'Call Trace:' \
		'rcu: INFO: rcu_preempt self-detected stall on CPU' \
		'INFO: task cat:1 blocked for more than 120 seconds.' \
		'general protection fault, probably for non-canonical address' \
		'WARNING: possible circular locking dependency detected'; do
		printf '[0.9] before\r\n[1.0] %s\r\n' "$line" >"$work/log"
		status "$HERE/scan.sh" "$work/log"
		expect "status for '$line'" 1 "$rc" || return 1
	done
	expect output "[0.9] before
[1.0] $line" "$(<"$work/out")"
}

test_matrix_is_green() {
	status "$HERE/matrix.sh" -k "$kernel" -c 1 -- nproc
	expect_status 0 && grep -q "^$kernel .* ok " "$work/out"
}

test_matrix_repeats_a_red_cell() {
	status "$HERE/matrix.sh" -j 2 -k "$kernel" -t 9 -- sh -c 'exit 3'
	expect_status 1 && grep -q "^$kernel .* exit 3 " "$work/out" &&
		grep -qF "run.sh -t 9 $kernel -- sh -c exit\\ 3" "$work/out"
}

test_matrix_refuses_bad_usage() {
	local words
	for words in '' '--' "-k $kernel true" '-k 0.99 -- true' '-j 0 -- true' '-x -- true'; do
		# shellcheck disable=SC2086 # one word an argument
		status "$HERE/matrix.sh" $words
		expect_status "$VM_USAGE" || { echo "arguments: $words"; return 1; }
	done
}

run_test() { # FUNCTION
	local name=vmtest/${1#test_} report
	work=$(mktemp -d)
	if report=$("$1" 2>&1); then
		echo "ok $name"
		nr_passed=$((nr_passed + 1))
	else
		echo "FAIL $name"
		# shellcheck disable=SC2001 # every line
		sed 's/^/    /' <<<"$report"
		nr_failed=$((nr_failed + 1))
	fi
	rm -rf "$work"
}

if [[ ${1-} == --help ]]; then
	show_help "$0"
	exit 0
fi
while getopts :k:h option; do
	case $option in
	k) kernel=$OPTARG ;;
	h) show_help "$0"; exit 0 ;;
	*) usage_error "bad option -$OPTARG" ;;
	esac
done
shift $((OPTIND - 1))
pattern=${1-}
kernel_line "$kernel" >/dev/null

for test in $(compgen -A function test_ | sort); do
	[[ $test == *"$pattern"* ]] || continue
	run_test "$test"
done
echo "$nr_passed passed, $nr_failed failed, $nr_skipped skipped"
((nr_failed == 0))
