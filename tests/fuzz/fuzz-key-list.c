/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as a list of keys, of Knot and of PowerDNS: it is refused with its line, or each zone has a fault, or
 * keys with states that belong together. */

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/foreign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const kinds[] = { "knot", "powerdns" };
	char path[TARGET_PATH_MAX];
	const int fd = make_file(data, size, path);
	demand(fchmod(fd, 0600) == 0, "the file is nobody else's");
	for (size_t i = 0; i < 2; i++) {
		read_foreign(kinds[i], path);
	}
	close(fd);
	return 0;
}
