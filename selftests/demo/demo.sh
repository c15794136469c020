#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh - boots a kernel in a VM, watches it with the project's own rules, and plays attacks there.
#
# usage: selftests/demo/demo.sh [KERNEL]
#
# In:   build/bin/kestrel, build/selftests/demo/actor, rules/; KERNEL is a name of kernels.txt (6.12).
#       Everyday programs (bash, ls, find, …) are taken from this machine, so that processes have
#       the names that they have everywhere.
# Out:  alerts as they come, in colour on a terminal; a summary.
# Exit: 0 every attack was seen and nothing was dropped; else the VM's or the scene's failure.
set -euo pipefail

cd "$(dirname "$0")/../.."
kernel=${1:-6.12}
place=/usr/local/lib/kestrel
programs=(bash sh base64 cat chmod cp find grep head ls rm sort wc)

colour=never
columns=${COLUMNS:-140}
if [[ -t 1 ]]; then
	columns=$(stty size </dev/tty 2>/dev/null | cut -d ' ' -f 2) || columns=140
	[[ ${NO_COLOR-} ]] || colour=always
fi

files=(
	-f "build/bin/kestrel:/usr/local/bin/kestrel"
	-f "build/selftests/demo/actor:$place/actor"
	-f "selftests/demo/attack.sh:$place/attack.sh"
	-f "rules:$place/rules"
)
for program in "${programs[@]}"; do
	path=$(command -v "$program") || {
		echo "demo: this machine has no $program" >&2
		exit 1
	}
	files+=(-f "$path:/usr/bin/$program")
done

exec vmtest/run.sh -m 1024 -t 900 "${files[@]}" "$kernel" -- \
	env COLUMNS="$columns" "$place/attack.sh" "$place/rules" "$place/actor" "$colour"
