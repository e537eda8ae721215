/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/source/fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "module/input/input.h"
#include "module/rr/soa.h"
#include "module/source/foreign.h"
#include "module/source/incoming.h"
#include "module/source/shrink.h"
#include "module/source/soa-query.h"

/* Seconds that refresh and retry last at least, whatever the SOA says; as knotd has it. */
#define INTERVAL_MIN 2
/* Seconds until the primaries are asked if the zone's file is being read now. */
#define BUSY_RETRY 5

/* Seconds between tries as long as there is no SOA that says it. */
static const backoff_t first_retry = { .first = 5, .max = 300 };

typedef struct {
	source_t *source;
	const source_args_t *args; /*!< Those of the source. */
	state_t state;         /*!< The zone's, as it was when the work began. */
	bool whole;            /*!< Asks for AXFR, whatever the serial. */
	size_t size_max;
	source_limits_t limits;
	const primary_t *primary;
	char name[256];        /*!< Of the primary. */
	char *err;             /*!< Why the primary is of no use. */
	size_t err_size;
} work_t;

uint32_t fetch_expires_in(const state_input_t *in, int64_t now)
{
	if (!in->from_primary) {
		return UINT32_MAX;
	}
	const int64_t left = in->checked_at + in->expire - now;
	/* The clock may have been set back. */
	return left <= 0 ? 0 : left < in->expire ? left : in->expire;
}

/*** One primary. ***/

/*! Fails with the store's error. */
static int store_failed(work_t *work, int ret)
{
	snprintf(work->err, work->err_size, "store: %s", store_strerror(ret));
	return ret;
}

/*! Makes a question; one of type IXFR has the serial of the input in it. */
static knot_pkt_t *make_query(const work_t *work, uint16_t type)
{
	knot_pkt_t *query = knot_pkt_new(NULL, 1024, NULL);
	if (query == NULL ||
	    knot_pkt_put_question(query, work->args->zone, KNOT_CLASS_IN, type) != KNOT_EOK) {
		knot_pkt_free(query);
		return NULL;
	}
	if (type == KNOT_RRTYPE_IXFR) {
		uint8_t rdata[SOA_RDATA_MIN];
		knot_rrset_t soa;
		soa_write(rdata, work->state.in.serial);
		knot_rrset_init(&soa, (knot_dname_t *)work->args->zone, KNOT_RRTYPE_SOA,
		                KNOT_CLASS_IN, 0);
		int ret = knot_rrset_add_rdata(&soa, rdata, sizeof(rdata), NULL);
		if (ret == KNOT_EOK) {
			(void)knot_pkt_begin(query, KNOT_AUTHORITY);
			/* The packet has a copy of owner and RDATA now. */
			ret = knot_pkt_put(query, KNOT_COMPR_HINT_QNAME, &soa, 0);
		}
		knot_rdataset_clear(&soa.rrs, NULL);
		if (ret != KNOT_EOK) {
			knot_pkt_free(query);
			return NULL;
		}
	}
	return query;
}

static int ask(work_t *work, primary_conn_t *conn, uint16_t type, knot_pkt_t **query)
{
	*query = make_query(work, type);
	if (*query == NULL) {
		snprintf(work->err, work->err_size, "out of memory");
		return KNOT_ENOMEM;
	}
	return primary_ask(conn, *query, work->err, work->err_size);
}

/*! Shows others how far a transfer is; NULL: it has ended. */
static void show_transfer(work_t *work, const source_transfer_t *transfer)
{
	source_t *source = work->source;
	pthread_mutex_lock(&source->lock);
	source_transfer_t **shown = &source->fetch.transfer;
	if (transfer == NULL) {
		free(*shown);
		*shown = NULL;
	} else if (*shown != NULL || (*shown = malloc(sizeof(**shown))) != NULL) {
		**shown = *transfer;
	}
	pthread_mutex_unlock(&source->lock);
}

/*! Ends a transfer that is larger, or takes longer, than knot.conf allows. Messages need no limit
 *  of their own: each has a record. */
