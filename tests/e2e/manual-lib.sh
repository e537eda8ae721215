# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# The commands of the manual's pages, as they are printed.

# said REGEX COMMAND: the command's output has that; what its exit status is does not matter then.
said() {
	eval "$2" >said.out 2>&1 || true
	grep -qP -- "$1" said.out
}

# run_page NAME [FIRST LAST]: the commands of a page, or some of them by their number, one after the other, as they
# would be typed; here() makes of them what they are on this machine.
run_page() {
	local says command count=0
	while IFS=$'\x1f' read -r says command <&3; do
		count=$((count + 1))
		[ $count -ge "${2:-1}" ] && [ $count -le "${3:-$count}" ] || continue
		command=$(here "$command")
		echo "$SECONDS s, $1: $command"
		if [ -n "$says" ]; then
			within 30 said "$says" "$command"
		else
			eval "$command" >said.out 2>&1 || fail "$1: $command: $(cat said.out)"
		fi
	done 3< <("$top/tests/manual/commands" "$top/doc/$1.rst")
	[ $count -gt 0 ] || fail "$1 has no commands"
}
