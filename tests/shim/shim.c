/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* A PKCS #11 module for tests: SoftHSM, made slow or faulty as the test says, while it runs.
 *
 *   SHIM_MODULE   the library that does the work
 *   SHIM_CONTROL  a file that is read for each call, with lines of
 *                   error CALL RV [N]  CALL, or "all" that concern a token, returns that number;
 *                                      N: only the first N calls since this file is there,
 *                                      in each process
 *                   delay CALL MS      it takes so much longer; "end": the process's end does, when
 *                                      SoftHSM's destructors have run
 *                   hang CALL          it waits until this line has gone
 *                   wrong N     each Nth signature is wrong by a bit
 *                   from N      ... but none of the first N - 1
 *                   fail N      each Nth signature fails (CKR_DEVICE_ERROR)
 *                   cut         signatures lack their last byte
 *                   other       signatures by ECDSA P-256 are those of another key
 *                   keyless     no key is there
 *                   logged-out  nobody is logged in
 *                   stale       nothing is signed (CKR_SESSION_HANDLE_INVALID) until the process has
 *                               finalized the library since this file is there
 *                   slots N     the numbers of all slots are N higher
 *                   wild N      one call in N of any function, or so, has a random answer
 *                   seed N      ... drawn by that number, when it is read for the first time
 *                 no file: none of that. It is to be replaced by renaming.
 *   SHIM_SESSIONS a folder where each process has a file, of its number, that says how many
 *                 sessions it has open; and each call that has failed, hung or was late, one of its name;
 *                 "closed-in-use" if a session was closed while it was signing
 *   SHIM_QUIRKS   a file with the quirks of quirk.h; not set: none. */

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

#include "tests/shim/fault.h"
#include "tests/shim/quirk.h"
#include "tests/shim/shim.h"
#include "tests/shim/wild.h"

static CK_FUNCTION_LIST list;  /* SoftHSM's functions, but for those that are ours. */
static CK_FUNCTION_LIST quirky; /* The same, below the functions that are of this file. */
static CK_FUNCTION_LIST *softhsm;
static atomic_uint count;

/*! Reads a line about a call. */
static void read_order(orders_t *orders, const char *line)
{
	order_t order = { 0 };
	if (sscanf(line, "error %31s %li %lu", order.call, (long *)&order.rv, &order.times) < 2 &&
	    sscanf(line, "delay %31s %u", order.call, &order.delay_ms) != 2) {
		order.hangs = sscanf(line, "hang %31s", order.call) == 1;
		if (!order.hangs) {
			return;
		}
	}
	if (orders->count < ORDERS_MAX) {
		orders->list[orders->count++] = order;
	}
}

static void read_line(orders_t *orders, const char *line)
{
	(void)sscanf(line, "wrong %u", &orders->wrong);
	(void)sscanf(line, "from %u", &orders->from);
	(void)sscanf(line, "fail %u", &orders->fail);
	(void)sscanf(line, "wild %u", &orders->wild);
	(void)sscanf(line, "seed %llu", &orders->seed);
	(void)sscanf(line, "slots %lu", &orders->slots);
	orders->cut |= strcmp(line, "cut\n") == 0;
	orders->other |= strcmp(line, "other\n") == 0;
	orders->keyless |= strcmp(line, "keyless\n") == 0;
	orders->stale |= strcmp(line, "stale\n") == 0;
	orders->logged_out |= strcmp(line, "logged-out\n") == 0;
	read_order(orders, line);
}

orders_t read_orders(void)
{
	orders_t orders = { 0 };
	char line[64];
	struct stat info;
	const char *path = getenv("SHIM_CONTROL");
	FILE *file = path != NULL ? fopen(path, "re") : NULL;
	if (file == NULL) {
		return orders;
	}
	if (fstat(fileno(file), &info) == 0) {
		/* The next file can have the inode of the one before the last. */
		orders.file = info.st_ino + 1000000007ull * info.st_mtim.tv_nsec;
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		read_line(&orders, line);
	}
	fclose(file);
	return orders;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
                  CK_ULONG *len)
{
	const orders_t orders = read_orders();
	const unsigned number = ++count;
	CK_RV rv = softhsm->C_Sign(session, data, data_len, signature, len);
	if (orders.fail > 0 && number % orders.fail == 0) {
		return CKR_DEVICE_ERROR;
	}
	if (rv == CKR_OK && signature != NULL && orders.wrong > 0 && number >= orders.from &&
	    number % orders.wrong == 0) {
		signature[*len - 1] ^= 1;
	}
	if (rv == CKR_OK && signature != NULL && orders.cut) {
		--*len;
	}
	return rv == CKR_OK && wild_now() ? wild_signature(signature, len) : rv;
}

/* Runs behind the destructors of SoftHSM, which was loaded later. */
__attribute__((destructor)) static void end(void)
{
	const orders_t orders = read_orders();
	for (unsigned i = 0; i < orders.count; i++) {
		if (strcmp(orders.list[i].call, "end") == 0) {
			usleep(orders.list[i].delay_ms * 1000);
		}
	}
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
		fault_functions(&list);
		*out = &list;
	}
	return rv;
}
