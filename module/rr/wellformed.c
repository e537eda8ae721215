/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/rr/wellformed.h"

#include <stdbool.h>

#include <libknot/libknot.h>

#include "module/rr/field.h"
#include "module/rr/naptr.h"
#include "module/rr/svcb.h"

#define WRONG_DIGEST "the digest has not the length of its type"

/* Octets of digests. */
#define SHA1_SIZE 20
#define SHA256_SIZE 32
#define SHA384_SIZE 48
#define SHA512_SIZE 64

/* NSD before 4.13 has room for so many character-strings of an SPF record, and items of an APL. */
#define NSD_FIELDS_MAX 64

/* DNSSEC algorithms whose key begins with a name, or with an OID (RFC 4034, appendix A.1.1). */
#define ALG_PRIVATEDNS 253
#define ALG_PRIVATEOID 254

/*! Fields; a positive number stands for that many octets. */
enum {
	END = 0,
	NAME = -1,              /*!< A domain name. */
	STRING = -2,            /*!< A character-string (RFC 1035, section 3.3). */
	STRINGS = -3,           /*!< One character-string or more, up to the end. */
	BITMAP = -4,            /*!< Types (RFC 4034, section 4.1.2), possibly none. */
	REST = -5,              /*!< Any octets up to the end, possibly none. */
	SOME = -6,              /*!< One octet or more, up to the end. */
};

/*! The form of a type's RDATA. */
typedef struct {
	int8_t fields[6];
	/*! NULL or what else there is to check. The fields were read, and do have their form. The
	 *  function may read on behind them. */
	const char *(*check)(rdata_t *rdata);
} form_t;

/*** Fields. ***/

static const char *skip_field(rdata_t *rdata, int field)
{
	switch (field) {
	case NAME:
		return field_name(rdata);
	case STRING:
		return field_string(rdata);
	case STRINGS:
		return field_strings(rdata);
	case BITMAP:
		return field_bitmap(rdata);
	case REST:
		return field_rest(rdata);
	case SOME:
		return field_left(rdata) > 0 ? field_rest(rdata) : FIELD_TOO_SHORT;
	default:
		return field_skip(rdata, field);
	}
}

/*** What else there is to check. ***/

/* RFC 1183, section 3.1: the PSDN address, digits of X.121. */
static const char *check_x25(rdata_t *rdata)
{
	if (rdata->at - rdata->begin < 5) {
		return "the PSDN address has less than four digits";
	}
	for (const uint8_t *at = rdata->begin + 1; at < rdata->at; at++) {
		if (*at < '0' || *at > '9') {
			return "the PSDN address has other characters than digits";
		}
	}
	return NULL;
}

static const char *check_isdn(rdata_t *rdata)
{
	return field_left(rdata) > 0 ? field_string(rdata) : NULL;
}

static const char *check_spf(rdata_t *rdata)
{
	int count = 0;
	for (const uint8_t *at = rdata->begin; at < rdata->at; at += 1 + *at) {
		count++;
	}
	return count <= NSD_FIELDS_MAX ? NULL : "more than 64 character-strings";
}

/* RFC 1035, section 3.4.2: 65536 ports at most; the last octet says something. */
static const char *check_wks(rdata_t *rdata)
{
	if (field_left(rdata) > UINT16_MAX / 8 + 1) {
		return "the port bitmap is too long";
	}
	if (field_left(rdata) > 0 && rdata->end[-1] == 0) {
		return "the port bitmap ends with zeros";
	}
	return field_rest(rdata);
}

/* RFC 2535, section 5.2. */
static const char *check_nxt(rdata_t *rdata)
{
	const size_t size = field_left(rdata);
	if (size < 1 || size > 16 || (rdata->at[0] & 0x80) || rdata->end[-1] == 0) {
		return "the type bitmap is malformed";
	}
	return field_rest(rdata);
}

/* af-saa-0069: 1 is E.164. */
static const char *check_atma(rdata_t *rdata)
{
	for (const uint8_t *at = rdata->begin + 1; *rdata->begin == 1 && at < rdata->at; at++) {
		if (*at < '0' || *at > '9') {
			return "the E.164 address has other characters than digits";
		}
	}
	return NULL;
}

/* RFC 2874, section 3.1. */
static const char *check_a6(rdata_t *rdata)
{
	const uint8_t prefix = rdata->begin[0];
	if (prefix > 128) {
		return "the prefix is longer than 128 bits";
	}
	const size_t size = (128 - prefix + 7) / 8;
	if (field_left(rdata) < size) {
		return FIELD_TOO_SHORT;
	}
	if (size > 0 && (rdata->at[0] & ~(0xff >> (prefix % 8))) != 0) {
		return "the address suffix has bits of the prefix";
	}
	rdata->at += size;
	return prefix > 0 ? field_name(rdata) : NULL;
}

