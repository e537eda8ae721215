/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What answers signed on the fly are made of: names that are next, the cache, budgets, RRsets taken out of
 * a message. Signatures themselves are tests/e2e/online.sh's. */

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libknot/libknot.h>
#include <urcu.h>

#include "module/online/budget.h"
#include "module/online/cache.h"
#include "module/online/compact.h"
#include "module/online/packet.h"
#include "module/online/subject.h"
#include "module/rr/node.h"
#include "tests/unit/check-main.h"

static const knot_dname_t zone[] = "\x02""zz";
static const uint8_t keys[SUBJECT_KEYS] = { 1, 2, 3 };
static const siphash_key_t secret = { 4, 5 };

/*** Names. ***/

/*! \return Less than 0 if a is before b in canonical order. */
static int compare(const knot_dname_t *a, const knot_dname_t *b)
{
	uint8_t a_key[NODE_KEY_MAX], b_key[NODE_KEY_MAX];
	const size_t a_len = node_key(a, a_key), b_len = node_key(b, b_key);
	return node_key_compare(a_key, a_len, b_key, b_len);
}

/*! Makes a name of labels of that octet below the zone. \param size  Octets of the name. */
static void make_name(knot_dname_storage_t name, size_t size, uint8_t octet)
{
	size_t left = size - sizeof(zone), at = 0;
	while (left > 0) {
		/* No label may remain that has no room. */
		size_t label = left > 64 ? 63 : left - 1;
		label = left - label - 1 == 1 ? label - 1 : label;
		name[at] = label;
		memset(name + at + 1, octet, label);
		at += 1 + label;
		left -= 1 + label;
	}
	memcpy(name + at, zone, sizeof(zone));
}

/*! Makes a random name that is like another one: its labels changed by an octet, cut, or longer. */
static bool vary(const knot_dname_t *name, knot_dname_storage_t out)
{
	const size_t size = knot_dname_size(name);
	memcpy(out, name, size);
	switch (random() % 4) {
	case 0:
		if (size + 2 > KNOT_DNAME_MAXLEN) {
			return false;
		}
		out[0] = 1;
		out[1] = random();
		memcpy(out + 2, name, size);
		break;
	case 1:
		if (size + 1 > KNOT_DNAME_MAXLEN || name[0] == 63) {
			return false;
		}
		out[0]++;
		out[1 + name[0]] = random();
		memcpy(out + 2 + name[0], name + 1 + name[0], size - 1 - name[0]);
		break;
	case 2:
		out[1 + random() % name[0]] = random();
		break;
	default:
		if (name[0] == 1) {
			return false;
		}
		out[0]--;
		memcpy(out + name[0], name + 1 + name[0], size - 1 - name[0]);
		break;
	}
	knot_dname_to_lower(out);
	return true;
}

/*! The next name is behind; what is between is below a cut, or nothing that can exist. */
START_TEST(test_next)
{
	static const size_t sizes[] = { 6, 20, 100, 252, 253, 254, 255 };
	static const uint8_t octets[] = { 0, '@', 'a', '[', 'z', 0xfe, 0xff };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t n = 0; n < sizeof(octets); n++) {
			for (int cut = 0; cut < 2; cut++) {
				knot_dname_storage_t name, next, other;
				make_name(name, sizes[i], octets[n]);
				compact_next(name, zone, cut, next);
				ck_assert_uint_le(knot_dname_size(next), KNOT_DNAME_MAXLEN);
				ck_assert_int_ge(knot_dname_in_bailiwick(next, zone), 0);
				const bool end = knot_dname_is_equal(next, zone);
				ck_assert(end || compare(name, next) < 0);
				for (unsigned k = 0; k < 5000; k++) {
					if (!vary(k % 2 ? name : end ? name : next, other) ||
					    (cut && knot_dname_in_bailiwick(other, name) >= 0)) {
						continue;
					}
					ck_assert(compare(other, name) <= 0 ||
					          (!end && compare(other, next) >= 0));
				}
			}
		}
	}
}
END_TEST

