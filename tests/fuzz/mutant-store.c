/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* mutant-store SEED COUNT STORE: changes so many values in the store of a knotd that is stopped.
 * LMDB's pages stay sound, as when somebody writes to the store who knows how; keys stay as they are. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lmdb.h>

#include "tests/fuzz/corpus.h"
#include "tests/fuzz/mutate.h"

#define MAP_SIZE ((size_t)1 << 32)
#define TABLES_MAX 32
#define CHANGES_MAX 16
#define VALUE_MAX 65536 /* Bytes of a new value. */

/*! Where a value is. */
typedef struct {
	MDB_dbi table;
	MDB_val key;
} place_t;

static void require(int ret, const char *what)
{
	if (ret != 0) {
		fprintf(stderr, "mutant-store: %s: %s\n", what, mdb_strerror(ret));
		exit(EXIT_FAILURE);
	}
}

/*! All values of the store: those of a table are beside each other. */
typedef struct {
	corpus_t values;  /*!< Data is the transaction's. */
	place_t *places;  /*!< Of each value. */
} all_t;

static void add(all_t *all, place_t place, const MDB_val *data)
{
	const size_t count = all->values.count + 1;
	all->values.inputs = realloc(all->values.inputs, count * sizeof(*all->values.inputs));
	all->places = realloc(all->places, count * sizeof(*all->places));
	if (all->values.inputs == NULL || all->places == NULL) {
		require(ENOMEM, "values");
	}
	all->values.inputs[count - 1] = (corpus_input_t){
		.data = data->mv_data, .size = data->mv_size,
	};
	all->places[count - 1] = place;
	all->values.count = count;
}

static void gather_table(MDB_txn *txn, MDB_dbi table, all_t *all)
{
	MDB_cursor *cursor = NULL;
	MDB_val data;
	place_t place = { .table = table };
	require(mdb_cursor_open(txn, table, &cursor), "values");
	while (mdb_cursor_get(cursor, &place.key, &data, MDB_NEXT) == 0) {
		add(all, place, &data);
	}
	mdb_cursor_close(cursor);
}

static void gather(MDB_txn *txn, all_t *all)
{
	char name[64];
	MDB_dbi names, table;
	MDB_cursor *cursor = NULL;
	MDB_val key, data;
	require(mdb_dbi_open(txn, NULL, 0, &names), "tables");
	require(mdb_cursor_open(txn, names, &cursor), "tables");
	while (mdb_cursor_get(cursor, &key, &data, MDB_NEXT) == 0) {
		snprintf(name, sizeof(name), "%.*s", (int)key.mv_size, (char *)key.mv_data);
		require(mdb_dbi_open(txn, name, 0, &table), name);
		gather_table(txn, table, all);
	}
	mdb_cursor_close(cursor);
}

/*! \return The values of the table that a value is in. */
static corpus_t of_table(const all_t *all, size_t at)
{
	const MDB_dbi table = all->places[at].table;
	size_t from = at, to = at;
	while (from > 0 && all->places[from - 1].table == table) {
		from--;
	}
	while (to < all->values.count && all->places[to].table == table) {
		to++;
	}
	return (corpus_t){ .inputs = all->values.inputs + from, .count = to - from };
}

/*! Puts values made of a table's own in the places of some of them, which are kept until then: what
 *  was gathered lies in pages that a change may move. */
static void change(MDB_txn *txn, const all_t *all, uint64_t seed, unsigned long count)
{
	static uint8_t values[CHANGES_MAX][VALUE_MAX];
	MDB_val keys[CHANGES_MAX], data[CHANGES_MAX];
	MDB_dbi tables[CHANGES_MAX];
	for (unsigned long i = 0; i < count; i++) {
		const size_t at = seed % all->values.count;
		const corpus_t corpus = of_table(all, at);
		data[i].mv_data = values[i];
		data[i].mv_size = mutate(&corpus, &seed, values[i], VALUE_MAX);
		tables[i] = all->places[at].table;
		keys[i] = all->places[at].key;
		keys[i].mv_data = memcpy(malloc(keys[i].mv_size), keys[i].mv_data, keys[i].mv_size);
	}
	for (unsigned long i = 0; i < count; i++) {
		require(mdb_put(txn, tables[i], &keys[i], &data[i], 0), "a value");
		free(keys[i].mv_data);
	}
}

int main(int argc, char **argv)
{
	MDB_env *env = NULL;
	MDB_txn *txn = NULL;
	all_t all = { .places = NULL };
	const unsigned long count = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	if (count == 0 || count > CHANGES_MAX) {
		fprintf(stderr, "usage: mutant-store SEED COUNT STORE\n");
		return EXIT_FAILURE;
	}
	require(mdb_env_create(&env), "LMDB");
	(void)mdb_env_set_mapsize(env, MAP_SIZE);
	(void)mdb_env_set_maxdbs(env, TABLES_MAX);
	require(mdb_env_open(env, argv[3], 0, 0600), argv[3]);
	require(mdb_txn_begin(env, NULL, 0, &txn), argv[3]);
	gather(txn, &all);
	require(all.values.count == 0 ? MDB_NOTFOUND : 0, "values");
	change(txn, &all, strtoull(argv[1], NULL, 10), count);
	require(mdb_txn_commit(txn), "commit");
	mdb_env_close(env);
	free(all.values.inputs);
	free(all.places);
	return EXIT_SUCCESS;
}
