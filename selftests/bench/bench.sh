#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bench.sh - what Kestrel costs by number of rules: judging alone on this machine, whole operations
# in a VM that counts instructions, compiling and loading.
#
# usage: selftests/bench/bench.sh [-s SEED] [-k KERNEL] [NUMBER...]
#
#   -s SEED    of the generated rules (1)
#   -k KERNEL  of the VM, a name of kernels.txt (6.12)
#   NUMBER     sizes of the rule sets (1 10 100 1000); ratios are to the first
#
# In:   build/bin/kestrel, kestrelc and build/selftests/bench/.
# Out:  a table, also in build/bench/results.txt; the raw figures in build/bench/data.
# Exit: 0 everything was measured, whatever the figures are; else 1.
set -euo pipefail

cd "$(dirname "$0")/../.."
tools=build/selftests/bench
out=build/bench
data=$out/data
failed=0

seed=1 kernel=6.12
while getopts :s:k: option; do
	case $option in
	s) seed=$OPTARG ;;
	k) kernel=$OPTARG ;;
	*)
		sed -n '/^# usage/,/^# Exit/ s/^# \?//p' "$0" >&2
		exit 2
		;;
	esac
done
shift $((OPTIND - 1))
sizes=("$@")
((${#sizes[@]})) || sizes=(1 10 100 1000)

say() { # TEXT
	echo "bench: $1" >&2
}

missing() { # WHAT
	say "not measured: $1"
	failed=1
}

# One fact a line; report.awk prints what it does not know as it is.
describe() {
	local commit cpu
	commit=$(git rev-parse --short=12 HEAD 2>/dev/null) || commit=unknown
	git --no-optional-locks diff --quiet HEAD -- 2>/dev/null || commit+=" with changes"
	cpu=$(sed -n 's/^model name[^:]*: //p; T; q' /proc/cpuinfo)
	echo "head commit   $commit, $(date -u +%Y-%m-%d)"
	echo "head machine  ${cpu:-$(uname -m)}, $(nproc) CPUs, Linux $(uname -r)"
	echo "head VM       kernel $kernel, $(qemu-system-x86_64 --version | sed 's/ (.*//; q')"
}

compile() { # NUMBER
	local rules=$out/rules-$1 object=$out/rules-$1.o cost
	rm -rf "$rules" "$object"
	mkdir -p "$rules"
	"$tools/gen_rules" -s "$seed" -n "$1" "$rules" | sed "s/^/rules $1 /"
	if ! cost=$("$tools/cost" 3 build/bin/kestrelc build "$rules" -o "$object"); then
		build/bin/kestrelc build "$rules" -o "$object" >&2 || true
		missing "compiling $1 rules"
		return 0
	fi
	echo "compile $1 $cost $(stat -c %s "$object")"
}

native() {
	local n arguments=()
	for n in "${sizes[@]}"; do
		[[ ! -s $out/rules-$n.o ]] || arguments+=("$n=$out/rules-$n.o")
	done
	"$tools/native" "${arguments[@]}" || missing "judging on this machine"
}

vm() {
	local n numbers=() files=(
		-f "$tools/workload:/bench/workload"
		-f "$tools/empty:/bench/empty"
		-f "$tools/empty.bpf.o:/bench/empty.bpf.o"
		-f "build/bin/kestrel:/bench/kestrel"
		-f "selftests/bench/guest.sh:/bench/guest.sh"
		-f "$tools/tiny:$(place EXE)"
		-f "README.md:$(place PATH)"
	)
	for n in "${sizes[@]}"; do
		[[ -s $out/rules-$n.o ]] || continue
		numbers+=("$n")
		files+=(-f "$out/rules-$n.o:/bench/rules-$n.o")
	done
	vmtest/run.sh -i -m 2048 -t 900 "${files[@]}" "$kernel" -- \
		/bench/guest.sh /bench "${numbers[@]}" || missing "operations in the VM"
}

# What events.h calls BENCH_EXE and BENCH_PATH.
place() { # EXE|PATH
	sed -n "s/^#define BENCH_$1 *\"\([^\"]*\)\".*/\1/p" selftests/bench/events.h
}

mkdir -p "$out"
describe >"$data"
for size in "${sizes[@]}"; do
	say "compiling $size rules"
	compile "$size" >>"$data"
done
say "judging on this machine"
native >>"$data"
say "operations in a VM, about a minute"
vm >>"$data"
awk -f selftests/bench/report.awk "$data" | tee "$out/results.txt"
exit $failed
