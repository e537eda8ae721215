/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/online/answer.h"

#include <string.h>

#include <libknot/libknot.h>

#include "module/online/compact.h"
#include "module/online/packet.h"
#include "module/online/present.h"

/*** Signatures. ***/

/*! Adds signatures of an RRset. \param hint  Of its owner, as for packet_put(). */
static int put_signatures(answer_t *answer, const knot_dname_t *owner, const knot_rrset_t *rrset,
                          uint16_t hint)
{
	knot_mm_t *mm = &answer->pkt->mm;
	subject_t subject;
	if (answer->active == NULL) {
		answer->results[ONLINE_FAILED]++;
		return KNOT_ERROR;
	}
	int ret = subject_make(&subject, answer->active->id, owner, rrset);
	if (ret != KNOT_EOK) {
		return ret;
	}
	knot_rdataset_t sigs = { 0 };
	const online_result_t result = online_sign(answer->zone->online, answer->active, &subject,
	                                           &answer->asker, &sigs, mm);
	subject_deinit(&subject);
	answer->results[result]++;
	if (!online_has(result)) {
		return KNOT_ERROR;
	}
	knot_rrset_t rrsig;
	knot_rrset_init(&rrsig, knot_dname_copy(owner, mm), KNOT_RRTYPE_RRSIG, KNOT_CLASS_IN,
	                rrset->ttl);
	rrsig.rrs = sigs;
	if (rrsig.owner == NULL) {
		knot_rdataset_clear(&sigs, mm);
		return KNOT_ENOMEM;
	}
	return packet_put(answer->pkt, hint, &rrsig, 0);
}

/*! Whether an RRset is a CNAME made of a DNAME, which is not signed (RFC 6672, section 5.3.1). */
static bool is_of_dname(const knot_pkt_t *pkt, uint16_t at, const knot_dname_t *owner)
{
	knot_dname_storage_t above;
	for (uint16_t i = pkt->sections[KNOT_ANSWER].pos; i < at; i++) {
		if (pkt->rr[i].type == KNOT_RRTYPE_DNAME) {
			packet_owner(pkt, i, above);
			if (knot_dname_in_bailiwick(owner, above) > 0) {
				return true;
			}
		}
	}
	return false;
}

/*! Whether RRsets of a type are never signed. */
static bool is_no_data(uint16_t type)
{
	return type == KNOT_RRTYPE_RRSIG || type == KNOT_RRTYPE_OPT || type == KNOT_RRTYPE_TSIG;
}

/*! Whether an RRset has a signature by a KSK, if it has one: it is about the zone's keys. */
static bool is_about_keys(uint16_t type, const knot_dname_t *owner, const knot_dname_t *zone)
{
	/* Elsewhere such RRsets are data (RFC 9615). */
	return (type == KNOT_RRTYPE_DNSKEY || type == KNOT_RRTYPE_CDS ||
	        type == KNOT_RRTYPE_CDNSKEY) && knot_dname_is_equal(owner, zone);
}

/*! Whether an RRset of the section in the making is to be signed. \param owner  Filled if so. */
static bool lacks_signature(const answer_t *answer, uint16_t at, knot_dname_storage_t owner)
{
	const knot_pkt_t *pkt = answer->pkt;
	const uint16_t type = pkt->rr[at].type;
	if (is_no_data(type) || packet_is_signed(pkt, at)) {
		return false;
	}
	packet_owner(pkt, at, owner);
	return knot_dname_in_bailiwick(owner, answer->zone->name) >= 0 &&
	       !is_about_keys(type, owner, answer->zone->name) &&
	       !(type == KNOT_RRTYPE_CNAME && is_of_dname(pkt, at, owner));
}

/*! \return The largest TTL that may be signed: rollovers wait for as long as caches may have what the zone's
 *  keys have signed, by MaxZoneTTL, or what the zone itself has. */
static uint32_t get_max_ttl(const answer_t *answer)
{
	const uint32_t limit = answer->active != NULL ? answer->active->ring->set.max_zone_ttl : 0;
	return limit > 0 ? limit : answer->soa.ttl;
}

