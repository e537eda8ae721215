/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/library.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fnv1a.h"

#define NAME_END ".module" /* Of the files that p11-kit is configured by. */

/*! \return Whether that is a name in p11-kit's configuration, and not the file of a library. */
static bool is_name(const char *module)
{
	return strchr(module, '/') == NULL && strstr(module, ".so") == NULL;
}

/*! Adds the name of a module to a text, for an operator who has to choose one. */
static void add_name(CK_FUNCTION_LIST *module, char *names, size_t size)
{
	char *name = p11_kit_module_get_name(module);
	const size_t used = strlen(names);
	snprintf(names + used, size - used, "%s%s", used > 0 ? ", " : "",
	         name != NULL ? name : "?");
	free(name);
}

/*! Takes the module of that name; the others, which p11-kit loads with it, are not kept. */
static int load_named(hsm_library_t *library, const hsm_repository_t *repository,
                      hsm_error_t *err)
{
	char name[256], names[300] = "";
	snprintf(name, sizeof(name), "%s", repository->module);
	const size_t len = strlen(name), end = strlen(NAME_END);
	if (len > end && strcmp(name + len - end, NAME_END) == 0) {
		name[len - end] = '\0';
	}
	CK_FUNCTION_LIST **all = p11_kit_modules_load(NULL, 0);
	CK_FUNCTION_LIST *found = all != NULL ? p11_kit_module_for_name(all, name) : NULL;
	for (size_t i = 0; all != NULL && all[i] != NULL; i++) {
		add_name(all[i], names, sizeof(names));
		if (all[i] != found) {
			p11_kit_module_release(all[i]);
		}
	}
	free(all);
	if (found == NULL) {
		return hsm_error_set(err, HSM_EMODULE, 0, "repository \"%s\": p11-kit has no module "
		                     "\"%s\", it has: %s; check <Module>, which is a name of those, "
		                     "or the path of a library", repository->name, name,
		                     names[0] != '\0' ? names : "none");
	}
	library->module = found;
	return HSM_EOK;
}

static int load_file(hsm_library_t *library, const hsm_repository_t *repository,
                     hsm_error_t *err)
{
	library->module = p11_kit_module_load(repository->module, P11_KIT_MODULE_CRITICAL);
	if (library->module == NULL) {
		const char *why = p11_kit_message();
		return hsm_error_set(err, HSM_EMODULE, 0, "repository \"%s\": cannot load the "
		                     "PKCS#11 library %s, check <Module>: %s", repository->name,
		                     repository->module, why != NULL ? why : "unknown reason");
	}
	return HSM_EOK;
}

/*!
 * The process's, as libraries are: of whoever starts or stops one. p11-kit counts who has started a library,
 * but between its count of none left and C_Finalize another can count itself in, and has it taken down under
 * its calls (0.24, 0.25).
 */
#define TURNS 16
static pthread_mutex_t turns[TURNS] = { [0 ... TURNS - 1] = PTHREAD_MUTEX_INITIALIZER };

static pthread_mutex_t *turn_of(const char *module)
{
	return &turns[fnv1a(module, strlen(module)) % TURNS];
}

/*! Starts the library. One that does not take p11-kit's locks may take the system's alone. */
static CK_RV start(hsm_library_t *library, const hsm_repository_t *repository)
{
	char *arguments = repository->arguments;
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK, .pReserved = arguments };
	library->turn = turn_of(repository->module);
	pthread_mutex_lock(library->turn);
	CK_RV rv = arguments == NULL ? p11_kit_module_initialize(library->module) : CKR_CANT_LOCK;
	rv = rv == CKR_CANT_LOCK ? library->module->C_Initialize(&args) : rv;
	pthread_mutex_unlock(library->turn);
	return rv;
}

/*! \return What a person can do about a library that does not start. */
static const char *advice(const hsm_repository_t *repository, CK_RV rv)
{
	if (rv == CKR_CANT_LOCK) {
		return "it cannot be used by threads; let p11-kit's server have it";
	}
	return repository->arguments == NULL
	       ? "check its own configuration, that this user may use it, and whether it needs <StartArguments>"
	       : "check its own configuration, that this user may use it, and <StartArguments>";
}

static int open_folder(hsm_library_t *library, const hsm_repository_t *repository,
                       hsm_error_t *err)
{
	const int ret = folder_open(repository, &library->folder, err);
	if (ret == HSM_EOK) {
		library->module = folder_functions();
		library->initialized = true;
	}
	return ret;
}

int hsm_library_load(hsm_library_t *library, const hsm_repository_t *repository,
                     hsm_error_t *err)
{
	if (repository->folder) {
		return library->initialized ? HSM_EOK : open_folder(library, repository, err);
	}
	if (library->module == NULL) {
		const int ret = is_name(repository->module) ? load_named(library, repository, err)
		                                            : load_file(library, repository, err);
		if (ret != HSM_EOK) {
			return ret;
		}
	}
	if (!library->initialized) {
		CK_RV rv = start(library, repository);
		if (rv != CKR_OK) {
			return hsm_error_set(err, HSM_EMODULE, rv, "repository \"%s\": the PKCS#11 "
			                     "library %s does not start: %s (CK_RV 0x%lx); %s",
			                     repository->name, repository->module,
			                     p11_kit_strerror(rv), rv, advice(repository, rv));
		}
		library->initialized = true;
	}
	return HSM_EOK;
}

void hsm_library_stop(hsm_library_t *library)
{
	if (!library->initialized) {
		return;
	}
	library->initialized = false;
	if (library->folder != NULL) {
		folder_close(library->folder);
		*library = (hsm_library_t){ NULL };
	} else {
		pthread_mutex_lock(library->turn);
		p11_kit_module_finalize(library->module);
		pthread_mutex_unlock(library->turn);
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
