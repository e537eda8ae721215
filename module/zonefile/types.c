/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zonefile/types.h"

#include <string.h>

#include <libknot/libknot.h>

#define NAME_MAX_LEN 16 /* Characters of a type's name. */

/* Not MD and MF, which BIND does not take any more. */
static const type_form_t FORMS[] = {
	{ "NS", 2, "NS", "n" },
	{ "CNAME", 5, "CNAME", "n" },
	{ "SOA", 6, "SOA", "nn" },
	{ "MB", 7, "PTR", "n" },
	{ "MG", 8, "PTR", "n" },
	{ "MR", 9, "PTR", "n" },
	{ "WKS", 11, NULL, "" },
	{ "PTR", 12, "PTR", "n" },
	{ "MINFO", 14, "MINFO", "nn" },
	{ "MX", 15, "MX", "wn" },
	{ "RP", 17, "RP", "nn" },
	{ "AFSDB", 18, "AFSDB", "wn" },
	{ "X25", 19, "TXT", "" },
	{ "ISDN", 20, "TXT", "" },
	{ "RT", 21, "MX", "wn" },
	{ "NSAP", 22, NULL, "" },
	{ "NSAP-PTR", 23, "PTR", "n" },
	{ "SIG", 24, "RRSIG", "twwwwwwnj" },
	{ "KEY", 25, "DNSKEY", "wwwj" },
	{ "PX", 26, NULL, "" },
	{ "GPOS", 27, "TXT", "" },
	{ "NXT", 30, NULL, "" },
	{ "EID", 31, NULL, "" },
	{ "NIMLOC", 32, NULL, "" },
	{ "SRV", 33, "SRV", "wwwn" },
	{ "ATMA", 34, NULL, "" },
	{ "NAPTR", 35, "NAPTR", "wwwwwn" },
	{ "KX", 36, "KX", "wn" },
	{ "CERT", 37, "CERT", "wwwj" },
	{ "A6", 38, NULL, "" },
	{ "DNAME", 39, "DNAME", "n" },
	{ "SINK", 40, NULL, "" },
	{ "DS", 43, "DS", "wwdj" },
	{ "SSHFP", 44, "SSHFP", "wwj" },
	{ "IPSECKEY", 45, "IPSECKEY", "wwwwj" },
	{ "RRSIG", 46, "RRSIG", "twwwwwwnj" },
	{ "NSEC", 47, "NSEC", "nT" },
	{ "DNSKEY", 48, "DNSKEY", "wwwj" },
	{ "DHCID", 49, "DHCID", "j" },
	{ "NSEC3", 50, "NSEC3", "wwwwwT" },
	{ "TLSA", 52, "TLSA", "wwwj" },
	{ "SMIMEA", 53, "SMIMEA", "wwwj" },
	{ "HIP", 55, NULL, "" },
	{ "NINFO", 56, "TXT", "" },
	{ "RKEY", 57, "DNSKEY", "wwwj" },
	{ "TALINK", 58, "RP", "nn" },
	{ "CDS", 59, "CDS", "wwdj" },
	{ "CDNSKEY", 60, "CDNSKEY", "wwwj" },
	{ "OPENPGPKEY", 61, "OPENPGPKEY", "j" },
	{ "CSYNC", 62, "CSYNC", "wwT" },
	{ "ZONEMD", 63, "ZONEMD", "wwwj" },
	{ "SVCB", 64, "SVCB", "wnp" },
	{ "HTTPS", 65, "HTTPS", "wnp" },
	{ "DSYNC", 66, NULL, "" },
	{ "LP", 107, "LP", "wn" },
	{ "AVC", 258, "TXT", "" },
	{ "DOA", 259, NULL, "" },
	{ "AMTRELAY", 260, NULL, "" },
	{ "RESINFO", 261, "TXT", "" },
	{ "WALLET", 262, "TXT", "" },
	{ "CLA", 263, "TXT", "" },
	{ "TA", 32768, "DS", "wwdj" },
	{ "DLV", 32769, "DS", "wwdj" },
};

const type_form_t *types_find(const word_t *word)
{
	for (size_t i = 0; i < sizeof(FORMS) / sizeof(FORMS[0]); i++) {
		if (word_is(word, FORMS[i].name)) {
			return &FORMS[i];
		}
	}
	return NULL;
}

bool types_number(const word_t *word, uint16_t *number)
{
	char name[NAME_MAX_LEN] = "";
	const type_form_t *form = types_find(word);
	if (form != NULL) {
		*number = form->number;
		return true;
	}
	memcpy(name, word->text, word->len < sizeof(name) ? word->len : 0);
	return knot_rrtype_from_string(name, number) == 0;
}
