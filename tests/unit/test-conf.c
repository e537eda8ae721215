/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <sys/stat.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "hsm-adapter/conf.h"
#include "hsm-adapter/pin.h"
#include "tests/unit/check-main.h"

static char dir[] = "/tmp/test-conf.XXXXXX";
static char path[64];

/*! Warnings of one reading, one below the other. */
typedef struct {
	char text[4096];
	int count;
} warnings_t;

static void collect(void *ctx, const char *text)
{
	warnings_t *warnings = ctx;
	size_t used = strlen(warnings->text);
	snprintf(warnings->text + used, sizeof(warnings->text) - used, "%s\n", text);
	warnings->count++;
}

static void write_file(const char *name, const char *text, size_t len, mode_t mode)
{
	FILE *file = fopen(name, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(name, mode), 0);
}

static int read_text(const char *text, hsm_conf_t *conf, warnings_t *warnings, hsm_error_t *err)
{
	write_file(path, text, strlen(text), 0600);
	return hsm_conf_read(path, conf, warnings != NULL ? collect : NULL, warnings, err);
}

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/conf.xml", dir);
}

static void remove_dir(void)
{
	unlink(path);
	rmdir(dir);
}

/* All of the grammar, children in an order that is not that of the examples. */
static const char WHOLE[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<Configuration>\n"
	" <Signer>\n"
	"  <SignerThreads>7</SignerThreads>\n"
	"  <NotifyCommand>/bin/true</NotifyCommand>\n"
	"  <WorkerThreads> 3 </WorkerThreads>\n"
	"  <Listener><Interface><Address>::1</Address><Port>53</Port></Interface></Listener>\n"
	"  <Privileges><User>ods</User></Privileges>\n"
	"  <PidFile>/p</PidFile><SocketFile>/s</SocketFile>\n"
	"  <WorkingDirectory>/w</WorkingDirectory>\n"
	" </Signer>\n"
	" <Enforcer>\n"
	"  <Privileges><Directory>/</Directory><Group>g</Group><User>u</User></Privileges>\n"
	"  <Datastore><MySQL><Host Port=\"3306\">h</Host><Database>d</Database>\n"
	"   <Username>u</Username><Password>p</Password></MySQL></Datastore>\n"
	"  <ManualKeyGeneration/>\n"
	"  <AutomaticKeyGenerationPeriod>P1Y</AutomaticKeyGenerationPeriod>\n"
	"  <RolloverNotification>P14D</RolloverNotification>\n"
	"  <DelegationSignerSubmitCommand>/a</DelegationSignerSubmitCommand>\n"
	"  <DelegationSignerRetractCommand>/b</DelegationSignerRetractCommand>\n"
	"  <PidFile>/p</PidFile><SocketFile>/s</SocketFile>\n"
	"  <WorkingDirectory>/w</WorkingDirectory><WorkerThreads>0</WorkerThreads>\n"
	" </Enforcer>\n"
	" <Common>\n"
	"  <ZoneListFile>/z</ZoneListFile><PolicyFile>/k</PolicyFile>\n"
	"  <Logging><Syslog><Facility>local0</Facility></Syslog><Verbosity>3</Verbosity>"
	"</Logging>\n"
	" </Common>\n"
	" <RepositoryList>\n"
	"  <Repository name=\"One\">\n"
	"   <AllowExtraction/><SkipPublicKey/><RequireBackup></RequireBackup>\n"
	"   <Capacity>255</Capacity><PIN>test&amp;:1234</PIN>\n"
	"   <TokenLabel>\n    Sun Metaslot  \n   </TokenLabel>\n"
	"   <Module>/usr/lib/libpkcs11.so</Module>\n"
	"  </Repository>\n"
	"  <!-- another -->\n"
	"  <Repository name=\"Two\"><Module>/m</Module><TokenLabel>two</TokenLabel>\n"
	"   <StartArguments>configdir='sql:/n'</StartArguments><Slot>0</Slot>\n"
	"   <Sessions>2</Sessions><PINFile>hsm-pin</PINFile></Repository>\n"
	"  <Repository name=\"Three\"><Module>/m</Module><TokenLabel>two</TokenLabel>\n"
	"   <StartArguments>configdir='sql:/n'</StartArguments><Slot>4294967295</Slot>\n"
	"   <UserType>0x80000001</UserType>\n"
	"   <PIN>3</PIN></Repository>\n"
	" </RepositoryList>\n"
	"</Configuration>\n";

START_TEST(whole_grammar)
{
	hsm_conf_t conf;
	hsm_error_t err;
	warnings_t warnings = { 0 };
	ck_assert_int_eq(read_text(WHOLE, &conf, &warnings, &err), HSM_EOK);

	ck_assert_uint_eq(conf.signer_threads, 7);
	ck_assert_uint_eq(conf.worker_threads, 3);
	ck_assert_uint_eq(conf.count, 3);

	const hsm_repository_t *one = hsm_conf_repository(&conf, "One");
	ck_assert_ptr_nonnull(one);
	ck_assert_str_eq(one->module, "/usr/lib/libpkcs11.so");
	ck_assert_str_eq(one->token_label, "Sun Metaslot");
	ck_assert_str_eq(one->pin, "test&:1234");
	ck_assert_ptr_null(one->pin_file);
	ck_assert_uint_eq(one->capacity, 255);
	ck_assert(one->require_backup && one->skip_public_key && one->allow_extraction);

	const hsm_repository_t *two = hsm_conf_repository(&conf, "Two");
	ck_assert_ptr_nonnull(two);
	ck_assert_ptr_null(two->pin);
	ck_assert_str_eq(two->pin_file, "hsm-pin");
	ck_assert_uint_eq(two->capacity, 0);
	ck_assert(!two->require_backup && !two->skip_public_key && !two->allow_extraction);
	ck_assert_ptr_null(hsm_conf_repository(&conf, "one"));
	ck_assert(!one->in_slot && one->arguments == NULL && one->sessions == 0);
	ck_assert(two->in_slot && two->slot == 0 && two->sessions == 2);
	ck_assert_str_eq(two->arguments, "configdir='sql:/n'");
	ck_assert_uint_eq(hsm_conf_repository(&conf, "Three")->slot, 4294967295);
	ck_assert(two->user_type == 0 && hsm_conf_repository(&conf, "Three")->user_type == 0x80000001);

	/* Knot has its own settings for six elements of <Signer>: each is named once. */
	ck_assert_int_eq(warnings.count, 6);
	ck_assert_ptr_nonnull(strstr(warnings.text, "conf.xml:5: <NotifyCommand> has no effect without <Output>"));
	ck_assert_ptr_nonnull(strstr(warnings.text, "conf.xml:7: <Listener> has no effect"));
	hsm_conf_deinit(&conf);
	ck_assert_uint_eq(conf.count, 0);
}
END_TEST

START_TEST(defaults)
{
	hsm_conf_t conf;
	hsm_error_t err;
	warnings_t warnings = { 0 };
	ck_assert_int_eq(read_text("<Configuration><RepositoryList/></Configuration>", &conf,
	                           &warnings, &err), HSM_EOK);
	ck_assert_uint_eq(conf.signer_threads, 4);
	ck_assert_uint_eq(conf.worker_threads, 4);
	ck_assert_uint_eq(conf.count, 0);
	ck_assert_int_eq(warnings.count, 0);
	hsm_conf_deinit(&conf);
}
END_TEST

#define LIST(text) "<Configuration>\n<RepositoryList>\n" text \
	"</RepositoryList>\n</Configuration>\n"
#define REPO(text) LIST("<Repository name=\"A\">\n" text "</Repository>\n")
#define FULL "<Module>/m</Module><TokenLabel>t</TokenLabel><PIN>1</PIN>"
/* With two tokens, A and B; the text begins on line 5. */
#define WITH_TWO(text) LIST("<Repository name=\"A\">" FULL "</Repository>\n<Repository name=\"B\">" \
	"<Module>/n</Module><TokenLabel>t</TokenLabel><PIN>1</PIN></Repository>\n" text)
