/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <libknot/libknot.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module/zonefile/path.h"
#include "module/zonefile/zonefile.h"
#include "tests/unit/check-main.h"

static char dir[] = "/tmp/test-zonefile-XXXXXX";
static char path[128];
static char err[4096];
static const knot_dname_t *APEX = (const knot_dname_t *)"\x07""example""\x03""com";

#define HEAD "@ 60 SOA ns hostmaster 1 2 3 4 5\n" \
             "@ 60 NS ns\n" \
             "ns 60 A 192.0.2.1\n"          /* Lines 1 to 3. */

#define ELSEWHERE ": this leads to no file below the zone file's own folder; if it should, name its " \
                  "folder as include-dir in the section mod-opendnssec of knot.conf"

/* -- helpers ------------------------------------------------------------- */

typedef struct {
	int lines;
	char text[65536];
	size_t len;
} sink_t;

static void sink(void *ctx, int priority, const char *line)
{
	sink_t *out = ctx;
	ck_assert_int_eq(priority, LOG_WARNING);
	out->lines++;
	int ret = snprintf(out->text + out->len, sizeof(out->text) - out->len, "%s\n", line);
	out->len += (size_t)ret < sizeof(out->text) - out->len ? (size_t)ret : 0;
}

static void write_bytes(const char *name, const void *data, size_t len)
{
	char file[256];
	snprintf(file, sizeof(file), "%s/%s", dir, name);
	FILE *out = fopen(file, "w");
	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(data, 1, len, out), len);
	ck_assert_int_eq(fclose(out), 0);
}

