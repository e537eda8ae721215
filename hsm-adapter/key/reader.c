/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/reader.h"

#include "common/thread.h"

#define THREADS_MAX 16  /* Sessions beside those that sign. */
#define THREAD_WORTH 64 /* Objects for which a thread and a session are worth their while. */

/*! What the threads share. */
typedef struct {
	hsm_token_t *token;
	hsm_object_t *objects;
	size_t count;
	atomic_size_t next;
	atomic_ulong failed;     /*!< CK_RV that ends it. */
} reading_t;

static CK_RV read_object(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, hsm_object_t *object)
{
	CK_RV rv = hsm_object_read(module, session, object);
	return rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_ATTRIBUTE_TYPE_INVALID ? CKR_OK : rv;
}

static void read_some(reading_t *reading, CK_SESSION_HANDLE session)
{
	CK_FUNCTION_LIST *module = reading->token->library.module;
	while (atomic_load(&reading->failed) == CKR_OK) {
		const size_t i = atomic_fetch_add(&reading->next, 1);
		if (i >= reading->count) {
			return;
		}
		CK_RV rv = read_object(module, session, &reading->objects[i]);
		if (rv != CKR_OK) {
			atomic_store(&reading->failed, rv);
		}
	}
}

/*! A thread that gets no session leaves its work to the others. */
static void *run(void *arg)
{
	reading_t *reading = arg;
	CK_SESSION_HANDLE session;
	if (hsm_token_open(reading->token, &session) == CKR_OK) {
		read_some(reading, session);
		hsm_token_close(reading->token, session);
	}
	return NULL;
}

CK_RV reader_read(hsm_token_t *token, hsm_object_t *objects, size_t count)
{
	reading_t reading = { .token = token, .objects = objects, .count = count };
	pthread_t threads[THREADS_MAX];
	size_t started = 0;
	atomic_init(&reading.next, 0);
	atomic_init(&reading.failed, CKR_OK);
	const size_t room = hsm_token_room(token);
	while (started < THREADS_MAX && started < room && started < count / THREAD_WORTH &&
	       thread_start(&threads[started], run, &reading) == KNOT_EOK) {
		started++;
	}
	read_some(&reading, token->session);
	while (started > 0) {
		pthread_join(threads[--started], NULL);
	}
	return atomic_load(&reading.failed);
}
