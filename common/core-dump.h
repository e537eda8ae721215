/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A process that has PINs leaves no core file, and no process of its user looks into it.
 */
#pragma once

#include <sys/prctl.h>
#include <sys/resource.h>

/*! To be called when the process has its final user: a change of it allows all again. */
static inline void core_dump_forbid(void)
{
#ifndef __SANITIZE_ADDRESS__ /* Its search for leaks has to look into the process. */
	const struct rlimit none = { 0, 0 };
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
#endif
}