static void write_file(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

static folders_t folders; /* Beside that of the file. */
static size_t size_max = SIZE_MAX;

static int read_zone(const knot_dname_t *apex, log_t *log, contents_t **contents)
{
	const zonefile_args_t args = {
		.path = path, .apex = apex, .folders = &folders, .size_max = size_max, .log = log,
	};
	return zonefile_read(&args, contents, err, sizeof(err));
}

static int read_log(contents_t **contents, sink_t *out)
{
	log_t log;
	log_init(&log, sink, out);
	int ret = read_zone(APEX, &log, contents);
	log_deinit(&log);
	return ret;
}

static contents_t *read_ok(const char *text)
{
	contents_t *contents = NULL;
	write_file("zone", text);
	int ret = read_zone(APEX, NULL, &contents);
	ck_assert_msg(ret == KNOT_EOK, "%s", err);
	return contents;
}

/* Reads all: "owner type ttl/rdata-count ...; ". Checks the order, too. */
static char *dump(contents_t *contents)
{
	static char out[65536];
	size_t len = 0;
	uint8_t last[NODE_KEY_MAX], key[NODE_KEY_MAX];
	size_t last_len = 0;

	const knot_dname_t *owner;
	node_t node;
	int ret;
	out[0] = '\0';
	while ((ret = contents_next(contents, &owner, &node)) == KNOT_EOK) {
		size_t key_len = node_key(owner, key);
		size_t common = key_len < last_len ? key_len : last_len;
		int cmp = memcmp(last, key, common);
		ck_assert(len == 0 || cmp < 0 || (cmp == 0 && last_len < key_len));
		memcpy(last, key, key_len);
		last_len = key_len;

		knot_dname_txt_storage_t name;
		knot_dname_to_str(name, owner, sizeof(name));
		len += snprintf(out + len, sizeof(out) - len, "%s%s", len > 0 ? "; " : "", name);
		for (uint16_t i = 0; i < node.count; i++) {
			const node_rrset_t *rrset = &node.rrsets[i];
			ck_assert(i == 0 || node.rrsets[i - 1].type < rrset->type);
			ck_assert_uint_eq(rrset->sigs.count, 0);
			char type[16];
			knot_rrtype_to_string(rrset->type, type, sizeof(type));
			len += snprintf(out + len, sizeof(out) - len, " %s %u/%u", type,
			                rrset->ttl, rrset->rrs.count);
			knot_rdata_t *rdata = rrset->rrs.rdata, *next;
			for (uint16_t j = 1; j < rrset->rrs.count; j++, rdata = next) {
				next = knot_rdataset_next(rdata);
				ck_assert_int_lt(knot_rdata_cmp(rdata, next), 0);
			}
			rdata = knot_rdataset_next(rdata);
			ck_assert_ptr_eq((uint8_t *)rrset->rrs.rdata + rrset->rrs.size, rdata);
		}
		node_deinit(&node);
	}
	ck_assert_int_eq(ret, KNOT_ENOENT);
	ck_assert_int_eq(contents_next(contents, &owner, &node), KNOT_ENOENT);
	return out;
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

/* -- good files ---------------------------------------------------------- */

static const struct {
	const char *text;
	const char *nodes; /* Without those of HEAD, if the text begins with it. */
} GOOD[] = {
	/* Order of names, types and data; several places of one owner; case. */
	{ HEAD
	  "z A 192.0.2.9\n"
	  "a.z A 192.0.2.9\n"
	  "Www 60 A 192.0.2.2\n"
	  "a 60 TXT x\n"
	  "www 60 A 192.0.2.1\n"
	  "WWW 60 AAAA 2001:db8::1\n"
	  "www 60 A 192.0.2.2\n"
	  "a TXT a\n"
	  "*.a TXT a\n",
	  "a.example.com. TXT 60/2; *.a.example.com. TXT 3600/1; "
	  "ns.example.com. A 60/1; www.example.com. A 60/2 AAAA 60/1; "
	  "z.example.com. A 3600/1; a.z.example.com. A 3600/1" },
	/* $TTL, $ORIGIN, blank owner, parentheses, comments, no newline at the end. */
	{ "$TTL 1h\n$ORIGIN com.\nexample IN SOA ns.example hostmaster.example ( 1 ; serial\n"
	  "\t2 3\n\n 4 5 )\n\tNS ns.example\n$ORIGIN example.com.\nns 1d A 192.0.2.1",
	  "example.com. NS 3600/1 SOA 3600/1; ns.example.com. A 86400/1" },
	/* Types: unknown ones, escapes, long strings, service bindings. */
	{ HEAD
	  "t TYPE65534 \\# 4 DEADBEEF\nt TYPE65280 \\# 0\n"
	  "a\\.b\\000\\255 TXT \"x\\\"y\" \"\"\n"
	  "s SVCB 1 . alpn=h2,h3\ns HTTPS 0 ns\n"
	  "c CAA 0 issue \"ca.example\"\n_443._tcp TLSA 3 1 1 AB\n"
	  "_sip._udp SRV 0 0 5060 NS\nn NAPTR 1 2 \"s\" \"SIP\" \"\" NS\n",
	  "_tcp.example.com. NONE" },
	/* Delegations with glue; CNAME and DNAME in good order. */
	{ HEAD
	  "sub 60 NS ns.sub\nsub 60 DS 1 8 2 "
	  "0000000000000000000000000000000000000000000000000000000000000000\n"
	  "ns.sub 60 A 192.0.2.7\nc 60 CNAME ns\nd 60 DNAME other.example.\nda 60 TXT x\n"
	  "below.sub 60 TXT occluded\n",
	  "c.example.com. CNAME 60/1; d.example.com. DNAME 60/1; da.example.com. TXT 60/1; "
	  "ns.example.com. A 60/1; sub.example.com. NS 60/1 DS 60/1; "
	  "below.sub.example.com. TXT 60/1; ns.sub.example.com. A 60/1" },
	/* A second SOA that is the same is a duplicate. */
	{ HEAD "@ 60 SOA NS HOSTMASTER 1 2 3 4 5\n", "ns.example.com. A 60/1" },
	{ "\n\n; comment\n" HEAD "\n   \n\t; comment", "ns.example.com. A 60/1" },
};

START_TEST(good)
{
	contents_t *contents = read_ok(GOOD[_i].text);
	char *nodes = dump(contents);
	const char *head = "example.com. NS 60/1 SOA 60/1; ";
	if (strncmp(nodes, head, strlen(head)) == 0) {
		nodes += strlen(head);
	}
	if (strstr(GOOD[_i].nodes, "NONE") == NULL) {
		ck_assert_str_eq(nodes, GOOD[_i].nodes);
	} else {
		/* There are no nodes without data. */
		ck_assert_ptr_null(strstr(nodes, " _tcp.example.com."));
		ck_assert_ptr_nonnull(strstr(nodes, "_443._tcp.example.com. TLSA 3600/1"));
		ck_assert_ptr_nonnull(strstr(nodes, "t.example.com. TYPE65280 3600/1 TYPE65534"));
		ck_assert_ptr_nonnull(strstr(nodes, "s.example.com. SVCB 3600/1 HTTPS 3600/1"));
		ck_assert_ptr_nonnull(strstr(nodes, "a\\.b\\000\\255.example.com. TXT 3600/1"));
	}
	contents_free(contents);
}
END_TEST

static void rdata_is(contents_t *contents, const char *name, uint16_t type, const char *data,
                     size_t len)
{
	const knot_dname_t *owner;
	node_t node;
	bool found = false;
	while (!found && contents_next(contents, &owner, &node) == KNOT_EOK) {
		knot_dname_txt_storage_t text;
		knot_dname_to_str(text, owner, sizeof(text));
		node_rrset_t *rrset = node_rrset(&node, type);
		if (strcmp(text, name) == 0 && rrset != NULL) {
			ck_assert_uint_eq(rrset->rrs.rdata->len, len);
			ck_assert_mem_eq(rrset->rrs.rdata->data, data, len);
			found = true;
		}
		node_deinit(&node);
	}
	ck_assert_msg(found, "%s", name);
}

/* RFC 4034, section 6.2: names in RDATA of old types only are put in lower case. */
START_TEST(canonical_form)
{
	contents_t *contents = read_ok(HEAD
	                         "a MX 5 MAIL\nb TXT MiXed\nc NAPTR 1 2 S SIP \"\" NS\n"
	                         "d SVCB 1 TARGET\ne TYPE15 \\# 6 0005024142 00\n");
	rdata_is(contents, "a.example.com.", KNOT_RRTYPE_MX, "\0\5\4mail\7example\3com", 20);
	rdata_is(contents, "b.example.com.", KNOT_RRTYPE_TXT, "\5MiXed", 6);
	rdata_is(contents, "c.example.com.", KNOT_RRTYPE_NAPTR,
	         "\0\1\0\2\1S\3SIP\0\2ns\7example\3com", 27);
	rdata_is(contents, "d.example.com.", KNOT_RRTYPE_SVCB, "\0\1\6TARGET\7example\3com", 22);
	rdata_is(contents, "e.example.com.", KNOT_RRTYPE_MX, "\0\5\2ab", 6);
	contents_free(contents);
}
END_TEST

/* 20,000 records, backwards; the order comes out right, duplicates go. */
START_TEST(large_rrset)
{
	char *text = malloc(4000000), *end = text;
	end += sprintf(end, HEAD);
	for (int i = 2000; i > 0; i--) {
		end += sprintf(end, "big 60 A 10.0.%d.%d\n", i >> 8, i & 255);
		if (i % 100 == 0) {
			end += sprintf(end, "other%d 60 A 192.0.2.1\nbig 60 A 10.0.0.1\n", i);
		}
	}
	contents_t *contents = read_ok(text);
	ck_assert_ptr_nonnull(strstr(dump(contents), "big.example.com. A 60/2000;"));
	contents_free(contents);

	end = text + sprintf(text, HEAD);
	for (int i = 0; i < 65536; i++) {
		end += sprintf(end, "big 60 A 10.0.%d.%d\n", i >> 8, i & 255);
	}
	write_file("zone", text);
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_EMALF);
	ck_assert_ptr_nonnull(strstr(err, "zone:65539: big.example.com. A: more than 65535"));
	free(text);
}
END_TEST

START_TEST(root_zone)
{
	write_file("zone", ". SOA a. b. 1 2 3 4 5\n. NS a.\na. A 192.0.2.1\ncom. NS ns.com.\n"
	                   "ns.com. A 192.0.2.1\n");
	contents_t *contents;
	int ret = read_zone((const uint8_t *)"", NULL, &contents);
	ck_assert_msg(ret == KNOT_EOK, "%s", err);
	ck_assert_str_eq(dump(contents), ". NS 3600/1 SOA 3600/1; a. A 3600/1; com. NS 3600/1; "
	                           "ns.com. A 3600/1");
	contents_free(contents);
}
END_TEST

/* The zone's key is of odd length, which those of the names below are not aligned to. */
START_TEST(odd_zone)
{
	write_file("zone",
	           "bad.test. SOA a. b. 1 2 3 4 5\nbad.test. NS ns\nwas.bad.test. A 192.0.2.1\n"
	           "next.bad.test. A 192.0.2.1\nns1.bad.test. A 192.0.2.1\n");
	contents_t *contents;
	int ret = read_zone((const uint8_t *)"\3bad\4test", NULL, &contents);
	ck_assert_msg(ret == KNOT_EOK, "%s", err);
	ck_assert_str_eq(dump(contents), "bad.test. NS 3600/1 SOA 3600/1; next.bad.test. A 3600/1; "
	                           "ns1.bad.test. A 3600/1; was.bad.test. A 3600/1");
	contents_free(contents);
}
END_TEST

/* -- bad files ----------------------------------------------------------- */

static const struct {
	const char *text;
	const char *err; /* Behind "DIR/". */
} BAD[] = {
	{ "", "zone: example.com. has no SOA record" },
	{ "; nothing\n", "zone: example.com. has no SOA record" },
	{ "@ NS ns.other.\n", "zone: example.com. has no SOA record" },
	{ "www A 192.0.2.1\n", "zone: example.com. has no SOA record" },
	{ "@ SOA a. b. 1 2 3 4 5\n", "zone:1: example.com. has no NS records" },
	{ HEAD "@ SOA ns hostmaster 2 2 3 4 5\n",
	  "zone:4: example.com. has 2 SOA records, only one is allowed" },
	{ HEAD "www SOA ns hostmaster 1 2 3 4 5\n",
	  "zone:4: www.example.com. SOA: an SOA that is not at the zone's apex "
	  "(zone example.com.)" },
	{ HEAD "www A 192.0.2.300\n", "zone:4: invalid IPv4 address in 'www A 192.0.2.300'" },
	{ HEAD "www A 192.0.2.300\nw A x\nx A 192.0.2.1\ny AAAA 1\n",
	  "zone:4: invalid IPv4 address in 'www A 192.0.2.300' (and 2 more errors)" },
	{ HEAD "www CH A 192.0.2.1\n", "zone:4: unsupported record type in 'www CH A 192.0.2.1'" },
	{ HEAD "www CLASS3 A 192.0.2.1\n",
	  "zone:4: unsupported record type in 'www CLASS3 A 192.0.2.1'" },
	{ HEAD "www TXT x\nwww TXT y\nwww CNAME ns\n",
	  "zone:6: www.example.com. has a CNAME beside other data (TXT, line 5; the CNAME is in "
	  "line 6)" },
	{ HEAD "www CNAME ns\nx A 192.0.2.1\nwww A 192.0.2.1\n",
	  "zone:6: www.example.com. has a CNAME beside other data (A, line 6; the CNAME is in line "
	  "4)" },
	{ HEAD "www CNAME a\nx A 192.0.2.1\nwww CNAME b\n",
	  "zone:6: www.example.com. has 2 CNAME records, only one is allowed" },
	{ HEAD "d DNAME a.\nd DNAME b.\n",
	  "zone:5: d.example.com. has 2 DNAME records, only one is allowed" },
	{ HEAD "x.y.d A 192.0.2.1\nd-e A 192.0.2.1\nd DNAME a.\n",
	  "zone:4: x.y.d.example.com. is below a DNAME (RFC 6672, section 2.4)" },
	{ HEAD "x.ee A 192.0.2.1\nee DNAME a.\n",
	  "zone:4: x.ee.example.com. is below a DNAME (RFC 6672, section 2.4)" },
	{ HEAD "@ DNAME a.\n", "zone:3: ns.example.com. is below a DNAME (RFC 6672, section 2.4)" },
	{ HEAD "d DNAME a.\nd NS b.\n",
	  "zone:5: d.example.com. has a DNAME beside NS records (RFC 6672, section 2.3) (NS, line 5; "
	  "the DNAME is in line 4)" },
	{ HEAD "z CNAME a\nz CNAME b\na CNAME c\na A 192.0.2.1\n",
	  "zone:5: z.example.com. has 2 CNAME records, only one is allowed (and 1 more error)" },
	{ HEAD "@ DS 1 8 2 00000000000000000000000000000000000000000000000000000000000000ff\n",
	  "zone:4: example.com. DS: a DS at the zone's apex; it belongs into the parent zone "
	  "(zone example.com.)" },
	{ HEAD "w DNSKEY 256 3 8 AwEAAQ==\n",
	  "zone:4: w.example.com. DNSKEY: a DNSKEY that is not at the zone's apex "
	  "(zone example.com.)" },
	{ HEAD "*.w NS ns\n",
	  "zone:4: *.w.example.com. NS: a wildcard cannot be delegated (RFC 4592, section 4.2) "
	  "(zone example.com.)" },
	{ HEAD "w A \\# 3 010203\n",
	  "zone:4: w.example.com. A: the RDATA is too short (zone example.com.)" },
	{ HEAD "w MX \\# 4 00010561\n",
	  "zone:4: w.example.com. MX: a domain name in the RDATA is malformed "
	  "(zone example.com.)" },
	{ HEAD "w NS \\# 2 C000\n",
	  "zone:4: w.example.com. NS: a domain name in the RDATA is malformed "
	  "(zone example.com.)" },
	{ HEAD "w NAPTR \\# 5 0001000201\n",
	  "zone:4: w.example.com. NAPTR: a character-string runs beyond the end of the "
	  "RDATA (zone example.com.)" },
	{ HEAD "w SOA \\# 2 0000\n",
	  "zone:4: w.example.com. SOA: the RDATA is too short (zone example.com.)" },
	{ HEAD "w TYPE255 \\# 0\n",
	  "zone:4: w.example.com. ANY: no zone can have this type (zone example.com.)" },
	{ HEAD "w TXT ( x\ny\n", "zone:5: unclosed last multiline block" },
	{ HEAD "w TXT \"x\n", "zone:4: " },
	{ HEAD "$TTL x\n", "zone:4: invalid number in '$TTL x'" },
	{ HEAD "$INCLUDE none\n", "zone:4: $INCLUDE DIR/none: No such file or directory" },
	{ HEAD "$INCLUDE .\n", "zone:4: $INCLUDE DIR/." ELSEWHERE },
	{ HEAD "$INCLUDE zone\n", "zone:4: $INCLUDE DIR/zone: the file includes itself" },
	{ HEAD "$INCLUDE /dev/zero\n", "zone:4: $INCLUDE /dev/zero" ELSEWHERE },
};

/* Replaces DIR by the real one. */
static void expand(const char *text, char *out, size_t size)
{
	const char *at = strstr(text, "DIR");
	if (at == NULL) {
		snprintf(out, size, "%s/%s", dir, text);
	} else {
		snprintf(out, size, "%s/%.*s%s%s", dir, (int)(at - text), text, dir, at + 3);
	}
}

START_TEST(bad)
{
	char expected[1024];
	contents_t *contents = NULL;
	expand(BAD[_i].err, expected, sizeof(expected));
	write_file("zone", BAD[_i].text);
	int ret = read_zone(APEX, NULL, &contents);
	ck_assert_int_eq(ret, KNOT_EMALF);
	ck_assert_ptr_null(contents);
	if (expected[strlen(expected) - 1] == ' ') {
		err[strlen(expected)] = '\0'; /* The reason is libzscanner's affair. */
	}
	ck_assert_str_eq(err, expected);
}
END_TEST

static int read_record(unsigned len)
{
	char *text = malloc(sizeof(HEAD) + 64 + 2 * len);
	size_t at = sprintf(text, HEAD "t TYPE65534 \\# %u ", len);
	memset(text + at, '0', 2 * len);
	strcpy(text + at + 2 * len, "\n");
	write_file("zone", text);
	free(text);
	contents_t *contents = NULL;
	int ret = read_zone(APEX, NULL, &contents);
	contents_free(contents);
	return ret;
}

/*! A record that fits no DNS message cannot be transferred; with its signatures, not be asked. */
START_TEST(too_long)
{
	/* Header 12, question 15 + 4, OPT 11, record 12, two RRSIGs of 2 + 10 + 18 + 13 + 512. */
	const unsigned fits = 65535 - 54 - 2 * 555;
	ck_assert_int_eq(read_record(fits), KNOT_EOK);
	ck_assert_int_eq(read_record(fits + 1), KNOT_EMALF);
	ck_assert_ptr_nonnull(strstr(err, "zone:4: t.example.com. has 1 TYPE65534 records of 64372 "
	                             "octets, which no DNS message can hold"));
	ck_assert_int_eq(read_record(65535), KNOT_EMALF);
	ck_assert_ptr_nonnull(strstr(err, "zone:4: t.example.com. TYPE65534: too long"));
}
END_TEST

/*! Many TXT in one RRset: no message holds them. */
START_TEST(too_large)
{
	char *text = malloc(200000), *end = text + sprintf(text, HEAD);
	for (int i = 0; i < 400; i++) {
		end += sprintf(end, "big TXT %0200d\n", i);
	}
	contents_t *contents = NULL;
	write_file("zone", text);
	free(text);
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_EMALF);
	ck_assert_ptr_nonnull(strstr(err, "zone:403: big.example.com. has 400 TXT records of 80400 "
	                             "octets, which no DNS message can hold with their signatures"));
}
END_TEST

