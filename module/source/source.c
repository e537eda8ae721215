/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/source/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

void source_init(source_t *source, const source_args_t *args)
{
	memset(source, 0, sizeof(*source));
	source->args = *args;
	trouble_init(&source->trouble);
	trouble_init(&source->passed_over);
	pthread_mutex_init(&source->input_lock, NULL);
	pthread_mutex_init(&source->lock, NULL);
}

void source_deinit(source_t *source)
{
	trouble_deinit(&source->trouble);
	trouble_deinit(&source->passed_over);
	pthread_mutex_destroy(&source->input_lock);
	pthread_mutex_destroy(&source->lock);
	source_settings_deinit(&source->settings);
	free(source->fetch.from);
	free(source->fetch.transfer);
}

void source_settings_deinit(source_settings_t *settings)
{
	free(settings->file);
	folders_deinit(&settings->folders);
	tsig_deinit(&settings->update_keys);
	primaries_deinit(&settings->primaries);
	memset(settings, 0, sizeof(*settings));
}

void source_configure(source_t *source, source_settings_t *settings)
{
	pthread_mutex_lock(&source->lock);
	const source_settings_t old = source->settings;
	source->settings = *settings;
	*settings = old;
	if (old.file != NULL && !primaries_equal(&source->settings.primaries, &old.primaries)) {
		source->fetch.wishes |= SOURCE_LOOK;
	}
	source->allowed += source->settings.size_max != old.size_max ||
	                   !folders_equal(&source->settings.folders, &old.folders);
	source->fetch.expired &= source->settings.primaries.count > 0;
	pthread_mutex_unlock(&source->lock);
}

size_t source_size_max(source_t *source)
{
	pthread_mutex_lock(&source->lock);
	const size_t size_max = source->settings.size_max;
	pthread_mutex_unlock(&source->lock);
	return size_max;
}

bool source_is_fetched(source_t *source)
{
	pthread_mutex_lock(&source->lock);
	const bool fetched = source->settings.primaries.count > 0;
	pthread_mutex_unlock(&source->lock);
	return fetched;
}

bool source_ask(source_t *source, unsigned wishes)
{
	pthread_mutex_lock(&source->lock);
	const bool fetched = source->settings.primaries.count > 0;
	source->fetch.wishes |= fetched ? wishes & (SOURCE_LOOK | SOURCE_READ) : 0;
	const bool ask = fetched && (source->fetch.wishes != 0 || source->fetch.next == 0);
	pthread_mutex_unlock(&source->lock);
	return ask;
}

unsigned source_rekeyed(source_t *source)
{
	pthread_mutex_lock(&source->lock);
	const bool awaits = source->awaits_keys;
	pthread_mutex_unlock(&source->lock);
	return awaits ? SOURCE_LOOK | SOURCE_READ : 0;
}

int source_key(source_t *source, const knot_dname_t *name, knot_tsig_key_t *key)
{
	pthread_mutex_lock(&source->lock);
	const knot_tsig_key_t *found = tsig_find(&source->settings.update_keys, name);
	int ret = found != NULL ? knot_tsig_key_copy(key, found) : KNOT_ENOENT;
	pthread_mutex_unlock(&source->lock);
	return ret;
}

void source_read(source_t *source, source_counters_t *counters)
{
	pthread_mutex_lock(&source->lock);
	*counters = source->counters;
	pthread_mutex_unlock(&source->lock);
}

bool source_primary(source_t *source, source_primary_t *primary)
{
	pthread_mutex_lock(&source->lock);
	const bool fetched = source->settings.primaries.count > 0;
	if (fetched) {
		const state_input_t *in = &source->fetch.in;
		snprintf(primary->name, sizeof(primary->name), "%s",
		         source->fetch.from != NULL ? source->fetch.from
		                                    : source->settings.primaries.all[0].id);
		primary->checked_at = in->checked_at;
		primary->next = source->fetch.next;
		primary->expires_at = in->from_primary ? in->checked_at + in->expire : 0;
	}
	pthread_mutex_unlock(&source->lock);
	return fetched;
}

bool source_transfer(source_t *source, source_transfer_t *transfer)
{
	pthread_mutex_lock(&source->lock);
	const bool is = source->fetch.transfer != NULL;
	if (is) {
		*transfer = *source->fetch.transfer;
	}
	pthread_mutex_unlock(&source->lock);
	return is;
}

void source_trouble(source_t *source, const char *text)
{
	trouble_set(&source->trouble, source->args.log, source->args.zone, LOG_ERR, text);
}

void source_count_load(source_t *source, bool done)
{
	pthread_mutex_lock(&source->lock);
	source->counters.loads += done;
	source->counters.load_errors += !done;
	pthread_mutex_unlock(&source->lock);
}
