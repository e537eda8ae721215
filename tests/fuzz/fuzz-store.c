/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Bytes as a record of the store, as a disk may give it back: it is refused, or can be used as one. The
 * first octet tells which record. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/denial/entry.h"
#include "module/keys/rrsig.h"
#include "module/sign/expiry.h"
#include "module/store/journal.h"
#include "module/store/state.h"
#include "tests/fuzz/target.h"

#define ZONE (const knot_dname_t *)"\7example"
#define ID 1
#define VERSION 2
#define SERIAL 7

enum { NODE, ENTRY_NSEC, ENTRY_NSEC3, JOURNAL, STATE, INPUT, KEYSET, NAME, KEY, KINDS };

static char dir[64];
static store_t *store;

static void finish(void)
{
	static const char *const files[] = { "data.mdb", "lock.mdb", "knotd.lock", "" };
	store_close(store);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[96];
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		(void)remove(path);
	}
}

static void start(void)
{
	char err[256] = "";
	snprintf(dir, sizeof(dir), "/tmp/fuzz-store-XXXXXX");
	demand(mkdtemp(dir) != NULL && store_open(&store, dir, err, sizeof(err)) == KNOT_EOK, err);
	atexit(finish);
}

static void begin(store_txn_t *txn)
{
	demand(store_write(store, txn) == KNOT_EOK, "the store is written to");
}

/*** Records of the zone. ***/

/*! A message is made of it, or not; but nothing behind its end is read. */
static void check_rrset(const knot_dname_t *owner, uint16_t type, uint32_t ttl,
                        const knot_rdataset_t *rrs)
{
	static uint8_t wire[UINT16_MAX];
	knot_rrset_t rr;
	knot_rrset_init(&rr, (knot_dname_t *)owner, type, KNOT_CLASS_IN, ttl);
	rr.rrs = *rrs;
	(void)knot_rrset_to_wire(&rr, wire, sizeof(wire), NULL);
}

static void check_node(const node_t *node)
{
	uint64_t sum = expiry_of(node);
	demand(node_rrset(node, KNOT_RRTYPE_SOA) == NULL ||
	       knot_soa_serial(node_rrset(node, KNOT_RRTYPE_SOA)->rrs.rdata) <= UINT32_MAX,
	       "an SOA has a serial");
	for (uint16_t i = 0; i < node->count; i++) {
		const node_rrset_t *rrset = &node->rrsets[i];
		const knot_rdata_t *sig = rrset->sigs.rdata;
		demand(node_rrset(node, rrset->type) == rrset, "a type is there once");
		demand(rrset->rrs.count > 0, "an RRset has records");
		check_rrset(ZONE, rrset->type, node_ttl(node, rrset, rrset->rrs.rdata), &rrset->rrs);
		check_rrset(ZONE, KNOT_RRTYPE_RRSIG, rrset->ttl, &rrset->sigs);
		for (uint16_t n = 0; n < rrset->sigs.count; n++) {
			sum += rrsig_algorithm(sig) + rrsig_keytag(sig) + rrsig_inception(sig);
			sig = knot_rdataset_next((knot_rdata_t *)sig);
		}
	}
	demand(sum < UINT64_MAX, "it is a sum");
}

static void try_node(const uint8_t *data, size_t size)
{
	node_t node;
	if (node_read(data, size, &node) == KNOT_EOK) {
		demand(node_size(&node) == size, "all of the record is read");
		check_node(&node);
		uint8_t *again = malloc(size > 0 ? size : 1);
		demand(again != NULL, "there is memory");
		node_write(&node, again);
		demand(memcmp(again, data, size) == 0, "it is written as it was");
		node_deinit(&node);
		free(again);
	}
}

static void try_entry(const uint8_t *data, size_t size, bool nsec3)
{
	const state_chain_t params = { .id = ID, .nsec3 = nsec3, .salt_len = 4 };
	chain_entry_t entry;
	entry_says_t says;
	uint8_t next[NODE_KEY_MAX];
	if (entry_read(&params, data, size, &entry) != KNOT_EOK) {
		return;
	}
	check_node(&entry.node);
	demand(!nsec3 || knot_dname_size(entry.name) <= KNOT_DNAME_MAXLEN, "an entry has a name");
	if (entry_parse(&params, &entry.node, &says, next) == KNOT_EOK) {
		demand(says.next_len <= sizeof(next), "a key has its length");
		demand(says.bitmap >= data && says.bitmap + says.bitmap_len <= data + size,
		       "a bitmap is in there");
	}
	node_deinit(&entry.node);
}

/*! The two halves of a version; the first octet says where the second begins. */
static void try_journal(const uint8_t *data, size_t size)
{
	uint8_t key[14] = { [7] = VERSION };
	store_txn_t txn;
	journal_reader_t reader;
	knot_rrset_t rr;
	size_t first = size > 0 ? *data++ : 0;
	size -= size > 0;
	first = first < size ? first : size;
	begin(&txn);
	for (int half = 0; half < 2; half++) {
		key[9] = half;
		const store_key_t at = { STORE_JOURNAL, ID, key, sizeof(key) };
		demand(store_put(&txn, &at, data + (half ? first : 0),
		                 half ? size - first : first) == KNOT_EOK, "it is stored");
	}
	if (journal_open(&reader, &txn, ID, VERSION, SERIAL) == KNOT_EOK) {
		int ret;
		while ((ret = journal_next(&reader, &rr)) == KNOT_EOK) {
			check_rrset(rr.owner, rr.type, rr.ttl, &rr.rrs);
			demand(rr.type != KNOT_RRTYPE_SOA || knot_soa_serial(rr.rrs.rdata) <= UINT32_MAX,
			       "an SOA has a serial");
		}
		demand(ret == KNOT_ENOENT || ret == KNOT_EMALF, "the journal ends");
		journal_close(&reader);
	}
	store_abort(&txn);
}

