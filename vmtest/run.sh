#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh - boots a kernel of kernels.txt in a VM and runs one command there.
#
# usage: vmtest/run.sh [-f FILE[:PATH]]... [-m MB] [-c CPUS] [-a ARGS] [-i] [-t SECONDS] NAME -- CMD...
#
#   -f FILE[:PATH]  put a file or directory into the VM, at PATH or where it is here; programs
#                   bring the shared libraries they need
#   -m MB           memory (1024)
#   -c CPUS         processors (2)
#   -a ARGS         more kernel arguments
#   -i              count instructions: one CPU, and a nanosecond of guest time is one
#                   instruction of the guest, so that times repeat
#   -t SECONDS      how long the command may run (300)
#   -h              this text
#
# The VM has busybox, this working directory (empty but for -f) and no network but lo.  What CMD
# writes comes out here byte by byte; its standard input is empty.
#
# In:   kernels.txt (the image is fetched if need be), busybox, qemu-system-x86_64.
# Out:  CMD's stdout and stderr on stdout; messages on stderr; the kernel log in
#       $KESTREL_VM_CACHE/log/NAME-*.log (build/vm/log by default).
# Exit: CMD's own status, 128+N if signal N killed it, 127 or 126 if it could not be started; and
#       with a message on stderr 2 usage, 124 out of time, 125 no answer from the VM,
#       126 the kernel log has a splat.
set -euo pipefail

VM_PROG=run.sh
# shellcheck source=vmtest/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=vmtest/initramfs.sh
. "$(dirname "$0")/initramfs.sh"

BOOT_SECONDS=90 # a loaded machine that emulates needs 20
BOOT_TRIES=3
KVM_SECONDS=15
OFF_SECONDS=20
KEPT_LOGS=200

# Without cx16=off, QEMU 7.2 now and then corrupts the memory of an emulated two-CPU guest.
TCG=(-accel "tcg,thread=multi" -cpu "max,cx16=off")
KVM=(-accel kvm -cpu host)
ICOUNT=(-accel "tcg,thread=single" -icount "shift=0,sleep=off")
# A string move counts as one instruction a byte.  Without these the kernel copies by words; a
# QEMU that does not know one of them does not offer it to the guest either.
STRING_FEATURES="erms fsrm fsrs fzrm"
# Seconds of guest time before the command starts; what the kernel puts off at boot (clock
# calibration, self tests) would otherwise be counted with it.  They pass in no time when idle.
ICOUNT_ARGS="mitigations=off nokaslr norandmaps vmtest_settle=3"
# Level 5 is what warnings and worse need to get into the log; the rest of it takes time.  Tests of
# the kernel's ciphers compete with the command for a second or two.
KERNEL_ARGS="console=ttyS0 loglevel=5 panic=-1 oops=panic cryptomgr.notests"

qemu_pid='' out_pid='' work=''

icount_cpu() {
	local known feature cpu="max,cx16=off"
	known=" $(qemu-system-x86_64 -cpu help | xargs) "
	for feature in $STRING_FEATURES; do
		[[ $known != *" $feature "* ]] || cpu+=",$feature=off"
	done
	printf '%s\n' "$cpu"
}

stop_qemu() {
	if [[ $qemu_pid ]]; then
		kill -KILL "$qemu_pid" 2>/dev/null || true
		wait "$qemu_pid" 2>/dev/null || true
		qemu_pid=''
	fi
}

cleanup() {
	stop_qemu
	[[ -z $work ]] || rm -rf "$work"
}

