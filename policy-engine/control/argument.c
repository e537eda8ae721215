/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/control/argument.h"

#include <stdlib.h>

bool argument_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

bool argument_number(const char *text, uint64_t max, uint64_t *number)
{
	char *end = NULL;
	if (text == NULL || text[0] < '0' || text[0] > '9') {
		return false; /* strtoull() would take blanks and a sign. */
	}
	unsigned long long value = strtoull(text, &end, 10);
	if (*end != '\0' || value > max) {
		return false;
	}
	*number = value;
	return true;
}