static int check_limits(work_t *work, const source_transfer_t *transfer, int64_t begin_ms)
{
	const source_limits_t *limits = &work->limits;
	const int64_t seconds = (monotonic_ms() - begin_ms) / 1000;
	const char *item = transfer->octets > limits->octets ? "fetch-max-size" :
	                   transfer->records > limits->records ? "fetch-max-records" :
	                   seconds > limits->seconds ? "fetch-max-time" : NULL;
	if (item == NULL) {
		return KNOT_EOK;
	}
	snprintf(work->err, work->err_size, "the transfer is given up, it goes beyond %s in "
	         "knot.conf: %" PRIu64 " octets, %" PRIu64 " records, %" PRId64 " s so far",
	         item, transfer->octets, transfer->records, seconds);
	return KNOT_ESPACE;
}

/*! Receives a transfer. */
static int transfer(work_t *work, primary_conn_t *conn, incoming_t *incoming, uint16_t type)
{
	knot_pkt_t *query = NULL, *message = NULL;
	source_transfer_t so_far = { .ixfr = type == KNOT_RRTYPE_IXFR, .since = time(NULL) };
	const int64_t begin_ms = monotonic_ms();
	snprintf(so_far.from, sizeof(so_far.from), "%s", work->name);
	int ret = ask(work, conn, type, &query);
	while (ret == KNOT_EOK) {
		show_transfer(work, &so_far);
		ret = primary_receive(conn, &message, work->err, work->err_size);
		if (ret == KNOT_EOK) {
			so_far.octets += message->size;
			so_far.records += knot_pkt_section(message, KNOT_ANSWER)->count;
			ret = check_limits(work, &so_far, begin_ms);
		}
		if (ret == KNOT_EOK) {
			ret = incoming_message(incoming, message, work->err, work->err_size);
		}
	}
	show_transfer(work, NULL);
	knot_pkt_free(query);
	if (ret == KNOT_EOF && !primary_verified(conn)) {
		snprintf(work->err, work->err_size, "the transfer's end is not signed by TSIG");
		return KNOT_TSIG_EBADSIG;
	}
	return ret == KNOT_EOF ? KNOT_EOK : ret;
}

/*** What came goes into the store. ***/

static void set_timers(state_input_t *in, const knot_rdata_t *soa)
{
	in->from_primary = true;
	in->checked_at = time(NULL);
	in->refresh = knot_soa_refresh(soa);
	in->retry = knot_soa_retry(soa);
	in->expire = knot_soa_expire(soa);
}

static void tell(const work_t *work, const char *kind, uint32_t before, const state_t *state,
                 size_t changed)
{
	const source_args_t *args = work->args;
	log_msg(args->log, LOG_INFO, args->zone,
	        "fetched from %s, %s, serial %u, was %u, %zu names changed", work->name, kind,
	        state->in.serial, before, changed);
	source_count_load(work->source, true);
	args->calls->changed(args->ctx);
}

/*! Names what a primary has, by its serial. */
static const char *serial_name(uint32_t serial, char *out, size_t size)
{
	snprintf(out, size, "serial %u", serial);
	return out;
}

/*! Judges a whole zone by the last gate. \return KNOT_EOK, KNOT_EDENIED (it is held), or others */
static int judge_zone(work_t *work, incoming_t *incoming, contents_t *contents)
{
	char name[32];
	bool held = false;
	shrink_t shrink = { .origin = work->name, .what = serial_name(
		knot_soa_serial(incoming_soa(incoming)), name, sizeof(name)) };
	int ret = shrink_judge(work->source, &work->state, contents, &shrink, &held);
	return ret == KNOT_EOK && held ? KNOT_EDENIED : ret;
}

static int take_zone(work_t *work, incoming_t *incoming)
{
	contents_t *contents = NULL;
	input_result_t result = { 0 };
	state_input_t origin = { 0 };
	state_t state = work->state;
	set_timers(&origin, incoming_soa(incoming));
	int ret = incoming_zone(incoming, &contents, work->err, work->err_size);
	if (ret != KNOT_EOK) {
		return ret;
	}
	const input_new_t new = { .contents = contents, .origin = &origin, .over_updates = true };
	ret = foreign_judge(work->source, contents, work->err, work->err_size);
	if (ret != KNOT_EOK) {
		contents_free(contents);
		/* Another transfer would bring the same. */
		return ret == KNOT_EMALF ? KNOT_ESEMCHECK : ret;
	}
	ret = judge_zone(work, incoming, contents);
	if (ret == KNOT_EOK) {
		ret = input_replace(work->args->store, work->args->zone, &state, &new, &result);
	}
	contents_free(contents);
	if (ret == KNOT_EDENIED) {
		return ret;
	}
	if (result.abandoned) {
		work->args->calls->abandoned(work->args->ctx);
	}
	if (ret != KNOT_EOK) {
		return store_failed(work, ret);
	}
	tell(work, "AXFR", work->state.in.serial, &state, result.changed);
	return KNOT_EOK;
}

