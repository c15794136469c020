#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch.sh - gets the kernel images that kernels.txt names.
#
# usage: vmtest/fetch.sh [-u] NAME...
#        vmtest/fetch.sh [-u] -a
#
#   -a  every kernel of kernels.txt
#   -u  look for a newer package even if the image is there already
#   -h  this text
#
# Prints the path of each image.  Beside each lies "version": package name, package version.
#
# In:   kernels.txt; the mirror of this machine's apt configuration, or KESTREL_DEBIAN_MIRROR
#       (the URI of a Debian archive, its security archive next to it with "-security" added).
# Out:  $KESTREL_VM_CACHE/kernels/NAME/{vmlinuz,version}; the cache is build/vm by default.
# Exit: 0 all there, 2 usage or unknown name, 125 anything else (no network, no such suite, ...).
#
# apt does the work in a root of its own, one suite each, so that neither the machine's package
# lists nor another kernel's are touched or consulted.  Integrity is apt's signature check
# against the installed debian-archive-keyring.
set -euo pipefail

VM_PROG=fetch.sh
# shellcheck source=vmtest/lib.sh
. "$(dirname "$0")/lib.sh"

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# "RELEASE SITE" of each package index that the machine's apt knows.
machine_sites() {
	# shellcheck disable=SC2016 # apt's variables, not the shell's
	apt-get indextargets --format '$(RELEASE) $(SITE)' 'Created-By: Packages' | sort -u
}

site_of() { # RELEASE
	awk -v release="$1" '$1 == release { print $2; exit }' <<<"$2"
}

# The archive that carries a suite: where the machine gets its own release or its own security
# updates from.
mirror_of() { # SUITE
	local suite=$1 sites codename main security
	if [[ ${KESTREL_DEBIAN_MIRROR-} ]]; then
		main=${KESTREL_DEBIAN_MIRROR%/} security=
	else
		# shellcheck source=/dev/null
		codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME-}")
		sites=$(machine_sites)
		main=$(site_of "$codename" "$sites")
		security=$(site_of "$codename-security" "$sites")
	fi
	[[ $main ]] || die "$VM_BROKEN" \
		"cannot find a Debian mirror in apt's configuration: set KESTREL_DEBIAN_MIRROR"
	case $suite in
	*-security) printf '%s\n' "${security:-${main%/}-security}" ;;
	*) printf '%s\n' "$main" ;;
	esac
}

# A private apt root in directory $1 with one suite.  The machine's configuration stays in
# force (proxies), less what would act outside of the root or fetch more than package lists.
apt_root() { # DIR SUITE
	local dir=$1 suite=$2 mirror
	mirror=$(mirror_of "$suite")
	mkdir -p "$dir"/{lists/partial,cache/archives/partial}
	: >"$dir/status"
	printf 'deb [arch=amd64 signed-by=%s] %s %s main\n' "$KEYRING" "$mirror" "$suite" >"$dir/sources.list"
	cat >"$dir/apt.conf" <<-EOF
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		#clear Acquire::IndexTargets::deb::DEP-11;
		#clear Acquire::IndexTargets::deb::DEP-11-icons;
		#clear Acquire::IndexTargets::deb::DEP-11-icons-small;
		#clear Acquire::IndexTargets::deb::DEP-11-icons-large;
		#clear Acquire::IndexTargets::deb::DEP-11-icons-hidpi;
		#clear Acquire::IndexTargets::deb::DEP-11-icons-large-hidpi;
		#clear Acquire::IndexTargets::deb::CNF;
		Dir::State "$dir";
		Dir::State::lists "$dir/lists";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache";
		Dir::Etc::SourceList "$dir/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Sandbox::User "$(id -un)";
		APT::Get::AllowUnauthenticated "false";
		APT::Update::Error-Mode "any";
		Acquire::AllowInsecureRepositories "false";
		Acquire::AllowWeakRepositories "false";
		Acquire::Languages "none";
		Acquire::Retries "2";
		// The Release file of a suite that gets no more updates goes stale.
		Acquire::Check-Valid-Until "false";
	EOF
}

