/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/source/watch.h"

#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "common/fnv1a.h"
#include "common/thread.h"

/* Milliseconds between two looks for a folder that went away. */
#define RETRY_MS 2000

#define EVENTS   (IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* The folder is watched rather than the file: a file that is replaced is another file. */
typedef struct folder {
	struct folder *next;
	char *path;
	int wd;             /* Number of its watch; -1: the folder is not there now. */
	unsigned users;
} folder_t;

/* A file of a zone. A zone whose file is a symbolic link has a second one, the link's target. */
typedef struct entry {
	struct entry *next_file;
	struct entry *next_zone;
	knot_dname_t *zone;
	folder_t *folder;
	char *name;
	char *path;         /* As the caller gave it; NULL in a link's target. */
} entry_t;

/* Zones whose file has changed; they are told of when the lock is not held any more. */
typedef struct {
	knot_dname_t **zones;
	size_t count, capacity;
} changes_t;

struct watch {
	pthread_mutex_t lock;
	pthread_t thread;
	int inotify;
	int wake;           /* eventfd; written to end the thread. */
	watch_f changed;
	void *ctx;
	log_t *log;
	folder_t *folders;
	entry_t **by_file;  /* Two tables of the same entries, each with so many chains. */
	entry_t **by_zone;
	size_t chains;
	size_t entries;
};

/* -- tables -------------------------------------------------------------- */

static entry_t **file_chain(const watch_t *watch, const char *name)
{
	return &watch->by_file[fnv1a(name, strlen(name)) % watch->chains];
}

static entry_t **zone_chain(const watch_t *watch, const knot_dname_t *zone)
{
	return &watch->by_zone[fnv1a(zone, knot_dname_size(zone)) % watch->chains];
}

static void link_entry(watch_t *watch, entry_t *entry)
{
	entry_t **chain = file_chain(watch, entry->name);
	entry->next_file = *chain;
	*chain = entry;
	chain = zone_chain(watch, entry->zone);
	entry->next_zone = *chain;
	*chain = entry;
}

static int grow_tables(watch_t *watch)
{
	if (watch->entries < watch->chains) {
		return KNOT_EOK;
	}
	size_t old_chains = watch->chains, chains = 2 * old_chains + 64;
	entry_t **by_file = calloc(chains, sizeof(*by_file));
	entry_t **by_zone = calloc(chains, sizeof(*by_zone));
	if (by_file == NULL || by_zone == NULL) {
		free(by_file);
		free(by_zone);
		return KNOT_ENOMEM;
	}

	entry_t **old = watch->by_zone;
	free(watch->by_file);
	watch->by_file = by_file;
	watch->by_zone = by_zone;
	watch->chains = chains;
	for (size_t i = 0; i < old_chains; i++) {
		for (entry_t *it = old[i], *next; it != NULL; it = next) {
			next = it->next_zone;
			link_entry(watch, it);
		}
	}
	free(old);
	return KNOT_EOK;
}

/* -- folders and entries ------------------------------------------------- */

static folder_t *find_folder(const watch_t *watch, int wd)
{
	folder_t *it = watch->folders;
	while (it != NULL && it->wd != wd) {
		it = it->next;
	}
	return it;
}

static int use_folder(watch_t *watch, const char *path, folder_t **folder)
{
	/* A folder that is watched already, be it by another path, has the same number again. */
	int wd = inotify_add_watch(watch->inotify, path, EVENTS);
	if (wd < 0) {
		return knot_map_errno();
	}
	folder_t *found = find_folder(watch, wd);
	if (found == NULL) {
		found = calloc(1, sizeof(*found));
		char *copy = strdup(path);
		if (found == NULL || copy == NULL) {
			free(found);
			free(copy);
			inotify_rm_watch(watch->inotify, wd);
			return KNOT_ENOMEM;
		}
		found->path = copy;
		found->wd = wd;
		found->next = watch->folders;
		watch->folders = found;
	}
	found->users++;
	*folder = found;
	return KNOT_EOK;
}

static void leave_folder(watch_t *watch, folder_t *folder)
{
	if (--folder->users > 0) {
		return;
	}
	folder_t **at = &watch->folders;
	while (*at != folder) {
		at = &(*at)->next;
	}
	*at = folder->next;
	/* A folder that came back may be the same as one that was added meanwhile. */
	if (folder->wd >= 0 && find_folder(watch, folder->wd) == NULL) {
		inotify_rm_watch(watch->inotify, folder->wd);
	}
	free(folder->path);
	free(folder);
}

