/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/parent.h"

int parent_start(parent_t *parent, desk_t *desk)
{
	*parent = (parent_t){ .desk = desk };
	asker_init(&parent->asker, desk);
	parent->watch = ds_watch_start(desk, &parent->asker);
	parent->recheck = recheck_start(desk, &parent->asker);
	return parent->watch != NULL && parent->recheck != NULL ? 0 : -1;
}

void parent_stop(parent_t *parent)
{
	recheck_stop(parent->recheck);
	ds_watch_stop(parent->watch);
	asker_deinit(&parent->asker);
}

void parent_reset(parent_t *parent)
{
	asker_reset(&parent->asker);
	ds_watch_reset(parent->watch);
}

int parent_pass(parent_t *parent, bool up, int64_t now)
{
	pthread_mutex_lock(&parent->desk->lock);
	int ret = ds_watch_pass(parent->watch, up, now);
	ret = ret == 0 ? recheck_pass(parent->recheck, now) : ret;
	pthread_mutex_unlock(&parent->desk->lock);
	return ret;
}