# Starts QEMU; its status lines come from file descriptor $status_fd, which ends when QEMU does.
start_qemu() { # ACCEL... (options of QEMU)
	local keep_fd
	rm -f "$work/output" "$work/status"
	mkfifo "$work/output" "$work/status"
	# "broken": whoever reads our output has gone away.
	{ cat "$work/output" || echo broken 1<>"$work/status"; } &
	out_pid=$!
	# Opened for both first, since a FIFO that nobody writes to yet would block.
	exec {keep_fd}<>"$work/status"
	exec {status_fd}<"$work/status"
	(
		exec {status_fd}<&-
		exec setpriv --pdeathsig KILL qemu-system-x86_64 "$@" \
			-no-user-config -nodefaults -display none -no-reboot \
			-smp "$cpus" -m "$memory_mb" \
			-kernel "$image" -initrd "$work/initrd" -append "$kernel_args" \
			-chardev "file,id=console,path=$log" -serial chardev:console \
			-chardev "file,id=output,path=$work/output" -serial chardev:output \
			-chardev "file,id=status,path=$work/status" \
			-device "isa-debugcon,iobase=0xe9,chardev=status" \
			</dev/null >"$work/qemu.log" 2>&1
	) &
	qemu_pid=$!
	# QEMU has inherited it and is the only writer from here on.
	exec {keep_fd}>&-
}

# One line from PID 1, in $line.  Sets $outcome and fails if there is none: "died", "timeout".
read_status() { # SECONDS
	local rc=0
	IFS= read -r -t "$1" -u "$status_fd" line || rc=$?
	((rc == 0)) && return 0
	outcome=died
	((rc <= 128)) || outcome=timeout
	return 1
}

# Talks to a running VM until it has ended.  Sets $outcome: "exit" with $exit_status, "fail" with
# $line, "died", "timeout"; and $ready once PID 1 has reported.
follow() { # BOOT_SECONDS SECONDS
	ready='' line='' outcome=''
	read_status "$1" || return 0
	if [[ $line == ready ]]; then
		ready=1
		read_status "$2" || return 0
	fi
	case $line in
	"exit "*) outcome='exit' exit_status=${line#exit } ;;
	broken) outcome='exit' exit_status=$((128 + 13)); return 0 ;;
	*) outcome=fail ;;
	esac
	# The rest of the log: the kernel goes down, and QEMU with it.
	local result=$outcome
	read_status "$OFF_SECONDS" || true
	outcome=$result
}

boot() { # BOOT_SECONDS SECONDS ACCEL...
	local boot_seconds=$1 seconds=$2
	shift 2
	: >"$log"
	start_qemu "$@"
	follow "$boot_seconds" "$seconds"
	stop_qemu
	exec {status_fd}<&-
	# Its FIFO has no writer any more; what it holds must get out before this script ends.
	wait "$out_pid" 2>/dev/null || true
}

# /dev/kvm may be there and still not run an ordinary guest.  The answer is kept until the host's
# kernel changes; it is in $VM_CACHE/kvm.
kvm_works() {
	local host answer='' known=''
	[[ -w /dev/kvm ]] || return 1
	host=$(uname -r)
	[[ ! -r $VM_CACHE/kvm ]] || read -r answer known <"$VM_CACHE/kvm"
	if [[ $known != "$host" ]]; then
		say "trying KVM once"
		run_archive "$work/kvm-stage" "$work/kvm.cpio" true
		cat "$base" "$work/kvm.cpio" >"$work/initrd"
		boot "$KVM_SECONDS" "$KVM_SECONDS" "${KVM[@]}"
		answer=no
		[[ $outcome != exit || $exit_status != 0 ]] || answer=yes
		printf '%s %s\n' "$answer" "$host" >"$VM_CACHE/kvm"
		say "KVM works: $answer"
	fi
	[[ $answer == yes ]]
}

# A boot that dies before PID 1 reports says nothing about the command: it is repeated.
boot_until_ready() { # ACCEL...
	local try
	for ((try = 1; try <= BOOT_TRIES; try++)); do
		new_log
		boot "$BOOT_SECONDS" "$seconds" "$@"
		[[ -z $ready && $outcome =~ ^(died|timeout)$ ]] || return 0
		say "$name: boot $try of $BOOT_TRIES ended before init ($outcome), log $log"
		head -n 5 "$work/qemu.log" >&2
	done
}

