# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# RDATA that is malformed is not taken, since a secondary would refuse the whole zone.

verdicts=$BUILD_DIR/tests/unit/rdata-verdicts

# Whatever the module takes, other servers take.
test_judges() { # short
	"$verdicts" 40 "${SEED:-1}" >verdicts
	"$e2e/rdata-judges.py" verdicts
}
