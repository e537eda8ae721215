/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/conf.h"

#include <sys/stat.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/pin.h"
#include "hsm-adapter/secret.h"
#include "hsm-adapter/xml.h"

#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_" /* POSIX */
#define THREADS_DEFAULT 4 /* As in OpenDNSSEC. */
#define THREADS_MAX 1024 /* A larger number is taken for a mistake, as with the capacity. */
#define CAPACITY_MAX 1000000000
#define SLOT_MAX UINT32_MAX /* A larger one is taken for a mistake, as with the sessions. */
#define SESSIONS_MIN 2 /* One looks after the keys, another signs. */
#define SESSIONS_MAX 100000
#define USER_TYPE_SO 0 /* It has no keys. */
#define USER_TYPE_MAX UINT32_MAX /* Of a CK_ULONG, as PKCS#11 has it at least. */
#define LABEL_MAX 32 /* Bytes of CK_TOKEN_INFO.label in PKCS#11. */

static int read_module(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	if (repository->folder) {
		return hsm_xml_error(xml, node, "repository \"%s\" has <Folder> and <Module>, remove "
		                     "one", repository->name);
	}
	return hsm_xml_text(xml, node, &repository->module);
}

static int read_folder(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	if (repository->module != NULL) {
		return hsm_xml_error(xml, node, "repository \"%s\" has <Module> and <Folder>, remove "
		                     "one", repository->name);
	}
	int ret = hsm_xml_text(xml, node, &repository->module);
	repository->folder = (ret == HSM_EOK);
	if (ret == HSM_EOK && repository->module[0] != '/') {
		ret = hsm_xml_error(xml, node, "<Folder> has to be an absolute path: \"%s\"",
		                    repository->module);
	}
	return ret;
}

static int read_token_label(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	int ret = hsm_xml_text(xml, node, &repository->token_label);
	if (ret == HSM_EOK && strlen(repository->token_label) > LABEL_MAX) {
		ret = hsm_xml_error(xml, node, "<TokenLabel> is longer than %d bytes, no token "
		                    "can have such a label", LABEL_MAX);
	}
	return ret;
}

static int read_arguments(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	return hsm_xml_text(xml, node, &repository->arguments);
}

static int read_slot(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	uint64_t number = 0;
	int ret = hsm_xml_number(xml, node, 0, SLOT_MAX, &number);
	repository->in_slot = (ret == HSM_EOK);
	repository->slot = (unsigned long)number;
	return ret;
}

static int read_sessions(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	uint64_t number = 0;
	int ret = hsm_xml_number(xml, node, SESSIONS_MIN, SESSIONS_MAX, &number);
	repository->sessions = (size_t)number;
	return ret;
}

static int read_pin(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	if (xml->mode & S_IROTH) {
		return hsm_xml_error(xml, node, "everybody can read this file, and a PIN is in it; "
		                     "do chmod o-r, or move the PIN to a <PINFile>; and change "
		                     "it");
	}
	return hsm_xml_secret(xml, node, &repository->pin);
}

static int read_pin_file(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	int ret = hsm_xml_text(xml, node, &repository->pin_file);
	if (ret != HSM_EOK) {
		return ret;
	}
	const char *name = repository->pin_file;
	if (name[0] != '/' && (strchr(name, '/') != NULL || name[0] == '.')) {
		return hsm_xml_error(xml, node, "<PINFile> has to be an absolute path, or the "
		                     "name of a systemd credential: \"%s\"", name);
	}
	if (hsm_pin_file_exposed(name)) {
		hsm_xml_warn(xml, node, "everybody can read the PIN in %s: it is not "
		             "used until chmod o-r", name);
	}
	return HSM_EOK;
}