/*** Records about the zone. ***/

/*! What is stored about a zone has a fixed length; the rest is as a new one has it. */
static void put_over(store_txn_t *txn, store_record_t record, const uint8_t *data, size_t size)
{
	const void *stored = NULL;
	size_t len = 0;
	demand(store_get(txn, record, ZONE, &stored, &len) == KNOT_EOK, "it is there");
	uint8_t *copy = malloc(len);
	demand(copy != NULL, "there is memory");
	memcpy(copy, stored, len);
	memcpy(copy, data, size < len ? size : len);
	demand(store_set(txn, record, ZONE, copy, len) == KNOT_EOK, "it is stored");
	free(copy);
}

static void try_state(const uint8_t *data, size_t size, store_record_t record)
{
	store_txn_t txn;
	state_t state = { .key_count = 1, .version = 1 };
	begin(&txn);
	demand(state_save(&txn, ZONE, &state) == KNOT_EOK, "a state is saved");
	put_over(&txn, record, data, size);
	demand(state_load(&txn, ZONE, &state) == KNOT_EOK, "a damaged state is a new one");
	(void)state_key(&state, 13, 4711);
	(void)state_doom(&state, ID);
	(void)state_chain_same(&state.chain, &state.next_chain);
	demand(state.key_count <= STATE_KEYS && state.walk.place_len <= STATE_PLACE_MAX,
	       "lengths fit");
	demand(!state.in.from_primary || state.in.from_primary == true, "yes or no");
	demand(state_save(&txn, ZONE, &state) == KNOT_EOK, "a state is saved again");
	store_abort(&txn);
}

static void try_keyset(const uint8_t *data, size_t size)
{
	store_txn_t txn;
	const void *text = NULL;
	size_t len = 0;
	begin(&txn);
	demand(store_set(&txn, STORE_KEYSET, ZONE, data, size) == KNOT_EOK, "it is stored");
	int ret = store_get(&txn, STORE_KEYSET, ZONE, &text, &len);
	demand(ret == KNOT_EMALF || (ret == KNOT_EOK && strlen(text) < len), "a text ends");
	store_abort(&txn);
}

/*! LMDB has only keys of 1 to 511 octets. */
#define LMDB_KEY_MAX 511

/*! A name by which something is stored. */
static void try_name(const uint8_t *data, size_t size)
{
	store_txn_t txn;
	knot_dname_storage_t name;
	MDB_dbi dbi;
	MDB_val key = { size < LMDB_KEY_MAX ? size : LMDB_KEY_MAX, (void *)data }, value = { 0 };
	if (size == 0) {
		return;
	}
	begin(&txn);
	demand(mdb_dbi_open(txn.txn, "keysets", 0, &dbi) == 0 &&
	       mdb_put(txn.txn, dbi, &key, &value, 0) == 0, "it is stored");
	int ret = store_next_name(&txn, STORE_KEYSET, name, true);
	if (ret == KNOT_EOK) {
		demand(knot_dname_size(name) == key.mv_size, "a name is whole");
		ret = store_next_name(&txn, STORE_KEYSET, name, false);
		demand(ret == KNOT_ENOENT, "there is one");
	}
	store_abort(&txn);
}

/*! Keys of the tables. */
static void try_key(const uint8_t *data, size_t size)
{
	uint8_t key[NODE_KEY_MAX];
	knot_dname_storage_t owner;
	size = size < LMDB_KEY_MAX - sizeof(uint32_t) ? size : LMDB_KEY_MAX - sizeof(uint32_t);
	size_t len = node_key_owner(data, size, owner);
	if (len > 0) {
		demand(knot_dname_size(owner) == len, "a name is whole");
		demand(node_key(owner, key) <= NODE_KEY_MAX, "a key has its length");
	}
	if (size >= sizeof(uint32_t)) {
		(void)expiry_time(data);
	}
	demand(expiry_node(data, size, key) <= NODE_KEY_MAX, "a key has its length");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) {
		return 0;
	}
	if (store == NULL) {
		start();
	}
	/* A copy, aligned as in the store. */
	const uint8_t kind = data[0] % KINDS;
	uint8_t *copy = malloc(size > 1 ? size - 1 : 1);
	demand(copy != NULL, "there is memory");
	memcpy(copy, data + 1, size - 1);
	data = copy;
	size--;
	switch (kind) {
	case NODE:
		try_node(data, size);
		break;
	case ENTRY_NSEC:
	case ENTRY_NSEC3:
		try_entry(data, size, kind == ENTRY_NSEC3);
		break;
	case JOURNAL:
		try_journal(data, size);
		break;
	case STATE:
	case INPUT:
		try_state(data, size, kind == STATE ? STORE_STATE : STORE_SOURCE);
		break;
	case KEYSET:
		try_keyset(data, size);
		break;
	case NAME:
		try_name(data, size);
		break;
	default:
		try_key(data, size);
	}
	free(copy);
	return 0;
}