/*** The cache. ***/

/*! Makes the subject of an address, by number. */
static void make_subject(subject_t *subject, unsigned number)
{
	knot_dname_t owner[] = "\x04""0000\x02""zz";
	memcpy(owner + 1, &number, sizeof(number));
	knot_rrset_t rrset;
	knot_rrset_init(&rrset, owner, KNOT_RRTYPE_A, KNOT_CLASS_IN, 60);
	ck_assert_int_eq(knot_rrset_add_rdata(&rrset, (uint8_t *)&number, 4, NULL), KNOT_EOK);
	ck_assert_int_eq(subject_make(subject, keys, owner, &rrset), KNOT_EOK);
	knot_rdataset_clear(&rrset.rrs, NULL);
}

static void add(cache_t *cache, unsigned number, const cache_times_t *times)
{
	uint8_t sig[100] = { 0 };
	memcpy(sig, &number, sizeof(number));
	knot_rdataset_t sigs = { 0 };
	knot_rdata_t *rdata = malloc(knot_rdata_size(sizeof(sig)));
	knot_rdata_init(rdata, sizeof(sig), sig);
	ck_assert_int_eq(knot_rdataset_add(&sigs, rdata, NULL), KNOT_EOK);
	subject_t subject;
	make_subject(&subject, number);
	cache_add(cache, subject.data, subject.len, &sigs, times);
	subject_deinit(&subject);
	knot_rdataset_clear(&sigs, NULL);
	free(rdata);
}

/*! \return Whether there are signatures, which are then those of that number. */
static bool has(cache_t *cache, unsigned number, int64_t now, bool *renew)
{
	subject_t subject;
	make_subject(&subject, number);
	knot_rdataset_t sigs = { 0 };
	const int ret = cache_find(cache, &subject, (clock_span_t) { now, now }, &sigs, NULL, renew);
	subject_deinit(&subject);
	if (ret != KNOT_EOK) {
		ck_assert_int_eq(ret, KNOT_ENOENT);
		return false;
	}
	ck_assert_int_eq(memcmp(sigs.rdata->data, &number, sizeof(number)), 0);
	knot_rdataset_clear(&sigs, NULL);
	return true;
}

static const cache_times_t good = { .from = 100, .renew = 200, .until = 300 };

START_TEST(test_times)
{
	cache_t *cache = NULL;
	bool renew = true;
	ck_assert_int_eq(cache_new(&cache, 1 << 20, secret), KNOT_EOK);
	ck_assert(!has(cache, 1, 150, &renew));
	add(cache, 1, &good);
	ck_assert(!has(cache, 2, 150, &renew));
	ck_assert(!has(cache, 1, 99, &renew));
	ck_assert(has(cache, 1, 100, &renew) && !renew);
	ck_assert(has(cache, 1, 199, &renew) && !renew);
	ck_assert(has(cache, 1, 200, &renew) && renew);
	ck_assert(!has(cache, 1, 300, &renew));
	/* Made anew, in place of those. */
	const size_t before = cache_bytes(cache);
	add(cache, 1, &(cache_times_t) { .from = 250, .renew = 400, .until = 500 });
	ck_assert(has(cache, 1, 300, &renew) && !renew);
	cache_sweep(cache);
	ck_assert_uint_eq(cache_bytes(cache), before);
	cache_free(cache);
}
END_TEST

