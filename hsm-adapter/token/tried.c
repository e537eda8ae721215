/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/tried.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/moment.h"

/* Seconds for which a token may work without an answer; RSA key pairs take some. */
#define PATIENCE 10

tried_key_t tried_key(const char *cka_id, uint8_t algorithm)
{
	tried_key_t key = { .algorithm = algorithm };
	snprintf(key.cka_id, sizeof(key.cka_id), "%s", cka_id);
	return key;
}

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

/*! With the lock held. */
static void set_failing(tried_t *tried, int code, const hsm_error_t *err)
{
	tried->since = tried->code == HSM_EOK ? time(NULL) : tried->since;
	tried->code = code;
	tried->err = err != NULL ? *err : (hsm_error_t){ 0 };
	tried->returned = false;
}

/*! With the lock held. */
static void set_working(tried_t *tried)
{
	tried->returned |= tried->code != HSM_EOK || tried->suspect.algorithm != 0;
	tried->since = 0;
	tried->code = HSM_EOK;
	tried->suspect.algorithm = 0;
}

void tried_end(tried_t *tried, bool to_sign, int code, const hsm_error_t *err)
{
	const bool failed = hsm_error_is_outage(code);
	pthread_mutex_lock(&tried->lock);
	tried->open--;
	tried->progress = time(NULL);
	tried->signatures += to_sign && code == HSM_EOK;
	tried->errors += failed && !to_sign;
	if (failed) {
		set_failing(tried, code, err);
	} else if (tried->suspect.algorithm == 0) {
		set_working(tried);
	}
	if (failed || tried->code == HSM_EOK) {
		tried->when = tried->progress;
		tried->signed_last = to_sign;
	}
	pthread_mutex_unlock(&tried->lock);
}

void tried_error(tried_t *tried)
{
	pthread_mutex_lock(&tried->lock);
	tried->errors++;
	pthread_mutex_unlock(&tried->lock);
}

void tried_suspect(tried_t *tried, const tried_key_t *key, int code, const hsm_error_t *err)
{
	if (code == HSM_EALGORITHM) {
		return;
	}
	pthread_mutex_lock(&tried->lock);
	tried->suspect = *key;
	if (code != HSM_ENOKEY) {
		set_failing(tried, code, err);
		tried->when = time(NULL);
	}
	pthread_mutex_unlock(&tried->lock);
}

void tried_proven(tried_t *tried, const tried_key_t *key)
{
	pthread_mutex_lock(&tried->lock);
	if (strcmp(tried->suspect.cka_id, key->cka_id) == 0) {
		set_working(tried);
		tried->when = time(NULL);
		tried->signed_last = true;
	}
	pthread_mutex_unlock(&tried->lock);
}

void tried_missed(tried_t *tried, const tried_key_t *key)
{
	pthread_mutex_lock(&tried->lock);
	if (tried->code != HSM_EOK && strcmp(tried->suspect.cka_id, key->cka_id) == 0) {
		const tried_key_t suspect = tried->suspect;
		set_working(tried);
		tried->suspect = suspect;
		tried->when = time(NULL);
		tried->signed_last = false;
	}
	pthread_mutex_unlock(&tried->lock);
}

bool tried_in_doubt(tried_t *tried, tried_key_t *key)
{
	pthread_mutex_lock(&tried->lock);
	*key = tried->suspect;
	const bool doubt = tried->code != HSM_EOK || key->algorithm != 0;
	pthread_mutex_unlock(&tried->lock);
	return doubt;
}

/*! With the lock held. */
static bool hangs(const tried_t *tried)
{
	return tried->open > 0 && time(NULL) - tried->progress >= PATIENCE;
}

bool tried_works(tried_t *tried)
{
	pthread_mutex_lock(&tried->lock);
	const bool works = tried->code == HSM_EOK && !hangs(tried);
	pthread_mutex_unlock(&tried->lock);
	return works;
}

bool tried_returned(tried_t *tried)
{
	pthread_mutex_lock(&tried->lock);
	const bool returned = tried->returned;
	tried->returned = false;
	pthread_mutex_unlock(&tried->lock);
	return returned;
}

void tried_read(tried_t *tried, hsm_last_t *last)
{
	pthread_mutex_lock(&tried->lock);
	last->when = tried->when;
	last->waits_since = hangs(tried) ? tried->progress : 0;
	last->signed_last = tried->signed_last;
	last->since = tried->since;
	last->code = tried->code;
	last->err = tried->err;
	last->signatures = tried->signatures;
	last->errors = tried->errors;
	pthread_mutex_unlock(&tried->lock);
}

static const char *stamp(int64_t when, char out[MOMENT_MAX])
{
	return moment_write(when, out) ? out : "some time";
}

void hsm_last_text(const hsm_last_t *last, char *out, size_t size)
{
	char when[MOMENT_MAX], since[MOMENT_MAX];
	if (last->waits_since != 0) {
		snprintf(out, size, "has not answered since %s: it hangs; if it stays so, restart "
		         "it, and then what uses it", stamp(last->waits_since, when));
	} else if (last->when == 0) {
		snprintf(out, size, "not used yet");
	} else if (last->code == HSM_EOK) {
		snprintf(out, size, "works, %s at %s", last->signed_last ? "signed" : "answered",
		         stamp(last->when, when));
	} else {
		snprintf(out, size, "does not work since %s, was asked%s at %s: %s",
		         stamp(last->since, since), last->signed_last ? " to sign" : "",
		         stamp(last->when, when), last->err.text);
	}
}
