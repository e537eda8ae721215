/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy-engine/policy/conf.h"
#include "policy-engine/policy/kasp.h"
#include "tests/unit/check-main.h"

static char dir[] = "/tmp/test-kasp.XXXXXX";
static char warnings[8192], errors[8192];

static void setup(void)
{
	warnings[0] = '\0';
	errors[0] = '\0';
}

static void note(void *ctx, const char *text)
{
	(void)ctx;
	strncat(warnings, text, sizeof(warnings) - strlen(warnings) - 2);
	strcat(warnings, "\n");
}

/* Takes what is said of kasp.xml: errors apart from the rest. */
static void note_kasp(void *ctx, kasp_kind_t kind, const char *text)
{
	if (kind == KASP_ERROR) {
		size_t used = strlen(errors);
		snprintf(errors + used, sizeof(errors) - used, "%s\n", text);
	} else {
		note(ctx, text);
	}
}

static const char *path(const char *name)
{
	static char buf[200];
	snprintf(buf, sizeof(buf), "%s/%s", dir, name);
	return buf;
}

static const char *write_file(const char *name, const char *text)
{
	const char *file = path(name);
	FILE *out = fopen(file, "w");
	ck_assert_ptr_nonnull(out);
	ck_assert_int_ge(fputs(text, out), 0);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_eq(chmod(file, 0600), 0);
	return file;
}

static const hsm_conf_t *tokens(void)
{
	static hsm_repository_t repository = { .name = (char *)"SoftHSM", .capacity = 100 };
	static const hsm_conf_t conf = { .repositories = &repository, .count = 1 };
	return &conf;
}

#define CDS "<CDS><Digest>SHA-384</Digest><CDNSKEY/></CDS>"

/* One element a line, since the tests expect line numbers. */
static const char good[] =
	"<KASP>\n"                                           /* 1 */
	"<Policy name=\"default\">\n"
	"<Description>all there is</Description>\n"
	"<Signatures>\n"
	"<Resign>PT2H</Resign>\n"                            /* 5 */
	"<Refresh>P3D</Refresh>\n"
	"<Validity>\n"
	"<Default>P14D</Default>\n"
	"<Denial>P15D</Denial>\n"
	"<Keyset>P16D</Keyset>\n"                            /* 10 */
	"</Validity>\n"
	"<Jitter>PT12H</Jitter>\n"
	"<InceptionOffset>PT3600S</InceptionOffset>\n"
	"<MaxZoneTTL>P1D</MaxZoneTTL>\n"
	"</Signatures>\n"                                    /* 15 */
	"<Denial>\n"
	"<NSEC3>\n"
	"<TTL>PT10S</TTL>\n"
	"<OptOut/>\n"
	"<Resalt>P100D</Resalt>\n"                           /* 20 */
	"<Hash>\n"
	"<Algorithm>1</Algorithm>\n"
	"<Iterations>5</Iterations>\n"
	"<Salt length=\"8\"/>\n"
	"</Hash>\n"                                          /* 25 */
	"</NSEC3>\n"
	"</Denial>\n"
	"<Keys>\n"
	"<TTL>PT3600S</TTL>\n"
	"<RetireSafety>PT3601S</RetireSafety>\n"             /* 30 */
	"<PublishSafety>PT3602S</PublishSafety>\n"
	"<ShareKeys/>\n"
	"<Purge>P13D</Purge>\n"
	"<KSK>\n"
	"<Algorithm length=\"2048\">8</Algorithm>\n"         /* 35 */
	"<Lifetime>P365D</Lifetime>\n"
	"<Repository>SoftHSM</Repository>\n"
	"<Standby>1</Standby>\n"
	"<KskRollType>KskDoubleDS</KskRollType>\n"
	"<RFC5011/>\n"                                       /* 40 */
	"</KSK>\n"
	"<ZSK>\n"
	"<Algorithm length=\"2048\">8</Algorithm>\n"
	"<Lifetime>P90D</Lifetime>\n"
	"<Repository>SoftHSM</Repository>\n"                 /* 45 */
	"<ManualRollover/>\n"
	"<ZskRollType>ZskDoubleSignature</ZskRollType>\n"
	"</ZSK>\n"
	"<CSK>\n"
	"<Algorithm length=\"256\">13</Algorithm>\n"         /* 50 */
	"<Lifetime>P300D</Lifetime>\n"
	"<Repository>SoftHSM</Repository>\n"
	"<CskRollType>CskSingleSignature</CskRollType>\n"
	"</CSK>\n"
	"</Keys>\n"                                          /* 55 */
	"<Zone>\n"
	"<PropagationDelay>PT43200S</PropagationDelay>\n"
	"<SOA>\n"
	"<TTL>PT3603S</TTL>\n"
	"<Minimum>PT3604S</Minimum>\n"                       /* 60 */
	"<Serial>datecounter</Serial>\n"
	"</SOA>\n"
	"<Zonemd/><ForeignKeys/></Zone>\n"
	"<Parent>\n"
	"<PropagationDelay>PT9999S</PropagationDelay>\n"     /* 65 */
	"<DS>\n"
	"<TTL>PT3605S</TTL>\n"
	"</DS>\n"
	"<SOA>\n"
	"<TTL>PT172800S</TTL>\n"                             /* 70 */
	"<Minimum>PT10800S</Minimum>\n"
	"</SOA>\n"
	"<RegistrationDelay>PT7S</RegistrationDelay>\n"
	CDS "\n"
	"</Parent>\n"
	"</Policy>\n"                                        /* 76 */
	"</KASP>\n";

