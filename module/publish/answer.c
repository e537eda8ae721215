/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/publish/answer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "common/clock.h"
#include "common/message.h"
#include "module/rr/soa.h"

#define LENGTH_BYTES 2

/*! Buffers that answers share, and the state of the answer that is being made. */
struct answerer {
	const publisher_calls_t *zones;
	void *zones_ctx;
	log_t *log;
	answer_sink_f sink;
	void *sink_ctx;

	knot_rrset_t opt;        /*!< OPT of answers to questions that have one. */
	bool has_option;         /*!< There is an option in the OPT, for this answer. */
	const knot_pkt_t *query;
	knot_pkt_t *pkt;         /*!< Message that is being made; its wire is in frame. */
	const knot_tsig_key_t *key; /*!< Signs the answer; NULL if the question was not signed. */
	uint8_t rcode;
	bool authoritative;

	size_t messages;         /*!< Of this answer that were sent. */
	size_t bytes;            /*!< Of those messages. */
	bool sink_failed;

	bool handed;             /*!< A zone was sent, and knotd may be loading it. */
	knot_dname_storage_t handed_zone;
	uint32_t handed_serial;
	int64_t handed_at;       /*!< When sending began (monotonic_ms()); 0 = all of the zone. */

	uint8_t frame[LENGTH_BYTES + KNOT_WIRE_MAX_PKTSIZE];
};

static int reset_opt(answerer_t *a)
{
	knot_rrset_clear(&a->opt, NULL);
	return knot_edns_init(&a->opt, KNOT_WIRE_MAX_PKTSIZE, 0, KNOT_EDNS_VERSION, NULL);
}

answerer_t *answerer_new(publisher_t publisher, log_t *log, answer_sink_f sink, void *ctx)
{
	answerer_t *a = calloc(1, sizeof(*a));
	if (a == NULL) {
		return NULL;
	}
	a->zones = publisher.calls;
	a->zones_ctx = publisher.ctx;
	a->log = log;
	a->sink = sink;
	a->sink_ctx = ctx;
	a->pkt = knot_pkt_new(a->frame + LENGTH_BYTES, KNOT_WIRE_MAX_PKTSIZE, NULL);
	if (a->pkt == NULL || reset_opt(a) != KNOT_EOK) {
		answerer_free(a);
		return NULL;
	}
	return a;
}

/*! knotd goes on, or closes the connection: it has loaded what it was sent. */
static void tell_handed(answerer_t *a)
{
	int64_t ms = 0;
	if (!a->handed) {
		return;
	}
	a->handed = false;
	if (a->handed_at > 0) {
		ms = 1 + monotonic_ms() - a->handed_at;
	}
	a->zones->handed(a->zones_ctx, a->handed_zone, a->handed_serial, ms);
}

void answerer_free(answerer_t *a)
{
	if (a == NULL) {
		return;
	}
	tell_handed(a);
	knot_pkt_free(a->pkt);
	knot_rrset_clear(&a->opt, NULL);
	free(a);
}

static void message_begin(answerer_t *a)
{
	/* Cannot fail: header and question always fit in a message. */
	(void)knot_pkt_init_response(a->pkt, a->query);
	knot_wire_set_rcode(a->pkt->wire, a->rcode);
	if (a->authoritative) {
		knot_wire_set_aa(a->pkt->wire);
	}
	if (knot_pkt_has_edns(a->query)) {
		(void)knot_pkt_reserve(a->pkt, knot_edns_wire_size(&a->opt));
	}
}

/*!
 * Signs an answer that knotd relays to the client as it is: by the client's key, and with the
 * message ID that the client gave its question, which TSIG has as the original ID.
 */
static int message_sign(answerer_t *a)
{
	const knot_rrset_t *tsig = a->query->tsig_rr;
	const uint16_t id = knot_wire_get_id(a->pkt->wire);
	uint8_t digest[64];
	size_t digest_len = sizeof(digest);
	knot_wire_set_id(a->pkt->wire, knot_tsig_rdata_orig_id(tsig));
	int ret = knot_tsig_sign(a->pkt->wire, &a->pkt->size, a->pkt->max_size,
	                         knot_tsig_rdata_mac(tsig), knot_tsig_rdata_mac_length(tsig),
	                         digest, &digest_len, a->key, 0, 0);
	knot_wire_set_id(a->pkt->wire, id);
	return ret;
}

