/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The engine's database: zones, keys, states, salts, in one SQLite file.
 *
 * One process has it open at a time. Whatever changes it belongs between db_begin() and
 * db_commit(). Functions that return int return 0, or -1 with db_error() saying why, unless they
 * say otherwise. A database that failed once is not to be used further. Not thread-safe. Times are
 * Unix seconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock-mark.h"
#include "policy-engine/zone/kasp-zone.h"

#define DB_SALT_MAX 255 /*!< Bytes of an NSEC3 salt (RFC 5155). */

typedef struct db db_t;

/*!
 * Opens the database, or creates it; brings an older one up to date.
 *
 * \param err  Says on failure what is wrong with the file (damaged, in use, made by a newer
 *             version, not ours) and what to do.
 * \return 0, or -1.
 */
int db_open(db_t **db, const char *path, char *err, size_t err_size);

/*! Closes the database; what was not committed is undone. NULL is allowed. */
void db_close(db_t *db);

/*! A copy that is being made of an open database. */
typedef struct db_copy db_copy_t;

/*!
 * Begins a copy of a database.
 *
 * \param path  Must not exist; gets mode 0600.
 * \return NULL on failure, with db_error().
 */
db_copy_t *db_copy_begin(db_t *db, const char *path);

/*! Copies some more, which takes milliseconds. Between two calls the database may be changed; the
 *  copy is of the state at its end. Not within a transaction. \return 1 = more is left; 0 = done;
 *  -1. */
int db_copy_some(db_copy_t *copy);

/*! Closes the copy. \return 0; -1 if it is not whole. NULL is allowed, and fails. */
int db_copy_end(db_copy_t *copy);

/*! \return Whether no process has the database open; also if there is none, or it is damaged. */
bool db_is_free(const char *path);

/*! \return Path and reason of the last failure; borrowed until the next one. */
const char *db_error(const db_t *db);

/*! A transaction. db_rollback() does nothing if none has begun. */
int db_begin(db_t *db);
int db_commit(db_t *db);
void db_rollback(db_t *db);

/*! Makes sure that a zone is there, and notes its policy. \return 1 if that is news, else 0; -1. */
int db_zone_put(db_t *db, const char *name, const char *policy);

/*! Reads a zone. \return 1 and the zone, to be freed by kasp_zone_deinit(); 0 if there is none;
 *  -1. */
int db_zone_get(db_t *db, const char *name, kasp_zone_t *zone);

/*! Writes what changed of a zone, its keys and their records, since it was read or written. */
int db_zone_save(db_t *db, kasp_zone_t *zone);

/*! \return 0 to go on, anything else to stop. name is borrowed for the call. */
typedef int (*db_name_f)(void *ctx, const char *name);

/*! Calls cb for up to limit zones that have to be looked at by now, the earliest first. */
int db_zones_due(db_t *db, int64_t now, size_t limit, db_name_f cb, void *ctx);

/*! Calls cb for all zones, in the order of their names. */
int db_zones(db_t *db, db_name_f cb, void *ctx);

/*! Makes all zones due now. */
int db_zones_wake(db_t *db, int64_t now);

/*! What is known of a backup of a key pair. */
typedef enum {
	DB_BACKUP_NONE,
	DB_BACKUP_REQUESTED, /*!< One is being made. */
	DB_BACKUP_DONE,
} db_backup_t;

/*! A key pair in a token. Strings and bytes are borrowed for the callback. */
typedef struct {
	int64_t id;
	const char *repository;
	const char *cka_id;
	uint8_t algorithm;
	unsigned bits;
	const uint8_t *public_key;
	size_t public_key_len;
	db_backup_t backup;
	unsigned given; /*!< Number of zones that have it. */
	int64_t since;  /*!< When a shared one was first used. */
} db_token_key_t;

/*! Notes that a key pair is about to be generated: if the engine ends meanwhile, the next one looks
 *  for it in the token. */
int db_key_intend(db_t *db, const char *repository, const char *cka_id,
                  uint8_t algorithm, unsigned bits, int64_t now);

/*! \return 1 if a key pair is noted, 0 if not, -1 if the database failed. */
int db_key_known(db_t *db, const char *repository, const char *cka_id);

/*! Notes that a key pair was generated. */
int db_key_made(db_t *db, const char *repository, const char *cka_id,
                const uint8_t *public_key, size_t len);

/*! Notes that a key pair was not generated, and will not be. */
int db_key_forget(db_t *db, const char *repository, const char *cka_id);

/*! \return 0 to go on, anything else to stop. */
typedef int (*db_key_f)(void *ctx, const db_token_key_t *key);

/*! Calls cb for the key pairs that db_key_intend() noted, and that are not known to exist. */
int db_keys_intended(db_t *db, db_key_f cb, void *ctx);

/*! Calls cb for the key pairs of that kind that no zone has, the oldest first. */
int db_keys_unused(db_t *db, const char *repository, uint8_t algorithm, unsigned bits,
                   db_key_f cb, void *ctx);

/*! As db_keys_unused(), but only for those that have a backup. */
int db_keys_backed_up(db_t *db, const char *repository, uint8_t algorithm, unsigned bits,
                      db_key_f cb, void *ctx);

