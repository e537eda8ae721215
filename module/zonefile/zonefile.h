/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The unsigned zone in a master file (RFC 1035, section 5), read and checked as a whole.
 *
 * Not here: what a sound zone is (input/contents.h), and when a file is read again (source/file.h).
 */
#pragma once

#include "module/zonefile/parse.h"

/*!
 * Reads a zone file, in all forms that BIND takes (reader.h). Refused, with file, line and reason,
 * are a syntax error, another class than IN, and what contents_end() refuses. Where neither a
 * record nor a $TTL gives a TTL, it is 3600 s, with one warning. Messages quote nothing of files
 * that are included or reached by a link: the author may not be allowed to read them.
 *
 * \param zone  To be freed by contents_free().
 * \param err   NUL-terminated; "FILE:LINE: reason", names spelt out; the first error in the file,
 *              and how many more there are.
 * \return KNOT_EOK, KNOT_EACCES and others of the system (file), KNOT_EINVAL (not a regular file),
 *         KNOT_EMALF (contents, or far too much text), KNOT_ESPACE (too large), KNOT_EAGAIN
 *         (changed while it was read), KNOT_ENOMEM
 */
int zonefile_read(const zonefile_args_t *args, contents_t **zone, char *err, size_t err_size);
