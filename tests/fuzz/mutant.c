/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The mutator of the fuzzers, for who speaks to a running server:
 *
 *   mutant SEED FILE|FOLDER...         inputs made of these, each behind its length (4 octets,
 *                                      network order), until nobody reads on
 *   mutant --one SEED FILE|FOLDER...   one input, as it is */

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/corpus.h"
#include "tests/fuzz/mutate.h"

/* Bytes of an input, as long as a DNS message, unless it is made of longer ones. */
#define INPUT_MAX ((size_t)1 << 16)

/*! \return Bytes that an input has at most: none is much longer than what it is made of. */
static size_t input_max(const corpus_t *corpus)
{
	size_t max = INPUT_MAX;
	for (size_t i = 0; i < corpus->count; i++) {
		max = corpus->inputs[i].size > max ? corpus->inputs[i].size : max;
	}
	return max;
}

static bool write_input(const uint8_t *data, size_t size, bool framed)
{
	const uint32_t len = htonl(size);
	return (!framed || fwrite(&len, sizeof(len), 1, stdout) == 1) &&
	       fwrite(data, 1, size, stdout) == size;
}

int main(int argc, char **argv)
{
	const bool one = argc > 1 && strcmp(argv[1], "--one") == 0;
	const int first = one ? 2 : 1;
	corpus_t corpus = { 0 };
	if (argc < first + 2) {
		fprintf(stderr, "usage: mutant [--one] SEED FILE|FOLDER...\n");
		return EXIT_FAILURE;
	}
	uint64_t seed = strtoull(argv[first], NULL, 10);
	int ret = 0;
	for (int i = first + 1; i < argc && ret == 0; i++) {
		ret = corpus_add(&corpus, argv[i]);
	}
	if (ret != 0 || corpus.count == 0) {
		fprintf(stderr, "mutant: there are no inputs\n");
		return EXIT_FAILURE;
	}
	const size_t max = input_max(&corpus);
	uint8_t *input = malloc(max);
	bool on = input != NULL;
	do {
		on = on && write_input(input, mutate(&corpus, &seed, input, max), !one);
	} while (on && !one);
	free(input);
	corpus_deinit(&corpus);
	return on && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
