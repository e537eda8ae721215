/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/online/cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>
#include <urcu.h>

/* Parts with a lock each; more than there are processors that add something at a time. */
#define SHARDS 64

/* Bytes of an entry, about, for the number of buckets. */
#define ENTRY_TYPICAL 384

/* Of the limit, the part that is kept free for what waits to be swept: an eighth. */
#define SPARE_SHIFT 3

/* How many entries the hand lets stay when room is made for one, at most. */
#define STEPS_MAX 8

/*! Where an entry is, if there is one. An atomic, and not RCU's pointer, so that ThreadSanitizer sees what it
 *  publishes. */
typedef _Atomic(struct entry *) link_t;

typedef struct entry {
	link_t chain;                /*!< In the bucket; read under RCU. */
	struct entry *newer, *older; /*!< In the shard's clock; older: to be swept. */
	uint64_t hash;
	cache_times_t times;
	atomic_bool used;            /*!< Asked for since the hand came by. */
	uint16_t count;              /*!< Of RRSIGs. */
	uint32_t subject_len, sigs_len;
	uint64_t data[];             /*!< The RRSIGs, as a rdataset has them; the subject. */
} entry_t;

typedef struct {
	_Alignas(64) pthread_mutex_t lock; /*!< Of all that follows but for chains. */
	link_t *buckets;
	entry_t *newest, *oldest;    /*!< The hand is at the oldest. */
	entry_t *gone;               /*!< To be swept. */
	size_t live, dead;           /*!< Bytes: of entries, and of what is gone. */
} shard_t;

struct cache {
	siphash_key_t secret;
	size_t mask;                 /*!< Of a bucket's number in its shard. */
	atomic_size_t limit;         /*!< Bytes of a shard, with what is to be swept. */
	atomic_size_t dead;          /*!< Sum over the shards. */
	shard_t shards[SHARDS];
};

static size_t entry_size(const entry_t *entry)
{
	return sizeof(*entry) + entry->sigs_len + entry->subject_len;
}

static const uint8_t *entry_subject(const entry_t *entry)
{
	return (const uint8_t *)entry->data + entry->sigs_len;
}

static bool is_good(const entry_t *entry, clock_span_t now)
{
	return now.from >= entry->times.from && now.to < entry->times.until;
}

static shard_t *get_shard(cache_t *cache, uint64_t hash)
{
	return &cache->shards[hash % SHARDS];
}

static link_t *get_bucket(const cache_t *cache, const shard_t *shard, uint64_t hash)
{
	return &shard->buckets[hash / SHARDS & cache->mask];
}

static entry_t *follow(const link_t *link)
{
	return atomic_load_explicit(link, memory_order_acquire);
}

/*! Goes on from an entry of a bucket, under RCU or with the lock held. */
static entry_t *find_from(entry_t *entry, uint64_t hash, const uint8_t *data, size_t len)
{
	while (entry != NULL && (entry->hash != hash || entry->subject_len != len ||
	                         memcmp(entry_subject(entry), data, len) != 0)) {
		entry = follow(&entry->chain);
	}
	return entry;
}

/*** As a whole. ***/

int cache_new(cache_t **cache, size_t limit, siphash_key_t secret)
{
	cache_t *fresh = aligned_alloc(_Alignof(cache_t), sizeof(*fresh));
	if (fresh == NULL) {
		return KNOT_ENOMEM;
	}
	memset(fresh, 0, sizeof(*fresh));
	fresh->secret = secret;
	size_t buckets = 16;
	while (buckets * SHARDS * ENTRY_TYPICAL < limit) {
		buckets *= 2;
	}
	fresh->mask = buckets - 1;
	cache_limit(fresh, limit);
	for (size_t i = 0; i < SHARDS; i++) {
		pthread_mutex_init(&fresh->shards[i].lock, NULL);
	}
	for (size_t i = 0; i < SHARDS; i++) {
		fresh->shards[i].buckets = calloc(buckets, sizeof(link_t));
		if (fresh->shards[i].buckets == NULL) {
			cache_free(fresh);
			return KNOT_ENOMEM;
		}
	}
	*cache = fresh;
	return KNOT_EOK;
}

static void free_list(entry_t *entry)
{
	while (entry != NULL) {
		entry_t *older = entry->older;
		free(entry);
		entry = older;
	}
}

void cache_free(cache_t *cache)
{
	for (size_t i = 0; cache != NULL && i < SHARDS; i++) {
		shard_t *shard = &cache->shards[i];
		free_list(shard->newest);
		free_list(shard->gone);
		free(shard->buckets);
		pthread_mutex_destroy(&shard->lock);
	}
	free(cache);
}

void cache_limit(cache_t *cache, size_t limit)
{
	/* The buckets are a part of what the cache takes. */
	const size_t buckets = (cache->mask + 1) * sizeof(link_t), share = limit / SHARDS;
	atomic_store(&cache->limit, share > 2 * buckets ? share - buckets : share / 2);
}

/*** Looking up. ***/

int cache_find(cache_t *cache, const subject_t *subject, clock_span_t now,
               knot_rdataset_t *sigs, knot_mm_t *mm, bool *renew)
{
	const uint64_t hash = siphash(cache->secret, subject->data, subject->len);
	const shard_t *shard = get_shard(cache, hash);
	int ret = KNOT_ENOENT;
	rcu_read_lock();
	entry_t *entry = find_from(follow(get_bucket(cache, shard, hash)), hash,
	                           subject->data, subject->len);
	if (entry != NULL && is_good(entry, now)) {
		const knot_rdataset_t stored = {
			.count = entry->count, .size = entry->sigs_len,
			.rdata = (knot_rdata_t *)entry->data,
		};
		ret = knot_rdataset_copy(sigs, &stored, mm);
		*renew = now.to >= entry->times.renew;
		if (!atomic_load_explicit(&entry->used, memory_order_relaxed)) {
			atomic_store_explicit(&entry->used, true, memory_order_relaxed);
		}
	}
	rcu_read_unlock();
	return ret;
}

