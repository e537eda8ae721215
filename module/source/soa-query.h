/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Asks a server for the serial at which it has a zone.
 */
#pragma once

#include "module/source/primary.h"

/*!
 * Asks for the zone's SOA.
 *
 * \param serial         Set on success.
 * \param authoritative  Set on success: whether the server says that it is authoritative.
 * \param err            Reason of a failure.
 * \return KNOT_EOK, KNOT_ENOTSUP (another RCODE than NOERROR), KNOT_EMALF (no SOA), KNOT_ENOMEM, or
 *         an error of the conversation (primary.h)
 */
int soa_query(primary_conn_t *conn, const knot_dname_t *zone, uint32_t *serial,
              bool *authoritative, char *err, size_t err_size);