/* RFC 1876, section 2: mantissa and exponent are decimal digits; 0 is allowed as a whole. */
static bool is_loc_size(uint8_t size)
{
	return size == 0 || ((size & 15) <= 9 && size >> 4 >= 1 && size >> 4 <= 9);
}

/* Another version than 0 may mean anything (RFC 1876, section 2), but libknot wants 16 octets. */
static const char *check_loc(rdata_t *rdata)
{
	static const uint32_t EQUATOR = 1u << 31, DEGREE = 3600000;
	const uint8_t *loc = rdata->begin;
	const uint32_t latitude = knot_wire_read_u32(loc + 4);
	const uint32_t longitude = knot_wire_read_u32(loc + 8);
	if (loc[0] != 0) {
		return NULL;
	}
	if (!is_loc_size(loc[1]) || !is_loc_size(loc[2]) || !is_loc_size(loc[3])) {
		return "a size or precision is not of decimal digits";
	}
	return latitude >= EQUATOR - 90 * DEGREE && latitude <= EQUATOR + 90 * DEGREE &&
	       longitude >= EQUATOR - 180 * DEGREE && longitude <= EQUATOR + 180 * DEGREE
	       ? NULL : "the latitude or longitude is out of range";
}

/* RFC 3123, section 4. */
static const char *check_apl(rdata_t *rdata)
{
	int count = 0;
	while (field_left(rdata) > 0) {
		if (++count > NSD_FIELDS_MAX) {
			return "more than 64 prefixes";
		}
		if (field_left(rdata) < 4) {
			return FIELD_TOO_SHORT;
		}
		const uint16_t family = knot_wire_read_u16(rdata->at);
		const uint8_t bits = rdata->at[2], size = rdata->at[3] & 0x7f;
		if ((family == 1 && (bits > 32 || size > 4)) ||
		    (family == 2 && (bits > 128 || size > 16))) {
			return "a prefix is longer than its address family allows";
		}
		rdata->at += 4;
		if (field_left(rdata) < size) {
			return "a prefix runs beyond the end of the RDATA";
		}
		rdata->at += size;
		if (size > 0 && rdata->at[-1] == 0) {
			return "a prefix ends with zeros";
		}
	}
	return NULL;
}

/* RFC 4034, section 5.1.3; RFC 4509, section 2.2; RFC 6605, section 2. */
static const char *check_ds(rdata_t *rdata)
{
	const size_t size = rdata->end - rdata->begin - 4;
	switch (rdata->begin[3]) {
	case 1:
		return size == SHA1_SIZE ? NULL : WRONG_DIGEST;
	case 2:
		return size == SHA256_SIZE ? NULL : WRONG_DIGEST;
	case 4:
		return size == SHA384_SIZE ? NULL : WRONG_DIGEST;
	default:
		return NULL;
	}
}

/* RFC 8976, section 2.2.4, which also demands 12 octets of an unknown hash. */
static const char *check_zonemd(rdata_t *rdata)
{
	const size_t size = rdata->end - rdata->begin - 6;
	switch (rdata->begin[5]) {
	case 1:
		return size == SHA384_SIZE ? NULL : WRONG_DIGEST;
	case 2:
		return size == SHA512_SIZE ? NULL : WRONG_DIGEST;
	default:
		return size >= 12 ? NULL : "the digest is shorter than 12 octets";
	}
}

/* RFC 4255, section 3.1.2; RFC 6594, section 4. */
static const char *check_sshfp(rdata_t *rdata)
{
	const size_t size = rdata->end - rdata->begin - 2;
	return (rdata->begin[1] != 1 || size == SHA1_SIZE) &&
	       (rdata->begin[1] != 2 || size == SHA256_SIZE)
	       ? NULL : "the fingerprint has not the length of its type";
}

/* Reads a key or a signature, which begins with a private algorithm's name or OID. */
static const char *skip_crypto(rdata_t *rdata, uint8_t algorithm)
{
	const char *fault = NULL;
	if (field_left(rdata) == 0) {
		fault = FIELD_TOO_SHORT;
	} else if (algorithm == ALG_PRIVATEDNS && field_name(rdata) != NULL) {
		fault = "the private algorithm's name is malformed";
	} else if (algorithm == ALG_PRIVATEOID) {
		fault = field_oid(rdata);
	}
	return fault != NULL ? fault : field_rest(rdata);
}

