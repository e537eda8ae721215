/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether a file that decides can be believed: who else could have written it?
 *
 * conf.xml names libraries to be loaded, the store and the database what is signed by which key. Who
 * can write them is as good as the process itself. Root may, and the process's own user. A group
 * may if it is root's or the process's own (packages, and a umask of 002, give files to it).
 */
#pragma once

#include <sys/stat.h>
#include <unistd.h>

/*! \return What is wrong with the file or folder, and what to do; it goes on "FILE: ". NULL: it can
 *          be believed. */
static inline const char *trust_fault(const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		return "it belongs to a user who is neither root nor this process's; look who wrote "
		       "it, then chown";
	}
	if (st->st_mode & S_IWOTH) {
		return "everybody can write to it; look what is in it, then chmod o-w";
	}
	if ((st->st_mode & S_IWGRP) && st->st_gid != 0 && st->st_gid != getegid()) {
		return "a group that is not this process's can write to it; look what is in it, then "
		       "chmod g-w";
	}
	return NULL;
}
