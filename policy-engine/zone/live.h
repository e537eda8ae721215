/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The zones that the module has now: what the module said of them, and what holds them up.
 *
 * Kept in memory only. Not thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/tally.h"
#include "keyset/facts.h"
#include "policy-engine/policy/policy.h"
#include "policy-engine/zone/key-count.h"

/*! How a zone is with its keys; the first that applies is counted. */
typedef enum {
	LIVE_PROBLEM,       /*!< The engine cannot look after it, until a person does something. */
	LIVE_REFUSED,       /*!< The module did not take its key set. */
	LIVE_PERSON,        /*!< A person has to do something at the parent. */
	LIVE_UNSEEN,        /*!< Not all DS in use were seen at the last look. */
	LIVE_FROZEN,        /*!< A person wants no key to take a step. */
	LIVE_BUSY,          /*!< It waits for something that comes by itself. */
	LIVE_OK,
	LIVE_STATES,
} live_state_t;

/*! Whether the name servers of a zone follow us, which is frozen since it was imported. */
typedef struct {
	bool wanted;        /*!< It is frozen for that, and for nothing else. */
	bool asking;        /*!< They are being asked. */
	int64_t at;         /*!< When to ask them again. */
	int64_t since;      /*!< Since when all have served our serial, each time; 0 = not all do. */
	uint32_t first;     /*!< That serial, then. */
	unsigned late;      /*!< Surveys in a row in which some were behind. */
	unsigned times;     /*!< How often they were asked since then. */
	size_t count;       /*!< How many addresses they have. */
	uint32_t wait;      /*!< Seconds until no cache can have what was there before. */
	char *why;          /*!< Which one does not; NULL = all do, or they were not asked. */
} live_survey_t;

/*! A zone that the module has. Times are Unix seconds. */
typedef struct live_zone {
	TAILQ_ENTRY(live_zone) dirty_link, push_link, look_link, learn_link;
	char *name;
	facts_t facts;
	unsigned round;     /*!< The last listing of the module that named the zone. */
	bool dirty;         /*!< The next pass has to look at the zone; set by live_mark(). */
	bool wants;         /*!< The zone lacks keys. */
	unsigned ahead;     /*!< ZSKs that a request for signing ahead needs on standby; 0 = none
	                         waits for any. */
	uint8_t lacks[POLICY_KEYS_MAX]; /*!< How many, for each entry of the policy. */
	bool held;          /*!< It was imported, and knot.conf has another policy for it, by which it
	                         would not stay as it is: facts.policy waits for a person. */
	bool changed;       /*!< It was imported, and kasp.xml has changed its policy since: that waits for
	                         a person. */
	bool frozen;        /*!< A person wants no key to take a step. */
	live_survey_t survey;
	bool force;         /*!< Push the zone's key set even if nothing changed. */
	bool waits;         /*!< A person has to do something... */
	int64_t waits_since; /*!< ...since then, at least for one of its keys. */
	int64_t announced;  /*!< When the rollover is due that was announced last. */
	char *problem;      /*!< Why the engine cannot look after the zone; NULL = it can. */
	bool passing;       /*!< That ends by itself. */
	bool urgent;        /*!< That ends the zone, and is a problem though a person has frozen it. */
	uint64_t revision;  /*!< Of the key set below. */
	char *push;         /*!< The key set that the module has to get; NULL = none. */
	int64_t push_at;    /*!< When to push it, or to try again. */
	char *push_problem; /*!< Why the module did not take it; NULL = it did. */
	int64_t look_at;    /*!< When to look at the parent whether the DS is still there; 0 = not
	                         queued. */
	bool looking;       /*!< The engine is looking. */
	bool look_asked;    /*!< A step of a key waits for that. */
	int64_t seen_at;    /*!< When all DS that count were seen last; 0 = not yet. */
	int64_t learn_at;   /*!< When to learn the zone's keys from the module, which has a newer key
	                         set than the database; 0 = not queued. */
	char *unlearnt;     /*!< Why that did not work; NULL = it has not been tried. */
	bool ds_wanted;     /*!< The look is also to say which DS there are. */
	int64_t ds_tried;   /*!< When that was looked for last; 0 = not yet. */
	bool ds_nowhere;    /*!< The parent says that it does not know the zone. */
	char *ds_problem;   /*!< Why the last look did not say which DS there are; NULL = it did. */
	char *ds_sent;      /*!< The DS in the last key set that went to the module because its rule
	                         "chain" held the one before; NULL = none did. */
	char *unseen;       /*!< Why the last look did not see them; NULL = it did. */
	int64_t next_at;    /*!< When the next step of a key is due, or its replacement; 0 = no date is
	                         known. */
	char *next;         /*!< What that is; NULL = nothing. */
	char *tokens;       /*!< Repositories of its keys, separated by commas; NULL = it has none. */
	key_count_t keys;   /*!< As the total has them. */
	tally_member_t tally;
} live_zone_t;

/*! All of them. */
typedef struct {
	void *tree;         /*!< By name; of tsearch(). */
	size_t count;
	TAILQ_HEAD(, live_zone) dirty;  /*!< Zones that are dirty. */
	TAILQ_HEAD(, live_zone) pushes; /*!< Zones with a key set to push. */
	TAILQ_HEAD(, live_zone) learns; /*!< Zones with a learn_at. */
	TAILQ_HEAD(, live_zone) looks;  /*!< Zones with a look_at. */
	tally_t tally;                  /*!< By live_state_t, ranked by since when they wait. */
	key_total_t keys;               /*!< States of all zones' keys, as of the last look at each. */
} live_t;

void live_init(live_t *live);

/*! \return The zone, NULL if the module does not have it. */
live_zone_t *live_find(const live_t *live, const char *name);

/*! \return The zone, new or not; NULL if out of memory. */
live_zone_t *live_add(live_t *live, const char *name);

/*! \return The zone that has this place in the tally. */
const live_zone_t *live_of_tally(const tally_member_t *member);

/*! \return The name of a state, for programs. */
const char *live_state_name(live_state_t state);

/*! \return How a zone is. */
live_state_t live_state(const live_zone_t *zone);

/*! Counts a zone as it is now; to be called when something of it has changed that live_state() goes
 *  by. */
void live_count(live_t *live, live_zone_t *zone);

/*! Notes that the zone lacks no keys. */
void live_lacks_nothing(live_zone_t *zone);

/*! Sets whether the next pass has to look at a zone. */
void live_mark(live_t *live, live_zone_t *zone, bool dirty);

/*! Sets the zone's key set to push, and queues the zone last. Takes over text; NULL = none. */
void live_push(live_t *live, live_zone_t *zone, char *text);

/*! Sets when to look at the zone's parent, and queues the zone last; 0 = not at all. */
void live_look(live_t *live, live_zone_t *zone, int64_t at);

/*! Sets when to learn a zone from the module, and queues the zone last; 0 = not at all. */
void live_learn(live_t *live, live_zone_t *zone, int64_t at);

/*! Removes a zone from all queues, and frees it. */
void live_remove(live_t *live, live_zone_t *zone);

/*! Calls cb for each zone, in the order of names. cb must not add or remove zones. */
void live_each(const live_t *live, void (*cb)(void *ctx, live_zone_t *zone), void *ctx);

/*! Sets problem (or push_problem) to a copy of text, or to NULL. \return Whether it changed. */
bool live_set(char **problem, const char *text);

void live_deinit(live_t *live);
