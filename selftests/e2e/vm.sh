#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# vm.sh - tests of kestrel as a whole: boots a kernel in a VM and runs inside.sh there.
#
# usage: selftests/e2e/vm.sh [KERNEL]
#
# In:   build/bin/{kestrel,kestrelc}, build/selftests/e2e/{play,check,inventory}, rules/ beside
#       this file; KERNEL is a name of kernels.txt (6.12).
# Out:  "ok NAME" or "FAIL NAME: why" for each test, and a sum.
# Exit: 0 nothing failed; 1 something did; else what vmtest/run.sh says of the VM.
set -euo pipefail

cd "$(dirname "$0")/../.."
kernel=${1:-6.12}
place=/e2e

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build/bin/kestrelc build selftests/e2e/rules -o "$work/rules.o"
mkdir "$work/one" "$work/bad"
cp selftests/e2e/rules/equal.eql "$work/one"
cp selftests/e2e/rules/equal.eql "$work/bad"
printf 'process where\n  process.nam == "x"\n' >"$work/bad/wrong.eql"

vmtest/run.sh -m 1024 -t 600 \
	-f build/bin/kestrel:/usr/local/bin/kestrel \
	-f build/selftests/e2e/play:$place/play \
	-f build/selftests/e2e/check:$place/check \
	-f build/selftests/e2e/inventory:$place/inventory \
	-f "$(command -v setpriv):$place/setpriv" \
	-f selftests/e2e/inside.sh:$place/inside.sh \
	-f selftests/e2e/rules:$place/rules \
	-f "$work/rules.o:$place/rules.o" \
	-f "$work/one:$place/one" \
	-f "$work/bad:$place/bad" \
	"$kernel" -- "$place/inside.sh"
