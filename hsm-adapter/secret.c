/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/secret.h"

#include <sys/mman.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libxml/xmlmemory.h>

#include "common/command.h"

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

/*! \return Where the environment has that variable; NULL: it has not. */
static char **find_variable(const char *before, const char *name)
{
	const size_t begin = strlen(before), len = strlen(name);
	char **entry = environ;
	while (entry != NULL && *entry != NULL &&
	       !(strncmp(*entry, before, begin) == 0 && strncmp(*entry + begin, name, len) == 0 &&
	         (*entry)[begin + len] == '=')) {
		entry++;
	}
	return entry != NULL && *entry != NULL ? entry : NULL;
}

/*! Moves what a place of the environment has into a secret of another name. The place itself stays: other threads
 *  may look at it now, which is why neither putenv() nor unsetenv() are called. */
static void hide(char **entry, const char *name)
{
	char *given = *entry, *value = given + strlen(name) + 1;
	char *hidden = strlen(COMMAND_HIDDEN) + strlen(given) < HSM_SECRET_MAX ? hsm_secret_new() : NULL;
	if (hidden != NULL) {
		stpcpy(stpcpy(hidden, COMMAND_HIDDEN), given);
		__atomic_store_n(entry, hidden, __ATOMIC_RELEASE);
		explicit_bzero(value, strlen(value));
	}
}

const char *hsm_secret_variable(const char *name)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_mutex_lock(&lock);
	char **entry = find_variable("", name);
	if (entry != NULL) {
		hide(entry, name);
	}
	entry = find_variable(COMMAND_HIDDEN, name);
	pthread_mutex_unlock(&lock);
	return entry != NULL ? *entry + strlen(COMMAND_HIDDEN) + strlen(name) + 1 : NULL;
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