/* The good file with one text replaced. To be freed. */
static char *edited(const char *from, const char *to)
{
	const char *at = strstr(good, from);
	ck_assert_msg(at != NULL, "nothing like '%s'", from);
	size_t size = sizeof(good) + strlen(to);
	char *text = malloc(size);
	snprintf(text, size, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
	return text;
}

START_TEST(test_all_elements)
{
	policies_t all = { 0 };
	hsm_error_t err = { 0 };
	int ret = kasp_read(write_file("kasp.xml", good), tokens(), &all, note_kasp, NULL, &err);
	ck_assert_msg(ret == HSM_EOK, "%s", err.text);
	ck_assert_uint_eq(all.count, 1);
	const policy_t *p = policies_find(&all, "default");
	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_null(policies_find(&all, "Default"));
	ck_assert_str_eq(p->description, "all there is");
	ck_assert_ptr_null(p->defect);
	ck_assert(!p->passthrough && p->nsec3 && p->optout && p->share_keys);
	ck_assert_uint_eq(p->resign, 7200);
	ck_assert_uint_eq(p->refresh, 3 * 86400);
	ck_assert_uint_eq(p->validity_default, 14 * 86400);
	ck_assert_uint_eq(p->validity_denial, 15 * 86400);
	ck_assert_uint_eq(p->validity_keyset, 16 * 86400);
	ck_assert_uint_eq(p->jitter, 43200);
	ck_assert_uint_eq(p->inception_offset, 3600);
	ck_assert_uint_eq(p->max_zone_ttl, 86400);
	ck_assert_uint_eq(p->nsec3_ttl, 10);
	ck_assert_uint_eq(p->resalt, 100 * 86400);
	ck_assert_uint_eq(p->iterations, 5);
	ck_assert_uint_eq(p->salt_length, 8);
	ck_assert_uint_eq(p->keys_ttl, 3600);
	ck_assert_uint_eq(p->retire_safety, 3601);
	ck_assert_uint_eq(p->publish_safety, 3602);
	ck_assert_uint_eq(p->purge, 13 * 86400);
	ck_assert_uint_eq(p->zone_propagation, 43200);
	ck_assert_uint_eq(p->soa_ttl, 3603);
	ck_assert_uint_eq(p->soa_minimum, 3604);
	ck_assert_int_eq(p->serial, KEYSET_SERIAL_DATECOUNTER);
	ck_assert(p->zonemd);
	ck_assert(p->foreign_keys);
	ck_assert_uint_eq(p->parent_propagation, 9999);
	ck_assert_uint_eq(p->parent_ds_ttl, 3605);
	ck_assert_uint_eq(p->parent_soa_ttl, 172800);
	ck_assert_uint_eq(p->parent_soa_minimum, 10800);
	ck_assert_uint_eq(p->parent_registration, 7);
	ck_assert(!p->cds.sha256 && p->cds.sha384 && p->cds.cdnskey);
	ck_assert_uint_eq(p->key_count, 3);
	const policy_key_t *k = p->keys;
	ck_assert(k[0].role == KEYSET_KSK && k[0].algorithm == 8 && k[0].bits == 2048 &&
	          k[0].lifetime == 365 * 86400 && k[0].standby == 1 && !k[0].manual_rollover &&
	          k[0].rfc5011 && k[0].roll == POLICY_ROLL_DOUBLE_DS && k[0].line == 34);
	ck_assert(k[1].role == KEYSET_ZSK && k[1].algorithm == 8 && k[1].bits == 2048 &&
	          k[1].lifetime == 90 * 86400 && k[1].standby == 0 && k[1].manual_rollover &&
	          k[1].roll == POLICY_ROLL_DOUBLE_SIGNATURE);
	ck_assert(k[2].role == KEYSET_CSK && k[2].algorithm == 13 && k[2].bits == 256 &&
	          k[2].roll == POLICY_ROLL_SINGLE_SIGNATURE);
	ck_assert_str_eq(k[2].repository, "SoftHSM");
	ck_assert_ptr_nonnull(strstr(warnings, "kasp.xml:23: <Iterations>"));
	ck_assert_ptr_nonnull(strstr(warnings, "kasp.xml:24: <Salt>"));
	ck_assert_ptr_nonnull(strstr(warnings, "kasp.xml:40: <RFC5011>"));
	ck_assert_ptr_null(strstr(warnings, "unknown"));
	policies_deinit(&all);
}
END_TEST

START_TEST(test_any_order_and_unknown)
{
	char *text = edited("<Refresh>P3D</Refresh>\n<Validity>",
	                    "<Colour>blue</Colour><Validity>");
	char *at = strstr(text, "<Jitter>PT12H</Jitter>");
	memcpy(at, "<Refresh>P3D</Refresh>", 22);
	at = strstr(text, "<InceptionOffset>PT3600S</InceptionOffset>");
	memcpy(at, "<Jitter>PT12H</Jitter>                    ", 42);
	at = strstr(text, "<MaxZoneTTL>P1D</MaxZoneTTL>");
	memcpy(at, "<InceptionOffset>P0D        ", 28);
	at = strstr(text, "</Signatures>");
	char *whole = malloc(strlen(text) + 30);
	sprintf(whole, "%.*s</InceptionOffset>%s", (int)(at - text), text, at);

	policies_t all = { 0 };
	hsm_error_t err = { 0 };
	int ret = kasp_read(write_file("kasp.xml", whole), tokens(), &all, note_kasp, NULL, &err);
	ck_assert_msg(ret == HSM_EOK, "%s", err.text);
	ck_assert_uint_eq(all.policies[0].refresh, 3 * 86400);
	ck_assert_uint_eq(all.policies[0].jitter, 43200);
	ck_assert_uint_eq(all.policies[0].inception_offset, 0);
	ck_assert_msg(strstr(warnings, "kasp.xml:6: unknown element <Colour>") != NULL, "%s",
	              warnings);
	policies_deinit(&all);
	free(whole);
	free(text);
}
END_TEST

static const struct {
	const char *from, *to;
	const char *error[2]; /* What the error has to say. */
} faults[] = {
	{ "<Resign>PT2H", "<Resign>2 hours", { ":5:", "<Resign>" } },
	{ "<Refresh>P3D", "<Refresh>P3", { ":6:", "<Refresh>" } },
	{ "<Refresh>P3D</Refresh>\n", "", { ":4:", "<Refresh>" } },
	{ "<Refresh>P3D", "<Refresh>PT2H", { ":6:", "<Resign>" } },
	{ "<Refresh>P3D", "<Refresh>PT0S", { ":6:", "<Resign>" } },
	{ "<Default>P14D", "<Default>P3D", { ":8:", "<Refresh>" } },
	{ "<Denial>P15D", "<Denial>PT1S", { ":9:", "<Refresh>" } },
	{ "<Keyset>P16D", "<Keyset>P2D", { ":10:", "<Refresh>" } },
	{ "<Jitter>PT12H", "<Jitter>P15D", { ":12:", "<Default>" } },
	{ "<MaxZoneTTL>P1D", "<MaxZoneTTL>-P1D", { ":14:", "<MaxZoneTTL>" } },
	{ "<Keyset>P16D</Keyset>", "<Keyset>P16D</Keyset><Keyset>P16D</Keyset>",
	  { ":10:", "second <Keyset>" } },
	{ "<NSEC3>", "<NSEC/><NSEC3>", { ":16:", "both" } },
	{ "<Resalt>P100D</Resalt>\n", "", { ":17:", "<Resalt>" } },
	{ "<Algorithm>1<", "<Algorithm>2<", { ":22:", "SHA-1" } },
	{ "<Iterations>5", "<Iterations>65536", { ":23:", "<Iterations>" } },
	{ "<Iterations>5", "<Iterations>-1", { ":23:", "<Iterations>" } },
	{ "length=\"8\"", "length=\"256\"", { ":24:", "<Salt>" } },
	{ "length=\"8\"", "", { ":24:", "length" } },
	{ "<OptOut/>", "<OptOut>yes</OptOut>", { ":19:", "<OptOut/>" } },
	{ "length=\"2048\">8", "length=\"0\">8", { ":35:", "length" } },
	{ "length=\"2048\">8", "length=\"x\">8", { ":35:", "length" } },
	{ "length=\"2048\">8", "length=\"512\">8", { ":34:", "1024 to 4096" } },
	{ "length=\"2048\">8", "length=\"4097\">8", { ":34:", "1024 to 4096" } },
	{ "length=\"2048\">8", "length=\"2048\">5", { ":34:", "SHA-1" } },
	{ "length=\"2048\">8", "length=\"2048\">7", { ":34:", "SHA-1" } },
	{ "length=\"2048\">8", "length=\"2048\">99", { ":34:", "<Algorithm> 99" } },
	{ "length=\"2048\">8", "length=\"2048\">256", { ":35:", "<Algorithm>" } },
	{ "length=\"2048\">8", "length=\"256\">14", { ":34:", "no <ZSK>" } },
	{ "<Lifetime>P365D", "<Lifetime>forever", { ":36:", "<Lifetime>" } },
	{ "<Repository>SoftHSM", "<Repository>Nowhere", { ":34:", "\"Nowhere\"" } },
	{ "<Repository>SoftHSM</Repository>\n", "", { ":34:", "<Repository>" } },
	{ "<Repository>SoftHSM</Repository>\n<Standby>1</Standby>", "<Repository>SoftHSM</Repository>\n<Offline/>",
	  { ":38:", "not both" } },
	{ "<Repository>SoftHSM</Repository>\n<Standby>1</Standby>", "<Offline/>",
	  { ":34:", "<Offline/> wants a policy with this <KSK>" } },
	{ "<Repository>SoftHSM</Repository>\n<ManualRollover/>", "<Offline/>", { ":42:", "<Repository>" } },
	{ "<Standby>1", "<Standby>many", { ":38:", "<Standby>" } },
	{ "KskDoubleDS<", "ZskDoubleSignature<", { ":39:", "KskDoubleSignature" } },
	{ "<KSK>", "<KSK><Algorithm length=\"2048\">8</Algorithm><Lifetime>P1Y</Lifetime>"
	  "<Repository>SoftHSM</Repository></KSK><KSK>", { ":34:", "second <KSK>" } },
	{ "<Serial>datecounter", "<Serial>random", { ":61:", "<Serial>" } },
	{ "SHA-384", "SHA-1", { ":74:", "\"SHA-1\" in <Digest> is none of SHA-256, SHA-384" } },
	{ "<CDNSKEY/>", "<Digest>SHA-384</Digest>", { ":74:", "<Digest> SHA-384 is there twice" } },
	{ "<CDNSKEY/>", "<None/>", { ":74:", "either <None/>" } },
	{ CDS, "<CDS/>", { ":74:", "either <None/>" } },
	{ "<DS>\n<TTL>PT3605S</TTL>\n</DS>\n", "", { ":64:", "<DS>" } },
	{ "name=\"default\"", "", { ":2:", "name" } },
	{ "</KASP>", "<Policy name=\"default\"/></KASP>", { ":77:", "line 2" } },
	{ "</Zone>", "</Zoon>", { ":63:", "well-formed" } },
	{ "<KASP>", "<!DOCTYPE KASP [<!ENTITY a \"b\">]><KASP>", { "kasp.xml", "DOCTYPE" } },
};

START_TEST(test_fault)
{
	char *text = edited(faults[_i].from, faults[_i].to);
	policies_t all = { 0 };
	hsm_error_t err = { 0 };
	int ret = kasp_read(write_file("kasp.xml", text), tokens(), &all, note_kasp, NULL, &err);
	ck_assert_msg(ret == HSM_ECONF, "'%s' was taken", faults[_i].to);
	ck_assert_uint_eq(all.count, 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_msg(strstr(err.text, faults[_i].error[i]) != NULL, "no '%s' in: %s",
		              faults[_i].error[i], err.text);
	}
	ck_assert_ptr_nonnull(strstr(err.text, "kasp.xml"));
	free(text);
}
END_TEST

static void replace(char **text, const char *from, const char *to)
{
	const char *at = strstr(*text, from);
	ck_assert_msg(at != NULL, "nothing like '%s'", from);
	char *edited = NULL;
	ck_assert_int_ge(asprintf(&edited, "%.*s%s%s", (int)(at - *text), *text, to,
	                          at + strlen(from)), 0);
	free(*text);
	*text = edited;
}

/* A KSK that is offline, in a policy that can have one, and with a rollover that it cannot have. */
/* An imported zone waits for a word before a template changes one of these. */
START_TEST(test_difference)
{
	static const struct {
		const char *say; /* NULL: it does not matter. */
		policy_key_t key;
		bool nsec3, optout;
		uint16_t iterations;
		uint32_t refresh;
	} others[] = {
		{ NULL, { .role = KEYSET_CSK, .algorithm = 8, .bits = 2048, .repository = (char *)"a" }, .nsec3 = true,
		  .refresh = 7 },
		{ "algorithms", { .role = KEYSET_CSK, .algorithm = 13, .bits = 256, .repository = (char *)"a" }, .nsec3 = true },
		{ "sizes", { .role = KEYSET_CSK, .algorithm = 8, .bits = 4096, .repository = (char *)"a" }, .nsec3 = true },
		{ "roles", { .role = KEYSET_KSK, .algorithm = 8, .bits = 2048, .repository = (char *)"a" }, .nsec3 = true },
		{ "repositories", { .role = KEYSET_CSK, .algorithm = 8, .bits = 2048, .repository = (char *)"b" }, .nsec3 = true },
		{ "NSEC or NSEC3", { .role = KEYSET_CSK, .algorithm = 8, .bits = 2048, .repository = (char *)"a" }, .nsec3 = false },
		{ "opt-out", { .role = KEYSET_CSK, .algorithm = 8, .bits = 2048, .repository = (char *)"a" }, .nsec3 = true,
		  .optout = true },
		{ "iterations", { .role = KEYSET_CSK, .algorithm = 8, .bits = 2048, .repository = (char *)"a" }, .nsec3 = true,
		  .iterations = 1 },
	};
	policy_key_t key = others[0].key;
	const policy_t policy = { .nsec3 = true, .keys = &key, .key_count = 1 };
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		policy_key_t other_key = others[i].key;
		const policy_t other = { .nsec3 = others[i].nsec3, .optout = others[i].optout,
			                 .iterations = others[i].iterations, .refresh = others[i].refresh,
			                 .keys = &other_key, .key_count = 1 };
		const char *said = policy_difference(&policy, &other);
		ck_assert_int_eq(said != NULL, others[i].say != NULL);
		ck_assert_msg(said == NULL || strstr(said, others[i].say) != NULL, "%s", said);
	}
	const policy_t none = { 0 };
	ck_assert_str_eq(policy_difference(&policy, &none), "whether it is signed");
}
END_TEST

