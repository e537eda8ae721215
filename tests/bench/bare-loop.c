/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What SoftHSM makes of ECDSA P-256 in a bare loop: bare-loop THREADS EACH. Prints signatures a
 * second. */

#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/loop.h"
#include "tests/bench/signing.h"
#include "tests/unit/test-hsm-token.h"

static loop_t args;

START_TEST(bench)
{
	test_tokens_make();
	signing_begin(test_conf(), "loop.test");
	printf("%.0f\n", loop_rate(&args));
	fflush(stdout);
	signing_end();
	test_tokens_remove();
}
END_TEST

int main(int argc, char *argv[])
{
	args.threads = argc == 3 ? atoi(argv[1]) : 0;
	args.each = argc == 3 ? atoi(argv[2]) : 0;
	if (args.threads < 1 || args.threads > LOOP_THREADS_MAX || args.each < 1) {
		fprintf(stderr, "Usage: bare-loop THREADS EACH (THREADS: at most %d)\n",
		        LOOP_THREADS_MAX);
		return 2;
	}
	return signing_main("bare-loop", bench);
}
