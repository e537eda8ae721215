/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What tokens and libraries of others do, and SoftHSM does not.
 *
 * The file SHIM_QUIRKS has their names, one a line, and is read for each call:
 *   app-locks        C_Initialize does not take an application's locks (CKR_CANT_LOCK)
 *   no-locks         ... nor the system's
 *   nul-label        C_GetTokenInfo pads by NULs
 *   away             slots have tokens that C_GetTokenInfo does not reach (NetHSM)
 *   one-label        all tokens are labelled "one"
 *   other-user       C_Login finds another user logged in
 *   card-logout      the card was logged out by another process, and C_Login believes it was not, until C_Logout (SC-HSM)
 *   hides-user       no session shows that a user is logged in
 *   session-login    C_Login counts for that session alone (NetHSM)
 *   crypto-user      C_Login takes the type 0x80000001 alone (Luna)
 *   read-only        no session can write
 *   private-public   no public key has CKA_PRIVATE = FALSE
 *   short-id         a CKA_ID has two bytes (YubiHSM)
 *   orphan           C_GenerateKeyPair makes keys, of a CKA_ID of two bytes, and fails (YubiHSM)
 *   no-rsa           no mechanism generates RSA keys
 *   only-x9.31       ... but CKM_RSA_X9_31_KEY_PAIR_GEN
 *   hash-only        no mechanism signs a hash: CKM_RSA_PKCS and CKM_ECDSA are missing
 *   data-keys        RSA keys allow CKM_SHA256_RSA_PKCS, but not CKM_RSA_PKCS
 *   edwards-params   CKM_EDDSA takes a CK_EDDSA_PARAMS, as PKCS #11 3.0 has it for Ed448
 *   exact-room       Ed25519 is signed into exactly 64 bytes (NSS)
 *   keep-public      public keys cannot be removed
 *   gone-once        an object was removed since it was found: CKR_GENERAL_ERROR (Kryoptic)
 *   destroy-lies     C_DestroyObject removes nothing, and says it did (NSS, Kryoptic, if another process writes)
 *   one-goes         a public key goes with its private key, and not before (NetHSM)
 *   no-public        public keys are not found
 *   finds-types      a search by CKA_KEY_TYPE finds keys of all types (NetHSM)
 *   finds-all        each search finds all objects
 *   lists-once       a search without a CKA_ID finds what it found the first time (NetHSM)
 *   private-point    private keys of a curve have CKA_EC_POINT
 *   raw-point        ... which is not wrapped
 *   key-info         ... or CKA_PUBLIC_KEY_INFO
 *   only-write       no session is for reading alone (AWS CloudHSM)
 *   starts N         nothing is signed before the library was started that often
 *   dead N           ... nor found
 *   sessions N       there are no more than that
 */
#pragma once

#include <p11-kit/pkcs11.h>

/*! Puts functions with quirks, which call those of a token, into the list. */
void quirk_functions(CK_FUNCTION_LIST *list, CK_FUNCTION_LIST *of);
