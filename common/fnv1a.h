/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief FNV-1a, a fast hash that spreads names evenly; an attacker can find collisions.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*! Hashes bytes to 32 bits. The numbers are those of draft-eastlake-fnv. */
static inline uint32_t fnv1a(const void *data, size_t len)
{
	uint32_t hash = UINT32_C(2166136261);
	for (const uint8_t *at = data; len > 0; at++, len--) {
		hash = (hash ^ *at) * UINT32_C(16777619);
	}
	return hash;
}
