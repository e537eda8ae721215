# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# The manual: that it is built, and that its commands do what it says.

# shellcheck disable=SC1091
. "$e2e/manual-lib.sh"

# Warnings are errors: a reference to nowhere, an element twice.
test_build() { # short
	"$top/doc/build" "$top" "$BUILD_DIR/ods" test "$work/manual" >build.log 2>&1 || fail "$(cat build.log)"
	local page
	for page in "$top"/doc/*.rst; do
		[ -s "manual/html/$(basename "$page" .rst).html" ] || fail "no $page"
	done
	[ "$(find manual/html/_images -name '*.svg' | wc -l)" = 14 ] || fail "$(ls manual/html/_images)"
	grep -q 'omnipresent' manual/html/_images/KskDoubleSignature.svg
	# two keys of a kind are there at the same time
	[ "$(grep -c 'class="t"' manual/html/_images/KskDoubleSignature.svg)" -ge 1 ]
	grep -q 'id="said-' manual/html/trouble.html || grep -q 'said' manual/html/trouble.html
	grep -q 'HISTORY\|SEE ALSO' manual/html/commands.html || fail "no man pages"
}

# here TEXT: a command of the manual, whose paths are a server's, with those of $D, as quickstart has them.
here() {
	sed -e "s|/tmp/|$work/|g" \
		-e "s|/run/knot/opendnssec.sock|$MODULE_SOCKET|g" \
		-e "s|/run/mod-opendnssec/engine.sock|$ENGINE_SOCKET|g" \
		-e "s|/var/lib/knot/opendnssec|$D/store|g" \
		-e "s|/var/lib/knot/zones|$D/zones|g" \
		-e "s|/var/lib/softhsm|$D|g" \
		-e "s|/var/lib/mod-opendnssec|$D|g" \
		-e "s|/etc/mod-opendnssec|$D|g" \
		-e 's|^runuser -u knot -- ||' <<<"$1"
}

# What the commands of the manual are here.
commands_of_a_server() {
	knotc() {
		case " $* " in
		*' -s '*) command knotc "$@" ;;
		*) command knotc -s "$KNOT_SOCKET" "$@" ;;
		esac
	}
	kdig() { command kdig -p "$PORT" +timeout=5 "$@"; }
	ods-hsm() { "$BUILD_DIR/ods-hsm" -c "$D/conf.xml" "$@"; }
	ods-checkzone() { "$BUILD_DIR/ods-checkzone" "$@"; }
	systemctl() {
		local server
		for server in "${@:2}"; do
			case "$1 $server" in
			'stop knot') stop_pid "$(cat "$D/run/knotd.pid")" ;;
			'start knot') start_knotd ;;
			'stop ods-engine') stop_pid "$(cat "$D/run/ods-engine.pid")" ;;
			'start ods-engine') start_engine ;;
			*) fail "the manual says: systemctl $*" ;;
			esac
		done
	}
}

test_commands() { # limit 300
	small example.com.zone example.com 1
	mkdir -p d/zones
	chmod 700 d
	mv example.com.zone d/zones
	quick d --zone example.com="$work/d/zones/example.com.zone"
	commands_of_a_server
	local page
	for page in first-zone zones parent monitoring rollovers recovery upgrades; do
		run_page $page
	done
	# each page that has some was run; migration by suite migrate, migration-others by suite others
	[ "$(grep -l ':class: run' "$top"/doc/*.rst | wc -l)" = 9 ] || fail "a page's commands are not run"
	validate example.com
}
