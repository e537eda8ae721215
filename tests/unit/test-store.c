/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What a disk gives back of a store: whatever it is, the process lives, and damage is refused. */

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/store/state.h"
#include "module/store/store.h"
#include "module/store/upgrade.h"
#include "tests/unit/check-main.h"

#define ENTRIES 3000      /* So many that tables have several levels. */
#define LARGE 20000       /* Bytes of an entry that has pages of its own. */
#define PAGE 4096

enum { GOOD, REFUSED, BAD, KINDS };

static char dir[64], data[100];
static char err[640];

static void setup(void)
{
	strcpy(dir, "/tmp/test-store.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(data, sizeof(data), "%s/data.mdb", dir);
}

static void teardown(void)
{
	char command[100];
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static store_t *open_store(void)
{
	store_t *store = NULL;
	ck_assert_msg(store_open(&store, dir, err, sizeof(err)) == KNOT_EOK, "%s", err);
	return store;
}

static int put(store_txn_t *txn, store_table_t table, uint16_t number, size_t len)
{
	static uint8_t value[LARGE];
	const uint8_t key[2] = { number >> 8, number };
	memset(value, number, sizeof(value));
	return store_put(txn, &(store_key_t) { table, 1, key, sizeof(key) }, value, len);
}

static int fill(store_t *store)
{
	store_txn_t txn;
	int ret = store_write(store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	for (unsigned i = 0; ret == KNOT_EOK && i < ENTRIES; i++) {
		ret = put(&txn, STORE_SIGNED, i, 40);
	}
	for (unsigned i = 0; ret == KNOT_EOK && i < 10; i++) {
		ret = put(&txn, STORE_INPUT, i, LARGE);
	}
	return store_end(&txn, ret);
}

/*! Reads all entries. \return KNOT_EOK if they are as fill() wrote them. */
static int read_all(store_t *store)
{
	store_txn_t txn;
	store_cursor_t cursor;
	unsigned count = 0;
	int ret = store_read(store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	for (store_table_t table = STORE_INPUT; ret == KNOT_EOK && table <= STORE_SIGNED; table++) {
		ret = store_cursor(&txn, table, 1, &cursor);
		while (ret == KNOT_EOK && (ret = store_next(&cursor)) == KNOT_EOK) {
			const uint8_t want = cursor.key_len == 2 ? cursor.key[1] : 0;
			for (size_t i = 0; i < cursor.data_len; i++) {
				ret = cursor.data[i] == want ? ret : KNOT_EMALF;
			}
			count++;
		}
		store_cursor_close(&cursor);
		ret = ret == KNOT_ENOENT ? KNOT_EOK : ret;
	}
	store_abort(&txn);
	return ret == KNOT_EOK && store_lost(store) ? STORE_LOST :
	       ret == KNOT_EOK && count != ENTRIES + 10 ? KNOT_EMALF : ret;
}

/*! Opens, reads and writes in a process of its own, which has to live. \return How it went. */
static int try(const char *what)
{
	int status = 0;
	fflush(NULL);
	const pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		store_t *store = NULL;
		if (store_open(&store, dir, err, sizeof(err)) != KNOT_EOK) {
			_exit(strstr(err, "data.mdb") != NULL || strstr(err, "store") != NULL
			      ? REFUSED : KINDS);
		}
		const int got = read_all(store);
		const int wrote = fill(store);
		store_close(store);
		_exit(got == KNOT_EOK && wrote == KNOT_EOK ? GOOD : BAD);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status), "%s: signal %d", what, WTERMSIG(status));
	ck_assert_msg(WEXITSTATUS(status) < KINDS, "%s: exit status %d", what, WEXITSTATUS(status));
	return WEXITSTATUS(status);
}

static off_t size_of(const char *file)
{
	struct stat st;
	ck_assert_int_eq(stat(file, &st), 0);
	return st.st_size;
}

/*! Keeps a copy of data.mdb, or puts it back. */
static void copy(const char *from, const char *to)
{
	char command[300];
	snprintf(command, sizeof(command), "cp %s/%s %s/%s", dir, from, dir, to);
	ck_assert_int_eq(system(command), 0);
}

static void filled(void)
{
	store_t *store = open_store();
	ck_assert_int_eq(fill(store), KNOT_EOK);
	store_close(store);
	copy("data.mdb", "good");
}

START_TEST(test_lock)
{
	store_t *second = NULL, *store = open_store();
	ck_assert_int_eq(store_open(&second, dir, err, sizeof(err)), KNOT_EBUSY);
	ck_assert_msg(strstr(err, dir) != NULL && strstr(err, "in use by this process") != NULL &&
	              strstr(err, "must not share") != NULL, "%s", err);
	store_close(store);

	/* Another process has it; when that one is killed, nothing is left of its lock. */
	int ready[2];
	char byte;
	ck_assert_int_eq(pipe(ready), 0);
	const pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		store = open_store();
		(void)!write(ready[1], "", 1);
		pause();
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	char who[40];
	snprintf(who, sizeof(who), "in use by process %d:", (int)child);
	ck_assert_int_eq(store_open(&second, dir, err, sizeof(err)), KNOT_EBUSY);
	ck_assert_msg(strstr(err, who) != NULL, "%s", err);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	store_close(open_store());
	close(ready[0]);
	close(ready[1]);
}
END_TEST

/* However much is left of the file: it is refused, or lacks nothing. */
START_TEST(test_truncated)
{
	unsigned refused = 0;
	filled();
	const off_t size = size_of(data);
	for (off_t left = 0; left < size; left += left < 4 * PAGE ? PAGE / 4 : 3 * PAGE) {
		char what[40];
		copy("good", "data.mdb");
		ck_assert_int_eq(truncate(data, left), 0);
		snprintf(what, sizeof(what), "truncated to %lld", (long long)left);
		const int how = try(what);
		ck_assert_msg(how == REFUSED || (how == GOOD && left > size / 2), "%s: %d", what, how);
		refused += how == REFUSED;
	}
	ck_assert_uint_gt(refused, 10);
	copy("good", "data.mdb");
	ck_assert_int_eq(try("whole"), GOOD);
}
END_TEST

/* Pages that are zeros, or noise: the process lives. */
START_TEST(test_damaged_pages)
{
	filled();
	const off_t size = size_of(data);
	for (off_t page = 0; page < size / PAGE; page += page < 40 ? 1 : 7) {
		char what[40];
		uint8_t bytes[PAGE];
		copy("good", "data.mdb");
		memset(bytes, _i == 0 ? 0 : 0xff, sizeof(bytes));
		const int fd = open(data, O_WRONLY);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(pwrite(fd, bytes, PAGE, page * PAGE), PAGE);
		close(fd);
		snprintf(what, sizeof(what), "page %lld", (long long)page);
		(void)try(what);
	}
}
END_TEST

/* Some octets are others, anywhere; half of them where pages say what is in them. */
START_TEST(test_flipped)
{
	filled();
	const off_t size = size_of(data);
	const char *seed = getenv("SEED");
	srand(seed != NULL ? atoi(seed) : 1);
	for (unsigned round = 0; round < 150; round++) {
		char what[40];
		const off_t page = rand() % (size / PAGE) * PAGE;
		copy("good", "data.mdb");
		const int fd = open(data, O_WRONLY);
		ck_assert_int_ge(fd, 0);
		for (unsigned i = rand() % 4 + 1; i > 0; i--) {
			const uint8_t octet = rand() % 2 == 0 ? rand() : 1 << rand() % 8;
			const off_t at = page + rand() % (rand() % 2 == 0 ? PAGE : 64);
			ck_assert_int_eq(pwrite(fd, &octet, 1, at), 1);
		}
		close(fd);
		snprintf(what, sizeof(what), "round %u, page %lld", round, (long long)page / PAGE);
		(void)try(what);
	}
}
END_TEST

static void refuse_folder(const char *say)
{
	store_t *other = NULL;
	ck_assert_int_ne(store_open(&other, dir, err, sizeof(err)), KNOT_EOK);
	ck_assert_msg(strstr(err, dir) != NULL && strstr(err, say) != NULL, "%s", err);
}

/* Who can write to the store, or puts a link there, does not get what he wants. */
START_TEST(test_untrusted)
{
	char link[100], target[100];
	store_close(open_store());
	ck_assert_int_eq(chmod(dir, 0777), 0);
	refuse_folder("everybody can write to it");
	ck_assert_int_eq(chmod(dir, 0700), 0);
	ck_assert_int_eq(chmod(data, 0666), 0);
	refuse_folder("data.mdb: everybody can write to it");
	ck_assert_int_eq(chmod(data, 0600), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(dir, 65534, -1), 0);
		refuse_folder("neither root nor this process's");
		ck_assert_int_eq(chown(dir, 0, -1), 0);
	}
	snprintf(link, sizeof(link), "%s/knotd.lock", dir);
	snprintf(target, sizeof(target), "%s/target", dir);
	unlink(link);
	ck_assert_int_eq(symlink(target, link), 0);
	refuse_folder("knotd.lock");
	ck_assert_int_ne(access(target, F_OK), 0);
	ck_assert_int_eq(unlink(link), 0);
	store_close(open_store());
}
END_TEST

/* Of another machine or version, or no store at all. */
START_TEST(test_foreign)
{
	static const struct {
		const char *what;
		off_t at;
		uint32_t word;
	} cases[] = {
		{ "other octet order", 16, 0xdec0efbe }, { "other version", 20, 999 },
		{ "other kind of page", 8, 0 },
	};
	filled();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		copy("good", "data.mdb");
		const int fd = open(data, O_WRONLY);
		ck_assert_int_ge(fd, 0);
		for (off_t page = 0; page < 2; page++) {
			ck_assert_int_eq(pwrite(fd, &cases[i].word, 4, page * PAGE + cases[i].at), 4);
		}
		close(fd);
		ck_assert_msg(try(cases[i].what) == REFUSED, "%s", cases[i].what);
	}
	copy("good", "data.mdb");
	ck_assert_int_eq(truncate(data, 0), 0);
	store_t *store = NULL;
	ck_assert_int_ne(store_open(&store, dir, err, sizeof(err)), KNOT_EOK);
	ck_assert_msg(strstr(err, "data.mdb is empty") != NULL && strstr(err, "move it away"), "%s", err);
	ck_assert_int_eq(size_of(data), 0);
}
END_TEST

