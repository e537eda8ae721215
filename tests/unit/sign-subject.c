/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/sign-subject.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/denial/chain.h"
#include "module/sign/changeover.h"
#include "module/keys/rrsig.h"
#include "module/sign/expiry.h"
#include "module/sign/signatures.h"
#include "module/store/journal.h"
#include "module/zonefile/zonefile.h"
#include "tests/unit/sign-check.h"
#include "tests/unit/test-hsm-token.h"

const knot_dname_t subject_zone[] = "\x07""example";
static char dir[40];
static hsm_t *hsm;
static signpool_t *pool;
static log_t subject_log;
keyset_key_t subject_keys[SUBJECT_KEYS];

static void make_key(keyset_key_t *key, keyset_role_t role, uint8_t algorithm)
{
	hsm_key_t *made = NULL;
	dnssec_key_t *dnskey = NULL;
	hsm_error_t err = { 0 };
	const hsm_key_spec_t spec = { .repository = "one", .algorithm = algorithm };
	ck_assert_msg(hsm_key_generate(hsm, &spec, &made, &err) == HSM_EOK, "%s", err.text);
	ck_assert_int_eq(hsm_key_dnskey(made, subject_zone, role == KEYSET_ZSK ? 256 : 257,
	                                &dnskey, &err), 0);
	dnssec_binary_t public_key = hsm_key_public(made);
	*key = (keyset_key_t){
		.repository = "one",
		.cka_id = strdup(hsm_key_id(made)),
		.role = role,
		.algorithm = algorithm,
		.public_key = malloc(public_key.size),
		.public_key_len = public_key.size,
		.keytag = dnssec_key_get_keytag(dnskey),
		.publish = true,
		.sign_dnskey = role != KEYSET_ZSK,
		.sign_zone = role != KEYSET_KSK,
		.step = "",
	};
	memcpy(key->public_key, public_key.data, public_key.size);
	dnssec_key_free(dnskey);
	hsm_key_free(made);
}

