/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/asker.h"

#include "policy-engine/base/event.h"

void asker_init(asker_t *asker, const desk_t *desk)
{
	*asker = (asker_t){ .desk = desk };
	asker_reset(asker);
}

void asker_reset(asker_t *asker)
{
	const conf_watch_t *conf = &asker->desk->conf.watch;
	char problem[256];
	resolver_unref(asker->resolver);
	asker->resolver = NULL;
	if (conf->on) {
		asker->resolver = resolver_start(conf->resolver, problem, sizeof(problem));
		if (asker->resolver == NULL) {
			log_about(LOG_ERROR, (about_t){ .event = "parent" },
			          "%s", problem);
		}
	}
}

void asker_deinit(asker_t *asker)
{
	resolver_unref(asker->resolver);
}

parent_question_t *asker_question(const asker_t *asker, const kasp_zone_t *zone, size_t i,
                                  parent_wish_t wish)
{
	return parent_question(&asker->desk->conf.watch, asker->resolver, zone, i, wish);
}

parent_question_t *asker_question_any(const asker_t *asker, const char *zone)
{
	return parent_question_any(&asker->desk->conf.watch, asker->resolver, zone);
}