#define REPLICAS(name, list) "<Repository name=\"" name "\">" list "</Repository>\n"
#define REPLICA(name) "<Replica>" name "</Replica>"

START_TEST(replicas)
{
	hsm_conf_t conf;
	hsm_error_t err = { 0 };
	warnings_t warnings = { 0 };
	ck_assert_msg(read_text(WITH_TWO(REPLICAS("C", REPLICA("A") REPLICA("B"))), &conf, &warnings,
	                        &err) == HSM_EOK, "%s", err.text);
	const hsm_repository_t *c = hsm_conf_repository(&conf, "C");
	ck_assert_uint_eq(c->replica_count, 2);
	ck_assert_str_eq(c->replicas[1], "B");
	ck_assert_ptr_null(c->replica_of);
	ck_assert_str_eq(hsm_conf_repository(&conf, "A")->replica_of, "C");
	ck_assert_int_eq(warnings.count, 0);
	hsm_conf_deinit(&conf);
}
END_TEST

/* Each: a file, and what its error has to name, beginning with the line. */
static const struct {
	const char *text;
	const char *error;
} WRONG[] = {
	{ "<Configuration>\n<RepositoryList>\n</Configuration>\n", ":3: not well-formed" },
	{ "<Configuration>\n<RepositoryList>\n", ":3: not well-formed" },
	{ "no xml", ":1: not well-formed" },
	{ "<KASP/>", ":1: this is a <KASP> file, a <Configuration>" },
	{ "<!DOCTYPE a>\n<Configuration/>", "DOCTYPE" },
	{ "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>\n<Configuration>&e;"
	  "</Configuration>", "DOCTYPE" },
	{ "\n<Configuration/>", ":2: <Configuration> has no <RepositoryList>" },
	{ LIST("<Repository>\n" FULL "</Repository>"),
	  ":3: <Repository> has no attribute \"name\"" },
	{ LIST("<Repository name=\" \"/>"), ":3: the attribute \"name\" of <Repository> is empty" },
	{ REPO("<TokenLabel>t</TokenLabel>\n"), ":3: <Repository> has no <Module>" },
	{ REPO("<Module>/m</Module>\n"), ":3: <Repository> has no <TokenLabel>" },
	{ REPO("<Folder>keys</Folder>\n"), ":4: <Folder> has to be an absolute path" },
	{ REPO("<Folder>/k</Folder><Module>/m</Module>\n"), "has <Folder> and <Module>" },
	{ REPO("<Module>/m</Module><Folder>/k</Folder>\n"), "has <Module> and <Folder>" },
	{ REPO("<Folder>/k</Folder><TokenLabel>t</TokenLabel>\n"), "and <TokenLabel>, which is for" },
	{ REPO("<Folder>/k</Folder><Slot>1</Slot>\n"), "and <Slot>, which is for tokens" },
	{ LIST("<Repository name=\"A\"><Folder>/k</Folder></Repository>\n<Repository name=\"B\">"
	       "<Folder>/k</Folder></Repository>\n"), "is the same token as" },
	{ REPO("<Module/>\n"), ":4: the text of <Module> is empty" },
	{ REPO("<Module><A/></Module>\n"), ":4: <Module> has to hold text" },
	{ REPO("\n<TokenLabel>123456789012345678901234567890123</TokenLabel>"),
	  ":5: <TokenLabel> is longer than 32" },
	{ REPO("<PIN/>\n"), ":4: the text of <PIN> is empty" },
	{ REPO("\n<PIN>12&34</PIN>"), ":5: not well-formed XML: write '&' as &amp;" },
	{ REPO("\n<PIN>12&x;34</PIN>"), ":5: not well-formed XML: write '&' as &amp;" },
	/* No piece of it is quoted. */
	{ REPO("\n<PIN>12<s34</PIN>"), ":5: not well-formed XML" },
	{ REPO("\n<PIN>12<s34>5</PIN>"), ":5: not well-formed XML: this end tag is not" },
	{ REPO("\n<PIN>12<s34/>5</PIN>"), ":5: <PIN> has to hold text" },
	{ REPO("\n<PIN>12<34</PIN>"), ":5: not well-formed XML" },
	{ REPO("\n<PIN>12</s34></PIN>"), ":5: not well-formed XML" },
	{ REPO("\n<PIN>12<s34 s34=5/></PIN>"), ":5: not well-formed XML" },
	{ REPO("\n<PIN>12<!-- s34 -- s34 --></PIN>"), ":5: not well-formed XML: '--' in a comment" },
	{ REPO("\n<PIN>12<?s34 5</PIN>"), ": not well-formed XML" },
	{ REPO("\n<PIN>12<!s34 5</PIN>"), ": not well-formed XML" },
	{ REPO(FULL "\n<PIN>2</PIN>"), ":5: a second <PIN>" },
	{ REPO(FULL "<PINFile>/a</PINFile>"), ":3: repository \"A\" has a <PIN> and a <PINFile>" },
	{ REPO(FULL "<PINVariable>A</PINVariable>"), ":3: repository \"A\" has a <PIN> and a <PINVariable>" },
	{ REPO("<Module>/m</Module><TokenLabel>t</TokenLabel>\n<PINVariable>A</PINVariable>"
	       "<PINFile>/a</PINFile>"), ":3: repository \"A\" has a <PINFile> and a <PINVariable>" },
	{ REPO("\n<PINVariable>A=B</PINVariable>"), ":5: <PINVariable> has to be the name" },
	{ REPO("\n<PINVariable>3A</PINVariable>"), ":5: <PINVariable> has to be the name" },
	{ REPO("\n<PINFile>../a</PINFile>"), ":5: <PINFile> has to be an absolute path" },
	{ REPO("\n<PINFile>.a</PINFile>"), ":5: <PINFile> has to be an absolute path" },
	{ REPO(FULL "\n<Capacity>0</Capacity>"), ":5: \"0\" in <Capacity> is not a number from 1" },
	{ REPO(FULL "\n<Capacity>-1</Capacity>"), ":5: \"-1\" in <Capacity>" },
	{ REPO(FULL "\n<Capacity>99999999999999999999999</Capacity>"), ":5: \"9999" },
	{ REPO(FULL "\n<Capacity>many</Capacity>"), ":5: \"many\" in <Capacity>" },
	{ REPO(FULL "\n<RequireBackup>false</RequireBackup>"), ":5: write <RequireBackup/>" },
	{ REPO(FULL "\n<SkipPublicKey><No/></SkipPublicKey>"), ":5: write <SkipPublicKey/>" },
	{ LIST("<Repository name=\"A\">" FULL "</Repository>\n<Repository name=\"A\"><Module>/n"
	  "</Module><TokenLabel>u</TokenLabel><PIN>1</PIN></Repository>"),
	  ":4: a second repository" },
	{ LIST("<Repository name=\"A\">" FULL "</Repository>\n<Repository name=\"B\">" FULL
	  "</Repository>"), ":4: repository \"B\" is the same token as \"A\"" },
	{ LIST("<Repository name=\"A\">" FULL "<Slot>1</Slot></Repository>\n"
	  "<Repository name=\"B\">" FULL "</Repository>"), ":4: repository \"B\" is the same" },
	{ LIST("<Repository name=\"A\">" FULL "<Slot>1</Slot></Repository>\n<Repository name=\"B\">"
	  FULL "<Slot>2</Slot><StartArguments>x</StartArguments></Repository>"),
	  ":4: repository \"B\" has other <StartArguments> than \"A\"" },
	{ WITH_TWO(REPLICAS("C", REPLICA("A"))), ":5: repository \"C\" has one <Replica>" },
	{ WITH_TWO(REPLICAS("C", REPLICA("A") REPLICA("D"))),
	  ":5: repository \"C\" has the replica \"D\", but above it there is no" },
	{ WITH_TWO(REPLICAS("C", REPLICA("A") REPLICA("A"))),
	  ":5: repository \"C\" has the replica \"A\" twice" },
	{ WITH_TWO(REPLICAS("C", REPLICA("A") REPLICA("B") "<PIN>1</PIN>")),
	  ":5: repository \"C\" has <Replica> and <PIN>" },
	{ WITH_TWO(REPLICAS("C", REPLICA("A") REPLICA("B")) REPLICAS("D", REPLICA("B") REPLICA("A"))),
	  ":6: repository \"D\" has the replica \"B\", which is one of \"C\" already" },
	{ WITH_TWO(REPLICAS("C", REPLICA("A") REPLICA("B")) REPLICAS("D", REPLICA("C") REPLICA("A"))),
	  ":6: repository \"D\" has the replica \"C\", which has replicas itself" },
	{ REPO(FULL "\n<StartArguments/>"), ":5: the text of <StartArguments> is empty" },
	{ REPO(FULL "\n<Slot>one</Slot>"), ":5: \"one\" in <Slot>" },
	{ REPO(FULL "\n<Slot>4294967296</Slot>"), ":5: \"4294967296\" in <Slot>" },
	{ REPO(FULL "\n<UserType>0</UserType>"), ":5: \"0\" in <UserType> is not a number from 1 to 0xffffffff" },
	{ REPO(FULL "\n<UserType>0x</UserType>"), ":5: \"0x\" in <UserType>" },
	{ REPO(FULL "\n<UserType>0x-1</UserType>"), ":5: \"0x-1\" in <UserType>" },
	{ REPO(FULL "\n<UserType>80000001f</UserType>"), ":5: \"80000001f\" in <UserType>" },
	{ REPO(FULL "\n<UserType>0x100000000</UserType>"), ":5: \"0x100000000\" in <UserType>" },
	{ REPO(FULL "\n<UserType>CO</UserType>"), ":5: \"CO\" in <UserType>" },
	{ REPO("<Folder>/k</Folder><UserType>2</UserType>\n"), "and <UserType>, which is for tokens" },
	{ LIST("<Repository name=\"A\">" FULL "</Repository>\n<Repository name=\"B\">" FULL
	  "<UserType>2</UserType></Repository>"), ":4: repository \"B\" is the same token as \"A\"" },
	{ REPO(FULL "\n<Sessions>1</Sessions>"), ":5: \"1\" in <Sessions> is not a number from 2" },
	{ "<Configuration>\n<RepositoryList/>\n<RepositoryList/></Configuration>",
	  ":3: a second <RepositoryList>" },
	{ "<Configuration><RepositoryList/><Signer>\n<SignerThreads>0</SignerThreads></Signer>"
	  "</Configuration>", ":2: \"0\" in <SignerThreads>" },
	{ "<Configuration><RepositoryList/><Signer>\n<WorkerThreads>1025</WorkerThreads></Signer>"
	  "</Configuration>", ":2: \"1025\" in <WorkerThreads>" },
};