START_TEST(test_offline)
{
	char *text = edited("<Repository>SoftHSM</Repository>\n<Standby>1</Standby>\n", "<Offline/>");
	char *csk = strstr(text, "<CSK>"), *behind = strstr(text, "</CSK>\n");
	memmove(csk, behind + 7, strlen(behind + 7) + 1);
	replace(&text, "<ShareKeys/>", "");
	replace(&text, "<ForeignKeys/>", "");
	policies_t all = { 0 };
	hsm_error_t err = { 0 };
	ck_assert_int_eq(kasp_read(write_file("kasp.xml", text), tokens(), &all, note_kasp, NULL,
	                           &err), HSM_ECONF);
	ck_assert_msg(strstr(errors, "<Offline/> wants rollovers that begin") != NULL, "%s", errors);
	replace(&text, "KskDoubleDS", "KskDoubleSignature");
	int ret = kasp_read(write_file("kasp.xml", text), tokens(), &all, note_kasp, NULL, &err);
	ck_assert_msg(ret == HSM_EOK, "%s", err.text);
	const policy_t *p = &all.policies[0];
	ck_assert_uint_eq(p->key_count, 2);
	ck_assert(policy_is_offline(p) && p->keys[0].repository[0] == '\0');
	ck_assert_str_eq(p->keys[1].repository, "SoftHSM");
	policies_deinit(&all);
	free(text);
}
END_TEST

