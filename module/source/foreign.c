/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/source/foreign.h"

#include <stdio.h>

#include <libknot/libknot.h>

#include "module/input/trust.h"
#include "module/rr/cds.h"

/* Records that are told one by one: more than operators sign any zone. */
#define LIST_MAX 20

/*** Coming in. ***/

static void set_awaits(source_t *source, bool awaits)
{
	pthread_mutex_lock(&source->lock);
	source->awaits_keys = awaits;
	pthread_mutex_unlock(&source->lock);
}

static int judge(source_t *source, const node_t *apex, trust_fault_t *fault)
{
	const node_t none = { .count = 0 };
	store_txn_t txn;
	int ret = store_read(source->args.store, &txn);
	if (ret == KNOT_EOK) {
		ret = trust_check(&txn, source->args.zone, &none, apex, fault);
		store_abort(&txn);
	}
	return ret;
}

int foreign_judge(source_t *source, contents_t *contents, char *err, size_t err_size)
{
	const knot_dname_t *owner = NULL;
	node_t apex;
	trust_fault_t fault;
	/* Before the key set is read: one that is stored meanwhile has to be seen. */
	set_awaits(source, true);
	contents_rewind(contents);
	int ret = contents_next(contents, &owner, &apex);
	if (ret == KNOT_EOK) {
		ret = judge(source, &apex, &fault);
		node_deinit(&apex);
	}
	contents_rewind(contents);
	if (ret == KNOT_EDENIED) {
		contents_refuse(contents, fault.type, fault.text, err, err_size);
		return KNOT_EMALF;
	}
	set_awaits(source, false);
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "store: %s", store_strerror(ret));
	}
	return ret;
}

/*** There. ***/

typedef struct {
	foreign_f call;
	void *ctx;
	size_t count;
} list_t;

static void list_rrset(list_t *list, const node_rrset_t *rrset)
{
	char type[16] = "", text[64];
	const knot_rdata_t *rdata = rrset != NULL ? rrset->rrs.rdata : NULL;
	for (uint16_t i = 0; rrset != NULL && i < rrset->rrs.count; i++) {
		if (list->count++ < LIST_MAX && list->call != NULL &&
		    knot_rrtype_to_string(rrset->type, type, sizeof(type)) > 0) {
			snprintf(text, sizeof(text), "%s %u, algorithm %u", type,
			         cds_keytag(rrset->type, rdata), cds_algorithm(rrset->type, rdata));
			list->call(list->ctx, text);
		}
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
}

static void list_apex(list_t *list, const node_t *apex)
{
	char text[32];
	for (size_t i = 0; trust_types[i] != 0; i++) {
		list_rrset(list, node_rrset(apex, trust_types[i]));
	}
	if (list->count > LIST_MAX && list->call != NULL) {
		snprintf(text, sizeof(text), "%zu more", list->count - LIST_MAX);
		list->call(list->ctx, text);
	}
}

static bool has_any(const node_t *apex)
{
	bool has = false;
	for (size_t i = 0; trust_types[i] != 0; i++) {
		has |= node_rrset(apex, trust_types[i]) != NULL;
	}
	return has;
}

/*! Finds the input's apex. */
static int find_apex(const source_t *source, store_txn_t *txn, node_t *apex)
{
	uint8_t key[NODE_KEY_MAX];
	state_t state;
	int ret = state_load(txn, source->args.zone, &state);
	return ret != KNOT_EOK ? ret : store_find_node(txn, &(store_key_t) {
		STORE_INPUT, state.in.nodes, key, node_key(source->args.zone, key)
	}, apex);
}

bool foreign_list(const source_t *source, foreign_f call, void *ctx)
{
	list_t list = { .call = call, .ctx = ctx };
	node_t apex = { .count = 0 };
	trust_t trust = TRUST_UNKNOWN;
	store_txn_t txn;
	int ret = store_read(source->args.store, &txn);
	if (ret != KNOT_EOK) {
		return false;
	}
	ret = find_apex(source, &txn, &apex);
	if (ret == KNOT_EOK && has_any(&apex)) {
		ret = trust_read(&txn, source->args.zone, &trust);
	}
	if (ret == KNOT_EOK && trust != TRUST_PASSES) {
		list_apex(&list, &apex);
	}
	node_deinit(&apex);
	store_abort(&txn);
	return list.count > 0 && trust == TRUST_OWN;
}

bool foreign_warning(const source_t *source, char *text, size_t size)
{
	if (!foreign_list(source, NULL, NULL)) {
		return false;
	}
	snprintf(text, size, "the unsigned zone has DNSKEY, CDS or CDNSKEY records that its policy "
	         "does not allow, and they are served: remove them, or give the policy "
	         "<ForeignKeys/> in kasp.xml");
	return true;
}