static int message_send(answerer_t *a)
{
	if (knot_pkt_has_edns(a->query)) {
		(void)knot_pkt_reclaim(a->pkt, knot_edns_wire_size(&a->opt));
		(void)knot_pkt_begin(a->pkt, KNOT_ADDITIONAL);
		int ret = knot_pkt_put(a->pkt, KNOT_COMPR_HINT_NOCOMP, &a->opt, 0);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}

	if (a->key != NULL) {
		int ret = message_sign(a);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}

	knot_wire_write_u16(a->frame, a->pkt->size);
	int ret = a->sink(a->sink_ctx, a->frame, LENGTH_BYTES + a->pkt->size);
	if (ret != KNOT_EOK) {
		a->sink_failed = true;
		return ret;
	}
	a->messages++;
	a->bytes += a->pkt->size;
	return KNOT_EOK;
}

/*! Puts one record; sends the message first if it is full. */
static int put_record(answerer_t *a, uint16_t owner_hint, const knot_rrset_t *rr)
{
	int ret = knot_pkt_put(a->pkt, owner_hint, rr, KNOT_PF_NOTRUNC);
	if (ret != KNOT_ESPACE || a->pkt->rrset_count == 0) {
		return ret;
	}

	ret = message_send(a);
	if (ret != KNOT_EOK) {
		return ret;
	}
	message_begin(a);
	return knot_pkt_put(a->pkt, KNOT_COMPR_HINT_NONE, rr, KNOT_PF_NOTRUNC);
}

/*! Puts an RRset record by record, for it may be larger than a message. */
static int put_rrset(answerer_t *a, const knot_rrset_t *rrset)
{
	knot_rrset_t rr = *rrset;
	knot_rdata_t *rdata = rrset->rrs.rdata;
	uint16_t hint = KNOT_COMPR_HINT_NONE;

	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		rr.rrs.count = 1;
		rr.rrs.size = knot_rdata_size(rdata->len);
		rr.rrs.rdata = rdata;
		int ret = put_record(a, hint, &rr);
		if (ret != KNOT_EOK) {
			return ret;
		}
		/* A compression pointer to the owner in this message, if it is in reach. */
		hint = knot_compr_hint(&a->pkt->rr_info[a->pkt->rrset_count - 1],
		                       KNOT_COMPR_HINT_OWNER);
		rdata = knot_rdataset_next(rdata);
	}
	return KNOT_EOK;
}

typedef int (*view_next_f)(view_t *view, knot_rrset_t *rr);

/*! Puts a transfer: the SOA, all that next() gives, the SOA again. */
static int put_transfer(answerer_t *a, view_t *view, view_next_f next)
{
	message_begin(a);
	int ret = put_rrset(a, a->zones->soa(view));
	while (ret == KNOT_EOK) {
		knot_rrset_t rr;
		ret = next(view, &rr);
		if (ret == KNOT_EOK) {
			ret = put_rrset(a, &rr);
		}
	}
	if (ret != KNOT_ENOENT) {
		return ret;
	}
	ret = put_rrset(a, a->zones->soa(view));
	return ret == KNOT_EOK ? message_send(a) : ret;
}

static int reply_rcode(answerer_t *a, uint16_t rcode)
{
	a->rcode = rcode & 0x0f;
	a->authoritative = false;
	message_begin(a);
	knot_edns_set_ext_rcode(&a->opt, rcode >> 4);
	int ret = message_send(a);
	knot_edns_set_ext_rcode(&a->opt, 0);
	return ret;
}

static int reply_soa(answerer_t *a, view_t *view)
{
	message_begin(a);
	int ret = put_rrset(a, a->zones->soa(view));
	return ret == KNOT_EOK ? message_send(a) : ret;
}