static size_t count_lines(const char *text)
{
	size_t lines = 0;
	for (; *text != '\0'; text++) {
		lines += *text == '\n';
	}
	return lines;
}

/* All errors are reported at once, but none that only follows from another one. */
START_TEST(test_all_errors)
{
	static const char *const edits[][2] = {
		{ "<Resign>PT2H", "<Resign>2 hours" },
		{ "<Jitter>PT12H</Jitter>\n", "\n" },
		{ "<Default>P14D", "<Default>x" },
		{ "<NSEC3>", "<NSEC/><NSEC3>" },
		{ "length=\"2048\">8", "length=\"2048\">99" },
		{ "<Lifetime>P90D", "<Lifetime>long" },
		{ "<Repository>SoftHSM</Repository>\n<CskRollType>",
		  "<Repository>Nowhere</Repository>\n<CskRollType>" },
		{ "<Serial>datecounter", "<Serial>random" },
		{ "<DS>\n<TTL>PT3605S</TTL>\n</DS>\n", "\n\n\n" },
		{ "</KASP>", "<Policy name=\"default\"/></KASP>" },
	};
	static const char *const found[] = {
		":4: <Signatures> has no <Jitter>", ":5: \"2 hours\" in <Resign>",
		":8: \"x\" in <Default>", ":16: <Denial>", ":34: <Algorithm> 99",
		":44: \"long\" in <Lifetime>", "conf.xml has no \"Nowhere\"",
		":61: \"random\" in <Serial>", ":64: <Parent> has no <DS>",
		":77: a second <Policy", ":77: <Policy> has no <Signatures>",
		":77: <Policy> has no <Denial>", ":77: <Policy> has no <Keys>",
		":77: <Policy> has no <Zone>", ":77: <Policy> has no <Parent>",
	};
	char *text = strdup(good);
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		replace(&text, edits[i][0], edits[i][1]);
	}
	policies_t all = { 0 };
	hsm_error_t err = { 0 };
	ck_assert_int_eq(kasp_read(write_file("kasp.xml", text), tokens(), &all, note_kasp, NULL,
	                           &err), HSM_ECONF);
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		ck_assert_msg(strstr(errors, found[i]) != NULL, "no '%s' in:\n%s", found[i], errors);
	}
	ck_assert_msg(count_lines(errors) == sizeof(found) / sizeof(found[0]), "%s", errors);
	ck_assert_ptr_nonnull(strstr(err.text, ":5: \"2 hours\""));
	ck_assert_ptr_nonnull(strstr(err.text, "first of 15 errors"));
	ck_assert_int_eq(kasp_read(path("kasp.xml"), NULL, &all, NULL, NULL, NULL), HSM_ECONF);
	free(text);
}
END_TEST

