/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/places.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where a path is: below the folder that is made, or where a server has it. */
typedef struct {
	char **path;
	const char *below, *otherwise; /* otherwise: NULL = below in any case. */
} place_t;

/* \return An absolute path, to be freed. */
static char *absolute(const char *dir)
{
	char *path = NULL, *here = dir[0] != '/' ? getcwd(NULL, 0) : NULL;
	if (dir[0] == '/') {
		path = strdup(dir);
	} else if (here == NULL || asprintf(&path, "%s/%s", here, dir) < 0) {
		path = NULL;
	}
	free(here);
	for (size_t len = path != NULL ? strlen(path) : 0; len > 1 && path[len - 1] == '/'; len--) {
		path[len - 1] = '\0';
	}
	return path;
}

/* Knot takes an address with three dots and three digits for IPv4, a path or not. */
static const char *transfer_name(const char *dir)
{
	size_t dots = 0;
	for (const char *c = dir; *c != '\0'; c++) {
		dots += *c == '.';
	}
	return dots == 2 ? "run/transfer" : "run/transfer.sock";
}

int places_make(const char *dir, bool below, const char *listen, places_t *places)
{
	*places = (places_t){ .dir = absolute(dir != NULL ? dir : PLACES_DIR), .below = below,
	                      .listen = listen };
	if (places->dir == NULL) {
		return -1;
	}
	const place_t all[] = {
		{ &places->conf, "conf.xml", NULL },
		{ &places->kasp, "kasp.xml", NULL },
		{ &places->knot_conf, "knot.conf", NULL },
		{ &places->permissions, "permissions.sh", NULL },
		{ &places->check_zones, "check-zones.sh", NULL },
		{ &places->import, "import.sh", NULL },
		{ &places->plan, "plan.txt", NULL },
		{ &places->run, "run", "/run/knot" },
		{ &places->journal, "knot", "/var/lib/knot" },
		{ &places->store, "store", "/var/lib/knot/opendnssec" },
		{ &places->transfer_socket, transfer_name(places->dir),
		  "/run/knot/opendnssec-transfer.sock" },
		{ &places->control_socket, "run/module.sock", "/run/knot/opendnssec.sock" },
		{ &places->engine_run, "run", "/run/mod-opendnssec" },
		{ &places->engine_socket, "run/engine.sock", "/run/mod-opendnssec/engine.sock" },
		{ &places->state, "state", "/var/lib/mod-opendnssec" },
		{ &places->database, "state/kasp.db", "/var/lib/mod-opendnssec/kasp.db" },
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		bool ours = below || all[i].otherwise == NULL;
		int ret = ours ? asprintf(all[i].path, "%s/%s", places->dir, all[i].below)
		               : asprintf(all[i].path, "%s", all[i].otherwise);
		if (ret < 0) {
			*all[i].path = NULL;
			return -1;
		}
	}
	return 0;
}

static int make_folder(const char *path)
{
	if (mkdir(path, 0750) == 0 || errno == EEXIST) {
		return 0;
	}
	fprintf(stderr, "ods migrate: %s: %s\n", path, strerror(errno));
	return -1;
}

int places_make_folders(const places_t *places)
{
	const char *const servers[] = { places->run, places->journal, places->store, places->state };
	int ret = make_folder(places->dir);
	for (size_t i = 0; places->below && i < 4 && ret == 0; i++) {
		ret = make_folder(servers[i]);
	}
	return ret;
}

FILE *places_create(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL) {
		fprintf(stderr, "ods migrate: %s: %s%s\n", path, strerror(errno),
		        errno == EEXIST ? "; it stays as it is: name another folder, or move it away"
		                        : "");
		if (fd >= 0) {
			close(fd);
		}
	}
	return file;
}

int places_finish(FILE *file, const char *path)
{
	bool failed = ferror(file) != 0;
	failed = fclose(file) != 0 || failed;
	if (failed) {
		fprintf(stderr, "ods migrate: %s: could not be written\n", path);
	}
	return failed ? -1 : 0;
}

void places_deinit(places_t *places)
{
	char *const all[] = { places->dir, places->conf, places->kasp, places->knot_conf,
		              places->permissions, places->check_zones, places->import, places->plan, places->run, places->journal,
		              places->store, places->transfer_socket, places->control_socket,
		              places->engine_socket, places->engine_run, places->database,
		              places->state };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		free(all[i]);
	}
	*places = (places_t){ 0 };
}