# "PACKAGE VERSION" of the highest version whose package name matches.
newest_package() { # CONF PATTERN
	local names
	names=$(apt-cache -c "$1" search --names-only "^$2\$" | awk '{ print $1 }')
	[[ $names ]] || return 0
	# shellcheck disable=SC2086 # one word a name
	apt-cache -c "$1" show $names |
		awk '$1 == "Package:" { name = $2 } $1 == "Version:" { print name, $2 }' |
		sort -k2,2V | tail -n 1
}

# Takes the one kernel image out of a package.
extract_image() { # DEB DESTINATION
	local member
	member=$(dpkg-deb --fsys-tarfile "$1" | tar -t |
		grep -E '^\./(boot/vmlinuz-[^/]+|usr/lib/modules/[^/]+/vmlinuz)$') || true
	[[ $member && $member != *$'\n'* ]] ||
		die "$VM_BROKEN" "cannot find one kernel image in ${1##*/}"
	dpkg-deb --fsys-tarfile "$1" | tar -xO "$member" >"$2"
}

# Brings kernels/NAME up to date; runs with NAME's lock held.
download() { # NAME SUITE PATTERN
	local name=$1 suite=$2 pattern=$3
	local root=$VM_CACHE/apt/$name dir=$VM_CACHE/kernels/$name package
	apt_root "$root" "$suite"
	apt-get -qq -c "$root/apt.conf" update >"$root/log" 2>&1 || {
		cat "$root/log" >&2
		die "$VM_BROKEN" "cannot read the package list of $suite: no network, no such suite, or a bad signature"
	}
	package=$(newest_package "$root/apt.conf" "$pattern")
	[[ $package ]] || die "$VM_BROKEN" "cannot find a package '$pattern' in $suite: correct kernels.txt"
	if [[ -s $dir/version && -s $dir/vmlinuz && $(<"$dir/version") == "$package" ]]; then
		return
	fi
	say "$name: downloading $package"
	rm -rf "$root/deb" "$dir.new"
	mkdir -p "$root/deb" "$dir.new"
	(cd "$root/deb" && apt-get -qq -c "$root/apt.conf" download "${package/ /=}") >"$root/log" 2>&1 || {
		cat "$root/log" >&2
		die "$VM_BROKEN" "cannot download $package"
	}
	extract_image "$root"/deb/*.deb "$dir.new/vmlinuz"
	printf '%s\n' "$package" >"$dir.new/version"
	rm -rf "$root/deb" "$dir"
	mv "$dir.new" "$dir"
}

fetch() { # NAME
	local name=$1 line suite pattern
	local dir=$VM_CACHE/kernels/$name
	line=$(kernel_line "$name")
	read -r suite pattern <<<"$line"
	if [[ $update || ! -s $dir/vmlinuz || ! -s $dir/version ]]; then
		(
			take_lock "fetch-$name"
			# Another call may have fetched it while this one waited.
			if [[ $update || ! -s $dir/version ]]; then
				download "$name" "$suite" "$pattern"
			fi
		)
	fi
	printf '%s\n' "$dir/vmlinuz"
}

all='' update=''
if [[ ${1-} == --help ]]; then
	show_help "$0"
	exit 0
fi
while getopts :auh option; do
	case $option in
	a) all=1 ;;
	u) update=1 ;;
	h) show_help "$0"; exit 0 ;;
	*) usage_error "unknown option -$OPTARG" ;;
	esac
done
shift $((OPTIND - 1))
if [[ $all ]]; then
	(($# == 0)) || usage_error "-a and NAME exclude each other"
	mapfile -t names < <(kernel_names)
	set -- "${names[@]}"
fi
(($# > 0)) || usage_error "which kernel?"

need apt-get apt
need flock util-linux
[[ -r $KEYRING ]] || die "$VM_BROKEN" "cannot read $KEYRING: install the package debian-archive-keyring"
for name in "$@"; do
	fetch "$name"
done
