/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as the database of an OpenDNSSEC: they are refused with a reason, or give zones, policies
 * and keys whose numbers lie where whoever uses them as an index expects them. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy-engine/import/ods-db.h"
#include "tests/fuzz/target.h"

static char path[64];
static int fd = -1;

static void finish(void)
{
	unlink(path);
	close(fd);
}

/* SQLite wants a name that it finds again. */
static void start(void)
{
	snprintf(path, sizeof(path), "/tmp/fuzz-ods-db-XXXXXX");
	fd = mkostemp(path, O_CLOEXEC);
	demand(fd >= 0, "there is a file");
	atexit(finish);
}

static void check_zone(const ods_db_t *db, const ods_zone_t *zone)
{
	demand(zone->name != NULL && zone->input.path != NULL && zone->output.path != NULL,
	       "a zone has its texts");
	demand(zone->fault[0] != '\0' || zone->policy < db->policy_count, "a zone has a policy");
	for (size_t i = 0; i < zone->key_count; i++) {
		const ods_key_t *key = &zone->keys[i];
		demand(zone->fault[0] != '\0' || key->pair < db->pair_count, "a key has a pair");
		demand(key->role <= KEYSET_CSK && key->ds <= ODS_DS_RETRACTED, "numbers are ours");
		for (int r = 0; r < KEYSET_RECORDS; r++) {
			demand(key->record[r].state <= KEYSET_UNRETENTIVE, "a state is one of ours");
		}
	}
}

static void check(const ods_db_t *db)
{
	for (size_t i = 0; i < db->policy_count; i++) {
		demand(db->policies[i].name != NULL, "a policy has a name");
		demand(db->policies[i].salt_len <= sizeof(db->policies[i].salt), "a salt fits");
	}
	for (size_t i = 0; i < db->pair_count; i++) {
		demand(db->pairs[i].locator != NULL && db->pairs[i].repository != NULL,
		       "a pair has its texts");
	}
	for (size_t i = 0; i < db->zone_count; i++) {
		check_zone(db, &db->zones[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fd < 0) {
		start();
	}
	/* In this order, since ext4 writes a file that was emptied to the disk at once. */
	demand(pwrite(fd, data, size, 0) == (ssize_t)size && ftruncate(fd, size) == 0,
	       "the file is written");
	ods_db_t db = { 0 };
	char err[1024] = "";
	if (ods_db_read(path, &db, err, sizeof(err)) == 0) {
		check(&db);
		ods_db_deinit(&db);
	} else {
		demand(strncmp(err, path, strlen(path)) == 0, "an error names the file");
		demand(db.zones == NULL && db.pairs == NULL, "an error leaves nothing");
	}
	return 0;
}
