# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# lib.sh - what the scripts of this folder share: paths, messages, the kernel list.
#
# Sourced, never run.  In: VM_PROG, the name that messages start with; KESTREL_VM_CACHE from the
# environment.  Out: VM_ROOT, VM_CACHE and the functions below.

VM_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VM_CACHE=${KESTREL_VM_CACHE:-$VM_ROOT/build/vm}
VM_KERNELS=$VM_ROOT/kernels.txt

# Statuses that are not the workload's own.
# shellcheck disable=SC2034 # used by the scripts that source this one
{
	VM_USAGE=2
	VM_TIMEOUT=124
	VM_BROKEN=125
	VM_SPLAT=126
}

say() {
	printf '%s: %s\n' "$VM_PROG" "$*" >&2
}

die() { # STATUS MESSAGE
	say "$2"
	exit "$1"
}

usage_error() {
	die "$VM_USAGE" "$1 (see $VM_PROG --help)"
}

# The comment at the top of a script is its manual.
show_help() { # SCRIPT
	awk 'NR <= 2 { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$1"
}

# A program that is missing, with the Debian package that brings it.
need() { # PROGRAM PACKAGE
	command -v "$1" >/dev/null || die "$VM_BROKEN" "cannot find $1: install the package $2"
}

kernel_names() {
	awk '!/^#/ && NF { print $1 }' "$VM_KERNELS"
}

# Prints "SUITE PACKAGE" of a kernel; an unknown name ends the script.
kernel_line() { # NAME
	local line
	line=$(awk -v name="$1" '!/^#/ && $1 == name { print $2, $3 }' "$VM_KERNELS")
	[[ $line ]] || usage_error "no kernel '$1' in kernels.txt, which has: $(kernel_names | xargs)"
	printf '%s\n' "$line"
}

# Waits for a lock which ends with this process (or the subshell that took it).
take_lock() { # NAME
	local fd
	mkdir -p "$VM_CACHE/lock"
	exec {fd}>"$VM_CACHE/lock/$1"
	flock "$fd"
}
