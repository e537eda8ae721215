/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/library.h"

#include <string.h>

int hsm_library_load(hsm_token_t *token, hsm_error_t *err)
{
	if (token->module == NULL) {
		token->module = p11_kit_module_load(token->conf.module, P11_KIT_MODULE_CRITICAL);
	}
	if (token->module == NULL) {
		const char *why = p11_kit_message();
		return hsm_error_set(err, HSM_EMODULE, 0, "repository \"%s\": cannot load the "
		                     "PKCS#11 library %s, check <Module>: %s", token->conf.name,
		                     token->conf.module, why != NULL ? why : "unknown reason");
	}
	if (!token->initialized) {
		CK_RV rv = p11_kit_module_initialize(token->module);
		if (rv != CKR_OK) {
			return hsm_error_set(err, HSM_EMODULE, rv, "repository \"%s\": the PKCS#11 "
			                     "library %s does not start, check its own "
			                     "configuration: %s (CK_RV 0x%lx)", token->conf.name,
			                     token->conf.module, p11_kit_strerror(rv), rv);
		}
		token->initialized = true;
	}
	return HSM_EOK;
}

void hsm_library_stop(hsm_token_t *token)
{
	if (token->initialized) {
		token->initialized = false;
		p11_kit_module_finalize(token->module);
		/* It has closed what was opened through it; the handles may become others'. */
		for (hsm_session_t *session = token->sessions; session != NULL;
		     session = session->next) {
			session->dead = true;
		}
	}
}

void hsm_library_release(hsm_token_t *token)
{
	hsm_library_stop(token);
	if (token->module != NULL) {
		p11_kit_module_release(token->module);
	}
	token->module = NULL;
}