static uint32_t view_serial(const answerer_t *a, const view_t *view)
{
	return knot_soa_serial(a->zones->soa(view)->rrs.rdata);
}

static int reply_transfer(answerer_t *a, view_t *view, const char *kind, view_next_f next)
{
	const knot_dname_t *zone = knot_pkt_qname(a->query);
	uint32_t serial = view_serial(a, view);
	a->handed_at = next == a->zones->next_change ? monotonic_ms() : 0;
	int ret = put_transfer(a, view, next);
	if (ret == KNOT_EOK) {
		log_msg(a->log, LOG_DEBUG, zone,
		        "transfer, %s to knotd, serial %u, %zu messages, %zu bytes", kind, serial,
		        a->messages, a->bytes);
		a->handed = true;
		a->handed_serial = serial;
		memcpy(a->handed_zone, zone, knot_dname_size(zone));
	} else if (!a->sink_failed) {
		log_msg(a->log, LOG_ERR, zone, "transfer, %s to knotd, serial %u, failed (%s)",
		        kind, serial, ret == KNOT_ESPACE ?
		        "a record is too large for a DNS message" : knot_strerror(ret));
	}
	return ret;
}

/*! Reads the serial of a client's SOA in an IXFR question (RFC 1995, section 3). */
static bool client_serial(const knot_pkt_t *query, uint32_t *serial)
{
	const knot_pktsection_t *authority = knot_pkt_section(query, KNOT_AUTHORITY);
	if (authority->count != 1) {
		return false;
	}
	const knot_rrset_t *soa = knot_pkt_rr(authority, 0);
	if (soa->type != KNOT_RRTYPE_SOA || soa->rrs.count != 1 ||
	    !soa_is_whole(soa->rrs.rdata) ||
	    !knot_dname_is_equal(soa->owner, knot_pkt_qname(query))) {
		return false;
	}
	*serial = knot_soa_serial(soa->rrs.rdata);
	return true;
}

static int reply_ixfr(answerer_t *a, view_t *view, uint32_t has)
{
	uint32_t serial = view_serial(a, view);

	/* The client's serial is not older than the view's (RFC 1982). */
	if ((int32_t)(has - serial) >= 0) {
		int ret = reply_soa(a, view);
		if (ret == KNOT_EOK && has == serial) {
			a->zones->taken(a->zones_ctx, knot_pkt_qname(a->query), serial);
		}
		return ret;
	}

	int ret = a->zones->seek(view, has);
	if (ret == KNOT_EOK) {
		return reply_transfer(a, view, "IXFR", a->zones->next_change);
	}
	if (ret == KNOT_ENOENT) {
		return reply_transfer(a, view, "AXFR-style IXFR", a->zones->next);
	}
	log_msg(a->log, LOG_ERR, knot_pkt_qname(a->query),
	        "transfer, IXFR to knotd from serial %u, failed to read the journal (%s)", has,
	        knot_strerror(ret));
	return ret;
}

/*!
 * Puts EXPIRE (RFC 7314) into the OPT if the question asks for it and the zone comes from a
 * primary: knotd then serves the zone for as long as the primary allows.
 */
static int put_expire(answerer_t *a, const view_t *view)
{
	uint8_t left[4];
	const uint32_t seconds = a->zones->expires_in(view);
	if (seconds == UINT32_MAX ||
	    knot_pkt_edns_option(a->query, KNOT_EDNS_OPTION_EXPIRE) == NULL) {
		return KNOT_EOK;
	}
	knot_wire_write_u32(left, seconds);
	a->has_option = true;
	return knot_edns_add_option(&a->opt, KNOT_EDNS_OPTION_EXPIRE, sizeof(left), left, NULL);
}

