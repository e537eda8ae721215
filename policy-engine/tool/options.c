/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/tool/options.h"

bool options_take(invocation_t *run, int option, const char *value)
{
	switch (option) {
	case 'c':
		run->conf = value;
		return true;
	case 's':
		run->socket = value;
		return true;
	case 'j':
		run->json = true;
		return true;
	case 'y':
		run->yes = true;
		return true;
	default:
		return false;
	}
}