static void free_entry(watch_t *watch, entry_t *entry)
{
	if (entry->folder != NULL) {
		leave_folder(watch, entry->folder);
	}
	free(entry->zone);
	free(entry->name);
	free(entry->path);
	free(entry);
}

/* \param is_target  The path is the target of a symbolic link. */
static int add_entry(watch_t *watch, const knot_dname_t *zone, const char *path, bool is_target)
{
	int ret = grow_tables(watch);
	entry_t *entry = ret == KNOT_EOK ? calloc(1, sizeof(*entry)) : NULL;
	if (entry == NULL) {
		return KNOT_ENOMEM;
	}

	/* dirname() and basename() write into what they are given. */
	char *folder = strdup(path), *name = strdup(path);
	entry->zone = knot_dname_copy(zone, NULL);
	entry->path = is_target ? NULL : strdup(path);
	if (folder == NULL || name == NULL || entry->zone == NULL ||
	    (!is_target && entry->path == NULL) ||
	    (entry->name = strdup(basename(name))) == NULL) {
		ret = KNOT_ENOMEM;
	} else {
		ret = use_folder(watch, dirname(folder), &entry->folder);
	}
	free(folder);
	free(name);

	if (ret != KNOT_EOK) {
		free_entry(watch, entry);
		return ret;
	}
	link_entry(watch, entry);
	watch->entries++;
	return KNOT_EOK;
}

static void remove_entries(watch_t *watch, const knot_dname_t *zone, bool targets_only)
{
	if (watch->entries == 0) {
		return;
	}
	entry_t **at = zone_chain(watch, zone);
	while (*at != NULL) {
		entry_t *entry = *at;
		if (!knot_dname_is_equal(entry->zone, zone) ||
		    (targets_only && entry->path != NULL)) {
			at = &entry->next_zone;
			continue;
		}
		*at = entry->next_zone;
		entry_t **file = file_chain(watch, entry->name);
		while (*file != entry) {
			file = &(*file)->next_file;
		}
		*file = entry->next_file;
		watch->entries--;
		free_entry(watch, entry);
	}
}

/* Watches the target of a link. The link itself is watched anyhow: no failure is an error. */
static void follow_link(watch_t *watch, const knot_dname_t *zone, const char *path)
{
	struct stat st;
	if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode)) {
		return;
	}
	char *target = realpath(path, NULL);
	if (target != NULL) {
		(void)add_entry(watch, zone, target, true);
	}
	free(target);
}

/* -- events -------------------------------------------------------------- */

static void add_change(changes_t *changes, const knot_dname_t *zone)
{
	/* Several events in a row are often for the same file. */
	if (changes->count > 0 && knot_dname_is_equal(changes->zones[changes->count - 1], zone)) {
		return;
	}
	if (changes->count == changes->capacity) {
		size_t capacity = 2 * changes->capacity + 16;
		knot_dname_t **zones = realloc(changes->zones, capacity * sizeof(*zones));
		if (zones == NULL) {
			return;
		}
		changes->zones = zones;
		changes->capacity = capacity;
	}
	changes->zones[changes->count] = knot_dname_copy(zone, NULL);
	changes->count += changes->zones[changes->count] != NULL;
}

/* \param folder  NULL for all. */
static void change_folder(const watch_t *watch, const folder_t *folder, changes_t *changes)
{
	for (size_t i = 0; i < watch->chains; i++) {
		for (entry_t *it = watch->by_zone[i]; it != NULL; it = it->next_zone) {
			if (folder == NULL || it->folder == folder) {
				add_change(changes, it->zone);
			}
		}
	}
}

static void take_file(watch_t *watch, const struct inotify_event *event, changes_t *changes)
{
	if (watch->entries == 0) {
		return;
	}
	for (entry_t *it = *file_chain(watch, event->name); it != NULL; it = it->next_file) {
		if (it->folder->wd == event->wd && strcmp(it->name, event->name) == 0) {
			add_change(changes, it->zone);
		}
	}
}

static void take_event(watch_t *watch, const struct inotify_event *event, changes_t *changes)
{
	folder_t *folder;
	if (event->mask & IN_Q_OVERFLOW) {
		change_folder(watch, NULL, changes);
	} else if (event->mask & IN_MOVE_SELF) {
		/* Another folder may be at its path now; IN_IGNORED follows. */
		inotify_rm_watch(watch->inotify, event->wd);
	} else if (event->mask & IN_IGNORED) {
		while ((folder = find_folder(watch, event->wd)) != NULL) {
			folder->wd = -1;
			log_msg(watch->log, LOG_WARNING, NULL, "folder %s went away, no change of "
			        "a zone file there is seen until it is back", folder->path);
		}
	} else if (event->len > 0) {
		take_file(watch, event, changes);
	}
}

