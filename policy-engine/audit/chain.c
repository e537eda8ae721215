/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "policy-engine/audit/chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#define HASH_LEN 32
#define HEX_LEN (CHAIN_HASH_MAX - 1)

static const char BEGIN[] = "{\"seq\": ";
static const char PREV[] = ", \"prev\": \"";
static const char END[] = "\"}";
static const char NONE[] = "0000000000000000000000000000000000000000000000000000000000000000";

bool chain_hash(const void *data, size_t len, char hex[CHAIN_HASH_MAX])
{
	uint8_t bytes[HASH_LEN];
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data, len, bytes) != 0) {
		return false;
	}
	for (size_t i = 0; i < HASH_LEN; i++) {
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	}
	return true;
}

char *chain_line(chain_end_t *end, const char *members)
{
	chain_end_t next = { .seq = end->seq + 1 };
	char *line = NULL;
	const int len = asprintf(&line, "%s%" PRIu64 ", %s%s%s%s", BEGIN, next.seq, members, PREV,
	                         end->seq == 0 ? NONE : end->hash, END);
	if (len < 0 || !chain_hash(line, (size_t)len, next.hash)) {
		free(len < 0 ? NULL : line);
		return NULL;
	}
	*end = next;
	return line;
}

/* \return Where a line has the hash of the one before; NULL if it is none. */
static const char *find_prev(const char *line, size_t len)
{
	const size_t tail = strlen(PREV) + HEX_LEN + strlen(END);
	if (len <= strlen(BEGIN) + tail || memcmp(line, BEGIN, strlen(BEGIN)) != 0 ||
	    memcmp(line + len - strlen(END), END, strlen(END)) != 0 ||
	    memcmp(line + len - tail, PREV, strlen(PREV)) != 0) {
		return NULL;
	}
	const char *prev = line + len - strlen(END) - HEX_LEN;
	for (size_t i = 0; i < HEX_LEN; i++) {
		if (strchr("0123456789abcdef", prev[i]) == NULL || prev[i] == '\0') {
			return NULL;
		}
	}
	return prev;
}

/* \return The number of a line that find_prev() knows; 0 if it has none. */
static uint64_t read_seq(const char *line)
{
	const char *at = line + strlen(BEGIN);
	uint64_t seq = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (seq > (UINT64_MAX - 9) / 10) {
			return 0;
		}
		seq = 10 * seq + (uint64_t)(*at - '0');
	}
	return *at == ',' ? seq : 0;
}

bool chain_read(const char *line, size_t len, chain_end_t *end)
{
	chain_end_t is = { 0 };
	if (find_prev(line, len) == NULL || (is.seq = read_seq(line)) == 0 ||
	    !chain_hash(line, len, is.hash)) {
		return false;
	}
	*end = is;
	return true;
}

bool chain_follows(chain_end_t *end, const char *line, size_t len, char *why, size_t why_size)
{
	chain_end_t next;
	const char *prev = find_prev(line, len);
	if (prev == NULL || !chain_read(line, len, &next)) {
		snprintf(why, why_size, "this is no line of an audit");
		return false;
	}
	if (end->seq != 0 && next.seq != end->seq + 1) {
		snprintf(why, why_size, "number %" PRIu64 " comes after %" PRIu64 ": lines are missing, "
		         "or in another order", next.seq, end->seq);
		return false;
	}
	const char *before = end->seq != 0 ? end->hash : NONE;
	if ((end->seq != 0 || next.seq == 1) && memcmp(prev, before, HEX_LEN) != 0) {
		snprintf(why, why_size, "the line before it was changed, or this one was");
		return false;
	}
	*end = next;
	return true;
}
