/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as the files of a key of BIND, K*.key and, behind a zero, K*.state: they are refused with their line, or
 * their zone has a fault, or a key with states that belong together. */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/foreign.h"

static char dir[64], paths[2][96];
static int fds[2] = { -1, -1 };

static void finish(void)
{
	for (int i = 0; i < 2; i++) {
		close(fds[i]);
		unlink(paths[i]);
	}
	rmdir(dir);
}

static void start(void)
{
	snprintf(dir, sizeof(dir), "/tmp/fuzz-bind-keys-XXXXXX");
	demand(mkdtemp(dir) != NULL, "there is a folder");
	for (int i = 0; i < 2; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/Ka.test.+013+1.%s", dir, i == 0 ? "key" : "state");
		fds[i] = open(paths[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		demand(fds[i] >= 0, "there is a file");
	}
	atexit(finish);
}

/* In this order, since ext4 writes a file that was emptied to the disk at once. */
static void fill(int fd, const uint8_t *data, size_t size)
{
	demand(pwrite(fd, data, size, 0) == (ssize_t)size && ftruncate(fd, size) == 0,
	       "the file is written");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fds[0] < 0) {
		start();
	}
	const uint8_t *zero = memchr(data, '\0', size);
	const size_t first = zero != NULL ? (size_t)(zero - data) : size;
	const size_t rest = first < size ? first + 1 : size;
	fill(fds[0], data, first);
	fill(fds[1], data + rest, size - rest);
	read_foreign("bind", dir);
	return 0;
}
