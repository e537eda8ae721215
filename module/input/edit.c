/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/input/edit.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/input/put.h"
#include "module/input/rules.h"

void edit_init(edit_t *edit, store_txn_t *txn, uint32_t input, const knot_dname_t *apex)
{
	*edit = (edit_t) { .txn = txn, .input = input, .apex = apex };
}

static void free_node(void *data)
{
	edit_node_t *node = data;
	for (uint16_t i = 0; i < node->node.count; i++) {
		knot_rdataset_clear(&node->node.rrsets[i].rrs, NULL);
	}
	node_deinit(&node->node);
	free(node);
}

void edit_deinit(edit_t *edit)
{
	tdestroy(edit->nodes, free_node);
	memset(edit, 0, sizeof(*edit));
}

static int compare(const void *a, const void *b)
{
	const edit_node_t *left = a, *right = b;
	return node_key_compare(left->key, left->key_len, right->key, right->key_len);
}

static edit_node_t *find(const edit_t *edit, const uint8_t *key, size_t key_len)
{
	edit_node_t wanted;
	memcpy(wanted.key, key, key_len);
	wanted.key_len = key_len;
	edit_node_t **found = tfind(&wanted, &edit->nodes, compare);
	return found != NULL ? *found : NULL;
}

/*** A name. ***/

/*! Reads a name; its records are copied, so that they can be changed. */
static int load(edit_t *edit, edit_node_t *node)
{
	node_t stored;
	const store_key_t key = { STORE_INPUT, edit->input, node->key, node->key_len };
	int ret = store_find(edit->txn, &key, &node->before, &node->before_len);
	if (ret != KNOT_EOK) {
		return ret == KNOT_ENOENT ? KNOT_EOK : ret;
	}
	ret = node_read(node->before, node->before_len, &stored);
	if (ret != KNOT_EOK) {
		return ret;
	}
	for (uint16_t i = 0; ret == KNOT_EOK && i < stored.count; i++) {
		node_rrset_t rrset = { .type = stored.rrsets[i].type, .ttl = stored.rrsets[i].ttl };
		ret = knot_rdataset_copy(&rrset.rrs, &stored.rrsets[i].rrs, NULL);
		if (ret == KNOT_EOK) {
			ret = node_add(&node->node, &rrset);
		}
		if (ret != KNOT_EOK) {
			knot_rdataset_clear(&rrset.rrs, NULL);
		}
	}
	node_deinit(&stored);
	return ret;
}

int edit_node(edit_t *edit, const knot_dname_t *owner, edit_node_t **node)
{
	uint8_t key[NODE_KEY_MAX];
	size_t key_len = node_key(owner, key);
	edit_node_t *found = edit->last;
	if (found == NULL || !node_key_same(found->key, found->key_len, key, key_len)) {
		found = find(edit, key, key_len);
	}
	if (found == NULL) {
		found = calloc(1, sizeof(*found));
		if (found == NULL) {
			return KNOT_ENOMEM;
		}
		memcpy(found->key, key, key_len);
		found->key_len = key_len;
		int ret = load(edit, found);
		if (ret == KNOT_EOK && tsearch(found, &edit->nodes, compare) == NULL) {
			ret = KNOT_ENOMEM;
		}
		if (ret != KNOT_EOK) {
			free_node(found);
			return ret;
		}
		edit->count++;
	}
	edit->last = found;
	*node = found;
	return KNOT_EOK;
}

int edit_add(edit_node_t *node, uint16_t type, uint32_t ttl, const knot_rdata_t *rdata)
{
	node_rrset_t *rrset = node_rrset(&node->node, type);
	if (rrset == NULL) {
		node_rrset_t fresh = { .type = type, .ttl = ttl };
		int ret = knot_rdataset_add(&fresh.rrs, rdata, NULL);
		if (ret == KNOT_EOK) {
			ret = node_add(&node->node, &fresh);
		}
		if (ret != KNOT_EOK) {
			knot_rdataset_clear(&fresh.rrs, NULL);
		}
		return ret;
	}
	if (rrset->rrs.count == UINT16_MAX && !knot_rdataset_member(&rrset->rrs, rdata)) {
		return KNOT_ELIMIT;
	}
	int ret = knot_rdataset_add(&rrset->rrs, rdata, NULL);
	if (ret == KNOT_EOK) {
		rrset->ttl = ttl;
	}
	return ret;
}

