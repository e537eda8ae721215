/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/addns.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/xml.h"
#include "policy-engine/base/zone-name.h"

#define DNS_PORT 53

typedef struct {
	peers_t addns;
	notes_t *notes;
} reader_t;

/* A <Remote> or <Peer> that is read. */
typedef struct {
	char *address, *key;
	uint64_t port;
} entry_t;

static void leave_out(const hsm_xml_t *xml, const xmlNode *node, notes_t *notes,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Notes, with its line, what has no place in knot.conf. */
static void leave_out(const hsm_xml_t *xml, const xmlNode *node, notes_t *notes,
                      const char *format, ...)
{
	char why[512];
	va_list args;
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	notes_add(notes, "%s:%ld: <%s> is left out: %s", xml->path, xmlGetLineNo(node),
	          (const char *)node->name, why);
}

/* -- keys ---------------------------------------------------------------- */

static int read_key_text(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	peers_key_t *key = ctx;
	const char *name = (const char *)node->name;
	return hsm_xml_text(xml, node, strcmp(name, "Name") == 0        ? &key->name
	                               : strcmp(name, "Algorithm") == 0 ? &key->algorithm
	                                                                : &key->secret);
}

static const hsm_xml_rule_t rules_tsig[] = {
	{ .name = "Name", .read = read_key_text, .required = true },
	{ .name = "Algorithm", .read = read_key_text, .required = true },
	{ .name = "Secret", .read = read_key_text, .required = true },
	{ .name = NULL },
};

static int read_tsig(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	reader_t *reader = ctx;
	peers_t *addns = &reader->addns;
	peers_key_t key = { 0 };
	int ret = hsm_xml_children(xml, node, rules_tsig, &key);
	const char *fault = ret == HSM_EOK ? peers_form_key(&key) : NULL;
	if (ret == HSM_EOK && fault == NULL && peers_find_key(addns, key.name) != NULL) {
		fault = "a second key of that name";
	}
	if (ret != HSM_EOK || fault != NULL) {
		if (fault != NULL) {
			leave_out(xml, node, reader->notes, "%s", fault);
		}
		peers_key_deinit(&key);
		return ret;
	}
	peers_key_t *keys = reallocarray(addns->keys, addns->key_count + 1, sizeof(*keys));
	if (keys == NULL) {
		peers_key_deinit(&key);
		return hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
	}
	addns->keys = keys;
	keys[addns->key_count++] = key;
	return HSM_EOK;
}

/* -- remotes and peers --------------------------------------------------- */

static int read_entry_text(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	entry_t *entry = ctx;
	bool key = strcmp((const char *)node->name, "Key") == 0;
	return hsm_xml_text(xml, node, key ? &entry->key : &entry->address);
}

static int read_port(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return hsm_xml_number(xml, node, 1, UINT16_MAX, &((entry_t *)ctx)->port);
}

static const hsm_xml_rule_t rules_entry[] = {
	{ .name = "Address", .read = read_entry_text },
	{ .name = "Prefix", .read = read_entry_text },
	{ .name = "Port", .read = read_port },
	{ .name = "Key", .read = read_entry_text },
	{ .name = NULL },
};

static peers_list_t *list_of(peers_t *addns, const xmlNode *node)
{
	const char *name = (const char *)node->parent->name;
	return strcmp(name, "RequestTransfer") == 0   ? &addns->primaries
	       : strcmp(name, "AllowNotify") == 0     ? &addns->notifiers
	       : strcmp(name, "ProvideTransfer") == 0 ? &addns->takers
	                                              : &addns->notified;
}

/* Makes a peer of an entry. \return Whether it can be one; if not, that is noted. Without its key it
 * would let in who must not come in. */
static bool form_peer(const hsm_xml_t *xml, const xmlNode *node, const reader_t *reader,
                      const entry_t *entry, peers_peer_t *peer)
{
	bool remote = strcmp((const char *)node->name, "Remote") == 0;
	*peer = (peers_peer_t){ 0 };
	if (entry->address != NULL) {
		peer->address = remote ? peers_address(entry->address, (unsigned)entry->port)
		                       : peers_prefix(entry->address);
	}
	if (peer->address == NULL && (remote || entry->address != NULL)) {
		leave_out(xml, node, reader->notes, "\"%.60s\" is no address that Knot takes",
		          entry->address != NULL ? entry->address : "");
		return false;
	}
	if (entry->key == NULL) {
		return true;
	}
	peer->key = zone_name_canonical(entry->key);
	if (peer->key == NULL || peers_find_key(&reader->addns, peer->key) == NULL) {
		leave_out(xml, node, reader->notes, "the file has no key \"%.80s\", or none that can "
		          "be taken", entry->key);
		return false;
	}
	return true;
}

static int add_peer(hsm_xml_t *xml, xmlNode *node, reader_t *reader, const entry_t *entry)
{
	peers_list_t *list = list_of(&reader->addns, node);
	peers_peer_t *peers = reallocarray(list->peers, list->count + 1, sizeof(*peers));
	if (peers == NULL) {
		return hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
	}
	list->peers = peers;
	if (form_peer(xml, node, reader, entry, &peers[list->count])) {
		list->count++;
	} else {
		free(peers[list->count].address);
		free(peers[list->count].key);
	}
	return HSM_EOK;
}

static int read_peer(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	entry_t entry = { .port = DNS_PORT };
	int ret = hsm_xml_children(xml, node, rules_entry, &entry);
	if (ret == HSM_EOK) {
		ret = add_peer(xml, node, ctx, &entry);
	}
	free(entry.address);
	free(entry.key);
	return ret;
}

static const hsm_xml_rule_t rules_remotes[] = {
	{ .name = "Remote", .read = read_peer, .repeated = true },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_peers[] = {
	{ .name = "Peer", .read = read_peer, .repeated = true },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_inbound[] = {
	{ .name = "RequestTransfer", .children = rules_remotes },
	{ .name = "AllowNotify", .children = rules_peers },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_outbound[] = {
	{ .name = "ProvideTransfer", .children = rules_peers },
	{ .name = "Notify", .children = rules_remotes },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_dns[] = {
	{ .name = "TSIG", .read = read_tsig, .repeated = true },
	{ .name = "Inbound", .children = rules_inbound },
	{ .name = "Outbound", .children = rules_outbound },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_adapter[] = {
	{ .name = "DNS", .children = rules_dns, .required = true },
	{ .name = NULL },
};

/* -- all ----------------------------------------------------------------- */

static void warn(void *ctx, const char *text)
{
	notes_add(((reader_t *)ctx)->notes, "%s", text);
}

int addns_read(const char *path, peers_t *addns, notes_t *notes, hsm_error_t *err)
{
	hsm_xml_t xml;
	reader_t reader = { .notes = notes };
	int ret = hsm_xml_open(&xml, path, "Adapter", warn, &reader, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	ret = hsm_xml_children(&xml, hsm_xml_root(&xml), rules_adapter, &reader);
	hsm_xml_close(&xml);
	if (ret == HSM_EOK) {
		reader.addns.path = strdup(path);
		ret = reader.addns.path != NULL ? HSM_EOK : HSM_ENOMEM;
	}
	if (ret != HSM_EOK) {
		peers_deinit(&reader.addns);
		return ret;
	}
	*addns = reader.addns;
	return HSM_EOK;
}
