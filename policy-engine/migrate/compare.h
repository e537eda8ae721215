/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Compares a zone as OpenDNSSEC signs it with the same zone as we do, from two zone files.
 */
#pragma once

/*!
 * Compares, and prints what differs: records, TTLs, the fields of the SOA but for the serial, denial, and
 * by which keys each RRset is signed. Prints serials, and until when the signatures of each last, too.
 * Left out are CDS and CDNSKEY, which OpenDNSSEC does not make, and ZONEMD, which depends on the serial.
 *
 * \param zone    Its name.
 * \param theirs, ours  Zone files; of an AXFR with the SOA at both ends, too.
 * \return 0: the same; 1: not the same; -1: a file could not be read, which is printed.
 */
int compare_zones(const char *zone, const char *theirs, const char *ours);
