/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/control/push.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "keyset/keyset.h"

/*! Whether a zone can be signed with a key set. One that cannot must not replace the stored one: after
 * a restart there would be nothing else to sign with. */
static bool is_usable(const keyset_t *set, const knot_dname_t *zone, char *err, size_t err_size)
{
	given_t given;
	if (!keyring_fits(set, zone, err, err_size)) {
		return false;
	}
	if (!keyset_has_bundle(set)) {
		return true;
	}
	if (given_read(set->bundle, zone, &given, err, err_size) != KNOT_EOK) {
		return false;
	}
	given_deinit(&given);
	return true;
}

int pushes_add(pushes_t *pushes, zone_t *zone, const char *text)
{
	if (pushes->count == pushes->capacity) {
		const size_t capacity = pushes->capacity * 2 + 32;
		push_t *list = realloc(pushes->list, capacity * sizeof(*list));
		if (list == NULL) {
			return KNOT_ENOMEM;
		}
		pushes->list = list;
		pushes->capacity = capacity;
	}
	push_t *push = &pushes->list[pushes->count++];
	memset(push, 0, sizeof(*push));
	push->zone = zone;
	push->text = text;

	keyset_t set;
	char reason[256];
	if (keyset_read(text, &set, reason, sizeof(reason)) != 0) {
		snprintf(push->err, sizeof(push->err), "key set: %s", reason);
		push->ret = KNOT_EMALF;
		return KNOT_EOK;
	}
	push->revision = set.revision;
	if (!is_usable(&set, zone->name, push->err, sizeof(push->err))) {
		push->ret = KNOT_EINVAL;
		keys_refused(&zone->keys, push->err);
	}
	keyset_deinit(&set);
	return KNOT_EOK;
}

void pushes_deinit(pushes_t *pushes)
{
	free(pushes->list);
	memset(pushes, 0, sizeof(*pushes));
}

/*! Whether a key set may replace the stored one. */
static bool is_newer(store_txn_t *txn, push_t *push)
{
	const void *stored = NULL;
	size_t len = 0;
	keyset_t old;
	if (store_get(txn, STORE_KEYSET, push->zone->name, &stored, &len) != KNOT_EOK ||
	    keyset_read(stored, &old, push->err, sizeof(push->err)) != 0) {
		return true;
	}
	const bool newer = push->revision > old.revision || strcmp(stored, push->text) == 0;
	if (!newer) {
		snprintf(push->err, sizeof(push->err),
		         "key set revision %llu is not newer than %llu, which is in use",
		         (unsigned long long)push->revision, (unsigned long long)old.revision);
	}
	keyset_deinit(&old);
	return newer;
}

static void fail(push_t *push, int ret)
{
	push->ret = ret;
	snprintf(push->err, sizeof(push->err), "store: %s", store_strerror(ret));
}

static void fail_all(pushes_t *pushes, int ret)
{
	for (size_t i = 0; i < pushes->count; i++) {
		if (pushes->list[i].ret == KNOT_EOK) {
			fail(&pushes->list[i], ret);
		}
	}
}

/*! Puts all that have not failed. \return Whether the transaction may be committed. */
static bool put_all(pushes_t *pushes, store_txn_t *txn)
{
	for (size_t i = 0; i < pushes->count; i++) {
		push_t *push = &pushes->list[i];
		if (push->ret == KNOT_EOK && !is_newer(txn, push)) {
			push->ret = KNOT_EEXIST;
		}
		int ret = push->ret != KNOT_EOK ? KNOT_EOK
		          : store_set(txn, STORE_KEYSET, push->zone->name, push->text,
		                      strlen(push->text) + 1);
		if (ret != KNOT_EOK) {
			fail(push, ret);
			return false;
		}
	}
	return true;
}

/*! Commits all as one. If one fails, begins again without it: it must not harm the others. */
static void commit(pushes_t *pushes, store_t *store)
{
	store_txn_t txn;
	bool sound = false;
	while (!sound) {
		int ret = store_write(store, &txn);
		if (ret != KNOT_EOK) {
			fail_all(pushes, ret);
			return;
		}
		sound = put_all(pushes, &txn);
		if (!sound) {
			store_abort(&txn);
		}
	}
	int ret = store_commit(&txn);
	if (ret != KNOT_EOK) {
		fail_all(pushes, ret);
	}
}

void pushes_store(pushes_t *pushes, store_t *store)
{
	commit(pushes, store);
	for (size_t i = 0; i < pushes->count; i++) {
		const push_t *push = &pushes->list[i];
		if (push->ret == KNOT_EOK) {
			zone_pushed(push->zone, push->revision);
		}
	}
}
