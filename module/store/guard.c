/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/store/guard.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Stores that a process has open at a time: as many as there are signers, and some for tests. */
#define GUARDS_MAX 32

struct guard {
	atomic_uintptr_t base;  /*!< 0: the place is free. */
	atomic_size_t size;
	atomic_bool lost;
};

/*! A signal handler belongs to the process, and so does the table that the handler looks at. */
static struct {
	pthread_mutex_t lock;   /*!< Of whoever changes the table. */
	guard_t guards[GUARDS_MAX];
	struct sigaction before;
	bool installed;
	size_t page;            /*!< Bytes of a page of memory. */
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

/*! The way of each thread that calls LMDB. */
static _Thread_local guard_way_t *way_out;

/*** LMDB gives up. ***/

void guard_give_up(MDB_env *env, const char *what)
{
	(void)env;
	(void)what;
	if (way_out != NULL) {
		longjmp(way_out->at, 1);
	}
}

void guard_enter(guard_way_t *way)
{
	way->before = way_out;
	way_out = way;
}

void guard_leave(guard_way_t *way)
{
	way_out = way->before;
}

int guard_note(guard_t *guard, int ret)
{
	if (guard != NULL &&
	    (ret == MDB_CORRUPTED || ret == MDB_PAGE_NOTFOUND || ret == MDB_PANIC)) {
		atomic_store(&guard->lost, true);
	}
	return ret;
}

/*** The signal. ***/

/*! Has the rest of the map, from a page on, read as zeros. Calls only what a handler may. */
static bool lose(guard_t *guard, uintptr_t base, uintptr_t at)
{
	const uintptr_t from = at - at % table.page;
	const size_t size = base + atomic_load(&guard->size) - from;
	atomic_store(&guard->lost, true);
	return mmap((void *)from, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
	       != MAP_FAILED;
}

static void handle(int sig, siginfo_t *info, void *context)
{
	(void)context;
	const int saved = errno;
	const uintptr_t at = (uintptr_t)info->si_addr;
	for (size_t i = 0; info->si_code > 0 && i < GUARDS_MAX; i++) {
		guard_t *guard = &table.guards[i];
		const uintptr_t base = atomic_load(&guard->base);
		if (base != 0 && at >= base && at - base < atomic_load(&guard->size) &&
		    lose(guard, base, at)) {
			errno = saved;
			return;
		}
	}
	/* Another's: who was there before gets it when it is raised again. */
	(void)sigaction(SIGBUS, &table.before, NULL);
	if (info->si_code <= 0) {
		(void)raise(sig);
	}
	errno = saved;
}

static int install(void)
{
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO };
	if (table.installed) {
		return 0;
	}
	table.page = sysconf(_SC_PAGESIZE);
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, &table.before) != 0) {
		return errno;
	}
	table.installed = true;
	return 0;
}

/*** The map. ***/

/*! \return Whether a map is guarded. With the lock held. */
static bool is_known(uintptr_t base)
{
	for (size_t i = 0; i < GUARDS_MAX; i++) {
		if (atomic_load(&table.guards[i].base) == base) {
			return true;
		}
	}
	return false;
}

/*!
 * LMDB does not tell where its map is; the system does. Not by the file's number: some file systems
 * show another one here. With the lock held.
 */
static int find_map(const char *name, size_t size, uintptr_t *base)
{
	char line[PATH_MAX + 128];
	int ret = ENOENT;
	FILE *maps = fopen("/proc/self/maps", "re");
	if (maps == NULL) {
		return errno;
	}
	while (ret != 0 && fgets(line, sizeof(line), maps) != NULL) {
		unsigned long long begin, end;
		const char *found = strstr(line, name);
		if (found != NULL && strcmp(found + strlen(name), "\n") == 0 &&
		    sscanf(line, "%llx-%llx", &begin, &end) == 2 && end - begin >= size &&
		    !is_known(begin)) {
			*base = begin;
			ret = 0;
		}
	}
	fclose(maps);
	return ret;
}

/*! Finds a free place. With the lock held. */
static guard_t *free_place(void)
{
	for (size_t i = 0; i < GUARDS_MAX; i++) {
		if (atomic_load(&table.guards[i].base) == 0) {
			return &table.guards[i];
		}
	}
	return NULL;
}

int guard_add(guard_t **guard, const char *name, size_t size)
{
	uintptr_t base = 0;
	pthread_mutex_lock(&table.lock);
	guard_t *fresh = free_place();
	int ret = fresh != NULL ? find_map(name, size, &base) : ENOSPC;
	if (ret == 0) {
		ret = install();
	}
	if (ret == 0) {
		atomic_store(&fresh->lost, false);
		atomic_store(&fresh->size, size);
		atomic_store(&fresh->base, base);
		*guard = fresh;
	}
	pthread_mutex_unlock(&table.lock);
	return ret;
}

void guard_remove(guard_t *guard)
{
	if (guard != NULL) {
		pthread_mutex_lock(&table.lock);
		atomic_store(&guard->base, 0);
		pthread_mutex_unlock(&table.lock);
	}
}

bool guard_lost(const guard_t *guard)
{
	return guard != NULL && atomic_load(&guard->lost);
}
