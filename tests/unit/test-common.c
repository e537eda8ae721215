/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/fnv1a.h"
#include "common/text.h"
#include "tests/unit/check-main.h"

/* Milliseconds that a wait may take longer than asked for, on a busy machine. */
#define LATE_MS 5000

typedef struct {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool set;
} signal_t;

static void signal_init(signal_t *signal)
{
	*signal = (signal_t) { .set = false };
	pthread_mutex_init(&signal->lock, NULL);
	monotonic_cond_init(&signal->cond);
}

static void signal_deinit(signal_t *signal)
{
	pthread_cond_destroy(&signal->cond);
	pthread_mutex_destroy(&signal->lock);
}

START_TEST(test_clock_advances)
{
	const int64_t before = monotonic_ms();
	const struct timespec pause = { .tv_nsec = 20 * 1000000 };
	ck_assert_int_ne(before, 0);
	nanosleep(&pause, NULL);
	const int64_t passed = monotonic_ms() - before;
	ck_assert_int_ge(passed, 19);
	ck_assert_int_lt(passed, LATE_MS);
}
END_TEST

/* 1,950 ms go over a second's end, wherever in a second they begin, or nearly. */
START_TEST(test_wait_until_deadline)
{
	static const int64_t lengths[] = { 0, 30, 1950 };
	signal_t signal;
	signal_init(&signal);
	pthread_mutex_lock(&signal.lock);
	const int64_t begin = monotonic_ms();
	while (monotonic_wait(&signal.cond, &signal.lock, begin + lengths[_i])) {
		;
	}
	const int64_t passed = monotonic_ms() - begin;
	pthread_mutex_unlock(&signal.lock);
	ck_assert_int_ge(passed, lengths[_i]);
	ck_assert_int_lt(passed, lengths[_i] + LATE_MS);
	signal_deinit(&signal);
}
END_TEST

static void *set(void *arg)
{
	signal_t *signal = arg;
	pthread_mutex_lock(&signal->lock);
	signal->set = true;
	pthread_cond_signal(&signal->cond);
	pthread_mutex_unlock(&signal->lock);
	return NULL;
}

START_TEST(test_wait_for_signal)
{
	signal_t signal;
	pthread_t thread;
	signal_init(&signal);
	pthread_mutex_lock(&signal.lock);
	ck_assert_int_eq(pthread_create(&thread, NULL, set, &signal), 0);
	const int64_t deadline = monotonic_ms() + LATE_MS;
	while (!signal.set) {
		ck_assert(monotonic_wait(&signal.cond, &signal.lock, deadline));
	}
	pthread_mutex_unlock(&signal.lock);
	pthread_join(thread, NULL);
	signal_deinit(&signal);
}
END_TEST

START_TEST(test_backoff_doubles)
{
	static const backoff_t backoff = { .first = 5, .max = 300 };
	static const int64_t delays[] = { 0, 5, 10, 20, 40, 80, 160, 300, 300 };
	for (unsigned i = 0; i < sizeof(delays) / sizeof(*delays); i++) {
		ck_assert_int_eq(backoff_delay(&backoff, i), delays[i]);
	}
	ck_assert_int_eq(backoff_delay(&backoff, 64), 300);
	ck_assert_int_eq(backoff_delay(&backoff, UINT32_MAX), 300);
}
END_TEST

START_TEST(test_backoff_bounds)
{
	static const backoff_t same = { .first = 7, .max = 7 };
	static const backoff_t power = { .first = 1, .max = 8 };
	static const backoff_t huge = { .first = 3, .max = INT64_MAX };
	ck_assert_int_eq(backoff_delay(&same, 1), 7);
	ck_assert_int_eq(backoff_delay(&same, 9), 7);
	ck_assert_int_eq(backoff_delay(&power, 4), 8);
	ck_assert_int_eq(backoff_delay(&power, 5), 8);
	ck_assert_int_eq(backoff_delay(&huge, 3), 12);
	ck_assert_int_eq(backoff_delay(&huge, UINT32_MAX), INT64_MAX);
}
END_TEST

/* The last two are from the test vectors of draft-eastlake-fnv. */
START_TEST(test_fnv1a)
{
	ck_assert_uint_eq(fnv1a("", 0), 0x811c9dc5);
	ck_assert_uint_eq(fnv1a("a", 1), 0xe40c292c);
	ck_assert_uint_eq(fnv1a("foobar", 6), 0xbf9cf968);
	ck_assert_uint_ne(fnv1a("a\0b", 3), fnv1a("a\0c", 3));
}
END_TEST

static const struct {
	const char *text, *tame;
} texts[] = {
	{ "", "" },
	{ "plain ~ text", "plain ~ text" },
	{ "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x91", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x91" },
	{ "a\x1b[2Jb\nc\td\x7f", "a?[2Jb?c?d?" },
	{ "\xc2\x9b" "31m", "?31m" },                      /* U+009B, CSI */
	{ "\x9b" "31m\xff\xfe", "?31m??" },               /* no UTF-8 */
	{ "\xc0\x9b \xe0\x82\x9b \xc1\xbf", "?? ??? ??" },  /* too long */
	{ "\xed\xa0\x80 \xf4\x90\x80\x80", "??? ????" }, /* a surrogate; too large */
	{ "cut \xe2\x82", "cut ??" },
	{ "\xe2\x80\xae" "txt \xe2\x81\xa6 \xe2\x80\xa8", "?txt ? ?" }, /* turned round; a line */
};

START_TEST(test_text_tame)
{
	char text[100];
	strcpy(text, texts[_i].text);
	ck_assert_int_eq(text_is_tame(text), strcmp(texts[_i].text, texts[_i].tame) == 0);
	text_tame(text);
	ck_assert_str_eq(text, texts[_i].tame);
	ck_assert(text_is_tame(text));
}
END_TEST

/* Whatever the bytes are. */
START_TEST(test_text_any)
{
	char text[64];
	srand(1);
	for (int round = 0; round < 100000; round++) {
		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			text[i] = rand() % 2 ? rand() : "\xc2\xe2\xf0\x80\xbf\x9b"[rand() % 6];
		}
		text[sizeof(text) - 1] = '\0';
		const size_t len = strlen(text);
		text_tame(text);
		ck_assert(text_is_tame(text) && strlen(text) <= len);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("common");
	TCase *clock = tcase_create("clock");
	tcase_add_test(clock, test_clock_advances);
	tcase_add_loop_test(clock, test_wait_until_deadline, 0, 3);
	tcase_add_test(clock, test_wait_for_signal);
	suite_add_tcase(suite, clock);

	TCase *backoff = tcase_create("backoff");
	tcase_add_test(backoff, test_backoff_doubles);
	tcase_add_test(backoff, test_backoff_bounds);
	suite_add_tcase(suite, backoff);

	TCase *hash = tcase_create("fnv1a");
	tcase_add_test(hash, test_fnv1a);
	suite_add_tcase(suite, hash);

	TCase *text = tcase_create("text");
	tcase_add_loop_test(text, test_text_tame, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(text, test_text_any);
	suite_add_tcase(suite, text);

	return check_main(suite);
}