static int read_pin_variable(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	int ret = hsm_xml_text(xml, node, &repository->pin_variable);
	if (ret != HSM_EOK) {
		return ret;
	}
	const char *name = repository->pin_variable;
	if (isdigit((unsigned char)name[0]) || strspn(name, NAME_CHARS) != strlen(name)) {
		return hsm_xml_error(xml, node, "<PINVariable> has to be the name of a variable of the "
		                     "environment: \"%.40s\"", name);
	}
	(void)hsm_secret_variable(name); /* Out of where all can see it, as soon as it is known. */
	return HSM_EOK;
}

static int read_user_type(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	char *text = NULL, *end = NULL;
	int ret = hsm_xml_text(xml, node, &text);
	if (ret != HSM_EOK) {
		return ret;
	}
	const bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = text + (hex ? 2 : 0);
	errno = 0;
	const unsigned long long type = strtoull(digits, &end, hex ? 16 : 10);
	if (!isxdigit((unsigned char)digits[0]) || *end != '\0' || errno != 0 || type == USER_TYPE_SO ||
	    type > USER_TYPE_MAX) {
		ret = hsm_xml_error(xml, node, "\"%.40s\" in <UserType> is not a number from 1 to 0x%llx, "
		                    "decimal or hexadecimal after 0x", text, (unsigned long long)USER_TYPE_MAX);
	} else {
		repository->user_type = (unsigned long)type;
	}
	free(text);
	return ret;
}

static int read_capacity(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	uint64_t number = 0;
	int ret = hsm_xml_number(xml, node, 1, CAPACITY_MAX, &number);
	repository->capacity = (size_t)number;
	return ret;
}

static int read_require_backup(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	return hsm_xml_switch(xml, node, &repository->require_backup);
}

static int read_skip_public_key(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	return hsm_xml_switch(xml, node, &repository->skip_public_key);
}

static int read_allow_extraction(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	return hsm_xml_switch(xml, node, &repository->allow_extraction);
}

static int read_replica(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_repository_t *repository = ctx;
	if (repository->replica_count == HSM_REPLICAS_MAX) {
		return hsm_xml_error(xml, node, "repository \"%s\" has more than %d replicas, remove "
		                     "some", repository->name, HSM_REPLICAS_MAX);
	}
	char **grown = reallocarray(repository->replicas, repository->replica_count + 1,
	                            sizeof(*grown));
	if (grown == NULL) {
		return hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
	}
	repository->replicas = grown;
	grown[repository->replica_count] = NULL;
	int ret = hsm_xml_text(xml, node, &grown[repository->replica_count]);
	repository->replica_count += ret == HSM_EOK;
	return ret;
}

static const hsm_xml_rule_t REPOSITORY[] = {
	{ .name = "Replica", .read = read_replica, .repeated = true },
	{ .name = "Module", .read = read_module },
	{ .name = "Folder", .read = read_folder },
	{ .name = "TokenLabel", .read = read_token_label },
	{ .name = "StartArguments", .read = read_arguments },
	{ .name = "Slot", .read = read_slot },
	{ .name = "Sessions", .read = read_sessions },
	{ .name = "UserType", .read = read_user_type },
	{ .name = "PIN", .read = read_pin },
	{ .name = "PINFile", .read = read_pin_file },
	{ .name = "PINVariable", .read = read_pin_variable },
	{ .name = "Capacity", .read = read_capacity },
	{ .name = "RequireBackup", .read = read_require_backup },
	{ .name = "SkipPublicKey", .read = read_skip_public_key },
	{ .name = "AllowExtraction", .read = read_allow_extraction },
	{ .name = NULL }
};

static int check_pins(hsm_xml_t *xml, xmlNode *node, hsm_repository_t *repository)
{
	const bool first = repository->pin != NULL, second = repository->pin_file != NULL;
	const bool third = repository->pin_variable != NULL;
	if (first + second + third > 1) {
		return hsm_xml_error(xml, node, "repository \"%s\" has a <%s> and a <%s>, remove one",
		                     repository->name, first ? "PIN" : "PINFile",
		                     first && second ? "PINFile" : "PINVariable");
	}
	repository->asked = first + second + third == 0 && !repository->folder;
	return HSM_EOK;
}

