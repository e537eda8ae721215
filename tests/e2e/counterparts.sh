# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# ods-from-opendnssec(7): each command that it prints works, and it has each command of OpenDNSSEC.

page=$top/man/ods-from-opendnssec.7

# run_line COMMAND...: of the page.
run_line() {
	case $1 in
	knotc) shift; if [ "$1" = -s ]; then knotc "$@"; else knot "$@"; fi ;;
	ods-hsm) "$BUILD_DIR/ods-hsm" -c "$D/conf.xml" "${@:2}" ;;
	ods) ods "${@:2}" ;;
	*) fail "the page has $1" ;;
	esac
}

test_each() {
	local line words tried=0
	small z z.test 1
	quick d --zone z.test=z
	within 60 signed z.test
	while read -r line; do
		read -ra words <<<"$(sed -e "s|ENGINE|$ENGINE_SOCKET|; s|MODULE|$MODULE_SOCKET|; s|ZONE|z.test|" \
			-e "s|KASP|$D/kasp.xml|; s|POLICY|default|; s|REPOSITORY|SoftHSM|" <<<"$line")"
		# 1 is what ods status says of a zone whose DS is not at the parent.
		run_line "${words[@]}" >line.out 2>&1 || [ "$line" = 'ods status' ] ||
			fail "$line: $(cat line.out)"
		does_not_say line.out 'unknown command|invalid command'
		tried=$((tried + 1))
	done < <(sed -n 's/^\.Dl //p' "$page")
	[ $tried -gt 40 ] || fail "$tried commands only were tried"
	within 20 signed z.test
}

salt() { ask +tcp +short z.test NSEC3PARAM | awk '{ print $4 }'; }
salt_is_new() { [ -n "$(salt)" ] && [ "$(salt)" != "$1" ]; }

# Instead of "policy resalt": salts change by <Resalt>, while answers are signed all the time.
test_resalt() {
	local first
	policy default salted "$(nsec3_denial '' 8)" 's|<Resalt>.*</Resalt>|<Resalt>PT15S</Resalt>|' \
		's|<Resign>.*<|<Resign>PT5S<|' | kasp kasp.xml
	small z z.test 1
	quick d --kasp kasp.xml --policy salted --zone z.test=z
	within 60 signed z.test
	probe z.test
	first=$(salt)
	grep -xE '[0-9A-F]{16}' <<<"$first" || fail "the salt is $first"
	within 40 salt_is_new "$first"
	validate z.test
	probe_end
}

# listed SECTION COMMAND: the page has it there.
listed() { sed -n "/^\.Sh $1/,/^\.Sh/p" "$page" | grep -E "^\.It Li (.* , )?$2( ,.*)?\$" >/dev/null; }

# All of OpenDNSSEC's commands, as they say themselves.
long_all() {
	local command
	# shellcheck disable=SC1091
	. "$e2e/opendnssec-lib.sh"
	ods=$work/ods
	mkdir -p "$ods/run"
	export SOFTHSM2_CONF=$work/softhsm2.conf
	mkdir tokens
	printf '%s\n' "directories.tokendir = $work/tokens" 'objectstore.backend = file' >"$SOFTHSM2_CONF"
	softhsm2-util --init-token --free --label all --pin 1234 --so-pin 5678 >softhsm2-util.out
	ods_conf "$ods" all 1234 >"$ods/conf.xml"
	{ echo '<KASP>'; policy default default; echo '</KASP>'; } >"$ods/kasp.xml"
	echo '<ZoneList/>' >"$ods/zonelist.xml"
	run_opendnssec
	ods-enforcer help | sed -n 's/^\([a-z].*\)/\1/p' | sed 's/ *<.*//; s/ *$//' >enforcer.help
	[ "$(wc -l <enforcer.help)" -gt 30 ] || fail "ods-enforcer's help: $(cat enforcer.help)"
	while read -r command; do
		case $command in
		backup*) command='backup list' ;;
		esac
		listed ODS-ENFORCER "$command" || fail "ods-enforcer $command is not in the page"
	done <enforcer.help
	ods-signer help | sed -n 's/^\([a-z]*\).*/\1/p' | grep . >signer.help
	while read -r command; do
		listed ODS-SIGNER "$command" || fail "ods-signer $command is not in the page"
	done <signer.help
	{ ods-hsmutil 2>&1 || true; } | sed -n '/^commands/,$s/^  \([a-z]*\).*/\1/p' >hsmutil.help
	while read -r command; do
		listed ODS-HSMUTIL "$command" || fail "ods-hsmutil $command is not in the page"
	done <hsmutil.help
	[ "$(cat signer.help hsmutil.help | wc -l)" -gt 20 ] || fail "they say: $(cat signer.help hsmutil.help)"
}
