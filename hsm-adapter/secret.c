/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/secret.h"

#include <sys/mman.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/xmlmemory.h>

/* Each secret has a page of its own: locks and advice are for whole pages. */
char *hsm_secret_new(void)
{
	char *secret = mmap(NULL, HSM_SECRET_MAX, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (secret == MAP_FAILED) {
		return NULL;
	}
	/* Where the system does not let it be locked, it still has to work. */
	(void)mlock(secret, HSM_SECRET_MAX);
	(void)madvise(secret, HSM_SECRET_MAX, MADV_DONTDUMP);
	(void)madvise(secret, HSM_SECRET_MAX, MADV_WIPEONFORK);
	return secret;
}

char *hsm_secret_copy(const char *text)
{
	const size_t len = strlen(text);
	char *secret = len < HSM_SECRET_MAX ? hsm_secret_new() : NULL;
	if (secret != NULL) {
		memcpy(secret, text, len);
	}
	return secret;
}

void hsm_secret_free(char *secret)
{
	if (secret != NULL) {
		explicit_bzero(secret, HSM_SECRET_MAX);
		munmap(secret, HSM_SECRET_MAX);
	}
}

/* Below is malloc() still: what libxml2 has already got from there can be freed here. */
static void free_wiped(void *memory)
{
	if (memory != NULL) {
		explicit_bzero(memory, malloc_usable_size(memory));
		free(memory);
	}
}

static void *realloc_wiped(void *memory, size_t size)
{
	void *moved = malloc(size);
	if (moved != NULL && memory != NULL) {
		const size_t old = malloc_usable_size(memory);
		memcpy(moved, memory, old < size ? old : size);
		free_wiped(memory);
	}
	return moved;
}

static void set_up(void)
{
	(void)xmlMemSetup(free_wiped, malloc, realloc_wiped, strdup);
}

void hsm_secret_of_libxml(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, set_up);
}
