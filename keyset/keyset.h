/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The key set: what the policy engine tells the module about one zone.
 *
 * It crosses the module's control socket, and the module stores it as it came, so that it signs
 * on while the engine is away. The text form is one item a line, "name value…", first line
 * "keyset 1"; an unknown item is an error, since leaving it out could make a zone bogus.
 * All durations and TTLs are seconds, all times Unix seconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYSET_TEXT_MAX 65535 /*!< Bytes; one item of Knot's control protocol. */

/*! Role of a key (RFC 9499, section 10). */
typedef enum { KEYSET_KSK, KEYSET_ZSK, KEYSET_CSK } keyset_role_t;

/*! State of one record of a key in the caches of the world. */
typedef enum {
	KEYSET_NA,          /*!< The key never has such a record. */
	KEYSET_HIDDEN,      /*!< In no cache. */
	KEYSET_RUMOURED,    /*!< In some caches, others may still lack it. */
	KEYSET_OMNIPRESENT, /*!< In every cache that has the RRset at all. */
	KEYSET_UNRETENTIVE, /*!< Withdrawn, some caches may still have it. */
} keyset_state_t;

/*! The records of a key whose states are followed. */
typedef enum {
	KEYSET_DS,
	KEYSET_DNSKEY,
	KEYSET_RRSIG_DNSKEY, /*!< Signature over the DNSKEY RRset. */
	KEYSET_RRSIG,        /*!< Signatures over the zone's other RRsets. */
	KEYSET_RECORDS,
} keyset_record_t;

/*! SOA serial of the signed zone (KASP's <Serial>). */
typedef enum {
	KEYSET_SERIAL_COUNTER,
	KEYSET_SERIAL_DATECOUNTER,
	KEYSET_SERIAL_UNIXTIME,
	KEYSET_SERIAL_KEEP,
} keyset_serial_t;

typedef struct {
	char *repository;    /*!< Name in conf.xml. */
	char *cka_id;        /*!< Hexadecimal. */
	keyset_role_t role;
	uint8_t algorithm;   /*!< DNSSEC algorithm number. */
	uint8_t *public_key; /*!< Public key field of the DNSKEY; the token's has to equal it. */
	size_t public_key_len;
	uint16_t keytag;     /*!< Of the DNSKEY (RFC 4034, appendix B). */
	bool publish;        /*!< DNSKEY is in the zone. */
	bool sign_dnskey;    /*!< Signs the DNSKEY (and CDS, CDNSKEY) RRset. */
	bool sign_zone;      /*!< Signs all other authoritative RRsets. */
	bool replace;        /*!< Its signatures over the zone, which it signs no more, are replaced
	                          now, and not as they come due. */
	bool cds;            /*!< CDS and CDNSKEY of it are in the zone (RFC 7344). */
	keyset_state_t state[KEYSET_RECORDS]; /*!< For display and statistics only. */
	char *step;          /*!< What happens next, in words, for display; "" if nothing. */
	int64_t step_time;   /*!< When, 0 if unknown or nothing. */
} keyset_key_t;

typedef struct {
	uint64_t revision;   /*!< Grows with each change the engine makes to this zone. */
	char *policy;        /*!< Name of the KASP policy. */
	bool passthrough;    /*!< Publish the zone as it is. */

	uint32_t resign, refresh;       /*!< KASP <Signatures>. */
	uint32_t validity_default, validity_denial, validity_keyset;
	uint32_t jitter, inception_offset;
	uint32_t max_zone_ttl;          /*!< 0 = none. */

	bool nsec3, nsec3_optout;
	uint16_t nsec3_iterations;
	uint8_t nsec3_salt[255];
	uint8_t nsec3_salt_len;
	uint32_t nsec3_ttl;             /*!< TTL of NSEC3PARAM. */

	uint32_t dnskey_ttl;
	uint32_t soa_ttl, soa_minimum;  /*!< Overwrite the input's. */
	keyset_serial_t serial;
	bool taken_over;                /*!< Another signer published the zone before us... */
	uint32_t serial_before;         /*!< ...and this serial last: ours is to be greater. */

	bool cds_delete;                /*!< CDS and CDNSKEY ask for no DS (RFC 8078, section 4). */
	bool zonemd;                    /*!< The zone has a ZONEMD RR (RFC 8976), SHA-384. */

	keyset_key_t *keys;
	size_t key_count;
} keyset_t;

/*!
 * Writes the text form.
 *
 * \return NUL-terminated text to be freed by free(); NULL if out of memory or too long.
 */
char *keyset_write(const keyset_t *set);

/*!
 * Reads the text form, and checks it: every item once and in range, hexadecimal,
 * that a zone which is signed has a key that signs the DNSKEY RRset and one that signs
 * the zone, that each signature has a key that is or comes into the zone. A key that signs the
 * zone need not be published (RFC 6781, section 4.1.4); one that signs the DNSKEY RRset has to be.
 *
 * \param text  NUL-terminated.
 * \param set   Filled on success only; keyset_deinit() frees its contents.
 * \param err   Names line and item on failure; NUL-terminated.
 * \return 0, or -1.
 */
int keyset_read(const char *text, keyset_t *set, char *err, size_t err_size);

/*! Frees the contents, not set itself. */
void keyset_deinit(keyset_t *set);

/*! \return "ksk", "zsk", "csk". */
const char *keyset_role_name(keyset_role_t role);

/*! \return "-", "hidden", "rumoured", "omnipresent", "unretentive". */
const char *keyset_state_name(keyset_state_t state);

/*! \return "counter", "datecounter", "unixtime", "keep". */
const char *keyset_serial_name(keyset_serial_t serial);

/*! Reverse of the above. \return 0, or -1 if there is no such name. */
int keyset_role_parse(const char *name, keyset_role_t *role);
int keyset_state_parse(const char *name, keyset_state_t *state);
int keyset_serial_parse(const char *name, keyset_serial_t *serial);
