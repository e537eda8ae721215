/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/fuzz/corpus.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int complain(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return -1;
}

/*! \param size  Of the file; a byte more than that is an error, too. */
static int read_data(const char *path, size_t size, uint8_t *data)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		return -1;
	}
	size_t got = fread(data, 1, size, file);
	fclose(file);
	if (got != size) {
		errno = EIO;
		return -1;
	}
	return 0;
}

static int add_file(corpus_t *corpus, const char *path, size_t size)
{
	corpus_input_t *more = reallocarray(corpus->inputs, corpus->count + 1, sizeof(*more));
	if (more == NULL) {
		return complain(path);
	}
	corpus->inputs = more;
	corpus_input_t input = { .path = strdup(path), .data = malloc(size + 1), .size = size };
	if (input.path == NULL || input.data == NULL || read_data(path, size, input.data) != 0) {
		free(input.path);
		free(input.data);
		return complain(path);
	}
	corpus->inputs[corpus->count++] = input;
	return 0;
}

static int add_folder(corpus_t *corpus, const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort), ret = 0;
	if (count < 0) {
		return complain(path);
	}
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.' && ret == 0) {
			char file[PATH_MAX];
			snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
			ret = corpus_add(corpus, file);
		}
		free(entries[i]);
	}
	free(entries);
	return ret;
}

int corpus_add(corpus_t *corpus, const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		return complain(path);
	}
	return S_ISDIR(st.st_mode) ? add_folder(corpus, path) : add_file(corpus, path, st.st_size);
}

void corpus_deinit(corpus_t *corpus)
{
	for (size_t i = 0; i < corpus->count; i++) {
		free(corpus->inputs[i].path);
		free(corpus->inputs[i].data);
	}
	free(corpus->inputs);
	*corpus = (corpus_t){ 0 };
}