/*! Which of the elements that only a token has is there. \return NULL: none */
static const char *of_token(const hsm_repository_t *repository)
{
	return repository->folder ? "Folder" : repository->module != NULL ? "Module" :
	       repository->token_label != NULL ? "TokenLabel" :
	       repository->arguments != NULL ? "StartArguments" :
	       repository->in_slot ? "Slot" : repository->sessions != 0 ? "Sessions" :
	       repository->user_type != 0 ? "UserType" :
	       repository->pin != NULL ? "PIN" : repository->pin_file != NULL ? "PINFile" :
	       repository->pin_variable != NULL ? "PINVariable" :
	       repository->capacity != 0 ? "Capacity" :
	       repository->skip_public_key ? "SkipPublicKey" :
	       repository->allow_extraction ? "AllowExtraction" : NULL;
}

/*! Checks one of the names of the replicas of a repository. */
static int check_replica(hsm_xml_t *xml, xmlNode *node, const hsm_conf_t *conf,
                         const hsm_repository_t *repository, const char *name)
{
	const hsm_repository_t *replica = hsm_conf_repository(conf, name);
	if (replica == NULL) {
		return hsm_xml_error(xml, node, "repository \"%s\" has the replica \"%s\", but above it "
		                     "there is no repository of that name; put it there",
		                     repository->name, name);
	}
	if (replica->replica_count > 0) {
		return hsm_xml_error(xml, node, "repository \"%s\" has the replica \"%s\", which has "
		                     "replicas itself; name these", repository->name, name);
	}
	if (replica->replica_of != NULL) {
		return hsm_xml_error(xml, node, "repository \"%s\" has the replica \"%s\", which is one "
		                     "of \"%s\" already", repository->name, name,
		                     replica->replica_of);
	}
	for (char **other = repository->replicas; *other != name; other++) {
		if (strcmp(*other, name) == 0) {
			return hsm_xml_error(xml, node, "repository \"%s\" has the replica \"%s\" "
			                     "twice, remove one", repository->name, name);
		}
	}
	return HSM_EOK;
}

static int check_replicas(hsm_xml_t *xml, xmlNode *node, const hsm_conf_t *conf,
                          const hsm_repository_t *repository)
{
	const char *element = of_token(repository);
	if (element != NULL) {
		return hsm_xml_error(xml, node, "repository \"%s\" has <Replica> and <%s>; that is for "
		                     "the replicas to say", repository->name, element);
	}
	if (repository->replica_count == 1) {
		return hsm_xml_error(xml, node, "repository \"%s\" has one <Replica>; two are the "
		                     "fewest", repository->name);
	}
	int ret = HSM_EOK;
	for (size_t i = 0; ret == HSM_EOK && i < repository->replica_count; i++) {
		ret = check_replica(xml, node, conf, repository, repository->replicas[i]);
	}
	return ret;
}

/*! The replicas learn whose they are. */
static int name_replicas(hsm_xml_t *xml, hsm_conf_t *conf, const hsm_repository_t *repository)
{
	for (size_t i = 0; i < repository->replica_count; i++) {
		for (size_t k = 0; k < conf->count; k++) {
			hsm_repository_t *replica = &conf->repositories[k];
			if (strcmp(replica->name, repository->replicas[i]) == 0 &&
			    (replica->replica_of = strdup(repository->name)) == NULL) {
				return hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
			}
		}
	}
	return HSM_EOK;
}

/*! Which of the elements that a folder cannot have is there. \return NULL: none */
static const char *not_of_folder(const hsm_repository_t *repository)
{
	return repository->token_label != NULL ? "TokenLabel" :
	       repository->arguments != NULL ? "StartArguments" :
	       repository->in_slot ? "Slot" : repository->user_type != 0 ? "UserType" :
	       repository->skip_public_key ? "SkipPublicKey" : NULL;
}