/*! Signs what lacks signatures in the section in the making. \param wanted  NULL: all of it. */
static int sign_section(answer_t *answer, bool (*wanted)(const knot_pkt_t *pkt, uint16_t at))
{
	knot_pkt_t *pkt = answer->pkt;
	const uint16_t end = pkt->rrset_count;
	const uint32_t max_ttl = get_max_ttl(answer);
	knot_dname_storage_t owner;
	int ret = KNOT_EOK;
	for (uint16_t i = pkt->sections[pkt->current].pos; ret == KNOT_EOK && i < end; i++) {
		if ((wanted == NULL || wanted(pkt, i)) && lacks_signature(answer, i, owner)) {
			packet_limit_ttl(pkt, i, max_ttl);
			const knot_rrset_t rrset = pkt->rr[i]; /* The array may move. */
			ret = put_signatures(answer, owner, &rrset,
			                     pkt->rr_info[i].compress_ptr[KNOT_COMPR_HINT_OWNER]);
		}
	}
	return ret;
}

/*** Denial. ***/

/*! Collects the types at a name. */
typedef struct {
	const answer_t *answer;
	dnssec_nsec_bitmap_t *bitmap;
	present_t types;   /*!< What the name is. */
} collect_t;

/* NODATA is no proof if the type asked for is there, or CNAME, or if it comes from the wrong side of a cut
 * (RFC 4035, section 5.4; RFC 6840, section 4): the store's version may be another one than knotd's. */
static void collect(void *ctx, uint16_t type)
{
	const collect_t *to = ctx;
	const uint16_t qtype = to->answer->qtype;
	const bool contradicts = type == qtype ||
	                         (type == KNOT_RRTYPE_CNAME && qtype != KNOT_RRTYPE_NSEC) ||
	                         (to->types.cut && qtype != KNOT_RRTYPE_DS);
	if (!contradicts) {
		dnssec_nsec_bitmap_add(to->bitmap, type);
	}
}

static int fill_bitmap(const answer_t *answer, const knot_dname_t *name,
                       dnssec_nsec_bitmap_t *bitmap, bool *cut)
{
	collect_t to = { .answer = answer, .bitmap = bitmap };
	const int ret = present_find(answer->store, answer->zone->name, name, &to.types, collect, &to);
	if (ret != KNOT_EOK) {
		return ret;
	}
	*cut = to.types.cut;
	for (size_t i = 0; !to.types.cut && !to.types.alias && i < answer->types->count; i++) {
		collect(&to, answer->types->all[i]);
	}
	return KNOT_EOK;
}

/*! Adds an NSEC record, without its signature. */
static int put_nsec(answer_t *answer, const knot_dname_t *owner, dnssec_nsec_bitmap_t *bitmap,
                    bool cut)
{
	const uint32_t minimum = knot_soa_minimum(answer->soa.rrs.rdata);
	const uint32_t ttl = minimum < answer->soa.ttl ? minimum : answer->soa.ttl; /* RFC 9077 */
	if (bitmap != NULL) {
		dnssec_nsec_bitmap_add(bitmap, KNOT_RRTYPE_RRSIG);
		dnssec_nsec_bitmap_add(bitmap, KNOT_RRTYPE_NSEC);
	}
	knot_rrset_t nsec;
	const int ret = compact_nsec(owner, answer->zone->name, ttl, bitmap, cut, &nsec,
	                             &answer->pkt->mm);
	return ret == KNOT_EOK ? packet_put(answer->pkt, KNOT_COMPR_HINT_NONE, &nsec, 0) : ret;
}

/*! Adds the NSEC record of the name asked for. */
static int deny(answer_t *answer, answer_kind_t kind)
{
	knot_dname_storage_t name;
	knot_dname_copy_lower(name, answer->name);
	if (kind == ANSWER_MISSING) {
		return put_nsec(answer, name, NULL, false);
	}
	dnssec_nsec_bitmap_t *bitmap = dnssec_nsec_bitmap_new();
	if (bitmap == NULL) {
		return KNOT_ENOMEM;
	}
	bool cut = false;
	int ret = fill_bitmap(answer, name, bitmap, &cut);
	if (ret == KNOT_EOK) {
		ret = put_nsec(answer, name, bitmap, cut);
	}
	dnssec_nsec_bitmap_free(bitmap);
	return ret;
}

