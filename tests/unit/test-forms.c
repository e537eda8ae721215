/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What a zone file may have beside what libzscanner reads. */

#include "config.h"

#include <check.h>
#include <libknot/libknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module/zonefile/zonefile.h"
#include "tests/unit/check-main.h"

static char dir[] = "/tmp/test-forms-XXXXXX";
static char path[128];
static char err[4096];
static char warnings[65536];
static size_t size_max = SIZE_MAX;
static const knot_dname_t *APEX = (const knot_dname_t *)"\x01z\x04test";

#define ZONE "@ 300 SOA ns h 1 2 3 4 5\n@ 300 NS ns\nns 300 A 192.0.2.1\n" /* Lines 1 to 3. */
#define HEAD "$TTL 300\n" ZONE                                          /* Lines 1 to 4. */

/*** Helpers. ***/

static void sink(void *ctx, int priority, const char *line)
{
	(void)ctx;
	ck_assert_int_eq(priority, LOG_WARNING);
	snprintf(warnings + strlen(warnings), sizeof(warnings) - strlen(warnings), "%s\n", line);
}

static void write_file(const char *name, const char *head, const char *text)
{
	char file[256];
	snprintf(file, sizeof(file), "%s/%s", dir, name);
	FILE *out = fopen(file, "w");
	ck_assert_ptr_nonnull(out);
	ck_assert_int_ge(fprintf(out, "%s%s\n", head, text), 0);
	ck_assert_int_eq(fclose(out), 0);
}

static int read_zone(const char *head, const char *text, contents_t **contents)
{
	log_t log;
	const zonefile_args_t args = {
		.path = path, .apex = APEX, .size_max = size_max, .log = &log,
	};
	write_file("zone", head, text);
	warnings[0] = '\0';
	log_init(&log, sink, NULL);
	int ret = zonefile_read(&args, contents, err, sizeof(err));
	log_deinit(&log);
	return ret;
}

static contents_t *read_ok(const char *head, const char *text)
{
	contents_t *contents = NULL;
	int ret = read_zone(head, text, &contents);
	ck_assert_msg(ret == KNOT_EOK, "%s: %s", text, err);
	return contents;
}

static void refuses(const char *text, const char *says)
{
	contents_t *contents = NULL;
	ck_assert_int_eq(read_zone(HEAD, text, &contents), KNOT_EMALF);
	ck_assert_msg(strstr(err, says) != NULL, "%s: %s", text, err);
}

static bool same_sets(const node_t *a, const node_t *b)
{
	bool same = a->count == b->count;
	for (uint16_t i = 0; same && i < a->count; i++) {
		same = a->rrsets[i].type == b->rrsets[i].type &&
		       a->rrsets[i].ttl == b->rrsets[i].ttl &&
		       knot_rdataset_eq(&a->rrsets[i].rrs, &b->rrsets[i].rrs);
	}
	return same;
}

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/zone", dir);
}

static void remove_dir(void)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/*** Forms that are taken. ***/