/* Wrong policies are left out, and the others are read. */
START_TEST(test_sound)
{
	char *text = strdup(good), *policy = strdup(strstr(good, "<Policy"));
	policies_t all = { 0 };
	*strstr(policy, "</KASP>") = '\0';
	replace(&policy, "name=\"default\"", "name=\"second\"");
	for (int i = 0; i < 2; i++) { /* Two wrong ones, with the sound one between them. */
		replace(&text, "</KASP>", policy);
		text = realloc(text, strlen(text) + sizeof("</KASP>"));
		strcat(text, "</KASP>");
	}
	replace(&text, "length=\"2048\">8", "length=\"2048\">7");
	ck_assert_int_eq(kasp_read_sound(write_file("kasp.xml", text), tokens(), &all, note_kasp,
	                                 NULL, NULL), HSM_EOK);
	ck_assert_uint_eq(all.count, 1);
	ck_assert_str_eq(all.policies[0].name, "second");
	ck_assert_ptr_nonnull(strstr(errors, ":34: <Algorithm> 7 of the <KSK>"));
	ck_assert_ptr_nonnull(strstr(errors, "a second <Policy name=\"second\">"));
	policies_deinit(&all);
	free(policy);
	free(text);
}
END_TEST

/* Values that were read are checked, though others were not. */
START_TEST(test_errors_of_what_is_sound)
{
	char *text = edited("<Refresh>P3D", "<Refresh>PT1H");
	replace(&text, "<Serial>datecounter", "<Serial>random");
	replace(&text, "<KSK>", "<KSK></KSK><KSK>");
	replace(&text, "<Lifetime>P300D", "<Lifetime>PT1S");
	policies_t all = { 0 };
	hsm_error_t err = { 0 };
	ck_assert_int_eq(kasp_read(write_file("kasp.xml", text), tokens(), &all, note_kasp, NULL,
	                           &err), HSM_ECONF);
	ck_assert_msg(strstr(errors, ":6: <Refresh> (3600 s) has to be longer") != NULL, "%s",
	              errors);
	ck_assert_msg(strstr(errors, ":34: <KSK> has no <Algorithm>") != NULL, "%s", errors);
	ck_assert_msg(count_lines(errors) == 5, "%s", errors);
	free(text);
}
END_TEST

/* Twenty errors are reported, then how many more there are. */
START_TEST(test_many_errors)
{
	static const char key[] = "<KSK></KSK>";
	char keys[13 * (sizeof(key) - 1) + sizeof("<KSK>")] = "";
	for (int i = 0; i < 13; i++) {
		strcat(keys, key);
	}
	strcat(keys, "<KSK>");
	char *text = edited("<KSK>", keys);
	policies_t all = { 0 };
	hsm_error_t err = { 0 };
	ck_assert_int_eq(kasp_read(write_file("kasp.xml", text), tokens(), &all, note_kasp, NULL,
	                           &err), HSM_ECONF);
	ck_assert_msg(count_lines(errors) == 21, "%s", errors);
	ck_assert_msg(strstr(errors, "kasp.xml: and 19 more errors\n") != NULL, "%s", errors);
	free(text);
}
END_TEST

/* OpenDNSSEC takes such a policy, and makes no key for it; its own example file has one. */
START_TEST(test_lifetime)
{
	static const struct {
		const char *from, *to;
		const char *defect;
	} cases[] = {
		{ "<Lifetime>P365D", "<Lifetime>PT7205S", "parent's <DS>" },
		{ "<Lifetime>P365D", "<Lifetime>PT7206S", NULL },
		{ "<Lifetime>P300D", "<Lifetime>PT90000S", "<MaxZoneTTL>" },
		{ "<Lifetime>P300D", "<Lifetime>PT90001S", NULL },
		{ "<Lifetime>P90D", "<Lifetime>PT0S", NULL }, /* By hand only. */
	};
	char *text = edited(cases[_i].from, cases[_i].to);
	policies_t all = { 0 };
	hsm_error_t err = { 0 };
	int ret = kasp_read(write_file("kasp.xml", text), tokens(), &all, note_kasp, NULL, &err);
	ck_assert_msg(ret == HSM_EOK, "%s", err.text);
	const char *defect = all.policies[0].defect;
	if (cases[_i].defect != NULL) {
		ck_assert_ptr_nonnull(defect);
		ck_assert_ptr_nonnull(strstr(defect, cases[_i].defect));
		ck_assert_ptr_nonnull(strstr(warnings, defect));
	} else {
		ck_assert_ptr_null(defect);
	}
	policies_deinit(&all);
	free(text);
}
END_TEST

