# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Each folder of examples/, copied as it is to where it says that it belongs, and started. The files of examples/ itself
# are a single server: install:test_examples_as_installed.

test_hidden_signer() { started hidden-signer; }
test_dynamic() { started dynamic; }
test_catalog() { started catalog; }
test_two_tokens() { started two-tokens; }
test_p11_kit() { started p11-kit; }
test_tld() { started tld; }

started() {
	if ! unshare -m -n true 2>/dev/null; then
		echo "skipped: no right to make namespaces"
		return
	fi
	unshare -m -n --pid --fork --kill-child bash "$e2e/example-machine" "$BUILD_DIR" "$top" "$work" "$1" ||
		fail "see above"
}

# The manual has each of them, and the package, too.
test_named() { # short
	local folder
	for folder in "$top"/examples/*/; do
		folder=$(basename "$folder")
		grep -q "examples/$folder" "$top"/doc/*.rst || fail "the manual has no examples/$folder"
		grep -q "^examples/$folder/" "$top/debian/mod-opendnssec-doc.examples" ||
			[ "$folder" = systemd ] || fail "the package has no examples/$folder"
	done
}

# Each metric that the dashboard uses is one that "ods metrics" gives.
test_dashboard() { # short
	small a.test a.test 1
	hasty_policy PT1H
	quick q --kasp kasp.xml --policy quick --zone a.test="$work/a.test"
	ods save "$work/copy"
	within 60 waits_for_a_person
	python3 - "$top/examples/grafana/mod-opendnssec.json" metrics >rules.yml <<-'EOT' || fail "the dashboard"
	import json, re, sys
	board = json.load(open(sys.argv[1]))
	known = set(re.findall(r'^# TYPE (\S+)', open(sys.argv[2]).read(), re.M))
	asked = [target['expr'] for panel in board['panels'] for target in panel['targets']]
	lost = {name for text in asked for name in re.findall(r'\bods_\w+', text)} - known
	assert len(asked) >= 10 and not lost, (asked, lost)
	ids = [panel['id'] for panel in board['panels']]
	assert len(ids) == len(set(ids)), ids
	assert all(panel['gridPos']['x'] + panel['gridPos']['w'] <= 24 for panel in board['panels'])
	print('groups: [{name: dashboard, rules: [')
	for number, text in enumerate(asked):
	    text = text.replace('$zone', '.*').replace('$__rate_interval', '5m')
	    print(f'{{record: "dashboard:q{number}", expr: {json.dumps(text)}}},')
	print(']}]')
	EOT
	# and Prometheus takes each question
	promtool check rules rules.yml || fail "$(cat rules.yml)"
}
waits_for_a_person() { ods metrics >metrics && grep '^ods_parent_waiting_since' metrics; }
