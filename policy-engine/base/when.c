/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/when.h"

#include <stdio.h>
#include <string.h>

#include "common/moment.h"

#include "policy-engine/base/duration.h"

const char *when_stamp(int64_t when, char buf[WHEN_TEXT_MAX])
{
	return moment_write(when, buf) ? buf : strcpy(buf, "never");
}

const char *when_text(int64_t when, int64_t now, char buf[WHEN_TEXT_MAX])
{
	char date[WHEN_TEXT_MAX], span[DURATION_TEXT_MAX];
	snprintf(buf, WHEN_TEXT_MAX, "%.30s (in %s)", when_stamp(when, date),
	         duration_text(when - now, span));
	return buf;
}
