/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* A zone whose DNSKEY, CDS and CDNSKEY were signed ahead, by a key that is in no repository. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "keyset/bundle.h"
#include "module/keys/rrsig.h"
#include "module/sign/refresh.h"
#include "tests/unit/check-main.h"
#include "tests/unit/sign-subject.h"
#include "tests/unit/test-hsm-token.h"

static const char small[] = "$ORIGIN example.\n$TTL 100\n@ SOA ns hostmaster 7 1 2 3 4\n"
	"@ NS ns\nns A 192.0.2.1\na A 192.0.2.2\nb A 192.0.2.3\nc A 192.0.2.4\n";

static const uint16_t types[] = { KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY };

static void read_apex(const subject_t *subject, node_t *apex, uint8_t **copy)
{
	uint8_t key[NODE_KEY_MAX];
	store_txn_t txn;
	store_cursor_t cursor;
	const size_t len = node_key(subject_zone, key);
	ck_assert_int_eq(store_read(subject->store, &txn), KNOT_EOK);
	ck_assert_int_eq(store_cursor(&txn, STORE_SIGNED, subject->state.nodes, &cursor), KNOT_EOK);
	ck_assert_int_eq(store_seek(&cursor, key, len), KNOT_EOK);
	*copy = malloc(cursor.data_len);
	memcpy(*copy, cursor.data, cursor.data_len);
	ck_assert_int_eq(node_read(*copy, cursor.data_len, apex), KNOT_EOK);
	store_cursor_close(&cursor);
	store_abort(&txn);
}

static void add(char **text, uint16_t type, uint32_t ttl, const knot_rdata_t *rdata)
{
	bundle_record_t record = { .type = type, .ttl = ttl, .len = rdata->len };
	memcpy(record.rdata, rdata->data, rdata->len);
	ck_assert_int_eq(bundle_add(text, &record), 0);
}

/*! \return What the KSK has signed, as it is published, as a bundle. */
static char *bundle_of(const subject_t *subject)
{
	uint8_t *copy;
	node_t apex;
	char *text = NULL;
	read_apex(subject, &apex, &copy);
	for (size_t t = 0; t < 3; t++) {
		const node_rrset_t *rrset = node_rrset(&apex, types[t]);
		const knot_rdata_t *rr = rrset != NULL ? rrset->rrs.rdata : NULL;
		for (uint16_t i = 0; rrset != NULL && i < rrset->rrs.count; i++) {
			add(&text, types[t], rrset->ttl, rr);
			rr = knot_rdataset_next((knot_rdata_t *)rr);
		}
		const knot_rdata_t *sig = rrset != NULL ? rrset->sigs.rdata : NULL;
		for (uint16_t i = 0; rrset != NULL && i < rrset->sigs.count; i++) {
			if (rrsig_keytag(sig) == subject_keys[0].keytag) {
				add(&text, KNOT_RRTYPE_RRSIG, rrset->ttl, sig);
			}
			sig = knot_rdataset_next((knot_rdata_t *)sig);
		}
	}
	node_deinit(&apex);
	free(copy);
	return text;
}

static keyset_key_t keys[3];

/*! A KSK, and so many ZSKs, of which the first one signs. */
static keyset_t policy(size_t zsks)
{
	keyset_t set = subject_policy();
	memcpy(keys, subject_keys, sizeof(keys));
	keys[0].cds = true;
	keys[2].sign_zone = false;
	set.keys = keys;
	set.key_count = 1 + zsks;
	return set;
}

/*! \return A bundle that a ceremony makes then: to be freed. \param name  Of its own. */
static char *ceremony(const char *name, size_t zsks, int64_t now)
{
	subject_t subject;
	keyset_t set = policy(zsks);
	subject_open(&subject, name);
	subject.now = now;
	subject_set_keys(&subject, &set);
	subject_load(&subject, small, SIZE_MAX);
	subject_sign(&subject, false);
	char *text = bundle_of(&subject);
	subject_close(&subject);
	return text;
}

