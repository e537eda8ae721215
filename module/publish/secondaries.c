/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/publish/secondaries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "module/source/soa-query.h"

/* Seconds between two rounds of questions. The first ones show soon how it goes on... */
static const backoff_t ask_delay = { .first = 15, .max = 21600 };
/* ...and so does each one while not all is well. */
static const backoff_t retry_delay = { .first = 15, .max = 3600 };
/* Milliseconds that a version waits for the answers at most: what comes later has a version of its
 * own. */
#define PATIENCE_MS 3000

void secondaries_init(secondaries_t *secondaries, const secondaries_args_t *args)
{
	memset(secondaries, 0, sizeof(*secondaries));
	secondaries->args = *args;
	pthread_mutex_init(&secondaries->lock, NULL);
}

void secondaries_deinit(secondaries_t *secondaries)
{
	primaries_deinit(&secondaries->servers);
	free(secondaries->said);
	pthread_mutex_destroy(&secondaries->lock);
}

/*** Settings. ***/

/*! \return What a server of the old list has said; NULL: it is not there. */
static const secondary_t *find(const secondaries_t *secondaries, const primary_t *server)
{
	const primaries_t *servers = &secondaries->servers;
	for (size_t i = 0; i < servers->count; i++) {
		if (memcmp(&servers->all[i].addr, &server->addr, sizeof(server->addr)) == 0) {
			return &secondaries->said[i];
		}
	}
	return NULL;
}

bool secondaries_configure(secondaries_t *secondaries, primaries_t *servers)
{
	secondary_t *said = calloc(servers->count + 1, sizeof(*said));
	if (said == NULL) {
		return false; /* The old ones stay. */
	}
	pthread_mutex_lock(&secondaries->lock);
	const bool same = primaries_equal(&secondaries->servers, servers);
	for (size_t i = 0; i < servers->count; i++) {
		const secondary_t *before = find(secondaries, &servers->all[i]);
		said[i] = before != NULL ? *before : (secondary_t) { .asked_at = 0 };
	}
	const primaries_t old = secondaries->servers;
	secondaries->servers = *servers;
	*servers = old;
	free(secondaries->said);
	secondaries->said = said;
	secondaries->configured++;
	secondaries->asked &= same;
	secondaries->rounds = same ? secondaries->rounds : 0;
	pthread_mutex_unlock(&secondaries->lock);
	return !same;
}

void secondaries_each(secondaries_t *secondaries,
                      void (*call)(void *ctx, const char *name, const secondary_t *secondary),
                      void *ctx)
{
	char name[256];
	pthread_mutex_lock(&secondaries->lock);
	for (size_t i = 0; i < secondaries->servers.count; i++) {
		call(ctx, primary_name(&secondaries->servers.all[i], name, sizeof(name)),
		     &secondaries->said[i]);
	}
	pthread_mutex_unlock(&secondaries->lock);
}

/*** They are asked. ***/

/*! Asks one. \return KNOT_EOK, or why it has not said its serial */
static int ask(secondaries_t *secondaries, const primary_t *server, uint32_t *serial, char *err,
               size_t err_size)
{
	const secondaries_args_t *args = &secondaries->args;
	primary_conn_t *conn = NULL;
	bool authoritative = false;
	if (deaf_has(args->deaf, &server->addr)) {
		snprintf(err, err_size, "it has just let another zone wait in vain");
		return KNOT_ETIMEOUT;
	}
	int ret = primary_connect(&conn, server, args->stop, err, err_size);
	if (ret == KNOT_EOK) {
		ret = soa_query(conn, args->zone, serial, &authoritative, err, err_size);
	}
	primary_close(conn);
	if (ret == KNOT_ETIMEOUT) {
		deaf_add(args->deaf, &server->addr);
	} else if (ret == KNOT_EOK && !authoritative) {
		snprintf(err, err_size, "it is not authoritative for the zone");
		ret = KNOT_EMALF;
	}
	return ret;
}

/*! Asks one, and notes what it says. */
static void look_at(secondaries_t *secondaries, const primary_t *server, secondary_t *said)
{
	uint32_t serial;
	said->err[0] = '\0';
	const int ret = ask(secondaries, server, &serial, said->err, sizeof(said->err));
	said->asked_at = time(NULL);
	if (ret == KNOT_EOK) {
		said->answered_at = said->asked_at;
		said->serial = serial;
	} else if (said->err[0] == '\0') {
		snprintf(said->err, sizeof(said->err), "%s", knot_strerror(ret));
	}
}

