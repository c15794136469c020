#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# guest.sh - runs inside the benchmark's VM: the workload without BPF, with empty programs, and
# under kestrel with each ruleset object.
#
# usage: guest.sh DIR NUMBER...
#
# In:   DIR holds workload, empty, empty.bpf.o, kestrel and rules-NUMBER.o.
# Out:  lines for report.awk: "vm OPERATION CONFIGURATION INSTRUCTIONS", "vmload NUMBER MILLIONS",
#       "vmcount NUMBER TEXT" with kestrel's last words on what it counted, "vmkernel RELEASE".
# Exit: 0 everything was measured; else 1.
set -u

dir=$1
shift
ready=/run/bench.ready
messages=/run/bench.messages
failed=0

workload() { # CONFIGURATION
	"$dir/workload" "$1" || failed=1
}

uptime_ms() {
	awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime
}

# Idle guest time passes at once here, so waiting costs nothing.
wait_ready() { # PID
	until [ -s "$ready" ]; do
		kill -0 "$1" 2>/dev/null || return 1
		usleep 20000
	done
}

# Starts COMMAND, which writes $ready, runs the workload and ends it again.
with() { # CONFIGURATION COMMAND...
	configuration=$1
	shift
	rm -f "$ready"
	"$@" >/dev/null 2>"$messages" &
	watcher=$!
	if wait_ready "$watcher"; then
		loaded_ms=$(uptime_ms)
		usleep 500000 # what loading has put off, the kernel does now
		workload "$configuration"
		kill -TERM "$watcher"
	else
		echo "guest: $* did not start:" >&2
		cat "$messages" >&2
		failed=1
	fi
	wait "$watcher" 2>/dev/null # or the shell tells that it was terminated
}

echo "vmkernel $(uname -r)"
workload nothing
with empty "$dir/empty" "$dir/empty.bpf.o" "$ready"
for number in "$@"; do
	begin_ms=$(uptime_ms)
	with "$number" "$dir/kestrel" run --object "$dir/rules-$number.o" --ready-file "$ready"
	echo "vmload $number $((loaded_ms - begin_ms))"
	echo "vmcount $number $(tail -n 1 "$messages")"
done
workload nothing-again
exit $failed