/*! What is asked for stays while others pass through; it never takes more than its bytes. */
START_TEST(test_bound)
{
	enum { LIMIT = 4 << 20, KNOWN = 2000, FLOOD = 60000 };
	cache_t *cache = NULL;
	bool renew;
	ck_assert_int_eq(cache_new(&cache, LIMIT, secret), KNOT_EOK);
	for (unsigned i = 0; i < KNOWN; i++) {
		add(cache, i, &good);
	}
	unsigned known = 0;
	for (unsigned i = 0; i < FLOOD; i++) {
		add(cache, KNOWN + i, &good);
		if (i % 2 == 0) {
			known += has(cache, i / 2 % KNOWN, 150, &renew);
		}
		if (cache_is_dirty(cache)) {
			cache_sweep(cache);
		}
		if (i % 1000 == 0) {
			ck_assert_uint_le(cache_bytes(cache), LIMIT);
		}
	}
	ck_assert_uint_gt(known, FLOOD / 2 * 9 / 10);
	/* A lower limit has its effect as more comes. */
	cache_limit(cache, LIMIT / 2);
	for (unsigned i = 0; i < FLOOD / 10; i++) {
		add(cache, FLOOD * 2 + i, &good);
		cache_sweep(cache);
	}
	ck_assert_uint_le(cache_bytes(cache), LIMIT / 2);
	cache_free(cache);
}
END_TEST

/*! Without a sweep there is no room in the end, and nothing else happens. */
START_TEST(test_unswept)
{
	cache_t *cache = NULL;
	ck_assert_int_eq(cache_new(&cache, 1 << 20, secret), KNOT_EOK);
	for (unsigned i = 0; i < 30000; i++) {
		add(cache, i, &good);
	}
	ck_assert_uint_le(cache_bytes(cache), 1 << 20);
	cache_free(cache);
}
END_TEST

START_TEST(test_forget)
{
	cache_t *cache = NULL;
	bool renew;
	ck_assert_int_eq(cache_new(&cache, 1 << 20, secret), KNOT_EOK);
	for (unsigned i = 0; i < 100; i++) {
		add(cache, i, &good);
	}
	ck_assert(has(cache, 99, 150, &renew));
	cache_forget(cache);
	for (unsigned i = 0; i < 100; i++) {
		ck_assert(!has(cache, i, 150, &renew));
	}
	add(cache, 7, &good);
	ck_assert(has(cache, 7, 150, &renew));
	cache_free(cache);
}
END_TEST

typedef struct {
	cache_t *cache;
	atomic_bool *stop;
} reader_t;

static void *read_all(void *arg)
{
	const reader_t *reader = arg;
	bool renew;
	rcu_register_thread();
	for (unsigned i = 0; !atomic_load(reader->stop); i++) {
		(void)has(reader->cache, i % 5000, 150, &renew);
	}
	rcu_unregister_thread();
	return NULL;
}

START_TEST(test_readers)
{
	cache_t *cache = NULL;
	atomic_bool stop = false;
	pthread_t threads[3];
	ck_assert_int_eq(cache_new(&cache, 1 << 20, secret), KNOT_EOK);
	reader_t reader = { cache, &stop };
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_all, &reader), 0);
	}
	for (unsigned i = 0; i < 30000; i++) {
		add(cache, i * 7 % 5000, &good);
		if (cache_is_dirty(cache)) {
			/* A thread that RCU knows, and does not read. */
			cache_sweep(cache);
		}
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
	}
	cache_free(cache);
}
END_TEST

/*** Subjects. ***/