/*! Takes over what a server has said. With the lock held. */
static void note(secondary_t *to, const secondary_t *said)
{
	to->asked_at = said->asked_at;
	to->answered_at = said->answered_at;
	to->serial = said->serial;
	memcpy(to->err, said->err, sizeof(to->err));
}

/*! Copies the servers, and what they said. \return How many; 0 also if out of memory */
static size_t copy(secondaries_t *secondaries, primaries_t *servers, secondary_t **said,
                   unsigned *configured)
{
	pthread_mutex_lock(&secondaries->lock);
	const size_t count = secondaries->servers.count;
	*configured = secondaries->configured;
	*said = count > 0 ? malloc(count * sizeof(**said)) : NULL;
	if (*said != NULL) {
		memcpy(*said, secondaries->said, count * sizeof(**said));
	}
	const int ret = *said != NULL ? primaries_copy(servers, &secondaries->servers) : KNOT_ENOMEM;
	pthread_mutex_unlock(&secondaries->lock);
	return ret == KNOT_EOK ? count : 0;
}

int64_t secondaries_work(secondaries_t *secondaries)
{
	primaries_t servers = { .count = 0 };
	secondary_t *said;
	unsigned configured, unheard = 0;
	const size_t count = copy(secondaries, &servers, &said, &configured);
	for (size_t i = 0; i < count; i++) {
		look_at(secondaries, &servers.all[i], &said[i]);
		unheard += said[i].err[0] != '\0';
	}
	primaries_deinit(&servers);

	pthread_mutex_lock(&secondaries->lock);
	const bool same = configured == secondaries->configured;
	for (size_t i = 0; same && i < count; i++) {
		note(&secondaries->said[i], &said[i]);
	}
	secondaries->asked |= same;
	const unsigned rounds = same ? ++secondaries->rounds : 0;
	pthread_mutex_unlock(&secondaries->lock);
	free(said);
	secondaries->args.asked(secondaries->args.ctx);
	const bool well = unheard == 0 && !held_is(secondaries->args.held, HELD_AHEAD);
	const int64_t wait = backoff_delay(well ? &ask_delay : &retry_delay, rounds);
	return count == 0 ? 0 : 1000 * (time(NULL) + wait);
}

bool secondaries_asked(secondaries_t *secondaries)
{
	const int64_t now = monotonic_ms();
	pthread_mutex_lock(&secondaries->lock);
	if (secondaries->since_ms == 0) {
		secondaries->since_ms = now;
	}
	const bool asked = secondaries->asked || secondaries->servers.count == 0 ||
	                   now - secondaries->since_ms >= PATIENCE_MS;
	pthread_mutex_unlock(&secondaries->lock);
	return asked;
}

/*** What they show. ***/

/*! The serials that a zone had: none is known without a version, and without one that is served. */
typedef struct {
	const uint32_t *last;      /*!< The greater of these two. */
	const uint32_t *version, *served;
} had_t;

static had_t serials_of(const state_t *state, const uint32_t *served)
{
	had_t had = { .version = state->version > 0 ? &state->serial : NULL, .served = served };
	had.last = had.version == NULL || (served != NULL && serial_greater(*served, state->serial))
	           ? served : had.version;
	return had;
}

/*! Whether a server that has answered has more than the zone ever had, or is not comparable. */
static bool is_ahead(const secondary_t *said, const had_t *had)
{
	return said->answered_at > 0 &&
	       (had->last == NULL || (said->serial != *had->last &&
	                              !serial_greater(*had->last, said->serial)));
}

/*! Says why a server that is ahead is not believed. \return Whether there is a reason */
static bool is_doubtful(const secondary_t *said, const had_t *had, char *why, size_t size)
{
	if (said->settled && !(said->followed && said->followed_serial == said->serial)) {
		snprintf(why, size, "which it had not before, and does not have from here");
		return true;
	}
	if (!serial_is_likely(said->serial, had->last, time(NULL))) {
		snprintf(why, size, "which no counter can have reached by now");
		return true;
	}
	return false;
}

/*! Whether the serial after this one is greater than all that are known, but for those ahead. */
static bool outdoes(const secondaries_t *secondaries, uint32_t serial, const had_t *had)
{
	const uint32_t next = serial + 1;
	bool all = (had->version == NULL || serial_greater(next, *had->version)) &&
	           (had->served == NULL || serial_greater(next, *had->served));
	for (size_t i = 0; i < secondaries->servers.count; i++) {
		const secondary_t *said = &secondaries->said[i];
		all = all && (said->answered_at == 0 || serial_greater(said->serial, serial) ||
		              serial_greater(next, said->serial));
	}
	return all;
}

