/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/tried.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/moment.h"

/* Seconds for which a token may work without an answer; RSA key pairs take some. */
#define PATIENCE 10

void tried_init(tried_t *tried)
{
	memset(tried, 0, sizeof(*tried));
	pthread_mutex_init(&tried->lock, NULL);
}

void tried_deinit(tried_t *tried)
{
	pthread_mutex_destroy(&tried->lock);
}

void tried_begin(tried_t *tried)
{
	pthread_mutex_lock(&tried->lock);
	if (tried->open++ == 0) {
		tried->progress = time(NULL);
	}
	pthread_mutex_unlock(&tried->lock);
}

void tried_end(tried_t *tried, bool to_sign, int code, const hsm_error_t *err)
{
	const int64_t now = time(NULL);
	pthread_mutex_lock(&tried->lock);
	tried->open--;
	tried->progress = tried->when = now;
	tried->signed_last = to_sign;
	tried->code = hsm_error_is_outage(code) ? code : HSM_EOK;
	if (tried->code != HSM_EOK && err != NULL) {
		tried->err = *err;
	} else if (tried->code != HSM_EOK) {
		memset(&tried->err, 0, sizeof(tried->err));
	}
	pthread_mutex_unlock(&tried->lock);
}

void tried_read(tried_t *tried, hsm_last_t *last)
{
	const int64_t now = time(NULL);
	pthread_mutex_lock(&tried->lock);
	const bool hangs = tried->open > 0 && now - tried->progress >= PATIENCE;
	last->when = tried->when;
	last->waits_since = hangs ? tried->progress : 0;
	last->signed_last = tried->signed_last;
	last->code = tried->code;
	last->err = tried->err;
	pthread_mutex_unlock(&tried->lock);
}

static const char *stamp(int64_t when, char out[MOMENT_MAX])
{
	return moment_write(when, out) ? out : "some time";
}

void hsm_last_text(const hsm_last_t *last, char *out, size_t size)
{
	char when[MOMENT_MAX];
	if (last->waits_since != 0) {
		snprintf(out, size, "has not answered since %s: it hangs; if it stays so, restart "
		         "it, and then what uses it", stamp(last->waits_since, when));
	} else if (last->when == 0) {
		snprintf(out, size, "not used yet");
	} else if (last->code == HSM_EOK) {
		snprintf(out, size, "works, %s at %s", last->signed_last ? "signed" : "answered",
		         stamp(last->when, when));
	} else {
		snprintf(out, size, "does not work, was asked%s at %s: %s",
		         last->signed_last ? " to sign" : "", stamp(last->when, when),
		         last->err.text);
	}
}
