/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What of a named.conf becomes zones and peers, and what is left out. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy-engine/migrate/named-conf.h"
#include "tests/unit/check-main.h"

#define OPTIONS "options { directory \"/d\"; allow-transfer { none; }; notify explicit; };\n"
#define KEYS "key \"One.Test\" { algorithm hmac-sha256; secret \"YWJj\"; };\n" \
	"key two.test { algorithm hmac-sha512; secret \"YWJj\"; };\n"

static named_conf_t conf;
static char err[500];

static int read_view(const char *view, const char *text)
{
	char path[] = "/tmp/test-named-conf.XXXXXX";
	const int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	named_conf_deinit(&conf);
	err[0] = '\0';
	const int ret = named_conf_read(path, view, &conf, err, sizeof(err));
	unlink(path);
	return ret;
}

static void read_conf(const char *text)
{
	ck_assert_msg(read_view(NULL, text) == 0, "%s", err);
}

static void refused(const char *text, const char *why)
{
	ck_assert_int_eq(read_view(NULL, text), -1);
	ck_assert_msg(strstr(err, why) != NULL, "%s", err);
}

static void says(const char *what)
{
	for (size_t i = 0; i < conf.left_out.count; i++) {
		if (strstr(conf.left_out.lines[i], what) != NULL) {
			return;
		}
	}
	ck_abort_msg("'%s' is not said, of %zu", what, conf.left_out.count);
}

/* A list, as "+ADDRESS -ADDRESS +key KEY"; * is any address. */
static const char *text_of(const peers_list_t *list)
{
	static char text[1000];
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < list->count; i++) {
		const peers_peer_t *peer = &list->peers[i];
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%c%s%s%s", i > 0 ? " " : "",
		                         peer->deny ? '-' : '+', peer->address != NULL ? peer->address
		                         : peer->key != NULL ? "" : "*", peer->key != NULL ? "key " : "",
		                         peer->key != NULL ? peer->key : "");
	}
	return text;
}

/* Who may transfer a zone, as a list of allow-transfer says. */
static const char *takers(const char *list, const char *more)
{
	char text[4000];
	snprintf(text, sizeof(text), OPTIONS KEYS "%s\nzone a.test { type primary; file \"a\"; allow-transfer %s; };", more,
	         list);
	read_conf(text);
	ck_assert_uint_eq(conf.zone_count, 1);
	ck_assert_str_eq(conf.zones[0].why, "");
	return text_of(&conf.groups[conf.zones[0].to].peers.takers);
}

START_TEST(lists)
{
	ck_assert_str_eq(takers("{ 192.0.2.1/32; 2001:db8::/32; }", ""), "+192.0.2.1/32 +2001:db8::/32");
	ck_assert_str_eq(takers("{ !192.0.2.1; 192.0.2.0/24; key ONE.test; }", ""),
	                 "-192.0.2.1 +192.0.2.0/24 +key one.test.");
	ck_assert_str_eq(takers("{ any; }", ""), "+*");
	ck_assert_str_eq(takers("{ }", ""), "");
	ck_assert_str_eq(takers("{ 192.0.2.1; none; 192.0.2.2; }", ""), "+192.0.2.1");
	ck_assert_str_eq(takers("{ localhost; }", ""), "+127.0.0.1 +::1");
	ck_assert_str_eq(takers("{ us; ! them; { 192.0.2.3; }; }", "acl us { 192.0.2.1; }; acl \"them\" { 192.0.2.2; };"),
	                 "+192.0.2.1 -192.0.2.2 +192.0.2.3");
	/* What cannot be taken lets nobody in. */
	ck_assert_str_eq(takers("{ localnets; 192.0.2.1; key no.test; geoip country DE; }", ""), "+192.0.2.1");
	says("line 5: allow-transfer: \"localnets\" is left out");
	says("\"no.test\" is left out");
	says("\"geoip\" is left out");
	ck_assert_str_eq(takers("{ 192.0.2.1; !localnets; 192.0.2.2; }", ""), "+192.0.2.1");
	says("! \"localnets\" is left out, with all that follow");
	ck_assert_str_eq(takers("{ 192.0.2.1; !key no.test; any; }", ""), "+192.0.2.1");
	ck_assert_str_eq(takers("{ ! { !192.0.2.1; any; }; key two.test; }", ""), "");
	ck_assert_str_eq(takers("port 853 transport tls { any; }", ""), "");
	says("allow-transfer: is left out, as it is for a port or transport");
	ck_assert_str_eq(takers("{ loop; }", "acl loop { loop; };"), "");
}
END_TEST

/* A list that doubles at each level would never end. */
START_TEST(bombs)
{
	char more[2000] = "";
	size_t used = 0;
	for (int i = 0; i < 14; i++) {
		used += (size_t)snprintf(more + used, sizeof(more) - used, "acl l%d { l%d; l%d; l%d; l%d; };", i, i + 1, i + 1,
		                         i + 1, i + 1);
	}
	snprintf(more + used, sizeof(more) - used, "acl l14 { };");
	ck_assert_str_eq(takers("{ l0; }", more), "");
	says("is left out, with all that follow");
}
END_TEST

