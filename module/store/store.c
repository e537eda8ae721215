/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/store/store.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include <libknot/errcode.h>
#include <libknot/error.h>

#include "module/store/file.h"

/* Free bytes of a disk with which LMDB's writes fail: so few are as good as none. */
#define DISK_FULL ((size_t)1 << 20)

/* Ids that are taken at once, so that few transactions are made for them; what is left of them is
 * lost with the process, of 2^32. */
#define SPARE_IDS 1000

#define ID_LEN 4    /* Octets of an id before a key. */
#define KEY_MAX 511 /* Octets of a key; LMDB's own limit. */

struct store {
	file_t file;
	group_t *group;
	pthread_mutex_t spare_lock;
	uint32_t spare_id, spare_ids; /*!< The next id that is free, and how many are. */
	MDB_dbi tables[STORE_TABLES];
	MDB_dbi records[STORE_RECORDS];
};

static int error(int ret)
{
	switch (ret) {
	case MDB_SUCCESS:
		return KNOT_EOK;
	case MDB_NOTFOUND:
		return KNOT_ENOENT;
	case MDB_MAP_FULL:
	case ENOSPC:
	case EDQUOT:
		return KNOT_ESPACE;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_PANIC:
		return STORE_LOST;
	case ENOMEM:
		return KNOT_ENOMEM;
	case EACCES:
	case EROFS:
		return KNOT_EACCES;
	default:
		return ret > 0 ? -ret : KNOT_ERROR;
	}
}

/*! Gives the error of a write: LMDB returns EIO also if the disk fills up while it writes. */
static int write_error(const store_t *store, int ret)
{
	mdb_filehandle_t fd;
	struct statvfs disk;
	if (ret == EIO && mdb_env_get_fd(store->file.env, &fd) == MDB_SUCCESS &&
	    fstatvfs(fd, &disk) == 0 && disk.f_bavail < DISK_FULL / disk.f_frsize) {
		ret = ENOSPC;
	}
	return error(ret);
}

static int open_tables(store_t *store)
{
	static const char *const tables[STORE_TABLES] = {
		"input", "signed", "chain", "dirty", "expiry", "journal"
	};
	static const char *const records[STORE_RECORDS] = {
		"zones", "keysets", "sources", "gone", "held", "inforce", "clock",
		"acts"
	};

	MDB_txn *txn = NULL;
	int ret = mdb_txn_begin(store->file.env, NULL, 0, &txn);
	for (int i = 0; ret == MDB_SUCCESS && i < STORE_TABLES; i++) {
		ret = mdb_dbi_open(txn, tables[i], MDB_CREATE, &store->tables[i]);
	}
	for (int i = 0; ret == MDB_SUCCESS && i < STORE_RECORDS; i++) {
		ret = mdb_dbi_open(txn, records[i], MDB_CREATE, &store->records[i]);
	}
	if (ret != MDB_SUCCESS) {
		mdb_txn_abort(txn);
		return ret;
	}
	return mdb_txn_commit(txn);
}

static int open_store(store_t *store)
{
	int ret = group_new(&store->group, store->file.env, store->file.guard);
	if (ret == MDB_SUCCESS) {
		(void)mdb_env_set_userctx(store->file.env, store);
		(void)mdb_env_set_assert(store->file.env, guard_give_up);
		ret = guarded(store->file.guard, open_tables(store));
	}
	return ret == MDB_SUCCESS && store_lost(store) ? MDB_CORRUPTED : ret;
}

static void close_store(store_t *store, bool failed)
{
	group_free(store->group);
	file_close(&store->file, failed);
	pthread_mutex_destroy(&store->spare_lock);
	free(store);
}

int store_open(store_t **store, const char *path, char *err, size_t err_size)
{
	store_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		snprintf(err, err_size, "out of memory");
		return KNOT_ENOMEM;
	}
	int ret = file_open(&fresh->file, path, STORE_TABLES + STORE_RECORDS, err, err_size);
	if (ret != MDB_SUCCESS) {
		free(fresh);
		return error(ret);
	}
	pthread_mutex_init(&fresh->spare_lock, NULL);
	ret = open_store(fresh);
	if (ret != MDB_SUCCESS) {
		file_say(&fresh->file, ret, err, err_size);
		close_store(fresh, true);
		return error(ret);
	}
	*store = fresh;
	return KNOT_EOK;
}

