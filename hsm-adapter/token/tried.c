/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/tried.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/moment.h"

/* Milliseconds for which a token may work without an answer. */
#define PATIENCE_MS 10000
/* The same for a key pair: cards look for primes for minutes. */
#define MAKING_MS 600000
/* The same for who can have another one. */
#define CHOOSER_MS 2000

tried_key_t tried_key(const char *cka_id, uint8_t algorithm)
{
	tried_key_t key = { .algorithm = algorithm };
	snprintf(key.cka_id, sizeof(key.cka_id), "%s", cka_id);
	return key;
}

void tried_init(tried_t *tried)
{
	memset(tried, 0, sizeof(*tried));
	tried->signing.next = tried->signing.prev = &tried->signing;
	pthread_mutex_init(&tried->lock, NULL);
}

void tried_deinit(tried_t *tried)
{
	pthread_mutex_destroy(&tried->lock);
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

/*! Something has ended. With the lock held. */
static void note_end(tried_t *tried, bool to_sign, int code, const hsm_error_t *err)
{
	const bool failed = hsm_error_is_outage(code);
	tried->progress_ms = monotonic_ms();
	if (failed) {
		set_failing(tried, code, err);
	} else if (tried->suspect.algorithm == 0) {
		set_working(tried);
	}
	if (failed || tried->code == HSM_EOK) {
		tried->when = time(NULL);
		tried->signed_last = to_sign;
	}
}

void tried_begin(tried_t *tried)
{
	pthread_mutex_lock(&tried->lock);
	tried->asked_ms = monotonic_ms();
	tried->patience_ms = PATIENCE_MS;
	pthread_mutex_unlock(&tried->lock);
}

void tried_make(tried_t *tried)
{
	pthread_mutex_lock(&tried->lock);
	tried->patience_ms = MAKING_MS;
	pthread_mutex_unlock(&tried->lock);
}

void tried_end(tried_t *tried, int code, const hsm_error_t *err)
{
	pthread_mutex_lock(&tried->lock);
	tried->asked_ms = 0;
	tried->errors += hsm_error_is_outage(code);
	note_end(tried, false, code, err);
	pthread_mutex_unlock(&tried->lock);
}

void tried_sign(tried_t *tried, tried_call_t *call)
{
	pthread_mutex_lock(&tried->lock);
	call->since_ms = monotonic_ms();
	call->next = &tried->signing;
	call->prev = tried->signing.prev;
	call->prev->next = call;
	tried->signing.prev = call;
	pthread_mutex_unlock(&tried->lock);
}

void tried_signed(tried_t *tried, tried_call_t *call, int code, const hsm_error_t *err)
{
	pthread_mutex_lock(&tried->lock);
	call->prev->next = call->next;
	call->next->prev = call->prev;
	tried->signatures += code == HSM_EOK;
	note_end(tried, true, code, err);
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
static bool is_late(int64_t since_ms, int64_t ms)
{
	return since_ms != 0 && monotonic_ms() - since_ms >= ms;
}

/*! \return Since when it is asked for something else than a signature; monotonic_ms(), 0: it is not. With the lock
 *          held. */
static int64_t asked_since(const tried_t *tried)
{
	/* Who asks makes many calls; while others are answered, these may be, too. */
	return tried->asked_ms == 0 || tried->asked_ms > tried->progress_ms ? tried->asked_ms
	                                                                     : tried->progress_ms;
}

/*! \return Since when the oldest signature is being made; as asked_since(). */
static int64_t signs_since(const tried_t *tried)
{
	const tried_call_t *first = tried->signing.next;
	return first != &tried->signing ? first->since_ms : 0;
}

/*! \return Since when something waits for the token that should not wait any more, in seconds; 0: nothing does. With
 *          the lock held. */
static int64_t hangs_since(const tried_t *tried)
{
	const int64_t asked = asked_since(tried), signs = signs_since(tried);
	const bool asks_late = is_late(asked, tried->patience_ms), signs_late = is_late(signs, PATIENCE_MS);
	const int64_t since_ms = asks_late && (!signs_late || asked < signs) ? asked : signs;
	return asks_late || signs_late ? time(NULL) - (monotonic_ms() - since_ms) / 1000 : 0;
}

bool tried_works(tried_t *tried)
{
	pthread_mutex_lock(&tried->lock);
	const bool works = tried->code == HSM_EOK && !is_late(asked_since(tried), CHOOSER_MS) &&
	                   !is_late(signs_since(tried), CHOOSER_MS);
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
	last->waits_since = hangs_since(tried);
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
