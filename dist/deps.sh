#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# deps.sh - the Debian packages that building and testing need.
#
# usage: dist/deps.sh [--install] GROUP...		GROUP: build vm test
#
# Out:  without --install, what is missing, by package; with it, apt installs that (sudo when not
#       root). Where there is no dpkg the list is printed and taken as installed.
# Exit: 0 nothing is missing (any more); 1 something is.
set -eu

packages() {
	case $1 in
	build) echo gcc libc6-dev make clang-14 libbpf-dev libelf-dev zlib1g-dev bpftool \
		libjansson-dev libxxhash-dev ;;
	vm) echo qemu-system-x86 busybox-static cpio xz-utils zstd debian-archive-keyring \
		coreutils util-linux binutils ;;
	test) echo libcmocka-dev llvm-19 shellcheck jq ;;
	*)
		echo "deps.sh: unknown group: $1 (known: build vm test)" >&2
		exit 2
		;;
	esac
}

install=
if [ "${1-}" = --install ]; then
	install=1
	shift
fi
wanted=
for group in "$@"; do
	wanted="$wanted $(packages "$group")"
done

if ! command -v dpkg-query >/dev/null; then
	echo "this is no Debian machine; needed under the names of its packages:$wanted" >&2
	exit 0
fi

missing=
for package in $wanted; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ -z "$install" ]; then
	echo "missing packages:$missing" >&2
	echo "  hint: make deps installs them" >&2
	exit 1
fi
root=
[ "$(id -u)" -eq 0 ] || root=sudo
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$root apt-get update -qq
# shellcheck disable=SC2086 # a list of words
$root apt-get install -y -qq --no-install-recommends $missing >/dev/null