/*** Changing, with the shard's lock held. ***/

static void link_newest(shard_t *shard, entry_t *entry)
{
	entry->newer = NULL;
	entry->older = shard->newest;
	if (shard->newest != NULL) {
		shard->newest->newer = entry;
	} else {
		shard->oldest = entry;
	}
	shard->newest = entry;
}

static void unlink_entry(shard_t *shard, entry_t *entry)
{
	*(entry->newer != NULL ? &entry->newer->older : &shard->newest) = entry->older;
	*(entry->older != NULL ? &entry->older->newer : &shard->oldest) = entry->newer;
}

/*! Takes an entry out, to be swept. */
static void retire(cache_t *cache, shard_t *shard, entry_t *entry)
{
	link_t *at = get_bucket(cache, shard, entry->hash);
	while (follow(at) != entry) {
		at = &follow(at)->chain;
	}
	atomic_store_explicit(at, follow(&entry->chain), memory_order_release);
	unlink_entry(shard, entry);
	const size_t size = entry_size(entry);
	entry->older = shard->gone;
	shard->gone = entry;
	shard->live -= size;
	shard->dead += size;
	atomic_fetch_add(&cache->dead, size);
}

/*! Makes room for so many bytes. \return Whether there is. */
static bool make_room(cache_t *cache, shard_t *shard, size_t size)
{
	const size_t limit = atomic_load(&cache->limit), most = limit - (limit >> SPARE_SHIFT);
	unsigned steps = 0;
	while (shard->oldest != NULL && shard->live + size > most) {
		entry_t *oldest = shard->oldest;
		if (steps++ < STEPS_MAX && atomic_exchange(&oldest->used, false)) {
			unlink_entry(shard, oldest);
			link_newest(shard, oldest);
		} else {
			retire(cache, shard, oldest);
		}
	}
	return shard->live + size <= most && shard->live + shard->dead + size <= limit;
}

void cache_add(cache_t *cache, const uint8_t *data, size_t len, const knot_rdataset_t *sigs,
               const cache_times_t *times)
{
	entry_t *fresh = malloc(sizeof(*fresh) + sigs->size + len);
	if (fresh == NULL) {
		return;
	}
	*fresh = (entry_t) {
		.hash = siphash(cache->secret, data, len), .times = *times,
		.count = sigs->count, .subject_len = len, .sigs_len = sigs->size,
	};
	memcpy(fresh->data, sigs->rdata, sigs->size);
	memcpy((uint8_t *)fresh->data + sigs->size, data, len);

	shard_t *shard = get_shard(cache, fresh->hash);
	link_t *bucket = get_bucket(cache, shard, fresh->hash);
	pthread_mutex_lock(&shard->lock);
	entry_t *before = find_from(follow(bucket), fresh->hash, data, len);
	if (before != NULL) {
		atomic_store(&fresh->used, atomic_load(&before->used));
		retire(cache, shard, before);
	}
	const bool room = make_room(cache, shard, entry_size(fresh));
	if (room) {
		atomic_init(&fresh->chain, follow(bucket));
		shard->live += entry_size(fresh);
		link_newest(shard, fresh);
		atomic_store_explicit(bucket, fresh, memory_order_release);
	}
	pthread_mutex_unlock(&shard->lock);
	if (!room) {
		free(fresh);
	}
}

void cache_forget(cache_t *cache)
{
	for (size_t i = 0; i < SHARDS; i++) {
		shard_t *shard = &cache->shards[i];
		pthread_mutex_lock(&shard->lock);
		while (shard->oldest != NULL) {
			retire(cache, shard, shard->oldest);
		}
		pthread_mutex_unlock(&shard->lock);
	}
}

/*** Sweeping. ***/

void cache_sweep(cache_t *cache)
{
	entry_t *gone[SHARDS];
	size_t bytes[SHARDS];
	if (atomic_load(&cache->dead) == 0) {
		return;
	}
	for (size_t i = 0; i < SHARDS; i++) {
		shard_t *shard = &cache->shards[i];
		pthread_mutex_lock(&shard->lock);
		gone[i] = shard->gone;
		bytes[i] = shard->dead;
		shard->gone = NULL;
		pthread_mutex_unlock(&shard->lock);
	}
	synchronize_rcu();
	for (size_t i = 0; i < SHARDS; i++) {
		shard_t *shard = &cache->shards[i];
		free_list(gone[i]);
		pthread_mutex_lock(&shard->lock);
		shard->dead -= bytes[i];
		pthread_mutex_unlock(&shard->lock);
		atomic_fetch_sub(&cache->dead, bytes[i]);
	}
}

bool cache_is_dirty(const cache_t *cache)
{
	return atomic_load(&cache->dead) >
	       (atomic_load(&cache->limit) >> (SPARE_SHIFT + 1)) * SHARDS;
}

size_t cache_bytes(const cache_t *cache)
{
	size_t bytes = 0;
	for (size_t i = 0; i < SHARDS; i++) {
		shard_t *shard = (shard_t *)&cache->shards[i];
		pthread_mutex_lock(&shard->lock);
		bytes += shard->live + shard->dead;
		pthread_mutex_unlock(&shard->lock);
	}
	return bytes + SHARDS * (cache->mask + 1) * sizeof(link_t);
}
