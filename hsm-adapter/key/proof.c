/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/proof.h"

#include "common/fnv1a.h"
#include "hsm-adapter/key/key.h"
#include "hsm-adapter/token/tokens.h"

static int sign_and_verify(hsm_session_t *session, const hsm_key_t *key, hsm_error_t *err)
{
	static const uint8_t data[] = "whether the token works again";
	hsm_signature_t signature;
	int ret = hsm_session_sign(session, key, data, sizeof(data), &signature, err);
	if (ret == HSM_EOK && hsm_key_verify(key, data, sizeof(data), &signature, err) != HSM_EOK) {
		ret = hsm_session_wrong(session, key, err);
	}
	return ret;
}

int hsm_key_prove(hsm_t *hsm, const char *repository, const hsm_key_t *key, hsm_error_t *err)
{
	hsm_session_t *session = NULL;
	int ret = hsm_session_open(&session, hsm, repository, err);
	if (ret == HSM_EOK) {
		ret = sign_and_verify(session, key, err);
	}
	hsm_session_close(session);
	return ret;
}

/*! Finds a key in one token, and has it sign. \param hash  Of the public half that it has to have; 0: any. */
static int prove_there(hsm_t *hsm, const hsm_wanted_t *wanted, uint32_t hash, hsm_error_t *err)
{
	hsm_key_t *key = NULL;
	int ret = hsm_key_find(hsm, wanted, &key, err);
	if (ret == HSM_EOK &&
	    ((wanted->public.size > 0 && dnssec_binary_cmp(&wanted->public, &key->public.key) != 0) ||
	     (hash != 0 && hash != fnv1a(key->public.key.data, key->public.key.size)))) {
		ret = hsm_error_set(err, HSM_EDEVICE, 0, "it is another key");
	}
	if (ret == HSM_EOK) {
		ret = hsm_key_prove(hsm, wanted->repository, key, err);
	}
	hsm_key_free(key);
	return ret;
}

int hsm_prove_key(hsm_t *hsm, const char *repository, const tried_key_t *suspect,
                  hsm_error_t *err)
{
	const hsm_wanted_t wanted = { repository, suspect->cka_id, suspect->algorithm, { 0 } };
	return prove_there(hsm, &wanted, suspect->public, err);
}

int hsm_prove(hsm_t *hsm, const hsm_wanted_t *wanted, hsm_error_t *err)
{
	const hsm_group_t *group = hsm_group(hsm, wanted->repository, err);
	int ret = group != NULL ? HSM_EOK : HSM_EREPOSITORY;
	for (size_t i = 0; ret == HSM_EOK && i < group->count; i++) {
		hsm_wanted_t there = *wanted;
		there.repository = group->tokens[i]->conf.name;
		ret = prove_there(hsm, &there, 0, err);
	}
	return ret;
}

void hsm_key_miss(hsm_t *hsm, const char *repository, const char *cka_id, uint8_t algorithm)
{
	const hsm_group_t *group = hsm_group(hsm, repository, NULL);
	const tried_key_t suspect = tried_key(cka_id, algorithm);
	for (size_t i = 0; group != NULL && i < group->count; i++) {
		tried_suspect(&group->tokens[i]->tried, &suspect, HSM_ENOKEY, NULL);
	}
}
