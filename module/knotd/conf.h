/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the module reads of knot.conf beside its own section; only while it is being loaded.
 */
#pragma once

#include <knot/module.h>

#include "module/rr/tsig.h"
#include "module/source/primary.h"

/*! \return Path of knotd's own control socket, to be freed; NULL if out of memory. */
char *knotconf_socket(knotd_mod_t *mod);

/*!
 * Refuses settings with which the zone could get out unsigned, or not at all.
 *
 * \param socket  The transfer socket.
 * \return KNOT_EOK, KNOT_EINVAL (logged)
 */
int knotconf_check_zone(knotd_mod_t *mod, const knot_dname_t *zone, const char *socket);

/*! \return Path of the zone's file, to be freed; NULL if it is malformed or out of memory. */
char *knotconf_zone_file(knotd_mod_t *mod, const knot_dname_t *zone);

/*!
 * Collects the keys by which clients may sign updates: those of the zone's ACLs.
 *
 * \param keys  Empty; to be freed by tsig_deinit().
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int knotconf_update_keys(knotd_mod_t *mod, const knot_dname_t *zone, tsig_keys_t *keys);

/*!
 * Collects the addresses of remotes, each with the key and the source address that knotd would use.
 *
 * \param remotes    Item of the module's section that refers to them.
 * \param primaries  Empty; to be freed by primaries_deinit().
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int knotconf_primaries(knotd_mod_t *mod, const yp_name_t *remotes, primaries_t *primaries);

/*!
 * Collects the addresses of the remotes that knotd notifies of the zone.
 *
 * \param secondaries  Empty; to be freed by primaries_deinit().
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int knotconf_secondaries(knotd_mod_t *mod, const knot_dname_t *zone, primaries_t *secondaries);

/*! \return Whether knotd checks the signatures of what it takes. */
bool knotconf_validates(knotd_mod_t *mod, const knot_dname_t *zone);

/*! \return How much of the zone knotd can keep in its journal, all of the zone included; bytes. */
size_t knotconf_journal_max(knotd_mod_t *mod, const knot_dname_t *zone);

/*! \return Bytes that the zone may have. \param journal  knotconf_journal_max() */
size_t knotconf_size_max(knotd_mod_t *mod, const knot_dname_t *zone, size_t journal);

/*! Logs if modules of the zone stand in an order in which answers are not signed on the fly: knotd calls a
 *  zone's modules in the order in which its item "module" has them. */
void knotconf_check_order(knotd_mod_t *mod, const knot_dname_t *zone);
