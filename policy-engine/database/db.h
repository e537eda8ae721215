/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The engine's database: zones, keys, states, salts, in one SQLite file.
 *
 * One process has it open at a time. Whatever changes it belongs between store_begin() and
 * store_commit(). Functions that return int: 0, or -1 with store_error() saying why; a database
 * that fails once is not to be used further. Not thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy-engine/zone/kasp-zone.h"

#define STORE_SALT_MAX 255

typedef struct store store_t;

/*!
 * Opens the database, or creates it; brings an older one up to date.
 *
 * \param err  Says on failure what is wrong with the file (damaged, in use, made by a newer
 *             version, not ours) and what to do.
 * \return 0, or -1.
 */
int store_open(store_t **store, const char *path, char *err, size_t err_size);

/*! NULL is allowed; what was not committed is undone. */
void store_close(store_t *store);

/*! \return Path and reason of the last failure; borrowed until the next one. */
const char *store_error(const store_t *store);

int store_begin(store_t *store);
int store_commit(store_t *store);
void store_rollback(store_t *store);

/*! Makes sure that a zone is there, and notes its policy. \return 1 if that is news, 0, -1. */
int store_zone_put(store_t *store, const char *name, const char *policy);

/*! \return 1 and a zone to be freed by zone_deinit(); 0 if there is none; -1. */
int store_zone_get(store_t *store, const char *name, zone_t *zone);

/*! Writes what changed of a zone, its keys and their records, since it was read or written. */
int store_zone_save(store_t *store, zone_t *zone);

/*! \return 0 to go on, anything else to stop. name is borrowed for the call. */
typedef int (*store_name_f)(void *ctx, const char *name);

/*! Calls cb for up to limit zones whose next look is due, the earliest first. */
int store_zones_due(store_t *store, int64_t now, size_t limit, store_name_f cb, void *ctx);

/*! Calls cb for all zones, in the order of their names. */
int store_zones(store_t *store, store_name_f cb, void *ctx);

/*! Makes all zones due now. */
int store_zones_wake(store_t *store, int64_t now);

/*! What is known of a backup of a key pair. */
typedef enum {
	STORE_BACKUP_NONE,
	STORE_BACKUP_REQUESTED, /*!< One is being made. */
	STORE_BACKUP_DONE,
} store_backup_t;

/*! A key pair in a token. Strings and bytes are borrowed for the callback. */
typedef struct {
	int64_t id;
	const char *repository;
	const char *cka_id;
	uint8_t algorithm;
	unsigned bits;
	const uint8_t *public_key;
	size_t public_key_len;
	store_backup_t backup;
	unsigned given; /*!< Number of zones that have it. */
	int64_t since;  /*!< When a shared one was first used. */
} store_token_key_t;

/*! Notes that a key pair is about to be generated, so that none is lost with us. */
int store_key_intend(store_t *store, const char *repository, const char *cka_id,
                     uint8_t algorithm, unsigned bits, int64_t now);

/*! Notes that it exists. */
int store_key_made(store_t *store, const char *repository, const char *cka_id,
                   const uint8_t *public_key, size_t len);

/*! Notes that it does not, and will not. */
int store_key_forget(store_t *store, const char *repository, const char *cka_id);

/*! \return 0 to go on, anything else to stop. */
typedef int (*store_key_f)(void *ctx, const store_token_key_t *key);

/*! Calls cb for the key pairs that were to be generated, and are not known to exist. */
int store_keys_intended(store_t *store, store_key_f cb, void *ctx);

/*! Calls cb for the key pairs of that kind that no zone has, the oldest first. */
int store_keys_unused(store_t *store, const char *repository, uint8_t algorithm, unsigned bits,
                      store_key_f cb, void *ctx);

/*! As store_keys_unused(), but only those that have a backup. */
int store_keys_backed_up(store_t *store, const char *repository, uint8_t algorithm, unsigned bits,
                         store_key_f cb, void *ctx);

