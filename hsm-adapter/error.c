/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/text.h"

bool hsm_error_is_outage(int code)
{
	return code == HSM_EMODULE || code == HSM_ETOKEN || code == HSM_EPIN || code == HSM_EDEVICE ||
	       code == HSM_ESESSIONS || code == HSM_ELOGIN;
}

int hsm_error_set(hsm_error_t *err, int code, unsigned long rv, const char *fmt, ...)
{
	if (err == NULL) {
		return code;
	}

	err->rv = rv;
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);

	/* Names come from files and tokens, and an error has to stay one line of a log. */
	text_tame(err->text);
	return code;
}