static int reply_zone(answerer_t *a, view_t *view, uint16_t type, uint32_t has)
{
	if (a->zones->expires_in(view) == 0) {
		return reply_rcode(a, KNOT_RCODE_SERVFAIL);
	}
	int ret = put_expire(a, view);
	if (ret != KNOT_EOK) {
		return ret;
	}
	a->authoritative = true;
	switch (type) {
	case KNOT_RRTYPE_SOA:
		return reply_soa(a, view);
	case KNOT_RRTYPE_IXFR:
		return reply_ixfr(a, view, has);
	default:
		return reply_transfer(a, view, "AXFR", a->zones->next);
	}
}

/*!
 * Answers for a zone that cannot be opened: knotd has the newest version there is. Without such an
 * answer the zone would expire.
 */
static int reply_kept(answerer_t *a, uint16_t type, uint32_t serial)
{
	/* Only the serial counts. */
	uint8_t wire[SOA_RDATA_MIN];
	uint16_t buffer[(sizeof(knot_rdata_t) + SOA_RDATA_MIN + 1) / sizeof(uint16_t)];
	knot_rdata_t *rdata = (knot_rdata_t *)buffer;
	soa_write(wire, serial);
	knot_rdata_init(rdata, sizeof(wire), wire);
	knot_rrset_t soa;
	knot_rrset_init(&soa, (knot_dname_t *)knot_pkt_qname(a->query), KNOT_RRTYPE_SOA,
	                KNOT_CLASS_IN, 0);
	soa.rrs = (knot_rdataset_t) { 1, knot_rdata_size(sizeof(wire)), rdata };
	if (type == KNOT_RRTYPE_IXFR) {
		soa = *knot_pkt_rr(knot_pkt_section(a->query, KNOT_AUTHORITY), 0);
	}
	a->authoritative = true;
	message_begin(a);
	int ret = put_rrset(a, &soa);
	return ret == KNOT_EOK ? message_send(a) : ret;
}

/*! Answers for a zone that could not be opened. */
static int answer_unopened(answerer_t *a, uint16_t type, int why)
{
	const knot_dname_t *zone = knot_pkt_qname(a->query);
	uint32_t serial = 0;
	const bool kept = type != KNOT_RRTYPE_AXFR &&
	                  a->zones->kept(a->zones_ctx, zone, &serial) == KNOT_EOK;
	log_msg(a->log, why == KNOT_EEMPTYZONE || kept ? LOG_DEBUG : LOG_ERR, zone,
	        "transfer, nothing to give to knotd (%s)%s", knot_strerror(why),
	        kept ? "; knotd keeps what it has" : "");
	return kept ? reply_kept(a, type, serial) : reply_rcode(a, KNOT_RCODE_SERVFAIL);
}

/*!
 * Answers a question of opcode QUERY.
 *
 * To knotd any RCODE is a failed refresh: it keeps its version and tries again after the SOA's
 * retry, or after a bootstrap delay if it has none yet; sooner if it is triggered.
 */
static int answer_query(answerer_t *a)
{
	const knot_dname_t *zone = knot_pkt_qname(a->query);
	uint16_t type = knot_pkt_qtype(a->query);
	uint32_t has = 0;

	if (zone == NULL || (type == KNOT_RRTYPE_IXFR && !client_serial(a->query, &has))) {
		return reply_rcode(a, KNOT_RCODE_FORMERR);
	}
	if (knot_pkt_qclass(a->query) != KNOT_CLASS_IN ||
	    (type != KNOT_RRTYPE_SOA && type != KNOT_RRTYPE_AXFR && type != KNOT_RRTYPE_IXFR)) {
		return reply_rcode(a, KNOT_RCODE_REFUSED);
	}

	/* A refresh begins with SOA, or with AXFR if knotd does not have the zone yet. */
	if (type != KNOT_RRTYPE_IXFR) {
		a->zones->asked(a->zones_ctx, zone);
	}

	view_t *view = NULL;
	int ret = a->zones->open(a->zones_ctx, zone, &view);
	if (ret == KNOT_ENOZONE) {
		return reply_rcode(a, KNOT_RCODE_NOTAUTH);
	}
	if (ret != KNOT_EOK) {
		return answer_unopened(a, type, ret);
	}

	ret = reply_zone(a, view, type, has);
	a->zones->close(view);
	if (a->has_option) {
		a->has_option = false;
		int reset = reset_opt(a);
		ret = ret == KNOT_EOK ? reset : ret;
	}
	if (ret != KNOT_EOK && !a->sink_failed && a->messages == 0) {
		return reply_rcode(a, KNOT_RCODE_SERVFAIL);
	}
	return ret;
}

