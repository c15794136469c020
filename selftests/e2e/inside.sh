#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# inside.sh - runs in the VM: starts kestrel in good and bad situations, plays acts before it, and
# checks what it says, what it raises and what it leaves behind.
#
# A start costs seconds where the machine is emulated: several tests share one.
#
# In:   /e2e, as vm.sh fills it. Out: "ok NAME" or "FAIL NAME: why" lines, a sum.
# Exit: 0 nothing failed, else 1.
# shellcheck disable=SC3045 # read -t: busybox's shell has it
set -u

place=/e2e
out=/tmp/e2e
says=$out/says # runs say here that they are ready, and that they have ended
START_S=90     # until a run is ready
STOP_S=60      # until it has ended
GONE_S=20      # until the kernel has released what a run had

nr_passed=0 nr_failed=0

ok() { # NAME
	printf 'ok %s\n' "$1"
	nr_passed=$((nr_passed + 1))
}

bad() { # NAME WHY [FILE]...: with the end of the files
	printf 'FAIL %s: %s\n' "$1" "$2"
	nr_failed=$((nr_failed + 1))
	shift 2
	for file in "$@"; do
		tail -n 15 "$file" | sed 's/^/  | /'
	done
}

# Asks twenty times a second whether a condition holds, for SECONDS at most.
wait_for() { # SECONDS COMMAND...
	tries=$(($1 * 20))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		usleep 50000
	done
}

# What is in the kernel

is_as_before() {
	[ "$("$place/inventory")" = "$before" ]
}

# Nothing of kestrel is left in the kernel; what is freed, is freed a moment later.
leaves_nothing() { # TEST
	if wait_for "$GONE_S" is_as_before; then
		ok "$1"
	else
		bad "$1" "now $("$place/inventory"), before $before"
	fi
}

# What a run says

# Whether a run has ended with a code; else the test has failed.
has_code() { # NAME CODE TEST
	code=$(cat "$1.code")
	[ "$code" = "$2" ] && return 0
	bad "$3" "exit code ${code:-unknown} instead of $2" "$1.err"
	return 1
}

has_said() { # NAME TEST TEXT...
	name=$1 test=$2
	shift 2
	for text in "$@"; do
		if ! grep -qF -- "$text" "$name.err"; then
			bad "$test" "it does not say: $text" "$name.err"
			return 1
		fi
	done
	ok "$test"
}

# Refusals: commands that have to fail at once, and to load nothing

fails() { # TEST CODE TEXT HINT COMMAND...
	test=$1 wanted=$2 text=$3 hint=$4
	shift 4
	code=0
	"$@" >refused.out 2>refused.err || code=$?
	echo "$code" >refused.code
	has_code refused "$wanted" "$test" || return
	if [ -s refused.out ]; then
		bad "$test" 'it writes to standard output' refused.out
	else
		has_said refused "$test" "$text" "hint: $hint"
	fi
}

damage() { # HOW: makes damaged.o
	cp "$place/rules.o" damaged.o
	case $1 in
	cut) truncate -s 100000 damaged.o ;;
	changed) printf x | dd of=damaged.o bs=1 seek=50000 conv=notrunc 2>/dev/null ;;
	esac
}

refusals() {
	fails refusal/ordinary_user 1 'missing: CAP_BPF and CAP_PERFMON' 'run as root' \
		su user -s /bin/sh -c "kestrel run --rules $place/rules"
	fails refusal/bad_rule_among_good_ones 3 'wrong.eql:2:3: error: unknown field' \
		'did you mean "process.name"?' kestrel run --rules "$place/bad"
	damage cut
	fails refusal/cut_object 3 'cannot use the ruleset object' 'build it again' \
		kestrel run --object damaged.o
	damage changed
	fails refusal/damaged_object 3 'damaged: its checksum differs' 'build it again' \
		kestrel run --object damaged.o
	mount -t tmpfs none /sys/kernel/btf
	fails refusal/kernel_without_btf 4 'has no /sys/kernel/btf/vmlinux' \
		'Kestrel needs a kernel built with CONFIG_DEBUG_INFO_BTF=y' \
		kestrel run --rules "$place/one"
	umount /sys/kernel/btf
	leaves_nothing refusal/loads_nothing
	return 0
}

# Alerts: all rules, every act
#
# A process that starts and ends while kestrel starts can be unknown to it, and rules that could be
# true of it are then alerts, by design. So nothing is started here meanwhile: the shell waits for
# a line of a FIFO.

start_quietly() { # NAME OPTION...: sets $pid
	name=$1
	shift
	{
		code=0
		kestrel run --summary --ready-file "$says" "$@" >"$name.out" 2>"$name.err" 4>&- ||
			code=$?
		echo "$code" >"$name.code"
		echo ended >&4
	} &
	pid=''
	read -r -t "$START_S" pid <&4 || pid=late
	case $pid in
	ended | late)
		bad "$name/starts" "$pid" "$name.err"
		return 1
		;;
	esac
	ok "$name/starts"
}

stop_quietly() { # NAME PID SIGNAL TEXT...
	name=$1 pid=$2 signal=$3
	shift 3
	kill "-$signal" "$pid"
	if ! read -r -t "$STOP_S" _ <&4; then
		bad "$name/ends_by_$signal" "it does not" "$name.err"
		kill -KILL "$pid"
		return 1
	fi
	has_code "$name" 0 "$name/ends_by_$signal" &&
		has_said "$name" "$name/ends_by_$signal" 'rules loaded: 32' "$@"
}