void store_close(store_t *store)
{
	if (store != NULL) {
		close_store(store, false);
	}
}

bool store_lost(const store_t *store)
{
	return file_lost(&store->file);
}

const char *store_strerror(int ret)
{
	return ret == KNOT_ESPACE ? "the disk is full; make room" :
	       ret == STORE_LOST ? "the store cannot be read any more: data.mdb was cut or written "
	                           "over, or its disk fails; restart knotd when that is mended"
	                         : knot_strerror(ret);
}

void store_set_wait(store_t *store, group_wait_f wait, void *ctx)
{
	group_set_wait(store->group, wait, ctx);
}

int store_read(store_t *store, store_txn_t *txn)
{
	*txn = (store_txn_t) { .store = store };
	if (store_lost(store)) {
		return STORE_LOST;
	}
	return error(guarded(store->file.guard,
	                     mdb_txn_begin(store->file.env, NULL, MDB_RDONLY, &txn->txn)));
}

int store_write(store_t *store, store_txn_t *txn)
{
	*txn = (store_txn_t) { .store = store, .writes = true };
	if (store_lost(store)) {
		return STORE_LOST;
	}
	return error(group_begin(store->group, &txn->txn));
}

int store_commit(store_txn_t *txn)
{
	if (store_lost(txn->store)) {
		store_abort(txn);
		return STORE_LOST;
	}
	int ret = group_commit(txn->store->group, txn->txn);
	txn->txn = NULL;
	file_lengthen(&txn->store->file);
	return write_error(txn->store, ret);
}

void store_abort(store_txn_t *txn)
{
	if (!txn->writes) {
		mdb_txn_abort(txn->txn);
	} else if (txn->txn != NULL) {
		group_abort(txn->store->group, txn->txn);
	}
	txn->txn = NULL;
}

int store_end(store_txn_t *txn, int ret)
{
	if (ret == KNOT_EOK) {
		return store_commit(txn);
	}
	store_abort(txn);
	return ret;
}

/*** LMDB, guarded. ***/

static int get(const store_txn_t *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
	return guarded(txn->store->file.guard, mdb_get(txn->txn, dbi, key, value));
}

static int put(const store_txn_t *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
	return guarded(txn->store->file.guard, mdb_put(txn->txn, dbi, key, value, 0));
}

static int del(const store_txn_t *txn, MDB_dbi dbi, MDB_val *key)
{
	return guarded(txn->store->file.guard, mdb_del(txn->txn, dbi, key, NULL));
}

static int open_cursor(const store_txn_t *txn, MDB_dbi dbi, MDB_cursor **cursor)
{
	return guarded(txn->store->file.guard, mdb_cursor_open(txn->txn, dbi, cursor));
}

static const store_t *store_of(MDB_cursor *cursor)
{
	return mdb_env_get_userctx(mdb_txn_env(mdb_cursor_txn(cursor)));
}

static int move(MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op where)
{
	return guarded(store_of(cursor)->file.guard, mdb_cursor_get(cursor, key, value, where));
}

/*** Zone records. ***/

static MDB_val name_key(const knot_dname_t *zone)
{
	return (MDB_val) { knot_dname_size(zone), (void *)zone };
}

int store_get(store_txn_t *txn, store_record_t record, const knot_dname_t *zone,
              const void **data, size_t *len)
{
	MDB_val key = name_key(zone), value;
	int ret = get(txn, txn->store->records[record], &key, &value);
	if (store_lost(txn->store)) {
		return STORE_LOST;
	}
	const bool is_text = record == STORE_KEYSET || record == STORE_IN_FORCE;
	if (ret == MDB_SUCCESS && is_text &&
	    memchr(value.mv_data, '\0', value.mv_size) == NULL) {
		return KNOT_EMALF; /* It is read as a text. */
	}
	if (ret == MDB_SUCCESS) {
		*data = value.mv_data;
		*len = value.mv_size;
	}
	return error(ret);
}

