/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! The tool ods-hsm, as its user sees it. */

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <errno.h>
#include <pty.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <check.h>
#include <gnutls/gnutls.h>

#include "tests/unit/check-main.h"
#include "tests/unit/test-hsm-token.h"

static char conf[] = "/tmp/test-hsm-tool.XXXXXX";
static char output[16384];

/*! Runs the tool; its output and errors are in output. \return Its exit status. */
static int run(const char *args)
{
	char command[1024];
	snprintf(command, sizeof(command), "./ods-hsm %s 2>&1", args);
	FILE *pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	size_t len = fread(output, 1, sizeof(output) - 1, pipe);
	output[len] = '\0';
	int status = pclose(pipe);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/*! The same, with the test's conf.xml. */
static int run_conf(const char *args)
{
	char all[512];
	snprintf(all, sizeof(all), "-c %s %s", conf, args);
	return run(all);
}

/*! Starts it as run(), where the system refuses keyctl(). */
static int run_refused(const char *args)
{
	char command[1024];
	snprintf(command, sizeof(command), "exec ./ods-hsm %s > %s.out 2>&1", args, conf);
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_keyctl, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };
	const pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
			_exit(126);
		}
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	snprintf(command, sizeof(command), "%s.out", conf);
	FILE *file = fopen(command, "r");
	ck_assert_ptr_nonnull(file);
	output[fread(output, 1, sizeof(output) - 1, file)] = '\0';
	fclose(file);
	ck_assert_int_eq(unlink(command), 0);
	return WEXITSTATUS(status);
}

/*! The same, at a terminal at which that is typed, with a conf.xml, when the tool says a word (NULL: at once). */
static int run_typing_to(const char *file, const char *args, const char *word, const char *typed)
{
	char command[1024];
	snprintf(command, sizeof(command), "exec ./ods-hsm -c %s %s", file, args);
	int terminal;
	pid_t child = forkpty(&terminal, NULL, NULL, NULL);
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	size_t len = 0;
	ssize_t got = 0; /* An error means that the tool has closed the terminal. */
	output[0] = '\0';
	while (word != NULL && strstr(output, word) == NULL &&
	       (got = read(terminal, output + len, sizeof(output) - 1 - len)) > 0) {
		output[len += (size_t)got] = '\0';
	}
	ck_assert_int_eq(write(terminal, typed, strlen(typed)), (ssize_t)strlen(typed));
	while ((got = read(terminal, output + len, sizeof(output) - 1 - len)) > 0) {
		len += (size_t)got;
	}
	output[len] = '\0';
	struct termios left;
	ck_assert_int_eq(tcgetattr(terminal, &left), 0);
	ck_assert((left.c_lflag & ECHO) != 0 && (left.c_lflag & ISIG) != 0);
	close(terminal);
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int run_typing(const char *args, const char *typed)
{
	return run_typing_to(conf, args, NULL, typed);
}

#define ASSERT_RUN(call, status, words) do { \
	int status_ = (call); \
	ck_assert_msg(status_ == (status) && strstr(output, (words)) != NULL, \
	              "exit %d instead of %d, or no \"%s\" in:\n%s", status_, (status), (words), \
	              output); \
} while (0)

static void setup(void)
{
	test_tokens_make();
	int fd = mkstemp(conf);
	ck_assert_int_ge(fd, 0);
	FILE *file = fdopen(fd, "w");
	fprintf(file, "<Configuration><RepositoryList>\n");
	for (int i = 0; i < 2; i++) {
		fprintf(file, "<Repository name=\"%s\"><Module>%s</Module>"
		        "<TokenLabel>%s</TokenLabel><PIN>" TEST_PIN "</PIN>"
		        "<Capacity>2</Capacity><AllowExtraction/>%s</Repository>\n",
		        i == 0 ? "First" : "Second", test_softhsm(), i == 0 ? "one" : "two",
		        i == 0 ? "" : "<Sessions>5</Sessions><UserType>1</UserType>");
	}
	fprintf(file, "<Repository name=\"Both\"><Replica>First</Replica><Replica>Second</Replica>"
	        "</Repository></RepositoryList><Enforcer><SocketFile>%s.sock</SocketFile></Enforcer>"
	        "</Configuration>\n", conf);
	fclose(file);

	char suppressions[64], options[128];
	snprintf(suppressions, sizeof(suppressions), "%s.lsan", conf);
	snprintf(options, sizeof(options), "suppressions=%s:print_suppressions=0", suppressions);
	file = fopen(suppressions, "w");
	fprintf(file, "leak:libcrypto\n");
	fclose(file);
	setenv("LSAN_OPTIONS", options, 1);
}

