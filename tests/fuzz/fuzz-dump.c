/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as a dump of the enforcer's database: it is refused with a reason, or there is a database. */

#include <stdint.h>
#include <sys/stat.h>

#include "policy-engine/import/ods-dump.h"
#include "tests/fuzz/target.h"

#define INPUT_MAX 16384 /* Octets. */
#define END "\n-- Dump completed\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_MAX) {
		return 0;
	}
	char path[TARGET_PATH_MAX], err[500] = "";
	const int fd = make_file(data, size, path);
	fchmod(fd, 0600);
	demand(write(fd, END, sizeof(END) - 1) == sizeof(END) - 1, "there is memory");
	sqlite3 *sqlite = NULL;
	if (ods_dump_open(path, &sqlite, err, sizeof(err)) == 0) {
		demand(sqlite3_exec(sqlite, "SELECT * FROM zone", NULL, NULL, NULL) != SQLITE_CORRUPT, "it is a database");
	} else {
		demand(strncmp(err, "/proc/", 6) == 0, "an error names the file");
	}
	sqlite3_close(sqlite);
	close(fd);
	return 0;
}
