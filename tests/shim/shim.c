/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* A PKCS #11 module for tests: SoftHSM, made slow or faulty as the test says.
 *
 *   SHIM_MODULE   the library that does the work
 *   SHIM_CONTROL  a file that is read for each signature, with lines of
 *                   delay MS   a signature takes so much longer
 *                   wrong N    each Nth signature is wrong
 *                   from N     ... but none of the first N - 1
 *                   fail N     each Nth signature fails (CKR_DEVICE_ERROR)
 *                   hang       signatures wait until this line has gone
 *                   wild N     one call in N of any function, or so, has a random answer
 *                   seed N     ... drawn by that number, when it is read for the first time
 *                 no file: none of that
 *   SHIM_QUIRKS   a file with the quirks of quirk.h; not set: none. */

#include <dlfcn.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

#include "tests/shim/quirk.h"
#include "tests/shim/shim.h"
#include "tests/shim/wild.h"

static CK_FUNCTION_LIST list;  /* SoftHSM's functions, but for those that are ours. */
static CK_FUNCTION_LIST quirky; /* The same, below the functions that are of this file. */
static CK_FUNCTION_LIST *softhsm;
static atomic_uint count;

orders_t read_orders(void)
{
	orders_t orders = { 0 };
	char line[64];
	const char *path = getenv("SHIM_CONTROL");
	FILE *file = path != NULL ? fopen(path, "r") : NULL;
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		(void)sscanf(line, "delay %u", &orders.delay_ms);
		(void)sscanf(line, "wrong %u", &orders.wrong);
		(void)sscanf(line, "from %u", &orders.from);
		(void)sscanf(line, "fail %u", &orders.fail);
		(void)sscanf(line, "wild %u", &orders.wild);
		(void)sscanf(line, "seed %llu", &orders.seed);
		orders.hang |= strcmp(line, "hang\n") == 0;
	}
	if (file != NULL) {
		fclose(file);
	}
	return orders;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
                  CK_ULONG *len)
{
	orders_t orders = read_orders();
	const unsigned number = ++count;
	CK_RV rv = softhsm->C_Sign(session, data, data_len, signature, len);
	while (orders.hang) {
		(void)poll(NULL, 0, 10);
		orders = read_orders();
	}
	if (orders.delay_ms > 0) {
		(void)poll(NULL, 0, orders.delay_ms);
	}
	if (orders.fail > 0 && number % orders.fail == 0) {
		return CKR_DEVICE_ERROR;
	}
	if (rv == CKR_OK && signature != NULL && orders.wrong > 0 && number >= orders.from &&
	    number % orders.wrong == 0) {
		signature[*len - 1] ^= 1;
	}
	return rv == CKR_OK && wild_now() ? wild_signature(signature, len) : rv;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out)
{
	const char *path = getenv("SHIM_MODULE");
	void *library = path != NULL ? dlopen(path, RTLD_NOW) : NULL;
	CK_C_GetFunctionList get = NULL;
	if (library == NULL) {
		fprintf(stderr, "shim: SHIM_MODULE: %s\n", path != NULL ? dlerror() : "not set");
		return CKR_GENERAL_ERROR;
	}
	*(void **)&get = dlsym(library, "C_GetFunctionList");
	CK_RV rv = get != NULL ? get(&softhsm) : CKR_GENERAL_ERROR;
	if (rv == CKR_OK) {
		quirky = *softhsm;
		if (getenv("SHIM_QUIRKS") != NULL) {
			quirk_functions(&quirky, softhsm);
		}
		softhsm = &quirky;
		list = quirky;
		list.C_GetFunctionList = C_GetFunctionList;
		list.C_Sign = sign;
		wild_functions(&list, softhsm);
		*out = &list;
	}
	return rv;
}
