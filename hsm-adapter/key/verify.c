/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <libdnssec/error.h>
#include <libdnssec/sign.h>

#include "hsm-adapter/hsm.h"

static int verify_by(dnssec_key_t *dnskey, const dnssec_binary_t *data,
                     const dnssec_binary_t *signature)
{
	dnssec_sign_ctx_t *ctx = NULL;
	int ret = dnssec_sign_new(&ctx, dnskey);
	if (ret == DNSSEC_EOK) {
		ret = dnssec_sign_add(ctx, data);
	}
	if (ret == DNSSEC_EOK) {
		ret = dnssec_sign_verify(ctx, false, signature);
	}
	dnssec_sign_free(ctx);
	return ret;
}

int hsm_key_verify(const hsm_key_t *key, const uint8_t *data, size_t data_len,
                   const hsm_signature_t *signature, hsm_error_t *err)
{
	const dnssec_binary_t signed_data = { .data = (uint8_t *)data, .size = data_len };
	const dnssec_binary_t by = {
		.data = (uint8_t *)signature->data, .size = signature->len
	};
	dnssec_key_t *dnskey = NULL;
	int ret = hsm_key_dnskey(key, (const knot_dname_t *)"", 256, &dnskey, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	ret = verify_by(dnskey, &signed_data, &by);
	dnssec_key_free(dnskey);
	if (ret != DNSSEC_EOK) {
		return hsm_error_set(err, HSM_EDEVICE, 0, "the token's signature does not "
		                     "verify: %s", dnssec_strerror(ret));
	}
	return HSM_EOK;
}