#define ZSK_OF(lifetime) "<Lifetime>" lifetime "</Lifetime>\n<Repository>SoftHSM</Repository>\n"
#define ZSK ZSK_OF("P90D") "<ManualRollover/>\n"

/* What is allowed, and inadvisable. */
static const struct {
	const char *from, *to;
	const char *advice[2]; /* None if the first is NULL. */
} advices[] = {
	{ "", "", { NULL, "Jitter" } },
	{ "", "", { NULL, "Lifetime" } },
	{ "", "", { NULL, "name=" } },
	{ "<Jitter>PT12H", "<Jitter>P12D", { ":12:", "reaches into" } },
	{ "<Jitter>PT12H", "<Jitter>P8D", { ":12:", "more than half of <Default>" } },
	{ "PT3600S</Inc", "PT3601S</Inc", { ":13:", "more than an hour" } },
	{ "PT3600S</Inc", "PT299S</Inc", { ":13:", "less than five minutes" } },
	{ "", "", { NULL, "InceptionOffset" } },
	{ "", "", { NULL, "weekend" } },
	{ "<Refresh>P3D", "<Refresh>PT64H", { ":6:", "is 2d 14h: if signing stops" } },
	{ "<Resalt>P100D", "<Resalt>PT1H", { ":20:", "shorter than <Resign>" } },
	{ "length=\"8\"", "length=\"0\"", { ":20:", "<Resalt> has no effect" } },
	{ "", "", { NULL, "is taken for" } },
	{ "<Lifetime>P365D", "<Lifetime>P1Y", { ":36: \"P1Y\" in <Lifetime> is taken for 365",
	                                        "a month 31" } },
	{ "<Refresh>P3D", "<Refresh>PT9000M", { NULL, "is taken for" } },
	{ "<Lifetime>P90D", "<Lifetime>P3MT4H", { ":44: \"P3MT4H\"", "taken for 93 days" } },
	{ "", "", { ":49:", "keys of algorithm 8 and of 13" } },
	{ "length=\"2048\">8</Algorithm>\n<Lifetime>P90D",
	  "length=\"3072\">8</Algorithm>\n<Lifetime>P90D", { "<ZSK> of 3072 bits", "384 bytes" } },
	{ "length=\"2048\">8</Algorithm>\n<Lifetime>P365D",
	  "length=\"3072\">8</Algorithm>\n<Lifetime>P365D", { NULL, "3072 bits" } },
	{ ">13</Algorithm>", ">16</Algorithm>", { "<Algorithm> 16 of the <CSK>", "validators" } },
	{ "", "", { NULL, "is 0" } },
	{ "PT43200S</Prop", "PT0S</Prop", { "<PropagationDelay> is 0", "servers of the zone" } },
	{ "PT9999S</Prop", "PT0S</Prop", { ":65: <PropagationDelay> is 0", "of the parent" } },
	{ "<TTL>PT3605S", "<TTL>PT0S", { ":67: <TTL> is 0", "keeps a DS" } },
	{ "<Minimum>PT3604S", "<Minimum>PT86401S", { ":60:", "more than a day" } },
	{ "<Serial>datecounter", "<Serial>keep", { ":61:", "every 2d 22h" } },
	{ "<CDNSKEY/>", "", { ":74: <CDS>: besides <ForeignKeys/>, the CDNSKEY", "is left out" } },
	{ CDS, "<CDS><None/></CDS>", { ":74:", "the CDS and CDNSKEY that other operators" } },
	{ "<ForeignKeys/></Zone>\n<Parent>", "</Zone>\n<Parent>", { NULL, "<CDS> has no" } },
	{ "<Resign>PT2H", "<Resign>PT10M", { ":61:", "ahead of the date" } },
	{ "<Description>", "<Passthrough/><Description>", { ":34: <KSK> has no effect",
	                                                   ":63: <Zonemd> has no effect" } },
	{ "<Description>", "<Passthrough/><Description>", { ":63: <Zonemd> has no effect",
	                                                   ":63: <ForeignKeys> has no effect" } },
	{ "<Description>", "<Passthrough/><Description>", { NULL, "shorter than" } },
	{ "<Purge>P13D</Purge>", "", { ":34: no <Purge>", "room for 100" } },
	{ "", "", { NULL, "no <Purge>" } },
	{ "<MaxZoneTTL>P1D", "<MaxZoneTTL>P4D", { ":14:", "signatures have expired" } },
	{ ZSK, ZSK_OF("P10D"), { ":42: <Lifetime> of the <ZSK> (10d)", "are valid" } },
	{ "<Lifetime>P300D", "<Lifetime>P10D", { ":49: <Lifetime> of the <CSK> (10d)",
	                                         "a rollover takes" } },
	{ ZSK, ZSK_OF("P366D"), { ":34:", "work at the parent" } },
	{ "name=\"default\"", "name=\"other\"", { ":1:", "name=\"default\"" } },
};

