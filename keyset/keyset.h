/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The key set: what the policy engine tells the module about one zone.
 *
 * The engine sends it to the module's control socket. The module stores the text as it came, and
 * signs by it while the engine is away. The text has one item a line, "name value"; its first line
 * is "keyset 4". An unknown item is an error: a module that ignored it could make a zone bogus. Texts
 * of "keyset 1" to "keyset 3", which earlier versions have written, can lack some items.
 * Durations and TTLs are seconds, times Unix seconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYSET_TEXT_MAX 65535 /*!< Bytes: as many as an item of Knot's control protocol can have. */
#define KEYSET_KEYS_MAX 64    /*!< Keys of one zone: more than any rollover has, and still a small DNSKEY RRset. */

/*! Role of a key (RFC 9499, section 10). */
typedef enum { KEYSET_KSK, KEYSET_ZSK, KEYSET_CSK } keyset_role_t;

/*! How far one of a key's records has spread in resolvers' caches. */
typedef enum {
	KEYSET_NA,          /*!< The key never has such a record. */
	KEYSET_HIDDEN,      /*!< No cache has it. */
	KEYSET_RUMOURED,    /*!< Published; some caches may have the RRset without it. */
	KEYSET_OMNIPRESENT, /*!< Every cache that has the RRset has it with this record. */
	KEYSET_UNRETENTIVE, /*!< Withdrawn; some caches may still have it. */
} keyset_state_t;

/*! The records of a key that have a state each. */
typedef enum {
	KEYSET_DS,
	KEYSET_DNSKEY,
	KEYSET_RRSIG_DNSKEY, /*!< Signature over the DNSKEY RRset. */
	KEYSET_RRSIG,        /*!< Signatures over the zone's other RRsets. */
	KEYSET_RECORDS,
} keyset_record_t;

/*! What a zone publishes of the keys whose DS the parent is to have (RFC 7344). */
typedef struct {
	bool sha256, sha384; /*!< A CDS with that digest; neither = no CDS, not even one of another
	                          operator: alone it would have the parent drop the DS of our keys. */
	bool cdnskey;        /*!< As with CDS. */
} keyset_cds_t;

/*! SOA serial of the signed zone (KASP's <Serial>). */
typedef enum {
	KEYSET_SERIAL_COUNTER,
	KEYSET_SERIAL_DATECOUNTER,
	KEYSET_SERIAL_UNIXTIME,
	KEYSET_SERIAL_KEEP,
} keyset_serial_t;

typedef struct {
	char *repository;    /*!< Name in conf.xml; "" = the key is in none: what it signs, the bundle
	                          has. */
	char *cka_id;        /*!< Hexadecimal. */
	keyset_role_t role;
	uint8_t algorithm;   /*!< DNSSEC algorithm number. */
	uint8_t *public_key; /*!< Public key field of the DNSKEY; the key in the token has to have
	                          the same. */
	size_t public_key_len;
	uint16_t keytag;     /*!< Of the DNSKEY (RFC 4034, appendix B). */
	bool publish;        /*!< DNSKEY is in the zone. */
	bool sign_dnskey;    /*!< Signs the DNSKEY, CDS and CDNSKEY RRsets. */
	bool sign_zone;      /*!< Signs all authoritative RRsets but DNSKEY. */
	bool replace;        /*!< The key signs the zone no more, and its signatures are replaced at
	                          once; else each is when it is due for refresh. */
	bool cds;            /*!< The zone has CDS and CDNSKEY of it, as far as it has any. */
	keyset_state_t state[KEYSET_RECORDS]; /*!< For display and statistics; the module believes
	                          besides that no cache has a DS that is hidden. */
	char *step;          /*!< What happens next, in words, for display; "" if nothing. */
	int64_t step_time;   /*!< When, 0 if unknown or nothing. */
	char *memory;        /*!< The engine's own notes, from which it can rebuild its database; the
	                          module keeps them as they are. */
} keyset_key_t;

