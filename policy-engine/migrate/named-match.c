/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/named-match.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/zone-name.h"

#define DEPTH_MAX 16 /* Lists in lists: one can be in itself. */
#define STEPS_MAX 100000 /* Elements of a statement: lists in lists can become long without end. */
#define DNS_PORT 53

/* -- what is found -------------------------------------------------------- */

/* Appends a peer. Takes address and key over. */
static void add(named_scope_t *scope, peers_list_t *list, peers_peer_t peer)
{
	peers_peer_t *peers = reallocarray(list->peers, list->count + 1, sizeof(*peers));
	if (peers == NULL) {
		free(peer.address);
		free(peer.key);
		scope->failed = true;
		return;
	}
	peers[list->count++] = peer;
	list->peers = peers;
}

/* The list "WORD NAME { ... }", that of the view before that of all. */
static const named_statement_t *find_list(const named_scope_t *scope, const char *word, const char *name)
{
	const named_block_t *const where[] = { scope->view, scope->all };
	for (int w = 0; w < 2; w++) {
		for (size_t i = 0; where[w] != NULL && i < where[w]->count; i++) {
			const named_statement_t *statement = &where[w]->statements[i];
			if (named_is(statement, 0, word) && named_is(statement, 1, name)) {
				return statement;
			}
		}
	}
	return NULL;
}

/* \return The name of a key that was taken, to be freed; NULL: there is none. */
static char *key_of(const named_scope_t *scope, const char *name)
{
	char *canonical = name != NULL ? zone_name_canonical(name) : NULL;
	if (canonical != NULL && peers_find_key(scope->keys, canonical) == NULL) {
		free(canonical);
		return NULL;
	}
	return canonical;
}

/* -- who may -------------------------------------------------------------- */

typedef struct {
	named_scope_t *scope;
	peers_list_t *list;
	const char *what;  /* The statement. */
	bool ended;        /* What follows does not count. */
	unsigned steps;
} match_t;