/*! Case and order make no difference, all else does. */
START_TEST(test_subject)
{
	static const knot_dname_t upper[] = "\x01""A\x02""zz", lower[] = "\x01""a\x02""zz";
	knot_rrset_t a, b, read;
	knot_rrset_init(&a, (knot_dname_t *)lower, KNOT_RRTYPE_NS, KNOT_CLASS_IN, 60);
	knot_rrset_init(&b, (knot_dname_t *)lower, KNOT_RRTYPE_NS, KNOT_CLASS_IN, 60);
	(void)knot_rrset_add_rdata(&a, (const uint8_t *)"\x01""b", 3, NULL);
	(void)knot_rrset_add_rdata(&a, (const uint8_t *)"\x01""C", 3, NULL);
	(void)knot_rrset_add_rdata(&a, (const uint8_t *)"\x01""B", 3, NULL);
	(void)knot_rrset_add_rdata(&b, (const uint8_t *)"\x01""c", 3, NULL);
	(void)knot_rrset_add_rdata(&b, (const uint8_t *)"\x01""b", 3, NULL);
	subject_t of_a, of_b;
	ck_assert_int_eq(subject_make(&of_a, keys, upper, &a), KNOT_EOK);
	ck_assert_int_eq(subject_make(&of_b, keys, lower, &b), KNOT_EOK);
	ck_assert_uint_eq(of_a.len, of_b.len);
	ck_assert_int_eq(memcmp(of_a.data, of_b.data, of_a.len), 0);
	subject_read(of_a.data, &read);
	ck_assert(knot_rrset_equal(&read, &b, true));
	subject_deinit(&of_b);
	b.ttl++;
	ck_assert_int_eq(subject_make(&of_b, keys, lower, &b), KNOT_EOK);
	ck_assert_int_ne(memcmp(of_a.data, of_b.data, of_a.len), 0);
	subject_deinit(&of_a);
	subject_deinit(&of_b);
	/* A name that ends behind its RDATA; RDATA of a size that needs memory. */
	uint8_t text[4096] = { 0 };
	knot_rdataset_clear(&b.rrs, NULL);
	(void)knot_rrset_add_rdata(&b, (const uint8_t *)"\x05""b", 2, NULL);
	ck_assert_int_eq(subject_make(&of_b, keys, lower, &b), KNOT_EMALF);
	b.type = 65280;
	(void)knot_rrset_add_rdata(&b, text, sizeof(text), NULL);
	ck_assert_int_eq(subject_make(&of_b, keys, lower, &b), KNOT_EOK);
	ck_assert_uint_gt(of_b.len, sizeof(text));
	subject_deinit(&of_b);
	knot_rdataset_clear(&a.rrs, NULL);
	knot_rdataset_clear(&b.rrs, NULL);
}
END_TEST

/*** Budgets. ***/

/*! Plays a second of queries, each of which takes a millisecond if it is waited for. \return How many of
 *  the others could be waited for. */
static unsigned play(asker_t *asker, int64_t *now, unsigned ready)
{
	unsigned waits = 0;
	for (unsigned i = 0; i < 1000; i++) {
		for (unsigned n = 0; n < ready; n++) {
			budget_count(asker->budget);
		}
		budget_count(asker->budget);
		*now += 1000;
		if (budget_ask(asker, *now)) {
			waits++;
			budget_charge(asker, *now, 1000);
		}
	}
	return waits;
}

START_TEST(test_budget)
{
	budget_t budget = { .since = 0 };
	int64_t now = 1000000;
	asker_t asker = { .budget = &budget, .socket = -1 };
	/* Alone, all are waited for; beside others, a twentieth or so; then again all. */
	ck_assert_uint_eq(play(&asker, &now, 0), 1000);
	now += 1000000;
	(void)play(&asker, &now, 5);
	const unsigned network = play(&asker, &now, 5);
	ck_assert_msg(network >= 40 && network <= 80, "%u", network);
	/* Two networks have twice as much, of names that do not exist no more than one. */
	asker_t other = asker;
	other.network = 1;
	const unsigned more = play(&other, &now, 5);
	ck_assert_msg(more >= 40 && more <= 80, "%u", more);
	other.missing = true;
	ck_assert_uint_le(play(&other, &now, 5), 80);
	now += 1000000;
	ck_assert_uint_eq(play(&asker, &now, 0), 1000);
}
END_TEST

/*** Packets. ***/