int store_set(store_txn_t *txn, store_record_t record, const knot_dname_t *zone,
              const void *data, size_t len)
{
	MDB_val key = name_key(zone), value = { len, (void *)data };
	return error(put(txn, txn->store->records[record], &key, &value));
}

int store_unset(store_txn_t *txn, store_record_t record, const knot_dname_t *zone)
{
	MDB_val key = name_key(zone);
	int ret = del(txn, txn->store->records[record], &key);
	return ret == MDB_NOTFOUND ? KNOT_EOK : error(ret);
}

/* First octet of a key that is an id, and not a name: no label is that long. */
#define ABANDONED 0xfe

static MDB_val abandoned_key(uint8_t *buffer, uint32_t id)
{
	buffer[0] = ABANDONED;
	memcpy(buffer + 1, &id, sizeof(id));
	return (MDB_val) { 1 + sizeof(id), buffer };
}

int store_next_name(store_txn_t *txn, store_record_t record, knot_dname_storage_t name, bool first)
{
	MDB_cursor *cursor = NULL;
	MDB_val key = { 1, "" }, value;
	int ret = open_cursor(txn, txn->store->records[record], &cursor);
	if (ret != MDB_SUCCESS) {
		return error(ret);
	}
	if (!first) {
		key = name_key(name);
	}
	ret = move(cursor, &key, &value, MDB_SET_RANGE);
	if (ret == MDB_SUCCESS && !first && key.mv_size == knot_dname_size(name) &&
	    memcmp(key.mv_data, name, key.mv_size) == 0) {
		ret = move(cursor, &key, &value, MDB_NEXT);
	}
	if (ret == MDB_SUCCESS && *(const uint8_t *)key.mv_data > KNOT_DNAME_MAXLABELLEN) {
		ret = MDB_NOTFOUND;
	}
	const uint8_t *found = key.mv_data;
	const bool is_name = ret == MDB_SUCCESS &&
	                     knot_dname_wire_check(found, found + key.mv_size, NULL) ==
	                     (int)key.mv_size;
	if (is_name) {
		memcpy(name, found, key.mv_size);
	}
	mdb_cursor_close(cursor);
	return ret == MDB_SUCCESS && !is_name ? KNOT_EMALF : error(ret);
}

int store_abandon(store_txn_t *txn, uint32_t id)
{
	uint8_t buffer[1 + sizeof(id)];
	MDB_val key = abandoned_key(buffer, id), value = { 0 };
	return error(put(txn, txn->store->records[STORE_GONE], &key, &value));
}

int store_abandoned_gone(store_txn_t *txn, uint32_t id)
{
	uint8_t buffer[1 + sizeof(id)];
	MDB_val key = abandoned_key(buffer, id);
	return error(del(txn, txn->store->records[STORE_GONE], &key));
}

int store_abandoned(store_txn_t *txn, uint32_t *id)
{
	MDB_cursor *cursor = NULL;
	uint8_t first = ABANDONED;
	MDB_val key = { 1, &first }, value;
	int ret = open_cursor(txn, txn->store->records[STORE_GONE], &cursor);
	if (ret != MDB_SUCCESS) {
		return error(ret);
	}
	ret = move(cursor, &key, &value, MDB_SET_RANGE);
	if (ret == MDB_SUCCESS && key.mv_size == 1 + sizeof(*id)) {
		memcpy(id, (const uint8_t *)key.mv_data + 1, sizeof(*id));
	}
	mdb_cursor_close(cursor);
	return error(ret);
}

/* Keys of the store's own numbers, in "zones"; no name in wire form begins with such an octet. */
#define FORM_KEY 0xfe
#define LAST_ID_KEY 0xff

/*! Reads a number of the store's own; 0 if there is none. */
static int get_number(store_txn_t *txn, uint8_t octet, uint32_t *number)
{
	MDB_val key = { 1, &octet }, value;
	const int ret = get(txn, txn->store->records[STORE_STATE], &key, &value);
	if (ret == MDB_SUCCESS && value.mv_size == sizeof(*number)) {
		memcpy(number, value.mv_data, sizeof(*number));
		return KNOT_EOK;
	}
	*number = 0;
	return ret == MDB_SUCCESS ? KNOT_EMALF : ret == MDB_NOTFOUND ? KNOT_EOK : error(ret);
}