/*! What a BIND secondary does not take by default. */
START_TEST(unwise)
{
	static const struct {
		int records, types;
		const char *says;
	} many[] = {
		{ 100, 49, "" },
		{ 101, 49, "big.example.com. has 101 A records; a BIND secondary takes 100" },
		{ 100, 50, "types.example.com. has 50 types, 102 signed; a BIND secondary takes 100" },
	};
	for (size_t n = 0; n < sizeof(many) / sizeof(many[0]); n++) {
		char *text = malloc(20000), *end = text + sprintf(text, "$TTL 60\n" HEAD);
		sink_t *log = calloc(1, sizeof(*log));
		for (int i = 0; i < many[n].records; i++) {
			end += sprintf(end, "big A 192.0.2.%d\n", i);
		}
		for (int i = 0; i < many[n].types; i++) {
			end += sprintf(end, "types TYPE%d \\# 1 00\n", 65300 + i);
		}
		contents_t *contents = NULL;
		write_file("zone", text);
		free(text);
		ck_assert_int_eq(read_log(&contents, log), KNOT_EOK);
		contents_free(contents);
		ck_assert_msg(many[n].says[0] != '\0' ? strstr(log->text, many[n].says) != NULL
		                                      : log->text[0] == '\0', "%s",
		              log->text);
		free(log);
	}
}
END_TEST

