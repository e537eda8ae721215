/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/peers.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy-engine/base/zone-name.h"

#define PREFIX_MAX 200 /* Bytes of an address, a range or a prefix. */

/* -- addresses ----------------------------------------------------------- */

bool peers_is_address(const char *text)
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

char *peers_prefix(const char *text)
{
	char first[PREFIX_MAX], *out = NULL;
	size_t len = strcspn(text, "/&-");
	snprintf(first, sizeof(first), "%.*s", (int)len, text);
	const char *rest = text[len] != '\0' ? text + len + 1 : "";
	if (!peers_is_address(first)) {
		return NULL;
	}
	int mask = text[len] == '&' ? mask_length(rest) : -1;
	bool as_it_is = text[len] == '\0' || (text[len] == '-' && peers_is_address(rest)) ||
	                (text[len] == '/' && is_length(rest, strchr(first, ':') != NULL));
	int ret = as_it_is    ? asprintf(&out, "%s", text)
	          : mask >= 0 ? asprintf(&out, "%s/%d", first, mask)
	                      : -1;
	return ret >= 0 ? out : NULL;
}

char *peers_address(const char *text, unsigned port)
{
	char *out = NULL;
	int ret = peers_is_address(text) ? asprintf(&out, "%s@%u", text, port) : -1;
	return ret >= 0 ? out : NULL;
}

void peers_key_deinit(peers_key_t *key)
{
	if (key->secret != NULL) {
		explicit_bzero(key->secret, strlen(key->secret));
	}
	free(key->name);
	free(key->algorithm);
	free(key->secret);
}

const peers_key_t *peers_find_key(const peers_t *peers, const char *name)
{
	for (size_t i = 0; i < peers->key_count; i++) {
		if (strcmp(peers->keys[i].name, name) == 0) {
			return &peers->keys[i];
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

const char *peers_form_key(peers_key_t *key)
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

/* -- all ----------------------------------------------------------------- */

void peers_list_deinit(peers_list_t *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->peers[i].address);
		free(list->peers[i].key);
	}
	free(list->peers);
}

void peers_deinit(peers_t *peers)
{
	for (size_t i = 0; i < peers->key_count; i++) {
		peers_key_deinit(&peers->keys[i]);
	}
	free(peers->keys);
	peers_list_deinit(&peers->primaries);
	peers_list_deinit(&peers->notifiers);
	peers_list_deinit(&peers->takers);
	peers_list_deinit(&peers->notified);
	free(peers->path);
	*peers = (peers_t){ 0 };
}
