/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/base/trouble.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void trouble_init(trouble_t *trouble)
{
	pthread_mutex_init(&trouble->lock, NULL);
	trouble->text = NULL;
}

void trouble_deinit(trouble_t *trouble)
{
	pthread_mutex_destroy(&trouble->lock);
	free(trouble->text);
}

void trouble_set(trouble_t *trouble, log_t *log, const knot_dname_t *zone, int priority,
                 const char *text)
{
	pthread_mutex_lock(&trouble->lock);
	const bool news = strcmp(trouble->text != NULL ? trouble->text : "", text) != 0;
	if (news) {
		free(trouble->text);
		trouble->text = text[0] != '\0' ? strdup(text) : NULL;
	}
	pthread_mutex_unlock(&trouble->lock);
	if (news && text[0] != '\0') {
		log_many(log, priority, zone, text);
	}
}

void trouble_read(trouble_t *trouble, char *out, size_t size)
{
	pthread_mutex_lock(&trouble->lock);
	snprintf(out, size, "%s", trouble->text != NULL ? trouble->text : "");
	pthread_mutex_unlock(&trouble->lock);
}

bool trouble_is(trouble_t *trouble)
{
	pthread_mutex_lock(&trouble->lock);
	const bool is = trouble->text != NULL;
	pthread_mutex_unlock(&trouble->lock);
	return is;
}
