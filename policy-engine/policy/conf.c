/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/policy/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/secret.h"
#include "hsm-adapter/xml.h"
#include "policy-engine/base/address.h"
#include "policy-engine/base/zone-name.h"
#include "policy-engine/policy/duration-xml.h"

#define POLICY_FILE "/etc/mod-opendnssec/kasp.xml"
#define DATASTORE "/var/lib/mod-opendnssec/kasp.db"
/* What counts where conf.xml is silent; see ods-engine(8). */
#define COMMAND_LIMIT_S 60
#define CHECK_INTERVAL_S 300
#define RECHECK_S 86400
#define DNS_PORT 53

/* hsm_conf_read() reads the file, too, and warns of unknown elements. This reader warns of nothing
 * else than what it passes to warn_about(). */
typedef struct {
	engine_conf_t *conf;
	hsm_warn_f warn;
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
		{ "Group", &conf->group },            { "ResolverConfig", &conf->watch.resolver },
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

static conf_command_t *command_place(engine_conf_t *conf, const xmlNode *node)
{
	const char *name = (const char *)node->name;
	return strcmp(name, "NotificationCommand") == 0             ? &conf->notify
	       : strcmp(name, "DelegationSignerSubmitCommand") == 0 ? &conf->ds_submit
	                                                            : &conf->ds_retract;
}

/* As in OpenDNSSEC, a trailing --cka_id is not passed to the program: it tells the engine to pass
 * the CKA_ID. */
static int read_command(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	static const char option[] = " --cka_id";
	conf_command_t *command = command_place(((reader_t *)ctx)->conf, node);
	int ret = hsm_xml_text(xml, node, &command->line);
	if (ret != HSM_EOK) {
		return ret;
	}
	size_t len = strlen(command->line), option_len = sizeof(option) - 1;
	if (len > option_len && strcmp(command->line + len - option_len, option) == 0) {
		command->line[len - option_len] = '\0';
		command->cka_id = true;
	}
	if (command->line[0] != '/') {
		ret = hsm_xml_error(xml, node, "<%s> \"%.60s\" has to begin with the program's "
		                    "absolute path", (const char *)node->name, command->line);
	}
	return ret;
}

static int read_period(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	engine_conf_t *conf = ((reader_t *)ctx)->conf;
	bool notify = strcmp((const char *)node->name, "RolloverNotification") == 0;
	return duration_read(xml, node, notify ? &conf->notify_before : &conf->generation_period,
	                     NULL);
}

/* Reads how long the engine waits for something: at least a second, and a day at most. */
static int read_wait(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	engine_conf_t *conf = ((reader_t *)ctx)->conf;
	const struct {
		const char *name;
		uint32_t *place;
	} waits[] = {
		{ "CommandTimeLimit", &conf->command_limit },
		{ "Interval", &conf->watch.interval },
		{ "Recheck", &conf->watch.recheck },
	};
	uint32_t seconds = 0;
	int ret = duration_read(xml, node, &seconds, NULL);
	if (ret == HSM_EOK && (seconds < 1 || seconds > 86400)) {
		ret = hsm_xml_error(xml, node, "<%s> is %u s; from PT1S to P1D, please",
		                    (const char *)node->name, seconds);
	}
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		if (strcmp(waits[i].name, (const char *)node->name) == 0) {
			*waits[i].place = seconds;
		}
	}
	return ret;
}

static int read_port(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	uint64_t number = 0;
	int ret = hsm_xml_number(xml, node, 1, UINT16_MAX, &number);
	((reader_t *)ctx)->conf->watch.port = (uint16_t)number;
	return ret;
}

static int read_notify(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return hsm_xml_switch(xml, node, &((reader_t *)ctx)->conf->watch.notify);
}

static int read_server(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	conf_watch_t *watch = &((reader_t *)ctx)->conf->watch;
	conf_parent_t *parent = &watch->parents[watch->count - 1];
	char **servers = reallocarray(parent->servers, parent->count + 1, sizeof(*servers));
	if (servers == NULL) {
		return hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
	}
	parent->servers = servers;
	servers[parent->count] = NULL;
	int ret = hsm_xml_text(xml, node, &servers[parent->count]);
	if (ret != HSM_EOK) {
		return ret;
	}
	parent->count++;
	struct sockaddr_storage address;
	if (address_parse(servers[parent->count - 1], DNS_PORT, &address) != 0) {
		ret = hsm_xml_error(xml, node, "<Server> \"%.60s\" is not an address, with or "
		                    "without a port: 192.0.2.1, 2001:db8::1@5353",
		                    servers[parent->count - 1]);
	}
	return ret;
}