START_TEST(test_advice)
{
	char *text = edited(advices[_i].from, advices[_i].to);
	policies_t all = { 0 };
	hsm_error_t err = { 0 };
	int ret = kasp_read(write_file("kasp.xml", text), tokens(), &all, note_kasp, NULL, &err);
	ck_assert_msg(ret == HSM_EOK, "%s", err.text);
	for (int i = 0; i < 2 && advices[_i].advice[0] != NULL; i++) {
		ck_assert_msg(strstr(warnings, advices[_i].advice[i]) != NULL, "no '%s' in: %s",
		              advices[_i].advice[i], warnings);
	}
	if (advices[_i].advice[0] == NULL) {
		ck_assert_msg(strstr(warnings, advices[_i].advice[1]) == NULL, "%s", warnings);
	}
	policies_deinit(&all);
	free(text);
}
END_TEST

START_TEST(test_passthrough)
{
	char *text = edited("<Description>", "<Passthrough/><Description>");
	policies_t all = { 0 };
	hsm_error_t err = { 0 };
	ck_assert_int_eq(kasp_read(write_file("kasp.xml", text), tokens(), &all, note_kasp, NULL,
	                           &err), HSM_EOK);
	ck_assert(all.policies[0].passthrough);
	policies_deinit(&all);

	/* No key is made. But a zone that was signed stays signed until its DS has gone. */
	replace(&text, "<Repository>SoftHSM", "<Repository>Nowhere");
	replace(&text, "<Lifetime>P365D", "<Lifetime>PT1S");
	ck_assert_int_eq(kasp_read(write_file("kasp.xml", text), tokens(), &all, note_kasp, NULL,
	                           &err), HSM_EOK);
	ck_assert_ptr_null(all.policies[0].defect);
	policies_deinit(&all);
	replace(&text, "<Refresh>P3D", "<Refresh>PT1H");
	ck_assert_int_eq(kasp_read(write_file("kasp.xml", text), tokens(), &all, note_kasp, NULL,
	                           &err), HSM_ECONF);
	ck_assert_ptr_nonnull(strstr(errors, ":6: <Refresh>"));
	free(text);
}
END_TEST

START_TEST(test_no_file)
{
	policies_t all = { 0 };
	hsm_error_t err = { 0 };
	ck_assert_int_eq(kasp_read(path("none.xml"), NULL, &all, note_kasp, NULL, &err), HSM_ECONF);
	ck_assert_ptr_nonnull(strstr(err.text, "none.xml"));
	ck_assert_int_eq(kasp_read(write_file("kasp.xml", "<KASP/>"), NULL, &all, note_kasp, NULL,
	                           &err), HSM_ECONF);
	ck_assert_ptr_nonnull(strstr(err.text, "<Policy>"));
	ck_assert_int_eq(kasp_read(write_file("kasp.xml", "<Configuration/>"), NULL, &all,
	                           note_kasp, NULL, &err), HSM_ECONF);
}
END_TEST

/* -- conf.xml ------------------------------------------------------------ */

#define TOKEN "<RepositoryList><Repository name=\"SoftHSM\"><Module>/m.so</Module>" \
              "<TokenLabel>t</TokenLabel><PIN>1234</PIN></Repository></RepositoryList>\n"

START_TEST(test_conf_defaults)
{
	engine_conf_t conf = { 0 };
	hsm_error_t err = { 0 };
	int ret = engine_conf_read(write_file("conf.xml", "<Configuration>" TOKEN
	                                      "</Configuration>"), &conf, note, NULL, &err);
	ck_assert_msg(ret == HSM_EOK, "%s", err.text);
	ck_assert_str_eq(conf.policy_file, "/etc/mod-opendnssec/kasp.xml");
	ck_assert_str_eq(conf.socket, "/run/mod-opendnssec/engine.sock");
	ck_assert_str_eq(conf.signer_socket, "/run/knot/opendnssec.sock");
	ck_assert_ptr_null(conf.user);
	ck_assert_uint_eq(conf.tokens.count, 1);
	engine_conf_deinit(&conf);
}
END_TEST

START_TEST(test_conf_all)
{
	engine_conf_t conf = { 0 };
	hsm_error_t err = { 0 };
	int ret = engine_conf_read(write_file("conf.xml", "<Configuration>\n" TOKEN
		"<Common><Logging><Verbosity>3</Verbosity><Syslog><Facility>local0</Facility>"
		"</Syslog></Logging><PolicyFile>/p</PolicyFile><ZoneListFile>/z</ZoneListFile>"
		"</Common>\n<Enforcer><Privileges><User>u</User><Group>g</Group></Privileges>"
		"<Datastore><SQLite>/d</SQLite></Datastore><ManualKeyGeneration/>\n"
		"<AutomaticKeyGenerationPeriod>P1Y</AutomaticKeyGenerationPeriod>\n"
		"<RolloverNotification>P14D</RolloverNotification>"
		"<DelegationSignerSubmitCommand>/a b --cka_id</DelegationSignerSubmitCommand>"
		"<DelegationSignerRetractCommand>/r</DelegationSignerRetractCommand>"
		"<NotificationCommand>/n</NotificationCommand><CommandTimeLimit>PT5S"
		"</CommandTimeLimit><ParentCheck><Interval>PT7S</Interval><Recheck>PT1H</Recheck><ResolverConfig>/u"
		"</ResolverConfig><Port>5353</Port><Parent name=\"TEST\"><Server>192.0.2.1"
		"</Server><Server>2001:db8::1@5300</Server></Parent></ParentCheck>"
		"<PidFile>/pid</PidFile><SocketFile>/s</SocketFile><WorkingDirectory>/w"
		"</WorkingDirectory><WorkerThreads>4</WorkerThreads>"
		"<SignerSocket>/m</SignerSocket></Enforcer></Configuration>"), &conf, note, NULL,
		&err);
	ck_assert_msg(ret == HSM_EOK, "%s", err.text);
	ck_assert_str_eq(conf.policy_file, "/p");
	ck_assert_str_eq(conf.datastore, "/d");
	ck_assert_str_eq(conf.socket, "/s");
	ck_assert_str_eq(conf.signer_socket, "/m");
	ck_assert_str_eq(conf.pid_file, "/pid");
	ck_assert_str_eq(conf.user, "u");
	ck_assert_str_eq(conf.group, "g");
	ck_assert(conf.manual_generation);
	ck_assert_str_eq(conf.ds_submit.line, "/a b");
	ck_assert(conf.ds_submit.cka_id && !conf.ds_retract.cka_id);
	ck_assert_str_eq(conf.ds_retract.line, "/r");
	ck_assert_str_eq(conf.notify.line, "/n");
	ck_assert_uint_eq(conf.command_limit, 5);
	ck_assert(conf.watch.on);
	ck_assert_uint_eq(conf.watch.interval, 7);
	ck_assert_uint_eq(conf.watch.recheck, 3600);
	ck_assert_uint_eq(conf.watch.port, 5353);
	ck_assert_str_eq(conf.watch.resolver, "/u");
	ck_assert_uint_eq(conf.watch.count, 1);
	ck_assert_str_eq(conf.watch.parents[0].name, "test.");
	ck_assert_uint_eq(conf.watch.parents[0].count, 2);
	ck_assert_str_eq(conf.watch.parents[0].servers[1], "2001:db8::1@5300");
	ck_assert_uint_eq(conf.generation_period, 365 * 86400);
	ck_assert_uint_eq(conf.notify_before, 14 * 86400);
	ck_assert_msg(strstr(warnings, "unknown") == NULL, "%s", warnings);
	engine_conf_deinit(&conf);
}
END_TEST