START_TEST(include)
{
	contents_t *contents;
	char text[512];

	mkdir(strcat(strcpy(text, dir), "/sub"), 0700);
	write_file("sub/one", "a 60 TXT x\n$INCLUDE two sub2.example.com. ; comment\nb 60 TXT x\n");
	write_file("sub/two", "@ 60 TXT x\nc 60 TXT x\n");
	contents = read_ok(HEAD "$INCLUDE sub/one\nd 60 TXT x\n$INCLUDE sub/one ns.example.com.\n");
	ck_assert_str_eq(dump(contents), "example.com. NS 60/1 SOA 60/1; a.example.com. TXT 60/1; "
	                 "b.example.com. TXT 60/1; d.example.com. TXT 60/1; "
	                 "ns.example.com. A 60/1; a.ns.example.com. TXT 60/1; "
	                 "b.ns.example.com. TXT 60/1; sub2.example.com. TXT 60/1; "
	                 "c.sub2.example.com. TXT 60/1");
	contents_free(contents);

	/* The line is one of the included file; what the main file has comes first. */
	write_file("sub/two", "@ 60 TXT x\n\n\nc 60 A x\nns.example.com. CNAME x\n");
	write_file("zone", HEAD "$INCLUDE sub/one\n");
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_EMALF);
	snprintf(text, sizeof(text), "%s/sub/two:4: ", dir);
	ck_assert_msg(strncmp(err, text, strlen(text)) == 0, "%s", err);

	write_file("sub/two", "@ 60 TXT x\nns.example.com. 60 CNAME x\n");
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_EMALF);
	snprintf(text, sizeof(text), "%s/sub/two:2: ns.example.com. has a CNAME beside", dir);
	ck_assert_msg(strncmp(err, text, strlen(text)) == 0, "%s", err);

	/* In a circle, and too deep. */
	write_file("sub/two", "$INCLUDE one\n");
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_EMALF);
	ck_assert_ptr_nonnull(strstr(err, "sub/two:1: $INCLUDE "));
	ck_assert_ptr_nonnull(strstr(err, "the file includes itself"));
	for (int i = 0; i < 20; i++) {
		char name[16];
		snprintf(name, sizeof(name), "deep%d", i);
		snprintf(text, sizeof(text), "$INCLUDE deep%d\n", i + 1);
		write_file(name, text);
	}
	write_file("zone", HEAD "$INCLUDE deep0\n");
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_EMALF);
	ck_assert_ptr_nonnull(strstr(err, "more than 16 files within each other"));
}
END_TEST