/* Notes what is said in a line; zones have lists in common. */
static void note(named_scope_t *scope, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void note(named_scope_t *scope, unsigned line, const char *format, ...)
{
	char text[400];
	const int len = snprintf(text, sizeof(text), "line %u: ", line);
	va_list args;
	va_start(args, format);
	vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
	va_end(args);
	notes_once(scope->notes, text);
}

static void leave_out(match_t *match, const named_statement_t *element, const char *text, bool deny)
{
	note(match->scope, element->line, "%s: %s\"%.100s\" is left out%s", match->what, deny ? "! " : "", text,
	     deny ? ", with all that follow: without it they would let in whom they must not" : "");
	match->ended = match->ended || deny;
}

static void add_address(match_t *match, const char *text, bool deny)
{
	add(match->scope, match->list, (peers_peer_t){ .address = text != NULL ? peers_prefix(text) : NULL,
	                                               .any_key = true, .deny = deny });
}

static void match_key(match_t *match, const named_statement_t *element, size_t at, bool deny)
{
	const char *name = named_word(element, at + 1);
	char *key = key_of(match->scope, name);
	if (key == NULL) {
		leave_out(match, element, name != NULL ? name : "key", deny);
	} else {
		add(match->scope, match->list, (peers_peer_t){ .key = key, .deny = deny });
	}
}

static void match_block(match_t *match, const named_block_t *block, bool deny, unsigned depth);

/* A word: of named's own, of a list, or an address. */
static void match_word(match_t *match, const named_statement_t *element, const char *text, bool deny, unsigned depth)
{
	const named_statement_t *acl = find_list(match->scope, "acl", text);
	const named_block_t *block = acl != NULL ? named_block_of(acl) : NULL;
	char *prefix = peers_prefix(text);
	free(prefix);
	if (strcmp(text, "none") == 0 && !deny) {
		match->ended = true;
	} else if (strcmp(text, "any") == 0) {
		add_address(match, NULL, deny);
	} else if (strcmp(text, "localhost") == 0 && !deny) {
		notes_once(match->scope->notes, "localhost: 127.0.0.1 and ::1 here; for named it is each address of its host");
		add_address(match, "127.0.0.1", false);
		add_address(match, "::1", false);
	} else if (prefix != NULL && strchr(text, '&') == NULL && strchr(text, '-') == NULL) {
		add_address(match, text, deny);
	} else if (block != NULL && depth < DEPTH_MAX) {
		match_block(match, block, deny, depth + 1);
	} else {
		leave_out(match, element, text, deny);
	}
}

static void match_element(match_t *match, const named_statement_t *element, bool deny, unsigned depth)
{
	const size_t at = named_is(element, 0, "!");
	const char *text = named_word(element, at);
	if (at > 0 && deny) {
		leave_out(match, element, "!", true); /* A no of a no is neither. */
	} else if (text == NULL && named_block_of(element) != NULL && depth < DEPTH_MAX) {
		match_block(match, named_block_of(element), deny || at > 0, depth + 1);
	} else if (text != NULL && strcmp(text, "key") == 0) {
		match_key(match, element, at, deny || at > 0);
	} else if (text != NULL && element->count == at + 1) {
		match_word(match, element, text, deny || at > 0, depth);
	} else {
		leave_out(match, element, text != NULL ? text : "{", deny || at > 0);
	}
}

/* What a list within another refuses is refused by this one, too: named would go on, and might let it in. */
static void match_block(match_t *match, const named_block_t *block, bool deny, unsigned depth)
{
	for (size_t i = 0; i < block->count && !match->ended && !match->scope->failed; i++) {
		if (++match->steps > STEPS_MAX) {
			leave_out(match, &block->statements[i], "what is too much", true);
			return;
		}
		match_element(match, &block->statements[i], deny, depth);
	}
}

void named_match_list(named_scope_t *scope, const named_statement_t *statement, peers_list_t *list)
{
	match_t match = { .scope = scope, .list = list, .what = named_word(statement, 0) };
	const named_block_t *block = named_block_of(statement);
	if (block == NULL || statement->count > 2) {
		note(scope, statement->line, "%s: is left out, as it is for a port or transport", match.what);
		return;
	}
	match_block(&match, block, false, 0);
}

/* -- servers -------------------------------------------------------------- */

typedef struct {
	named_scope_t *scope;
	peers_list_t *list;
	const char *what;
	unsigned steps;
} servers_t;

/* The key that a statement server { keys } has for an address. */
static const char *key_of_server(const named_scope_t *scope, const char *address)
{
	const named_block_t *const where[] = { scope->view, scope->all };
	for (int w = 0; w < 2; w++) {
		for (size_t i = 0; where[w] != NULL && i < where[w]->count; i++) {
			const named_statement_t *server = &where[w]->statements[i];
			const char *text = named_is(server, 0, "server") ? named_word(server, 1) : NULL;
			const size_t len = strlen(address);
			const named_statement_t *keys = text != NULL && strncmp(text, address, len) == 0 &&
			                                                (strcmp(text + len, "/32") == 0 ||
			                                                 strcmp(text + len, "/128") == 0 ||
			                                                 text[len] == '\0')
			                                        ? named_find(named_block_of(server), "keys") : NULL;
			const named_block_t *block = keys != NULL ? named_block_of(keys) : NULL;
			if (keys != NULL) {
				return block == NULL ? named_word(keys, 1)
				       : block->count > 0 ? named_word(&block->statements[0], 0) : NULL;
			}
		}
	}
	return NULL;
}

static unsigned port_of(const named_statement_t *statement, unsigned otherwise)
{
	const char *text = named_after(statement, "port");
	const long port = text != NULL ? strtol(text, NULL, 10) : 0;
	return port > 0 && port <= UINT16_MAX ? (unsigned)port : otherwise;
}

static void add_server(servers_t *in, const named_statement_t *element, unsigned port, const char *key)
{
	const char *text = named_word(element, 0);
	char *address = peers_address(text, port);
	key = key != NULL ? key : key_of_server(in->scope, text);
	char *name = key_of(in->scope, key);
	if (address == NULL || (key != NULL && name == NULL) || named_after(element, "tls") != NULL) {
		note(in->scope, element->line, "%s: \"%.100s\" is left out: %s", in->what, text,
		     address == NULL ? "this is no address, and no list" : name == NULL && key != NULL
		     ? "its key is not there, or cannot be taken" : "it wants TLS");
		free(address);
		free(name);
		return;
	}
	add(in->scope, in->list, (peers_peer_t){ .address = address, .key = name });
}

static const named_statement_t *find_servers(const named_scope_t *scope, const char *name)
{
	static const char *const words[] = { "remote-servers", "primaries", "masters" };
	const named_statement_t *found = NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && found == NULL; i++) {
		found = find_list(scope, words[i], name);
	}
	return found;
}

static void take_servers(servers_t *in, const named_statement_t *statement, unsigned port, const char *key,
                         unsigned depth)
{
	const named_block_t *block = named_block_of(statement);
	port = port_of(statement, port);
	for (size_t i = 0; block != NULL && i < block->count && !in->scope->failed && in->steps++ < STEPS_MAX; i++) {
		const named_statement_t *element = &block->statements[i];
		const char *text = named_word(element, 0), *own = named_after(element, "key");
		const named_statement_t *list = text != NULL ? find_servers(in->scope, text) : NULL;
		own = own != NULL ? own : key;
		if (list != NULL && depth < DEPTH_MAX) {
			take_servers(in, list, port_of(element, port), own, depth + 1);
		} else if (text != NULL) {
			add_server(in, element, port_of(element, port), own);
		}
	}
}

void named_match_servers(named_scope_t *scope, const named_statement_t *statement, peers_list_t *list)
{
	servers_t in = { .scope = scope, .list = list, .what = named_word(statement, 0) };
	take_servers(&in, statement, DNS_PORT, NULL, 0);
}

void named_match_hosts(named_scope_t *scope, const peers_list_t *servers, peers_list_t *list)
{
	for (size_t i = 0; i < servers->count; i++) {
		char *address = strdup(servers->peers[i].address);
		if (address == NULL) {
			scope->failed = true;
			return;
		}
		address[strcspn(address, "@")] = '\0';
		add(scope, list, (peers_peer_t){ .address = address, .any_key = true });
	}
}