/*! A look at one server. */
typedef struct {
	char name[256];
	secondary_t said;
	bool outdone;              /*!< outdoes() */
} seen_t;

/*! Sees whether a server is ahead. \param at  Its place. */
static bool see(secondaries_t *secondaries, size_t at, const had_t *had, seen_t *seen)
{
	bool ahead = false;
	pthread_mutex_lock(&secondaries->lock);
	if (at < secondaries->servers.count) {
		secondary_t *said = &secondaries->said[at];
		ahead = is_ahead(said, had);
		said->settled |= said->answered_at > 0 && !ahead;
		seen->said = *said;
		seen->outdone = ahead && outdoes(secondaries, said->serial, had);
		(void)primary_name(&secondaries->servers.all[at], seen->name, sizeof(seen->name));
	}
	pthread_mutex_unlock(&secondaries->lock);
	return ahead;
}

/*! Holds that a server is ahead, unless the operator has let that through. \return Whether so */
static bool doubt(secondaries_t *secondaries, const seen_t *seen, const char *why)
{
	char what[320], text[HELD_TEXT_MAX];
	bool passed;
	snprintf(what, sizeof(what), "serial %u of %s", seen->said.serial, seen->name);
	(void)held_has(secondaries->args.held, HELD_AHEAD, what, &passed);
	if (passed) {
		return false;
	}
	snprintf(text, sizeof(text),
	         "the secondary %s shows serial %u, %s: that server takes nothing new, and serves "
	         "its copy until the signatures in it expire, unless it is made to transfer the "
	         "zone whatever its serial, or serials go on above its; all else goes on",
	         seen->name, seen->said.serial, why);
	held_set(secondaries->args.held, HELD_AHEAD, what, text);
	return true;
}

/*! Notes, and says once, that serials go on above that of a server. */
static void follow(secondaries_t *secondaries, size_t at, const seen_t *seen)
{
	const uint32_t serial = seen->said.serial;
	pthread_mutex_lock(&secondaries->lock);
	if (at < secondaries->servers.count) {
		secondary_t *said = &secondaries->said[at];
		said->followed = said->settled = true;
		said->followed_serial = serial;
	}
	pthread_mutex_unlock(&secondaries->lock);
	if (!seen->said.followed || seen->said.followed_serial != serial) {
		log_msg(secondaries->args.log, LOG_NOTICE, secondaries->args.zone,
		        "the secondary %s shows serial %u, with which it would not take the zone: "
		        "the next serial has to be above that", seen->name, serial);
	}
}

/*! Judges a server that is ahead. \param doubtful  Set if the operator has to decide, or has.
 *  \return Whether it is believed */
static bool judge(secondaries_t *secondaries, size_t at, const had_t *had, const seen_t *seen,
                  bool *doubtful)
{
	char why[128] = "and no serial is above that and the others";
	const bool doubted = !seen->outdone || is_doubtful(&seen->said, had, why, sizeof(why));
	*doubtful |= doubted;
	if ((doubted && doubt(secondaries, seen, why)) || !seen->outdone) {
		return false;
	}
	follow(secondaries, at, seen);
	return true;
}

bool secondaries_heard(secondaries_t *secondaries)
{
	bool heard = false;
	pthread_mutex_lock(&secondaries->lock);
	for (size_t i = 0; i < secondaries->servers.count; i++) {
		heard |= secondaries->said[i].answered_at > 0;
	}
	pthread_mutex_unlock(&secondaries->lock);
	return heard;
}

bool secondaries_shown(secondaries_t *secondaries, const state_t *state, const uint32_t *served,
                       serial_shown_t *shown)
{
	const had_t had = serials_of(state, served);
	seen_t seen;
	bool any = false, doubtful = false;
	pthread_mutex_lock(&secondaries->lock);
	const size_t count = secondaries->servers.count;
	pthread_mutex_unlock(&secondaries->lock);
	for (size_t i = 0; i < count; i++) {
		if (see(secondaries, i, &had, &seen) &&
		    judge(secondaries, i, &had, &seen, &doubtful) &&
		    (!any || serial_greater(seen.said.serial, shown->serial))) {
			shown->serial = seen.said.serial;
			memcpy(shown->by, seen.name, sizeof(shown->by));
			any = true;
		}
	}
	if (!doubtful) {
		held_end(secondaries->args.held, HELD_AHEAD);
	}
	return any;
}