static void read_events(watch_t *watch, changes_t *changes)
{
	char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t len = read(watch->inotify, buffer, sizeof(buffer));
	for (ssize_t at = 0; at < len; ) {
		const struct inotify_event *event = (const struct inotify_event *)(buffer + at);
		take_event(watch, event, changes);
		at += sizeof(*event) + event->len;
	}
}

/* \return Whether some are still missing. */
static bool look_for_folders(watch_t *watch, changes_t *changes)
{
	bool missing = false;
	for (folder_t *it = watch->folders; it != NULL; it = it->next) {
		if (it->wd >= 0) {
			continue;
		}
		it->wd = inotify_add_watch(watch->inotify, it->path, EVENTS);
		if (it->wd >= 0) {
			log_msg(watch->log, LOG_NOTICE, NULL, "folder %s is back", it->path);
			change_folder(watch, it, changes);
		} else {
			missing = true;
		}
	}
	return missing;
}

/* The link itself may be what changed. */
static void follow_again(watch_t *watch, const knot_dname_t *zone)
{
	for (entry_t *it = *zone_chain(watch, zone); it != NULL; it = it->next_zone) {
		if (it->path != NULL && knot_dname_is_equal(it->zone, zone)) {
			remove_entries(watch, zone, true);
			follow_link(watch, it->zone, it->path);
			return;
		}
	}
}

static void *run(void *arg)
{
	watch_t *watch = arg;
	struct pollfd fds[] = {
		{ .fd = watch->inotify, .events = POLLIN },
		{ .fd = watch->wake, .events = POLLIN },
	};

	bool missing = false;
	while (!(fds[1].revents & POLLIN)) {
		(void)poll(fds, 2, missing ? RETRY_MS : -1);

		changes_t changes = { 0 };
		pthread_mutex_lock(&watch->lock);
		if (fds[0].revents & POLLIN) {
			read_events(watch, &changes);
		}
		missing = look_for_folders(watch, &changes);
		for (size_t i = 0; i < changes.count; i++) {
			follow_again(watch, changes.zones[i]);
		}
		pthread_mutex_unlock(&watch->lock);

		for (size_t i = 0; i < changes.count; i++) {
			watch->changed(watch->ctx, changes.zones[i]);
			free(changes.zones[i]);
		}
		free(changes.zones);
	}

	return NULL;
}

/* -- interface ----------------------------------------------------------- */

static void free_watch(watch_t *watch)
{
	for (size_t i = 0; i < watch->chains; i++) {
		for (entry_t *it = watch->by_zone[i], *next; it != NULL; it = next) {
			next = it->next_zone;
			free_entry(watch, it);
		}
	}
	free(watch->by_file);
	free(watch->by_zone);
	if (watch->inotify >= 0) {
		close(watch->inotify);
	}
	if (watch->wake >= 0) {
		close(watch->wake);
	}
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

int watch_start(watch_t **watch, watch_f changed, void *ctx, log_t *log)
{
	watch_t *new = calloc(1, sizeof(*new));
	if (new == NULL) {
		return KNOT_ENOMEM;
	}
	new->changed = changed;
	new->ctx = ctx;
	new->log = log;
	pthread_mutex_init(&new->lock, NULL);
	new->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	new->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (new->inotify < 0 || new->wake < 0) {
		int ret = knot_map_errno();
		free_watch(new);
		return ret;
	}

	int ret = thread_start(&new->thread, run, new);
	if (ret != KNOT_EOK) {
		free_watch(new);
		return ret;
	}
	*watch = new;
	return KNOT_EOK;
}

int watch_add(watch_t *watch, const knot_dname_t *zone, const char *path)
{
	pthread_mutex_lock(&watch->lock);
	remove_entries(watch, zone, false);
	int ret = add_entry(watch, zone, path, false);
	if (ret == KNOT_EOK) {
		follow_link(watch, zone, path);
	}
	pthread_mutex_unlock(&watch->lock);
	return ret;
}

void watch_remove(watch_t *watch, const knot_dname_t *zone)
{
	pthread_mutex_lock(&watch->lock);
	remove_entries(watch, zone, false);
	pthread_mutex_unlock(&watch->lock);
}

void watch_stop(watch_t *watch)
{
	if (watch == NULL) {
		return;
	}
	(void)eventfd_write(watch->wake, 1);
	pthread_join(watch->thread, NULL);
	free_watch(watch);
}
