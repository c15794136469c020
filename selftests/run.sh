#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh - all tests, suite by suite.
#
# usage: selftests/run.sh [-l] [-j VMS] [SUITE...]
#	-l lists the suites; -j: so many VMs at a time (2); a SUITE may be a pattern: 'vm-*'
#
# In:   what `make test-programs` builds
# Out:  a line a suite; for one that fails, its FAIL lines and the end of its output; last,
#       "N passed, N failed, N skipped" over all. Logs: build/test/SUITE.log
# Exit: 0 nothing failed; 1 something did; 2 usage
#
# A suite passes when its command exits with 0 and has counted at least one test. A suite that ends
# without its closing line counts as one failure, whatever it printed before.
set -euo pipefail
cd "$(dirname "$0")/.."

logs=build/test
mkdir -p "$logs"
mapfile -t kernels < <(awk '/^[0-9]/ {print $1}' kernels.txt)

suites=(lint unit golden cli agree)
for k in "${kernels[@]}"; do
	suites+=("vm-sensor-$k" "vm-e2e-$k")
done
suites+=("vm-agree-${kernels[0]}" "vm-agree-${kernels[-1]}" vm-harness)

vm_sensor() {
	vmtest/run.sh -t 600 -f build/selftests/kernel/sensor_test:/t/sensor_test \
		-f build/selftests/kernel/trigger:/t/trigger \
		-f build/selftests/kernel/ruleset_all.bpf.o:/t/ruleset_all.bpf.o \
		"$1" -- /t/sensor_test /t/ruleset_all.bpf.o /t/trigger
}

unit() {
	local program status=0
	for program in build/selftests/unit/test_*; do
		[[ -x $program && ! -d $program ]] || continue
		"$program" || status=1
	done
	return $status
}

# One counted test a run: agreement is one statement, over many pairs.
agree() { # COMMAND...
	local status=0
	"$@" || status=$?
	# In a VM we are root on a kernel of the promise: there, not being able to load is a failure.
	[[ $status != 77 || $1 != vmtest/run.sh ]] || status=1
	case $status in
	0) echo "1 passed, 0 failed, 0 skipped" ;;
	77)
		echo "skip agree: this user or kernel cannot load BPF programs"
		echo "0 passed, 0 failed, 1 skipped"
		;;
	*)
		echo "FAIL agree"
		echo "0 passed, 1 failed, 0 skipped"
		return 1
		;;
	esac
}

suite() {
	case $1 in
	lint) selftests/lint/run.sh ;;
	unit) unit ;;
	golden) selftests/golden/run.sh build/bin/kestrelc ;;
	cli) selftests/cli/run.sh ;;
	agree) agree build/selftests/agree/agree -s 1 -n 40 -t 30 ;;
	vm-sensor-*) vm_sensor "${1#vm-sensor-}" ;;
	vm-e2e-*) selftests/e2e/vm.sh "${1#vm-e2e-}" ;;
	vm-agree-*) agree vmtest/run.sh -t 300 -f build/selftests/agree/agree "${1#vm-agree-}" -- \
		build/selftests/agree/agree -s 1000 -n 40 -t 25 -r 20 ;;
	vm-harness) vmtest/test.sh ;;
	esac
}

# "P F S" of a log: the closing line, or the sum of what the cmocka programs say.
counts() {
	local last
	last=$(tr -d '\r' <"$1" | grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' | tail -n 1) || :
	if [[ -n $last ]]; then
		tr -cs '0-9\n' ' ' <<<"$last"
		return
	fi
	awk '/^\[  PASSED  \] [0-9]+ test/ {p += $4} /^\[  FAILED  \] [0-9]+ test/ {f += $4}
	     /^\[  SKIPPED \] [0-9]+ test/ {s += $4} END {print p + 0, f + 0, s + 0}' "$1"
}

# One suite; its outcome goes to SUITE.result: passed failed skipped seconds status.
run() {
	local name=$1 log=$logs/$1.log begin=$SECONDS status=0 p f s
	suite "$name" >"$log" 2>&1 </dev/null || status=$?
	read -r p f s < <(counts "$log")
	if [[ $status -ne 0 && $f -eq 0 ]] || [[ $((p + f + s)) -eq 0 ]]; then
		f=$((f + 1))
	fi
	echo "$p $f $s $((SECONDS - begin)) $status" >"$logs/$name.result"
}

passed=0 failed=0 skipped=0

report() {
	local name=$1 log=$logs/$1.log p f s seconds status
	if ! read -r p f s seconds status <"$logs/$name.result"; then
		p=0 f=1 s=0 seconds=0 status=none
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%-18s %5d passed %3d failed %3d skipped %5ds%s\n' "$name" "$p" "$f" "$s" \
		"$seconds" "$([[ $f -eq 0 ]] || echo "  see $log")"
	if [[ $f -ne 0 ]]; then
		grep -aE 'FAIL|error:|ERROR' "$log" | head -n 20 | sed 's/^/    /' || :
		echo "    -- the end of its output (exit status $status):"
		tail -n 15 "$log" | cut -c 1-240 | sed 's/^/    /'
	fi
	grep -aE '^(skip|SKIP) ' "$log" | head -n 5 | sed 's/^/    /' || :
}

# At most $jobs VMs at a time; outcomes are reported as they come.
declare -A running=()

finish_one() {
	local pid name
	wait -n -p pid "${!running[@]}" || :
	name=${running[$pid]}
	unset "running[$pid]"
	report "$name"
}

run_beside() {
	while [[ ${#running[@]} -ge $jobs ]]; do
		finish_one
	done
	run "$1" &
	running[$!]=$1
}

selected() { # NAME PATTERN...
	local name=$1 pattern
	shift
	[[ $# -eq 0 ]] && return 0
	for pattern in "$@"; do
		# shellcheck disable=SC2053 # a pattern on purpose
		[[ $name == $pattern ]] && return 0
	done
	return 1
}

jobs=2
while getopts lj: opt; do
	case $opt in
	l)
		printf '%s\n' "${suites[@]}"
		exit 0
		;;
	j) jobs=$OPTARG ;;
	*)
		echo "usage: selftests/run.sh [-l] [-j VMS] [SUITE...]" >&2
		exit 2
		;;
	esac
done
shift $((OPTIND - 1))

for name in "${suites[@]}"; do
	selected "$name" "$@" || continue
	rm -f "$logs/$name.result"
	case $name in
	vm-*) run_beside "$name" ;;
	*)
		run "$name"
		report "$name"
		;;
	esac
done
while [[ ${#running[@]} -gt 0 ]]; do
	finish_one
done
echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 && $((passed + skipped)) -gt 0 ]]