START_TEST(wrong_file)
{
	hsm_conf_t conf = { .count = 17 };
	hsm_error_t err = { 0 };
	warnings_t warnings = { 0 };
	ck_assert_int_eq(read_text(WRONG[_i].text, &conf, &warnings, &err), HSM_ECONF);
	ck_assert_msg(strncmp(err.text, path, strlen(path)) == 0 &&
	              strstr(err.text, WRONG[_i].error) != NULL,
	              "\"%s\" instead of \"%s\"", err.text, WRONG[_i].error);
	ck_assert_ptr_null(strchr(err.text, '\n'));
	ck_assert_ptr_null(strstr(err.text, "34"));
	ck_assert_uint_eq(conf.count, 17);
}
END_TEST

START_TEST(unknown_elements)
{
	hsm_conf_t conf;
	hsm_error_t err;
	warnings_t warnings = { 0 };
	ck_assert_int_eq(read_text("<Configuration>\n<New/>\n<RepositoryList>\n"
	                           "<Repository name=\"A\">" FULL "\n<Pin/></Repository>\n"
	                           "</RepositoryList>\n<Common>\n<Logging><Color/></Logging>\n"
	                           "<PolicyFile>/a<b/></PolicyFile></Common>\n"
	                           "<Signer>stray\n</Signer></Configuration>\n",
	                           &conf, &warnings, &err), HSM_EOK);
	static const char *EXPECTED[] = {
		":2: unknown element <New> in <Configuration>",
		":5: unknown element <Pin> in <Repository>",
		":8: unknown element <Color> in <Logging>",
		":9: unknown element <b> in <PolicyFile>",
		":10: text between the elements of <Signer>"
	};
	for (size_t i = 0; i < sizeof(EXPECTED) / sizeof(EXPECTED[0]); i++) {
		ck_assert_msg(strstr(warnings.text, EXPECTED[i]) != NULL, "no \"%s\" in:\n%s",
		              EXPECTED[i], warnings.text);
	}
	ck_assert_int_eq(warnings.count, 5);
	hsm_conf_deinit(&conf);

	/* The callback for warnings may be NULL. */
	ck_assert_int_eq(hsm_conf_read(path, &conf, NULL, NULL, NULL), HSM_EOK);
	hsm_conf_deinit(&conf);
}
END_TEST