START_TEST(zones)
{
	read_conf(OPTIONS KEYS
	          "primaries far port 5300 { 192.0.2.1 key one.test; 2001:db8::1 port 54; near; };"
	          "masters near { 192.0.2.9; };"
	          "server 192.0.2.9/32 { keys \"two.test\"; };\n"
	          "zone B.test. IN { type secondary; primaries { far; }; allow-notify { 192.0.2.7; };"
	          "  also-notify port 5 { 192.0.2.8; 192.0.2.9 tls t; 192.0.2.10 key no.test; }; };"
	          "zone \"0/26.2.0.192.in-addr.arpa\" { type master; file \"a \\\"b\"; dnssec-policy default; };"
	          "zone \"a\\.b.test\" { type primary; file \"/x\"; key-directory \"k\"; dnssec-policy none; };"
	          "zone c.test CH { type primary; file \"c\"; }; zone . { type hint; file \"h\"; };"
	          "zone d.test { type primary; file \"d\"; update-policy local; };"
	          "zone e.test { type primary; file \"e\"; masterfile-format raw; };"
	          "zone f.test { type primary; database x; }; zone g.test { type secondary; file \"g\"; };"
	          "zone ..bad { type primary; file \"h\"; };");
	ck_assert_uint_eq(conf.zone_count, 7);
	const named_zone_t *zone = &conf.zones[0];
	ck_assert_str_eq(zone->name, "0/26.2.0.192.in-addr.arpa.");
	ck_assert_str_eq(zone->file, "/d/a \"b");
	ck_assert(zone->signs && zone->from == SIZE_MAX);
	zone = &conf.zones[1];
	ck_assert_str_eq(zone->name, "a\\.b.test.");
	ck_assert_str_eq(zone->file, "/x");
	ck_assert_str_eq(zone->key_dir, "/d/k");
	ck_assert(!zone->signs);
	zone = &conf.zones[2];
	ck_assert_str_eq(zone->name, "b.test.");
	ck_assert_ptr_null(zone->file);
	ck_assert_str_eq(text_of(&conf.groups[zone->from].peers.primaries),
	                 "+192.0.2.1@5300key one.test. +2001:db8::1@54 +192.0.2.9@5300key two.test.");
	ck_assert_str_eq(text_of(&conf.groups[zone->from].peers.notifiers), "+192.0.2.1 +2001:db8::1 +192.0.2.9 +192.0.2.7");
	ck_assert_str_eq(text_of(&conf.groups[zone->to].peers.notified), "+192.0.2.8@5");
	says("\"192.0.2.9\" is left out: it wants TLS");
	says("\"192.0.2.10\" is left out: its key is not there");
	says("zone ..bad: this is no domain name");
	static const char *const why[] = { "it takes DNS UPDATE", "named-compilezone", "from no file", "no primary" };
	for (size_t i = 0; i < 4; i++) {
		ck_assert_msg(strstr(conf.zones[3 + i].why, why[i]) != NULL, "%s: %s", conf.zones[3 + i].name,
		              conf.zones[3 + i].why);
	}
}
END_TEST

#define VIEWS KEYS "view in { zone a.test { type primary; file \"/in\"; allow-transfer { any; }; };" \
	" zone i.test { type primary; file \"/i\"; allow-transfer { any; }; }; };\n" \
	"view out { zone A.test { type primary; file \"/out\"; allow-transfer { any; }; }; };\n"

START_TEST(views)
{
	read_conf(VIEWS);
	ck_assert_uint_eq(conf.zone_count, 3);
	ck_assert_ptr_nonnull(strstr(conf.zones[0].why, "in views \"in\" and \"out\", and knotd has no views"));
	ck_assert_ptr_nonnull(strstr(conf.zones[1].why, "name one by --view"));
	ck_assert_str_eq(conf.zones[2].why, "");
	ck_assert_int_eq(read_view("out", VIEWS), 0);
	ck_assert_uint_eq(conf.zone_count, 1);
	ck_assert_str_eq(conf.zones[0].file, "/out");
	ck_assert_int_eq(read_view("none", VIEWS), -1);
	ck_assert_ptr_nonnull(strstr(err, "there is no view \"none\""));
}
END_TEST

START_TEST(bad)
{
	refused("zone a { type primary; file \"x\" };", ":1: there should be a semicolon");
	refused("zone a {\n type primary;", ":2: the text ends within braces");
	refused("a;\n};", ":2: a brace is closed");
	refused("a \"b\nc\";", ":1: a string has no end in its line");
	refused("a /* b", "a comment has no end");
	refused("options { directory \"/\"; };\ninclude \"x\";", ":2: it includes another file");
	char deep[200];
	memset(deep, '{', sizeof(deep));
	deep[0] = 'a';
	deep[sizeof(deep) - 1] = '\0';
	refused(deep, "more than 16 blocks in each other");
	read_conf("# nothing\n// at all\n/* or\nmore */;;\n");
	ck_assert_uint_eq(conf.zone_count, 0);
	ck_assert_int_eq(named_conf_read("/tmp/there-is-none.conf", NULL, &conf, err, sizeof(err)), -1);
}
END_TEST

START_TEST(keys)
{
	read_conf("key a { algorithm hmac-sha256; secret \"YWJj\"; }; key b { algorithm rot13; secret \"YWJj\"; };"
	          "key c { algorithm hmac-md5.sig-alg.reg.int; secret \"#\"; }; key d { }; key A. { algorithm hmac-sha1;"
	          " secret \"YWJj\"; };");
	ck_assert_uint_eq(conf.keys.key_count, 1);
	ck_assert_str_eq(conf.keys.keys[0].name, "a.");
	says("key b: Knot does not know its algorithm");
	says("key c: its secret is no Base64");
	says("key A.: there is another key of that name");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("named-conf");
	TCase *tc = tcase_create("named-conf");
	tcase_add_test(tc, lists);
	tcase_add_test(tc, bombs);
	tcase_add_test(tc, zones);
	tcase_add_test(tc, views);
	tcase_add_test(tc, bad);
	tcase_add_test(tc, keys);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
