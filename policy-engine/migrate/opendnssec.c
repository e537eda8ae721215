/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/opendnssec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/import/ods-signer.h"
#include "policy-engine/import/source-kinds.h"
#include "policy-engine/migrate/zonelist.h"
#include "policy-engine/policy/kasp.h"

/* What counts where conf.xml is silent, in Debian. */

/* -- elements ------------------------------------------------------------ */

static xmlNode *find_child(const xmlNode *parent, const char *name, size_t len)
{
	xmlNode *child = parent->children;
	while (child != NULL && (child->type != XML_ELEMENT_NODE ||
	                         strlen((const char *)child->name) != len ||
	                         memcmp(child->name, name, len) != 0)) {
		child = child->next;
	}
	return child;
}

xmlNode *opendnssec_find(const opendnssec_t *from, const char *path)
{
	xmlNode *node = hsm_xml_root(&from->conf);
	while (node != NULL && *path != '\0') {
		size_t len = strcspn(path, "/");
		node = find_child(node, path, len);
		path += len + (path[len] == '/');
	}
	return node;
}

/* Takes the text of an element, or what counts if there is none. */
static int take_text(opendnssec_t *from, const char *path, const char *otherwise, char **text)
{
	xmlNode *node = opendnssec_find(from, path);
	if (node != NULL) {
		return hsm_xml_text(&from->conf, node, text);
	}
	*text = otherwise != NULL ? strdup(otherwise) : NULL;
	return otherwise == NULL || *text != NULL ? HSM_EOK : HSM_ENOMEM;
}

/* -- files --------------------------------------------------------------- */

static void note_advice(void *ctx, const char *text)
{
	notes_once(&((opendnssec_t *)ctx)->advice, text);
}

static void note_policy(void *ctx, kasp_kind_t kind, const char *text)
{
	opendnssec_t *from = ctx;
	notes_once(kind == KASP_ADVICE ? &from->advice : &from->wrong, text);
}

static int read_conf(const char *path, const char *database, opendnssec_t *from, hsm_error_t *err)
{
	int ret = hsm_conf_read(path, &from->tokens, NULL, NULL, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	ret = hsm_xml_open(&from->conf, path, "Configuration", note_advice, from, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	const struct {
		const char *path, *otherwise;
		char **text;
	} texts[] = {
		{ "Common/PolicyFile", "/etc/opendnssec/kasp.xml", &from->kasp_file },
		{ "Common/ZoneListFile", "/etc/opendnssec/zonelist.xml", &from->zonelist },
		{ "Signer/WorkingDirectory", ODS_SIGNER_DIR, &from->signer_dir },
		{ "Enforcer/Datastore/SQLite", database, &from->database },
	};
	for (size_t i = 0; ret == HSM_EOK && i < sizeof(texts) / sizeof(texts[0]); i++) {
		ret = take_text(from, texts[i].path, texts[i].otherwise, texts[i].text);
	}
	return ret;
}

static int choose_database(const char *conf, const char *database, opendnssec_t *from,
                           hsm_error_t *err)
{
	if (database != NULL) {
		free(from->database);
		from->database = strdup(database);
		return from->database != NULL ? HSM_EOK : HSM_ENOMEM;
	}
	return from->database != NULL
	               ? HSM_EOK
	               : hsm_error_set(err, HSM_ECONF, 0, "%s has no <SQLite>: have mysqldump write "
	                               "the MySQL database to a file, and name that: --database FILE", conf);
}

static int read_zones(opendnssec_t *from, hsm_error_t *err)
{
	char why[sizeof(err->text)];
	int ret = hsm_open(&from->hsm, &from->tokens, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	const source_t source = { .kind = source_kind(NULL), .path = from->database };
	from->zones = (examine_t){ .source = source, .signer_dir = from->signer_dir, .hsm = from->hsm };
	int count = examine_read(&from->zones, why, sizeof(why));
	if (count < 0) {
		return hsm_error_set(err, HSM_ECONF, 0, "%s", why);
	}
	if (count == 0) {
		return hsm_error_set(err, HSM_ECONF, 0, "%s has no zones", from->database);
	}
	examine_zones(&from->zones);
	return HSM_EOK;
}

int opendnssec_read(const char *conf, const char *database, opendnssec_t *out, hsm_error_t *err)
{
	*out = (opendnssec_t){ 0 };
	int ret = read_conf(conf, database, out, err);
	if (ret == HSM_EOK) {
		ret = choose_database(conf, database, out, err);
	}
	if (ret == HSM_EOK) {
		ret = hsm_xml_open(&out->kasp, out->kasp_file, "KASP", NULL, NULL, err);
	}
	if (ret == HSM_EOK) {
		ret = kasp_read_sound(out->kasp_file, &out->tokens, &out->policies, note_policy, out,
		                      err);
	}
	ret = ret == HSM_EOK ? read_zones(out, err) : ret;
	return ret == HSM_EOK ? zonelist_compare(out->zonelist, &out->zones.db, &out->unlike) : ret;
}

bool opendnssec_has_policy(const opendnssec_t *from, const char *name)
{
	bool has = false;
	for (xmlNode *node = xmlFirstElementChild(hsm_xml_root(&from->kasp)); node != NULL && !has;
	     node = xmlNextElementSibling(node)) {
		xmlChar *own = xmlGetProp(node, (const xmlChar *)"name");
		has = own != NULL && strcmp((const char *)own, name) == 0;
		xmlFree(own);
	}
	return has;
}

void opendnssec_deinit(opendnssec_t *from)
{
	examine_deinit(&from->zones);
	hsm_close(from->hsm);
	policies_deinit(&from->policies);
	hsm_conf_deinit(&from->tokens);
	hsm_xml_close(&from->conf);
	hsm_xml_close(&from->kasp);
	free(from->kasp_file);
	free(from->zonelist);
	free(from->database);
	free(from->signer_dir);
	notes_deinit(&from->wrong);
	notes_deinit(&from->advice);
	notes_deinit(&from->unlike);
	*from = (opendnssec_t){ 0 };
}
