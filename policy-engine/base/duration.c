/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct {
	char letter;
	bool time; /* The unit stands behind the T. */
	uint32_t seconds;
} unit_t;

/* In the order in which they may follow each other. */
static const unit_t units[] = {
	{ 'Y', false, 365 * 86400 }, { 'M', false, 31 * 86400 }, { 'W', false, 7 * 86400 },
	{ 'D', false, 86400 },       { 'H', true, 3600 },        { 'M', true, 60 },
	{ 'S', true, 1 },
};

#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

/* Reads digits. A number beyond DURATION_MAX becomes DURATION_MAX + 1; so nothing overflows. */
static const char *number(const char *s, uint64_t *value)
{
	*value = 0;
	while (*s >= '0' && *s <= '9') {
		*value = *value * 10 + (uint64_t)(*s - '0');
		if (*value > DURATION_MAX) {
			*value = (uint64_t)DURATION_MAX + 1;
		}
		s++;
	}
	return s;
}

int duration_parse(const char *text, uint32_t *seconds, const char **why)
{
	if (*text != 'P') {
		*why = "a duration begins with P, as in P1D or PT1H";
		return -1;
	}
	const char *s = text + 1;
	bool time = false, any = false;
	size_t next = 0;
	uint64_t sum = 0;
	while (*s != '\0') {
		if (*s == 'T' && !time) {
			time = true;
			any = false;
			s++;
			continue;
		}
		uint64_t value;
		const char *end = number(s, &value);
		if (end == s) {
			*why = "a whole number without sign has to stand before each unit";
			return -1;
		}
		while (next < UNIT_COUNT &&
		       (units[next].time != time || units[next].letter != *end)) {
			next++;
		}
		if (next == UNIT_COUNT) {
			*why = "units are Y, M, W, D and behind a T H, M, S, each once, in "
			       "that order";
			return -1;
		}
		sum += value * units[next].seconds;
		if (sum > DURATION_MAX) {
			*why = "longer than 68 years";
			return -1;
		}
		next++;
		any = true;
		s = end + 1;
	}
	if (!any) {
		*why = time ? "nothing behind the T" : "nothing behind the P";
		return -1;
	}
	*seconds = (uint32_t)sum;
	return 0;
}

bool duration_has_calendar(const char *text)
{
	size_t date = strcspn(text, "T");
	return memchr(text, 'Y', date) != NULL || memchr(text, 'M', date) != NULL;
}

const char *duration_text(int64_t seconds, char *buf)
{
	static const struct {
		int64_t seconds;
		char letter;
	} steps[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };

	if (seconds < 0) {
		seconds = 0;
	}
	size_t i = 0;
	while (i < 3 && seconds < steps[i].seconds) {
		i++;
	}
	int64_t big = seconds / steps[i].seconds;
	int64_t small = i < 3 ? seconds % steps[i].seconds / steps[i + 1].seconds : 0;
	if (small != 0) {
		snprintf(buf, DURATION_TEXT_MAX, "%" PRId64 "%c %" PRId64 "%c", big,
		         steps[i].letter, small, steps[i + 1].letter);
	} else {
		snprintf(buf, DURATION_TEXT_MAX, "%" PRId64 "%c", big, steps[i].letter);
	}
	return buf;
}
