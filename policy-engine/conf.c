/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/xml.h"
#include "policy-engine/duration.h"

#define POLICY_FILE "/etc/opendnssec/kasp.xml"
#define DATASTORE "/var/lib/opendnssec/engine.db"
#define SOCKET "/run/opendnssec/engine.sock"
#define SIGNER_SOCKET "/run/knot/opendnssec.sock"

/* The adapter's reader has named what nobody knows already: this one warns by warn_about() only. */
typedef struct {
	engine_conf_t *conf;
	hsm_conf_warn_f warn;
	void *ctx;
} reader_t;

static void warn_about(reader_t *reader, hsm_xml_t *xml, const xmlNode *node, const char *text)
{
	xml->warn = reader->warn;
	xml->warn_ctx = reader->ctx;
	hsm_xml_warn(xml, node, "<%s> %s", (const char *)node->name, text);
	xml->warn = NULL;
}

static int read_text(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	engine_conf_t *conf = ((reader_t *)ctx)->conf;
	const struct {
		const char *name;
		char **text;
	} texts[] = {
		{ "PolicyFile", &conf->policy_file }, { "SQLite", &conf->datastore },
		{ "SocketFile", &conf->socket },      { "SignerSocket", &conf->signer_socket },
		{ "PidFile", &conf->pid_file },       { "User", &conf->user },
		{ "Group", &conf->group },
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(texts[i].name, (const char *)node->name) == 0) {
			return hsm_xml_text(xml, node, texts[i].text);
		}
	}
	return hsm_xml_error(xml, node, "<%s> has no place here", (const char *)node->name);
}

static int read_mysql(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	(void)ctx;
	return hsm_xml_error(xml, node, "<MySQL> is not supported; give a file: "
	                     "<Datastore><SQLite>" DATASTORE "</SQLite></Datastore>");
}

static int read_manual(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return hsm_xml_switch(xml, node, &((reader_t *)ctx)->conf->manual_generation);
}

static int read_duration(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	char *text = NULL;
	int ret = hsm_xml_text(xml, node, &text);
	if (ret != HSM_EOK) {
		return ret;
	}
	uint32_t seconds;
	const char *why = NULL;
	if (duration_parse(text, &seconds, &why) != 0) {
		ret = hsm_xml_error(xml, node, "\"%.40s\" in <%s> is not a duration: %s", text,
		                    (const char *)node->name, why);
	} else {
		warn_about(ctx, xml, node, "has no effect in this version");
	}
	free(text);
	return ret;
}

static int read_unused(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	warn_about(ctx, xml, node, "has no effect in this version");
	return HSM_EOK;
}

static int read_directory(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	warn_about(ctx, xml, node, "has no effect: let the service manager confine the engine");
	return HSM_EOK;
}

static int skip(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	(void)xml;
	(void)node;
	(void)ctx;
	return HSM_EOK;
}

/* The adapter has read it; here it has to leave no trace in memory. */
static int wipe_pin(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	(void)ctx;
	char *pin = NULL;
	int ret = hsm_xml_secret(xml, node, &pin);
	if (pin != NULL) {
		explicit_bzero(pin, strlen(pin));
		free(pin);
	}
	return ret;
}

static const hsm_xml_rule_t rules_repository[] = {
	{ .name = "PIN", .read = wipe_pin },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_repositories[] = {
	{ .name = "Repository", .children = rules_repository, .repeated = true },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_common[] = {
	{ .name = "Logging", .read = skip },
	{ .name = "PolicyFile", .read = read_text },
	{ .name = "ZoneListFile", .read = skip },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_privileges[] = {
	{ .name = "User", .read = read_text },
	{ .name = "Group", .read = read_text },
	{ .name = "Directory", .read = read_directory },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_datastore[] = {
	{ .name = "MySQL", .read = read_mysql },
	{ .name = "SQLite", .read = read_text },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_enforcer[] = {
	{ .name = "Privileges", .children = rules_privileges },
	{ .name = "Datastore", .children = rules_datastore },
	{ .name = "ManualKeyGeneration", .read = read_manual },
	{ .name = "AutomaticKeyGenerationPeriod", .read = read_duration },
	{ .name = "RolloverNotification", .read = read_duration },
	{ .name = "DelegationSignerSubmitCommand", .read = read_unused },
	{ .name = "DelegationSignerRetractCommand", .read = read_unused },
	{ .name = "PidFile", .read = read_text },
	{ .name = "SocketFile", .read = read_text },
	{ .name = "SignerSocket", .read = read_text },
	{ .name = "WorkingDirectory", .read = skip },
	{ .name = "WorkerThreads", .read = skip },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_configuration[] = {
	{ .name = "RepositoryList", .children = rules_repositories },
	{ .name = "Common", .children = rules_common },
	{ .name = "Enforcer", .children = rules_enforcer },
	{ .name = "Signer", .read = skip },
	{ .name = NULL },
};

static int set_default(char **text, const char *value)
{
	if (*text == NULL) {
		*text = strdup(value);
	}
	return *text != NULL ? HSM_EOK : HSM_ENOMEM;
}

static int set_defaults(engine_conf_t *conf, hsm_error_t *err)
{
	if (set_default(&conf->policy_file, POLICY_FILE) != HSM_EOK ||
	    set_default(&conf->datastore, DATASTORE) != HSM_EOK ||
	    set_default(&conf->socket, SOCKET) != HSM_EOK ||
	    set_default(&conf->signer_socket, SIGNER_SOCKET) != HSM_EOK) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	return HSM_EOK;
}

static int read_engine_part(const char *path, reader_t *reader, hsm_error_t *err)
{
	hsm_xml_t xml;
	int ret = hsm_xml_open(&xml, path, "Configuration", NULL, NULL, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	ret = hsm_xml_children(&xml, hsm_xml_root(&xml), rules_configuration, reader);
	hsm_xml_close(&xml);
	return ret == HSM_EOK ? set_defaults(reader->conf, err) : ret;
}

static void warn_backup(const char *path, const reader_t *reader)
{
	const hsm_conf_t *tokens = &reader->conf->tokens;
	for (size_t i = 0; i < tokens->count && reader->warn != NULL; i++) {
		if (tokens->repositories[i].require_backup) {
			char text[400];
			snprintf(text, sizeof(text), "%s: <RequireBackup> of repository \"%.60s\" "
			         "has no effect in this version: keys are used before a backup is "
			         "confirmed", path, tokens->repositories[i].name);
			reader->warn(reader->ctx, text);
		}
	}
}

int engine_conf_read(const char *path, engine_conf_t *conf, hsm_conf_warn_f warn, void *ctx,
                     hsm_error_t *err)
{
	engine_conf_t read = { 0 };
	reader_t reader = { .conf = &read, .warn = warn, .ctx = ctx };
	int ret = hsm_conf_read(path, &read.tokens, warn, ctx, err);
	if (ret == HSM_EOK) {
		warn_backup(path, &reader);
		ret = read_engine_part(path, &reader, err);
	}
	if (ret != HSM_EOK) {
		engine_conf_deinit(&read);
		return ret;
	}
	*conf = read;
	return HSM_EOK;
}

void engine_conf_deinit(engine_conf_t *conf)
{
	hsm_conf_deinit(&conf->tokens);
	free(conf->policy_file);
	free(conf->datastore);
	free(conf->socket);
	free(conf->signer_socket);
	free(conf->pid_file);
	free(conf->user);
	free(conf->group);
	*conf = (engine_conf_t){ 0 };
}
