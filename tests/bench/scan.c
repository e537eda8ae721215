/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* A plain parse of a zone file, by the parser that knotd and the module have: scan ZONEFILE ORIGIN.
 * Prints seconds. */

#include <stdio.h>
#include <time.h>

#include <libzscanner/scanner.h>

static void count(zs_scanner_t *scanner)
{
	++*(size_t *)scanner->process.data;
}

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(int argc, char *argv[])
{
	zs_scanner_t scanner;
	size_t records = 0;
	if (argc != 3) {
		fprintf(stderr, "Usage: scan ZONEFILE ORIGIN\n");
		return 2;
	}
	const double begin = now();
	if (zs_init(&scanner, argv[2], 1, 3600) != 0 ||
	    zs_set_input_file(&scanner, argv[1]) != 0 ||
	    zs_set_processing(&scanner, count, NULL, &records) != 0 ||
	    zs_parse_all(&scanner) != 0) {
		fprintf(stderr, "scan: %s: %s\n", argv[1], zs_strerror(scanner.error.code));
		return 1;
	}
	printf("%.3f\n", now() - begin);
	zs_deinit(&scanner);
	return records == 0;
}
