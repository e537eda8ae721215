/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/token-call.h"

#include <stdlib.h>
#include <string.h>

static void find(token_call_t *call, const hsm_wanted_t *wanted)
{
	call->ret = call->what == TOKEN_PROVE
	            ? hsm_prove(call->hsm, wanted, &call->err)
	            : hsm_key_find(call->hsm, wanted, &call->key, &call->err);
}

static void run(void *arg)
{
	token_call_t *call = arg;
	const hsm_key_spec_t spec = { .repository = call->repository, .algorithm = call->algorithm,
	                              .bits = call->bits, .cka_id = call->cka_id,
	                              .fresh = true, .unsettled = true };
	const hsm_wanted_t wanted = { .repository = call->repository, .cka_id = call->cka_id,
	                              .algorithm = call->algorithm, .public = call->public };
	switch (call->what) {
	case TOKEN_LOGIN:
		call->ret = hsm_login(call->hsm, call->repository, false, &call->err);
		break;
	case TOKEN_GENERATE:
		call->ret = hsm_key_generate(call->hsm, &spec, &call->key, &call->err);
		break;
	case TOKEN_SETTLE:
		call->ret = hsm_settle(call->hsm, call->repository, &call->err);
		break;
	case TOKEN_FIND:
	case TOKEN_PROVE:
		find(call, &wanted);
		break;
	case TOKEN_REMOVE:
		call->ret = hsm_key_remove(call->hsm, call->repository, call->cka_id, &call->err);
		break;
	}
}

static void free_call(void *call)
{
	token_call_free(call);
}

const caller_kind_t TOKEN_CALLS = { run, free_call };

token_call_t *token_call_new(const token_call_t *like)
{
	token_call_t *call = calloc(1, sizeof(*call));
	if (call == NULL) {
		return NULL;
	}
	*call = (token_call_t){ .hsm = like->hsm, .what = like->what, .algorithm = like->algorithm,
	                        .bits = like->bits };
	call->repository = strdup(like->repository);
	call->cka_id = like->cka_id != NULL ? strdup(like->cka_id) : NULL;
	if (call->repository == NULL || (like->cka_id != NULL && call->cka_id == NULL) ||
	    (like->public.size > 0 && dnssec_binary_dup(&like->public, &call->public) != 0)) {
		token_call_free(call);
		return NULL;
	}
	return call;
}

void token_call_free(token_call_t *call)
{
	if (call != NULL) {
		hsm_key_free(call->key);
		dnssec_binary_free(&call->public);
		free(call->repository);
		free(call->cka_id);
		free(call);
	}
}