void subject_set_up(void)
{
	hsm_error_t err = { 0 };
	log_init(&subject_log, NULL, NULL);
	test_tokens_make();
	/* In memory where that can be: much is committed here, and each commit is flushed. */
	strcpy(dir, access("/dev/shm", W_OK) == 0 ? "/dev/shm/test-sign.XXXXXX"
	                                          : "/tmp/test-sign.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(hsm_open(&hsm, test_conf(), &err), HSM_EOK);
	ck_assert_int_eq(signpool_new(&pool, hsm, 2, &subject_log), KNOT_EOK);
	make_key(&subject_keys[0], KEYSET_KSK, 13);
	make_key(&subject_keys[1], KEYSET_ZSK, 13);
	make_key(&subject_keys[2], KEYSET_ZSK, 13);
	make_key(&subject_keys[3], KEYSET_CSK, 14);
	make_key(&subject_keys[4], KEYSET_ZSK, 13);
}

void subject_tear_down(void)
{
	char command[80];
	for (int i = 0; i < SUBJECT_KEYS; i++) {
		free(subject_keys[i].cka_id);
		free(subject_keys[i].public_key);
	}
	signpool_free(pool);
	hsm_close(hsm);
	test_tokens_remove();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

keyset_t subject_policy(void)
{
	return (keyset_t) {
		.revision = 1, .policy = "test", .resign = 60, .refresh = 1000,
		.validity_default = 10000, .validity_denial = 9000, .jitter = 500,
		.inception_offset = 100, .dnskey_ttl = 300, .soa_ttl = 600, .soa_minimum = 200,
		.cds = { .sha256 = true, .cdnskey = true },
		.keys = subject_keys, .key_count = 2,
	};
}

void subject_set_chain(keyset_t *set, unsigned which)
{
	set->nsec3 = which % 3 > 0;
	set->nsec3_optout = which % 3 > 1;
	set->nsec3_iterations = which / 3 % 3;
	set->nsec3_salt_len = which / 3 % 4;
	memcpy(set->nsec3_salt, "abc", 3);
	set->nsec3_ttl = 10 * (which % 2);
}

void subject_set_keys(subject_t *subject, const keyset_t *set)
{
	char err[640] = "", *text = keyset_write(set);
	keyring_t *ring = NULL;
	ck_assert_msg(keyring_load(text, subject_zone, hsm, &ring, err, sizeof(err)) == KNOT_EOK,
	              "%s", err);
	changeover_adopt(&subject->state, subject->ring != NULL ? &subject->ring->set : NULL,
	                 &ring->set);
	keyring_free(subject->ring);
	subject->ring = ring;
	free(text);
}

void subject_open(subject_t *subject, const char *name)
{
	char path[80], err[256] = "";
	memset(subject, 0, sizeof(*subject));
	subject->now = 1700000000;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_msg(store_open(&subject->store, path, err, sizeof(err)) == KNOT_EOK, "%s", err);
	subject->batch = SIGN_BATCH;
	keyset_t set = subject_policy();
	subject_set_keys(subject, &set);
}

void subject_close(subject_t *subject)
{
	keyring_free(subject->ring);
	store_close(subject->store);
}

int subject_replace(subject_t *subject, const char *text, bool over, input_result_t *result)
{
	char path[80], err[512] = "";
	snprintf(path, sizeof(path), "%s/zone", dir);
	FILE *file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
	contents_t *contents = NULL;
	const zonefile_args_t args = {
		.path = path, .apex = subject_zone, .size_max = SIZE_MAX,
	};
	ck_assert_msg(zonefile_read(&args, &contents, err, sizeof(err)) == KNOT_EOK, "%s\n%s", err,
	              text);
	const state_input_t origin = { .file.size = strlen(text) };
	const input_new_t new = {
		.contents = contents, .origin = &origin, .over_updates = over,
	};
	int ret = input_replace(subject->store, subject_zone, &subject->state, &new, result);
	contents_free(contents);
	return ret;
}

void subject_load(subject_t *subject, const char *text, size_t changed)
{
	input_result_t result;
	ck_assert_int_eq(subject_replace(subject, text, false, &result), KNOT_EOK);
	if (changed != SIZE_MAX) {
		ck_assert_uint_eq(result.changed, changed);
	}
}

/*! When a run is stopped. */
typedef struct {
	sign_args_t run;
	atomic_bool stop;
	unsigned left; /*!< Batches that are left until the run is stopped; 0: it is not. */
} run_t;

static void progress(void *ctx, size_t done)
{
	run_t *run = ctx;
	(void)done;
	if (run->left > 0 && --run->left == 0) {
		run->stop = true;
	}
}

clock_span_t subject_span(const subject_t *subject)
{
	return (clock_span_t){ .from = subject->now - subject->doubt, .to = subject->now };
}

static void set_run(run_t *run, const subject_t *subject, bool stop)
{
	*run = (run_t) {
		.run = {
			.store = subject->store, .pool = pool, .zone = subject_zone,
			.ring = subject->ring, .now = subject_span(subject),
			.clock = subject->clock, .batch = subject->batch,
			.stop = &run->stop, .progress = progress, .ctx = run,
		},
		.stop = stop, .left = subject->stop_after,
	};
}

sign_result_t subject_sign_batch(subject_t *subject, bool renew)
{
	char err[640] = "";
	sign_result_t result;
	run_t run;
	set_run(&run, subject, false);
	run.run.renew = renew;
	ck_assert_msg(sign_run(&run.run, &subject->state, &result, err, sizeof(err)) == KNOT_EOK,
	              "%s", err);
	if (result.published && !subject->ring->set.passthrough) {
		check_version(subject);
		check_zonemd(subject);
	}
	return result;
}

sign_result_t subject_sign(subject_t *subject, bool renew)
{
	sign_result_t all = subject_sign_batch(subject, renew), one = all;
	for (unsigned runs = 1; one.more; runs++) {
		one = subject_sign_batch(subject, false);
		all.signatures += one.signatures;
		all.published |= one.published;
		all.left_out = one.left_out;
		all.unfit = one.unfit;
		ck_assert_uint_lt(runs, 10000);
	}
	return all;
}

int subject_sign_fails(subject_t *subject, bool stopped, char *err, size_t err_size)
{
	sign_result_t result;
	run_t run;
	set_run(&run, subject, stopped);
	return sign_run(&run.run, &subject->state, &result, err, err_size);
}

/*** What is published, as text. ***/

static void dump_rrset(FILE *out, const char *owner, const node_rrset_t *rrset)
{
	char type[16];
	knot_rrtype_to_string(rrset->type, type, sizeof(type));
	const knot_rdata_t *rr = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		fprintf(out, "%s %u %s ", owner, rrset->ttl, type);
		/* Serial and digest depend on the history. */
		for (uint16_t n = 0; n < rr->len; n++) {
			bool past = (rrset->type == KNOT_RRTYPE_SOA && n >= rr->len - 20 &&
			             n < rr->len - 16) || rrset->type == KNOT_RRTYPE_ZONEMD;
			fprintf(out, "%02x", past ? 0 : rr->data[n]);
		}
		fputc('\n', out);
		rr = knot_rdataset_next((knot_rdata_t *)rr);
	}
	unsigned by[SUBJECT_KEYS] = { 0 }, all = 0;
	const knot_rdata_t *sig = rrset->sigs.rdata;
	for (uint16_t i = 0; i < rrset->sigs.count; i++) {
		for (int key = 0; key < SUBJECT_KEYS; key++) {
			by[key] += rrsig_keytag(sig) == subject_keys[key].keytag;
		}
		all++;
		sig = knot_rdataset_next((knot_rdata_t *)sig);
	}
	fprintf(out, "%s %s signed by %u %u %u %u %u of %u\n", owner, type, by[0], by[1], by[2],
	        by[3], by[4], all);
}

/*! Calls a function for each published node and entry of the chain. */
static void each_published(subject_t *subject, store_txn_t *txn,
                           void (*call)(void *ctx, const knot_dname_t *owner, const node_t *node),
                           void *ctx)
{
	const state_chain_t *chain = &subject->state.chain;
	store_cursor_t cursor;
	ck_assert_int_eq(store_cursor(txn, STORE_SIGNED, subject->state.nodes, &cursor), KNOT_EOK);
	while (store_next(&cursor) == KNOT_EOK) {
		node_t node;
		knot_dname_storage_t owner;
		ck_assert_int_eq(node_read(cursor.data, cursor.data_len, &node), KNOT_EOK);
		ck_assert_uint_gt(node_key_owner(cursor.key, cursor.key_len, owner), 0);
		call(ctx, owner, &node);
		node_deinit(&node);
	}
	store_cursor_close(&cursor);
	ck_assert_int_eq(store_cursor(txn, STORE_CHAIN, chain->id, &cursor), KNOT_EOK);
	while (chain->id != 0 && store_next(&cursor) == KNOT_EOK) {
		chain_entry_t entry;
		knot_dname_storage_t owner;
		ck_assert_int_eq(entry_read(chain, cursor.data, cursor.data_len, &entry), KNOT_EOK);
		ck_assert_int_eq(entry_owner(chain, subject_zone, cursor.key, cursor.key_len, owner),
		                 KNOT_EOK);
		call(ctx, owner, &entry.node);
		node_deinit(&entry.node);
	}
	store_cursor_close(&cursor);
}

static size_t count_entries(store_txn_t *txn, store_table_t table, uint32_t id)
{
	size_t count = 0;
	store_cursor_t cursor;
	ck_assert_int_eq(store_cursor(txn, table, id, &cursor), KNOT_EOK);
	while (id != 0 && store_next(&cursor) == KNOT_EOK) {
		count++;
	}
	store_cursor_close(&cursor);
	return count;
}

static uint64_t count_bytes(store_txn_t *txn, store_table_t table, uint32_t id)
{
	uint64_t count = 0;
	store_cursor_t cursor;
	ck_assert_int_eq(store_cursor(txn, table, id, &cursor), KNOT_EOK);
	while (id != 0 && store_next(&cursor) == KNOT_EOK) {
		count += cursor.data_len;
	}
	store_cursor_close(&cursor);
	return count;
}

typedef struct {
	FILE *out;
	size_t expiring;
	uint64_t signatures, max_ttl;
	int64_t now, valid_until;
} dump_t;

/*! Signatures are good now. */
static void check_times(const dump_t *dump, const knot_rdataset_t *sigs)
{
	const knot_rdata_t *sig = sigs->rdata;
	for (uint16_t i = 0; i < sigs->count; i++) {
		ck_assert(expiry_by(rrsig_inception(sig), dump->now));
		ck_assert(!expiry_by(rrsig_expiration(sig), dump->valid_until));
		sig = knot_rdataset_next((knot_rdata_t *)sig);
	}
}

static void dump_node(void *ctx, const knot_dname_t *owner, const node_t *node)
{
	dump_t *dump = ctx;
	knot_dname_txt_storage_t name;
	knot_dname_to_str(name, owner, sizeof(name));
	const bool apex = knot_dname_is_equal(owner, subject_zone);
	for (uint16_t i = 0; i < node->count; i++) {
		const node_rrset_t *rrset = &node->rrsets[i];
		dump_rrset(dump->out, name, rrset);
		check_times(dump, &rrset->sigs);
		dump->signatures += signatures_by_ksk(rrset->type, apex) ? 0 : rrset->sigs.count;
		dump->max_ttl = rrset->ttl > dump->max_ttl ? rrset->ttl : dump->max_ttl;
	}
	dump->expiring += expiry_of(node) > 0;
}

/*! Also checks the refresh queue and the count of signatures against the nodes. */
char *subject_dump(subject_t *subject)
{
	char *text = NULL;
	size_t size = 0;
	uint64_t counted = 0;
	store_txn_t txn;
	dump_t dump = {
		.out = open_memstream(&text, &size),
		.now = subject->now, .valid_until = subject->now + subject->ring->set.refresh,
	};
	const state_t *state = &subject->state;
	ck_assert_int_eq(store_read(subject->store, &txn), KNOT_EOK);
	each_published(subject, &txn, dump_node, &dump);
	ck_assert_uint_eq(count_entries(&txn, STORE_EXPIRY, state->nodes) +
	                  count_entries(&txn, STORE_EXPIRY, state->chain.id), dump.expiring);
	ck_assert_uint_eq(count_entries(&txn, STORE_DIRTY, state->id), 0);
	for (uint32_t i = 0; i < state->key_count; i++) {
		counted += state->keys[i].signatures;
		ck_assert_uint_eq(state->keys[i].next, 0);
	}
	ck_assert_uint_eq(counted, dump.signatures);
	ck_assert_uint_ge(state->max_ttl, dump.max_ttl);
	ck_assert_uint_eq(state->size.nodes.bytes, count_bytes(&txn, STORE_SIGNED, state->nodes));
	ck_assert_uint_eq(state->size.chain.bytes, count_bytes(&txn, STORE_CHAIN, state->chain.id));
	ck_assert_uint_eq(state->size.nodes.queued + state->size.chain.queued, dump.expiring);
	ck_assert_uint_eq(state->journal_bytes, count_bytes(&txn, STORE_JOURNAL, state->id));
	store_abort(&txn);
	fclose(dump.out);
	return text;
}

void subject_compare(subject_t *subject, const keyset_t *set, const char *text, int seed,
                     unsigned step)
{
	char name[32];
	subject_t fresh;
	char *changed = subject_dump(subject);
	snprintf(name, sizeof(name), "scratch-%u", step);
	subject_open(&fresh, name);
	subject_set_keys(&fresh, set);
	subject_load(&fresh, text, SIZE_MAX);
	subject_sign(&fresh, false);
	char *scratch = subject_dump(&fresh);
	ck_assert_msg(strcmp(changed, scratch) == 0,
	              "seed %d, step %u, zone\n%s\nchanged\n%s\nfrom scratch\n%s", seed, step,
	              text, changed, scratch);
	subject_close(&fresh);
	free(scratch);
	free(changed);
}

/*** What is published, record by record, and the journal that leads to it. ***/

static void add_record(zone_records_t *set, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
                       const knot_rdata_t *rdata)
{
	static const char digits[] = "0123456789abcdef";
	knot_dname_txt_storage_t name;
	knot_dname_to_str(name, owner, sizeof(name));
	char *text = malloc(strlen(name) + sizeof(" 4294967295 65535 ") + 2 * rdata->len);
	char *end = text + sprintf(text, "%s %u %u ", name, ttl, type);
	for (uint16_t n = 0; n < rdata->len; n++) {
		*end++ = digits[rdata->data[n] >> 4];
		*end++ = digits[rdata->data[n] & 15];
	}
	*end = '\0';
	set->records = realloc(set->records, (set->count + 1) * sizeof(char *));
	set->records[set->count++] = text;
}

static void remove_record(zone_records_t *set, const char *text)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strcmp(set->records[i], text) == 0) {
			free(set->records[i]);
			set->records[i] = set->records[--set->count];
			return;
		}
	}
	ck_abort_msg("the journal removes what is not there: %s", text);
}