/*! \return How many key pairs of that kind no zone has, with a backup or not; -1 on failure. */
int64_t store_keys_unused_count(store_t *store, const char *repository, uint8_t algorithm,
                                unsigned bits);

/*! What zones of a policy share: keys of one kind. */
typedef struct {
	const char *policy;
	keyset_role_t role;
	bool standby;
	int64_t oldest; /*!< No key whose use began earlier. */
} store_share_t;

/*! Calls cb for the key pairs of that kind that other zones of the policy have and this one never
 *  had, the youngest first. */
int store_keys_shared(store_t *store, const store_share_t *share, const char *repository,
                      uint8_t algorithm, unsigned bits, int64_t zone, store_key_f cb, void *ctx);

/*! Lets other zones of the policy have the key pair, too, from its first use at since. */
int store_key_share(store_t *store, int64_t token_key, const store_share_t *share,
                    int64_t since);

/*! Notes that a zone uses a key pair that was on standby. */
int store_key_used(store_t *store, int64_t token_key, int64_t now);

/*! Calls cb for the key pairs that no zone has any more, and that the token can be rid of. */
int store_keys_retired(store_t *store, store_key_f cb, void *ctx);

/*! Forgets one of them, which the token has not any more. */
int store_key_drop(store_t *store, int64_t token_key);

/*! Calls cb for all key pairs that exist, by repository. */
int store_keys(store_t *store, store_key_f cb, void *ctx);

/*! Turns one state of the backup into another for all key pairs of a repository that have it.
 *  \return How many there were, or -1. */
int store_backup_turn(store_t *store, const char *repository, store_backup_t from,
                      store_backup_t to);

/*!
 * Makes sure that a key pair is known that somebody else has made.
 *
 * \param key  Its id and since are filled; its backup counts if the key pair is new.
 * \return 0; -1, also if there is another one of that CKA_ID.
 */
int store_key_put(store_t *store, store_token_key_t *key, int64_t now);

/*! Counts who has a key pair anew: zones here, and so many elsewhere. It is retired no more. */
int store_key_users(store_t *store, int64_t token_key, uint64_t elsewhere);

/*! Notes that another signer published the zone before, with that serial at last. */
int store_zone_took(store_t *store, int64_t zone, uint32_t serial);

/*! \return Whether some zone has the policy: 1, 0, -1. */
int store_policy_used(store_t *store, const char *policy);

/*! Gives a key pair to a zone, and adds it to zone, as core_key_init() has made it. */
int store_zone_give_key(store_t *store, zone_t *zone, const store_token_key_t *key,
                        const core_key_t *core);

/*! Takes key i away from a zone; if no other has the key pair, it is retired. */
int store_zone_take_key(store_t *store, zone_t *zone, size_t i);

/*! What has to be done once for a key whose DS is to come to the parent, or to leave it. */
typedef enum {
	STORE_ERRAND_COMMAND, /*!< The operator's command for it. */
	STORE_ERRAND_NOTICE,  /*!< The operator's notification. */
	STORE_ERRAND_LOST,    /*!< Nothing: it has to come once more, since the parent lost it. */
} store_errand_t;

/*! Notes that it was done for the DS's state that began at since. */
int store_errand_put(store_t *store, int64_t zone_key, store_errand_t errand, int64_t since,
                     int64_t now);

/*! \return 1 and when it was done, 0 if it was not, -1. */
int store_errand_get(store_t *store, int64_t zone_key, store_errand_t errand, int64_t since,
                     int64_t *done);

/*! \return 1 and when the clock was believed last, 0 if it never was, -1. */
int store_clock_get(store_t *store, int64_t *seen);

int store_clock_put(store_t *store, int64_t seen);

/*! \return 1 and the salt of a policy, 0 if it has none, -1. */
int store_salt_get(store_t *store, const char *policy, uint8_t salt[STORE_SALT_MAX], size_t *len,
                   int64_t *since);

int store_salt_put(store_t *store, const char *policy, const uint8_t *salt, size_t len,
                   int64_t since);