void edit_remove_rrset(edit_node_t *node, uint16_t type)
{
	node_rrset_t *rrset = node_rrset(&node->node, type);
	if (rrset != NULL) {
		knot_rdataset_clear(&rrset->rrs, NULL);
		node_drop(&node->node, type);
	}
}

int edit_remove(edit_node_t *node, uint16_t type, const knot_rdata_t *rdata)
{
	node_rrset_t *rrset = node_rrset(&node->node, type);
	if (rrset == NULL || !knot_rdataset_member(&rrset->rrs, rdata)) {
		return KNOT_ENOENT;
	}
	if (rrset->rrs.count == 1) {
		edit_remove_rrset(node, type);
		return KNOT_EOK;
	}
	return knot_rdataset_remove(&rrset->rrs, rdata, NULL);
}

/*** All names. ***/

/*! Calls a function for each name until one fails. */
typedef struct {
	int (*call)(void *ctx, edit_node_t *node);
	void *ctx;
	int ret;
} each_t;

static void visit(const void *node, VISIT which, void *closure)
{
	each_t *each = closure;
	if (each->ret == KNOT_EOK && (which == postorder || which == leaf)) {
		each->ret = each->call(each->ctx, *(edit_node_t *const *)node);
	}
}

static int each_node(const edit_t *edit, int (*call)(void *ctx, edit_node_t *node), void *ctx)
{
	each_t each = { .call = call, .ctx = ctx, .ret = KNOT_EOK };
	twalk_r(edit->nodes, visit, &each);
	return each.ret;
}

/*! Tells whether a name differs from what is stored. */
static bool differs(const edit_node_t *node)
{
	node_t before;
	if (node->before_len == 0) {
		return node->node.count > 0;
	}
	if (node_read(node->before, node->before_len, &before) != KNOT_EOK) {
		return true;
	}
	bool differs = before.count != node->node.count;
	for (uint16_t i = 0; !differs && i < before.count; i++) {
		const node_rrset_t *a = &before.rrsets[i], *b = &node->node.rrsets[i];
		differs = a->type != b->type || a->ttl != b->ttl ||
		          !knot_rdataset_eq(&a->rrs, &b->rrs);
	}
	node_deinit(&before);
	return differs;
}

static int find_difference(void *ctx, edit_node_t *node)
{
	(void)ctx;
	return differs(node) ? KNOT_ESEMCHECK : KNOT_EOK;
}

bool edit_changed(const edit_t *edit)
{
	return each_node(edit, find_difference, NULL) != KNOT_EOK;
}

static int add_growth(void *ctx, edit_node_t *node)
{
	edit_growth_t *growth = ctx;
	node_t before;
	if (node->before_len == 0 ||
	    node_read(node->before, node->before_len, &before) != KNOT_EOK) {
		before = (node_t) { .count = 0 };
	}
	growth->bytes += (int64_t)node_size(&node->node) - (int64_t)node->before_len;
	growth->rrsets += node->node.count - before.count;
	growth->names += (node->node.count > 0) - (node->before_len > 0);
	node_deinit(&before);
	return KNOT_EOK;
}

edit_growth_t edit_growth(const edit_t *edit)
{
	edit_growth_t growth = { .bytes = 0 };
	(void)each_node(edit, add_growth, &growth);
	return growth;
}

/*** Checks. ***/

typedef struct {
	edit_t *edit;
	uint8_t apex[NODE_KEY_MAX];
	size_t apex_len;
	char *err;
	size_t err_size;
} edit_check_t;

static int fault(edit_check_t *check, const edit_node_t *node, const char *text)
{
	knot_dname_storage_t owner;
	knot_dname_txt_storage_t name = "";
	if (node_key_owner(node->key, node->key_len, owner) > 0) {
		(void)knot_dname_to_str(name, owner, sizeof(name));
	}
	snprintf(check->err, check->err_size, "%s %s", name, text);
	return KNOT_ESEMCHECK;
}