static int check_folder(hsm_xml_t *xml, xmlNode *node, hsm_repository_t *repository)
{
	const char *element = not_of_folder(repository);
	if (element != NULL) {
		return hsm_xml_error(xml, node, "repository \"%s\" has <Folder> and <%s>, which is "
		                     "for tokens; remove it", repository->name, element);
	}
	repository->token_label = strdup(HSM_FOLDER_LABEL);
	return repository->token_label != NULL ? HSM_EOK
	       : hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
}

static int check_token(hsm_xml_t *xml, xmlNode *node, hsm_repository_t *repository)
{
	if (repository->folder) {
		return check_folder(xml, node, repository);
	}
	const char *lacks = repository->module == NULL ? "Module" :
	                    repository->token_label == NULL ? "TokenLabel" : NULL;
	return lacks == NULL ? HSM_EOK
	       : hsm_xml_error(xml, node, "<Repository> has no <%s>, add one%s", lacks,
	                       repository->module == NULL ? ", or a <Folder>" : "");
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_token(const hsm_repository_t *a, const hsm_repository_t *b)
{
	return strcmp(a->module, b->module) == 0 && strcmp(a->token_label, b->token_label) == 0 &&
	       (!a->in_slot || !b->in_slot || a->slot == b->slot);
}

static int check_name(hsm_xml_t *xml, xmlNode *node, const hsm_conf_t *conf,
                      const hsm_repository_t *repository)
{
	return hsm_conf_repository(conf, repository->name) == NULL ? HSM_EOK
	       : hsm_xml_error(xml, node, "a second repository \"%s\", rename one",
	                       repository->name);
}

static int check_unique(hsm_xml_t *xml, xmlNode *node, const hsm_conf_t *conf,
                        const hsm_repository_t *repository)
{
	for (size_t i = 0; i < conf->count; i++) {
		const hsm_repository_t *other = &conf->repositories[i];
		if (other->replica_count > 0) {
			continue;
		}
		if (same_token(other, repository)) {
			return hsm_xml_error(xml, node, "repository \"%s\" is the same token as "
			                     "\"%s\", remove one", repository->name, other->name);
		}
		if (strcmp(other->module, repository->module) == 0 &&
		    !same_text(other->arguments, repository->arguments)) {
			return hsm_xml_error(xml, node, "repository \"%s\" has other "
			                     "<StartArguments> than \"%s\", which has the same "
			                     "<Module>; a library starts once in a process",
			                     repository->name, other->name);
		}
	}
	return HSM_EOK;
}

static int fill_repository(hsm_xml_t *xml, xmlNode *node, hsm_conf_t *conf,
                           hsm_repository_t *repository)
{
	int ret = hsm_xml_attribute(xml, node, "name", &repository->name);
	if (ret == HSM_EOK) {
		ret = hsm_xml_children(xml, node, REPOSITORY, repository);
	}
	if (ret == HSM_EOK) {
		ret = check_name(xml, node, conf, repository);
	}
	if (ret == HSM_EOK && repository->replica_count > 0) {
		ret = check_replicas(xml, node, conf, repository);
		return ret == HSM_EOK ? name_replicas(xml, conf, repository) : ret;
	}
	if (ret == HSM_EOK) {
		ret = check_token(xml, node, repository);
	}
	if (ret == HSM_EOK) {
		ret = check_pins(xml, node, repository);
	}
	if (ret == HSM_EOK) {
		ret = check_unique(xml, node, conf, repository);
	}
	return ret;
}

static int read_repository(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_conf_t *conf = ctx;
	hsm_repository_t repository = { 0 };

	int ret = fill_repository(xml, node, conf, &repository);
	if (ret != HSM_EOK) {
		hsm_repository_deinit(&repository);
		return ret;
	}

	hsm_repository_t *grown = reallocarray(conf->repositories, conf->count + 1,
	                                       sizeof(*grown));
	if (grown == NULL) {
		hsm_repository_deinit(&repository);
		return hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
	}
	grown[conf->count++] = repository;
	conf->repositories = grown;
	return HSM_EOK;
}

static int read_threads(hsm_xml_t *xml, xmlNode *node, unsigned *threads)
{
	uint64_t number = 0;
	int ret = hsm_xml_number(xml, node, 1, THREADS_MAX, &number);
	if (ret == HSM_EOK) {
		*threads = (unsigned)number;
	}
	return ret;
}

static int read_signer_threads(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_conf_t *conf = ctx;
	return read_threads(xml, node, &conf->signer_threads);
}

static int read_worker_threads(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_conf_t *conf = ctx;
	return read_threads(xml, node, &conf->worker_threads);
}

/*! An absolute path in which the zone's name has a place. */
static int read_output(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_conf_t *conf = ctx;
	int ret = hsm_xml_text(xml, node, &conf->output);
	if (ret == HSM_EOK && (conf->output[0] != '/' || strstr(conf->output, "%zone") == NULL)) {
		ret = hsm_xml_error(xml, node, "\"%.100s\" in <Output> has to be an absolute path with "
		                    "%%zone in it, for the zone's name", conf->output);
	}
	return ret;
}

static int read_notify(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_conf_t *conf = ctx;
	const xmlNode *output = node->parent->children;
	while (output != NULL && strcmp((const char *)output->name, "Output") != 0) {
		output = output->next;
	}
	if (output == NULL) {
		hsm_xml_warn(xml, node, "<NotifyCommand> has no effect without <Output>, which has the "
		             "signed zones written to files");
		return HSM_EOK;
	}
	int ret = hsm_xml_text(xml, node, &conf->notify);
	if (ret == HSM_EOK && conf->notify[0] != '/') {
		ret = hsm_xml_error(xml, node, "\"%.100s\" in <NotifyCommand> has to begin with the absolute "
		                    "path of a program", conf->notify);
	}
	return ret;
}

/*! An element of OpenDNSSEC's signer for which Knot has its own settings. */
static int read_replaced(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	(void)ctx;
	hsm_xml_warn(xml, node, "<%s> has no effect, this is Knot's part: see knot.conf",
	             (const char *)node->name);
	return HSM_EOK;
}

static const hsm_xml_rule_t REPOSITORY_LIST[] = {
	{ .name = "Repository", .read = read_repository, .repeated = true },
	{ .name = NULL }
};

static const hsm_xml_rule_t SIGNER[] = {
	{ .name = "WorkerThreads", .read = read_worker_threads },
	{ .name = "SignerThreads", .read = read_signer_threads },
	{ .name = "Privileges", .read = read_replaced },
	{ .name = "PidFile", .read = read_replaced },
	{ .name = "SocketFile", .read = read_replaced },
	{ .name = "WorkingDirectory", .read = read_replaced },
	{ .name = "Listener", .read = read_replaced },
	{ .name = "Output", .read = read_output },
	{ .name = "NotifyCommand", .read = read_notify },
	{ .name = NULL }
};

/* The policy engine's elements: they are known here, so that only others are warned of. */

static const hsm_xml_rule_t PRIVILEGES[] = {
	{ .name = "User" },
	{ .name = "Group" },
	{ .name = "Directory" },
	{ .name = NULL }
};

static const hsm_xml_rule_t SYSLOG[] = {
	{ .name = "Facility" },
	{ .name = NULL }
};

static const hsm_xml_rule_t LOGGING[] = {
	{ .name = "Verbosity" },
	{ .name = "Syslog", .children = SYSLOG },
	{ .name = NULL }
};

static const hsm_xml_rule_t COMMON[] = {
	{ .name = "Logging", .children = LOGGING },
	{ .name = "PolicyFile" },
	{ .name = "ZoneListFile" },
	{ .name = NULL }
};

static const hsm_xml_rule_t MYSQL[] = {
	{ .name = "Host" },
	{ .name = "Database" },
	{ .name = "Username" },
	{ .name = "Password" },
	{ .name = NULL }
};

static const hsm_xml_rule_t DATASTORE[] = {
	{ .name = "MySQL", .children = MYSQL },
	{ .name = "SQLite" },
	{ .name = NULL }
};

static const hsm_xml_rule_t PARENT[] = {
	{ .name = "Server", .repeated = true },
	{ .name = NULL }
};

static const hsm_xml_rule_t PARENT_CHECK[] = {
	{ .name = "Interval" },
	{ .name = "Recheck" },
	{ .name = "ResolverConfig" },
	{ .name = "Port" },
	{ .name = "Notify" },
	{ .name = "Parent", .children = PARENT, .repeated = true },
	{ .name = NULL }
};

static int read_engine_socket(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_conf_t *conf = ctx;
	free(conf->engine_socket);
	conf->engine_socket = NULL;
	return hsm_xml_text(xml, node, &conf->engine_socket);
}

static const hsm_xml_rule_t ENFORCER[] = {
	{ .name = "Privileges", .children = PRIVILEGES },
	{ .name = "Datastore", .children = DATASTORE },
	{ .name = "ManualKeyGeneration" },
	{ .name = "AutomaticKeyGenerationPeriod" },
	{ .name = "RolloverNotification" },
	{ .name = "DelegationSignerSubmitCommand" },
	{ .name = "DelegationSignerRetractCommand" },
	{ .name = "NotificationCommand" },
	{ .name = "CommandTimeLimit" },
	{ .name = "ParentCheck", .children = PARENT_CHECK },
	{ .name = "PidFile" },
	{ .name = "SocketFile", .read = read_engine_socket },
	{ .name = "SignerSocket" },
	{ .name = "WorkingDirectory" },
	{ .name = "WorkerThreads" },
	{ .name = NULL }
};

static const hsm_xml_rule_t CONFIGURATION[] = {
	{ .name = "RepositoryList", .children = REPOSITORY_LIST, .required = true },
	{ .name = "Common", .children = COMMON },
	{ .name = "Enforcer", .children = ENFORCER },
	{ .name = "Signer", .children = SIGNER },
	{ .name = NULL }
};

int hsm_conf_read(const char *path, hsm_conf_t *conf, hsm_warn_f warn, void *ctx,
                  hsm_error_t *err)
{
	hsm_xml_t xml;
	int ret = hsm_xml_open(&xml, path, "Configuration", warn, ctx, err);
	if (ret != HSM_EOK) {
		return ret;
	}

	hsm_conf_t read = {
		.engine_socket = strdup(HSM_ENGINE_SOCKET),
		.signer_threads = THREADS_DEFAULT,
		.worker_threads = THREADS_DEFAULT
	};
	if (read.engine_socket == NULL) {
		hsm_xml_close(&xml);
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	ret = hsm_xml_children(&xml, hsm_xml_root(&xml), CONFIGURATION, &read);
	hsm_xml_close(&xml);

	if (ret != HSM_EOK) {
		hsm_conf_deinit(&read);
		return ret;
	}
	*conf = read;
	return HSM_EOK;
}

void hsm_conf_deinit(hsm_conf_t *conf)
{
	for (size_t i = 0; i < conf->count; i++) {
		hsm_repository_deinit(&conf->repositories[i]);
	}
	free(conf->repositories);
	free(conf->engine_socket);
	free(conf->output);
	free(conf->notify);
	*conf = (hsm_conf_t){ 0 };
}

const hsm_repository_t *hsm_conf_repository(const hsm_conf_t *conf, const char *name)
{
	for (size_t i = 0; i < conf->count; i++) {
		if (strcmp(conf->repositories[i].name, name) == 0) {
			return &conf->repositories[i];
		}
	}
	return NULL;
}
