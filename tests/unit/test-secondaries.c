/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What is believed of serials that secondaries show. Nobody is asked: their answers are put in. The
 * suite gate has real ones. */

#include <check.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

#include "module/publish/secondaries.h"
#include "tests/unit/check-main.h"

#define ZONE (const knot_dname_t *)"\x01""z\x04test"

static void sink(void *ctx, int priority, const char *line)
{
	(void)ctx;
	(void)priority;
	(void)line;
}

static void nothing(void *ctx)
{
	(void)ctx;
}

typedef struct {
	log_t log;
	held_t held;
	deaf_t deaf;
	atomic_bool stop;
	secondaries_t secondaries;
	state_t state;
} world_t;

static void add(primaries_t *servers, const char *id, uint32_t address)
{
	struct sockaddr_storage addr = { 0 }, via = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&addr;
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(address);
	in->sin_port = htons(53);
	ck_assert_int_eq(primaries_add(servers, id, &addr, &via, NULL), KNOT_EOK);
}

/*! A zone at a serial, with secondaries s1, s2... */
static void begin(world_t *world, uint32_t serial, size_t count)
{
	static const char *const names[] = { "s1", "s2", "s3" };
	primaries_t servers = { .count = 0 };
	memset(world, 0, sizeof(*world));
	log_init(&world->log, sink, NULL);
	held_init(&world->held, &(held_args_t) {
		.log = &world->log, .zone = ZONE, .changed = nothing
	});
	deaf_init(&world->deaf);
	secondaries_init(&world->secondaries, &(secondaries_args_t) {
		.log = &world->log, .held = &world->held, .deaf = &world->deaf, .zone = ZONE,
		.stop = &world->stop, .asked = nothing,
	});
	for (size_t i = 0; i < count; i++) {
		add(&servers, names[i], 0xC0000201 + i);
	}
	ck_assert_int_eq(secondaries_configure(&world->secondaries, &servers), count > 0);
	primaries_deinit(&servers);
	world->state.version = 1;
	world->state.serial = serial;
}

static void end(world_t *world)
{
	secondaries_deinit(&world->secondaries);
	deaf_deinit(&world->deaf);
	held_deinit(&world->held);
	log_deinit(&world->log);
}

static void says(world_t *world, size_t at, uint32_t serial)
{
	secondary_t *said = &world->secondaries.said[at];
	said->serial = serial;
	said->asked_at = said->answered_at = time(NULL);
}

/*! The next serial has to be above this one, which a server shows. */
static void shows(world_t *world, uint32_t serial, const char *by)
{
	serial_shown_t shown;
	ck_assert(secondaries_shown(&world->secondaries, &world->state, NULL, &shown));
	ck_assert_uint_eq(shown.serial, serial);
	ck_assert_ptr_nonnull(strstr(shown.by, by));
	ck_assert(!held_stops(&world->held, HELD_AHEAD));
}

static void shows_nothing(world_t *world)
{
	serial_shown_t shown;
	ck_assert(!secondaries_shown(&world->secondaries, &world->state, NULL, &shown));
}

static void is_held(world_t *world, const char *text)
{
	char held[HELD_TEXT_MAX] = "";
	shows_nothing(world);
	ck_assert(held_text(&world->held, HELD_AHEAD, held, sizeof(held)));
	ck_assert_msg(strstr(held, text) != NULL, "%s", held);
}

START_TEST(test_ahead)
{
	world_t world;
	begin(&world, 10, 3);
	shows_nothing(&world);
	says(&world, 0, 10);
	says(&world, 1, 9);
	shows_nothing(&world);
	says(&world, 2, 12);
	shows(&world, 12, "s3 (192.0.2.3@53)");
	/* What knotd serves counts, too. */
	serial_shown_t shown;
	ck_assert(!secondaries_shown(&world.secondaries, &world.state, &(uint32_t){ 12 }, &shown));
	world.state.serial = 13;
	shows_nothing(&world);
	ck_assert(!held_is(&world.held, HELD_AHEAD));
	end(&world);
}
END_TEST

/* The one that is most ahead counts; without a version, all are ahead. */
START_TEST(test_most)
{
	world_t world;
	begin(&world, 10, 3);
	says(&world, 0, 2026010100);
	says(&world, 1, 2026010199);
	says(&world, 2, 20);
	shows(&world, 2026010199, "s2");
	world.state.version = 0;
	shows(&world, 2026010199, "s2");
	end(&world);
}
END_TEST

