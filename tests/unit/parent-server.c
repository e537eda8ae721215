/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/parent-server.h"
#include "tests/unit/remove-folder.h"

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "policy-engine/parent/ds-query.h"

#define SERVERS 2

static char dir[40];
static pid_t pids[SERVERS];
static char addresses[SERVERS][32];
static const char *children[SERVERS];
static uint16_t port; /* Of both, since parents' servers have one. */

static uint16_t free_port(const char *host)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	ck_assert_int_eq(inet_pton(AF_INET, host, &addr.sin_addr), 1);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	close(fd);
	return ntohs(addr.sin_port);
}

static void write_server(int i, const char *records)
{
	char path[100];
	snprintf(path, sizeof(path), "%s/%d", dir, i);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%d/net.zone", dir, i);
	FILE *out = fopen(path, "w");
	fprintf(out, "$ORIGIN net.\n$TTL 300\n@ SOA ns1 host 1 3600 900 604800 300\n@ NS ns1\n@ NS ns2\n"
	        "ns1 A 127.0.0.1\nns2 A 127.0.0.2\nexample NS ns.example\nns.example A 192.0.2.1\n%s",
	        records);
	fclose(out);
	snprintf(path, sizeof(path), "%s/%d/knot.conf", dir, i);
	out = fopen(path, "w");
	fprintf(out, "server:\n  rundir: %s/%d\n  listen: 127.0.0.%d@%u\ndatabase:\n  storage: %s/%d\n"
	        "log:\n  - target: stderr\n    any: error\nzone:\n  - domain: net\n    file: net.zone\n"
	        "    storage: %s/%d\n", dir, i, i + 1, port, dir, i, dir, i);
	if (children[i] != NULL) {
		fprintf(out, "  - domain: example.net\n    file: example.zone\n    storage: %s/%d\n", dir, i);
	}
	fclose(out);
	snprintf(path, sizeof(path), "%s/%d/example.zone", dir, i);
	out = fopen(path, "w");
	fputs(children[i] != NULL ? children[i] : "", out);
	fclose(out);
}

void parent_child(int i, const char *zone)
{
	children[i] = zone;
}

static bool answers(int i)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };
	ds_answer_t answer;
	char why[200];
	knot_dname_storage_t name;
	inet_pton(AF_INET, i == 0 ? "127.0.0.1" : "127.0.0.2", &addr.sin_addr);
	knot_dname_from_str(name, "example.net.", sizeof(name));
	struct sockaddr_storage server = { 0 };
	memcpy(&server, &addr, sizeof(addr));
	const ds_question_t question = { &server, name, 1, -1 };
	return ds_query(&question, &answer, why, sizeof(why)) == DS_QUERY_DONE;
}

void parent_serve(int i, const char *records)
{
	char conf[100];
	write_server(i, records);
	snprintf(conf, sizeof(conf), "%s/%d/knot.conf", dir, i);
	pids[i] = fork();
	if (pids[i] == 0) {
		setenv("PATH", "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", 1);
		execlp("knotd", "knotd", "-c", conf, (char *)NULL);
		_exit(127);
	}
	for (int n = 0; n < 200 && !answers(i); n++) {
		poll(NULL, 0, 50);
	}
	ck_assert_msg(answers(i), "knotd does not answer");
}

void parent_end(int i)
{
	if (pids[i] > 0) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
		pids[i] = 0;
	}
}

void parents_start(void)
{
	strcpy(dir, "/tmp/test-parents.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	port = free_port("127.0.0.1");
	for (int i = 0; i < SERVERS; i++) {
		snprintf(addresses[i], sizeof(addresses[i]), "127.0.0.%d@%u", i + 1, port);
	}
}

void parents_end(void)
{
	for (int i = 0; i < SERVERS; i++) {
		parent_end(i);
	}
	remove_folder(dir);
}

const char *parents_dir(void)
{
	return dir;
}

const char *parent_address(int i)
{
	return addresses[i];
}

uint16_t parent_port(void)
{
	return port;
}
