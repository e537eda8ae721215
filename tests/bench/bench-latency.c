/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* A first signing with a token that takes so many ms more for each signature (the shim's doing):
 *
 *   bench-latency ZONEFILE ORIGIN SESSIONS MS SIGNATURES
 *
 * Prints what part it is of the rate of a bare loop that makes so many in the same token, with as many sessions;
 * "verify: sample", since two processors are not enough to make as many signatures and verify them, too. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/loop.h"
#include "tests/bench/signing.h"
#include "tests/unit/test-hsm-token.h"

#define GOAL 0.95

static const char *path, *origin;
static unsigned sessions, delay_ms, signatures;

START_TEST(bench)
{
	char control[] = "/tmp/bench-latency.XXXXXX";
	int fd = mkstemp(control);
	ck_assert_int_ge(fd, 0);
	dprintf(fd, "delay C_Sign %u\n", delay_ms);
	close(fd);
	setenv("SHIM_MODULE", test_softhsm(), 1);
	setenv("SHIM_CONTROL", control, 1);
	test_tokens_make();
	hsm_conf_t *conf = test_conf();
	conf->count = 1;
	if (delay_ms > 0) { /* The shim itself takes its time, too. */
		conf->repositories[0].module = (char *)SHIM_PATH;
	}
	signing_begin(conf, origin);
	char title[64], details[64];
	const loop_t loop = { .threads = sessions, .each = signatures / sessions + 1,
	                      .module = delay_ms > 0 ? SHIM_PATH : NULL };
	const double before = loop_rate(&loop);
	const double rate = signing_rate(path, sessions, SIGNPOOL_VERIFY_SAMPLE);
	const double bare = (before + loop_rate(&loop)) / 2;
	snprintf(title, sizeof(title), "latency-%u-ms-sessions-%u", delay_ms, sessions);
	snprintf(details, sizeof(details), "%.0f/s, bare loop %.0f/s", rate, bare);
	signing_figure(title, rate / bare, GOAL, details);
	signing_end();
	test_tokens_remove();
	remove(control);
}
END_TEST

int main(int argc, char *argv[])
{
	sessions = argc == 6 ? atoi(argv[3]) : 0;
	delay_ms = argc == 6 ? atoi(argv[4]) : 0;
	signatures = argc == 6 ? atoi(argv[5]) : 0;
	if (sessions < 1 || sessions > LOOP_THREADS_MAX) {
		fprintf(stderr, "Usage: bench-latency ZONEFILE ORIGIN SESSIONS (at most %d) MS SIGNATURES\n",
		        LOOP_THREADS_MAX);
		return 2;
	}
	path = argv[1];
	origin = argv[2];
	return signing_main("bench-latency", bench);
}
