/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/tool/owner.h"

#include <sys/stat.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "common/core-dump.h"
#include "hsm-adapter/kept.h"
#include "hsm-adapter/pin.h"
#include "hsm-adapter/secret.h"

#define USER "knot" /* Knot's packages have it so. */

static uid_t owner_of(const hsm_conf_t *conf)
{
	struct stat st;
	const uid_t own = geteuid();
	errno = 0;
	if (stat(conf->engine_socket, &st) == 0 && S_ISSOCK(st.st_mode)) {
		return st.st_uid;
	}
	/* Who may not even look for the socket is not the servers' user. */
	const struct passwd *user = own == 0 || errno == EACCES ? getpwnam(USER) : NULL;
	return user != NULL ? user->pw_uid : own;
}

static void write_name(uid_t uid, char name[64])
{
	const struct passwd *user = getpwuid(uid);
	if (user != NULL) {
		snprintf(name, 64, "%s", user->pw_name);
	} else {
		snprintf(name, 64, "%lu", (unsigned long)uid);
	}
}

int owner_do(const hsm_conf_t *conf, owner_f work, void *ctx, char name[64])
{
	const uid_t own = geteuid(), owner = owner_of(conf);
	write_name(owner, name);
	if (owner == own) {
		return work(ctx);
	}
	/* Whose keyring it is says the real user; the saved one takes us back, and keeps the owner's other
	 * processes from tracing this one. */
	if (own != 0) {
		return EREMOTE;
	}
	if (setresuid(owner, owner, 0) != 0) {
		return errno;
	}
	const int ret = work(ctx);
	if (setresuid(0, 0, 0) != 0) {
		_exit(1);
	}
	core_dump_forbid();
	return ret;
}

static int take_pins(void *ctx)
{
	hsm_conf_t *conf = ctx;
	for (size_t i = 0; i < conf->count; i++) {
		hsm_repository_t *repository = &conf->repositories[i];
		char *pin = repository->asked ? hsm_secret_new() : NULL;
		size_t len = 0;
		kept_id_t id = 0;
		if (pin != NULL && kept_read(repository, pin, HSM_PIN_MAX, &len, &id) == 0) {
			repository->pin = pin;
		} else {
			hsm_secret_free(pin);
		}
	}
	return 0;
}

void owner_pins(hsm_conf_t *conf)
{
	char name[64];
	if (geteuid() == 0 && owner_of(conf) != 0) {
		(void)owner_do(conf, take_pins, conf, name);
	}
}