/*! \return How many key pairs of that kind no zone has, with or without a backup; -1 on failure. */
int64_t db_keys_unused_count(db_t *db, const char *repository, uint8_t algorithm,
                             unsigned bits);

/*! What zones of a policy share: keys of one kind, for one use. */
typedef struct {
	const char *policy;
	keyset_role_t role;
	bool standby;
	int64_t oldest; /*!< Only keys whose use began then, or later. */
	const char *repository;
	uint8_t algorithm;
	unsigned bits;
} db_share_t;

/*! Calls cb for the key pairs that other zones of the policy have and this zone never had, the
 *  youngest first. */
int db_keys_shared(db_t *db, const db_share_t *share, int64_t zone, db_key_f cb, void *ctx);

/*! Lets other zones of the policy have a key pair, too. \param since  When its use began. */
int db_key_share(db_t *db, int64_t token_key, const db_share_t *share,
                 int64_t since);

/*! Notes that a zone begins to use a key pair; counts if the key pair was on standby. */
int db_key_used(db_t *db, int64_t token_key, int64_t now);

/*! Calls cb for the retired key pairs: no zone has them any more, and the token may lose them. */
int db_keys_retired(db_t *db, db_key_f cb, void *ctx);

/*! Forgets a retired key pair that was removed from its token. */
int db_key_drop(db_t *db, int64_t token_key);

/*! Calls cb for all key pairs that exist in a repository, by repository. */
int db_keys(db_t *db, db_key_f cb, void *ctx);

/*! Sets the backup of all those key pairs of a repository that have it at from.
 *  \return How many there were, or -1. */
int db_backup_turn(db_t *db, const char *repository, db_backup_t from,
                   db_backup_t to);

/*! \return How many key pairs of a repository have no backup; -1. The cost depends on that. */
int64_t db_keys_unsaved_count(db_t *db, const char *repository);

/*!
 * Makes sure that a key pair is known that another program generated.
 *
 * \param key  Its id and since are filled. Its backup counts if the key pair was not known.
 * \return 0; 1 if another key pair of the repository has that CKA_ID, with db_error() saying so;
 *         -1.
 */
int db_key_put(db_t *db, db_token_key_t *key, int64_t now);

/*! Counts anew how many zones have a key pair: those here, and so many elsewhere. The key pair is
 *  then not retired. */
int db_key_users(db_t *db, int64_t token_key, uint64_t elsewhere);

/*! \return 1 and the revision of a zone; 0 if there is none; -1. */
int db_zone_revision(db_t *db, const char *name, uint64_t *revision);

/*! Begins a part of a transaction that can be undone by itself; parts are not nested. */
int db_part_begin(db_t *db);

/*! Ends a part. \param keep  Else it is undone. */
int db_part_end(db_t *db, bool keep);

/*! Forgets a retired key pair that no zone has; its token keeps it. Any other stays. */
int db_key_leave(db_t *db, int64_t token_key);

/*!
 * Notes that the database is an older copy: key pairs that no zone has in it may have got into use
 * since, and those that zones share may have more users. The former are forgotten, the latter are
 * never removed from their token.
 *
 * \return How many were forgotten; -1.
 */
int db_keys_distrust(db_t *db);

/*! Notes that another signer published the zone before. \param serial  Its last serial. */
int db_zone_took(db_t *db, int64_t zone, uint32_t serial);

/*! Notes which form the policy of a zone has that is imported, as policy_form() has it. */
int db_zone_formed(db_t *db, int64_t zone, const char *form);

/*! \return 1 if some zone has the policy, 0 if none has, -1. */
int db_policy_used(db_t *db, const char *policy);

/*! Gives a key pair to a zone, in the database and in zone; it is not retired then.
 *  \param core  As of core_key_init(). */
int db_zone_give_key(db_t *db, kasp_zone_t *zone, const db_token_key_t *key,
                     const core_key_t *core);

/*! Takes key i away from a zone. If no other zone has the key pair, it is retired. */
int db_zone_take_key(db_t *db, kasp_zone_t *zone, size_t i);

/*! Takes all keys away from a zone. Key pairs that no other zone has are forgotten; tokens keep them. */
int db_zone_leave_keys(db_t *db, kasp_zone_t *zone);

/*! Forgets a zone that has no keys, and what was frozen of it. */
int db_zone_drop(db_t *db, const kasp_zone_t *zone);

/*! What is done once for a key whose DS is to come to the parent, or to leave it. */
typedef enum {
	DB_ERRAND_COMMAND, /*!< Run the operator's command for it. */
	DB_ERRAND_NOTICE,  /*!< Run the operator's notification. */
	DB_ERRAND_LOST,    /*!< Nothing is run. A note that the DS has to come once more, since the
	                        parent lost it. */
} db_errand_t;

/*! Notes that an errand is done. \param since  When the DS entered its state. */
int db_errand_put(db_t *db, int64_t zone_key, db_errand_t errand, int64_t since,
                  int64_t now);