/*! Adds the zone's SOA RRset with its signatures, as negative answers have it (RFC 2308, section 3). */
static int put_soa(answer_t *answer)
{
	knot_pkt_t *pkt = answer->pkt;
	int ret = knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, &answer->soa,
	                       KNOT_PF_NOTRUNC | KNOT_PF_SOAMINTTL);
	if (ret != KNOT_EOK) {
		return ret;
	}
	const uint32_t minimum = knot_soa_minimum(answer->soa.rrs.rdata);
	knot_rrset_t rrsig;
	knot_rrset_init(&rrsig, knot_dname_copy(answer->soa.owner, &pkt->mm), KNOT_RRTYPE_RRSIG,
	                KNOT_CLASS_IN, minimum < answer->soa.ttl ? minimum : answer->soa.ttl);
	ret = rrsig.owner != NULL ? KNOT_EOK : KNOT_ENOMEM;
	knot_rdata_t *sig = answer->sigs.rrs.rdata;
	for (uint16_t i = 0; ret == KNOT_EOK && i < answer->sigs.rrs.count; i++) {
		if (knot_rrsig_type_covered(sig) == KNOT_RRTYPE_SOA) {
			ret = knot_rdataset_add(&rrsig.rrs, sig, &pkt->mm);
		}
		sig = knot_rdataset_next(sig);
	}
	if (ret != KNOT_EOK) {
		knot_rrset_clear(&rrsig, &pkt->mm);
		return ret;
	}
	return packet_put(pkt, KNOT_COMPR_HINT_NONE, &rrsig, 0);
}

/*** Sections. ***/

/*! Whether an RRset denies more than the name asked for, or signs one that does. */
static bool is_denial(const knot_rrset_t *rrset)
{
	const uint16_t type = rrset->type == KNOT_RRTYPE_RRSIG
	                      ? knot_rrsig_type_covered(rrset->rrs.rdata) : rrset->type;
	return type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_NSEC3;
}

/*! Whether an RRSIG is of a wildcard, and its owner is not that wildcard. */
static bool is_expanded(const knot_pkt_t *pkt, uint16_t at)
{
	const knot_rrset_t *rrset = &pkt->rr[at];
	if (rrset->type != KNOT_RRTYPE_RRSIG) {
		return false;
	}
	knot_dname_storage_t owner;
	packet_owner(pkt, at, owner);
	const size_t labels = knot_dname_labels(owner, NULL);
	return knot_rrsig_labels(rrset->rrs.rdata) <
	       (knot_dname_is_wildcard(owner) ? labels - 1 : labels);
}

static bool stays_in_answer(const knot_pkt_t *pkt, uint16_t at)
{
	return !is_denial(&pkt->rr[at]) && !is_expanded(pkt, at);
}

static bool stays(const knot_pkt_t *pkt, uint16_t at)
{
	return !is_denial(&pkt->rr[at]);
}

/*! Whether the section in the making has an RRset of that type. */
static bool has_type(const knot_pkt_t *pkt, uint16_t type, uint16_t *at)
{
	for (uint16_t i = pkt->sections[pkt->current].pos; i < pkt->rrset_count; i++) {
		if (pkt->rr[i].type == type) {
			*at = i;
			return true;
		}
	}
	return false;
}

static bool is_empty(const knot_pkt_t *pkt)
{
	return pkt->rrset_count == pkt->sections[pkt->current].pos;
}

