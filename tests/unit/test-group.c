/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Transactions of several threads by one commit: each is done as a whole or not at all, and what
 * was said to be done is there when the process has been killed. */

#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module/store/group.h"
#include "tests/unit/check-main.h"

#define THREADS 6

static char dir[64];
static MDB_env *env;
static MDB_dbi dbi;
static group_t *group;
static atomic_int waiting;

static void count_waiting(void *ctx, bool waits)
{
	(void)ctx;
	waiting += waits ? 1 : -1;
}

static void open_env(void)
{
	MDB_txn *txn;
	ck_assert_int_eq(mdb_env_create(&env), 0);
	ck_assert_int_eq(mdb_env_set_mapsize(env, (size_t)1 << 30), 0);
	ck_assert_int_eq(mdb_env_open(env, dir, MDB_NOTLS, 0600), 0);
	ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
	ck_assert_int_eq(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
	ck_assert_int_eq(mdb_txn_commit(txn), 0);
	ck_assert_int_eq(group_new(&group, env, NULL), 0);
	group_set_wait(group, count_waiting, NULL);
}

static void close_env(void)
{
	group_free(group);
	mdb_env_close(env);
}

static void setup(void)
{
	strcpy(dir, "/tmp/test-group.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	waiting = 0;
	open_env();
}

static void teardown(void)
{
	char command[80];
	close_env();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static size_t commits(void)
{
	MDB_envinfo info;
	ck_assert_int_eq(mdb_env_info(env, &info), 0);
	return info.me_last_txnid;
}

static void put(MDB_txn *txn, uint32_t key, uint32_t number)
{
	MDB_val k = { sizeof(key), &key }, v = { sizeof(number), &number };
	ck_assert_int_eq(mdb_put(txn, dbi, &k, &v, 0), 0);
}

/*! \return The number of a key, 0 = there is none. */
static uint32_t number_of(uint32_t key)
{
	MDB_txn *txn;
	MDB_val k = { sizeof(key), &key }, v;
	uint32_t number = 0;
	ck_assert_int_eq(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
	if (mdb_get(txn, dbi, &k, &v) == 0) {
		memcpy(&number, v.mv_data, sizeof(number));
	}
	mdb_txn_abort(txn);
	return number;
}

/*! A thread that writes its number under two keys, and says so. */
typedef struct {
	pthread_t thread;
	uint32_t number;
	bool aborts;
	int ret;
} writer_t;

static void *write_two(void *arg)
{
	writer_t *writer = arg;
	MDB_txn *txn;
	ck_assert_int_eq(group_begin(group, &txn), 0);
	put(txn, 2 * writer->number, writer->number);
	put(txn, 2 * writer->number + 1, writer->number);
	if (writer->aborts) {
		group_abort(group, txn);
	} else {
		writer->ret = group_commit(group, txn);
	}
	return NULL;
}

static void wait_for_waiting(int count)
{
	for (int i = 0; i < 30000 && waiting < count; i++) {
		(void)poll(NULL, 0, 1);
	}
	ck_assert_int_eq(waiting, count);
}

/*! Has the threads wait for the transaction of the caller. */
static void start_writers(writer_t *writers)
{
	for (uint32_t i = 0; i < THREADS; i++) {
		writers[i].number = i + 1;
		ck_assert_int_eq(pthread_create(&writers[i].thread, NULL, write_two, &writers[i]), 0);
	}
	wait_for_waiting(THREADS);
}

static void join_writers(writer_t *writers)
{
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(writers[i].thread, NULL);
	}
	ck_assert_int_eq(waiting, 0);
}

START_TEST(test_together)
{
	writer_t writers[THREADS] = { { .aborts = false } };
	writers[2].aborts = true;
	MDB_txn *txn;
	const size_t before = commits();
	ck_assert_int_eq(group_begin(group, &txn), 0);
	put(txn, 0, 100);
	start_writers(writers);
	ck_assert_int_eq(group_commit(group, txn), 0);
	join_writers(writers);
	ck_assert_uint_eq(commits(), before + 1);
	ck_assert_uint_eq(number_of(0), 100);
	for (uint32_t i = 0; i < THREADS; i++) {
		const uint32_t wanted = i == 2 ? 0 : i + 1;
		ck_assert_int_eq(writers[i].ret, 0);
		ck_assert_uint_eq(number_of(2 * (i + 1)), wanted);
		ck_assert_uint_eq(number_of(2 * (i + 1) + 1), wanted);
	}
}
END_TEST

/*! The first thread aborts: the others are not held up, and nothing that it wrote is left. */
START_TEST(test_first_aborts)
{
	writer_t writers[THREADS] = { { .aborts = false } };
	MDB_txn *txn;
	ck_assert_int_eq(group_begin(group, &txn), 0);
	put(txn, 0, 100);
	start_writers(writers);
	group_abort(group, txn);
	join_writers(writers);
	ck_assert_uint_eq(number_of(0), 0);
	for (uint32_t i = 0; i < THREADS; i++) {
		ck_assert_int_eq(writers[i].ret, 0);
		ck_assert_uint_eq(number_of(2 * (i + 1) + 1), i + 1);
	}
}
END_TEST

/*! A commit that fails does so for all threads, and leaves nothing. */
START_TEST(test_disk)
{
	writer_t writers[THREADS] = { { .aborts = false } };
	struct rlimit limit, none;
	MDB_txn *txn;
	ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(group_begin(group, &txn), 0);
	put(txn, 0, 100);
	start_writers(writers);
	none = limit;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	ck_assert_int_ne(group_commit(group, txn), 0);
	join_writers(writers);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_uint_eq(number_of(0), 0);
	for (uint32_t i = 0; i < THREADS; i++) {
		ck_assert_int_ne(writers[i].ret, 0);
		ck_assert_uint_eq(number_of(2 * (i + 1)), 0);
	}
	/* When there is room, writing works again. */
	writer_t again = { .number = 1 };
	(void)write_two(&again);
	ck_assert_int_eq(again.ret, 0);
	ck_assert_uint_eq(number_of(2), 1);
}
END_TEST

/*** Killed. ***/

static int says;

/*! Counts on under two keys, and says which number is committed. */
static void *count_on(void *arg)
{
	const uint32_t self = *(uint32_t *)arg;
	for (uint32_t number = 1; ; number++) {
		MDB_txn *txn;
		const uint32_t line[2] = { self, number };
		ck_assert_int_eq(group_begin(group, &txn), 0);
		put(txn, 2 * self, number);
		put(txn, 2 * self + 1, number);
		ck_assert_int_eq(group_commit(group, txn), 0);
		ck_assert_int_eq(write(says, line, sizeof(line)), sizeof(line));
	}
	return NULL;
}

static void run_child(int out)
{
	static uint32_t numbers[THREADS];
	pthread_t thread;
	says = out;
	open_env();
	for (uint32_t i = 0; i < THREADS; i++) {
		numbers[i] = i;
		(void)pthread_create(&thread, NULL, count_on, &numbers[i]);
	}
	pause();
}

START_TEST(test_killed)
{
	int pipes[2], status;
	uint32_t line[2], said[THREADS] = { 0 };
	close_env();
	ck_assert_int_eq(pipe(pipes), 0);
	const pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		close(pipes[0]);
		run_child(pipes[1]);
		_exit(0);
	}
	close(pipes[1]);
	for (int i = 0; i < 200 * (_i + 1) &&
	     read(pipes[0], line, sizeof(line)) == sizeof(line); i++) {
		said[line[0]] = line[1];
	}
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	while (read(pipes[0], line, sizeof(line)) == sizeof(line)) {
		said[line[0]] = line[1];
	}
	close(pipes[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	open_env();
	for (uint32_t i = 0; i < THREADS; i++) {
		const uint32_t number = number_of(2 * i);
		ck_assert_uint_eq(number_of(2 * i + 1), number);
		/* At most one number more than the process had said. */
		ck_assert_uint_ge(number, said[i]);
		ck_assert_uint_le(number, said[i] + 1);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("group");
	TCase *tcase = tcase_create("group");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_together);
	tcase_add_test(tcase, test_first_aborts);
	tcase_add_test(tcase, test_disk);
	tcase_add_loop_test(tcase, test_killed, 0, 3);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
