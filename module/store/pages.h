/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Sees whether the pages of LMDB's file are whole.
 *
 * LMDB trusts its pages: a damaged one ends the process, by a signal or an assertion. This goes
 * through all trees and looks at everything that LMDB takes for granted; the content of entries is
 * not looked at.
 */
#pragma once

/*!
 * Checks the newest version in a file. Nobody may write to it meanwhile.
 *
 * \param fd  Of data.mdb, that LMDB has opened.
 * \return 0 (whole, or of a version of LMDB that is not known here), MDB_CORRUPTED, or an errno
 */
int pages_check(int fd);
