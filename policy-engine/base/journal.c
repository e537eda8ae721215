/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

bool journal_has(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat st;
	return stream != NULL && sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 &&
	       fstat(fd, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

/* Lines "NAME=VALUE". No value has a line feed in it. */
static size_t write_fields(char *out, size_t size, const journal_entry_t *entry)
{
	FILE *file = fmemopen(out, size, "w");
	if (file == NULL) {
		return 0;
	}
	fprintf(file, "PRIORITY=%d\nSYSLOG_IDENTIFIER=ods-engine\nMESSAGE=%s\n", entry->priority,
	        entry->text);
	if (entry->event != NULL) {
		fprintf(file, "EVENT=%s\n", entry->event);
	}
	if (entry->zone != NULL) {
		fprintf(file, "ZONE=%s\n", entry->zone);
	}
	if (entry->keytag != 0) {
		fprintf(file, "KEYTAG=%u\n", entry->keytag);
	}
	const long len = ftell(file);
	return fclose(file) == 0 && len > 0 && (size_t)len < size ? (size_t)len : 0;
}

bool journal_send(const char *path, const journal_entry_t *entry)
{
	char fields[8192];
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const size_t len = write_fields(fields, sizeof(fields), entry);
	if (len == 0 || strlen(path) >= sizeof(to.sun_path)) {
		return false;
	}
	strcpy(to.sun_path, path);
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const bool sent = fd >= 0 && sendto(fd, fields, len, MSG_DONTWAIT | MSG_NOSIGNAL,
	                                    (struct sockaddr *)&to, sizeof(to)) == (ssize_t)len;
	if (fd >= 0) {
		close(fd);
	}
	return sent;
}
