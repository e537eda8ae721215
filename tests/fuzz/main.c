/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Replays inputs of a fuzz target: the files, and the files in the folders, that are given; without
 * any, those of the target's corpus in the source tree, as "make check" does. To search for new
 * ones, link the target with clang's -fsanitize=fuzzer instead of this file. */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* \return Inputs that were run; negative if one cannot be read. */
static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}

	uint8_t *data = NULL;
	size_t size = 0, got = 1;
	while (got > 0) {
		uint8_t *more = realloc(data, size + 65536);
		if (more == NULL) {
			break;
		}
		data = more;
		got = fread(data + size, 1, 65536, file);
		size += got;
	}
	int failed = got > 0 || ferror(file);
	fclose(file);

	if (!failed) {
		/* A copy of the exact size, for the sanitizer to see reads behind the end. */
		uint8_t *input = malloc(size > 0 ? size : 1);
		memcpy(input, data, size);
		LLVMFuzzerTestOneInput(input, size);
		free(input);
	} else {
		fprintf(stderr, "%s: cannot be read\n", path);
	}
	free(data);
	return failed ? -1 : 1;
}

static int replay_folder(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	if (count < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}

	int done = 0;
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.' && done >= 0) {
			char file[PATH_MAX];
			snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
			int ret = replay_file(file);
			done = ret < 0 ? ret : done + ret;
		}
		free(entries[i]);
	}
	free(entries);
	return done;
}

static int replay(const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		return replay_folder(path);
	}
	return replay_file(path);
}

/* That of tests/fuzz/fuzz-NAME is tests/fuzz/corpus-NAME. */
static int replay_corpus(const char *program)
{
	const char *name = strstr(program, "fuzz-");
	const char *srcdir = getenv("srcdir");
	if (name == NULL) {
		fprintf(stderr, "usage: %s FILE|FOLDER...\n", program);
		return -1;
	}
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus-%s", srcdir != NULL ? srcdir : ".",
	         name + strlen("fuzz-"));
	return replay(path);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	int done = argc > 1 ? 0 : replay_corpus(slash != NULL ? slash + 1 : argv[0]);
	for (int i = 1; i < argc && done >= 0; i++) {
		int ret = replay(argv[i]);
		done = ret < 0 ? ret : done + ret;
	}

	printf("%d inputs\n", done > 0 ? done : 0);
	return done > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