START_TEST(test_conf_fault)
{
	static const struct {
		const char *text, *error[2];
	} conf_faults[] = {
		{ "<NotificationCommand>mail</NotificationCommand>", { ":3:", "absolute path" } },
		{ "<CommandTimeLimit>PT0S</CommandTimeLimit>", { ":3:", "<CommandTimeLimit>" } },
		{ "<CommandTimeLimit>5</CommandTimeLimit>", { ":3:", "duration" } },
		{ "<ParentCheck><Interval>P2D</Interval></ParentCheck>", { ":3:", "<Interval>" } },
		{ "<ParentCheck><Port>0</Port></ParentCheck>", { ":3:", "<Port>" } },
		{ "<ParentCheck><Parent name=\"a..b\"><Server>::1</Server></Parent></ParentCheck>",
		  { ":3:", "not a domain name" } },
		{ "<ParentCheck><Parent name=\"a\"/></ParentCheck>", { ":3:", "<Server>" } },
		{ "<ParentCheck><Parent name=\"a\"><Server>ns.test</Server></Parent></ParentCheck>",
		  { ":3:", "\"ns.test\" is not an address" } },
		{ "<ParentCheck><Parent name=\"a\"><Server>::1@x</Server></Parent></ParentCheck>",
		  { ":3:", "not an address" } },
	};
	char text[1000];
	snprintf(text, sizeof(text), "<Configuration>\n" TOKEN "<Enforcer>%s</Enforcer>"
	         "</Configuration>", conf_faults[_i].text);
	engine_conf_t conf = { 0 };
	hsm_error_t err = { 0 };
	ck_assert_int_eq(engine_conf_read(write_file("conf.xml", text), &conf, note, NULL, &err),
	                 HSM_ECONF);
	for (int i = 0; i < 2; i++) {
		ck_assert_msg(strstr(err.text, conf_faults[_i].error[i]) != NULL, "no '%s' in: %s",
		              conf_faults[_i].error[i], err.text);
	}
}
END_TEST

START_TEST(test_conf_mysql)
{
	engine_conf_t conf = { 0 };
	hsm_error_t err = { 0 };
	int ret = engine_conf_read(write_file("conf.xml", "<Configuration>\n" TOKEN
		"<Enforcer>\n<Datastore>\n<MySQL><Database>k</Database><Username>u</Username>"
		"<Password>p</Password></MySQL></Datastore></Enforcer></Configuration>"), &conf,
		note, NULL, &err);
	ck_assert_int_eq(ret, HSM_ECONF);
	ck_assert_msg(strstr(err.text, "conf.xml:5: <MySQL>") != NULL, "%s", err.text);
}
END_TEST

int main(void)
{
	if (mkdtemp(dir) == NULL) {
		return EXIT_FAILURE;
	}
	Suite *suite = suite_create("kasp");
	TCase *tc = tcase_create("kasp.xml");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, test_all_elements);
	tcase_add_test(tc, test_any_order_and_unknown);
	tcase_add_test(tc, test_offline);
	tcase_add_test(tc, test_difference);
	tcase_add_loop_test(tc, test_fault, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tc, test_all_errors);
	tcase_add_test(tc, test_sound);
	tcase_add_test(tc, test_errors_of_what_is_sound);
	tcase_add_test(tc, test_many_errors);
	tcase_add_loop_test(tc, test_lifetime, 0, 5);
	tcase_add_loop_test(tc, test_advice, 0, sizeof(advices) / sizeof(advices[0]));
	tcase_add_test(tc, test_passthrough);
	tcase_add_test(tc, test_no_file);
	suite_add_tcase(suite, tc);

	tc = tcase_create("conf.xml");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, test_conf_defaults);
	tcase_add_test(tc, test_conf_all);
	tcase_add_loop_test(tc, test_conf_fault, 0, 9);
	tcase_add_test(tc, test_conf_mysql);
	suite_add_tcase(suite, tc);

	const int status = check_main(suite);
	unlink(path("kasp.xml"));
	unlink(path("conf.xml"));
	rmdir(dir);
	return status;
}