void records_free(zone_records_t *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free(set->records[i]);
	}
	free(set->records);
	memset(set, 0, sizeof(*set));
}

static void add_set(zone_records_t *set, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
                    const knot_rdataset_t *rrs)
{
	const knot_rdata_t *rr = rrs->rdata;
	for (uint16_t i = 0; i < rrs->count; i++) {
		add_record(set, owner, type, ttl, rr);
		rr = knot_rdataset_next((knot_rdata_t *)rr);
	}
}

static void add_node(void *ctx, const knot_dname_t *owner, const node_t *node)
{
	for (uint16_t i = 0; i < node->count; i++) {
		const node_rrset_t *rrset = &node->rrsets[i];
		const knot_rdata_t *rr = rrset->rrs.rdata;
		for (uint16_t n = 0; n < rrset->rrs.count; n++) {
			add_record(ctx, owner, rrset->type, node_ttl(node, rrset, rr), rr);
			rr = knot_rdataset_next((knot_rdata_t *)rr);
		}
		add_set(ctx, owner, KNOT_RRTYPE_RRSIG, rrset->ttl, &rrset->sigs);
	}
}

zone_records_t subject_records(subject_t *subject)
{
	zone_records_t set = { 0 };
	store_txn_t txn;
	ck_assert_int_eq(store_read(subject->store, &txn), KNOT_EOK);
	each_published(subject, &txn, add_node, &set);
	store_abort(&txn);
	return set;
}