/*** Where files may be. ***/

static char outside[] = "/tmp/test-outside-XXXXXX";

/*! Writes a file outside of the folder that has words, which no message may show. */
static void write_outside(const char *text)
{
	char file[64];
	snprintf(file, sizeof(file), "%s/part", outside);
	FILE *out = fopen(file, "w");
	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	fclose(out);
}

static void make_outside(void)
{
	ck_assert_ptr_nonnull(mkdtemp(strcpy(outside, "/tmp/test-outside-XXXXXX")));
	write_outside("secret words\n");
}

static void remove_outside(void)
{
	char file[64];
	snprintf(file, sizeof(file), "%s/part", outside);
	unlink(file);
	rmdir(outside);
}

/*! Makes a link in the folder. */
static void link_to(const char *name, const char *target)
{
	char file[256];
	snprintf(file, sizeof(file), "%s/%s", dir, name);
	unlink(file);
	ck_assert_int_eq(symlink(target, file), 0);
}

static void refuses(const char *zone_text, int ret, const char *says)
{
	contents_t *contents = NULL;
	if (zone_text != NULL) {
		unlink(path);
		write_file("zone", zone_text);
	}
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), ret);
	ck_assert_msg(strstr(err, says) != NULL, "%s", err);
	ck_assert_msg(strstr(err, "secret") == NULL, "%s", err);
}

static void takes(const char *zone_text, const char *has)
{
	contents_t *contents = NULL;
	if (zone_text != NULL) {
		unlink(path);
		write_file("zone", zone_text);
	}
	ck_assert_msg(read_zone(APEX, NULL, &contents) == KNOT_EOK, "%s", err);
	ck_assert_ptr_nonnull(strstr(dump(contents), has));
	contents_free(contents);
}

