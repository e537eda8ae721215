/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Watches zone files for changes (inotify), also for their replacement by rename.
 */
#pragma once

#include "module/base/log.h"

typedef struct watch watch_t;

/*! Called from the watcher's thread when a file was written and closed, or moved into place; may be
 *  called once more right after watch_remove(). */
typedef void (*watch_f)(void *ctx, const knot_dname_t *zone);

/*! \return KNOT_EOK, KNOT_ENOMEM, or an error of the system */
int watch_start(watch_t **watch, watch_f changed, void *ctx, log_t *log);

/*! Watches a zone's file instead of the one that was watched for that zone before. The file need
 *  not exist, its folder has to. \return KNOT_EOK, KNOT_ENOMEM, or an error of the system */
int watch_add(watch_t *watch, const knot_dname_t *zone, const char *path);

void watch_remove(watch_t *watch, const knot_dname_t *zone);

/*! NULL is allowed. */
void watch_stop(watch_t *watch);
