/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/addns.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hsm-adapter/xml.h"
#include "policy-engine/base/zone-name.h"

#define ADDRESS_MAX 200 /* Bytes of an address, a range or a prefix. */
#define DNS_PORT 53

typedef struct {
	addns_t addns;
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

/* -- addresses ----------------------------------------------------------- */

static bool is_address(const char *text)
{
	unsigned char out[16];
	return inet_pton(AF_INET, text, out) == 1 || inet_pton(AF_INET6, text, out) == 1;
}

/* The length of a prefix with that mask; -1 if it is no prefix. */
static int mask_length(const char *text)
{
	unsigned char mask[16];
	int bytes = inet_pton(AF_INET, text, mask) == 1    ? 4
	            : inet_pton(AF_INET6, text, mask) == 1 ? 16
	                                                   : 0;
	int length = 0;
	while (length < 8 * bytes && (mask[length / 8] >> (7 - length % 8) & 1) != 0) {
		length++;
	}
	for (int bit = length; bit < 8 * bytes; bit++) {
		if ((mask[bit / 8] >> (7 - bit % 8) & 1) != 0) {
			return -1;
		}
	}
	return bytes > 0 ? length : -1;
}

static bool is_length(const char *text, bool v6)
{
	char *end = NULL;
	unsigned long length = strtoul(text, &end, 10);
	return isdigit((unsigned char)text[0]) && *end == '\0' && length <= (v6 ? 128 : 32);
}

/* Turns a prefix of OpenDNSSEC, ADDRESS, ADDRESS/LENGTH, ADDRESS&MASK or ADDRESS-ADDRESS, into one
 * of Knot. \return To be freed; NULL if there is none, or no memory. */
static char *knot_prefix(const char *text)
{
	char first[ADDRESS_MAX], *out = NULL;
	size_t len = strcspn(text, "/&-");
	snprintf(first, sizeof(first), "%.*s", (int)len, text);
	const char *rest = text[len] != '\0' ? text + len + 1 : "";
	if (!is_address(first)) {
		return NULL;
	}
	int mask = text[len] == '&' ? mask_length(rest) : -1;
	bool as_it_is = text[len] == '\0' || (text[len] == '-' && is_address(rest)) ||
	                (text[len] == '/' && is_length(rest, strchr(first, ':') != NULL));
	int ret = as_it_is    ? asprintf(&out, "%s", text)
	          : mask >= 0 ? asprintf(&out, "%s/%d", first, mask)
	                      : -1;
	return ret >= 0 ? out : NULL;
}

static char *knot_address(const char *text, unsigned port)
{
	char *out = NULL;
	int ret = is_address(text) ? asprintf(&out, "%s@%u", text, port) : -1;
	return ret >= 0 ? out : NULL;
}

/* -- keys ---------------------------------------------------------------- */

static int read_key_text(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	addns_key_t *key = ctx;
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

static void key_deinit(addns_key_t *key)
{
	if (key->secret != NULL) {
		explicit_bzero(key->secret, strlen(key->secret));
	}
	free(key->name);
	free(key->algorithm);
	free(key->secret);
}

static const addns_key_t *find_key(const addns_t *addns, const char *name)
{
	for (size_t i = 0; i < addns->key_count; i++) {
		if (strcmp(addns->keys[i].name, name) == 0) {
			return &addns->keys[i];
		}
	}
	return NULL;
}

/* \return Whether the algorithm has a name in knot.conf; it is that then. */
static bool name_algorithm(char *algorithm)
{
	static const char *const names[] = { "hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256",
	                                     "hmac-sha384", "hmac-sha512" };
	algorithm[strcspn(algorithm, ".")] = '\0'; /* hmac-md5.sig-alg.reg.int. */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(names[i], algorithm) == 0) {
			strcpy(algorithm, names[i]);
			return true;
		}
	}
	return false;
}

/* Base64 may have white space in XML, and not in knot.conf. */
static bool squeeze_base64(char *text)
{
	char *to = text;
	for (const char *c = text; *c != '\0'; c++) {
		if (!isspace((unsigned char)*c)) {
			*to++ = *c;
		}
	}
	*to = '\0';
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
	return len > 0 && text[len + strspn(text + len, "=")] == '\0' && strlen(text) % 4 == 0;
}

/* \return Why knot.conf cannot have the key; NULL if it can. */
static const char *form_key(addns_key_t *key)
{
	char *name = zone_name_canonical(key->name);
	if (name == NULL) {
		return "its name is no domain name";
	}
	free(key->name);
	key->name = name;
	return !name_algorithm(key->algorithm)  ? "Knot does not know its algorithm"
	       : !squeeze_base64(key->secret) ? "its secret is no Base64"
	                                      : NULL;
}

static int read_tsig(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	reader_t *reader = ctx;
	addns_t *addns = &reader->addns;
	addns_key_t key = { 0 };
	int ret = hsm_xml_children(xml, node, rules_tsig, &key);
	const char *fault = ret == HSM_EOK ? form_key(&key) : NULL;
	if (ret == HSM_EOK && fault == NULL && find_key(addns, key.name) != NULL) {
		fault = "a second key of that name";
	}
	if (ret != HSM_EOK || fault != NULL) {
		if (fault != NULL) {
			leave_out(xml, node, reader->notes, "%s", fault);
		}
		key_deinit(&key);
		return ret;
	}
	addns_key_t *keys = reallocarray(addns->keys, addns->key_count + 1, sizeof(*keys));
	if (keys == NULL) {
		key_deinit(&key);
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

static addns_peers_t *list_of(addns_t *addns, const xmlNode *node)
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
                      const entry_t *entry, addns_peer_t *peer)
{
	bool remote = strcmp((const char *)node->name, "Remote") == 0;
	*peer = (addns_peer_t){ 0 };
	if (entry->address != NULL) {
		peer->address = remote ? knot_address(entry->address, (unsigned)entry->port)
		                       : knot_prefix(entry->address);
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
	if (peer->key == NULL || find_key(&reader->addns, peer->key) == NULL) {
		leave_out(xml, node, reader->notes, "the file has no key \"%.80s\", or none that can "
		          "be taken", entry->key);
		return false;
	}
	return true;
}

static int add_peer(hsm_xml_t *xml, xmlNode *node, reader_t *reader, const entry_t *entry)
{
	addns_peers_t *list = list_of(&reader->addns, node);
	addns_peer_t *peers = reallocarray(list->peers, list->count + 1, sizeof(*peers));
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

int addns_read(const char *path, addns_t *addns, notes_t *notes, hsm_error_t *err)
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
		addns_deinit(&reader.addns);
		return ret;
	}
	*addns = reader.addns;
	return HSM_EOK;
}

static void peers_deinit(addns_peers_t *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->peers[i].address);
		free(list->peers[i].key);
	}
	free(list->peers);
}

void addns_deinit(addns_t *addns)
{
	for (size_t i = 0; i < addns->key_count; i++) {
		key_deinit(&addns->keys[i]);
	}
	free(addns->keys);
	peers_deinit(&addns->primaries);
	peers_deinit(&addns->notifiers);
	peers_deinit(&addns->takers);
	peers_deinit(&addns->notified);
	free(addns->path);
	*addns = (addns_t){ 0 };
}
