/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/knotd/hooks.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>
#include <urcu.h>

#include "common/fnv1a.h"
#include "module/knotd/conf.h"
#include "module/knotd/stats.h"
#include "module/online/compact.h"

/* Extended DNS errors (RFC 8914; RFC 9824, section 3.5); headers of Knot 3.2 do not have them. */
#define EDE_NOT_READY    14
#define EDE_INVALID_TYPE 30

/* The flag "Compact Answers OK", in the TTL of OPT (RFC 9824, section 5.1). */
#define EDNS_CO (UINT32_C(1) << 14)

/* Octets of an address that are a client's network: /24 and /56. */
#define NETWORK4 3
#define NETWORK6 7

static hooks_t *hooks_of(knotd_mod_t *mod)
{
	return ((const hooks_place_t *)knotd_mod_ctx(mod))->hooks;
}

/*** What a query is. ***/

/*! \return A hash of the network that the query is from. */
static uint32_t get_network(knotd_qdata_t *qdata)
{
	/* Not by knotd_qdata_remote_addr(): it is a function of knotd in some versions only, and in another one the
	 * module could not be loaded to say that it is for the other (fit.h). */
	const struct sockaddr_storage *remote = qdata->params->remote;
	if (remote != NULL && remote->ss_family == AF_INET) {
		return fnv1a(&((const struct sockaddr_in *)remote)->sin_addr, NETWORK4);
	}
	if (remote != NULL && remote->ss_family == AF_INET6) {
		return fnv1a(&((const struct sockaddr_in6 *)remote)->sin6_addr, NETWORK6);
	}
	return 0;
}

static bool get_kind(knotd_in_state_t state, answer_kind_t *kind)
{
	switch (state) {
	case KNOTD_IN_STATE_HIT:
		*kind = ANSWER_FOUND;
		return true;
	case KNOTD_IN_STATE_NODATA:
		*kind = ANSWER_NODATA;
		return true;
	case KNOTD_IN_STATE_MISS:
		*kind = ANSWER_MISSING;
		return true;
	case KNOTD_IN_STATE_DELEG:
		*kind = ANSWER_REFERRAL;
		return true;
	default:
		return false;
	}
}

/*! A query in one of knotd's stages. */
typedef struct {
	hooks_t *hooks;
	knotd_mod_t *mod;
	knotd_qdata_t *qdata;
	answer_t answer;
} query_t;

/*! Begins a stage, under RCU until leave(). \return Whether there can be something to do. */
static bool enter(query_t *query, knot_pkt_t *pkt, knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	hooks_t *hooks = hooks_of(mod);
	const unsigned thread = qdata->params->thread_id;
	budget_t *budget = online_budget(hooks->zone.online, thread);
	const knot_rrset_t sigs = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_RRSIG);
	if (!knot_pkt_has_dnssec(qdata->query) || knot_rrset_empty(&sigs)) {
		return false;
	}
	/* A signature can be ended by the thread that began it, and that be logged. */
	signers_on_knotds_thread();
	rcu_read_lock();
	active_t *active = rcu_dereference(hooks->zone.active);
	if (active != NULL && active->count == 0) {
		rcu_read_unlock();
		return false;
	}
	const bool udp = qdata->params->proto == KNOTD_QUERY_PROTO_UDP &&
	                 qdata->params->xdp_msg == NULL;
	*query = (query_t) {
		.hooks = hooks, .mod = mod, .qdata = qdata,
		.answer = {
			.zone = &hooks->zone, .active = active, .store = hooks->store,
			.types = &hooks->types, .pkt = pkt, .name = qdata->name,
			.qtype = knot_pkt_qtype(qdata->query),
			.soa = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_SOA), .sigs = sigs,
			.asker = {
				.budget = budget, .socket = udp ? qdata->params->socket : -1,
				.network = get_network(qdata),
			},
		},
	};
	return true;
}

/*! Ends a stage. \param ret  Of the answer's function. \param next  The state if all is well. */
static knotd_in_state_t leave(query_t *query, int ret, knotd_in_state_t next)
{
	rcu_read_unlock();
	for (unsigned i = 0; i < ONLINE_RESULTS; i++) {
		if (query->answer.results[i] > 0) {
			knotd_mod_stats_incr(query->mod, query->qdata->params->thread_id, STATS_ONLINE, i,
			                     query->answer.results[i]);
		}
	}
	if (ret == KNOT_EOK) {
		return next;
	}
	if (ret == KNOT_ESPACE) {
		return KNOTD_IN_STATE_TRUNC;
	}
	query->qdata->rcode = KNOT_RCODE_SERVFAIL;
	query->qdata->rcode_ede = EDE_NOT_READY;
	return KNOTD_IN_STATE_ERROR;
}

/*** Stages. ***/

/*! A type that is no question (RFC 9824, section 3.5). */
static knotd_in_state_t refuse_nxname(knotd_in_state_t state, knot_pkt_t *pkt,
                                      knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	(void)pkt;
	(void)mod;
	if (knot_pkt_qtype(qdata->query) != COMPACT_NXNAME) {
		return state;
	}
	qdata->rcode = KNOT_RCODE_FORMERR;
	qdata->rcode_ede = EDE_INVALID_TYPE;
	return KNOTD_IN_STATE_ERROR;
}

/*! Whether what is not there is the end of a chain of CNAMEs. A module can have it that looks at the name asked for
 *  alone, as mod-geoip does: it is not denied, and whoever resolves asks for it. */
