/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Whatever way a zone's input has come to be what it is, change by change, the signed zone has to
 * be that of a signing from scratch; signatures, which differ, are compared by who made them. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/expiry.h"
#include "module/input.h"
#include "module/journal.h"
#include "module/sign.h"
#include "tests/unit/test-hsm-token.h"

#define KEYS 3

static const knot_dname_t zone[] = "\x07""example";
static char dir[40];
static hsm_t *hsm;
static signpool_t *pool;
static keyset_key_t keys[KEYS];
static atomic_bool stop;

static void make_key(keyset_key_t *key, keyset_role_t role)
{
	hsm_key_t *made = NULL;
	dnssec_key_t *dnskey = NULL;
	hsm_error_t err = { 0 };
	ck_assert_msg(hsm_key_generate(hsm, "one", 13, 0, NULL, &made, &err) == HSM_EOK, "%s",
	              err.text);
	ck_assert_int_eq(hsm_key_dnskey(made, zone, role == KEYSET_ZSK ? 256 : 257, &dnskey, &err),
	                 0);
	dnssec_binary_t public_key = hsm_key_public(made);
	*key = (keyset_key_t){
		.repository = "one",
		.cka_id = strdup(hsm_key_id(made)),
		.role = role,
		.algorithm = 13,
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

static void set_up(void)
{
	hsm_error_t err = { 0 };
	test_tokens_make();
	/* In memory where that can be: much is committed here, and each commit is flushed. */
	strcpy(dir, access("/dev/shm", W_OK) == 0 ? "/dev/shm/test-sign.XXXXXX"
	                                          : "/tmp/test-sign.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(hsm_open(&hsm, test_conf(), &err), HSM_EOK);
	ck_assert_int_eq(signpool_new(&pool, hsm, 2), KNOT_EOK);
	make_key(&keys[0], KEYSET_KSK);
	make_key(&keys[1], KEYSET_ZSK);
	make_key(&keys[2], KEYSET_ZSK);
}

static void tear_down(void)
{
	char command[80];
	for (int i = 0; i < KEYS; i++) {
		free(keys[i].cka_id);
		free(keys[i].public_key);
	}
	signpool_free(pool);
	hsm_close(hsm);
	test_tokens_remove();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/*** A zone under test: a store with one zone in it. ***/

typedef struct {
	store_t *store;
	state_t state;
	keyring_t *ring;
	int64_t now;
} subject_t;

static keyset_t policy(void)
{
	return (keyset_t) {
		.revision = 1, .policy = "test", .resign = 60, .refresh = 1000,
		.validity_default = 10000, .validity_denial = 9000, .jitter = 500,
		.inception_offset = 100, .dnskey_ttl = 300, .soa_ttl = 600, .soa_minimum = 200,
		.keys = keys, .key_count = 2,
	};
}

static void set_keys(subject_t *subject, const keyset_t *set)
{
	char err[640] = "", *text = keyset_write(set);
	keyring_free(subject->ring);
	ck_assert_msg(keyring_load(text, zone, hsm, &subject->ring, err, sizeof(err)) == KNOT_EOK,
	              "%s", err);
	free(text);
}

static void open_subject(subject_t *subject, const char *name)
{
	char path[80], err[256] = "";
	memset(subject, 0, sizeof(*subject));
	subject->now = 1700000000;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_msg(store_open(&subject->store, path, err, sizeof(err)) == KNOT_EOK, "%s", err);
	keyset_t set = policy();
	set_keys(subject, &set);
}

static void close_subject(subject_t *subject)
{
	keyring_free(subject->ring);
	store_close(subject->store);
}

static void load_zone(subject_t *subject, const char *text, size_t changed)
{
	char path[80], err[512] = "";
	snprintf(path, sizeof(path), "%s/zone", dir);
	FILE *file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
	zonefile_t *zf = NULL;
	ck_assert_msg(zonefile_read(path, zone, NULL, &zf, err, sizeof(err)) == KNOT_EOK, "%s\n%s",
	              err, text);
	input_result_t result;
	const state_input_t origin = { .file.size = strlen(text) };
	ck_assert_int_eq(input_replace(subject->store, zone, &subject->state, zf, &origin, &result),
	                 KNOT_EOK);
	if (changed != SIZE_MAX) {
		ck_assert_uint_eq(result.changed, changed);
	}
	zonefile_free(zf);
}

static void progress(void *ctx, size_t done)
{
	(void)ctx;
	(void)done;
}

static sign_result_t sign(subject_t *subject, bool renew)
{
	char err[640] = "";
	sign_result_t result;
	const sign_run_t run = {
		.store = subject->store, .pool = pool, .zone = zone, .ring = subject->ring,
		.now = subject->now, .renew = renew, .stop = &stop, .progress = progress,
	};
	ck_assert_msg(sign_run(&run, &subject->state, &result, err, sizeof(err)) == KNOT_EOK, "%s",
	              err);
	ck_assert(result.published);
	return result;
}

/*** What is published, as text. ***/

static void dump_rrset(FILE *out, const char *owner, const node_rrset_t *rrset)
{
	char type[16];
	knot_rrtype_to_string(rrset->type, type, sizeof(type));
	const knot_rdata_t *rr = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		fprintf(out, "%s %u %s ", owner, rrset->ttl, type);
		/* The serial depends on the history. */
		for (uint16_t n = 0; n < rr->len; n++) {
			bool serial = rrset->type == KNOT_RRTYPE_SOA && n >= rr->len - 20 &&
			              n < rr->len - 16;
			fprintf(out, "%02x", serial ? 0 : rr->data[n]);
		}
		fputc('\n', out);
		rr = knot_rdataset_next((knot_rdata_t *)rr);
	}
	unsigned by[KEYS] = { 0 }, all = 0;
	const knot_rdata_t *sig = rrset->sigs.rdata;
	for (uint16_t i = 0; i < rrset->sigs.count; i++) {
		for (int key = 0; key < KEYS; key++) {
			by[key] += rrsig_keytag(sig) == keys[key].keytag;
		}
		all++;
		sig = knot_rdataset_next((knot_rdata_t *)sig);
	}
	fprintf(out, "%s %s signed by %u %u %u of %u\n", owner, type, by[0], by[1], by[2], all);
}

/*! Also checks the refresh queue and the count of signatures against the nodes. */
static char *dump(subject_t *subject)
{
	char *text = NULL;
	size_t size = 0, queued = 0, expiring = 0;
	uint64_t signatures = 0, counted = 0;
	FILE *out = open_memstream(&text, &size);
	store_txn_t txn;
	store_cursor_t cursor;
	ck_assert_int_eq(store_read(subject->store, &txn), KNOT_EOK);
	ck_assert_int_eq(store_cursor(&txn, STORE_SIGNED, subject->state.id, &cursor), KNOT_EOK);
	while (store_next(&cursor) == KNOT_EOK) {
		node_t node;
		knot_dname_storage_t owner;
		knot_dname_txt_storage_t name;
		ck_assert_int_eq(node_read(cursor.data, cursor.data_len, &node), KNOT_EOK);
		ck_assert_uint_gt(node_key_owner(cursor.key, cursor.key_len, owner), 0);
		knot_dname_to_str(name, owner, sizeof(name));
		for (uint16_t i = 0; i < node.count; i++) {
			dump_rrset(out, name, &node.rrsets[i]);
			bool dnskey = node.rrsets[i].type == KNOT_RRTYPE_DNSKEY;
			signatures += dnskey ? 0 : node.rrsets[i].sigs.count;
		}
		expiring += expiry_of(&node) > 0;
		node_deinit(&node);
	}
	store_cursor_close(&cursor);

	ck_assert_int_eq(store_cursor(&txn, STORE_EXPIRY, subject->state.id, &cursor), KNOT_EOK);
	while (store_next(&cursor) == KNOT_EOK) {
		queued++;
	}
	store_cursor_close(&cursor);
	ck_assert_uint_eq(queued, expiring);
	ck_assert_int_eq(store_cursor(&txn, STORE_DIRTY, subject->state.id, &cursor), KNOT_EOK);
	ck_assert_int_eq(store_next(&cursor), KNOT_ENOENT);
	store_cursor_close(&cursor);
	for (uint32_t i = 0; i < subject->state.key_count; i++) {
		counted += subject->state.keys[i].signatures;
	}
	ck_assert_uint_eq(counted, signatures);
	store_abort(&txn);
	fclose(out);
	return text;
}

/*** What is published, record by record, and the journal that leads to it. ***/

typedef struct {
	char **records;
	size_t count;
} records_t;

static void add_record(records_t *set, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
                       const knot_rdata_t *rdata)
{
	char *text = NULL;
	size_t size = 0;
	knot_dname_txt_storage_t name;
	FILE *out = open_memstream(&text, &size);
	fprintf(out, "%s %u %u ", knot_dname_to_str(name, owner, sizeof(name)), ttl, type);
	for (uint16_t n = 0; n < rdata->len; n++) {
		fprintf(out, "%02x", rdata->data[n]);
	}
	fclose(out);
	set->records = realloc(set->records, (set->count + 1) * sizeof(char *));
	set->records[set->count++] = text;
}

static void remove_record(records_t *set, const char *text)
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

static void free_records(records_t *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free(set->records[i]);
	}
	free(set->records);
	memset(set, 0, sizeof(*set));
}

static void add_set(records_t *set, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
                    const knot_rdataset_t *rrs)
{
	const knot_rdata_t *rr = rrs->rdata;
	for (uint16_t i = 0; i < rrs->count; i++) {
		add_record(set, owner, type, ttl, rr);
		rr = knot_rdataset_next((knot_rdata_t *)rr);
	}
}

static records_t published(subject_t *subject)
{
	records_t set = { 0 };
	store_txn_t txn;
	store_cursor_t cursor;
	ck_assert_int_eq(store_read(subject->store, &txn), KNOT_EOK);
	ck_assert_int_eq(store_cursor(&txn, STORE_SIGNED, subject->state.id, &cursor), KNOT_EOK);
	while (store_next(&cursor) == KNOT_EOK) {
		node_t node;
		knot_dname_storage_t owner;
		ck_assert_int_eq(node_read(cursor.data, cursor.data_len, &node), KNOT_EOK);
		ck_assert_uint_gt(node_key_owner(cursor.key, cursor.key_len, owner), 0);
		for (uint16_t i = 0; i < node.count; i++) {
			const node_rrset_t *rrset = &node.rrsets[i];
			add_set(&set, owner, rrset->type, rrset->ttl, &rrset->rrs);
			add_set(&set, owner, KNOT_RRTYPE_RRSIG, rrset->ttl, &rrset->sigs);
		}
		node_deinit(&node);
	}
	store_cursor_close(&cursor);
	store_abort(&txn);
	return set;
}

static int compare_records(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*! Applies the journal's last version to the records before it, which have to be the new ones. */
static void check_journal(subject_t *subject, records_t *before, uint32_t from)
{
	store_txn_t txn;
	journal_reader_t reader;
	knot_rrset_t rr;
	int half = -1;
	ck_assert_int_eq(store_read(subject->store, &txn), KNOT_EOK);
	ck_assert_int_eq(
		journal_open(&reader, &txn, subject->state.id, subject->state.version, from),
		KNOT_EOK);
	while (journal_next(&reader, &rr) == KNOT_EOK) {
		if (rr.type == KNOT_RRTYPE_SOA) {
			half++;
			ck_assert_uint_eq(knot_soa_serial(rr.rrs.rdata),
			                  half == 0 ? from : subject->state.serial);
		}
		if (half == 0) {
			records_t one = { 0 };
			add_set(&one, rr.owner, rr.type, rr.ttl, &rr.rrs);
			remove_record(before, one.records[0]);
			free_records(&one);
		} else {
			add_set(before, rr.owner, rr.type, rr.ttl, &rr.rrs);
		}
	}
	ck_assert_int_eq(half, 1);
	journal_close(&reader);
	store_abort(&txn);

	records_t now = published(subject);
	ck_assert_uint_eq(before->count, now.count);
	qsort(before->records, before->count, sizeof(char *), compare_records);
	qsort(now.records, now.count, sizeof(char *), compare_records);
	for (size_t i = 0; i < now.count; i++) {
		ck_assert_str_eq(before->records[i], now.records[i]);
	}
	free_records(&now);
}

/*** Random zones. ***/

static const char *const names[] = {
	"a", "b.a", "c.b.a", "*.a", "d", "e.d", "f.e.d", "g", "*", "h.g", "x\\000y", "z.x\\000y",
	"long.chain.of.empty.names",
};
#define NAMES (sizeof(names) / sizeof(names[0]))

static const char *const kinds[] = {
	"", "%1$s A 192.0.2.%2$u\n", "%1$s NS ns.else.\n",
	"%1$s NS ns.else.\n%1$s DS 1 13 2 %2$064x\n",
	"%1$s TXT \"%2$u\"\n%1$s A 192.0.2.1\n%1$s AAAA 2001:db8::%2$x\n", "%1$s CNAME a%2$u\n",
	"%1$s NS %1$s\n%1$s A 192.0.2.%2$u\n",
	"%1$s A 192.0.2.1\n%1$s A 192.0.2.7\n%1$s A 192.0.2.%2$u\n",
	"%1$s 77 A 192.0.2.1\n%1$s 77 A 192.0.2.9\n",
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void write_zone(char *text, size_t size, unsigned serial, const unsigned *kind,
                       const unsigned *value)
{
	size_t len = snprintf(text, size, "$ORIGIN example.\n$TTL 100\n"
	                      "@ SOA ns hostmaster %u 1 2 3 4\n@ NS ns.else.\n", serial);
	for (size_t i = 0; i < NAMES; i++) {
		len += snprintf(text + len, size - len, kinds[kind[i]], names[i], value[i]);
	}
}
#pragma GCC diagnostic pop

START_TEST(test_random_changes)
{
	unsigned seed = 1 + _i, kind[NAMES] = { 0 }, value[NAMES] = { 0 };
	char text[8192];
	subject_t subject;
	open_subject(&subject, "changes");
	for (unsigned step = 1; step <= 30; step++) {
		for (int n = rand_r(&seed) % 4; n >= 0; n--) {
			size_t at = rand_r(&seed) % NAMES;
			kind[at] = rand_r(&seed) % KINDS;
			value[at] = rand_r(&seed) % 250;
		}
		write_zone(text, sizeof(text), step, kind, value);
		const uint32_t serial = subject.state.serial;
		records_t before = published(&subject);
		load_zone(&subject, text, SIZE_MAX);
		sign(&subject, false);
		subject.now += rand_r(&seed) % 3000;
		if (step > 1) {
			check_journal(&subject, &before, serial);
		}
		free_records(&before);
		char *changed = dump(&subject);

		char name[32];
		subject_t fresh;
		snprintf(name, sizeof(name), "scratch-%u", step);
		open_subject(&fresh, name);
		load_zone(&fresh, text, SIZE_MAX);
		sign(&fresh, false);
		char *scratch = dump(&fresh);
		ck_assert_msg(strcmp(changed, scratch) == 0,
		              "seed %d, step %u, zone\n%s\nchanged\n%s\n"
		              "from scratch\n%s",
		              1 + _i, step, text, changed, scratch);
		close_subject(&fresh);
		free(scratch);
		free(changed);
	}
	close_subject(&subject);
}
END_TEST

static const char small[] = "$ORIGIN example.\n$TTL 100\n@ SOA ns hostmaster 7 1 2 3 4\n"
	"@ NS ns\nns A 192.0.2.1\na A 192.0.2.2\nb A 192.0.2.3\nc A 192.0.2.4\n";

/*! What a change costs depends on the change: SOA, the name's RRset; no NSEC if no name came. */
START_TEST(test_cost)
{
	char text[512];
	subject_t subject;
	open_subject(&subject, "cost");
	load_zone(&subject, small, 5);
	/* SOA, NS, DNSKEY and NSEC of the apex, A and NSEC of four names. */
	ck_assert_uint_eq(sign(&subject, false).signatures, 12);
	ck_assert_uint_eq(subject.state.serial, 8);

	load_zone(&subject, small, 0);
	snprintf(text, sizeof(text), "%sb A 192.0.2.33\n", small);
	load_zone(&subject, text, 1);
	ck_assert_uint_eq(sign(&subject, false).signatures, 2);
	ck_assert_uint_eq(subject.state.serial, 9);

	/* A name more: its two, the NSEC before it, SOA. */
	snprintf(text, sizeof(text), "%sbb A 192.0.2.33\n", small);
	load_zone(&subject, text, 2);
	ck_assert_uint_eq(sign(&subject, false).signatures, 5);
	close_subject(&subject);
}
END_TEST

/*! Signatures are replaced when they are due, and not before. */
START_TEST(test_refresh)
{
	subject_t subject;
	store_txn_t txn;
	open_subject(&subject, "refresh");
	load_zone(&subject, small, 5);
	sign(&subject, false);
	ck_assert_int_eq(store_read(subject.store, &txn), KNOT_EOK);
	int64_t due = sign_due(&txn, subject.state.id, 1000, subject.now);
	store_abort(&txn);
	/* The earliest are those of NSEC, 9000 - 1000 ± 500 seconds from now. */
	ck_assert_int_ge(due, subject.now + 7500);
	ck_assert_int_le(due, subject.now + 8500);
	subject.now = due - 1;
	ck_assert_uint_eq(sign(&subject, false).signatures, 1);
	subject.now = due;
	ck_assert_uint_eq(sign(&subject, false).signatures, 2);
	subject.now += 20000;
	ck_assert_uint_eq(sign(&subject, false).signatures, 12);
	ck_assert_uint_eq(sign(&subject, true).signatures, 12);
	free(dump(&subject));
	close_subject(&subject);
}
END_TEST

static uint64_t signatures_of(const subject_t *subject, const keyset_key_t *key)
{
	for (uint32_t i = 0; i < subject->state.key_count; i++) {
		if (subject->state.keys[i].keytag == key->keytag) {
			return subject->state.keys[i].signatures;
		}
	}
	return 0;
}

/*! A ZSK that stays published while another signs: signatures change as they come due. */
START_TEST(test_rollover)
{
	subject_t subject;
	open_subject(&subject, "rollover");
	load_zone(&subject, small, 5);
	sign(&subject, false);
	ck_assert_uint_eq(signatures_of(&subject, &keys[1]), 11);

	keyset_t set = policy();
	set.key_count = 3;
	keys[1].sign_zone = false;
	set_keys(&subject, &set);
	subject.state.sign_all = true;
	/* DNSKEY by the KSK, SOA by the new ZSK. */
	ck_assert_uint_eq(sign(&subject, false).signatures, 2);
	ck_assert_uint_eq(signatures_of(&subject, &keys[1]), 10);
	ck_assert_uint_eq(signatures_of(&subject, &keys[2]), 1);

	subject.now += 20000;
	sign(&subject, false);
	ck_assert_uint_eq(signatures_of(&subject, &keys[1]), 0);
	ck_assert_uint_eq(signatures_of(&subject, &keys[2]), 11);
	ck_assert_int_eq(subject.state.keys[0].keytag == keys[1].keytag ?
	                 subject.state.keys[0].last_gone : -1, -1);

	/* Taken out at once, a key's signatures leave with it. */
	keys[1].sign_zone = true;
	set.key_count = 2;
	set_keys(&subject, &set);
	subject.state.sign_all = true;
	ck_assert_uint_eq(sign(&subject, false).signatures, 12);
	ck_assert_uint_eq(signatures_of(&subject, &keys[2]), 0);
	free(dump(&subject));
	close_subject(&subject);
}
END_TEST

/*! More nodes than a first signing's batch holds; and one that is stopped and begun again. */
START_TEST(test_batches)
{
	char *text = malloc(1000 * 24 + sizeof(small));
	size_t len = sprintf(text, "%s", small);
	for (unsigned i = 0; i < 1000; i++) {
		/* Mostly delegations, whose only signature is that of the NSEC. */
		len += sprintf(text + len, "n%u NS x.else.\n", i);
	}
	char err[640];
	subject_t subject;
	sign_result_t result;
	open_subject(&subject, "batches");
	load_zone(&subject, text, 1005);
	const sign_run_t run = {
		.store = subject.store, .pool = pool, .zone = zone, .ring = subject.ring,
		.now = subject.now, .stop = &(atomic_bool){ true }, .progress = progress,
	};
	ck_assert_int_eq(sign_run(&run, &subject.state, &result, err, sizeof(err)), KNOT_EAGAIN);
	ck_assert_uint_eq(subject.state.version, 0);
	ck_assert_uint_eq(sign(&subject, false).signatures, 1012);
	char *batches = dump(&subject);
	subject.state.sign_all = true;
	ck_assert_uint_eq(sign(&subject, false).signatures, 1);
	char *whole = dump(&subject);
	ck_assert_str_eq(batches, whole);
	free(batches);
	free(whole);
	free(text);
	close_subject(&subject);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sign");
	TCase *tcase = tcase_create("sign run");
	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, test_random_changes, 0, 4);
	tcase_add_test(tcase, test_cost);
	tcase_add_test(tcase, test_refresh);
	tcase_add_test(tcase, test_rollover);
	tcase_add_test(tcase, test_batches);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
