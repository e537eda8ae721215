/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The commands that have a file of their own; see ctl_handler_f. ctx is a context_t.
 */
#pragma once

#include "control/server.h"

/*! zone-keys [ZONE]: what the engine knows of each key, in columns. */
void control_keys(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-ds [ZONE], type: a form; the records of the keys whose DS the parent is to have. */
void control_ds(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-ksk-submitted and zone-ds-seen, zone-ds-gone ZONE, type: a key tag, if not all. */
void control_ds_seen(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
void control_ds_gone(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-key-rollover ZONE, type: ksk, zsk or csk, or the tag of a key that is to go; data:
 *  "emergency" for as fast as is safe, "lost" if the key pair of that tag is gone. */
void control_rollover(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-key-plan, as zone-key-rollover: what the rollover would do when, if nothing delays it. */
void control_plan(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! backup-list, -prepare, -commit, -rollback, type: a repository, if not all. */
void control_backup_list(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
void control_backup_prepare(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
void control_backup_commit(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
void control_backup_rollback(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-import [ZONE], owner: the signer, by source_kind(), section: its kasp.db, or what source_t has as path,
 *  item: OpenDNSSEC's signer's directory, or the policy, ttl: of source_t, id: the last serial, if it has
 *  to be said; type: "beside", OpenDNSSEC may run; "again", for zones that are
 *  frozen since an earlier import; data: "plan" to say only what would be done. */
void control_import(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-back [ZONE], section: OpenDNSSEC's kasp.db; whether zones can go back to it. type: "sql" to say
 *  what that is to be told first, too. */
void control_back(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-forget ZONE: the engine and the module forget a zone that the module does not have any more; its
 *  key pairs stay in their tokens. */
void control_forget(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-freeze, zone-thaw [ZONE], type: a policy, item: "imported" (thaw): what an import froze; none of
 *  them: all zones. thaw, item: "change-policy": the policy that waits for a person, too. freeze, data: until when, Unix seconds, if not for ever. */
void control_freeze(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
void control_thaw(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-recover [ZONE], data: "plan" to say only what would be done. */
void control_recover(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-ksr ZONE, type: from when, if not now, data: until when, Unix seconds; a request for signing ahead, by
 *  its lines; or what it waits for, "wait". */
void control_ksr(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-skr ZONE, data: the file of a response to such a request, as an absolute path. */
void control_skr(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! save, data: a folder that is not there yet, as an absolute path. */
void control_save(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-standing [ZONE]: for each zone that the module has, a text of zone/standing.h. */
void control_standing(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! policies: the kasp.xml that is in force, in parts. */
void control_policies(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! key-generate, type: a policy, data: how many of each of its keys. */
void control_generate(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! key-adopt, type: a policy, section: ksk, zsk or csk, data: the CKA_ID of a key pair that is in the entry's
 *  token: it is the next that a zone gets. */
void control_adopt(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! overview: version, zones, signer, tokens, database, backups, and the groups of
 *  control/overview.h; its cost does not depend on how many zones are well. */
void control_overview(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-overview: a line for each zone that the module has: name, state, when its next event is
 *  (Unix seconds, 0 = not known), repositories of its keys (separated by commas), policy, the
 *  event. */
void control_zone_overview(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
