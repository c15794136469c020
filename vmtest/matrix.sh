#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# matrix.sh - runs one command on every kernel of kernels.txt.
#
# usage: vmtest/matrix.sh [-k NAMES] [-j N] [OPTION OF run.sh]... -- CMD...
#
#   -k NAMES  only these kernels, separated by commas or spaces
#   -j N      VMs at a time (1)
#   -h        this text
#
# Other options go to run.sh.  Prints each kernel's output (as it comes with -j 1, otherwise when
# it ends), then a table, and for each failure the command that repeats it.
#
# In:   what run.sh needs.
# Out:  the table on stdout.
# Exit: 0 all green, 1 some kernel failed, 2 usage.
set -euo pipefail

VM_PROG=matrix.sh
# shellcheck source=vmtest/lib.sh
. "$(dirname "$0")/lib.sh"

work=''
declare -A pids=()

cleanup() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	[[ -z $work ]] || rm -rf "$work"
}

run_one() { # NAME
	local rc=0 began=$EPOCHREALTIME
	"$VM_ROOT/vmtest/run.sh" "${options[@]}" "$1" -- "${command[@]}" &
	trap 'kill $! 2>/dev/null || true' TERM
	wait $! || rc=$?
	awk -v rc="$rc" -v from="$began" -v to="$EPOCHREALTIME" \
		'BEGIN { printf "%d %.1f\n", rc, to - from }' >"$work/$1.result"
}

# Runs in the background: live output with one VM, held back with several.
start() { # NAME
	if ((jobs == 1)); then
		printf '== %s\n' "$1"
		run_one "$1" 2>&1 &
	else
		run_one "$1" >"$work/$1.out" 2>&1 &
	fi
	pids[$1]=$!
}

show_output() { # NAME
	((jobs > 1)) || return 0
	printf '== %s\n' "$1"
	cat "$work/$1.out"
}

# Waits for one VM and takes it off the list.
finish_one() {
	local pid name
	wait -n -p pid "${pids[@]}" || true
	for name in "${!pids[@]}"; do
		if [[ ${pids[$name]} == "$pid" ]]; then
			unset "pids[$name]"
			show_output "$name"
		fi
	done
}

result_word() { # STATUS
	case $1 in
	0) echo ok ;;
	"$VM_TIMEOUT") echo timeout ;;
	"$VM_BROKEN") echo 'no VM' ;;
	"$VM_SPLAT") echo splat ;;
	*) echo "exit $1" ;;
	esac
}

package_version() { # NAME
	local version=-
	[[ ! -r $VM_CACHE/kernels/$1/version ]] || read -r _ version <"$VM_CACHE/kernels/$1/version"
	printf '%s\n' "$version"
}

# Prints the table; fails if a row is not "ok".
table() {
	local name rc seconds failed=0
	local -a repeat=()
	printf '\n%-8s %-20s %-10s %8s\n' kernel package result seconds
	for name in "${names[@]}"; do
		rc=$VM_BROKEN seconds=-
		[[ ! -r $work/$name.result ]] || read -r rc seconds <"$work/$name.result"
		printf '%-8s %-20s %-10s %8s\n' \
			"$name" "$(package_version "$name")" "$(result_word "$rc")" "$seconds"
		if ((rc != 0)); then
			failed=1
			repeat+=("$(printf '%q ' vmtest/run.sh "${options[@]}" "$name" -- "${command[@]}")")
		fi
	done
	((failed == 0)) || printf '\nrepeat a failure with:\n'
	((failed == 0)) || printf '  %s\n' "${repeat[@]}"
	return "$failed"
}

jobs=1
options=()
mapfile -t names < <(kernel_names)
if [[ ${1-} == --help ]]; then
	show_help "$0"
	exit 0
fi
while getopts :k:j:f:m:c:a:it:h option; do
	case $option in
	k) read -ra names <<<"${OPTARG//,/ }" ;;
	j) jobs=$OPTARG ;;
	i) options+=(-i) ;;
	h) show_help "$0"; exit 0 ;;
	:) usage_error "-$OPTARG needs a value" ;;
	\?) usage_error "unknown option -$OPTARG" ;;
	*) options+=("-$option" "$OPTARG") ;;
	esac
done
[[ $OPTIND -gt 1 && ${*:OPTIND-1:1} == -- ]] || usage_error "expected -- CMD..."
shift $((OPTIND - 1))
(($# > 0)) || usage_error "expected -- CMD..."
[[ $jobs =~ ^[1-9][0-9]*$ ]] || usage_error "-j needs a positive number, not '$jobs'"
((${#names[@]} > 0)) || usage_error "-k names no kernel"
command=("$@")
for name in "${names[@]}"; do
	kernel_line "$name" >/dev/null
done

work=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

for name in "${names[@]}"; do
	((${#pids[@]} < jobs)) || finish_one
	start "$name"
done
while ((${#pids[@]} > 0)); do
	finish_one
done
table