/* A new store has the present form; one of a newer form is refused, and stays as it is. */
START_TEST(test_form)
{
	store_t *store = open_store();
	store_txn_t txn;
	uint32_t form = 99;
	ck_assert_int_eq(store_read(store, &txn), KNOT_EOK);
	ck_assert_int_eq(store_form(&txn, &form), KNOT_EOK);
	ck_assert_uint_eq(form, 0);
	store_abort(&txn);
	ck_assert_int_eq(upgrade_store(store, dir, err, sizeof(err)), KNOT_EOK);
	ck_assert_int_eq(store_write(store, &txn), KNOT_EOK);
	ck_assert_int_eq(store_form(&txn, &form), KNOT_EOK);
	ck_assert_uint_eq(form, STATE_FORM);
	ck_assert_int_eq(store_set_form(&txn, STATE_FORM + 1), KNOT_EOK);
	ck_assert_int_eq(store_commit(&txn), KNOT_EOK);
	ck_assert_int_eq(upgrade_store(store, dir, err, sizeof(err)), KNOT_ENOTSUP);
	ck_assert_msg(strstr(err, "newer mod-opendnssec") != NULL, "%s", err);
	ck_assert_int_eq(store_read(store, &txn), KNOT_EOK);
	ck_assert_int_eq(store_form(&txn, &form), KNOT_EOK);
	ck_assert_uint_eq(form, STATE_FORM + 1);
	store_abort(&txn);
	store_close(store);
}
END_TEST