/*! \return 1 and when the errand was done, 0 if it was not, -1. */
int db_errand_get(db_t *db, int64_t zone_key, db_errand_t errand, int64_t since,
                  int64_t *done);

/*! What a person freezes: no key takes a step. */
typedef enum {
	DB_FREEZE_ALL,
	DB_FREEZE_POLICY,
	DB_FREEZE_ZONE,
	DB_FREEZE_IMPORT, /*!< A zone, since it was imported: its secondaries follow another server. */
} db_scope_t;

typedef struct {
	db_scope_t scope;
	const char *name; /*!< Of the policy or zone; "" for all. */
	int64_t until;    /*!< CORE_NEVER = until a person ends it. */
} db_freeze_t;

/*! Begins a freeze, or sets its end anew. */
int db_freeze_put(db_t *db, const db_freeze_t *freeze);

/*! Ends a freeze. \param name  "" with DB_FREEZE_IMPORT: all such. \return How many there were; -1. */
int db_freeze_end(db_t *db, db_scope_t scope, const char *name);

/*! What a zone was imported by. To be freed, by free(). */
typedef struct {
	char *policy;
	char *form; /*!< The policy's then, as policy_form() has it; "" = it is not known. */
} db_imported_t;

/*! \return 1 and by what a zone was imported that is frozen since; 0; -1. */
int db_freeze_imported(db_t *db, const char *zone, db_imported_t *by);

/*! \return 1 and the freeze of a zone that lasts longest, with its end; 0 if there is none; -1. */
int db_freeze_get(db_t *db, const char *zone, const char *policy, int64_t now,
                  db_scope_t *scope, int64_t *until);

/*! A bundle that is to come, or came. */
typedef struct {
	int64_t skr; /*!< Which response brought it: 1, 2 and so on. */
	int64_t at;  /*!< When it is to be in force. */
	char *text;  /*!< As keyset/bundle.h has it; to be freed by free(). */
} db_bundle_t;

/*! Finds a number for a response: above those of all that the zone has. */
int db_skr_next(db_t *db, int64_t zone, int64_t *skr);

/*! Notes a bundle of a zone; its text is borrowed. */
int db_bundle_put(db_t *db, int64_t zone, const db_bundle_t *bundle);

/*!
 * Finds the next bundle of a zone that is to be in force before a time: those of the newest response first, and
 * of these the latest first.
 *
 * \param bundle  The one before it, without text; both INT64_MAX: the first one. Replaced on success.
 * \return 1; 0 if there is none; -1.
 */
int db_bundle_before(db_t *db, int64_t zone, int64_t at, db_bundle_t *bundle);

/*! \return 1 and when the first bundle is to be in force at that time, or later; 0 if there is none; -1. */
int db_bundle_next(db_t *db, int64_t zone, int64_t from, int64_t *at);

/*! Forgets a bundle. */
int db_bundle_drop(db_t *db, int64_t zone, const db_bundle_t *bundle);

/*! Forgets the bundles of responses before that one which are to be in force after a time. */
int db_bundles_drop(db_t *db, int64_t zone, int64_t skr, int64_t after);

/*! \return 1 and when the clock was believed last, 0 if it never was, -1. The uptime is that of
 *  this start of the machine, or -1. */
int db_clock_get(db_t *db, clock_mark_t *mark);

/*! Notes what the clock said when it was believed. */
int db_clock_put(db_t *db, const clock_mark_t *mark);

/*! Adds a note for the audit. \param members  Of its JSON object. */
int db_audit_add(db_t *db, const char *members);

/*! \return 0 to go on, anything else to stop. */
typedef int (*db_audit_f)(void *ctx, int64_t id, const char *members);

/*! Calls cb for the notes, the oldest first. */
int db_audit_each(db_t *db, db_audit_f cb, void *ctx);

/*! \return 1 and number and hash of the last line of the audit's file, 0 if there is none, -1. */
int db_audit_head(db_t *db, uint64_t *seq, char *hash, size_t hash_size);

/*! Forgets the notes up to that id: they are in the file, which ends with that line. */
int db_audit_done(db_t *db, int64_t last, uint64_t seq, const char *hash);

/*! What is noted when it was done last. */
typedef enum {
	DB_MOMENT_SAVED,     /*!< A copy of all was saved: ods save. */
	DB_MOMENT_BACKED_UP, /*!< Key pairs were backed up: ods backup commit. */
	DB_MOMENT_ACT,       /*!< The last act by the module's socket that the audit has: its
	                          number, which is in microseconds. */
} db_moment_t;

/*! \return 1 and when it was done last, 0 if it never was, -1. */
int db_moment_get(db_t *db, db_moment_t what, int64_t *at);

/*! Notes when it was done. */
int db_moment_put(db_t *db, db_moment_t what, int64_t at);

/*! \return 1 and the salt of a policy, 0 if it has none, -1. */
int db_salt_get(db_t *db, const char *policy, uint8_t salt[DB_SALT_MAX], size_t *len,
                int64_t *since);

/*! Sets the salt of a policy. \param since  When the policy got it. */
int db_salt_put(db_t *db, const char *policy, const uint8_t *salt, size_t len,
                int64_t since);
