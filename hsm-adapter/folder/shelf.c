/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/folder/shelf.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "common/clock.h"
#include "common/fnv1a.h"

#define KEPT 1024       /* Pairs in memory, some kilobytes each: the keys of zones that are signed now. */
#define TRUSTED_MS 1000 /* A key whose file was removed signs for so long. */
#define SLOTS_FIRST 64

bool shelf_init(shelf_t *shelf, int folder)
{
	*shelf = (shelf_t){ .folder = folder, .slot_count = SLOTS_FIRST };
	shelf->slots = calloc(SLOTS_FIRST, sizeof(*shelf->slots));
	shelf->kept = calloc(KEPT, sizeof(*shelf->kept));
	pthread_mutex_init(&shelf->lock, NULL);
	return shelf->slots != NULL && shelf->kept != NULL;
}

void shelf_deinit(shelf_t *shelf)
{
	for (size_t i = 0; i < shelf->count; i++) {
		EVP_PKEY_free(shelf->keys[i].pair);
		free(shelf->keys[i].id);
	}
	free(shelf->keys);
	free(shelf->slots);
	free(shelf->kept);
	pthread_mutex_destroy(&shelf->lock);
}

/*** Numbers. With the lock held. ***/

/*! \return The slot of a CKA_ID: its own, or an empty one. */
static uint32_t *slot_of(const shelf_t *shelf, const char *id)
{
	size_t at = fnv1a((const uint8_t *)id, strlen(id));
	for (;; at++) {
		uint32_t *slot = &shelf->slots[at & (shelf->slot_count - 1)];
		const char *there = *slot != 0 ? shelf->keys[*slot - 1].id : NULL;
		if (*slot == 0 || (there != NULL && strcmp(there, id) == 0)) {
			return slot;
		}
	}
}

/*! Makes room for one more key. Slots of keys that have gone end here. */
static bool grow(shelf_t *shelf)
{
	if (shelf->count < shelf->room) {
		return true;
	}
	const size_t room = shelf->room > 0 ? 2 * shelf->room : SLOTS_FIRST / 2;
	shelf_key_t *keys = reallocarray(shelf->keys, room, sizeof(*keys));
	if (keys == NULL) {
		return false;
	}
	shelf->keys = keys;
	uint32_t *slots = calloc(2 * room, sizeof(*slots));
	if (slots == NULL) {
		return false;
	}
	free(shelf->slots);
	shelf->slots = slots;
	shelf->slot_count = 2 * room;
	shelf->room = room;
	for (size_t i = 0; i < shelf->count; i++) {
		if (keys[i].id != NULL) {
			*slot_of(shelf, keys[i].id) = (uint32_t)i + 1;
		}
	}
	return true;
}

static CK_RV number_of(shelf_t *shelf, const char *id, size_t *number)
{
	if (!grow(shelf)) {
		return CKR_HOST_MEMORY;
	}
	uint32_t *slot = slot_of(shelf, id);
	if (*slot == 0) {
		char *copy = strdup(id);
		if (copy == NULL) {
			return CKR_HOST_MEMORY;
		}
		shelf->keys[shelf->count++] = (shelf_key_t){ .id = copy };
		*slot = (uint32_t)shelf->count;
	}
	*number = *slot - 1;
	return CKR_OK;
}

static void forget(shelf_key_t *key)
{
	free(key->id);
	EVP_PKEY_free(key->pair);
	key->id = NULL;
	key->pair = NULL;
}

/*! Notes which file a key is in. \return Whether it is that of before */
static bool note(shelf_key_t *key, const stamp_t *stamp)
{
	static const stamp_t NONE = { 0 };
	if (!stamp_equal(&key->stamp, &NONE) && !stamp_equal(&key->stamp, stamp)) {
		forget(key);
		return false;
	}
	key->stamp = *stamp;
	key->checked_ms = monotonic_ms();
	return true;
}

static shelf_key_t *key_of(shelf_t *shelf, size_t number)
{
	return number < shelf->count && shelf->keys[number].id != NULL ? &shelf->keys[number]
	                                                               : NULL;
}

/*! Takes the place of the pair that is kept for longest. */
static void take_place(shelf_t *shelf, size_t number)
{
	uint32_t *place = &shelf->kept[shelf->next_kept++ % KEPT];
	if (*place != 0) {
		shelf_key_t *old = &shelf->keys[*place - 1];
		EVP_PKEY_free(old->pair);
		old->pair = NULL;
	}
	*place = (uint32_t)number + 1;
}

/*! Keeps what was read of a key, unless as much of it is kept. \param whole  Both halves. */
static void keep(shelf_t *shelf, size_t number, EVP_PKEY *pair, bool whole)
{
	shelf_key_t *key = key_of(shelf, number);
	if (key == NULL || (key->pair != NULL && (key->whole || !whole))) {
		return;
	}
	if (key->pair == NULL) {
		take_place(shelf, number);
	}
	EVP_PKEY_free(key->pair);
	EVP_PKEY_up_ref(pair);
	key->pair = pair;
	key->whole = whole;
}

/*** Without it. ***/