static void put(knot_pkt_t *pkt, const char *owner, uint16_t type, size_t count)
{
	knot_rrset_t *rrset = knot_rrset_new((const knot_dname_t *)owner, type, KNOT_CLASS_IN, 60,
	                                     &pkt->mm);
	for (size_t i = 0; i < count; i++) {
		const uint8_t rdata[4] = { 1, 2, 3, i };
		ck_assert_int_eq(knot_rrset_add_rdata(rrset, rdata, 4, &pkt->mm), KNOT_EOK);
	}
	ck_assert_int_eq(knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, rrset, KNOT_PF_FREE), KNOT_EOK);
	free(rrset);
}

static bool is_address(const knot_pkt_t *pkt, uint16_t at)
{
	return pkt->rr[at].type == KNOT_RRTYPE_A;
}

/*! What is taken out leaves no trace; the message still parses. */
START_TEST(test_filter)
{
	knot_pkt_t *pkt = knot_pkt_new(NULL, 4096, NULL), *parsed;
	ck_assert_int_eq(knot_pkt_put_question(pkt, (const knot_dname_t *)"\x01""a\x02""zz",
	                                       KNOT_CLASS_IN, KNOT_RRTYPE_A), KNOT_EOK);
	put(pkt, "\x01""a\x02""zz", KNOT_RRTYPE_A, 2);
	put(pkt, "\x01""b\x02""zz", 65280, 3);
	put(pkt, "\x01""x\x01""b\x02""zz", KNOT_RRTYPE_A, 1);
	put(pkt, "\x01""x\x01""b\x02""zz", 65281, 1);
	ck_assert_int_eq(packet_filter(pkt, is_address), KNOT_EOK);
	ck_assert_int_eq(packet_filter(pkt, is_address), KNOT_ENOENT);
	ck_assert_uint_eq(pkt->rrset_count, 2);
	ck_assert_uint_eq(knot_wire_get_ancount(pkt->wire), 3);
	packet_limit_ttl(pkt, 0, 70);
	packet_limit_ttl(pkt, 1, 7);
	(void)knot_pkt_begin(pkt, KNOT_AUTHORITY);
	put(pkt, "\x01""b\x02""zz", 65280, 3);
	ck_assert_int_eq(packet_filter(pkt, is_address), KNOT_EOK);
	ck_assert_uint_eq(knot_wire_get_nscount(pkt->wire), 0);
	put(pkt, "\x01""y\x01""b\x02""zz", KNOT_RRTYPE_A, 1);

	parsed = knot_pkt_new(pkt->wire, pkt->size, NULL);
	ck_assert_int_eq(knot_pkt_parse(parsed, 0), KNOT_EOK);
	ck_assert_uint_eq(parsed->parsed, pkt->size);
	const knot_pktsection_t *section = knot_pkt_section(parsed, KNOT_ANSWER);
	const knot_rrset_t *last = knot_pkt_rr(section, section->count - 1);
	ck_assert(knot_dname_is_equal(last->owner, (const knot_dname_t *)"\x01""x\x01""b\x02""zz"));
	ck_assert_uint_eq(last->ttl, 7);
	ck_assert_uint_eq(knot_pkt_rr(section, 0)->ttl, 60);
	section = knot_pkt_section(parsed, KNOT_AUTHORITY);
	ck_assert(knot_dname_is_equal(knot_pkt_rr(section, 0)->owner,
	                              (const knot_dname_t *)"\x01""y\x01""b\x02""zz"));
	knot_pkt_free(parsed);
	knot_pkt_free(pkt);
}
END_TEST

static void set_up(void)
{
	rcu_register_thread();
}

static void tear_down(void)
{
	rcu_unregister_thread();
}

int main(void)
{
	Suite *suite = suite_create("online");
	TCase *tests = tcase_create("online");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, test_next);
	tcase_add_test(tests, test_times);
	tcase_add_test(tests, test_bound);
	tcase_add_test(tests, test_unswept);
	tcase_add_test(tests, test_forget);
	tcase_add_test(tests, test_readers);
	tcase_add_test(tests, test_subject);
	tcase_add_test(tests, test_budget);
	tcase_add_test(tests, test_filter);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