play() { # OPTION... LOG
	"$place/play" "$@" || bad "play/$*" 'an act could not be played'
}

check_alerts() { # NAME LOG...
	name=$1
	shift
	"$place/check" "$name" "$name.out" "$name.err" "$@" >"$name.check"
	cat "$name.check"
	nr_passed=$((nr_passed + $(grep -c '^ok ' "$name.check")))
	nr_failed=$((nr_failed + $(grep -c '^FAIL ' "$name.check")))
}

# One run from rules, and for a while another one beside it, from an object: each sees all.
two_runs() {
	mkfifo "$says"
	exec 4<>"$says"
	start_quietly first --rules "$place/rules" --output json || return 1
	first_pid=$pid
	play one.log
	if start_quietly second --object "$place/rules.o"; then
		play two.log
		stop_quietly second "$pid" TERM 'stopping: terminated' &&
			check_alerts second two.log
	fi
	play three.log
	stop_quietly first "$first_pid" INT 'stopping: interrupted' &&
		check_alerts first one.log two.log three.log
	leaves_nothing two_runs/leave_nothing
	return 0
}

# Ends: runs of one rule that end in other ways, all at once

# An ordinary user with the capabilities that kestrel asks for. Before 5.11 the memory of maps counts
# against the limit of locked memory.
capable() { # COMMAND...
	capabilities=-all,+bpf,+perfmon
	case $(uname -r) in
	5.10.*) capabilities=$capabilities,+sys_resource ;;
	esac
	"$place/setpriv" --reuid 1000 --regid 1000 --clear-groups --bounding-set "$capabilities" \
		--inh-caps "$capabilities" --ambient-caps "$capabilities" "$@"
}

start() { # NAME STDOUT OPTION...
	name=$1 stdout=$2
	shift 2
	{
		code=0
		$as kestrel run --rules "$place/one" --ready-file "$name.ready" "$@" 2>"$name.err" \
			>"$stdout" || code=$?
		echo "$code" >"$name.code"
	} &
}

start_with_closed_output() { # NAME
	{
		code=0
		kestrel run --rules "$place/one" --ready-file "$1.ready" 2>"$1.err" >&- || code=$?
		echo "$code" >"$1.code"
	} &
}

# The FIFO has a reader at first, else it could not be opened.
start_with_broken_pipe() { # NAME
	mkfifo "$1.fifo"
	start "$1" "$1.fifo"
	: <"$1.fifo"
}

is_ready_or_ended() { # NAME
	[ -s "$1.ready" ] || has_ended "$1"
}

has_ended() { # NAME
	[ -s "$1.code" ]
}

ends() { # NAME CODE TEST TEXT...: by itself
	name=$1 code=$2 test=$3
	shift 3
	if wait_for "$STOP_S" has_ended "$name"; then
		has_code "$name" "$code" "$test" && has_said "$name" "$test" "$@"
		return
	fi
	bad "$test" 'it does not end' "$name.err"
	kill -KILL "$(cat "$name.ready")"
}

many_ends() {
	chmod 777 "$out"
	as=capable
	start capable capable.out
	as=''
	start timed timed.out --duration 1
	start unannounced unannounced.out --ready-file /nowhere/ready
	start full /dev/full
	start_with_broken_pipe pipe
	start_with_closed_output closed
	for name in capable full pipe closed; do
		wait_for "$START_S" is_ready_or_ended "$name"
	done
	play --only equal equal.log
	ends full 1 ends/standard_output_is_full \
		'cannot write alerts to standard output: No space left on device'
	ends pipe 1 ends/standard_output_is_a_broken_pipe \
		'cannot write alerts to standard output: Broken pipe'
	ends closed 1 ends/standard_output_is_closed \
		'cannot write alerts to standard output: Bad file descriptor'
	ends timed 0 ends/the_time_is_over 'stopping: the time is over'
	ends unannounced 1 ends/ready_file_cannot_be_made 'cannot create /nowhere/ready'
	if wait_for 10 grep -q '"id":"equal"' capable.out; then
		ok ends/capabilities_are_enough
	else
		bad ends/capabilities_are_enough 'no alert' capable.err
	fi
	kill -KILL "$(cat capable.ready)"
	ends capable 137 ends/killed 'rules loaded: 1'
	leaves_nothing ends/leave_nothing
	return 0
}

mkdir -p "$out"
cd "$out" || exit 1
chmod 755 "$place" "$out"
"$place/play" --stage || exit 1
before=$("$place/inventory") || exit 1
read -r uptime _ </proc/uptime
printf 'Linux %s, %s s after its start: %s\n' "$(uname -r)" "$uptime" "$before"
for part in refusals two_runs many_ends; do
	"$part" || break # a kestrel that does not start would not start six times over
	read -r uptime _ </proc/uptime
	printf -- '-- %s ended at %s s\n' "$part" "$uptime"
done
printf '%d passed, %d failed, 0 skipped\n' "$nr_passed" "$nr_failed"
[ "$nr_failed" -eq 0 ] && [ "$nr_passed" -gt 0 ]