CK_RV shelf_seen(shelf_t *shelf, const char *id, size_t *number)
{
	pthread_mutex_lock(&shelf->lock);
	CK_RV rv = number_of(shelf, id, number);
	pthread_mutex_unlock(&shelf->lock);
	return rv;
}

CK_RV shelf_find(shelf_t *shelf, const char *id, size_t *number)
{
	stamp_t stamp;
	CK_RV rv = file_stamp(shelf->folder, id, &stamp);
	if (rv != CKR_OK) {
		return rv;
	}
	pthread_mutex_lock(&shelf->lock);
	rv = number_of(shelf, id, number);
	if (rv == CKR_OK && !note(&shelf->keys[*number], &stamp)) {
		/* Its slot is lost to it: there is one for the new file. */
		rv = number_of(shelf, id, number);
		if (rv == CKR_OK) {
			(void)note(&shelf->keys[*number], &stamp);
		}
	}
	pthread_mutex_unlock(&shelf->lock);
	return rv;
}

static bool copy_id(shelf_t *shelf, size_t number, char id[2 * FILE_ID_MAX + 1])
{
	pthread_mutex_lock(&shelf->lock);
	const shelf_key_t *key = key_of(shelf, number);
	if (key != NULL) {
		memcpy(id, key->id, strlen(key->id) + 1);
	}
	pthread_mutex_unlock(&shelf->lock);
	return key != NULL;
}

/*! Notes what came of a look at a key's file. */
static CK_RV note_look(shelf_t *shelf, size_t number, CK_RV rv, const stamp_t *stamp)
{
	pthread_mutex_lock(&shelf->lock);
	shelf_key_t *key = key_of(shelf, number);
	if (key == NULL) {
		rv = CKR_OBJECT_HANDLE_INVALID;
	} else if (rv == CKR_OBJECT_HANDLE_INVALID) {
		forget(key);
	} else if (rv == CKR_OK && !note(key, stamp)) {
		rv = CKR_OBJECT_HANDLE_INVALID;
	}
	pthread_mutex_unlock(&shelf->lock);
	return rv;
}

CK_RV shelf_id(shelf_t *shelf, size_t number, char id[2 * FILE_ID_MAX + 1])
{
	stamp_t stamp = { 0 };
	if (!copy_id(shelf, number, id)) {
		return CKR_OBJECT_HANDLE_INVALID;
	}
	CK_RV rv = file_stamp(shelf->folder, id, &stamp);
	return note_look(shelf, number, rv, &stamp);
}

/*! Reads a key's file, and notes what came of it. */
static CK_RV read_pair(shelf_t *shelf, size_t number, file_half_t half, const char *passphrase,
                       EVP_PKEY **pair)
{
	char id[2 * FILE_ID_MAX + 1];
	stamp_t stamp = { 0 };
	EVP_PKEY *read = NULL;
	if (!copy_id(shelf, number, id)) {
		return CKR_OBJECT_HANDLE_INVALID;
	}
	CK_RV rv = file_read(shelf->folder, id, half, passphrase, &read, &stamp);
	rv = note_look(shelf, number, rv, &stamp);
	if (rv != CKR_OK) {
		EVP_PKEY_free(read);
		return rv;
	}
	shelf_keep(shelf, number, read, half == FILE_PRIVATE);
	*pair = read;
	return CKR_OK;
}

void shelf_keep(shelf_t *shelf, size_t number, EVP_PKEY *pair, bool whole)
{
	pthread_mutex_lock(&shelf->lock);
	keep(shelf, number, pair, whole);
	pthread_mutex_unlock(&shelf->lock);
}

/*! \return What is kept of a key, if that is enough, and need not be looked at; NULL: read it. */
static EVP_PKEY *kept_pair(shelf_t *shelf, size_t number, file_half_t half)
{
	EVP_PKEY *pair = NULL;
	pthread_mutex_lock(&shelf->lock);
	const shelf_key_t *key = key_of(shelf, number);
	if (key != NULL && key->pair != NULL && (key->whole || half == FILE_PUBLIC) &&
	    monotonic_ms() < key->checked_ms + TRUSTED_MS) {
		pair = key->pair;
		EVP_PKEY_up_ref(pair);
	}
	pthread_mutex_unlock(&shelf->lock);
	return pair;
}

static CK_RV get_pair(shelf_t *shelf, size_t number, file_half_t half, const char *passphrase,
                      EVP_PKEY **pair)
{
	char id[2 * FILE_ID_MAX + 1];
	EVP_PKEY *kept = kept_pair(shelf, number, half);
	if (kept == NULL && shelf_id(shelf, number, id) == CKR_OK) {
		kept = kept_pair(shelf, number, half);
	}
	if (kept != NULL) {
		*pair = kept;
		return CKR_OK;
	}
	return read_pair(shelf, number, half, passphrase, pair);
}

CK_RV shelf_public(shelf_t *shelf, size_t number, EVP_PKEY **pair)
{
	return get_pair(shelf, number, FILE_PUBLIC, NULL, pair);
}

CK_RV shelf_private(shelf_t *shelf, size_t number, const char *passphrase, EVP_PKEY **pair)
{
	return get_pair(shelf, number, FILE_PRIVATE, passphrase, pair);
}