/* libxml2 alone takes minutes for these; and they may stand where they are no comment. */
START_TEST(many_hyphens)
{
	enum { SIZE = 3 * 1024 * 1024 };
	static const char begin[] = "<Configuration>\n<!-- ", end[] = " -->\n</Configuration>";
	hsm_conf_t conf;
	hsm_error_t err;
	char *text = malloc(SIZE + 100);
	strcpy(text, begin);
	memset(text + strlen(begin), '-', SIZE);
	strcpy(text + strlen(begin) + SIZE, end);
	const time_t before = time(NULL);
	ck_assert_int_eq(read_text(text, &conf, NULL, &err), HSM_ECONF);
	ck_assert_msg(strstr(err.text, ":2: not well-formed XML: '--' in a comment"), "%s", err.text);
	ck_assert_int_le(time(NULL) - before, 2);
	free(text);
	ck_assert_int_eq(read_text("<?a <!-- -- ?><Configuration><!-- <![CDATA[ --><RepositoryList/>"
	                           "<![CDATA[<!-- -- ]]><!----></Configuration>", &conf, NULL,
	                           &err), HSM_EOK);
	hsm_conf_deinit(&conf);
}
END_TEST

START_TEST(unreadable_file)
{
	hsm_conf_t conf;
	hsm_error_t err;
	unlink(path);
	ck_assert_int_eq(hsm_conf_read(path, &conf, NULL, NULL, &err), HSM_ECONF);
	ck_assert_ptr_nonnull(strstr(err.text, "conf.xml: cannot open: No such file"));

	ck_assert_int_eq(hsm_conf_read(dir, &conf, NULL, NULL, &err), HSM_ECONF);
	ck_assert_ptr_nonnull(strstr(err.text, "not a file"));

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(hsm_conf_read(path, &conf, NULL, NULL, &err), HSM_ECONF);
	ck_assert_ptr_nonnull(strstr(err.text, "not a file"));
	unlink(path);

	write_file(path, "", 0, 0600);
	ck_assert_int_eq(hsm_conf_read(path, &conf, NULL, NULL, &err), HSM_ECONF);
	ck_assert_ptr_nonnull(strstr(err.text, "empty"));
	ck_assert_int_eq(truncate(path, 16 * 1024 * 1024 + 1), 0);
	ck_assert_int_eq(hsm_conf_read(path, &conf, NULL, NULL, &err), HSM_ECONF);
	ck_assert_ptr_nonnull(strstr(err.text, "4 MiB"));
}
END_TEST

