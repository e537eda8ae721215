# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# What "make install" installs, and the examples just as they are.

test_install() {
	local module
	module=$(pkg-config --variable=module_instdir knotd)/opendnssec.so
	make -s -C "$BUILD_DIR" install DESTDIR="$work/root" >install.log 2>&1
	[ -e "root$module" ] || fail "no $module"
	find root | sort
	find root -path '*/sbin/ods-engine' | grep . >/dev/null || fail "no ods-engine"
	find root -path '*/bin/ods-hsm' | grep . >/dev/null || fail "no ods-hsm"
	find root -path '*/examples/knot.conf' | grep . >/dev/null || fail "no examples/knot.conf"
	make -s -C "$BUILD_DIR" uninstall DESTDIR="$work/root" >uninstall.log 2>&1
	[ -z "$(find root -type f)" ] || fail "uninstall left $(find root -type f)"
}

# On a machine of its own (overlays over this one's files, a network without anybody else): make
# install, the examples copied to where they say they belong, the server's own user and paths.
test_examples_as_installed() { as_installed by_hand; }

# The same by ods setup, with the distribution's knot.conf.
test_setup() { as_installed by_setup; }
test_setup_other_token() { as_installed by_token; }

as_installed() {
	if ! unshare -m -n true 2>/dev/null; then
		echo "skipped: no right to make namespaces"
		return
	fi
	unshare -m -n --pid --fork --kill-child bash "$e2e/as-installed" "$BUILD_DIR" "$top" \
		"$work" "$1" ||
		fail "see above"
}