static int set_number(store_txn_t *txn, uint8_t octet, uint32_t number)
{
	MDB_val key = { 1, &octet }, value = { sizeof(number), &number };
	return write_error(txn->store, put(txn, txn->store->records[STORE_STATE], &key, &value));
}

int store_form(store_txn_t *txn, uint32_t *form)
{
	return get_number(txn, FORM_KEY, form);
}

int store_set_form(store_txn_t *txn, uint32_t form)
{
	return set_number(txn, FORM_KEY, form);
}

/*! Takes ids. \param first  The first of them. */
static int take_ids(store_txn_t *txn, uint32_t count, uint32_t *first)
{
	uint32_t last = 0;
	const int ret = get_number(txn, LAST_ID_KEY, &last);
	if (ret != KNOT_EOK) {
		return ret;
	}
	*first = last + 1;
	return set_number(txn, LAST_ID_KEY, last + count);
}

int store_new_id(store_txn_t *txn, uint32_t *id)
{
	return take_ids(txn, 1, id);
}

/*! Takes more ids to spare. With the lock held. */
static int fill_spares(store_t *store)
{
	store_txn_t txn;
	int ret = store_write(store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	uint32_t first = 0;
	ret = store_end(&txn, take_ids(&txn, SPARE_IDS, &first));
	if (ret == KNOT_EOK) {
		store->spare_id = first;
		store->spare_ids = SPARE_IDS;
	}
	return ret;
}

int store_spare_id(store_t *store, uint32_t *id)
{
	pthread_mutex_lock(&store->spare_lock);
	int ret = store->spare_ids > 0 ? KNOT_EOK : fill_spares(store);
	if (ret == KNOT_EOK) {
		*id = store->spare_id++;
		store->spare_ids--;
	}
	pthread_mutex_unlock(&store->spare_lock);
	return ret;
}

/*** Tables. ***/

static void write_id(uint8_t *out, uint32_t id)
{
	out[0] = id >> 24;
	out[1] = id >> 16;
	out[2] = id >> 8;
	out[3] = id;
}

/*!
 * Joins an id and a key. Keys of entries that have data are of even length: LMDB puts the data
 * right behind the key, and RDATA has to be aligned to two bytes.
 */
static MDB_val table_key(uint8_t *buffer, uint32_t id, const uint8_t *key, size_t key_len)
{
	assert(key_len <= KEY_MAX - ID_LEN);
	write_id(buffer, id);
	if (key_len > 0) {
		memcpy(buffer + ID_LEN, key, key_len);
	}
	return (MDB_val) { ID_LEN + key_len, buffer };
}

int store_find(store_txn_t *txn, const store_key_t *key, const uint8_t **data, size_t *len)
{
	uint8_t buffer[KEY_MAX];
	MDB_val full = table_key(buffer, key->id, key->key, key->key_len), value;
	int ret = get(txn, txn->store->tables[key->table], &full, &value);
	if (store_lost(txn->store)) {
		return STORE_LOST;
	}
	if (ret == MDB_SUCCESS) {
		*data = value.mv_data;
		*len = value.mv_size;
	}
	return error(ret);
}

int store_find_node(store_txn_t *txn, const store_key_t *key, node_t *node)
{
	const uint8_t *data = NULL;
	size_t len = 0;
	int ret = store_find(txn, key, &data, &len);
	if (ret == KNOT_ENOENT) {
		memset(node, 0, sizeof(*node));
		return KNOT_EOK;
	}
	return ret == KNOT_EOK ? node_read(data, len, node) : ret;
}

int store_put(store_txn_t *txn, const store_key_t *key, const void *data, size_t len)
{
	uint8_t buffer[KEY_MAX];
	assert(key->key_len % 2 == 0 || len == 0);
	MDB_val full = table_key(buffer, key->id, key->key, key->key_len);
	MDB_val value = { len, (void *)data };
	return write_error(txn->store,
	                   put(txn, txn->store->tables[key->table], &full, &value));
}

int store_del(store_txn_t *txn, const store_key_t *key)
{
	uint8_t buffer[KEY_MAX];
	MDB_val full = table_key(buffer, key->id, key->key, key->key_len);
	int ret = del(txn, txn->store->tables[key->table], &full);
	return ret == MDB_NOTFOUND ? KNOT_EOK : error(ret);
}

int store_clear_some(store_txn_t *txn, store_table_t table, uint32_t id, size_t *most)
{
	store_cursor_t cursor;
	int ret = store_cursor(txn, table, id, &cursor);
	while (ret == KNOT_EOK && *most > 0 && (ret = store_next(&cursor)) == KNOT_EOK) {
		ret = store_cursor_del(&cursor);
		(*most)--;
	}
	store_cursor_close(&cursor);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

int store_clear(store_txn_t *txn, store_table_t table, uint32_t id)
{
	size_t most = SIZE_MAX;
	return store_clear_some(txn, table, id, &most);
}

int store_cursor(store_txn_t *txn, store_table_t table, uint32_t id, store_cursor_t *cursor)
{
	memset(cursor, 0, sizeof(*cursor));
	cursor->id = id;
	return error(open_cursor(txn, txn->store->tables[table], &cursor->cursor));
}

void store_cursor_close(store_cursor_t *cursor)
{
	if (cursor->cursor != NULL) {
		mdb_cursor_close(cursor->cursor);
		cursor->cursor = NULL;
	}
}

int store_cursor_del(store_cursor_t *cursor)
{
	return error(guarded(store_of(cursor->cursor)->file.guard,
	                     mdb_cursor_del(cursor->cursor, 0)));
}

/*! Takes over where LMDB's cursor is, if the entry still has the cursor's id. */
static int settle(store_cursor_t *cursor, int ret, const MDB_val *key, const MDB_val *value)
{
	uint8_t id[ID_LEN];
	write_id(id, cursor->id);
	if (store_lost(store_of(cursor->cursor))) {
		return STORE_LOST;
	}
	if (ret == MDB_SUCCESS &&
	    (key->mv_size < ID_LEN || memcmp(key->mv_data, id, ID_LEN) != 0)) {
		ret = MDB_NOTFOUND;
	}
	if (ret != MDB_SUCCESS) {
		return error(ret);
	}
	cursor->key = (const uint8_t *)key->mv_data + ID_LEN;
	cursor->key_len = key->mv_size - ID_LEN;
	cursor->data = value->mv_data;
	cursor->data_len = value->mv_size;
	return KNOT_EOK;
}

int store_seek(store_cursor_t *cursor, const uint8_t *key, size_t key_len)
{
	uint8_t buffer[KEY_MAX];
	MDB_val full = table_key(buffer, cursor->id, key, key_len), value;
	int ret = move(cursor->cursor, &full, &value, MDB_SET_RANGE);
	return settle(cursor, ret, &full, &value);
}

int store_next(store_cursor_t *cursor)
{
	if (cursor->key == NULL) {
		return store_seek(cursor, NULL, 0);
	}
	MDB_val key, value;
	int ret = move(cursor->cursor, &key, &value, MDB_NEXT);
	return settle(cursor, ret, &key, &value);
}

int store_prev(store_cursor_t *cursor)
{
	MDB_val key, value;
	int ret = move(cursor->cursor, &key, &value, MDB_PREV);
	return settle(cursor, ret, &key, &value);
}

int store_seek_before(store_cursor_t *cursor, const uint8_t *key, size_t key_len)
{
	uint8_t buffer[KEY_MAX];
	MDB_val full = table_key(buffer, cursor->id, key, key_len), value;
	if (key_len == 0) {
		full = table_key(buffer, cursor->id + 1, NULL, 0);
	}
	int ret = move(cursor->cursor, &full, &value, MDB_SET_RANGE);
	if (ret == MDB_SUCCESS) {
		return store_prev(cursor);
	}
	if (ret == MDB_NOTFOUND) {
		ret = move(cursor->cursor, &full, &value, MDB_LAST);
	}
	return settle(cursor, ret, &full, &value);
}
