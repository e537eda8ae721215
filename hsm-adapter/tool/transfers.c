/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/tool/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "hsm-adapter/key/algorithm.h"
#include "hsm-adapter/tool/software.h"

static int import(const run_t *run, const hsm_key_spec_t *spec, const hsm_pin_t *passphrase)
{
	hsm_error_t err;
	hsm_parts_t parts = { .count = 0 };
	hsm_key_t *key = NULL;
	int ret = software_read(run->args[2], passphrase, spec->algorithm, &parts, &err);
	if (ret == HSM_EOK) {
		ret = hsm_key_import(run->hsm, spec, &parts, &key, &err);
	}
	software_wipe(&parts);
	if (ret != HSM_EOK) {
		return complain(&err);
	}
	printf("%s\n", hsm_key_id(key));
	hsm_key_free(key);
	return DONE;
}

int command_import(const run_t *run)
{
	hsm_error_t err;
	const hsm_algorithm_t *algorithm = any_algorithm(run->args[1]);
	hsm_key_spec_t spec = { .repository = run->args[0],
		                .cka_id = run->count > 4 ? run->args[4] : NULL };
	if (algorithm == NULL) {
		return USAGE;
	}
	spec.algorithm = algorithm->number;
	hsm_pin_t passphrase = { .given = false };
	if (run->count > 3 && run->args[3][0] != '\0' &&
	    hsm_pin_read_file(run->args[3], &passphrase, &err) != HSM_EOK) {
		return complain(&err);
	}
	const int ret = import(run, &spec, &passphrase);
	hsm_pin_wipe(&passphrase);
	return ret;
}

/*! Finds the usual algorithm of a key. */
typedef struct {
	const char *cka_id;
	uint8_t algorithm; /*!< 0: there is no such key. */
} kind_t;

static int see_kind(void *ctx, const hsm_key_info_t *info)
{
	kind_t *kind = ctx;
	const bool same = strcmp(info->cka_id, kind->cka_id) == 0;
	kind->algorithm = same ? info->algorithm : 0;
	return same;
}

static int export(const run_t *run, const hsm_wanted_t *wanted, const hsm_pin_t *passphrase)
{
	hsm_error_t err;
	uint8_t by[HSM_WRAPPING_LEN];
	dnssec_binary_t wrapped = { 0 };
	if (RAND_priv_bytes(by, sizeof(by)) != 1) {
		fprintf(stderr, "ods-hsm: no random numbers from the system\n");
		return FAILED;
	}
	int ret = hsm_key_export(run->hsm, wanted, by, &wrapped, &err);
	if (ret == HSM_EOK) {
		ret = software_write(run->args[2], passphrase, &wrapped, by, &err);
	}
	OPENSSL_cleanse(by, sizeof(by));
	free(wrapped.data);
	return ret == HSM_EOK ? DONE : complain(&err);
}

int command_export(const run_t *run)
{
	hsm_error_t err;
	hsm_pin_t passphrase;
	kind_t kind = { .cka_id = run->args[1] };
	if (hsm_key_list(run->hsm, run->args[0], see_kind, &kind, &err) != HSM_EOK) {
		return complain(&err);
	}
	if (kind.algorithm == 0) {
		fprintf(stderr, "ods-hsm: repository \"%s\": no key has the CKA_ID %s\n", run->args[0],
		        run->args[1]);
		return FAILED;
	}
	if (hsm_pin_read_file(run->args[3], &passphrase, &err) != HSM_EOK) {
		return complain(&err);
	}
	const hsm_wanted_t wanted = { .repository = run->args[0], .cka_id = run->args[1],
		                      .algorithm = kind.algorithm };
	const int ret = export(run, &wanted, &passphrase);
	hsm_pin_wipe(&passphrase);
	return ret;
}