int answer_section(answer_t *answer, answer_kind_t *kind)
{
	knot_pkt_t *pkt = answer->pkt;
	uint16_t at;
	const bool denies = has_type(pkt, KNOT_RRTYPE_NSEC, &at);
	int ret = packet_filter(pkt, stays_in_answer);
	ret = ret == KNOT_ENOENT ? KNOT_EOK : ret;
	/* The NSEC of a name is what its denial has. */
	const bool asked = answer->qtype == KNOT_RRTYPE_NSEC &&
	                   (*kind == ANSWER_NODATA || *kind == ANSWER_MISSING);
	if (ret == KNOT_EOK && (denies || asked)) {
		ret = deny(answer, denies ? ANSWER_NODATA : *kind);
		*kind = ret == KNOT_EOK ? ANSWER_FOUND : *kind;
	} else if (*kind == ANSWER_FOUND && is_empty(pkt)) {
		/* Asked for the RRSIGs of what a wildcard has. */
		*kind = ANSWER_NODATA;
	}
	return ret == KNOT_EOK ? sign_section(answer, NULL) : ret;
}

/*! Whether all proofs are of opt-out: nobody concludes from these that names do not exist (RFC 8198,
 *  section 5.2; RFC 5155, section 9.2). */
static bool opts_out(const knot_pkt_t *pkt)
{
	bool some = false;
	for (uint16_t i = pkt->sections[pkt->current].pos; i < pkt->rrset_count; i++) {
		const knot_rrset_t *rrset = &pkt->rr[i];
		if (rrset->type == KNOT_RRTYPE_NSEC ||
		    (rrset->type == KNOT_RRTYPE_NSEC3 &&
		     !(knot_nsec3_flags(rrset->rrs.rdata) & KNOT_NSEC3_FLAG_OPT_OUT))) {
			return false;
		}
		some |= rrset->type == KNOT_RRTYPE_NSEC3;
	}
	return some;
}

static bool is_nsec(const knot_pkt_t *pkt, uint16_t at)
{
	return pkt->rr[at].type == KNOT_RRTYPE_NSEC;
}

/*! Proves that a delegation is not signed, unless the zone's opt-out does. */
static int refer(answer_t *answer)
{
	knot_pkt_t *pkt = answer->pkt;
	uint16_t at;
	knot_dname_storage_t cut;
	int ret = opts_out(pkt) ? KNOT_ENOENT : packet_filter(pkt, stays);
	if (ret != KNOT_EOK) {
		return ret == KNOT_ENOENT ? KNOT_EOK : ret;
	}
	if (!has_type(pkt, KNOT_RRTYPE_NS, &at) || has_type(pkt, KNOT_RRTYPE_DS, &(uint16_t){ 0 })) {
		return KNOT_EOK;
	}
	packet_owner(pkt, at, cut);
	dnssec_nsec_bitmap_t *bitmap = dnssec_nsec_bitmap_new();
	if (bitmap == NULL) {
		return KNOT_ENOMEM;
	}
	dnssec_nsec_bitmap_add(bitmap, KNOT_RRTYPE_NS);
	ret = put_nsec(answer, cut, bitmap, true);
	dnssec_nsec_bitmap_free(bitmap);
	return ret == KNOT_EOK ? sign_section(answer, is_nsec) : ret;
}

int answer_authority(answer_t *answer, answer_kind_t kind)
{
	if (kind == ANSWER_REFERRAL) {
		return refer(answer);
	}
	int ret = packet_filter(answer->pkt, stays);
	ret = ret == KNOT_ENOENT ? KNOT_EOK : ret;
	if (ret == KNOT_EOK && kind != ANSWER_FOUND) {
		ret = put_soa(answer);
		ret = ret == KNOT_EOK ? deny(answer, kind) : ret;
	}
	return ret == KNOT_EOK ? sign_section(answer, NULL) : ret;
}

/*! Whether a module has made an RRset for this answer. What is the zone's is not freed with it, be it glue or
 *  signed: its signatures need not fit. */
static bool is_made(const knot_pkt_t *pkt, uint16_t at)
{
	return pkt->rr_info[at].flags & KNOT_PF_FREE;
}

int answer_additional(answer_t *answer)
{
	/* With SVCB records knotd proves there which addresses there are not. */
	const int ret = packet_filter(answer->pkt, stays);
	return ret == KNOT_EOK || ret == KNOT_ENOENT ? sign_section(answer, is_made) : ret;
}
