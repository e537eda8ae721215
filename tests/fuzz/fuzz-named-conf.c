/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as named.conf: it is refused with a reason, or what is taken can stand in knot.conf. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy-engine/migrate/named-conf.h"
#include "tests/fuzz/target.h"

/* Octets. What is in lists in lists is taken for each zone. */
#define INPUT_MAX 4096

/* Whether a text can stand between quotation marks in one line of knot.conf. */
static bool is_plain(const char *text)
{
	return strpbrk(text, "\"\n\r") == NULL;
}

static void check_peers(const named_conf_t *conf, const peers_list_t *list, bool remotes)
{
	for (size_t i = 0; i < list->count; i++) {
		const peers_peer_t *peer = &list->peers[i];
		demand(peer->key == NULL || peers_find_key(&conf->keys, peer->key) != NULL, "a peer's key is there");
		demand(peer->address == NULL || is_plain(peer->address), "an address is plain");
		demand(!remotes || (peer->address != NULL && !peer->deny), "a server has an address");
	}
}

static void check_zone(const named_conf_t *conf, const named_zone_t *zone)
{
	demand(zone->name != NULL && zone->name[strlen(zone->name) - 1] == '.', "a name is canonical");
	demand(zone->from == SIZE_MAX || zone->from < conf->group_count, "primaries are there");
	demand(zone->to == SIZE_MAX || zone->to < conf->group_count, "targets are there");
	demand(zone->why[0] != '\0' || zone->file != NULL || zone->from != SIZE_MAX, "a zone comes from somewhere");
	demand(zone->file == NULL || zone->file[0] == '/', "a path is absolute");
}

static void check(const named_conf_t *conf)
{
	for (size_t i = 0; i < conf->keys.key_count; i++) {
		demand(is_plain(conf->keys.keys[i].algorithm) && is_plain(conf->keys.keys[i].secret), "a key is plain");
	}
	for (size_t i = 0; i < conf->group_count; i++) {
		const peers_t *peers = &conf->groups[i].peers;
		check_peers(conf, &peers->primaries, true);
		check_peers(conf, &peers->notified, true);
		check_peers(conf, &peers->notifiers, false);
		check_peers(conf, &peers->takers, false);
	}
	for (size_t i = 0; i < conf->zone_count; i++) {
		check_zone(conf, &conf->zones[i]);
		demand(i == 0 || strcmp(conf->zones[i - 1].name, conf->zones[i].name) < 0 ||
		       conf->zones[i].why[0] != '\0', "a name is there once");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_MAX) {
		return 0;
	}
	char path[TARGET_PATH_MAX], err[500] = "";
	const int fd = make_file(data, size, path);
	fchmod(fd, 0600);
	named_conf_t conf = { .zones = NULL };
	if (named_conf_read(path, NULL, &conf, err, sizeof(err)) == 0) {
		check(&conf);
	} else {
		demand(strncmp(err, "/proc/", 6) == 0, "an error names the file");
	}
	named_conf_deinit(&conf);
	close(fd);
	return 0;
}