/* The file is cut while it is open: nothing more comes out of the store, or goes in. */
START_TEST(test_cut_while_open)
{
	filled();
	store_t *store = open_store();
	store_txn_t txn, reader;
	store_cursor_t cursor;
	ck_assert_int_eq(store_read(store, &reader), KNOT_EOK);
	ck_assert_int_eq(store_write(store, &txn), KNOT_EOK);
	ck_assert_int_eq(put(&txn, STORE_SIGNED, 1, 60), KNOT_EOK);
	ck_assert_int_eq(truncate(data, 2 * PAGE), 0);
	int ret = store_cursor(&reader, STORE_SIGNED, 1, &cursor);
	while (ret == KNOT_EOK) {
		ret = store_next(&cursor);
	}
	ck_assert_int_eq(ret, STORE_LOST);
	store_cursor_close(&cursor);
	store_abort(&reader);
	ck_assert_int_eq(store_commit(&txn), STORE_LOST);
	ck_assert_int_eq(store_read(store, &reader), STORE_LOST);
	ck_assert_int_eq(store_write(store, &txn), STORE_LOST);
	ck_assert_ptr_nonnull(strstr(store_strerror(STORE_LOST), "restart knotd"));
	store_close(store);
	ck_assert_int_eq(try("cut"), REFUSED);
}
END_TEST

/* What writers leave, also killed ones, is never taken for damaged. */
START_TEST(test_short_but_whole)
{
	srand(1);
	for (unsigned round = 0; round < 40; round++) {
		const pid_t child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0) {
			store_t *store = open_store();
			for (unsigned i = 0; i < 30; i++) {
				store_txn_t txn;
				size_t most = rand() % 400;
				ck_assert_int_eq(store_write(store, &txn), KNOT_EOK);
				for (unsigned n = rand() % 200; n > 0; n--) {
					put(&txn, rand() % 2, rand() % 2000, rand() % LARGE / (rand() % 40 + 1));
				}
				(void)store_clear_some(&txn, rand() % 2, 1, &most);
				/* Some are broken off. */
				(void)store_end(&txn, rand() % 8 == 0 ? KNOT_ERROR : KNOT_EOK);
			}
			_exit(0);
		}
		(void)usleep(1000 * (rand() % 100));
		(void)kill(child, SIGKILL);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
		store_close(open_store());
		srand(round + 2);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *tcase = tcase_create("store");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_lock);
	tcase_add_test(tcase, test_truncated);
	tcase_add_loop_test(tcase, test_damaged_pages, 0, 2);
	tcase_add_test(tcase, test_flipped);
	tcase_add_test(tcase, test_untrusted);
	tcase_add_test(tcase, test_foreign);
	tcase_add_test(tcase, test_cut_while_open);
	tcase_add_test(tcase, test_form);
	tcase_add_test(tcase, test_short_but_whole);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