START_TEST(exposed_pin)
{
	char pin[64], text[512];
	snprintf(pin, sizeof(pin), "%s/pin", dir);
	write_file(pin, "1234\n", 5, 0644);
	snprintf(text, sizeof(text), REPO("<Module>/m</Module><TokenLabel>t</TokenLabel>\n"
	                                  "<PINFile>%s</PINFile>"), pin);

	hsm_conf_t conf;
	hsm_error_t err;
	warnings_t warnings = { 0 };
	ck_assert_int_eq(read_text(text, &conf, &warnings, &err), HSM_EOK);
	ck_assert_int_eq(warnings.count, 1);
	ck_assert_ptr_nonnull(strstr(warnings.text, ":5: everybody can read the PIN in /tmp"));
	hsm_conf_deinit(&conf);

	ck_assert_int_eq(chmod(pin, 0600), 0);
	warnings = (warnings_t){ 0 };
	ck_assert_int_eq(read_text(text, &conf, &warnings, &err), HSM_EOK);
	ck_assert_int_eq(warnings.count, 0);
	hsm_conf_deinit(&conf);
	unlink(pin);

	write_file(path, REPO(FULL), strlen(REPO(FULL)), 0644);
	ck_assert_int_eq(hsm_conf_read(path, &conf, collect, &warnings, &err), HSM_ECONF);
	ck_assert_ptr_nonnull(strstr(err.text, ":4: everybody can read this file"));
}
END_TEST