static void teardown(void)
{
	char suppressions[64];
	snprintf(suppressions, sizeof(suppressions), "%s.lsan", conf);
	unlink(suppressions);
	unlink(conf);
	test_tokens_remove();
}

START_TEST(usage)
{
	static const char *const NAMES[] = {
		"list", "generate", "remove", "purge", "import", "export", "test", "speed", "compare", "--force", "info", "login", "logout", "init", "--config", "--yes",
		"--version", "--help", "ED448", "Exit status"
	};
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		ASSERT_RUN(run("--help"), 0, NAMES[i]);
	}
	ASSERT_RUN(run("-V"), 0, "ods-hsm (");
	ASSERT_RUN(run(""), 2, "no command");
	ASSERT_RUN(run("lost"), 2, "unknown command \"lost\"");
	ASSERT_RUN(run("--lost"), 2, "--help");
	ASSERT_RUN(run("list a b"), 2, "Usage: ods-hsm list");
	ASSERT_RUN(run("remove a"), 2, "Usage: ods-hsm remove");
	ASSERT_RUN(run("-c /nonexistent/conf.xml list"), 1, "/nonexistent/conf.xml");
	ASSERT_RUN(run_conf("generate First RSASHA1"), 2, "RSASHA256");
	ASSERT_RUN(run_conf("generate First 8 2k"), 2, "2k");
	ASSERT_RUN(run_conf("generate First 13 384"), 2, "256 bits");
	ASSERT_RUN(run_conf("list Third"), 1, "\"Third\"");
	ASSERT_RUN(run_conf("test Third"), 1, "\"Third\"");
}
END_TEST

START_TEST(keys)
{
	char id[64], args[128];
	ck_assert_int_eq(run_conf("generate First ecdsap256sha256"), 0);
	ck_assert_uint_eq(strlen(output), 33);
	snprintf(id, sizeof(id), "%.32s", output);
	ck_assert_int_eq(run_conf("generate Second 8 1024"), 0);

	ASSERT_RUN(run_conf("list"), 0, id);
	ck_assert_ptr_nonnull(strstr(output, "ECDSA  256"));
	ck_assert_ptr_nonnull(strstr(output, "RSA    1024"));
	ASSERT_RUN(run_conf("list Second"), 0, "RSA    1024");
	ck_assert_ptr_null(strstr(output, id));
	ASSERT_RUN(run_conf("info First"), 0, "1 of 2");

	snprintf(args, sizeof(args), "remove -y First %s", id);
	ASSERT_RUN(run_conf(args), 1, "nobody can tell whether a zone needs the key: the engine does");
	snprintf(args, sizeof(args), "remove -f First %s < /dev/null", id);
	ASSERT_RUN(run_conf(args), 1, "no terminal");
	snprintf(args, sizeof(args), "remove -f First %s", id);
	ASSERT_RUN(run_typing(args, "\n"), 1, "nothing is done");
	ASSERT_RUN(run_typing(args, "yesno\n"), 1, "It cannot be restored. [y/N]");
	snprintf(args, sizeof(args), "remove Second %s -yf", id);
	ASSERT_RUN(run_conf(args), 1, "no key has the CKA_ID");
	ASSERT_RUN(run_conf("list"), 0, id);
	snprintf(args, sizeof(args), "remove --yes --force First %s", id);
	ASSERT_RUN(run_conf(args), 0, "");
	ck_assert_int_eq(run_conf("list"), 0);
	ck_assert_ptr_null(strstr(output, id));

	static const char *const answers[] = { "y\n", "Yes\n" };
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(run_conf("generate First 13"), 0);
		snprintf(args, sizeof(args), "remove -f First %.32s", output);
		ASSERT_RUN(run_typing(args, answers[i]), 0, "[y/N]");
		ASSERT_RUN(run_conf("info First"), 0, "0 of 2");
	}
}
END_TEST