static bool is_chain_end(knotd_qdata_t *qdata)
{
	return !knot_dname_is_case_equal(qdata->name, knot_pkt_qname(qdata->query));
}

static knotd_in_state_t fill_answer(knotd_in_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                                    knotd_mod_t *mod)
{
	query_t query;
	answer_kind_t kind;
	hooks_t *hooks = hooks_of(mod);
	const unsigned thread = qdata->params->thread_id % HOOKS_THREADS;
	hooks->threads[thread].pkt = NULL;
	if (!get_kind(state, &kind) || !enter(&query, pkt, qdata, mod)) {
		return state;
	}
	const bool denied = kind == ANSWER_NODATA || kind == ANSWER_MISSING;
	if (denied && is_chain_end(qdata)) {
		kind = ANSWER_FOUND;
	}
	query.answer.asker.missing = kind == ANSWER_MISSING;
	const int ret = answer_section(&query.answer, &kind);
	hooks->threads[thread].kind = kind;
	hooks->threads[thread].pkt = pkt;
	/* knotd would deny more than was asked for, and cannot deny a type at a name that it does not have:
	 * it takes the answer as found, and leaves the rest to us. */
	return leave(&query, ret, denied ? KNOTD_IN_STATE_HIT : state);
}

/*! Tells the querier that a name does not exist if it understands that of a compact answer. */
static void set_rcode(knotd_qdata_t *qdata, answer_kind_t kind)
{
	const bool understands = qdata->query->opt_rr->ttl & EDNS_CO;
	if (understands) {
		qdata->opt_rr.ttl |= EDNS_CO;
	}
	if (kind == ANSWER_MISSING) {
		qdata->rcode = understands ? KNOT_RCODE_NXDOMAIN : KNOT_RCODE_NOERROR;
	}
}

static knotd_in_state_t fill_authority(knotd_in_state_t state, knot_pkt_t *pkt,
                                       knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	query_t query;
	hooks_t *hooks = hooks_of(mod);
	const unsigned thread = qdata->params->thread_id % HOOKS_THREADS;
	if (hooks->threads[thread].pkt != pkt || !enter(&query, pkt, qdata, mod)) {
		return state;
	}
	const answer_kind_t kind = hooks->threads[thread].kind;
	query.answer.asker.missing = kind == ANSWER_MISSING;
	const int ret = answer_authority(&query.answer, kind);
	set_rcode(qdata, kind);
	return leave(&query, ret, state);
}

static knotd_in_state_t fill_additional(knotd_in_state_t state, knot_pkt_t *pkt,
                                        knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	query_t query;
	hooks_t *hooks = hooks_of(mod);
	const unsigned thread = qdata->params->thread_id % HOOKS_THREADS;
	if (hooks->threads[thread].pkt != pkt || !enter(&query, pkt, qdata, mod)) {
		return state;
	}
	const int ret = answer_additional(&query.answer);
	return leave(&query, ret, state);
}

static knotd_state_t count(knotd_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                           knotd_mod_t *mod)
{
	(void)pkt;
	budget_count(online_budget(hooks_of(mod)->zone.online, qdata->params->thread_id));
	return state;
}

/*** Instances. ***/

static int add_hooks(knotd_mod_t *mod)
{
	int ret = knotd_mod_in_hook(mod, KNOTD_STAGE_PREANSWER, refuse_nxname);
	if (ret == KNOT_EOK) {
		ret = knotd_mod_in_hook(mod, KNOTD_STAGE_ANSWER, fill_answer);
	}
	if (ret == KNOT_EOK) {
		ret = knotd_mod_in_hook(mod, KNOTD_STAGE_AUTHORITY, fill_authority);
	}
	if (ret == KNOT_EOK) {
		ret = knotd_mod_in_hook(mod, KNOTD_STAGE_ADDITIONAL, fill_additional);
	}
	return ret == KNOT_EOK ? knotd_mod_hook(mod, KNOTD_STAGE_END, count) : ret;
}

int hooks_init(hooks_t **hooks, knotd_mod_t *mod, running_t *signer, zone_t *zone,
               const answer_types_t *types)
{
	const zone_env_t *env = &signer->server->env;
	knotconf_check_order(mod, zone->name);
	hooks_t *fresh = aligned_alloc(_Alignof(hooks_t), sizeof(*fresh));
	if (fresh == NULL || env->store == NULL) {
		free(fresh);
		return fresh == NULL ? KNOT_ENOMEM : KNOT_EOK;
	}
	memset(fresh, 0, sizeof(*fresh));
	fresh->store = env->store;
	fresh->types = *types;
	fresh->zone.name = zone->name;
	fresh->zone.verify = zone->settings.verify;
	fresh->zone.online = signers_online(signer);
	int ret = fresh->zone.online != NULL ? add_hooks(mod) : KNOT_ENOMEM;
	if (ret == KNOT_EOK) {
		ret = stats_add_online(mod);
	}
	if (ret != KNOT_EOK) {
		free(fresh);
		return ret;
	}
	fresh->keys = &zone->keys;
	keys_follow(fresh->keys, online_keys, &fresh->zone);
	*hooks = fresh;
	return KNOT_EOK;
}

void hooks_free(hooks_t *hooks)
{
	if (hooks != NULL) {
		keys_unfollow(hooks->keys, &hooks->zone);
		online_leave(&hooks->zone);
		free(hooks);
	}
}