/*! Applies changes, and judges by the last gate what comes of them. */
static int apply_changes(work_t *work, incoming_t *incoming, store_txn_t *txn, state_t *state,
                         shrink_t *shrink, size_t *changed)
{
	const bool counts = incoming_removed_ns(incoming) >= shrink_worth(work->source);
	shrink->before.names = state->in.names;
	int ret = counts ? measure_input(txn, state->in.nodes, work->args->zone, &shrink->before)
	                 : KNOT_EOK;
	set_timers(&state->in, incoming_soa(incoming));
	if (ret == KNOT_EOK) {
		ret = incoming_apply(incoming, txn, state, changed, work->err, work->err_size);
	}
	shrink->after.names = state->in.names;
	return ret == KNOT_EOK && counts
	       ? measure_input(txn, state->in.nodes, work->args->zone, &shrink->after) : ret;
}

static int take_changes(work_t *work, incoming_t *incoming)
{
	char name[32];
	store_txn_t txn;
	state_t state;
	size_t changed = 0;
	shrink_t shrink = { .origin = work->name, .what = serial_name(
		knot_soa_serial(incoming_soa(incoming)), name, sizeof(name)) };
	work->err[0] = '\0';
	int ret = store_write(work->args->store, &txn);
	if (ret != KNOT_EOK) {
		return store_failed(work, ret);
	}
	ret = state_load(&txn, work->args->zone, &state);
	if (ret == KNOT_EOK) {
		ret = apply_changes(work, incoming, &txn, &state, &shrink, &changed);
	}
	const bool lost = ret == KNOT_EOK && shrink_is_lost(work->source, &shrink);
	if (ret == KNOT_EOK && !lost) {
		ret = store_commit(&txn);
	} else {
		store_abort(&txn);
	}
	if (lost) {
		shrink_hold(work->source, &shrink);
		return KNOT_EDENIED;
	}
	if (ret == KNOT_EOK) {
		tell(work, "IXFR", work->state.in.serial, &state, changed);
	}
	return ret == KNOT_EOK || work->err[0] != '\0' ? ret : store_failed(work, ret);
}

/*! Notes that the input is as the primary has it. */
static int take_nothing(work_t *work)
{
	store_txn_t txn;
	int ret = store_write(work->args->store, &txn);
	if (ret != KNOT_EOK) {
		return store_failed(work, ret);
	}
	ret = state_load(&txn, work->args->zone, &work->state);
	if (ret == KNOT_EOK) {
		work->state.in.checked_at = time(NULL);
		ret = state_save_input(&txn, work->args->zone, &work->state);
	}
	if (ret != KNOT_EOK) {
		store_abort(&txn);
		return store_failed(work, ret);
	}
	ret = store_commit(&txn);
	return ret == KNOT_EOK ? ret : store_failed(work, ret);
}

/*! Asks for a transfer and stores it. The connection is then of no further use: what is left of an
 *  answer may still come on it. */
static int fetch(work_t *work, primary_conn_t *conn, uint16_t type)
{
	const incoming_args_t args = {
		.zone = work->args->zone, .origin = work->name, .ixfr = type == KNOT_RRTYPE_IXFR,
		.serial = work->state.in.serial, .size_max = work->size_max,
		.log = work->args->log,
	};
	incoming_t *incoming = incoming_new(&args);
	if (incoming == NULL) {
		snprintf(work->err, work->err_size, "out of memory");
		return KNOT_ENOMEM;
	}
	int ret = transfer(work, conn, incoming, type);
	if (ret == KNOT_EOK) {
		switch (incoming_kind(incoming)) {
		case INCOMING_ZONE:
			ret = take_zone(work, incoming);
			break;
		case INCOMING_CHANGES:
			ret = take_changes(work, incoming);
			break;
		default:
			ret = take_nothing(work);
		}
	}
	incoming_free(incoming);
	if (ret == KNOT_EOK) {
		held_end(work->args->held, HELD_SHRINK);
	}
	/* The primary does its part; that its zone is not taken must not let the old one expire. */
	return ret == KNOT_EDENIED ? take_nothing(work) : ret;
}