/*!
 * Answers a question of opcode UPDATE. knotd, which forwards it, has checked its form (RFC 2136,
 * section 3.1), its TSIG and whether the client may send it.
 */
static int answer_update(answerer_t *a)
{
	const knot_dname_t *zone = knot_pkt_qname(a->query);
	if (zone == NULL || knot_pkt_qtype(a->query) != KNOT_RRTYPE_SOA) {
		return reply_rcode(a, KNOT_RCODE_FORMERR);
	}
	if (knot_pkt_qclass(a->query) != KNOT_CLASS_IN) {
		return reply_rcode(a, KNOT_RCODE_NOTAUTH);
	}
	if (!knot_pkt_has_tsig(a->query)) {
		return reply_rcode(a, a->zones->update(a->zones_ctx, a->query));
	}
	/* Nothing is changed if the answer cannot be signed. */
	const knot_dname_t *name = a->query->tsig_rr->owner;
	knot_tsig_key_t key = { 0 };
	int ret = a->zones->key(a->zones_ctx, zone, name, &key);
	if (ret != KNOT_EOK) {
		knot_dname_txt_storage_t text;
		log_msg(a->log, LOG_ERR, zone, "update, refused: TSIG key %s %s",
		        knot_dname_to_str(text, name, sizeof(text)),
		        ret == KNOT_ENOENT ? "is in none of the zone's acl items in knot.conf, so "
		                             "the answer cannot be signed"
		                           : knot_strerror(ret));
		return reply_rcode(a, KNOT_RCODE_SERVFAIL);
	}
	a->key = &key;
	ret = reply_rcode(a, a->zones->update(a->zones_ctx, a->query));
	a->key = NULL;
	knot_tsig_key_deinit(&key);
	return ret;
}

static int answer_parsed(answerer_t *a)
{
	if (knot_pkt_has_edns(a->query) &&
	    knot_edns_get_version(a->query->opt_rr) != KNOT_EDNS_VERSION) {
		return reply_rcode(a, KNOT_RCODE_BADVERS);
	}
	if (knot_wire_get_opcode(a->query->wire) == KNOT_OPCODE_UPDATE) {
		return answer_update(a);
	}
	if (knot_wire_get_opcode(a->query->wire) != KNOT_OPCODE_QUERY) {
		return reply_rcode(a, KNOT_RCODE_NOTIMPL);
	}
	if (knot_pkt_has_tsig(a->query)) {
		log_msg(a->log, LOG_WARNING, knot_pkt_qname(a->query),
		        "transfer, refused a question signed by TSIG: in knot.conf, take the 'key' "
		        "out of the remote that is the module's transfer socket");
		return reply_rcode(a, KNOT_RCODE_NOTAUTH);
	}
	return answer_query(a);
}

int answerer_reply(answerer_t *a, uint8_t *wire, uint16_t len)
{
	tell_handed(a);
	/* Without an ID no answer is possible; an answer to an answer might go on for ever. */
	if (len < KNOT_WIRE_HEADER_SIZE || knot_wire_get_qr(wire)) {
		return KNOT_EMALF;
	}
	knot_pkt_t *query = knot_pkt_new(wire, len, NULL);
	if (query == NULL) {
		return KNOT_ENOMEM;
	}

	a->query = query;
	a->rcode = KNOT_RCODE_NOERROR;
	a->authoritative = false;
	a->messages = 0;
	a->bytes = 0;
	a->sink_failed = false;

	int ret = message_parse(query);
	ret = (ret == KNOT_EOK) ? answer_parsed(a) : reply_rcode(a, KNOT_RCODE_FORMERR);

	a->query = NULL;
	knot_pkt_free(query);
	return ret;
}