/*! A form, and the same in a form that libzscanner reads, written by BIND 9.18. */
static const struct {
	const char *form, *same;
} FORMS[] = {
	{ "a!b#c$d&e'f=g@h,i+j TXT x",
	  "a\\033b\\035c\\036d\\038e\\039f\\061g\\064h\\044i\\043j.z.test. 300 TYPE16 \\# 2 0178" },
	{ "\303\244 TXT x",
	  "\\195\\164.z.test. 300 TYPE16 \\# 2 0178" },
	{ "a\\!b.c\\.d TXT x",
	  "a\\033b.c\\046d.z.test. 300 TYPE16 \\# 2 0178" },
	{ "\"quo ted\" TXT x",
	  "quo\\032ted.z.test. 300 TYPE16 \\# 2 0178" },
	{ "@ MX 1 a!b",
	  "z.test. 300 TYPE15 \\# 14 000103612162017a047465737400" },
	{ "a NS b@c",
	  "a.z.test. 300 TYPE2 \\# 12 03624063017a047465737400" },
	{ "a PTR b=c@d._ipp._tcp",
	  "a.z.test. 300 TYPE12 \\# 24 05623d634064045f697070045f746370017a047465737400" },
	{ "a SRV 1 2 3 b&c.",
	  "a.z.test. 300 TYPE33 \\# 11 0001000200030362266300" },
	{ "a NAPTR 1 2 \"\" \"\" \"\" b!c",
	  "a.z.test. 300 TYPE35 \\# 19 0001000200000003622163017a047465737400" },
	{ "a HTTPS 1 b!c alpn=\"h2,h3\" port=443",
	  "a.z.test. 300 TYPE65 \\# 30 000103622163017a047465737400000100060268320268330003000201bb" },
	{ "a RP b!c d!e.",
	  "a.z.test. 300 TYPE17 \\# 17 03622163017a0474657374000364216500" },
	{ "a CNAME b'c",
	  "a.z.test. 300 TYPE5 \\# 12 03622763017a047465737400" },
	{ "a TXT x\"y z\"w",
	  "a.z.test. 300 TYPE16 \\# 8 01780379207a0177" },
	{ "a TXT b!c",
	  "a.z.test. 300 TYPE16 \\# 4 03622163" },
	{ "a LOC 60 9 N 24 39 E 10 20 2000 20",
	  "a.z.test. 300 TYPE29 \\# 16 002325238ce82360854a10a000989a68" },
	{ "a!b LOC 60 9 N 24 39 E 10 20 2000 20",
	  "a\\033b.z.test. 300 TYPE29 \\# 16 002325238ce82360854a10a000989a68" },
	{ "a CLASS1 60 A 192.0.2.1",
	  "a.z.test. 60 TYPE1 \\# 4 c0000201" },
	{ "@ DNSKEY 256 3 13 ( aGV\n sbG8 = ; x\n)",
	  "z.test. 300 TYPE48 \\# 9 0100030d68656c6c6f" },
	{ "a OPENPGPKEY A Q M=",
	  "a.z.test. 300 TYPE61 \\# 2 0103" },
	{ "a DHCID A AIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
	  "a.z.test. 300 TYPE49 \\# 35 000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17cdb95000da48c40" },
	{ "a IPSECKEY 10 1 2 192.0.2.38 AQN RS3mVqKFrHXDsWYzJ1ah ks6vNWzA=",
	  "a.z.test. 300 TYPE45 \\# 30 0a0102c00002260103514b7995a8a16b1d70ec598cc9d5a864b3abcd5b30" },
	{ "a IPSECKEY 10 2 2 2001:db8::1 AQN RS3mVqKFrHXDsWYzJ1ah ks6vNWzA=",
	  "a.z.test. 300 TYPE45 \\# 42 0a020220010db80000000000000000000000010103514b7995a8a16b1d70ec598cc9d5a864b3abcd5b30" },
	{ "a DS 1 RSASHA256 SHA-1 1 23456789ABC DEF67890123456789ABCDEF67890",
	  "a.z.test. 300 TYPE43 \\# 24 00010801123456789abcdef67890123456789abcdef67890" },
	{ "a DS 1 8 1 1 23456789ABC DEF67890123456789ABCDEF67890",
	  "a.z.test. 300 TYPE43 \\# 24 00010801123456789abcdef67890123456789abcdef67890" },
	{ "a SSHFP 2 1 1 23456789ABC DEF67890123456789ABCDEF67890",
	  "a.z.test. 300 TYPE44 \\# 22 0201123456789abcdef67890123456789abcdef67890" },
	{ "a TLSA 1 1 2 A B",
	  "a.z.test. 300 TYPE52 \\# 4 010102ab" },
	{ "a SMIMEA 1 1 2 A B",
	  "a.z.test. 300 TYPE53 \\# 4 010102ab" },
	{ "@ ZONEMD 1 1 1 62e6cf51b02e54b9b5f967d547ce43136792901f9f88e637493daaf401c92c27 9dd10f0edb1c56f8080211f8480ee30 6",
	  "z.test. 300 TYPE63 \\# 54 00000001010162e6cf51b02e54b9b5f967d547ce43136792901f9f88e637493daaf401c92c279dd10f0edb1c56f8080211f8480ee306" },
	{ "a TYPE65534 \\# 4 D EADBEEF",
	  "a.z.test. 300 TYPE65534 \\# 4 deadbeef" },
	{ "a TYPE65534 \\# 4 ( DEA\n DBEEF )",
	  "a.z.test. 300 TYPE65534 \\# 4 deadbeef" },
	{ "a CSYNC 0 3 A HIP",
	  "a.z.test. 300 TYPE62 \\# 15 000000000003000740000000000001" },
	{ "a NSEC b!c A HIP TYPE65",
	  "a.z.test. 300 TYPE47 \\# 23 03622163017a0474657374000009400000000000010040" },
	{ "a RRSIG HIP 5 3 86400 20030322173103 20030220173103 2642 z.test. AA AA",
	  "a.z.test. 300 TYPE46 \\# 29 00370503000151803e7c9dd73e5510d70a52017a047465737400000000" },
	{ "a HIP 2 200100107B1A74DF365639CC39F1D578 AwEAAQ== b!c d.",
	  "a.z.test. 300 TYPE55 \\# 39 10020004200100107b1a74df365639cc39f1d5780301000103622163017a047465737400016400" },
	{ "a HIP \\# 7 01010001 2 0 01 0 0",
	  "a.z.test. 300 TYPE55 \\# 7 01010001200100" },
	{ "a hip 2 2001 AAAA",
	  "a.z.test. 300 TYPE55 \\# 9 020200032001000000" },
	{ "a NSAP 0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00",
	  "a.z.test. 300 TYPE22 \\# 20 47000580005a0000000001e133ffffff00016100" },
	{ "a NSAP-PTR b!c",
	  "a.z.test. 300 TYPE23 \\# 12 03622163017a047465737400" },
	{ "a WKS 192.0.2.1 tcp smtp 0 1 2",
	  "a.z.test. 300 TYPE11 \\# 9 c000020106e0000040" },
	{ "a WKS 192.0.2.1 17 53",
	  "a.z.test. 300 TYPE11 \\# 12 c00002011100000000000004" },
	{ "a WKS 192.0.2.1 17",
	  "a.z.test. 300 TYPE11 \\# 5 c000020111" },
	{ "a X25 123456789",
	  "a.z.test. 300 TYPE19 \\# 10 09313233343536373839" },
	{ "a ISDN \"isdn-address\" sub",
	  "a.z.test. 300 TYPE20 \\# 17 0c6973646e2d6164647265737303737562" },
	{ "a ISDN i",
	  "a.z.test. 300 TYPE20 \\# 2 0169" },
	{ "a GPOS -22.6882 116.8652 250.0",
	  "a.z.test. 300 TYPE27 \\# 24 082d32322e36383832083131362e38363532053235302e30" },
	{ "a PX 65535 b @",
	  "a.z.test. 300 TYPE26 \\# 20 ffff0162017a047465737400017a047465737400" },
	{ "a MB b!c",
	  "a.z.test. 300 TYPE7 \\# 12 03622163017a047465737400" },
	{ "a MG b",
	  "a.z.test. 300 TYPE8 \\# 10 0162017a047465737400" },
	{ "a MR b",
	  "a.z.test. 300 TYPE9 \\# 10 0162017a047465737400" },
	{ "a KEY 512 255 1 AQM FD5raczCJHViKtLYhWGz8",
	  "a.z.test. 300 TYPE25 \\# 22 0200ff010103050f9ada7330891d588ab4b621586cfc" },
	{ "a NXT b NS SOA MX KEY NXT",
	  "a.z.test. 300 TYPE30 \\# 14 0162017a04746573740022010042" },
	{ "a DSYNC CDS NOTIFY 5359 b!c",
	  "a.z.test. 300 TYPE66 \\# 17 003b0114ef03622163017a047465737400" },
	{ "a DSYNC TYPE62 2 5359 b.",
	  "a.z.test. 300 TYPE66 \\# 8 003e0214ef016200" },
	{ "a RT 0 b!c",
	  "a.z.test. 300 TYPE21 \\# 14 000003622163017a047465737400" },
	{ "a SINK 1 0 0 AQ I=",
	  "a.z.test. 300 TYPE40 \\# 5 0100000102" },
	{ "a TALINK b. c!d",
	  "a.z.test. 300 TYPE58 \\# 15 01620003632164017a047465737400" },
	{ "a AMTRELAY 0 1 0 .",
	  "a.z.test. 300 TYPE260 \\# 2 0080" },
	{ "a AMTRELAY 10 0 1 192.0.2.1",
	  "a.z.test. 300 TYPE260 \\# 6 0a01c0000201" },
	{ "a AMTRELAY 255 1 2 2001:db8::1",
	  "a.z.test. 300 TYPE260 \\# 18 ff8220010db8000000000000000000000001" },
	{ "a AMTRELAY 128 1 3 b!c",
	  "a.z.test. 300 TYPE260 \\# 14 808303622163017a047465737400" },
	{ "a A6 0 2001:db8::1",
	  "a.z.test. 300 TYPE38 \\# 17 0020010db8000000000000000000000001" },
	{ "a A6 60 ::ffff:ffff:ffff:ffff b!c",
	  "a.z.test. 300 TYPE38 \\# 22 3c00ffffffffffffffff03622163017a047465737400" },
	{ "a A6 128 b",
	  "a.z.test. 300 TYPE38 \\# 11 800162017a047465737400" },
	{ "a ATMA 40.41.42.43.44",
	  "a.z.test. 300 TYPE34 \\# 6 004041424344" },
	{ "a ATMA +61.200000000",
	  "a.z.test. 300 TYPE34 \\# 12 013631323030303030303030" },
	{ "a EID 12 89 AB",
	  "a.z.test. 300 TYPE31 \\# 3 1289ab" },
	{ "a NIMLOC 12 89 AB",
	  "a.z.test. 300 TYPE32 \\# 3 1289ab" },
	{ "a AVC foo bar",
	  "a.z.test. 300 TYPE258 \\# 8 03666f6f03626172" },
	{ "a NINFO \"foo\" bar",
	  "a.z.test. 300 TYPE56 \\# 8 03666f6f03626172" },
	{ "a RKEY 0 255 1 a GVsbG8=",
	  "a.z.test. 300 TYPE57 \\# 9 0000ff0168656c6c6f" },
	{ "a TA 1 8 1 1 23456789ABC DEF67890123456789ABCDEF67890",
	  "a.z.test. 300 TYPE32768 \\# 24 00010801123456789abcdef67890123456789abcdef67890" },
	{ "a DLV 1 8 1 123456789ABCDEF67890123456789ABCDEF67890",
	  "a.z.test. 300 TYPE32769 \\# 24 00010801123456789abcdef67890123456789abcdef67890" },
	{ "a DOA 1234567890 0 1 \"image/gif\" R0 lG",
	  "a.z.test. 300 TYPE259 \\# 22 499602d2000000000109696d6167652f676966474946" },
	{ "a RESINFO qnamemin exterr=15,16,17",
	  "a.z.test. 300 TYPE261 \\# 25 08716e616d656d696e0f6578746572723d31352c31362c3137" },
	{ "a WALLET abc \"d e\"",
	  "a.z.test. 300 TYPE262 \\# 8 0361626303642065" },
	{ "a NULL \\# 1 00",
	  "a.z.test. 300 TYPE10 \\# 1 00" },
	{ "$ORIGIN @\n$ORIGIN b!c\n@ TXT x\n$ORIGIN d\na TXT x\n$ORIGIN e.z.test.\n TXT y",
	  "a.d.b\\033c.z.test. 300 TYPE16 \\# 2 0178\n"
	  "a.d.b\\033c.z.test. 300 TYPE16 \\# 2 0179\n"
	  "b\\033c.z.test. 300 TYPE16 \\# 2 0178" },
	{ "$ORIGIN b\n$ORIGIN c\n$ORIGIN d!e\n@ MX 1 f!g\na MX 1 f",
	  "a.d\\033e.c.b.z.test. 300 TYPE15 \\# 20 000101660364216501630162017a047465737400\n"
	  "d\\033e.c.b.z.test. 300 TYPE15 \\# 22 0001036621670364216501630162017a047465737400" },
	{ "a A 192.0.2.1\r\n\r\n$TTL 5\r\nb TXT ( a\r\n b )\r\n$ORIGIN c\r\na A 192.0.2.1\r\n",
	  "a.c.z.test. 5 TYPE1 \\# 4 c0000201\n"
	  "a.z.test. 300 TYPE1 \\# 4 c0000201\n"
	  "b.z.test. 5 TYPE16 \\# 4 01610162" },
	{ "a TXT y\nb!c TXT y\n TXT z\n TXT ( z\n ; \"comment\" (\n \"zz\" ) ; x\n\n HIP 2 2001 AAAA\n TXT zzz",
	  "a.z.test. 300 TYPE16 \\# 2 0179\n"
	  "b\\033c.z.test. 300 TYPE16 \\# 2 0179\n"
	  "b\\033c.z.test. 300 TYPE16 \\# 2 017a\n"
	  "b\\033c.z.test. 300 TYPE16 \\# 5 017a027a7a\n"
	  "b\\033c.z.test. 300 TYPE16 \\# 4 037a7a7a\n"
	  "b\\033c.z.test. 300 TYPE55 \\# 9 020200032001000000" },
	{ "a 1h IN HIP 2 2001 AAAA\nb!c IN 1m2s TXT x",
	  "a.z.test. 3600 TYPE55 \\# 9 020200032001000000\n"
	  "b\\033c.z.test. 62 TYPE16 \\# 2 0178" },
	{ "a MX 1 b\n$GENERATE 1-3 a${0,1} A 192.0.2.$\n TXT \"who\"",
	  "a.z.test. 300 TYPE15 \\# 12 00010162017a047465737400\n"
	  "a.z.test. 300 TYPE16 \\# 4 0377686f\n"
	  "a1.z.test. 300 TYPE1 \\# 4 c0000201\n"
	  "a2.z.test. 300 TYPE1 \\# 4 c0000202\n"
	  "a3.z.test. 300 TYPE1 \\# 4 c0000203" },
	{ "$GENERATE 1-5/2 a$ 60 A 192.0.2.$\n$GENERATE 3-4 b$ IN A 192.0.2.$\n$GENERATE 5-5 b$ IN 60 A 192.0.2.$",
	  "a1.z.test. 60 TYPE1 \\# 4 c0000201\n"
	  "a3.z.test. 60 TYPE1 \\# 4 c0000203\n"
	  "a5.z.test. 60 TYPE1 \\# 4 c0000205\n"
	  "b3.z.test. 300 TYPE1 \\# 4 c0000203\n"
	  "b4.z.test. 300 TYPE1 \\# 4 c0000204\n"
	  "b5.z.test. 60 TYPE1 \\# 4 c0000205" },
	{ "$GENERATE 1-2 a${-2,3,x} A 192.0.2.$",
	  "a000.z.test. 300 TYPE1 \\# 4 c0000202\n"
	  "affffffff.z.test. 300 TYPE1 \\# 4 c0000201" },
	{ "$GENERATE 1-2 a${-2,3,d}.b${2} A 192.0.2.$",
	  "a-01.b3.z.test. 300 TYPE1 \\# 4 c0000201\n"
	  "a000.b4.z.test. 300 TYPE1 \\# 4 c0000202" },
	{ "$GENERATE 17-18 a${0,0,n} A 192.0.2.$",
	  "a1.1.z.test. 300 TYPE1 \\# 4 c0000211\n"
	  "a2.1.z.test. 300 TYPE1 \\# 4 c0000212" },
	{ "$GENERATE 17-18 ${0,7,N} A 192.0.2.$",
	  "1.1.0.0.z.test. 300 TYPE1 \\# 4 c0000211\n"
	  "2.1.0.0.z.test. 300 TYPE1 \\# 4 c0000212" },
	{ "$GENERATE 171-172 ${0,8,N}x PTR ${0,4,n}y",
	  "b.a.0.0.x.z.test. 300 TYPE12 \\# 14 016201610179017a047465737400\n"
	  "c.a.0.0.x.z.test. 300 TYPE12 \\# 14 016301610179017a047465737400" },
	{ "$GENERATE 26-27 ${0,3,X}${1}.${0,3,o}$$\\$x A 192.0.2.$",
	  "01a27.032\\036\\036x.z.test. 300 TYPE1 \\# 4 c000021a\n"
	  "01b28.033\\036\\036x.z.test. 300 TYPE1 \\# 4 c000021b" },
	{ "$GENERATE 1-2 $ MX \"10 m$!x\"",
	  "1.z.test. 300 TYPE15 \\# 15 000a046d312178017a047465737400\n"
	  "2.z.test. 300 TYPE15 \\# 15 000a046d322178017a047465737400" },
	{ "$GENERATE 1-2 $ TXT \"a \\\"b $\\\" $$ \\$\"",
	  "1.z.test. 300 TYPE16 \\# 10 01610362203101240124\n"
	  "2.z.test. 300 TYPE16 \\# 10 01610362203201240124" },
	{ "$GENERATE 1-2 a$ TXT \"x;y (z\"",
	  "a1.z.test. 300 TYPE16 \\# 2 0178\n"
	  "a2.z.test. 300 TYPE16 \\# 2 0178" },
	{ "$GENERATE 2147483646-2147483647 a$ A 192.0.2.1",
	  "a2147483646.z.test. 300 TYPE1 \\# 4 c0000201\n"
	  "a2147483647.z.test. 300 TYPE1 \\# 4 c0000201" },
	{ "$GENERATE 1-2 a\\046$ TXT \\097$",
	  "a\\0461.z.test. 300 TYPE16 \\# 3 026131\n"
	  "a\\0462.z.test. 300 TYPE16 \\# 3 026132" },
	{ "$generate 1-2 @ HIP \"2 2001 AAAA rvs$\"",
	  "z.test. 300 TYPE55 \\# 22 0202000320010000000472767331017a047465737400\n"
	  "z.test. 300 TYPE55 \\# 22 0202000320010000000472767332017a047465737400" },
	{ "$ORIGIN b!c\n$GENERATE 0-1 $ CNAME $.0-15",
	  "0.b\\033c.z.test. 300 TYPE5 \\# 19 013004302d313503622163017a047465737400\n"
	  "1.b\\033c.z.test. 300 TYPE5 \\# 19 013104302d313503622163017a047465737400" },
	{ "b A 192.0.2.1\nx.other. A 192.0.2.1\n$GENERATE 1-2 $.other. A 192.0.2.$\n TXT x",
	  "b.z.test. 300 TYPE1 \\# 4 c0000201" },
	{ "a MINFO b!c d&e",
	  "a.z.test. 300 TYPE14 \\# 24 03622163017a04746573740003642665017a047465737400" },
	{ "a AFSDB 1 b!c",
	  "a.z.test. 300 TYPE18 \\# 14 000103622163017a047465737400" },
	{ "a KX 1 b!c",
	  "a.z.test. 300 TYPE36 \\# 14 000103622163017a047465737400" },
	{ "a LP 1 b!c",
	  "a.z.test. 300 TYPE107 \\# 14 000103622163017a047465737400" },
	{ "a DNAME b!c",
	  "a.z.test. 300 TYPE39 \\# 12 03622163017a047465737400" },
	{ "a SVCB 1 b!c alpn=h2 key666=\"a b\"",
	  "a.z.test. 300 TYPE64 \\# 28 000103622163017a04746573740000010003026832029a0003612062" },
	{ "a NSEC3 1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A HIP",
	  "a.z.test. 300 TYPE50 \\# 39 0101000c04aabbccdd1417f3df17b2b2adaef615257de4d2020b80ac6c7c000740000000000001" },
	{ "a DS 1 8 SHA-384 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDE F0123456789ABCDEF0123456789ABCDEF",
	  "a.z.test. 300 TYPE43 \\# 52 000108040123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },

	{ "$origin b!c\n$generate 1-2 $ A 192.0.2.$\n$ttl 5\r\na in a 192.0.2.1\nc!d in mx 1 @",
	  "1.b\\033c.z.test. 300 TYPE1 \\# 4 c0000201\n"
	  "2.b\\033c.z.test. 300 TYPE1 \\# 4 c0000202\n"
	  "a.b\\033c.z.test. 5 TYPE1 \\# 4 c0000201\n"
	  "c\\033d.b\\033c.z.test. 5 TYPE15 \\# 14 000103622163017a047465737400" },
	{ "a CERT PKIX 65534 RSASHA256 M xFc b y9k/ys=",
	  "a.z.test. 300 TYPE37 \\# 13 0001fffe0833115c6f2f64ff2b" },
	{ "a A 192.0.2.1; comment\na!b A 192.0.2.1; comment\n\tTXT b\\;c; d",
	  "a.z.test. 300 TYPE1 \\# 4 c0000201\n"
	  "a\\033b.z.test. 300 TYPE1 \\# 4 c0000201\n"
	  "a\\033b.z.test. 300 TYPE16 \\# 4 03623b63" },
	{ "$ORIGIN e.z.test.\n; comment\n$ORIGIN b!c\n@ TXT x",
	  "b\\033c.e.z.test. 300 TYPE16 \\# 2 0178" },
	{ "a!b.c\\.d TXT x", "a\\033b.c\\046d.z.test. 300 TYPE16 \\# 2 0178" },
	{ "a!b TXT \"\\#\" 1", "a\\033b.z.test. 300 TYPE16 \\# 4 01230131" },
	{ "a PX 1 b\\. c\\\\.",
	  "a.z.test. 300 TYPE26 \\# 17 000102622e017a04746573740002635c00" },
	{ "a A6 4 2001:db8::ffff b",
	  "a.z.test. 300 TYPE38 \\# 27 0400010db800000000000000000000ffff0162017a047465737400" },
	{ "a TXT caf\303\251 \"a\tb\\\303\251\"",
	  "a.z.test. 300 TYPE16 \\# 12 05636166c3a905610962c3a9" },
	{ "a A 192.0.2.1\r\n\r\n TXT x\r\n\n\r\n( \r\n) \r\n TXT y",
	  "a.z.test. 300 TYPE1 \\# 4 c0000201\n"
	  "a.z.test. 300 TYPE16 \\# 2 0178\na.z.test. 300 TYPE16 \\# 2 0179" },
};

START_TEST(taken)
{
	contents_t *a = read_ok(HEAD, FORMS[_i].form);
	const bool outside = strstr(FORMS[_i].form, ".other.") != NULL;
	ck_assert_msg(outside == (strstr(warnings, "is left out, it is not in the zone") != NULL),
	              "%s", warnings);
	contents_t *b = read_ok(HEAD, FORMS[_i].same);
	const knot_dname_t *owner_a, *owner_b;
	node_t node_a, node_b;
	int ret;
	while ((ret = contents_next(a, &owner_a, &node_a)) == KNOT_EOK) {
		ck_assert_int_eq(contents_next(b, &owner_b, &node_b), KNOT_EOK);
		ck_assert_msg(knot_dname_is_equal(owner_a, owner_b), "%s: owners", FORMS[_i].form);
		ck_assert_msg(same_sets(&node_a, &node_b), "%s: data", FORMS[_i].form);
		node_deinit(&node_a);
		node_deinit(&node_b);
	}
	ck_assert_int_eq(ret, KNOT_ENOENT);
	ck_assert_int_eq(contents_next(b, &owner_b, &node_b), KNOT_ENOENT);
	contents_free(a);
	contents_free(b);
}
END_TEST

/*** Errors. ***/

static const struct {
	const char *text, *says;
} BAD[] = {
	{ "a HIP 2 2001 A", "zone:5: the Base64 is malformed in 'a HIP 2 2001 A'" },
	{ "a HIP 2 2001 AAAA= b", "zone:5: the Base64 is malformed" },
	{ "a HIP 2 2001 AB== b", "zone:5: the Base64 is malformed" },
	{ "a HIP 2 2001 A=== b", "zone:5: the Base64 is malformed" },
	{ "a HIP 2 2001 ==== b", "zone:5: the Base64 is malformed" },
	{ "a HIP 256 2001 AAAA", "zone:5: the algorithm, the host identity tag or the public key" },
	{ "a HIP 2 201 AAAA", "zone:5: half an octet is missing" },
	{ "a HIP 2 20.01 AAAA", "zone:5: a character is not a hexadecimal digit" },
	{ "a EID 12.34", "zone:5: a character is not a hexadecimal digit" },
	{ "a HIP 2 2g AAAA", "zone:5: a character is not a hexadecimal digit" },
	{ "a HIP 2 2001 AAAA b..c", "zone:5: a domain name is missing, malformed or too long" },
	{ "a HIP 2 \"\" AAAA", "zone:5: a.z.test. TYPE55: the host identity tag or the public key" },
	{ "a WKS 192.0.2 tcp 1", "zone:5: an address is missing or malformed" },
	{ "a WKS 192.0.2.1 tcp 65536", "zone:5: a port is neither a number nor in /etc/services" },
	{ "a WKS 192.0.2.1 icmp 1", "zone:5: the protocol is neither tcp nor udp nor a number" },
	{ "a NSAP 4700", "zone:5: the address does not begin with 0x" },
	{ "a NXT b TYPE128", "zone:5: a type is unknown or larger than 127" },
	{ "a A6 0 ::1 b", "zone:5: there are words behind the data" },
	{ "a A6 129 b", "zone:5: a number is missing, malformed or too large" },
	{ "a AMTRELAY 1 0 0 x", "zone:5: a relay of type 0 is a dot" },
	{ "a AMTRELAY 1 2 1 192.0.2.1", "zone:5: a number is missing, malformed or too large" },
	{ "a DSYNC NONE NOTIFY 53 b", "zone:5: a type is missing or unknown" },
	{ "a DOA 1 1 1 \"\\300\" -", "zone:5: a character-string is malformed or longer than 255" },
	{ "a PX 1 b", "zone:5: a domain name is missing, malformed or too long" },
	{ "a SIG A 1 3 3600 20000102030405 19961211100908 2143 b AAAA",
	  "zone:5: a.z.test. SIG: no zone can have this type" },
	{ "a MD b", "zone:5: unsupported record type in 'a MD b'" },
	{ "a CH HIP 2 2001 AAAA", "zone:5: unsupported record type" },
	{ "a TXT \"b", "zone:5: invalid text character" },
	{ "a!b A 192.0.2.300", "zone:5: invalid IPv4 address in 'a!b A 192.0.2.300'" },
	{ "a HIP 2 2001 AAAA )", "zone:5: unsupported record type" },
	{ "a..b!c TXT x", "zone:5: invalid domain name character" },
	{ "a HIP ( 2 2001\nAAAA\n; x\nb..c )\nb TXT x\nc A x",
	  "zone:5: a domain name is missing, malformed or too long in 'a HIP ( 2 2001' "
	  "(and 1 more error)" },
	{ "a HIP ( 2 2001\nAAAA\n", "zone:5: unsupported record type in 'a HIP ( 2 2001'" },
	{ "a TXT ( x\nAAAA\n", "zone:7: unclosed last multiline block" },
	{ "$ORIGIN b..c!", "zone:5: unexpected data in '$ORIGIN b..c!'" },
	{ "$TTL 1!\na A x", "zone:5: invalid time unit in '$TTL 1!'" },
	{ "$ORIGIN b!c\na A x\nb A x", "zone:6: invalid address character in 'a A x' (and 1 more error)" },
	{ "$GENERATE", "zone:5: $GENERATE: a word is missing" },
	{ "$GENERATE x\na A x", "in '$GENERATE x' (and 1 more error)" },
	{ "$GENERATE 1-2 a$ A", "zone:5: $GENERATE: a word is missing" },
	{ "$GENERATE 2-1 a$ A 192.0.2.1", "zone:5: $GENERATE: the range is not FIRST-LAST" },
	{ "$GENERATE 1-2x a$ A 192.0.2.1", "zone:5: $GENERATE: the range is not FIRST-LAST" },
	{ "$GENERATE 1-2/0 a$ A 192.0.2.1", "zone:5: $GENERATE: the range is not FIRST-LAST" },
	{ "$GENERATE 1-2147483648 a$ A 192.0.2.1", "zone:5: $GENERATE: the range is not FIRST-" },
	{ "$GENERATE 0-1048576 a$ A 192.0.2.1",
	  "zone:5: $GENERATE: the range has more than 1048576 numbers" },
	{ "$GENERATE 1-2 a${ A 192.0.2.1", "zone:5: $GENERATE: a modifier is not ${OFFSET,WIDTH" },
	{ "$GENERATE 1-2 a${0,128} A 192.0.2.1", "zone:5: $GENERATE: a modifier is not" },
	{ "$GENERATE 1-2 a${0,1,z} A 192.0.2.1", "zone:5: $GENERATE: a modifier is not" },
	{ "$GENERATE 1-2 a${0,1,d A 192.0.2.1", "zone:5: $GENERATE: a modifier is not" },
	{ "$GENERATE 1-2 a${-2,1,n} A 192.0.2.1", "zone:5: $GENERATE: an offset makes a number" },
	{ "$GENERATE 2147483647-2147483647 a${1} A 192.0.2.1", "zone:5: $GENERATE: an offset" },
	{ "$GENERATE 1-2 a$ MX 10 b$", "zone:5: $GENERATE: behind the type is not one word" },
	{ "$GENERATE 1-2 \"a$\" A 192.0.2.1", "zone:5: $GENERATE: the owner is in quotes" },
	{ "$GENERATE 1-2 a$ A 192.0.2.$$",
	  "zone:5: invalid address character in '$GENERATE 1-2 a$ A 192.0.2.$$'" },
	{ "$GENERATE 1-2 $$GENERATE A 192.0.2.$$", "zone:5: invalid address character" },
	{ "$GENERATE 255-300 a$ A 192.0.2.$\nb A x",
	  "zone:5: invalid IPv4 address in '$GENERATE 255-300 a$ A 192.0.2.$' (and 1 more "
	  "error)" },
	{ "$GENERATE 1-2 a$ TXT \"( $\"", "zone:5: a parenthesis is not closed" },
};

START_TEST(bad)
{
	refuses(BAD[_i].text, BAD[_i].says);
}
END_TEST

/*! Files that are included: other forms are taken there, and nothing of them is shown. */
START_TEST(included)
{
	contents_t *contents;
	write_file("part", "", "a!b TXT x\n$GENERATE 1-2 c$ A 192.0.2.$\n$ORIGIN d!e\n@ TXT x");
	contents = read_ok(HEAD, "$INCLUDE part f!g ; comment\n$INCLUDE part\r\n@ TXT y");
	uint64_t names, with;
	contents_count(contents, KNOT_RRTYPE_TXT, &names, &with);
	ck_assert_uint_eq(with, 5);
	contents_free(contents);

	write_file("part", "", "secret!words HIP x\n");
	refuses("$INCLUDE part", "part:1: the algorithm, the host identity tag");
	ck_assert_ptr_null(strstr(err, "secret"));
	write_file("part", "", "$GENERATE secret!words HIP x\n");
	refuses("$INCLUDE part", "part:1: $GENERATE: a word is missing");
	ck_assert_ptr_null(strstr(err, "secret"));
}
END_TEST

/*** Warnings. ***/

START_TEST(no_ttl)
{
	contents_t *contents = read_ok(ZONE, "a TXT x\nb!c TXT y\n$GENERATE 1-2 d$ A 192.0.2.$\n"
	                               "e 60 TXT x\n$TTL 60\nf TXT x");
	ck_assert_ptr_nonnull(strstr(warnings, "/zone:4: neither the record nor a $TTL before it gives "
	                             "a TTL, 3600 is taken (records of this kind: 4)\n"));
	ck_assert_int_eq(strchr(warnings, '\n')[1], '\0');
	contents_free(contents);
	contents = read_ok(HEAD, "a TXT x");
	ck_assert_str_eq(warnings, "");
	contents_free(contents);
}
END_TEST

START_TEST(outside)
{
	contents_t *contents = read_ok(HEAD, "a TXT x\nb.other. TXT y\n TXT z");
	ck_assert_ptr_nonnull(strstr(warnings, "/zone:6: b.other. is left out, it is not in the zone"));
	ck_assert_ptr_nonnull(strstr(warnings, "/zone:7: b.other. is left out, it is not in the zone"));
	contents_free(contents);
}
END_TEST

/*** Limits. ***/

/*! $GENERATE fills neither the memory nor the time, whether its records are in the zone or not. */
START_TEST(much_generated)
{
	contents_t *contents = NULL;
	size_max = 1 << 20;
	ck_assert_int_eq(read_zone(HEAD, "$GENERATE 1-1000000 a$ A 192.0.2.1", &contents), KNOT_ESPACE);
	char *text = calloc(1, 1 << 16);
	for (int i = 0; i < 10; i++) {
		strcat(text, "$GENERATE 1-1048576 a$.other. TXT ");
		memset(text + strlen(text), 'x', 250);
		strcat(text, "\n");
	}
	ck_assert_int_eq(read_zone(HEAD, text, &contents), KNOT_ESPACE);
	free(text);
	size_max = SIZE_MAX;
}
END_TEST

/*! Names, strings and data that are too long, by an octet. */
START_TEST(too_long)
{
	static const struct {
		const char *head;
		int fits;       /* Characters behind it. */
		const char *tail, *says;
	} LONG[] = {
		{ "a DOA 1 1 1 ", 255, " AA==", "a character-string is malformed or longer than" },
		{ "a HIP 2 ", 2 * 255, " AAAA", "the host identity tag is too long" },
		{ "a EID ", 2 * 65535, "", "the data is longer than 65535 octets" },
	};
	char *text = malloc(1 << 18);
	for (size_t i = 0; i < sizeof(LONG) / sizeof(LONG[0]); i++) {
		const int step = i == 0 ? 1 : 2;
		for (int more = 0; more <= step; more += step) {
			const int len = LONG[i].fits + more;
			char *end = text + sprintf(text, "%s", LONG[i].head);
			memset(end, '1', len);
			strcpy(end + len, LONG[i].tail);
			contents_t *contents = NULL;
			const int ret = read_zone(HEAD, text, &contents);
			contents_free(contents);
			ck_assert_int_eq(ret != KNOT_EOK && strstr(err, LONG[i].says) != NULL,
			                 more > 0);
		}
	}
	/* The last label fills up the name. */
	for (int len = 54; len <= 55; len++) {
		char *end = text + sprintf(text, "a PX 1 b ");
		for (int i = 0; i < 3; i++) {
			end += sprintf(end, "%063d.", 0);
		}
		sprintf(end, "%0*d", len, 0);
		contents_t *contents = NULL;
		ck_assert_int_eq(read_zone(HEAD, text, &contents) == KNOT_EOK, len == 54);
		contents_free(contents);
	}
	free(text);
}
END_TEST

/*! A record of $GENERATE is no longer than one can be. */
START_TEST(long_generated)
{
	char *text = malloc(1 << 16), *end = text + sprintf(text, "$GENERATE 1-2 a$ TXT ");
	for (int i = 0; i < 3000; i++) {
		end += sprintf(end, "${0,127}");
	}
	refuses(text, "zone:5: $GENERATE: a record is too long");
	free(text);
}
END_TEST

/*! A record with as many words as there may be, and one more. */
START_TEST(many_words)
{
	char *text = malloc(1 << 20), *end = text + sprintf(text, "a!b TYPE65534 \\# 60000");
	for (int i = 0; i < 120000; i++) {
		end += sprintf(end, " 0");
	}
	contents_t *contents = read_ok(HEAD, text);
	contents_free(contents);
	for (int i = 0; i < 20000; i++) {
		end += sprintf(end, " 0");
	}
	refuses(text, "zone:5: invalid");
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("forms");
	TCase *tcase = tcase_create("forms");
	tcase_set_timeout(tcase, 120);
	tcase_add_unchecked_fixture(tcase, make_dir, remove_dir);
	tcase_add_loop_test(tcase, taken, 0, sizeof(FORMS) / sizeof(FORMS[0]));
	tcase_add_loop_test(tcase, bad, 0, sizeof(BAD) / sizeof(BAD[0]));
	tcase_add_test(tcase, included);
	tcase_add_test(tcase, no_ttl);
	tcase_add_test(tcase, outside);
	tcase_add_test(tcase, much_generated);
	tcase_add_test(tcase, too_long);
	tcase_add_test(tcase, long_generated);
	tcase_add_test(tcase, many_words);
	suite_add_tcase(suite, tcase);

	return check_main(suite);
}