static int connect_and_fetch(work_t *work, uint16_t type)
{
	primary_conn_t *conn = NULL;
	int ret = primary_connect(&conn, work->primary, work->args->stop, work->err,
	                          work->err_size);
	if (ret == KNOT_EOK) {
		ret = fetch(work, conn, type);
	}
	primary_close(conn);
	return ret;
}

/*! Asks for the serial, and for a transfer if the serial is newer. */
static int refresh(work_t *work)
{
	primary_conn_t *conn = NULL;
	uint32_t serial = 0;
	bool authoritative;
	int ret = primary_connect(&conn, work->primary, work->args->stop, work->err,
	                          work->err_size);
	if (ret == KNOT_EOK) {
		ret = soa_query(conn, work->args->zone, &serial, &authoritative, work->err,
		                work->err_size);
	}
	if (ret != KNOT_EOK) {
		primary_close(conn);
		return ret;
	}
	char name[32];
	bool passed = false;
	const bool held = held_has(work->args->held, HELD_SHRINK,
	                           serial_name(serial, name, sizeof(name)), &passed);
	const int32_t ahead = serial - work->state.in.serial;
	if (ahead == 0 || (held && !passed)) {
		ret = take_nothing(work);
		if (ret == KNOT_EOK && !held) {
			held_end(work->args->held, HELD_SHRINK);
		}
	} else if (ahead < 0) {
		snprintf(work->err, work->err_size, "its serial %u is older than ours, %u", serial,
		         work->state.in.serial);
		ret = KNOT_EAGAIN;
	} else {
		ret = fetch(work, conn, KNOT_RRTYPE_IXFR);
	}
	primary_close(conn);
	if (ret != KNOT_EMALF && ret != KNOT_ENOTSUP && ret != KNOT_ELIMIT) {
		return ret;
	}
	log_msg(work->args->log, LOG_NOTICE, work->args->zone,
	        "no IXFR from %s, %s; asking for AXFR", work->name, work->err);
	return connect_and_fetch(work, KNOT_RRTYPE_AXFR);
}

/*** All primaries. ***/

/*! Asks the primaries in turn until one is of use. \param errors  Why the others are not. */
static int ask_all(work_t *work, const primaries_t *primaries, char *errors, size_t size)
{
	char err[512];
	size_t len = 0;
	int ret = KNOT_ENOENT;
	work->err = err;
	work->err_size = sizeof(err);
	for (size_t i = 0; i < primaries->count && !atomic_load(work->args->stop); i++) {
		work->primary = &primaries->all[i];
		(void)primary_name(work->primary, work->name, sizeof(work->name));
		ret = work->whole ? connect_and_fetch(work, KNOT_RRTYPE_AXFR) : refresh(work);
		if (ret == KNOT_EOK) {
			return ret;
		}
		int written = snprintf(errors + len, size - len, "%s%s: %s", len > 0 ? "; " : "",
		                       work->name, err);
		len = written > 0 && (size_t)written < size - len ? len + written : size - 1;
	}
	return ret;
}

static int64_t at_least(int64_t interval)
{
	return interval > INTERVAL_MIN ? interval : INTERVAL_MIN;
}

/*! \return Seconds until the primaries are asked again, at most. */
static int64_t longest_wait(const state_t *state)
{
	const state_input_t *in = &state->in;
	const int64_t longest = in->refresh > in->retry ? in->refresh : in->retry;
	return longest > first_retry.max ? longest : first_retry.max;
}

/*! \return When to ask again, Unix seconds. */
static int64_t next_time(const state_t *state, unsigned failures, int64_t now)
{
	if (!state->in.from_primary) {
		return now + backoff_delay(&first_retry, failures + 1);
	}
	if (failures > 0) {
		return now + at_least(state->in.retry);
	}
	const int64_t next = state->in.checked_at + at_least(state->in.refresh);
	return next > now ? next : now;
}

/*! Sees whether the zone has expired, or is no longer expired. */
static void see_expiry(source_t *source, const state_t *state, int64_t now)
{
	const bool expired = state->in.count > 0 && fetch_expires_in(&state->in, now) == 0;
	pthread_mutex_lock(&source->lock);
	const bool was = source->fetch.expired;
	source->fetch.expired = expired;
	pthread_mutex_unlock(&source->lock);
	if (expired && !was) {
		log_msg(source->args.log, LOG_ERR, source->args.zone,
		        "expired: no primary has confirmed it for %u s, the SOA's expire; "
		        "it is not served any more",
		        state->in.expire);
	} else if (was && !expired) {
		log_msg(source->args.log, LOG_NOTICE, source->args.zone, "no longer expired");
		source->args.calls->unexpired(source->args.ctx);
	}
}