/* RFC 4034, section 2.1. */
static const char *check_dnskey(rdata_t *rdata)
{
	return skip_crypto(rdata, rdata->begin[3]);
}

/* RFC 2535, section 3.1.2: the first two bits say that there is no key. Older servers want none
 * then, newer ones want one always. */
static const char *check_key(rdata_t *rdata)
{
	return rdata->begin[0] >> 6 != 3
	       ? check_dnskey(rdata) : "the flags say that there is no key";
}

/* draft-reid-dnsext-rkey: the flags are zero. */
static const char *check_rkey(rdata_t *rdata)
{
	return rdata->begin[0] == 0 && rdata->begin[1] == 0
	       ? check_dnskey(rdata) : "the flags are not zero";
}

/* RFC 4034, section 3.1: the signer has not more labels than the owner, whose number is in the
 * RDATA. */
static const char *check_rrsig(rdata_t *rdata)
{
	return knot_dname_labels(rdata->begin + 18, NULL) <= rdata->begin[3]
	       ? skip_crypto(rdata, rdata->begin[2]) : "the signer has more labels than the owner";
}

/* RFC 4034, section 4.1.2: an NSEC owns itself, at least. */
static const char *check_nsec(rdata_t *rdata)
{
	return field_left(rdata) > 0 ? field_bitmap(rdata) : "the type bitmap is empty";
}

/* RFC 5155, section 3.2: behind the salt is the next owner's hash; SHA-1 is 1. Others have
 * up to 39 octets, which a label holds in base32. */
static const char *check_nsec3(rdata_t *rdata)
{
	const uint8_t size = rdata->begin[5 + rdata->begin[4]];
	const bool fits = rdata->begin[0] == 1 ? size == SHA1_SIZE : size >= 1 && size <= 39;
	return fits ? field_bitmap(rdata) : "the next owner's hash has a wrong length";
}

/* An address or a name, as the type in the second octet says. */
static const char *skip_gateway(rdata_t *rdata, uint8_t type)
{
	switch (type) {
	case 0:
		return NULL;
	case 1:
		return field_skip(rdata, 4);
	case 2:
		return field_skip(rdata, 16);
	case 3:
		return field_name(rdata);
	default:
		return "the gateway type is unknown";
	}
}

/* RFC 4025, section 2.1; BIND wants a key, which is optional there. */
static const char *check_ipseckey(rdata_t *rdata)
{
	const char *fault = skip_gateway(rdata, rdata->begin[1]);
	return fault != NULL ? fault :
	       field_left(rdata) > 0 ? field_rest(rdata) : "the public key is missing";
}

/* RFC 8777, section 4.2: the first bit of the second octet is another field. */
static const char *check_amtrelay(rdata_t *rdata)
{
	return skip_gateway(rdata, rdata->begin[1] & 0x7f);
}

/* RFC 8005, section 5: HIT and public key, neither empty, then rendezvous servers. */
static const char *check_hip(rdata_t *rdata)
{
	const uint8_t hit_size = rdata->begin[0];
	const uint16_t key_size = knot_wire_read_u16(rdata->begin + 2);
	if (hit_size == 0 || key_size == 0) {
		return "the host identity tag or the public key is empty";
	}
	const char *fault = field_skip(rdata, hit_size + key_size);
	while (fault == NULL && field_left(rdata) > 0) {
		fault = field_name(rdata);
	}
	return fault;
}

