# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# What "make install" installs, and the examples just as they are.

# Debian's packages and those of the RPM recipe have a place for each file below root, and for no other.
recipes() {
	find root -type f -printf '%P\n' | sed 's|^usr/local/|usr/|' >installed
	sed 's/ .*//' "$top"/debian/*.install >places.debian
	sed -n -e 's|%{knot_modules}|usr/lib/*/knot/modules*|; s|%{_mandir}|usr/share/man|; s|%{_datadir}|usr/share|' \
		-e 's|%{_\(s\?bin\)dir}|usr/\1|; /^usr/p' "$top/contrib/mod-opendnssec.spec" >places.rpm
	python3 - places.debian places.rpm <<-'EOT' || fail 'see above'
	import fnmatch, sys
	files = open("installed").read().split()
	wrong = []
	for name in sys.argv[1:]:
	    places = open(name).read().split()
	    found = {p: [f for f in files if fnmatch.fnmatch(f, p) or fnmatch.fnmatch(f, p + "/*")] for p in places}
	    wrong += [f"{name}: no file {place}" for place in places if not found[place]]
	    wrong += [f"{name}: no place for {f}" for f in set(files) - set(sum(found.values(), []))]
	print("\n".join(wrong))
	sys.exit(len(wrong) > 0)
	EOT
}

# Where knotd lacks a function the module cannot be loaded, not even to say for which Knot it is. All from 3.2 to 3.5
# have these.
functions_of_all() {
	local known=" conf conf_check_item conf_check_ref conf_free conf_mod conf_zone mod_ctx mod_ctx_set mod_hook mod_in_hook
		mod_log mod_stats_add mod_stats_incr mod_stats_store mod_zone qdata_zone_apex_rrset " name
	for name in $(nm -D --undefined-only "$1" | sed -n 's/^ *U knotd_//p'); do
		[[ ${known//[[:space:]]/ } == *" $name "* ]] || fail "do all versions of Knot have knotd_$name()?"
	done
}

test_install() {
	local module
	module=$(pkg-config --variable=module_instdir knotd)/opendnssec.so
	make -s -C "$BUILD_DIR" install DESTDIR="$work/root" >install.log 2>&1
	[ -e "root$module" ] || fail "no $module"
	functions_of_all "root$module"
	find root | sort
	find root -path '*/sbin/ods-engine' | grep . >/dev/null || fail "no ods-engine"
	find root -path '*/bin/ods-hsm' | grep . >/dev/null || fail "no ods-hsm"
	find root -path '*/examples/knot.conf' | grep . >/dev/null || fail "no examples/knot.conf"
	recipes
	make -s -C "$BUILD_DIR" uninstall DESTDIR="$work/root" >uninstall.log 2>&1
	[ -z "$(find root -type f)" ] || fail "uninstall left $(find root -type f)"
}

# A tarball has all that is committed.
test_tarball() {
	if ! git -C "$top" ls-files >committed 2>/dev/null || [ ! -s committed ]; then
		echo "skipped: no git here"
		return
	fi
	make -s -C "$BUILD_DIR" distdir distdir="$work/tarball" >distdir.log 2>&1 || fail "$(tail -n 5 distdir.log)"
	(cd tarball && find . -type f -printf '%P\n') | sort >given
	grep -vx -e '\.gitignore' -e '\.ci/.*' committed | sort | comm -13 given - >lost
	[ ! -s lost ] || fail "the tarball lacks $(xargs <lost)"
}

# On a machine of its own (overlays over this one's files, a network without anybody else): make
# install, the examples copied to where they say they belong, the server's own user and paths.
test_examples_as_installed() { as_installed by_hand; }

# The same by ods setup, with the distribution's knot.conf.
test_setup() { as_installed by_setup; }
test_setup_own_conf() { as_installed by_template; }
test_setup_other_token() { as_installed by_token; }
test_setup_folder() { as_installed by_folder; }

as_installed() {
	if ! unshare -m -n true 2>/dev/null; then
		echo "skipped: no right to make namespaces"
		return
	fi
	unshare -m -n --pid --fork --kill-child bash "$e2e/as-installed" "$BUILD_DIR" "$top" \
		"$work" "$1" ||
		fail "see above"
}
