/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as the state file of OpenDNSSEC's signer, and as a zone file of it: they are refused with a
 * reason, or give a serial and keys. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy-engine/import/ods-signer.h"
#include "tests/fuzz/target.h"

static char dir[64], path[96];
static int fd = -1;

static void finish(void)
{
	close(fd);
	unlink(path);
	rmdir(dir);
}

static void start(void)
{
	snprintf(dir, sizeof(dir), "/tmp/fuzz-ods-signer-XXXXXX");
	demand(mkdtemp(dir) != NULL, "there is a folder");
	snprintf(path, sizeof(path), "%s/example.com.backup2", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	demand(fd >= 0, "there is a file");
	atexit(finish);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fd < 0) {
		start();
	}
	/* In this order, since ext4 writes a file that was emptied to the disk at once. */
	demand(pwrite(fd, data, size, 0) == (ssize_t)size && ftruncate(fd, size) == 0,
	       "the file is written");

	char err[1024] = "";
	ods_signer_t signer = { 0 };
	int ret = ods_signer_read(dir, "example.com", &signer, err, sizeof(err));
	demand((ret == 0) == signer.state && (ret == 0 || err[0] != '\0'), "a reason, or a state");
	demand(ret != 0 || signer.published, "a state has a serial");
	demand(signer.key_count <= ODS_SIGNER_KEYS, "keys are as many as fit");
	for (size_t i = 0; i < signer.key_count; i++) {
		const char *locator = signer.keys[i].locator;
		demand(memchr(locator, '\0', sizeof(signer.keys[i].locator)) != NULL, "a text ends");
	}

	err[0] = '\0';
	ods_signer_t zone = { 0 };
	ret = ods_signer_read_zone(path, &zone, err, sizeof(err));
	demand((ret == 0) == zone.published && (ret == 0 || err[0] != '\0'),
	       "a reason, or a serial");
	return 0;
}
