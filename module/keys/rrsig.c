/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/keys/rrsig.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>
#include <libknot/errcode.h>

/* Offsets in RRSIG RDATA. */
enum {
	TYPE = 0, ALGORITHM = 2, LABELS = 3, TTL = 4, EXPIRATION = 8, INCEPTION = 12, KEYTAG = 16,
	SIGNER = 18,
};

static void write_u16(uint8_t *out, uint16_t value)
{
	value = htons(value);
	memcpy(out, &value, sizeof(value));
}

static void write_u32(uint8_t *out, uint32_t value)
{
	value = htonl(value);
	memcpy(out, &value, sizeof(value));
}

static uint32_t read_u32(const uint8_t *in)
{
	uint32_t value;
	memcpy(&value, in, sizeof(value));
	return ntohl(value);
}

size_t rrsig_rdata_len(const keyring_key_t *key, const knot_dname_t *zone)
{
	return SIGNER + knot_dname_size(zone) + key->signature_len;
}

static uint8_t *reserve(rrsig_buffer_t *buffer, size_t len)
{
	if (buffer->size - buffer->len < len) {
		size_t size = (buffer->len + len) * 2;
		uint8_t *data = realloc(buffer->data, size);
		if (data == NULL) {
			return NULL;
		}
		buffer->data = data;
		buffer->size = size;
	}
	uint8_t *at = buffer->data + buffer->len;
	buffer->len += len;
	return at;
}

int rrsig_prepare(const rrsig_job_t *job, const knot_dname_t *zone, rrsig_buffer_t *buffer,
                  uint8_t **signature)
{
	const size_t zone_len = knot_dname_size(zone), owner_len = knot_dname_size(job->owner);
	size_t labels = knot_dname_labels(job->owner, NULL);
	uint8_t *rdata = job->rdata->data;
	write_u16(rdata + TYPE, job->type);
	rdata[ALGORITHM] = job->key->info->algorithm;
	rdata[LABELS] = knot_dname_is_wildcard(job->owner) ? labels - 1 : labels;
	write_u32(rdata + TTL, job->ttl);
	write_u32(rdata + EXPIRATION, job->expiration);
	write_u32(rdata + INCEPTION, job->inception);
	write_u16(rdata + KEYTAG, job->key->info->keytag);
	memcpy(rdata + SIGNER, zone, zone_len);
	*signature = rdata + SIGNER + zone_len;

	buffer->len = 0;
	uint8_t *out = reserve(buffer, SIGNER + zone_len);
	if (out == NULL) {
		return KNOT_ENOMEM;
	}
	memcpy(out, rdata, SIGNER + zone_len);
	const knot_rdata_t *rr = job->rrs.rdata;
	for (uint16_t i = 0; i < job->rrs.count; i++, rr = knot_rdataset_next((knot_rdata_t *)rr)) {
		out = reserve(buffer, owner_len + 10 + rr->len);
		if (out == NULL) {
			return KNOT_ENOMEM;
		}
		memcpy(out, job->owner, owner_len);
		out += owner_len;
		write_u16(out, job->type);
		write_u16(out + 2, KNOT_CLASS_IN);
		write_u32(out + 4, job->ttl);
		write_u16(out + 8, rr->len);
		memcpy(out + 10, rr->data, rr->len);
	}
	return KNOT_EOK;
}

uint8_t rrsig_algorithm(const knot_rdata_t *rdata)
{
	return rdata->data[ALGORITHM];
}

uint16_t rrsig_keytag(const knot_rdata_t *rdata)
{
	return rdata->data[KEYTAG] << 8 | rdata->data[KEYTAG + 1];
}

uint32_t rrsig_expiration(const knot_rdata_t *rdata)
{
	return read_u32(rdata->data + EXPIRATION);
}

uint32_t rrsig_inception(const knot_rdata_t *rdata)
{
	return read_u32(rdata->data + INCEPTION);
}
