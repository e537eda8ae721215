/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The transfer server's socket and who may use it, for how long. */

#include "config.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "tests/unit/check-main.h"
#include "tests/unit/transfer-client.h"

START_TEST(test_pieces)
{
	int fd = dial();
	knot_pkt_t *pkt = question("example.", KNOT_RRTYPE_SOA);
	uint8_t length[2];
	knot_wire_write_u16(length, pkt->size);
	for (int i = 0; i < 2; i++) {
		send_all(fd, length + i, 1);
		(void)poll(NULL, 0, 20);
	}
	for (size_t i = 0; i < pkt->size; i++) {
		send_all(fd, pkt->wire + i, 1);
	}
	knot_pkt_free(pkt);
	pkt = receive_pkt(fd);
	ck_assert_uint_eq(knot_pkt_ext_rcode(pkt), KNOT_RCODE_NOERROR);
	knot_pkt_free(pkt);

	/* Several at once are answered in order. */
	for (int i = 0; i < 20; i++) {
		send_pkt(fd, question("example.", i % 2 ? KNOT_RRTYPE_SOA : KNOT_RRTYPE_A));
	}
	for (int i = 0; i < 20; i++) {
		pkt = receive_pkt(fd);
		ck_assert_uint_eq(knot_pkt_ext_rcode(pkt),
		                  i % 2 ? KNOT_RCODE_NOERROR : KNOT_RCODE_REFUSED);
		knot_pkt_free(pkt);
	}
	close(fd);
}
END_TEST

START_TEST(test_half_message)
{
	int fd = dial();
	send_all(fd, "\0\100\1\2\3", 5);
	ck_assert(is_closed(fd));
	close(fd);
}
END_TEST

START_TEST(test_stalled_reader)
{
	memory_fill(&test.zone.rrsets, test.zone.zone, 50000, false);
	int fd = dial();
	send_pkt(fd, question("example.", KNOT_RRTYPE_AXFR));
	ck_assert(until(&test.zone.views, 1));
	ck_assert(until(&test.zone.views, 0));
	ck_assert_uint_eq(test.zone.handed, 0);
	close(fd);
}
END_TEST

/*! The client goes away amid a transfer: no SIGPIPE, and the thread ends. */
START_TEST(test_lost_reader)
{
	memory_fill(&test.zone.rrsets, test.zone.zone, 50000, false);
	for (int i = 0; i < 20; i++) {
		int fd = dial();
		send_pkt(fd, question("example.", KNOT_RRTYPE_AXFR));
		ck_assert(until(&test.zone.views, 1));
		close(fd);
		ck_assert(until(&test.zone.views, 0));
	}
	ck_assert_uint_eq(test.zone.handed, 0);
}
END_TEST

START_TEST(test_foreign_process)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct sockaddr_un addr = { .sun_family = AF_UNIX };
		memcpy(addr.sun_path, test.path, strlen(test.path));
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		uint8_t byte;
		if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
			_exit(2);
		}
		_exit(recv(fd, &byte, 1, 0) == 0 ? 0 : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	ck_assert(until(&test.warnings, 1));
}
END_TEST

/* The socket's file */

START_TEST(test_mode)
{
	struct stat st;
	ck_assert_int_eq(stat(test.path, &st), 0);
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

static int start_fails(char *err, size_t err_size)
{
	transfer_t *second = NULL;
	int ret = transfer_start(&second, test.path, test.zone.publisher, &test.logger, err, err_size);
	ck_assert_ptr_null(second);
	ck_assert_int_ne(ret, KNOT_EOK);
	ck_assert_ptr_nonnull(strstr(err, test.path));
	return ret;
}

START_TEST(test_live_socket)
{
	char err[256];
	ck_assert_int_eq(start_fails(err, sizeof(err)), KNOT_EADDRINUSE);
	int fd = dial();
	expect_axfr(fd);
	close(fd);
}
END_TEST

START_TEST(test_stale_socket)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	memcpy(addr.sun_path, test.path, strlen(test.path));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
	start();
	fd = dial();
	expect_axfr(fd);
	close(fd);
}
END_TEST

START_TEST(test_other_file)
{
	char err[256];
	FILE *file = fopen(test.path, "w");
	fputs("precious", file);
	fclose(file);
	ck_assert_int_eq(start_fails(err, sizeof(err)), KNOT_EADDRINUSE);
	struct stat st;
	ck_assert_int_eq(stat(test.path, &st), 0);
	ck_assert_int_eq(st.st_size, 8);
	ck_assert_int_eq(unlink(test.path), 0);
}
END_TEST

START_TEST(test_bad_path)
{
	char err[512];
	(void)snprintf(test.path, sizeof(test.path), "%s/none/transfer.sock", test.dir);
	ck_assert_int_eq(start_fails(err, sizeof(err)), KNOT_ENOENT);

	transfer_t *second = NULL;
	char longer[200];
	memset(longer, 'x', sizeof(longer));
	longer[199] = '\0';
	int ret = transfer_start(&second, longer, test.zone.publisher, &test.logger, err, sizeof(err));
	ck_assert_int_eq(ret, KNOT_ERANGE);
	ck_assert_ptr_null(second);
	(void)snprintf(test.path, sizeof(test.path), "%s/transfer.sock", test.dir);
}
END_TEST

/*! On stop, a socket that took the path meanwhile stays. */
START_TEST(test_successor)
{
	transfer_t *first = test.server;
	ck_assert_int_eq(unlink(test.path), 0);
	start();
	transfer_stop(first);
	int fd = dial();
	expect_axfr(fd);
	close(fd);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transfer-socket");
	TCase *connections = tcase_create("connections");
	tcase_add_checked_fixture(connections, setup, teardown);
	tcase_set_timeout(connections, 120);
	tcase_add_test(connections, test_pieces);
	tcase_add_test(connections, test_half_message);
	tcase_add_test(connections, test_stalled_reader);
	tcase_add_test(connections, test_lost_reader);
	tcase_add_test(connections, test_foreign_process);
	tcase_add_test(connections, test_mode);
	tcase_add_test(connections, test_live_socket);
	tcase_add_test(connections, test_successor);
	suite_add_tcase(s, connections);
	TCase *file = tcase_create("file");
	tcase_add_checked_fixture(file, setup_dir, teardown);
	tcase_set_timeout(file, 120);
	tcase_add_test(file, test_stale_socket);
	tcase_add_test(file, test_other_file);
	tcase_add_test(file, test_bad_path);
	suite_add_tcase(s, file);
	return s;
}

int main(void)
{
	return check_main(suite());
}