/* \return Whether conf.xml is read, if it belongs to such a user and group and has such a mode. */
static bool believed(uid_t user, gid_t group, mode_t mode, const char *why)
{
	hsm_conf_t conf;
	hsm_error_t err;
	write_file(path, REPO(FULL), strlen(REPO(FULL)), 0600);
	ck_assert_int_eq(chown(path, user, group), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
	if (hsm_conf_read(path, &conf, NULL, NULL, &err) == HSM_EOK) {
		hsm_conf_deinit(&conf);
		return true;
	}
	ck_assert_msg(why != NULL && strstr(err.text, why) != NULL, "%s", err.text);
	ck_assert_ptr_nonnull(strstr(err.text, path));
	return false;
}

START_TEST(untrusted_file)
{
	const uid_t me = geteuid();
	ck_assert(!believed(me, -1, 0602, "everybody can write to it"));
	ck_assert(believed(me, getegid(), 0660, NULL));
	if (me != 0) {
		return;
	}
	ck_assert(!believed(65534, -1, 0600, "neither root nor this process's"));
	ck_assert(!believed(0, 65534, 0620, "a group that is not this process's can write"));
	ck_assert(believed(0, 65534, 0640, NULL));
}
END_TEST

START_TEST(pin_sources)
{
	char name[64];
	snprintf(name, sizeof(name), "%s/pin", dir);
	write_file(name, "12 34\r\nrest", 11, 0600);
	hsm_repository_t repository = { .name = (char *)"A", .pin_file = name };
	hsm_pin_t pin;
	hsm_error_t err;

	ck_assert_int_eq(hsm_pin_read(&repository, &pin, &err), HSM_EOK);
	ck_assert(pin.given);
	ck_assert_uint_eq(pin.len, 5);
	ck_assert_str_eq(pin.text, "12 34");
	hsm_pin_wipe(&pin);
	ck_assert_ptr_null(pin.text);

	/* A systemd credential: a file in $CREDENTIALS_DIRECTORY. */
	repository.pin_file = (char *)"pin";
	unsetenv("CREDENTIALS_DIRECTORY");
	ck_assert_int_eq(hsm_pin_read(&repository, &pin, &err), HSM_EPIN);
	ck_assert_ptr_nonnull(strstr(err.text, "LoadCredential="));
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	ck_assert_int_eq(hsm_pin_read(&repository, &pin, &err), HSM_EOK);
	ck_assert_uint_eq(pin.len, 5);

	char longer[HSM_PIN_MAX + 10];
	memset(longer, '1', sizeof(longer));
	write_file(name, longer, sizeof(longer), 0600);
	ck_assert_int_eq(hsm_pin_read(&repository, &pin, &err), HSM_EPIN);
	ck_assert_ptr_nonnull(strstr(err.text, "too long"));

	write_file(name, "\n1234\n", 6, 0600);
	ck_assert_int_eq(hsm_pin_read(&repository, &pin, &err), HSM_EPIN);
	ck_assert_ptr_nonnull(strstr(err.text, "empty"));

	static const struct {
		mode_t mode;
		const char *why;
	} modes[] = {
		{ 0604, "everybody can read it; do chmod o-r" },
		{ 0602, "everybody can write to it" },
	};
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_file(name, "1234\n", 5, modes[i].mode);
		ck_assert_int_eq(hsm_pin_read(&repository, &pin, &err), HSM_EPIN);
		ck_assert_ptr_nonnull(strstr(err.text, modes[i].why));
	}

	unlink(name);
	ck_assert_int_eq(hsm_pin_read(&repository, &pin, &err), HSM_EPIN);
	ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
	unsetenv("CREDENTIALS_DIRECTORY");
}
END_TEST

