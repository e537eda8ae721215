/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What SoftHSM needs in a bare loop for many zones with keys of their own: bare-keys ZONES SIGNATURES. For
 * each zone, two key pairs of ECDSA P-256 are generated, and so many signatures made by the second. Prints
 * seconds. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/signing.h"
#include "tests/unit/test-hsm-token.h"

static unsigned zones, signatures;

static CK_OBJECT_HANDLE make_pair(CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session, unsigned number)
{
	static CK_BYTE curve[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_BYTE id[16] = { 0 };
	memcpy(id, &number, sizeof(number));
	CK_ATTRIBUTE public[] = {
		{ CKA_EC_PARAMS, curve, sizeof(curve) }, { CKA_ID, id, sizeof(id) },
		{ CKA_TOKEN, &yes, sizeof(yes) }, { CKA_PRIVATE, &no, sizeof(no) },
		{ CKA_VERIFY, &yes, sizeof(yes) },
	};
	CK_ATTRIBUTE private[] = {
		{ CKA_ID, id, sizeof(id) }, { CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) }, { CKA_SENSITIVE, &yes, sizeof(yes) },
		{ CKA_SIGN, &yes, sizeof(yes) }, { CKA_EXTRACTABLE, &no, sizeof(no) },
	};
	CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE open, secret;
	ck_assert_uint_eq(list->C_GenerateKeyPair(session, &mechanism, public, 5, private, 6, &open,
	                                          &secret), CKR_OK);
	return secret;
}

static void sign(CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE secret)
{
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	CK_BYTE hash[32] = { 1 }, signature[64];
	CK_ULONG len = sizeof(signature);
	ck_assert_uint_eq(list->C_SignInit(session, &mechanism, secret), CKR_OK);
	ck_assert_uint_eq(list->C_Sign(session, hash, sizeof(hash), signature, &len), CKR_OK);
}

START_TEST(bench)
{
	test_tokens_make();
	signing_begin(test_conf(), "loop.test"); /* Which logs in, for all of the process. */
	CK_FUNCTION_LIST *list = test_raw();
	CK_SESSION_HANDLE session = test_raw_open(list, "one");
	const double begin = signing_now();
	for (unsigned i = 0; i < zones; i++) {
		(void)make_pair(list, session, 2 * i);
		const CK_OBJECT_HANDLE secret = make_pair(list, session, 2 * i + 1);
		for (unsigned n = 0; n < signatures; n++) {
			sign(list, session, secret);
		}
	}
	printf("%.1f\n", signing_now() - begin);
	fflush(stdout);
	signing_end();
	test_tokens_remove();
}
END_TEST

int main(int argc, char *argv[])
{
	zones = argc == 3 ? atoi(argv[1]) : 0;
	signatures = argc == 3 ? atoi(argv[2]) : 0;
	if (zones < 1 || signatures < 1) {
		fprintf(stderr, "Usage: bare-keys ZONES SIGNATURES\n");
		return 2;
	}
	return signing_main("bare-keys", bench);
}
