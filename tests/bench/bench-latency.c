/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* A first signing with a token that takes 5 ms for each signature (the shim's doing):
 *
 *   bench-latency ZONEFILE ORIGIN SESSIONS
 *
 * Prints (signatures a second) / (sessions / 5 ms), and what a bare loop makes of SoftHSM with as much
 * waiting; "verify: sample", since two processors are not enough to make 12,800 signatures a second
 * and verify them, too. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/loop.h"
#include "tests/bench/signing.h"
#include "tests/unit/test-hsm-token.h"

#define GOAL 0.90
#define DELAY_MS 5

static const char *path, *origin;
static unsigned sessions;

START_TEST(bench)
{
	char control[] = "/tmp/bench-latency.XXXXXX";
	int fd = mkstemp(control);
	ck_assert_int_ge(fd, 0);
	dprintf(fd, "delay C_Sign %d\n", DELAY_MS);
	close(fd);
	setenv("SHIM_MODULE", test_softhsm(), 1);
	setenv("SHIM_CONTROL", control, 1);
	test_tokens_make();
	hsm_conf_t *conf = test_conf();
	conf->count = 1;
	conf->repositories[0].module = (char *)SHIM_PATH;
	signing_begin(conf, origin);
	char title[64], details[64];
	const loop_t loop = { .threads = sessions, .each = 200, .delay = DELAY_MS * 1000 };
	const double bare = loop_rate(&loop);
	const double rate = signing_rate(path, sessions, SIGNPOOL_VERIFY_SAMPLE);
	snprintf(title, sizeof(title), "latency-%d-ms-sessions-%u", DELAY_MS, sessions);
	snprintf(details, sizeof(details), "%.0f/s, bare loop %.0f/s", rate, bare);
	signing_figure(title, rate * DELAY_MS / 1000 / sessions, GOAL, details);
	signing_end();
	test_tokens_remove();
	remove(control);
}
END_TEST

int main(int argc, char *argv[])
{
	sessions = argc == 4 ? atoi(argv[3]) : 0;
	if (sessions < 1 || sessions > LOOP_THREADS_MAX) {
		fprintf(stderr, "Usage: bench-latency ZONEFILE ORIGIN SESSIONS (at most %d)\n",
		        LOOP_THREADS_MAX);
		return 2;
	}
	path = argv[1];
	origin = argv[2];
	return signing_main("bench-latency", bench);
}
