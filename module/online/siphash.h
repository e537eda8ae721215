/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief SipHash-1-3: a fast hash by a secret key, so that strangers cannot find collisions (J.-P. Aumasson
 * and D. J. Bernstein, SipHash: a fast short-input PRF).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
	uint64_t k0, k1;
} siphash_key_t;

static inline uint64_t siphash_rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static inline void siphash_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = siphash_rotate(v[1], 13) ^ v[0];
	v[0] = siphash_rotate(v[0], 32);
	v[2] += v[3];
	v[3] = siphash_rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = siphash_rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = siphash_rotate(v[1], 17) ^ v[2];
	v[2] = siphash_rotate(v[2], 32);
}

/*! Hashes bytes. The numbers are those of the machine's byte order: they are for its memory only. */
static inline uint64_t siphash(siphash_key_t key, const void *data, size_t len)
{
	uint64_t v[4] = {
		key.k0 ^ UINT64_C(0x736f6d6570736575), key.k1 ^ UINT64_C(0x646f72616e646f6d),
		key.k0 ^ UINT64_C(0x6c7967656e657261), key.k1 ^ UINT64_C(0x7465646279746573),
	};
	const uint8_t *at = data;
	const uint64_t length = (uint64_t)len << 56;
	for (; len >= 8; at += 8, len -= 8) {
		uint64_t word;
		memcpy(&word, at, 8);
		v[3] ^= word;
		siphash_round(v);
		v[0] ^= word;
	}
	uint64_t last = 0;
	memcpy(&last, at, len);
	last |= length;
	v[3] ^= last;
	siphash_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	siphash_round(v);
	siphash_round(v);
	siphash_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