/* The value leaves the environment that all see, when conf.xml is read; and stays to be had. */
START_TEST(pin_variable)
{
	static const char TEXT[] = REPO("<Module>/m</Module><TokenLabel>t</TokenLabel>"
	                                "<PINVariable>TEST_CONF_PIN</PINVariable>");
	char longer[HSM_PIN_MAX + 10], entry[] = "TEST_CONF_PIN=12 34";
	hsm_conf_t conf;
	hsm_error_t err;
	hsm_pin_t pin;
	warnings_t warnings = { 0 };
	unsetenv("TEST_CONF_PIN");
	ck_assert_int_eq(read_text(TEXT, &conf, &warnings, &err), HSM_EOK);
	ck_assert(!conf.repositories[0].asked);
	ck_assert_int_eq(hsm_pin_read(&conf.repositories[0], &pin, &err), HSM_EPIN);
	ck_assert_ptr_nonnull(strstr(err.text, "<PINVariable> TEST_CONF_PIN: the variable is not set"));
	hsm_conf_deinit(&conf);

	ck_assert_int_eq(putenv(entry), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(read_text(TEXT, &conf, &warnings, &err), HSM_EOK);
		ck_assert_ptr_null(getenv("TEST_CONF_PIN"));
		ck_assert_mem_eq(entry, "TEST_CONF_PIN=\0\0\0\0\0", sizeof(entry));
		ck_assert_int_eq(hsm_pin_read(&conf.repositories[0], &pin, &err), HSM_EOK);
		ck_assert_str_eq(pin.text, "12 34");
		ck_assert_uint_eq(pin.len, 5);
		hsm_pin_wipe(&pin);
		hsm_conf_deinit(&conf);
	}
	ck_assert_int_eq(warnings.count, 0);

	/* One of another name is not meant. */
	hsm_repository_t repository = { .name = (char *)"A", .pin_variable = (char *)"TEST_CONF_PI" };
	ck_assert_int_eq(hsm_pin_read(&repository, &pin, &err), HSM_EPIN);
	memset(longer, '1', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	setenv("TEST_CONF_PI", longer, 1);
	ck_assert_int_eq(hsm_pin_read(&repository, &pin, &err), HSM_EPIN);
	ck_assert_ptr_nonnull(strstr(err.text, "more than 256 bytes"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("conf.xml");
	TCase *tc = tcase_create("conf.xml");
	tcase_add_unchecked_fixture(tc, make_dir, remove_dir);
	tcase_add_test(tc, whole_grammar);
	tcase_add_test(tc, defaults);
	tcase_add_test(tc, replicas);
	tcase_add_loop_test(tc, wrong_file, 0, sizeof(WRONG) / sizeof(WRONG[0]));
	tcase_add_test(tc, unknown_elements);
	tcase_add_test(tc, many_hyphens);
	tcase_add_test(tc, unreadable_file);
	tcase_add_test(tc, exposed_pin);
	tcase_add_test(tc, untrusted_file);
	tcase_add_test(tc, pin_sources);
	tcase_add_test(tc, pin_variable);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