/*! Neither $INCLUDE nor a link leads out, whether there is something or not. */
START_TEST(stays_inside)
{
	char text[256], says[512], part[64];
	make_outside();
	snprintf(part, sizeof(part), "%s/part", outside);
	const char *const wrong[] = { part, "/tmp/no-such-folder/x", "../no-such-file", "/etc/passwd",
	                              "sub/../../x", "out/part", "out/none", "dangling", "out",
	                              "." };
	link_to("out", outside);
	link_to("dangling", "/tmp/no-such-folder/x");
	snprintf(text, sizeof(text), "%s/sub", dir);
	mkdir(text, 0700);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), HEAD "$INCLUDE %s\n", wrong[i]);
		snprintf(says, sizeof(says), "/zone:4: $INCLUDE %s%s%s%s", wrong[i][0] == '/' ? "" : dir,
		         wrong[i][0] == '/' ? "" : "/", wrong[i], ELSEWHERE);
		refuses(text, KNOT_EMALF, says);
	}
	refuses(HEAD "$INCLUDE sub\n", KNOT_EMALF, "sub: it is a directory");
	refuses(HEAD "$INCLUDE none\n", KNOT_EMALF, "none: No such file or directory");
	/* The file itself. */
	link_to("zone", part);
	refuses(NULL, KNOT_EACCES, "/zone" ELSEWHERE);
	link_to("zone", "/tmp/no-such-folder/x");
	refuses(NULL, KNOT_EACCES, "/zone" ELSEWHERE);
	/* Where knot.conf allows it. */
	ck_assert_int_eq(folders_add(&folders, outside), KNOT_EOK);
	write_outside("a 60 TXT x\n");
	snprintf(text, sizeof(text), HEAD "$INCLUDE %s\n", part);
	takes(text, "a.example.com. TXT");
	takes(HEAD "$INCLUDE out/part\n", "a.example.com. TXT");
	write_outside(HEAD "$INCLUDE part2 ; secret\n");
	link_to("zone", part);
	refuses(NULL, KNOT_EMALF, "/part2: No such file or directory");
	folders_deinit(&folders);
	/* However its name is written, and all folders there are. */
	snprintf(says, sizeof(says), "%s//", outside);
	ck_assert_int_eq(folders_add(&folders, says), KNOT_EOK);
	write_outside("a 60 TXT x\n");
	takes(text, "a.example.com. TXT");
	refuses(HEAD "$INCLUDE out/part2\n", KNOT_EMALF, "out/part2" ELSEWHERE);
	snprintf(says, sizeof(says), HEAD "$INCLUDE %s2\n", part);
	refuses(says, KNOT_EMALF, "/part2: No such file or directory");
	folders_deinit(&folders);
	snprintf(says, sizeof(says), "%s/out", dir);
	ck_assert_int_eq(folders_add(&folders, says), KNOT_EOK);
	takes(text, "a.example.com. TXT");
	folders_deinit(&folders);
	ck_assert_int_eq(folders_add(&folders, "/"), KNOT_EOK);
	takes(text, "a.example.com. TXT");
	folders_deinit(&folders);
	remove_outside();
}
END_TEST

/*! Links within the folder are followed; lines are shown only of a file that is the author's own. */
START_TEST(shows_own)
{
	char text[256], target[256];
	contents_t *contents = NULL;
	mkdir(strcat(strcpy(text, dir), "/1"), 0700);
	write_file("1/z", HEAD "$INCLUDE part\n");
	write_file("1/part", "a 60 TXT x\n");
	link_to("zone", "1/z");
	takes(NULL, "a.example.com. TXT");
	snprintf(target, sizeof(target), "%s/1/z", dir);
	link_to("zone", target);
	takes(NULL, "a.example.com. TXT");
	write_file("1/z", "secret words\n");
	refuses(NULL, KNOT_EMALF, "/zone:1: ");
	write_file("1/part", "secret words\n");
	refuses(HEAD "$INCLUDE 1/part\n", KNOT_EMALF, "/1/part:1: ");
	/* A file with another name may be somebody else's. */
	snprintf(text, sizeof(text), "%s/1/other", dir);
	unlink(path);
	ck_assert_int_eq(link(target, path), 0);
	refuses(NULL, KNOT_EMALF, "/zone:1: ");
	unlink(path);
	write_file("zone", "own words\n");
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_EMALF);
	ck_assert_ptr_nonnull(strstr(err, "in 'own words'"));
}
END_TEST

static atomic_bool swap_stop;

/*! Puts a link in the place of a folder, and back, all the time. */
static void *swap(void *arg)
{
	char a[64], b[64];
	snprintf(a, sizeof(a), "%s/swap", dir);
	snprintf(b, sizeof(b), "%s/swapped", dir);
	while (!atomic_load(&swap_stop)) {
		ck_assert_int_eq(renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE), 0);
	}
	return arg;
}

/*! A link that comes while the file is being opened is not followed out. */
START_TEST(stays_inside_in_a_race)
{
	char text[256];
	unsigned taken = 0, refused = 0, runs = 0;
	pthread_t thread;
	make_outside();
	write_outside("secret 60 TXT x\n");
	mkdir(strcat(strcpy(text, dir), "/swap"), 0700);
	write_file("swap/part", "a 60 TXT x\n");
	link_to("swapped", outside);
	write_file("zone", HEAD "$INCLUDE swap/part\n");
	atomic_store(&swap_stop, false);
	ck_assert_int_eq(pthread_create(&thread, NULL, swap, NULL), 0);
	/* Long enough for the thread to have been at work. */
	for (; runs < 2000 || ((taken == 0 || refused == 0) && runs < 200000); runs++) {
		contents_t *contents = NULL;
		int ret = read_zone(APEX, NULL, &contents);
		taken += ret == KNOT_EOK;
		refused += ret == KNOT_EMALF;
		ck_assert(ret != KNOT_EOK || strstr(dump(contents), "secret") == NULL);
		contents_free(contents);
	}
	atomic_store(&swap_stop, true);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(taken + refused, runs);
	ck_assert(taken > 0 && refused > 0);
	remove_outside();
}
END_TEST

