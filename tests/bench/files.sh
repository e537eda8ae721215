# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Thousands of small zones, each with a KSK and a ZSK of its own, in PEM files: from the start of knotd and
# engine, with no key at all, until all zones are served; beside Knot's own signing by keys in PEM files.

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
	small "$work/first.zone" first.test 1
	quick ours --zone "first.test=$work/first.zone"
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	halt ours
	rm -rf "$D"/knot "$D"/store/* "$D"/kasp.db*
	mkdir "$D/knot"
	sed -i -e 's:<SignerThreads>.*</:<SignerThreads>2</:' \
		-e "s|</RepositoryList>|<Repository name=\"Files\"><Folder>$work/keys</Folder></Repository>&|" \
		"$D/conf.xml"
	sed -i 's|<Repository>SoftHSM|<Repository>Files|' "$D/kasp.xml"
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
