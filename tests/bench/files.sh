# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Thousands of small zones, each with a KSK and a ZSK of its own: from the start of knotd and engine, with no
# key at all, until all zones are served. With keys in PEM files, beside Knot's own signing by such keys; with
# keys in a SoftHSM token, beside a bare loop that makes as many keys and signatures in another.

# shellcheck source=tests/bench/many.sh
. "$bench_dir/many.sh"

bench_files() {
	many_files
	files_native
	files_ours
	at_least files-first-signing-served "$(divide "$(cat native.served)" "$(cat ours.served)")" 1.0 \
		"$MANY zones with two keys each: $(cat ours.served) s until all are served;" \
		"signed by Knot: $(cat native.served) s"
}

bench_tokens() {
	local signatures bare
	many_files
	own_keys 's|^|&|'
	signatures=$(many_signatures)
	halt ours
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	bare=$("$BUILD_DIR/tests/bench/bare-keys" "$MANY" $((signatures / MANY)) | sed -n '/^[0-9.]*$/p')
	at_least tokens-first-signing-served "$(divide "$bare" "$(cat ours.served)")" 0.67 \
		"$MANY zones with two keys each: $(cat ours.served) s until all are served;" \
		"bare loop: $bare s for as many keys and $signatures signatures"
	slow_token tokens-start-slow-token
}

files_native() {
	local items=('acl: local' 'zonefile-sync: -1' 'zonefile-load: whole' 'journal-content: all'
		'dnssec-signing: on' 'dnssec-policy: bench')
	plain native z0.test "file: \"$work/zones/z0\"" "${items[@]:2}"
	many_sections "$work/zones" "${items[@]}" >>"$work/native/knot.conf"
	sed -i -e '/^keystore:/,/config:/d' -e '/keystore: token/d' "$work/native/knot.conf"
	start_many native
	since "$begin" "$(many_lines native "$LOADED")" >native.served
	validate "z$((MANY - 1)).test"
	halt native
}

files_ours() {
	own_keys 's|<Repository>SoftHSM|<Repository>Files|'
}

# own_keys EXPRESSION: signs all zones for the first time, by a kasp.xml that sed makes so.
own_keys() {
	small "$work/first.zone" first.test 1
	quick ours --zone "first.test=$work/first.zone"
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	halt ours
	rm -rf "$D"/knot "$D"/store/* "$D"/kasp.db*
	mkdir "$D/knot"
	sed -i -e 's:<SignerThreads>.*</:<SignerThreads>2</:' \
		-e "s|</RepositoryList>|<Repository name=\"Files\"><Folder>$work/keys</Folder></Repository>&|" \
		"$D/conf.xml"
	sed -i "$1" "$D/kasp.xml"
	"$BUILD_DIR/ods-hsm" -c "$D/conf.xml" init Files
	sed -i -e 's/^    policy: .*/&\n    verify: sample/' -e '/first.test/,$d' \
		-e 's/dnssec-validation: on/dnssec-validation: off/' "$D/knot.conf"
	{
		printf '  - domain: "z0.test"\n    file: "%s/zones/z0"\n' "$work"
		many_sections "$work/zones"
	} >>"$D/knot.conf"
	start_many ours
	start_engine
	since "$begin" "$(many_lines ours "$SERVED")" >ours.served
	validate "z$((MANY - 1)).test"
}