/*! Any number of files can be included. */
START_TEST(many_includes)
{
	char *text = malloc(1000 * 20 + 200);
	strcpy(text, HEAD);
	for (int i = 0; i < 1000; i++) {
		strcat(text, "$INCLUDE part\n");
	}
	strcat(text, "b 60 TXT x\n");
	write_file("part", "a 60 TXT x\n");
	takes(text, "a.example.com. TXT 60/1; b.example.com. TXT 60/1");
	free(text);
}
END_TEST

/*! Files end that include others again and again; a zone ends that is too large. */
START_TEST(comes_to_an_end)
{
	contents_t *contents = NULL;
	const size_t size = 1 << 20;
	char *text = malloc(size + 1);
	memset(text, '\n', size);
	text[size] = '\0';
	write_file("blank", text);
	free(text);
	text = malloc(100 * 20 + 200);
	strcpy(text, HEAD);
	for (int i = 0; i < 100; i++) {
		strcat(text, "$INCLUDE blank\n");
	}
	write_file("zone", text);
	free(text);
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_EOK);
	contents_free(contents);
	size_max = 1000;
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_EMALF);
	ck_assert_msg(strstr(err, "zone:68: $INCLUDE") != NULL && strstr(err, "far larger"), "%s", err);
	size_max = 100;
	write_file("zone", HEAD "a 60 TXT x\nb 60 TXT x\n");
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_ESPACE);
	ck_assert_msg(strstr(err, "zone-max-size") != NULL, "%s", err);
	size_max = SIZE_MAX;
}
END_TEST

START_TEST(not_a_file)
{
	contents_t *contents = NULL;

	unlink(path);
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_ENOENT);
	ck_assert_ptr_nonnull(strstr(err, "zone: No such file or directory"));

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_EINVAL);
	ck_assert_ptr_nonnull(strstr(err, "zone: it is not a regular file"));
	unlink(path);

	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_EINVAL);
	ck_assert_ptr_nonnull(strstr(err, "zone: it is a directory"));
	rmdir(path);

	write_bytes("zone", HEAD "a TXT \0\n", sizeof(HEAD "a TXT \0\n") - 1);
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_EMALF);
	ck_assert_ptr_nonnull(strstr(err, "zone:4: there is a NUL byte"));

	/* Four gigabytes of nothing are not read. */
	ck_assert_int_eq(truncate(path, 4LL << 30), 0);
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_EMALF);
	unlink(path);

	size_t size = 3 << 20;
	char *text = malloc(size);
	memset(text, 'x', size);
	memcpy(text, HEAD, strlen(HEAD));
	write_bytes("zone", text, size);
	ck_assert_int_eq(read_zone(APEX, NULL, &contents), KNOT_EMALF);
	ck_assert_ptr_nonnull(strstr(err, "zone:4: the line is longer than 1 MiB"));
	free(text);

	if (geteuid() != 0) {
		write_file("zone", HEAD);
		chmod(path, 0);
		ck_assert_int_eq(read_zone(APEX, NULL, &contents),
		                 KNOT_EACCES);
		unlink(path);
	}
	ck_assert_ptr_null(contents);
}
END_TEST

static void *keep_writing(void *arg)
{
	FILE *out = fopen(path, "a");
	while (!__atomic_load_n((int *)arg, __ATOMIC_RELAXED)) {
		fprintf(out, "; comment\n");
		fflush(out);
	}
	fclose(out);
	return NULL;
}

START_TEST(changing)
{
	size_t size = 32 << 20;
	char *text = malloc(size);
	memset(text, '\n', size);
	memcpy(text, HEAD, strlen(HEAD));
	write_bytes("zone", text, size);
	free(text);

	int end = 0;
	pthread_t thread;
	pthread_create(&thread, NULL, keep_writing, &end);
	int ret = KNOT_EOK;
	for (int i = 0; i < 100 && ret == KNOT_EOK; i++) {
		contents_t *contents = NULL;
		ret = read_zone(APEX, NULL, &contents);
		contents_free(contents);
	}
	__atomic_store_n(&end, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	ck_assert_int_eq(ret, KNOT_EAGAIN);
	ck_assert_ptr_nonnull(strstr(err, "zone: it changed while it was read"));
}
END_TEST

/* -- warnings ------------------------------------------------------------ */

START_TEST(warnings)
{
	sink_t *out = calloc(1, sizeof(*out));
	contents_t *contents;

	write_file("zone", HEAD "$TTL 3600\n"
	           "t 60 A 192.0.2.1\nt 30 A 192.0.2.2\nt 90 A 192.0.2.3\n"
	           "s NS ns.s\ns NS ns.other.\ns NS glue.s\nglue.s AAAA ::1\n"
	           "t NSEC u A\nt RRSIG A 8 2 60 20300101000000 20200101000000 1 @ AAAA\n"
	           "t RRSIG A 8 2 60 20300101000000 20200101000000 1 @ AAAB\n"
	           "@ NSEC3PARAM 1 0 0 -\n@ ZONEMD 1 1 1 "
	           "0000000000000000000000000000000000000000000000000000000000000000"
	           "00000000000000000000000000000000\n"
	           "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 0 0 - "
	           "2t7b4g4vsa5smi47k61mv5bv1a22bojr A\n");
	ck_assert_int_eq(read_log(&contents, out), KNOT_EOK);
	ck_assert_str_eq(dump(contents), "example.com. NS 60/1 SOA 60/1 NSEC3PARAM 3600/1 ZONEMD 3600/1; "
	                 "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example.com. NSEC3 3600/1; "
	                 "ns.example.com. A 60/1; "
	                 "s.example.com. NS 3600/3; glue.s.example.com. AAAA 3600/1; "
	                 "t.example.com. A 30/3 RRSIG 3600/2 NSEC 3600/1");
	contents_free(contents);

	static const char *const LINES[] = {
		"zone:7: t.example.com. A: records with several TTLs, 30 is taken for all\n",
		"zone:10: s.example.com. NS ns.s.example.com.: missing glue, the zone has no "
		"address",
	};
	for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
		ck_assert_msg(strstr(out->text, LINES[i]) != NULL, "%s in %s", LINES[i], out->text);
	}
	ck_assert_int_eq(out->lines, 2);
	ck_assert_int_eq(strncmp(out->text, "zone example.com, /tmp/", 23), 0);

	/* No more than twenty, then a count. */
	char text[8192] = HEAD;
	for (int i = 0; i < 30; i++) {
		sprintf(text + strlen(text), "s%d 60 NS ns.s%d\n", i, i);
	}
	memset(out, 0, sizeof(*out));
	write_file("zone", text);
	ck_assert_int_eq(read_log(&contents, out), KNOT_EOK);
	contents_free(contents);
	ck_assert_int_eq(out->lines, 21);
	ck_assert_ptr_nonnull(strstr(out->text, "zone: 10 more warnings\n"));
	free(out);
}
END_TEST