/*! The key set with a bundle. */
static void set_bundle(subject_t *subject, size_t zsks, char *bundle, uint64_t revision)
{
	keyset_t set = policy(zsks);
	keys[0].repository = "";
	set.bundle = bundle;
	set.revision = revision;
	subject_set_keys(subject, &set);
}

/*! A bundle is published as it is, and the next one in its place; the KSK is never asked. */
START_TEST(test_bundles)
{
	subject_t subject;
	subject_open(&subject, "given");
	char *bundles[] = {
		ceremony("a", 1, subject.now), ceremony("b", 1, subject.now + 50),
		ceremony("c", 2, subject.now),
	};
	ck_assert_str_ne(bundles[0], bundles[1]);
	subject_load(&subject, small, 5);
	set_bundle(&subject, 1, bundles[0], 2);
	/* As a zone of two keys has, without that of the KSK over DNSKEY, CDS and CDNSKEY. */
	ck_assert_uint_eq(subject_sign(&subject, false).signatures, 11 + 2);
	char *published = bundle_of(&subject);
	ck_assert_str_eq(published, bundles[0]);
	free(published);
	ck_assert(!subject_sign(&subject, false).published);
	ck_assert_uint_eq(subject.state.revision, 2);

	/* Only the signatures of the KSK are others, and the SOA. */
	subject.now += 60;
	zone_records_t before = subject_records(&subject);
	const uint32_t serial = subject.state.serial;
	set_bundle(&subject, 1, bundles[1], 3);
	sign_result_t result = subject_sign(&subject, false);
	ck_assert(result.published && result.signatures == 1);
	published = bundle_of(&subject);
	ck_assert_str_eq(published, bundles[1]);
	free(published);
	subject_check_journal(&subject, &before, serial);
	records_free(&before);
	ck_assert(!subject_sign(&subject, false).published);

	/* A ZSK more. */
	set_bundle(&subject, 2, bundles[2], 4);
	ck_assert_uint_eq(subject_sign(&subject, false).signatures, 1);
	published = bundle_of(&subject);
	ck_assert_str_eq(published, bundles[2]);
	free(published);
	free(subject_dump(&subject));
	/* All of the zone anew, by command: not what was given. */
	ck_assert_uint_eq(subject_sign(&subject, true).signatures, 13);
	published = bundle_of(&subject);
	ck_assert_str_eq(published, bundles[2]);
	free(published);
	for (size_t i = 0; i < 3; i++) {
		free(bundles[i]);
	}
	subject_close(&subject);
}
END_TEST

static int64_t expires(const subject_t *subject)
{
	store_txn_t txn;
	ck_assert_int_eq(store_read(subject->store, &txn), KNOT_EOK);
	const int64_t when = refresh_expires(&txn, &subject->state, subject->now);
	store_abort(&txn);
	return when;
}

/*! That a bundle expires counts, but it is nothing that the signer can mend. */
START_TEST(test_expires)
{
	subject_t subject;
	bundle_facts_t facts;
	char err[256];
	subject_open(&subject, "expires");
	char *bundle = ceremony("d", 1, subject.now - 9000);
	ck_assert_int_eq(bundle_verify(bundle, subject_zone, &facts, err, sizeof(err)), 0);
	subject_load(&subject, small, 5);
	set_bundle(&subject, 1, bundle, 2);
	subject.ring->set.refresh = 400; /* Most bundles end later than that from now... */
	subject.now = facts.expiration - 300; /* ...but not then. */
	const sign_result_t result = subject_sign_batch(&subject, false);
	ck_assert(result.published && !result.more);
	ck_assert_int_eq(expires(&subject), facts.expiration);
	const sign_result_t again = subject_sign_batch(&subject, false);
	ck_assert(!again.published && !again.more && again.signatures == 0);
	ck_assert(!refresh_is_due(subject.store, &subject.state, &subject.ring->set, subject.now));
	/* What the signer makes is due all the same. */
	subject.now += 9900;
	ck_assert(refresh_is_due(subject.store, &subject.state, &subject.ring->set, subject.now));
	free(bundle);
	subject_close(&subject);
}
END_TEST