static const hsm_xml_rule_t rules_parent[] = {
	{ .name = "Server", .read = read_server, .required = true, .repeated = true },
	{ .name = NULL },
};

static int read_parent(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	conf_watch_t *watch = &((reader_t *)ctx)->conf->watch;
	conf_parent_t *parents = reallocarray(watch->parents, watch->count + 1, sizeof(*parents));
	if (parents == NULL) {
		return hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
	}
	watch->parents = parents;
	conf_parent_t *parent = &parents[watch->count++];
	*parent = (conf_parent_t){ 0 };
	char *text = NULL;
	int ret = hsm_xml_attribute(xml, node, "name", &text);
	if (ret != HSM_EOK) {
		return ret;
	}
	parent->name = zone_name_canonical(text);
	if (parent->name == NULL) {
		ret = hsm_xml_error(xml, node, "name=\"%.60s\" of <Parent> is not a domain name",
		                    text);
	}
	free(text);
	return ret == HSM_EOK ? hsm_xml_children(xml, node, rules_parent, ctx) : ret;
}

static const hsm_xml_rule_t rules_watch[] = {
	{ .name = "Interval", .read = read_wait },
	{ .name = "Recheck", .read = read_wait },
	{ .name = "ResolverConfig", .read = read_text },
	{ .name = "Port", .read = read_port },
	{ .name = "Notify", .read = read_notify },
	{ .name = "Parent", .read = read_parent, .repeated = true },
	{ .name = NULL },
};

static int read_watch(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	((reader_t *)ctx)->conf->watch.on = true;
	return hsm_xml_children(xml, node, rules_watch, ctx);
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

/* hsm_conf_read() has taken the PIN. */
static int wipe_pin(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	(void)ctx;
	char *pin = NULL;
	int ret = hsm_xml_secret(xml, node, &pin);
	hsm_secret_free(pin);
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
	{ .name = "AutomaticKeyGenerationPeriod", .read = read_period },
	{ .name = "RolloverNotification", .read = read_period },
	{ .name = "DelegationSignerSubmitCommand", .read = read_command },
	{ .name = "DelegationSignerRetractCommand", .read = read_command },
	{ .name = "NotificationCommand", .read = read_command },
	{ .name = "CommandTimeLimit", .read = read_wait },
	{ .name = "ParentCheck", .read = read_watch },
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
	    set_default(&conf->socket, HSM_ENGINE_SOCKET) != HSM_EOK ||
	    set_default(&conf->signer_socket, CONF_SIGNER_SOCKET) != HSM_EOK) {
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

int engine_conf_read(const char *path, engine_conf_t *conf, hsm_warn_f warn, void *ctx,
                     hsm_error_t *err)
{
	engine_conf_t read = {
		.command_limit = COMMAND_LIMIT_S,
		.watch = { .interval = CHECK_INTERVAL_S, .recheck = RECHECK_S, .port = DNS_PORT },
	};
	reader_t reader = { .conf = &read, .warn = warn, .ctx = ctx };
	int ret = hsm_conf_read(path, &read.tokens, warn, ctx, err);
	if (ret == HSM_EOK) {
		ret = read_engine_part(path, &reader, err);
	}
	if (ret != HSM_EOK) {
		engine_conf_deinit(&read);
		return ret;
	}
	*conf = read;
	return HSM_EOK;
}

static void watch_deinit(conf_watch_t *watch)
{
	for (size_t i = 0; i < watch->count; i++) {
		for (size_t s = 0; s < watch->parents[i].count; s++) {
			free(watch->parents[i].servers[s]);
		}
		free(watch->parents[i].servers);
		free(watch->parents[i].name);
	}
	free(watch->parents);
	free(watch->resolver);
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
	free(conf->ds_submit.line);
	free(conf->ds_retract.line);
	free(conf->notify.line);
	watch_deinit(&conf->watch);
	*conf = (engine_conf_t){ 0 };
}