/* -- log ----------------------------------------------------------------- */

static void store(void *ctx, int priority, const char *line)
{
	snprintf(ctx, 4096, "%d %s", priority, line);
}

START_TEST(log_lines)
{
	char one[4096] = "", two[4096] = "";
	log_t log;
	log_init(&log, store, one);
	log_msg(&log, LOG_INFO, APEX, "signed, serial %d", 7);
	ck_assert_str_eq(one, "6 zone example.com, signed, serial 7");
	log_msg(&log, LOG_ERR, (const uint8_t *)"", "x");
	ck_assert_str_eq(one, "3 zone ., x");

	log_redirect(&log, store, two);
	log_msg(&log, LOG_ERR, NULL, "two\nlines\x1b and more");
	ck_assert_str_eq(two, "3 two?lines? and more");
	ck_assert_str_eq(one, "3 zone ., x");

	char *text = malloc(10000);
	memset(text, 'x', 9999);
	text[9999] = '\0';
	log_msg(&log, LOG_ERR, APEX, "%s", text);
	ck_assert_uint_eq(strlen(two), 2 + 2047);
	free(text);

	log_redirect(&log, NULL, NULL);
	log_msg(&log, LOG_ERR, NULL, "dropped");
	log_deinit(&log);
}
END_TEST

/* -- paths --------------------------------------------------------------- */

static const struct {
	const char *file;
	const char *zone;
	const char *path; /* NULL: refused. */
} PATHS[] = {
	{ NULL, "example.com.", "/s/example.com.zone" },
	{ NULL, ".", "/s/.zone" },
	{ "z", "example.com.", "/s/z" },
	{ "/abs/%s", "example.com.", "/abs/example.com" },
	{ "%s.%%", "a/b.example.com.", "/s/a_b.example.com.%" },
	{ "%c[0]/%c[1-3]/%s", "example.com.", "/s/e/xam/example.com" },
	{ "%c[10-255]x", "example.com.", "/s/m.x" },
	{ "%c[12]x", "example.com.", "/s/x" },
	{ "%l[0]/%l[1]/%l[2]/%s", "example.com.", "/s/com/example//example.com" },
	{ "%l[0]x", ".", "/s/x" },
	{ "a%xb", "example.com.", "/s/ab" },
	{ "a%", "example.com.", "/s/a" },
	{ "%c", "example.com.", NULL },
	{ "%c[", "example.com.", NULL },
	{ "%c[3-1]", "example.com.", NULL },
	{ "%c[256]", "example.com.", NULL },
	{ "%c[1-", "example.com.", NULL },
	{ "%l[0-1]", "example.com.", NULL },
	{ "%l[99999999999999999999]", "example.com.", NULL },
};

START_TEST(file_path)
{
	knot_dname_storage_t zone;
	knot_dname_from_str(zone, PATHS[_i].zone, sizeof(zone));
	char *got = zonefile_path(PATHS[_i].file, "/s", zone);
	ck_assert_pstr_eq(got, PATHS[_i].path);
	free(got);
}
END_TEST

START_TEST(file_path_long)
{
	char *file = malloc(2000);
	memset(file, 'x', 1999);
	file[1999] = '\0';
	ck_assert_ptr_null(zonefile_path(file, "/s", APEX));
	free(file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zonefile");
	TCase *tcase = tcase_create("zonefile");
	tcase_add_unchecked_fixture(tcase, make_dir, remove_dir);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, good, 0, sizeof(GOOD) / sizeof(GOOD[0]));
	tcase_add_test(tcase, canonical_form);
	tcase_add_test(tcase, large_rrset);
	tcase_add_test(tcase, root_zone);
	tcase_add_test(tcase, odd_zone);
	tcase_add_loop_test(tcase, bad, 0, sizeof(BAD) / sizeof(BAD[0]));
	tcase_add_test(tcase, too_long);
	tcase_add_test(tcase, too_large);
	tcase_add_test(tcase, unwise);
	tcase_add_test(tcase, include);
	tcase_add_test(tcase, stays_inside);
	tcase_add_test(tcase, shows_own);
	tcase_add_test(tcase, stays_inside_in_a_race);
	tcase_add_test(tcase, many_includes);
	tcase_add_test(tcase, comes_to_an_end);
	tcase_add_test(tcase, not_a_file);
	tcase_add_test(tcase, changing);
	tcase_add_test(tcase, warnings);
	tcase_add_test(tcase, log_lines);
	tcase_add_loop_test(tcase, file_path, 0, sizeof(PATHS) / sizeof(PATHS[0]));
	tcase_add_test(tcase, file_path_long);
	suite_add_tcase(suite, tcase);

	return check_main(suite);
}
