/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Two SoftHSM tokens in a directory of their own, for the tests.
 */
#pragma once

#include <stdbool.h>
#include <string.h>

#include <check.h>
#include <p11-kit/pkcs11.h>

#include "hsm-adapter/hsm.h"

#define TEST_PIN "12345678"

/*! A call that tells its failure in err, an hsm_error_t. */
#define ASSERT_OK(call) do { \
	int code_ = (call); \
	ck_assert_msg(code_ == HSM_EOK, "%s: %d: %s", #call, code_, err.text); \
} while (0)

/*! The same, of one that has to fail. */
#define ASSERT_FAILS(call, code, words) do { \
	memset(&err, 0, sizeof(err)); \
	ck_assert_int_eq((call), (code)); \
	ck_assert_msg(strstr(err.text, (words)) != NULL, "\"%s\" does not say \"%s\"", \
	              err.text, (words)); \
} while (0)

/*! \return Path of SoftHSM's library; NULL if it is not installed. */
const char *test_softhsm(void);

/*! Makes the directory and the tokens "one" and "two"; sets SOFTHSM2_CONF. A fixture. */
void test_tokens_make(void);

/*! Makes another token there. \param label  Without a hyphen. */
void test_token_make(const char *label);

/*! Removes all. A fixture. */
void test_tokens_remove(void);

/*! Takes a token away, or gives it back. */
void test_token_hide(const char *label);
void test_token_show(const char *label);

/*! \return A configuration of both tokens, named as their labels; static, may be changed. */
hsm_conf_t *test_conf(void);

/*! hsm_key_find() for whichever public half. */
int test_find(hsm_t *hsm, const char *repository, const char *cka_id, uint8_t algorithm,
              hsm_key_t **key, hsm_error_t *err);

/*! Verifies a signature by libdnssec, over the key's DNSKEY. */
bool test_verify(const hsm_key_t *key, const uint8_t *data, size_t data_len,
                 const uint8_t *signature, size_t len);

/*! Counts objects in a token by a session of the test's own. */
unsigned test_count_public(const char *label);

/*! Destroys all private keys of a token without the adapter; uses the adapter's login. */
void test_destroy_private(const char *label);

/*! Closes all sessions of the process with a token without telling the adapter. */
void test_close_all_sessions(const char *label);

/*! Logs the process out of a token without telling the adapter. */
void test_log_out(const char *label);

/*! Stops the library without telling p11-kit and the adapter. */
void test_finalize(void);

/*! \return SoftHSM itself, as it is loaded: no layer of p11-kit between. */
CK_FUNCTION_LIST *test_raw(void);

/*! The same of the library of that path. */
CK_FUNCTION_LIST *test_raw_of(const char *path);

/*! Opens a session with a token without the adapter; uses the adapter's login. */
CK_SESSION_HANDLE test_raw_open(CK_FUNCTION_LIST *list, const char *label);

/*! Finds objects of a class. \return How many, at most max */
CK_ULONG test_raw_find(CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class,
                       CK_OBJECT_HANDLE *found, CK_ULONG max);
