/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as the zone files that ods migrate compare reads: of two that are the same nothing differs. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy-engine/migrate/compare.h"
#include "tests/fuzz/target.h"

/* Where failures are said, instead of by demand(); what the comparison prints goes nowhere. */
static FILE *loud;

static void insist(bool holds, const char *what)
{
	if (!holds) {
		fprintf(loud != NULL ? loud : stderr, "does not hold: %s\n", what);
		fflush(NULL);
		abort();
	}
}

#define INPUT_MAX 16384 /* Octets. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (loud == NULL) {
		loud = fdopen(dup(STDERR_FILENO), "w");
		insist(loud != NULL && freopen("/dev/null", "w", stdout) != NULL &&
		       freopen("/dev/null", "w", stderr) != NULL, "what is compared says nothing here");
	}
	if (size > INPUT_MAX) {
		return 0;
	}
	char path[TARGET_PATH_MAX];
	const int fd = make_file(data, size, path);
	insist(compare_zones("example.com.", path, path) <= 0, "nothing differs");
	close(fd);
	return 0;
}