/*! Notes what a secondary may not take, unless it was so before. */
static void warn(edit_check_t *check, const edit_node_t *node, const knot_dname_t *owner)
{
	node_t before;
	rules_fault_t now, then;
	knot_dname_txt_storage_t name = "";
	if (check->edit->warning[0] != '\0' || !rules_node_warning(&node->node, &now) ||
	    node_read(node->before, node->before_len, &before) != KNOT_EOK) {
		return;
	}
	if (!rules_node_warning(&before, &then)) {
		(void)knot_dname_to_str(name, owner, sizeof(name));
		snprintf(check->edit->warning, sizeof(check->edit->warning), "%.100s %s", name,
		         now.text);
	}
	node_deinit(&before);
}

static int check_types(edit_check_t *check, const edit_node_t *node)
{
	rules_fault_t found;
	knot_dname_storage_t owner;
	if (node_key_owner(node->key, node->key_len, owner) == 0) {
		return KNOT_EMALF;
	}
	if (rules_node_fault(check->edit->apex, owner, &node->node, &found)) {
		return fault(check, node, found.text);
	}
	warn(check, node, owner);
	return KNOT_EOK;
}

/*! Tells whether there is a DNAME at one of the names above, up to the apex. */
static int check_above(edit_check_t *check, const edit_node_t *node)
{
	knot_dname_storage_t owner;
	if (node_key_owner(node->key, node->key_len, owner) == 0) {
		return KNOT_EMALF;
	}
	const knot_dname_t *above = owner;
	/* NSEC3 may be there, if the zone passes through. */
	while (node_count_data(&node->node) > 0 && !knot_dname_is_equal(above, check->edit->apex)) {
		above = knot_wire_next_label(above, above);
		/* Not edit_node(): nothing may be added to the tree that is walked. */
		uint8_t key[NODE_KEY_MAX];
		const edit_node_t *found = find(check->edit, key, node_key(above, key));
		if (found != NULL && node_rrset(&found->node, KNOT_RRTYPE_DNAME) != NULL) {
			return fault(check, node, RULES_BELOW_DNAME);
		}
	}
	return KNOT_EOK;
}

/*! Tells whether there is something at a name of the input after the edit. */
static int has_data(const edit_t *edit, const store_cursor_t *at, bool *is)
{
	const edit_node_t *known = find(edit, at->key, at->key_len);
	node_t node;
	if (known != NULL) {
		*is = node_count_data(&known->node) > 0;
		return KNOT_EOK;
	}
	int ret = node_read(at->data, at->data_len, &node);
	if (ret == KNOT_EOK) {
		*is = node_count_data(&node) > 0;
		node_deinit(&node);
	}
	return ret;
}

