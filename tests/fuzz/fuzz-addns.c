/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as addns.xml: it is refused with a reason, or what is taken can stand in knot.conf. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy-engine/migrate/addns.h"
#include "tests/fuzz/target.h"

/* Octets. For a comment full of "--" libxml2 takes time by the square of its length. */
#define INPUT_MAX 16384

/* Whether a text can stand between quotation marks in one line of knot.conf. */
static bool is_plain(const char *text)
{
	return strpbrk(text, "\"\\\n\r") == NULL;
}

static void check_peers(const peers_t *addns, const peers_list_t *peers)
{
	for (size_t i = 0; i < peers->count; i++) {
		const peers_peer_t *peer = &peers->peers[i];
		bool known = peer->key == NULL;
		for (size_t k = 0; k < addns->key_count && !known; k++) {
			known = strcmp(addns->keys[k].name, peer->key) == 0;
		}
		demand(known, "a peer's key is there");
		demand(peer->address == NULL || is_plain(peer->address), "an address is plain");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_MAX) {
		return 0;
	}
	char path[TARGET_PATH_MAX];
	const int fd = make_file(data, size, path);

	peers_t addns = { 0 };
	notes_t notes = { 0 };
	hsm_error_t err = { 0 };
	if (addns_read(path, &addns, &notes, &err) != HSM_EOK) {
		demand(strncmp(err.text, "/proc/", 6) == 0, "an error names a file");
	}
	for (size_t i = 0; i < addns.key_count; i++) {
		demand(is_plain(addns.keys[i].name) && is_plain(addns.keys[i].algorithm) &&
		       is_plain(addns.keys[i].secret), "a key is plain");
	}
	const peers_list_t *all[] = { &addns.primaries, &addns.notifiers, &addns.takers, &addns.notified };
	for (size_t i = 0; i < 4; i++) {
		check_peers(&addns, all[i]);
	}
	peers_deinit(&addns);
	notes_deinit(&notes);
	close(fd);
	return 0;
}
