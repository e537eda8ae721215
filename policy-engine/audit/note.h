/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Notes what is done to a key or a policy. The note is part of the database's transaction: what
 * is undone is not noted. file.h takes it from there.
 */
#pragma once

#include <sys/types.h>

#include "policy-engine/desk/desk.h"

#define AUDIT_WHO_MAX 128 /*!< Bytes that hold a person, its end included. */

/*! What is done. Texts are borrowed; NULL = there is none. */
typedef struct {
	const char *who;      /*!< "policy": by its clock; "parent": the engine saw it there;
	                           "signer": it had what the engine did not know; else a person. */
	const char *action;
	const char *zone;     /*!< As zone_name_canonical() makes it. */
	const char *what;     /*!< Key, record, file, or the arguments of a command. */
	const char *why;
	const char *before, *after;
	int64_t at;           /*!< When, Unix seconds; 0 = now. */
} audit_t;

/*! Writes a person: "uid 0 (root)". \param uid  (uid_t)-1: not known. */
void audit_who(uid_t uid, char who[AUDIT_WHO_MAX]);

/*! Notes it, within the transaction that does it, or in one of its own. Under the desk's lock.
 *  \return 0, or -1 if the database failed, or memory is out. */
int audit_note(desk_t *desk, const audit_t *audit);

/*! Writes how a zone's keys are, as before and after have it. \return To be freed by free(); NULL
 *  if out of memory. */
char *audit_keys(const kasp_zone_t *zone);