START_TEST(trial)
{
	static const char *const NAMES[] = {
		"RSASHA256        ok", "RSASHA512        ok", "ECDSAP256SHA256  ok",
		"ECDSAP384SHA384  ok", "ED25519          ok", "ED448            ok"
	};
	int status = run_conf("test First");
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		ASSERT_RUN(status, 0, NAMES[i]);
	}
	ck_assert_ptr_nonnull(strstr(output, "signatures/s"));
	ASSERT_RUN(run_conf("info First"), 0, "0 of 2");
}
END_TEST

START_TEST(speed)
{
	ASSERT_RUN(run_conf("speed Third"), 1, "\"Third\"");
	ASSERT_RUN(run_conf("speed First RSASHA1"), 2, "there are");
	ASSERT_RUN(run_conf("speed Both"), 1, "has replicas; name one of these");
	ASSERT_RUN(run_conf("speed First"), 0, "repository \"First\": set <SignerThreads> to ");
	ck_assert_msg(strstr(output, "\n       1 ") != NULL && strstr(output, "\n       2 ") != NULL &&
	              strstr(output, "\n       4 ") != NULL, "%s", output);
	/* Five sessions, one of which looks after the keys. */
	ASSERT_RUN(run_conf("speed Second 8"), 0, "repository \"Second\": set <SignerThreads> to ");
	ck_assert_ptr_null(strstr(output, "\n       8 "));
	ck_assert_msg(strstr(output, "; <Sessions> ") != NULL, "%s", output);
	ASSERT_RUN(run_typing_to(conf, "speed First", "\n       1 ", "\003"), 1, "interrupted");
	ck_assert_ptr_null(strstr(output, "SignerThreads"));
	ASSERT_RUN(run_conf("info First"), 0, "0 of 2");
	ASSERT_RUN(run_conf("info Second"), 0, "0 of 2");
}
END_TEST

/* A PIN, or a passphrase, in a file. */
static void write_pin(const char *pin)
{
	char path[64];
	snprintf(path, sizeof(path), "%s.so", conf);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "%s\n", pin);
	fclose(file);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