/*! From a KSK in a token to one that is away, and back: the same key. */
START_TEST(test_moves)
{
	subject_t subject;
	subject_open(&subject, "moves");
	keyset_t set = policy(1);
	set.revision = 2;
	subject_set_keys(&subject, &set);
	subject_load(&subject, small, 5);
	subject_sign(&subject, false);
	char *bundle = ceremony("e", 1, subject.now - 60);
	set_bundle(&subject, 1, bundle, 3);
	ck_assert_uint_eq(subject_sign(&subject, false).signatures, 1);
	char *published = bundle_of(&subject);
	ck_assert_str_eq(published, bundle);
	free(published);

	set = policy(1);
	set.revision = 4;
	subject_set_keys(&subject, &set);
	subject_sign(&subject, false);
	published = bundle_of(&subject);
	ck_assert_str_eq(published, bundle); /* They are good until they are due. */
	free(published);
	subject.now += 9900;
	subject_sign(&subject, false);
	published = bundle_of(&subject);
	ck_assert_str_ne(published, bundle);
	free(published);
	free(bundle);
	subject_close(&subject);
}
END_TEST

static hsm_t *hsm_of_test(void)
{
	hsm_t *hsm = NULL;
	hsm_error_t err = { 0 };
	ck_assert_msg(hsm_open(&hsm, test_conf(), &err) == HSM_EOK, "%s", err.text);
	return hsm;
}

static void load_fails(hsm_t *hsm, const keyset_t *set, const char *message)
{
	char err[640] = "", *text = keyset_write(set);
	keyring_t *ring = NULL;
	ck_assert_int_eq(keyring_load(text, subject_zone, hsm, &ring, err, sizeof(err)), KNOT_EMALF);
	ck_assert_msg(strstr(err, message) != NULL, "%s", err);
	free(text);
}

/*! A bundle that does not fit the keys, or is not good, is refused. */
START_TEST(test_refused)
{
	char *bundle = ceremony("f", 1, 1700000000), *more = ceremony("g", 2, 1700000000);
	hsm_t *hsm = hsm_of_test();
	keyset_t set = policy(1);
	keys[0].repository = "";
	load_fails(hsm, &set, "no repository");
	set.bundle = more;
	load_fails(hsm, &set, "has keys that are not the set's");
	set.bundle = "DNSKEY 300 0";
	load_fails(hsm, &set, "malformed");
	set.bundle = bundle;
	keys[0].repository = "one";
	load_fails(hsm, &set, "signs what the bundle has");
	keys[0].repository = "";
	keys[1].repository = "";
	load_fails(hsm, &set, "no KSK");
	keys[1].repository = "one";
	keys[0].sign_dnskey = false;
	load_fails(hsm, &set, "no key signs the DNSKEY RRset");
	keys[0].sign_dnskey = true;
	set.key_count = 3;
	load_fails(hsm, &set, "has not the keys");
	set.key_count = 2;
	set.dnskey_ttl++;
	load_fails(hsm, &set, "another TTL");
	set.dnskey_ttl--;
	set.foreign_keys = true;
	load_fails(hsm, &set, "keys of others");
	set.foreign_keys = false;
	/* An octet of the last signature. */
	char *last = bundle + strlen(bundle) - 1;
	*last = *last == '0' ? '1' : '0';
	load_fails(hsm, &set, "no key of the bundle has made");
	hsm_close(hsm);
	free(bundle);
	free(more);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("given");
	TCase *tcase = tcase_create("given");
	tcase_add_checked_fixture(tcase, subject_set_up, subject_tear_down);
	tcase_add_test(tcase, test_bundles);
	tcase_add_test(tcase, test_expires);
	tcase_add_test(tcase, test_moves);
	tcase_add_test(tcase, test_refused);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
