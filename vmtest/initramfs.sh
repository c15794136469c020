# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# initramfs.sh - what a test VM boots into: a base that is built once, and a run's own files.
#
# Sourced by run.sh after lib.sh.  In: the host's static busybox, vmtest/init.c.  Out: cpio
# archives; the kernel unpacks concatenated ones over each other, so that a run adds its files
# without touching the base.
#
# The layout is merged-usr like a distribution's.  Both archives hold the links (bin ->
# usr/bin), because a directory entry "bin" in the second would replace the link of the first.

umask 022

merged_usr() { # DIR
	mkdir -p "$1"/usr/{bin,lib,lib64}
	ln -s bin "$1/usr/sbin"
	ln -s usr/bin usr/sbin usr/lib usr/lib64 "$1"
}

pack() { # DIR OWNER PATH...
	(cd "$1" && find "${@:3}" ! -path . -print0 | sort -z | cpio -0 -o -H newc -R "$2" --quiet)
}

write_etc() { # DIR
	mkdir -p "$1/etc"
	cat >"$1/etc/passwd" <<-'EOF'
		root:x:0:0:root:/root:/bin/sh
		daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
		user:x:1000:1000:user:/home/user:/bin/sh
		nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
	EOF
	cat >"$1/etc/group" <<-'EOF'
		root:x:0:
		daemon:x:1:
		tty:x:5:
		user:x:1000:
		nogroup:x:65534:
	EOF
	printf 'root:*:1::::::\nuser:*:1::::::\n' >"$1/etc/shadow"
	chmod 600 "$1/etc/shadow"
	printf '127.0.0.1 localhost vmtest\n::1 localhost\n' >"$1/etc/hosts"
	printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n' >"$1/etc/nsswitch.conf"
	printf 'vmtest\n' >"$1/etc/hostname"
	printf '/bin/sh\n' >"$1/etc/shells"
}

build_base() { # INIT BUSYBOX ARCHIVE
	local init=$1 busybox=$2 archive=$3 dir applet
	dir=$(mktemp -d "$VM_CACHE/base.XXXXXX")
	merged_usr "$dir"
	mkdir -p "$dir"/{dev,etc,home/user,mnt,opt,proc,root,run,srv,sys,tmp,usr/local/bin,var/log,var/tmp}
	chmod 700 "$dir/root"
	chmod 1777 "$dir/tmp" "$dir/var/tmp"
	cp "$init" "$dir/init"
	cp "$busybox" "$dir/usr/bin/busybox"
	chmod 755 "$dir/init" "$dir/usr/bin/busybox"
	while read -r applet; do
		[[ $applet == busybox ]] || ln -s busybox "$dir/usr/bin/$applet"
	done < <("$busybox" --list)
	write_etc "$dir"
	{
		pack "$dir" 0:0 .
		pack "$dir" 1000:1000 home/user
	} >"$archive.new"
	rm -rf "$dir"
	mv "$archive.new" "$archive"
}

# Prints the path of the base archive, which is built when one of its parts has changed.
base_archive() {
	local init=$VM_ROOT/build/vmtest/init busybox key archive
	need make make
	need cpio cpio
	need busybox busybox-static
	busybox=$(command -v busybox)
	if ldd "$busybox" >/dev/null 2>&1; then
		die "$VM_BROKEN" "$busybox is not static: install the package busybox-static"
	fi
	make -s -C "$VM_ROOT" -f vmtest/build.mk BUILD=build build/vmtest/init >&2 ||
		die "$VM_BROKEN" "cannot build vmtest/init"
	key=$(cat "$init" "$busybox" "${BASH_SOURCE[0]}" | cksum)
	archive=$VM_CACHE/base-${key%% *}.cpio
	if [[ ! -s $archive ]]; then
		mkdir -p "$VM_CACHE"
		take_lock base
		# Not the young ones: another run may be about to read one.
		find "$VM_CACHE" -maxdepth 1 -name 'base-*.cpio' -mmin +60 -delete
		[[ -s $archive ]] || build_base "$init" "$busybox" "$archive"
	fi
	printf '%s\n' "$archive"
}

# Where a path of the VM lies in the staging directory.  /tmp and /run are mounted over in the
# VM: their files wait elsewhere until PID 1 copies them.
staged() { # STAGE PATH
	case $2/ in
	/tmp/* | /run/*) printf '%s\n' "$1/.vmtest/late$2" ;;
	/dev/* | /proc/* | /sys/* | /.vmtest/*) usage_error "no file can be put at $2" ;;
	/*) printf '%s\n' "$1$2" ;;
	*) usage_error "the place of a file in the VM must be absolute, not '$2'" ;;
	esac
}

# Copies the shared libraries that programs need to where their loader looks for them.
stage_libraries() { # STAGE PROGRAM...
	local stage=$1 listing missing library place
	shift
	(($# > 0)) || return 0
	# ldd fails on scripts and static programs, which need nothing.
	listing=$(ldd "$@" 2>/dev/null) || true
	missing=$(awk '/=> not found/ { print $1 }' <<<"$listing" | sort -u | xargs)
	[[ -z $missing ]] || die "$VM_BROKEN" "cannot find the libraries: $missing"
	while read -r library; do
		place=$(staged "$stage" "$library")
		[[ -e $place ]] && continue
		mkdir -p "$(dirname "$place")"
		cp -L --preserve=mode,timestamps "$library" "$place"
	done < <(awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// && $2 ~ /^\(/ { print $1 }' \
		<<<"$listing" | sort -u)
}

# Copies a file or directory; without a path it keeps the one it has on the host.
stage_file() { # STAGE FILE[:PATH]
	local stage=$1 file=$2 path='' place
	local -a programs
	if [[ ! -e $file && $file == *:/* ]]; then
		path=${file##*:}
		file=${file%:*}
	fi
	[[ -e $file ]] || usage_error "no such file: $file"
	: "${path:=$(realpath -s "$file")}"
	[[ $path != */ || -d $file ]] || path=$path$(basename "$file")
	place=$(staged "$stage" "${path%/}")
	mkdir -p "$(dirname "$place")"
	if [[ -d $file ]]; then
		mkdir -p "$place"
		cp -a --no-preserve=ownership "$file/." "$place"
		mapfile -d '' programs < <(find "$file/" -type f -perm -u+x -print0)
	else
		cp -L --preserve=mode,timestamps "$file" "$place"
		programs=()
		[[ ! -x $file ]] || programs=("$(realpath "$file")")
	fi
	stage_libraries "$stage" "${programs[@]}"
}

# Writes the archive of one run: files (those of the array FILES) and the command.
run_archive() { # STAGE ARCHIVE COMMAND...
	local stage=$1 archive=$2 file
	shift 2
	merged_usr "$stage"
	mkdir -p "$stage/.vmtest" "$(staged "$stage" "${PWD%/}/.")"
	for file in "${FILES[@]}"; do
		stage_file "$stage" "$file"
	done
	printf '%s\0' "$PWD" "$@" >"$stage/.vmtest/command"
	pack "$stage" 0:0 . >"$archive"
}