static int compare_records(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool subject_journal_reaches(subject_t *subject, uint32_t serial)
{
	store_txn_t txn;
	journal_reader_t reader;
	ck_assert_int_eq(store_read(subject->store, &txn), KNOT_EOK);
	const state_t *state = &subject->state;
	int ret = journal_open(&reader, &txn, state->id, state->version, serial);
	if (ret == KNOT_EOK) {
		journal_close(&reader);
	}
	store_abort(&txn);
	return ret == KNOT_EOK;
}

/*! Applies the journal's last version to the records before it, which have to be the new ones. */
void subject_check_journal(subject_t *subject, zone_records_t *before, uint32_t from)
{
	store_txn_t txn;
	journal_reader_t reader;
	knot_rrset_t rr;
	int half = -1;
	uint32_t serial = from;
	ck_assert_int_eq(store_read(subject->store, &txn), KNOT_EOK);
	ck_assert_int_eq(
		journal_open(&reader, &txn, subject->state.id, subject->state.version, from),
		KNOT_EOK);
	while (journal_next(&reader, &rr) == KNOT_EOK) {
		if (rr.type == KNOT_RRTYPE_SOA) {
			half++;
			if (half % 2 == 0) {
				ck_assert_uint_eq(knot_soa_serial(rr.rrs.rdata), serial);
			}
			serial = knot_soa_serial(rr.rrs.rdata);
		}
		if (half % 2 == 0) {
			zone_records_t one = { 0 };
			add_set(&one, rr.owner, rr.type, rr.ttl, &rr.rrs);
			remove_record(before, one.records[0]);
			records_free(&one);
		} else {
			add_set(before, rr.owner, rr.type, rr.ttl, &rr.rrs);
		}
	}
	ck_assert_int_eq(half % 2, 1);
	ck_assert_uint_eq(serial, subject->state.serial);
	journal_close(&reader);
	store_abort(&txn);

	zone_records_t now = subject_records(subject);
	ck_assert_uint_eq(before->count, now.count);
	qsort(before->records, before->count, sizeof(char *), compare_records);
	qsort(now.records, now.count, sizeof(char *), compare_records);
	for (size_t i = 0; i < now.count; i++) {
		ck_assert_str_eq(before->records[i], now.records[i]);
	}
	records_free(&now);
}

uint64_t subject_signatures(const subject_t *subject, const keyset_key_t *key)
{
	for (uint32_t i = 0; i < subject->state.key_count; i++) {
		if (subject->state.keys[i].keytag == key->keytag) {
			return subject->state.keys[i].signatures;
		}
	}
	return 0;
}