typedef struct {
	uint64_t revision;   /*!< Grows with each change the engine makes to this zone. */
	char *policy;        /*!< Name of the KASP policy. */
	bool passthrough;    /*!< The zone is published as it is, unsigned or signed elsewhere. */

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
	uint32_t soa_ttl, soa_minimum;  /*!< In place of those of the unsigned zone's SOA. */
	keyset_serial_t serial;
	bool taken_over;                /*!< Another signer published the zone before. */
	uint32_t serial_before;         /*!< Its last serial; the next one has to be greater. */

	keyset_cds_t cds;
	bool cds_delete;                /*!< CDS and CDNSKEY ask for no DS (RFC 8078, section 4). */
	bool zonemd;                    /*!< The zone has a ZONEMD RR (RFC 8976), SHA-384. */
	bool foreign_keys;              /*!< The unsigned zone may bring DNSKEY, CDS and CDNSKEY
	                                     records of other operators (RFC 8901). */

	char *ds;                       /*!< The DS RRset that the parent had when the engine looked
	                                     last, as ds.h has it; "" = the parent had none. */
	int64_t ds_seen;                /*!< When that was; 0 = the engine has not looked, or got no
	                                     sure answer: ds says nothing. */
	char *memory;                   /*!< As that of a key. */
	char *bundle;                   /*!< The DNSKEY, CDS and CDNSKEY RRsets with the signatures of
	                                     the KSKs, as bundle.h has it: they are published as they
	                                     are. "" = they are made as the keys say. */

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
 * Reads the text form, and checks it. Each item has to be there once, with a valid value. Unless
 * the zone passes through, a published key has to sign the DNSKEY RRset, and a published key the
 * zone. Other keys that sign the zone need not be published (RFC 6781, section 4.1.4). A bundle has to
 * have the keys that are published, and no others; those that sign the DNSKEY RRset are in no
 * repository then.
 *
 * \param text  NUL-terminated.
 * \param set   Filled on success only; keyset_deinit() frees its contents.
 * \param err   Names line and item on failure; NUL-terminated.
 * \return 0, or -1.
 */
int keyset_read(const char *text, keyset_t *set, char *err, size_t err_size);

/*! Drops the engine's notes, which nobody needs who does not write the text: they are most of it. */
void keyset_drop_notes(keyset_t *set);

/*! Frees the contents, not set itself. */
void keyset_deinit(keyset_t *set);

/*!
 * Tells whether a key of a zone that does not pass through signs the RRsets of a type.
 *
 * CDS and CDNSKEY have the signatures of the keys that sign DNSKEY, as the parent wants them (RFC
 * 7344, section 4.1), and those of the keys that sign the zone: a validator may hold them together
 * with a DNSKEY RRset of before, or of after, a KSK was replaced.
 */
bool keyset_signs(const keyset_key_t *key, uint16_t type);

/*! \return Whether the zone's DNSKEY RRset was signed ahead. */
bool keyset_has_bundle(const keyset_t *set);

/*! \return Whether two keys have the same algorithm and public key. */
bool keyset_same_key(const keyset_key_t *a, const keyset_key_t *b);

/*! \return Whether some caches may have a record in that state, and others not. */
bool keyset_state_is_open(keyset_state_t state);

/*! \return "ksk", "zsk", "csk". */
const char *keyset_role_name(keyset_role_t role);

/*! \return "-", "hidden", "rumoured", "omnipresent", "unretentive". */
const char *keyset_state_name(keyset_state_t state);

/*! \return "DS", "DNSKEY", "RRSIG-DNSKEY", "RRSIG". */
const char *keyset_record_name(keyset_record_t record);

/*! \return "counter", "datecounter", "unixtime", "keep". */
const char *keyset_serial_name(keyset_serial_t serial);

/*! Reverse of the above. \return 0, or -1 if there is no such name. */
int keyset_role_parse(const char *name, keyset_role_t *role);
int keyset_state_parse(const char *name, keyset_state_t *state);
int keyset_record_parse(const char *name, keyset_record_t *record);
int keyset_serial_parse(const char *name, keyset_serial_t *serial);