# Kernel code is patched through breakpoints, and QEMU's multi-threaded emulation now and then runs a
# breakpoint on one CPU that another has replaced already: an int3 that nobody expects. That is the
# emulator's doing, not the kernel's, and says nothing about the command either.
emulator_slipped() {
	[[ ${accel[*]} == "${TCG[*]}" ]] && grep -qE 'int3: 0000 \[#' "$log"
}

new_log() {
	mkdir -p "$VM_CACHE/log"
	log=$(mktemp "$VM_CACHE/log/$name-$(date +%Y%m%dT%H%M%S)-XXXX.log")
	# shellcheck disable=SC2012 # the names are this script's own
	ls -t "$VM_CACHE/log" | tail -n "+$KEPT_LOGS" | sed "s|^|$VM_CACHE/log/|" | xargs -r rm -f
}

# The last word on a run: what happened, said on stderr, as an exit status.
verdict() {
	local splat=''
	scan=$("$VM_ROOT/vmtest/scan.sh" "$log") || splat=1
	if [[ $splat ]]; then
		say "$name: the kernel log has a splat ($log):"
		printf '%s\n' "$scan" >&2
	fi
	case $outcome in
	exit) [[ $splat ]] || return "$exit_status"; say "$name: the command ended with $exit_status" ;;
	timeout) say "$name: no end after $seconds s, log $log" ;;
	fail) say "$name: ${line#fail }, log $log" ;;
	*)
		say "$name: the VM died, log $log"
		[[ $splat ]] || tail -n 5 "$log" >&2
		;;
	esac
	[[ -z $splat ]] || return "$VM_SPLAT"
	[[ $outcome != timeout || ! $ready ]] || return "$VM_TIMEOUT"
	return "$VM_BROKEN"
}

positive() { # OPTION VALUE
	[[ $2 =~ ^[1-9][0-9]*$ ]] || usage_error "-$1 needs a positive number, not '$2'"
}

FILES=()
memory_mb=1024 cpus=2 more_args='' icount='' seconds=300
if [[ ${1-} == --help ]]; then
	show_help "$0"
	exit 0
fi
while getopts :f:m:c:a:it:h option; do
	case $option in
	f) FILES+=("$OPTARG") ;;
	m) positive m "$OPTARG"; memory_mb=$OPTARG ;;
	c) positive c "$OPTARG"; cpus=$OPTARG ;;
	a) more_args=$OPTARG ;;
	i) icount=1 ;;
	t) positive t "$OPTARG"; seconds=$OPTARG ;;
	h) show_help "$0"; exit 0 ;;
	:) usage_error "-$OPTARG needs a value" ;;
	*) usage_error "unknown option -$OPTARG" ;;
	esac
done
shift $((OPTIND - 1))
[[ ${1-} && ${2-} == -- && $# -ge 3 ]] || usage_error "expected NAME -- CMD..."
name=$1
shift 2

need qemu-system-x86_64 qemu-system-x86
need setpriv util-linux
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

kernel_line "$name" >/dev/null
work=$(mktemp -d)
image=$("$VM_ROOT/vmtest/fetch.sh" "$name")
base=$(base_archive)
kernel_args=$KERNEL_ARGS
if [[ $icount ]]; then
	cpus=1
	kernel_args+=" $ICOUNT_ARGS"
	accel=("${ICOUNT[@]}" -cpu "$(icount_cpu)")
else
	log=$work/kvm.log
	accel=("${TCG[@]}")
	! kvm_works || accel=("${KVM[@]}")
fi
kernel_args+=" $more_args"

run_archive "$work/stage" "$work/run.cpio" "$@"
cat "$base" "$work/run.cpio" >"$work/initrd"
rm -rf "$work/stage" "$work/run.cpio"

boot_until_ready "${accel[@]}"
for ((slip = 1; slip < BOOT_TRIES; slip++)); do
	emulator_slipped || break
	say "$name: the emulator slipped (int3, log $log): the whole run is repeated"
	boot_until_ready "${accel[@]}"
done
verdict
