/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/library.h"

int hsm_library_load(hsm_library_t *library, const hsm_repository_t *repository,
                     hsm_error_t *err)
{
	if (library->module == NULL) {
		library->module = p11_kit_module_load(repository->module, P11_KIT_MODULE_CRITICAL);
	}
	if (library->module == NULL) {
		const char *why = p11_kit_message();
		return hsm_error_set(err, HSM_EMODULE, 0, "repository \"%s\": cannot load the "
		                     "PKCS#11 library %s, check <Module>: %s", repository->name,
		                     repository->module, why != NULL ? why : "unknown reason");
	}
	if (!library->initialized) {
		CK_RV rv = p11_kit_module_initialize(library->module);
		if (rv != CKR_OK) {
			return hsm_error_set(err, HSM_EMODULE, rv, "repository \"%s\": the PKCS#11 "
			                     "library %s does not start, check its own "
			                     "configuration: %s (CK_RV 0x%lx)", repository->name,
			                     repository->module, p11_kit_strerror(rv), rv);
		}
		library->initialized = true;
	}
	return HSM_EOK;
}

void hsm_library_stop(hsm_library_t *library)
{
	if (library->initialized) {
		library->initialized = false;
		p11_kit_module_finalize(library->module);
	}
}

void hsm_library_release(hsm_library_t *library)
{
	hsm_library_stop(library);
	if (library->module != NULL) {
		p11_kit_module_release(library->module);
	}
	library->module = NULL;
}