/*! Tells of primaries that were asked before the one that was of use. */
static void tell_passed_over(source_t *source, const char *errors)
{
	char text[640] = "";
	if (errors[0] != '\0') {
		snprintf(text, sizeof(text), "passed over for the next primary: %s", errors);
	}
	trouble_set(&source->passed_over, source->args.log, source->args.zone, LOG_NOTICE, text);
}

/*! Asks the primaries, and notes the outcome. \return When to ask again, Unix seconds. */
static int64_t ask_now(source_t *source, work_t *work, const primaries_t *primaries)
{
	char errors[480] = "", text[640] = "";
	int ret = ask_all(work, primaries, errors, sizeof(errors));
	const int64_t now = time(NULL);
	if (ret != KNOT_EOK && !atomic_load(source->args.stop)) {
		snprintf(text, sizeof(text), "not refreshed, %s%s", errors,
		         work->state.in.count > 0 ? "; the last good zone stays" : "");
	}
	source_trouble(source, text);
	tell_passed_over(source, ret == KNOT_EOK ? errors : "");
	(void)state_read(source->args.store, source->args.zone, &work->state);

	pthread_mutex_lock(&source->lock);
	source->counters.load_errors += ret != KNOT_EOK;
	source->fetch.failures = ret == KNOT_EOK ? 0 : source->fetch.failures + 1;
	if (ret == KNOT_EOK) {
		free(source->fetch.from);
		source->fetch.from = strdup(work->name);
	}
	const unsigned failures = source->fetch.failures;
	pthread_mutex_unlock(&source->lock);
	return next_time(&work->state, failures, now);
}

/*! Asks, unless the worker is still reading the file that the zone had until now. */
static int64_t ask_if_free(source_t *source, work_t *work, const primaries_t *primaries,
                           unsigned wishes)
{
	if (pthread_mutex_trylock(&source->input_lock) != 0) {
		pthread_mutex_lock(&source->lock);
		source->fetch.wishes |= wishes;
		pthread_mutex_unlock(&source->lock);
		return time(NULL) + BUSY_RETRY;
	}
	const int64_t next = ask_now(source, work, primaries);
	pthread_mutex_unlock(&source->input_lock);
	return next;
}

int64_t fetch_work(source_t *source)
{
	work_t work = { .source = source, .args = &source->args };
	primaries_t primaries = { 0 };
	const int64_t now = time(NULL);
	pthread_mutex_lock(&source->lock);
	const unsigned wishes = source->fetch.wishes, failures = source->fetch.failures;
	source->fetch.wishes = 0;
	int64_t next = source->fetch.next;
	work.size_max = source->settings.size_max;
	work.limits = source->settings.limits;
	int ret = primaries_copy(&primaries, &source->settings.primaries);
	pthread_mutex_unlock(&source->lock);
	if (ret == KNOT_EOK) {
		ret = state_read(source->args.store, source->args.zone, &work.state);
	}
	if (ret != KNOT_EOK || primaries.count == 0) {
		primaries_deinit(&primaries);
		return ret == KNOT_EOK ? 0 : 1000 * (now + first_retry.first);
	}
	work.whole = (wishes & SOURCE_READ) || !work.state.in.from_primary;
	if (next == 0) {
		next = work.state.in.from_primary ? next_time(&work.state, failures, now) : now;
	}
	if (next > now + longest_wait(&work.state)) {
		next = now; /* The clock was ahead when that was reckoned. */
	}
	if (held_is(source->args.held, HELD_FREEZE)) {
		next = next > now ? next : now + first_retry.max;
	} else if (wishes != 0 || next <= now) {
		next = ask_if_free(source, &work, &primaries, wishes);
	}
	see_expiry(source, &work.state, time(NULL));
	primaries_deinit(&primaries);

	pthread_mutex_lock(&source->lock);
	source->fetch.next = next;
	source->fetch.in = work.state.in;
	pthread_mutex_unlock(&source->lock);
	const uint32_t left = fetch_expires_in(&work.state.in, now);
	/* The moment at which the zone expires has to be seen, too. */
	if (left > 0 && left != UINT32_MAX && now + left < next) {
		next = now + left + 1;
	}
	return 1000 * next;
}