/*! Made by "openssl genpkey -algorithm ed25519"; SoftHSM does not let one out. */
static const char ED25519_PEM[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIClkWttJOyd7yhaVFZhUKEwBqoIvEHGgh094VuTXCEDe\n"
	"-----END PRIVATE KEY-----\n";

/*! A key of each algorithm leaves one token for another, and signs there. */
START_TEST(transfer)
{
	static const char *const ALGORITHMS[] = { "8", "13", "14" };
	char pem[64], id[64], args[256];
	snprintf(pem, sizeof(pem), "%s.pem", conf);
	write_pin("a long passphrase");
	for (size_t i = 0; i < 3; i++) {
		snprintf(args, sizeof(args), "generate First %s", ALGORITHMS[i]);
		ASSERT_RUN(run_conf(args), 0, "");
		snprintf(id, sizeof(id), "%.32s", output);
		ASSERT_RUN(run_conf("compare"), 1, "1 keys, 2 replicas; 1 keys are not alike");
		ck_assert_ptr_nonnull(strstr(output, "Second: repository \"Second\": no private key"));
		snprintf(args, sizeof(args), "export First %s %s %s.so", id, pem, conf);
		ASSERT_RUN(run_conf(args), 0, "");
		ASSERT_RUN(run_conf(args), 1, "File exists");
		snprintf(args, sizeof(args), "import Second %s %s %s.so %s", ALGORITHMS[i], pem, conf, id);
		ASSERT_RUN(run_conf(args), 0, id);
		ASSERT_RUN(run_conf(args), 1, "has a key of CKA_ID");
		ASSERT_RUN(run_conf("compare Both"), 0, "1 keys, 2 replicas; 0 keys are not alike");
		snprintf(args, sizeof(args), "remove -fy Both %s", id);
		ASSERT_RUN(run_conf(args), 0, "");
		ASSERT_RUN(run_conf("compare Both"), 0, "0 keys");
		snprintf(args, sizeof(args), "import Second %s %s %s.so", i == 0 ? "13" : "8", pem, conf);
		ASSERT_RUN(run_conf(args), 1, "not one for algorithm");
		if (i < 2) {
			ck_assert_int_eq(unlink(pem), 0);
		}
	}
	/* A CKA_ID that a key of another kind has: some tokens would write over that. */
	snprintf(args, sizeof(args), "generate Second 13");
	ASSERT_RUN(run_conf(args), 0, "");
	snprintf(id, sizeof(id), "%.32s", output);
	snprintf(args, sizeof(args), "import Second 14 %s %s.so %s", pem, conf, id);
	ASSERT_RUN(run_conf(args), 1, "has a key of CKA_ID");
	snprintf(args, sizeof(args), "remove -fy Second %s", id);
	ASSERT_RUN(run_conf(args), 0, "");
	write_pin("another");
	snprintf(args, sizeof(args), "import Second 14 %s %s.so", pem, conf);
	ASSERT_RUN(run_conf(args), 1, "another passphrase");
	snprintf(args, sizeof(args), "import Second 15 %s.so %s.so", conf, conf);
	ASSERT_RUN(run_conf(args), 1, "no private key in PEM");

	FILE *file = fopen(pem, "w");
	ck_assert_ptr_nonnull(file);
	fputs(ED25519_PEM, file);
	ck_assert_int_eq(fclose(file), 0);
	snprintf(args, sizeof(args), "import Both 15 %s %s.so ed25", pem, conf);
	ASSERT_RUN(run_conf(args), 0, "ed25\n");
	snprintf(args, sizeof(args), "import Second 15 %s %s.so ed25", pem, conf);
	ASSERT_RUN(run_conf(args), 0, "ed25\n");
	ASSERT_RUN(run_conf("compare"), 0, "1 keys, 2 replicas; 0 keys");
	ASSERT_RUN(run_conf("remove -fy Both ed25"), 0, "");
	ck_assert_int_eq(unlink(pem), 0);
	snprintf(pem, sizeof(pem), "%s.so", conf);
	ck_assert_int_eq(unlink(pem), 0);
}
END_TEST

START_TEST(replicas)
{
	ASSERT_RUN(run_conf("info Both"), 0, "replicas:   First Second");
	ASSERT_RUN(run_conf("compare First"), 1, "has no <Replica>");
	ASSERT_RUN(run_conf("init Both /dev/null"), 1, "is no token");
	ASSERT_RUN(run_conf("purge First"), 1, "nobody can tell which keys zones need");
}
END_TEST

START_TEST(login)
{
	ASSERT_RUN(run_conf("login"), 0, "repository \"First\": logged in");
	ck_assert_ptr_nonnull(strstr(output, "repository \"Second\": logged in"));
	test_token_hide("one");
	ASSERT_RUN(run_conf("login"), 1, "no token labelled \"one\"");
	ck_assert_ptr_nonnull(strstr(output, "repository \"Second\": logged in"));
	ASSERT_RUN(run_conf("login Second"), 0, "logged in");
	ASSERT_RUN(run_conf("info Second"), 0, "options:    AllowExtraction Sessions 5 UserType 0x1\n");
	ASSERT_RUN(run_conf("info"), 1, " of 2");
	test_token_show("one");
}
END_TEST

static char kept[64]; /* A conf.xml, without a PIN. */

/* The label is this test's own: all tests of a user have one keyring. */
static void setup_kept(void)
{
	char label[32];
	snprintf(label, sizeof(label), "kept%d", (int)getpid());
	test_token_make(label);
	snprintf(kept, sizeof(kept), "%s.kept", conf);
	FILE *file = fopen(kept, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "<Configuration><RepositoryList><Repository name=\"Kept\"><Module>%s</Module>"
	        "<TokenLabel>%s</TokenLabel></Repository></RepositoryList>"
	        "<Enforcer><SocketFile>%s.sock</SocketFile></Enforcer></Configuration>\n",
	        test_softhsm(), label, conf);
	fclose(file);
}

static void teardown_kept(void)
{
	char args[128];
	snprintf(args, sizeof(args), "-c %s logout", kept);
	run(args);
	unlink(kept);
}

START_TEST(keep)
{
	char args[256], line[300];
	snprintf(args, sizeof(args), "-c %s logout Kept", kept);
	if (run(args) != 0) {
		printf("SKIP: the system refuses its keyring: %s", output);
		return;
	}
	ASSERT_RUN(run(args), 0, "no PIN is kept");
	snprintf(args, sizeof(args), "-c %s login", kept);
	ASSERT_RUN(run(args), 1, "waits for its PIN, from a person");
	snprintf(args, sizeof(args), "-c %s login Kept", kept);
	snprintf(line, sizeof(line), "%s < /dev/null", args);
	ASSERT_RUN(run(line), 1, "no PIN: it is empty");
	snprintf(line, sizeof(line), "%s < %s", args, "/dev/zero");
	ASSERT_RUN(run(line), 1, "no PIN: it is too long");
	write_pin("87654321");
	snprintf(line, sizeof(line), "%s < %s.so", args, conf);
	ASSERT_RUN(run(line), 1, "refused the PIN");
	ASSERT_RUN(run_typing_to(kept, "list", "no such word", ""), 1, "waits for its PIN");

	/* At a terminal, which does not show it. */
	ASSERT_RUN(run_typing_to(kept, "login Kept", ": ", "\003"), 1, "interrupted");
	ASSERT_RUN(run_typing_to(kept, "login Kept", ": ", TEST_PIN "\n"), 0,
	           "PIN of repository \"Kept\", token \"kept");
	ck_assert_ptr_nonnull(strstr(output, "logged in; the servers of user "));
	ck_assert_ptr_null(strstr(output, TEST_PIN));
	snprintf(line, sizeof(line), "-c %s list", kept);
	ASSERT_RUN(run(line), 0, "CKA_ID");
	snprintf(line, sizeof(line), "-c %s login", kept);
	ASSERT_RUN(run(line), 0, "logged in");

	/* Another one is refused, and the one that is kept stays. */
	snprintf(line, sizeof(line), "%s < %s.so", args, conf);
	ASSERT_RUN(run(line), 1, "refused the PIN");
	snprintf(line, sizeof(line), "-c %s login", kept);
	ASSERT_RUN(run(line), 0, "logged in");
	snprintf(line, sizeof(line), "-c %s logout", kept);
	ASSERT_RUN(run(line), 0, "servers that are logged in stay so until they are restarted");
	snprintf(line, sizeof(line), "-c %s list", kept);
	ASSERT_RUN(run(line), 1, "waits for its PIN");
	ASSERT_RUN(run_conf("logout"), 0, "");
	ASSERT_RUN(run_conf("logout First"), 1, "not one that ods-hsm login has had kept");

	/* From a file, without a newline. */
	write_pin(TEST_PIN);
	snprintf(line, sizeof(line), "%s < %s.so", args, conf);
	ASSERT_RUN(run(line), 0, "logged in; the servers");
	snprintf(line, sizeof(line), "%s.so", conf);
	ck_assert_int_eq(unlink(line), 0);
}
END_TEST

/* As in a container. */
START_TEST(keep_refused)
{
	char args[128];
	snprintf(args, sizeof(args), "-c %s login Kept < /dev/null", kept);
	ASSERT_RUN(run_refused(args), 1, "cannot be used: Function not implemented; where it is not to be had");
	snprintf(args, sizeof(args), "-c %s login", kept);
	ASSERT_RUN(run_refused(args), 1, "Function not implemented), so that ods-hsm login is of no use; "
	           "add a <PINFile>");
	snprintf(args, sizeof(args), "-c %s logout", kept);
	ASSERT_RUN(run_refused(args), 1, "Function not implemented");
}
END_TEST

/* A third token, of a conf.xml of its own. */
START_TEST(init)
{
	char third[64], command[256];
	snprintf(third, sizeof(third), "%s.third", conf);
	FILE *file = fopen(third, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "<Configuration><RepositoryList><Repository name=\"Third\"><Module>%s</Module>"
	        "<TokenLabel>the third</TokenLabel><PIN>secret3</PIN></Repository>"
	        "</RepositoryList></Configuration>\n", test_softhsm());
	fclose(file);
	ck_assert_int_eq(chmod(third, 0600), 0);

	snprintf(command, sizeof(command), "-c %s init Third - < /dev/null", third);
	ASSERT_RUN(run(command), 1, "cannot read a PIN from standard input");
	snprintf(command, sizeof(command), "-c %s init None -", third);
	ASSERT_RUN(run(command), 1, "no repository \"None\"");
	write_pin("abc");
	snprintf(command, sizeof(command), "-c %s init Third %s.so", third, conf);
	ASSERT_RUN(run(command), 1, "wants PINs of 4 to 255 bytes, the security officer's has 3");
	write_pin("secret3");
	snprintf(command, sizeof(command), "-c %s init Third - < %s.so", third, conf);
	ASSERT_RUN(run(command), 1, "have to differ");
	write_pin("officer3");
	ASSERT_RUN(run(command), 0, "\"Third\": the token \"the third\" is made");
	snprintf(command, sizeof(command), "-c %s init Third %s.so", third, conf);
	ASSERT_RUN(run(command), 1, "there is a token \"the third\" already");
	snprintf(command, sizeof(command), "-c %s generate Third ECDSAP256SHA256", third);
	ASSERT_RUN(run(command), 0, "");
	snprintf(command, sizeof(command), "-c %s login", third);
	ASSERT_RUN(run(command), 0, "\"Third\": logged in");
	ck_assert_int_eq(unlink(third), 0);
	snprintf(third, sizeof(third), "%s.so", conf);
	ck_assert_int_eq(unlink(third), 0);
}
END_TEST

/*** A folder of keys. ***/

/*! Makes a conf.xml with a folder "Files", and another one, its replica. */
static void write_folders(char own[64])
{
	snprintf(own, 64, "%s.files", conf);
	FILE *file = fopen(own, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "<Configuration><RepositoryList>"
	        "<Repository name=\"Files\"><Folder>%s.keys</Folder></Repository>"
	        "<Repository name=\"Others\"><Folder>%s.others</Folder><PIN>a passphrase</PIN>"
	        "</Repository><Repository name=\"All\"><Replica>Files</Replica>"
	        "<Replica>Others</Replica></Repository></RepositoryList></Configuration>\n", conf,
	        conf);
	fclose(file);
	ck_assert_int_eq(chmod(own, 0600), 0);
}

static int run_with(const char *own, const char *args)
{
	char all[640];
	snprintf(all, sizeof(all), "-c %s %s", own, args);
	return run(all);
}

static void remove_folders(const char *own)
{
	char command[256];
	snprintf(command, sizeof(command), "rm -rf %s.keys %s.others %s.bind", conf, conf, conf);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(unlink(own), 0);
}

START_TEST(folder)
{
	char own[64], id[64], args[256];
	write_folders(own);
	ASSERT_RUN(run_with(own, "login Files"), 1, "\"ods-hsm init\" makes it");
	write_pin("officer");
	snprintf(args, sizeof(args), "init Files %s.so", conf);
	ASSERT_RUN(run_with(own, args), 2, "has no security officer");
	ASSERT_RUN(run_with(own, "init Files"), 0, "is made");
	ASSERT_RUN(run_with(own, "init Files"), 1, "File exists");
	ASSERT_RUN(run_with(own, "init Others"), 0, "is made");
	ASSERT_RUN(run_conf("init First"), 2, "security officer needs a PIN");
	ASSERT_RUN(run_with(own, "info Files"), 0, "token:      PEM files");
	ASSERT_RUN(run_with(own, "test Others"), 0, "ED448            ok");
	ASSERT_RUN(run_with(own, "generate Files 13"), 0, "");
	snprintf(id, sizeof(id), "%.32s", output);
	ASSERT_RUN(run_with(own, "list Files"), 0, id);
	ASSERT_RUN(run_with(own, "compare All"), 1, "1 keys are not alike");
	snprintf(args, sizeof(args), "export Files %s %s.bind %s.so", id, conf, conf);
	ASSERT_RUN(run_with(own, args), 0, "");
	snprintf(args, sizeof(args), "import Others 13 %s.bind %s.so %s", conf, conf, id);
	ASSERT_RUN(run_with(own, args), 0, id);
	ASSERT_RUN(run_with(own, "compare All"), 0, "1 keys, 2 replicas; 0 keys are not alike");
	snprintf(args, sizeof(args), "remove -fy All %s", id);
	ASSERT_RUN(run_with(own, args), 0, "");
	ASSERT_RUN(run_with(own, "compare All"), 0, "0 keys, 2 replicas");
	remove_folders(own);
	snprintf(args, sizeof(args), "%s.so", conf);
	ck_assert_int_eq(unlink(args), 0);
}
END_TEST

/*! Reads a line that a program prints. */
static void read_line(const char *command, char *line, size_t size)
{
	FILE *pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	ck_assert_ptr_nonnull(fgets(line, (int)size, pipe));
	line[strcspn(line, "\n")] = '\0';
	ck_assert_int_eq(pclose(pipe), 0);
}

/*! Checks that the folder's key is the one that BIND has written. */
static void compare_public(const char *own, uint8_t algorithm, const char *id, const char *base64)
{
	hsm_conf_t read;
	hsm_t *hsm = NULL;
	hsm_key_t *key = NULL;
	hsm_error_t err;
	gnutls_datum_t bytes, text = { (uint8_t *)base64, (unsigned)strlen(base64) };
	ASSERT_OK(hsm_conf_read(own, &read, NULL, NULL, &err));
	ASSERT_OK(hsm_open(&hsm, &read, &err));
	ASSERT_OK(test_find(hsm, "Files", id, algorithm, &key, &err));
	ck_assert_int_eq(gnutls_base64_decode2(&text, &bytes), 0);
	ck_assert_uint_eq(bytes.size, hsm_key_public(key).size);
	ck_assert_mem_eq(bytes.data, hsm_key_public(key).data, bytes.size);
	gnutls_free(bytes.data);
	hsm_key_free(key);
	hsm_close(hsm);
	hsm_conf_deinit(&read);
}

/* Keys of BIND and of Knot. */
START_TEST(foreign)
{
	static const char *const ALGORITHMS[] = { "8", "10", "13", "14", "15", "16" };
	char own[64], command[512], name[128], base64[1024], id[64];
	write_folders(own);
	ASSERT_RUN(run_with(own, "init Files"), 0, "");
	snprintf(command, sizeof(command), "%s.bind", conf);
	ck_assert_int_eq(mkdir(command, 0700), 0);
	for (size_t i = 0; i < sizeof(ALGORITHMS) / sizeof(ALGORITHMS[0]); i++) {
		snprintf(command, sizeof(command), "dnssec-keygen -q -K %s.bind -a %s%s z.test", conf,
		         ALGORITHMS[i], i < 2 ? " -b 2048" : "");
		read_line(command, name, sizeof(name));
		snprintf(command, sizeof(command), "sed -n 's/.* DNSKEY [0-9]* [0-9]* [0-9]* //p' "
		         "%s.bind/%s.key | tr -d ' '", conf, name);
		read_line(command, base64, sizeof(base64));
		snprintf(command, sizeof(command), "import Files %s %s.bind/%s.private", ALGORITHMS[i],
		         conf, name);
		ASSERT_RUN(run_with(own, command), 0, "");
		snprintf(id, sizeof(id), "%.32s", output);
		compare_public(own, (uint8_t)atoi(ALGORITHMS[i]), id, base64);
		snprintf(command, sizeof(command), "import Files %s %s.bind/%s.private \"\" ab%02zu",
		         ALGORITHMS[i], conf, name, i);
		ASSERT_RUN(run_with(own, command), 0, "ab");
	}
	snprintf(command, sizeof(command), "import Files 13 %s.bind/%s.private", conf, name);
	ASSERT_RUN(run_with(own, command), 1, "algorithm 16, not 13");
	snprintf(command, sizeof(command), "sed -i '/PrivateKey/s/: ..../: /' %s.bind/%s.private", conf,
	         name);
	ck_assert_int_eq(system(command), 0);
	snprintf(command, sizeof(command), "import Files 16 %s.bind/%s.private", conf, name);
	ASSERT_RUN(run_with(own, command), 1, "is not whole");
	remove_folders(own);
}
END_TEST

int main(void)
{
	if (test_softhsm() == NULL) {
		puts("SKIP: no SoftHSM");
		return 77;
	}
	Suite *suite = suite_create("ods-hsm");
	TCase *tc = tcase_create("ods-hsm");
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, folder);
	tcase_add_test(tc, foreign);
	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_unchecked_fixture(tc, setup_kept, teardown_kept);
	tcase_add_test(tc, keep);
	tcase_add_test(tc, keep_refused);
	tcase_add_test(tc, usage);
	tcase_add_test(tc, trial);
	tcase_add_test(tc, speed);
	tcase_add_test(tc, transfer);
	tcase_add_test(tc, keys);
	tcase_add_test(tc, replicas);
	tcase_add_test(tc, login);
	tcase_add_test(tc, init);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