/* No counter has come so far. */
START_TEST(test_unlikely)
{
	world_t world;
	begin(&world, 2026010100, 1);
	says(&world, 0, 4000000000);
	is_held(&world, "s1 (192.0.2.1@53) shows serial 4000000000, which no counter can have");
	ck_assert(held_pass(&world.held, HELD_AHEAD));
	shows(&world, 4000000000, "s1");
	/* That very serial is let through, and no other. */
	says(&world, 0, 4000000001);
	is_held(&world, "shows serial 4000000001");
	says(&world, 0, 2026010100);
	shows_nothing(&world);
	ck_assert(!held_is(&world.held, HELD_AHEAD));
	end(&world);
}
END_TEST

/* A server that is ahead again and again would have the serials run away. */
START_TEST(test_runaway)
{
	world_t world;
	begin(&world, 10, 1);
	says(&world, 0, 1000);
	shows(&world, 1000, "s1");
	shows(&world, 1000, "s1");
	says(&world, 0, 2000);
	is_held(&world, "shows serial 2000, which it had not before, and does not have from here");
	world.state.serial = 1001;
	is_held(&world, "shows serial 2000");
	world.state.serial = 2001;
	shows_nothing(&world);
	ck_assert(!held_is(&world.held, HELD_AHEAD));
	end(&world);
}
END_TEST

/* It was not ahead, and is. */
START_TEST(test_settled)
{
	world_t world;
	begin(&world, 10, 1);
	says(&world, 0, 10);
	shows_nothing(&world);
	says(&world, 0, 11);
	is_held(&world, "shows serial 11, which it had not before");
	end(&world);
}
END_TEST

/* There is no serial that all of them take. */
START_TEST(test_cycle)
{
	world_t world;
	begin(&world, 10, 2);
	says(&world, 0, 10 + UINT32_C(0x7fffffff));
	is_held(&world, "no serial is above that and the others");
	ck_assert(held_pass(&world.held, HELD_AHEAD));
	shows_nothing(&world);
	says(&world, 0, 2026010100);
	says(&world, 1, 2026010100 + UINT32_C(0x80000001));
	shows_nothing(&world);
	ck_assert(held_is(&world.held, HELD_AHEAD));
	end(&world);
}
END_TEST

/* What was heard is kept of those that stay; a new one is a stranger. */
START_TEST(test_configure)
{
	world_t world;
	primaries_t servers = { .count = 0 };
	begin(&world, 10, 2);
	says(&world, 0, 12);
	says(&world, 1, 10);
	shows(&world, 12, "s1");
	add(&servers, "new", 0xC0000209);
	add(&servers, "s2", 0xC0000202);
	ck_assert(secondaries_configure(&world.secondaries, &servers));
	primaries_deinit(&servers);
	shows_nothing(&world);
	says(&world, 1, 11);
	is_held(&world, "s2 (192.0.2.2@53) shows serial 11, which it had not before");
	says(&world, 1, 10);
	says(&world, 0, 11);
	shows(&world, 11, "new");
	end(&world);
}
END_TEST

/* A version waits until all were asked, and only for a moment. */
START_TEST(test_wait)
{
	world_t world;
	begin(&world, 10, 0);
	ck_assert(secondaries_asked(&world.secondaries));
	end(&world);
	begin(&world, 10, 1);
	ck_assert(!secondaries_asked(&world.secondaries));
	world.secondaries.asked = true;
	ck_assert(secondaries_asked(&world.secondaries));
	world.secondaries.asked = false;
	ck_assert(!secondaries_asked(&world.secondaries));
	world.secondaries.since_ms -= 3000;
	ck_assert(secondaries_asked(&world.secondaries));
	end(&world);
}
END_TEST

START_TEST(test_deaf)
{
	world_t world;
	struct sockaddr_storage addr = { .ss_family = AF_INET }, other = { .ss_family = AF_INET6 };
	begin(&world, 10, 0);
	ck_assert(!deaf_has(&world.deaf, &addr));
	deaf_add(&world.deaf, &addr);
	ck_assert(deaf_has(&world.deaf, &addr) && !deaf_has(&world.deaf, &other));
	for (int i = 0; i < DEAF_MAX; i++) {
		deaf_add(&world.deaf, &other);
	}
	ck_assert(!deaf_has(&world.deaf, &addr) && deaf_has(&world.deaf, &other));
	end(&world);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("secondaries");
	TCase *tcase = tcase_create("secondaries");
	tcase_add_test(tcase, test_ahead);
	tcase_add_test(tcase, test_most);
	tcase_add_test(tcase, test_unlikely);
	tcase_add_test(tcase, test_runaway);
	tcase_add_test(tcase, test_settled);
	tcase_add_test(tcase, test_cycle);
	tcase_add_test(tcase, test_configure);
	tcase_add_test(tcase, test_wait);
	tcase_add_test(tcase, test_deaf);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
