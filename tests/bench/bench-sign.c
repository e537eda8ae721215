/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* First signings of a zone, each beside a bare loop of what the token has to do for it:
 *
 *   bench-sign NAME ZONEFILE ORIGIN RUNS LOOP
 *
 * For one and two threads and for "verify: sample" and "verify: all" it prints the median of
 * (signatures a second of the signing) / (signatures a second of the loop), in which each thread
 * makes LOOP signatures. */

#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/loop.h"
#include "tests/bench/signing.h"
#include "tests/unit/test-hsm-token.h"

#define GOAL 0.90
#define RUNS_MAX 15

static struct {
	const char *name, *path, *origin;
	int runs, loop;
} args;

/*** Figures. ***/

static void figure(const char *name, const char *path, unsigned threads, signpool_verify_t verify,
                   int runs)
{
	double ratios[RUNS_MAX], rates[RUNS_MAX], loops[RUNS_MAX];
	const bool all = verify == SIGNPOOL_VERIFY_ALL;
	const loop_t loop = { .threads = threads, .each = args.loop, .verify = all };
	for (int i = 0; i < runs; i++) {
		/* A loop before and one behind: what else the machine does falls on both. */
		double before = loop_rate(&loop);
		rates[i] = signing_rate(path, threads, verify);
		loops[i] = (before + loop_rate(&loop)) / 2;
		ratios[i] = rates[i] / loops[i];
	}
	char title[128], details[128];
	snprintf(title, sizeof(title), "first-signing-%s-verify-%s-threads-%u", name,
	         all ? "all" : "sample", threads);
	snprintf(details, sizeof(details), "%.0f/s, bare loop %.0f/s",
	         signing_median(rates, runs), signing_median(loops, runs));
	signing_figure(title, signing_median(ratios, runs), GOAL, details);
}

START_TEST(bench)
{
	test_tokens_make();
	signing_begin(test_conf(), args.origin);
	for (unsigned threads = 1; threads <= 2; threads++) {
		figure(args.name, args.path, threads, SIGNPOOL_VERIFY_SAMPLE, args.runs);
		figure(args.name, args.path, threads, SIGNPOOL_VERIFY_ALL, args.runs);
	}
	signing_end();
	test_tokens_remove();
}
END_TEST

int main(int argc, char *argv[])
{
	args.runs = argc == 6 ? atoi(argv[4]) : 0;
	args.loop = argc == 6 ? atoi(argv[5]) : 0;
	if (args.runs < 1 || args.runs > RUNS_MAX || args.loop < 1) {
		fprintf(stderr, "Usage: bench-sign NAME ZONEFILE ORIGIN RUNS LOOP (RUNS: at most "
		        "%d)\n", RUNS_MAX);
		return 2;
	}
	args.name = argv[1];
	args.path = argv[2];
	args.origin = argv[3];
	return signing_main("bench-sign", bench);
}