static bool is_alphanumeric(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 8659, section 4.1: the tag is at least one of letters and digits; the value is the rest. */
static const char *check_caa(rdata_t *rdata)
{
	const uint8_t *tag = rdata->begin + 2;
	if (tag == rdata->at) {
		return "the tag is empty";
	}
	for (; tag < rdata->at; tag++) {
		if (!is_alphanumeric(*tag)) {
			return "the tag has other characters than letters and digits";
		}
	}
	return field_rest(rdata);
}

/* RFC 3403, section 4.1: flags, services, and the regular expression, then the replacement. */
static const char *check_naptr(rdata_t *rdata)
{
	const uint8_t *regexp = rdata->at;
	const char *fault = field_string(rdata);
	if (fault == NULL) {
		fault = naptr_regexp_fault(regexp + 1, *regexp);
	}
	return fault != NULL ? fault : field_name(rdata);
}

/* RFC 9460, section 2.2. */
static const char *check_svcb(rdata_t *rdata)
{
	const char *fault = svcb_params_fault(rdata->at, field_left(rdata));
	return fault != NULL ? fault : field_rest(rdata);
}

/*** Forms. ***/

/* By type. Where it has no RFC, see IANA's registry. */
static const form_t FORMS[] = {
	[1]   = { { 4 } },                              /* A: RFC 1035, 3.4.1 */
	[2]   = { { NAME } },                           /* NS: RFC 1035, 3.3.11 */
	[3]   = { { NAME } },                           /* MD: RFC 1035, 3.3.4 */
	[4]   = { { NAME } },                           /* MF: RFC 1035, 3.3.5 */
	[5]   = { { NAME } },                           /* CNAME: RFC 1035, 3.3.1 */
	[6]   = { { NAME, NAME, 20 } },                 /* SOA: RFC 1035, 3.3.13 */
	[7]   = { { NAME } },                           /* MB: RFC 1035, 3.3.3 */
	[8]   = { { NAME } },                           /* MG: RFC 1035, 3.3.6 */
	[9]   = { { NAME } },                           /* MR: RFC 1035, 3.3.8 */
	[10]  = { { SOME } },                           /* NULL: RFC 1035, 3.3.10 */
	[11]  = { { 5 }, check_wks },                   /* WKS: RFC 1035, 3.4.2 */
	[12]  = { { NAME } },                           /* PTR: RFC 1035, 3.3.12 */
	[13]  = { { STRING, STRING } },                 /* HINFO: RFC 1035, 3.3.2 */
	[14]  = { { NAME, NAME } },                     /* MINFO: RFC 1035, 3.3.7 */
	[15]  = { { 2, NAME } },                        /* MX: RFC 1035, 3.3.9 */
	[16]  = { { STRINGS } },                        /* TXT: RFC 1035, 3.3.14 */
	[17]  = { { NAME, NAME } },                     /* RP: RFC 1183, 2.2 */
	[18]  = { { 2, NAME } },                        /* AFSDB: RFC 1183, 1 */
	[19]  = { { STRING }, check_x25 },              /* X25: RFC 1183, 3.1 */
	[20]  = { { STRING }, check_isdn },             /* ISDN: RFC 1183, 3.2 */
	[21]  = { { 2, NAME } },                        /* RT: RFC 1183, 3.3 */
	[22]  = { { SOME } },                           /* NSAP: RFC 1706, 5 */
	[23]  = { { NAME } },                           /* NSAP-PTR: RFC 1706, 6 */
	[24]  = { { 18, NAME, SOME } },                 /* SIG: RFC 2535, 4.1 */
	[25]  = { { 4 }, check_key },                   /* KEY: RFC 2535, 3.1 */
	[26]  = { { 2, NAME, NAME } },                  /* PX: RFC 2163, 4 */
	[27]  = { { STRING, STRING, STRING } },         /* GPOS: RFC 1712, 3 */
	[28]  = { { 16 } },                             /* AAAA: RFC 3596, 2.2 */
	[29]  = { { 16 }, check_loc },                  /* LOC: RFC 1876, 2 */
	[30]  = { { NAME }, check_nxt },                /* NXT: RFC 2535, 5.2 */
	[31]  = { { SOME } },                           /* EID */
	[32]  = { { SOME } },                           /* NIMLOC */
	[33]  = { { 6, NAME } },                        /* SRV: RFC 2782 */
	[34]  = { { 1, SOME }, check_atma },            /* ATMA: af-saa-0069 */
	[35]  = { { 4, STRING, STRING }, check_naptr }, /* NAPTR: RFC 3403, 4.1 */
	[36]  = { { 2, NAME } },                        /* KX: RFC 2230, 3.1 */
	[37]  = { { 5, SOME } },                        /* CERT: RFC 4398, 2 */
	[38]  = { { 1 }, check_a6 },                    /* A6: RFC 2874, 3.1 */
	[39]  = { { NAME } },                           /* DNAME: RFC 6672, 2.1 */
	[40]  = { { 2, SOME } },                        /* SINK */
	[42]  = { { END }, check_apl },                 /* APL: RFC 3123, 4 */
	[43]  = { { 4, SOME }, check_ds },              /* DS: RFC 4034, 5.1 */
	[44]  = { { 2, SOME }, check_sshfp },           /* SSHFP: RFC 4255, 3.1 */
	[45]  = { { 3 }, check_ipseckey },              /* IPSECKEY: RFC 4025, 2.1 */
	[46]  = { { 18, NAME }, check_rrsig },          /* RRSIG: RFC 4034, 3.1 */
	[47]  = { { NAME }, check_nsec },               /* NSEC: RFC 4034, 4.1 */
	[48]  = { { 4 }, check_dnskey },                /* DNSKEY: RFC 4034, 2.1 */
	[49]  = { { 3, REST } },                        /* DHCID: RFC 4701, 3.3 */
	[50]  = { { 4, STRING, STRING }, check_nsec3 }, /* NSEC3: RFC 5155, 3.2 */
	[51]  = { { 4, STRING } },                      /* NSEC3PARAM: RFC 5155, 4.2 */
	[52]  = { { 3, SOME } },                        /* TLSA: RFC 6698, 2.1 */
	[53]  = { { 3, SOME } },                        /* SMIMEA: RFC 8162, 2 */
	[55]  = { { 4 }, check_hip },                   /* HIP: RFC 8005, 5 */
	[56]  = { { STRINGS } },                        /* NINFO */
	[57]  = { { 4 }, check_rkey },                  /* RKEY */
	[58]  = { { NAME, NAME } },                     /* TALINK */
	[59]  = { { 4, SOME }, check_ds },              /* CDS: RFC 7344, 3.1; RFC 8078, 4 */
	[60]  = { { 4 }, check_dnskey },                /* CDNSKEY: RFC 7344, 3.2 */
	[61]  = { { SOME } },                           /* OPENPGPKEY: RFC 7929, 2.1 */
	[62]  = { { 6, BITMAP } },                      /* CSYNC: RFC 7477, 2.1.1 */
	[63]  = { { 6, SOME }, check_zonemd },          /* ZONEMD: RFC 8976, 2.2 */
	[64]  = { { 2, NAME }, check_svcb },            /* SVCB: RFC 9460, 2.2 */
	[65]  = { { 2, NAME }, check_svcb },            /* HTTPS: RFC 9460, 9 */
	[66]  = { { 5, NAME } },                        /* DSYNC: RFC 9859, 2.1 */
	[67]  = { { SOME } },                           /* HHIT: RFC 9886, 5.1 */
	[68]  = { { SOME } },                           /* BRID: RFC 9886, 5.2 */
	[99]  = { { STRINGS }, check_spf },             /* SPF: RFC 4408, 3.1.1 */
	[104] = { { 10 } },                             /* NID: RFC 6742, 2.1 */
	[105] = { { 6 } },                              /* L32: RFC 6742, 2.2 */
	[106] = { { 10 } },                             /* L64: RFC 6742, 2.3 */
	[107] = { { 2, NAME } },                        /* LP: RFC 6742, 2.4 */
	[108] = { { 6 } },                              /* EUI48: RFC 7043, 3.1 */
	[109] = { { 8 } },                              /* EUI64: RFC 7043, 4.1 */
	[256] = { { 4, SOME } },                        /* URI: RFC 7553, 4.5 */
	[257] = { { 1, STRING }, check_caa },           /* CAA: RFC 8659, 4.1 */
	[258] = { { STRINGS } },                        /* AVC */
	[259] = { { 9, STRING, REST } },                /* DOA */
	[260] = { { 2 }, check_amtrelay },              /* AMTRELAY: RFC 8777, 4 */
	[261] = { { STRINGS } },                        /* RESINFO: RFC 9606, 4 */
	[262] = { { STRINGS } },                        /* WALLET */
	[263] = { { STRINGS } },                        /* CLA */
};

static const form_t *find_form(uint16_t type)
{
	static const form_t ANY = { .fields = { REST } };
	if (type == 32768 || type == 32769) { /* TA, DLV: RFC 4431, 2 */
		return &FORMS[KNOT_RRTYPE_DS];
	}
	const bool known = type < sizeof(FORMS) / sizeof(FORMS[0]) &&
	                   (FORMS[type].fields[0] != END || FORMS[type].check != NULL);
	return known ? &FORMS[type] : &ANY;
}

const char *rdata_fault(uint16_t type, const uint8_t *rdata, uint16_t len)
{
	const form_t *form = find_form(type);
	rdata_t it = { .begin = rdata, .at = rdata, .end = len > 0 ? rdata + len : rdata };
	const char *fault = NULL;
	for (const int8_t *field = form->fields; fault == NULL && *field != END; field++) {
		fault = skip_field(&it, *field);
	}
	if (fault == NULL && form->check != NULL) {
		fault = form->check(&it);
	}
	return fault != NULL || it.at == it.end
	       ? fault : "there are octets behind the last field of the RDATA";
}