/*! Tells whether there is something below a name that the edit does not remove. */
static int check_below(edit_check_t *check, const edit_node_t *node)
{
	store_cursor_t cursor;
	edit_t *edit = check->edit;
	int ret = store_cursor(edit->txn, STORE_INPUT, edit->input, &cursor);
	if (ret == KNOT_EOK) {
		ret = store_seek(&cursor, node->key, node->key_len);
	}
	while (ret == KNOT_EOK) {
		const bool below =
			node_key_below(cursor.key, cursor.key_len, node->key, node->key_len);
		const bool self =
			node_key_same(cursor.key, cursor.key_len, node->key, node->key_len);
		bool is = false;
		ret = below ? has_data(edit, &cursor, &is) : KNOT_EOK;
		if (ret == KNOT_EOK && is) {
			ret = fault(check, node, "has a DNAME and names below it "
			                         "(RFC 6672, section 2.4)");
			break;
		}
		if (ret != KNOT_EOK || (!below && !self)) {
			break;
		}
		ret = store_next(&cursor);
	}
	store_cursor_close(&cursor);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

static int check_node(void *ctx, edit_node_t *node)
{
	edit_check_t *check = ctx;
	const bool apex = node_key_same(node->key, node->key_len, check->apex, check->apex_len);
	if ((node->node.count == 0 && !apex) || !differs(node)) {
		return KNOT_EOK;
	}
	int ret = check_types(check, node);
	if (ret == KNOT_EOK) {
		ret = check_above(check, node);
	}
	if (ret == KNOT_EOK && node_rrset(&node->node, KNOT_RRTYPE_DNAME) != NULL) {
		ret = check_below(check, node);
	}
	return ret;
}

/*! Owners of the names that change. */
typedef struct {
	knot_dname_storage_t *owners;
	size_t count;
} owners_t;

static int note_owner(void *ctx, edit_node_t *node)
{
	owners_t *owners = ctx;
	if (node->node.count > 0 && differs(node)) {
		if (node_key_owner(node->key, node->key_len, owners->owners[owners->count]) == 0) {
			return KNOT_EMALF;
		}
		owners->count++;
	}
	return KNOT_EOK;
}

/*! Loads all names above those that change, since check_above() cannot add them. */
static int load_above(edit_t *edit)
{
	owners_t owners = { .owners = calloc(edit->count + 1, sizeof(*owners.owners)) };
	if (owners.owners == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = each_node(edit, note_owner, &owners);
	for (size_t i = 0; ret == KNOT_EOK && i < owners.count; i++) {
		const knot_dname_t *above = owners.owners[i];
		edit_node_t *node = NULL;
		while (ret == KNOT_EOK && !knot_dname_is_equal(above, edit->apex)) {
			above = knot_wire_next_label(above, above);
			ret = edit_node(edit, above, &node);
		}
	}
	free(owners.owners);
	return ret;
}

int edit_check(edit_t *edit, char *err, size_t err_size)
{
	edit_check_t check = { .edit = edit, .err = err, .err_size = err_size };
	check.apex_len = node_key(edit->apex, check.apex);
	int ret = load_above(edit);
	return ret == KNOT_EOK ? each_node(edit, check_node, &check) : ret;
}

/*** Storing. ***/

typedef struct {
	edit_t *edit;
	edit_node_t **changed;
	size_t count;
	int64_t names; /*!< How many names more the input has. */
} save_t;

static int note_changed(void *ctx, edit_node_t *node)
{
	save_t *save = ctx;
	if (differs(node)) {
		save->changed[save->count++] = node;
		save->names += (node->node.count > 0) - (node->before_len > 0);
	}
	return KNOT_EOK;
}

static int put_changed_node(const save_t *save, const state_t *state, const edit_node_t *node)
{
	node_t copy = { .rrsets = calloc(node->node.count + 1, sizeof(*copy.rrsets)),
	                .count = node->node.count };
	const size_t len = node_size(&node->node);
	uint8_t *stored = malloc(len + 1);
	int ret = KNOT_ENOMEM;
	if (copy.rrsets != NULL && stored != NULL) {
		memcpy(copy.rrsets, node->node.rrsets, copy.count * sizeof(*copy.rrsets));
		node_write(&copy, stored);
		ret = put_node(save->edit->txn, state, node->key, node->key_len, stored, len);
	}
	free(copy.rrsets);
	free(stored);
	return ret;
}

static int put_changed(save_t *save, const state_t *state)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < save->count; i++) {
		ret = put_changed_node(save, state, save->changed[i]);
	}
	return ret;
}

int edit_store(edit_t *edit, state_t *state, size_t *changed)
{
	/* The first write ends what is borrowed from the transaction: so all is compared before. */
	save_t save = { .edit = edit, .changed = calloc(edit->count + 1, sizeof(*save.changed)) };
	edit_node_t *apex = NULL;
	if (save.changed == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = each_node(edit, note_changed, &save);
	if (ret == KNOT_EOK && save.count > 0) {
		ret = edit_node(edit, edit->apex, &apex);
	}
	if (ret == KNOT_EOK && save.count > 0) {
		const node_rrset_t *soa = node_rrset(&apex->node, KNOT_RRTYPE_SOA);
		state->in.count++;
		state->in.names += save.names;
		state->in.serial = soa != NULL ? knot_soa_serial(soa->rrs.rdata) : 0;
		ret = soa != NULL ? put_changed(&save, state) : KNOT_ESOAINVAL;
	}
	if (ret == KNOT_EOK && save.count > 0) {
		ret = state_save_input(edit->txn, edit->apex, state);
	}
	*changed = save.count;
	free(save.changed);
	return ret;
}
