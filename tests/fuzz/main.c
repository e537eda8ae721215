/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Runs a fuzz target, as "make check" does. Given files and folders, it replays these inputs. Without
 * any, it replays the target's corpus in the source tree, and then inputs made of that at random,
 * for FUZZ_SECONDS; FUZZ_SEED repeats a run. An input that ends the process or takes too long is left
 * in a file. For a search that sees which code an input reaches there is "make fuzz". */

#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/fuzz/corpus.h"
#include "tests/fuzz/mutate.h"

#define SECONDS 2               /* That inputs are made for, unless FUZZ_SECONDS is set. */
#define INPUT_MAX ((size_t)1 << 16) /* Bytes; as long as a DNS message can be. */
#define LOOK_NS 20000000        /* How often it is seen whether the target is still at work. */
#define HANG_S 30               /* Of the clock, without any CPU time it may be. */

/* Seconds of CPU time that an input may take; those of the corpora take milliseconds. */
#ifdef __SANITIZE_ADDRESS__
#define SLOW_S 10.0
#elif defined(__SANITIZE_THREAD__)
#define SLOW_S 20.0
#else
#define SLOW_S 1.0
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*! What the process that runs the target lets its parent see. */
typedef struct {
	atomic_ulong runs; /*!< Inputs that it has begun with. */
	atomic_bool slow;  /*!< It has ended since the input took too long. */
	atomic_bool over;  /*!< It is through with all inputs. */
	size_t size;       /*!< Of the input that it is at. */
	uint8_t data[INPUT_MAX];
} shared_t;

static double cpu_seconds(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static double seconds(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void run(const uint8_t *data, size_t size)
{
	/* A copy of the exact size, for the sanitizer to see reads behind the end. */
	uint8_t *input = malloc(size > 0 ? size : 1);
	if (input != NULL) {
		memcpy(input, data, size);
		(void)LLVMFuzzerTestOneInput(input, size);
	}
	free(input);
}

static void run_shared(shared_t *shared, const uint8_t *data, size_t size)
{
	const double from = cpu_seconds();
	shared->size = size < INPUT_MAX ? size : INPUT_MAX;
	memmove(shared->data, data, shared->size);
	atomic_fetch_add(&shared->runs, 1);
	run(shared->data, shared->size);
	if (cpu_seconds() - from > SLOW_S) {
		shared->slow = true;
		_exit(EXIT_FAILURE);
	}
}

/*! The child. */
static void work(shared_t *shared, const corpus_t *corpus, uint64_t seed, double duration)
{
	static uint8_t input[INPUT_MAX];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < corpus->count; i++) {
		run_shared(shared, corpus->inputs[i].data, corpus->inputs[i].size);
	}
	const double end = seconds() + duration;
	while (seconds() < end) {
		run_shared(shared, input, mutate(corpus, &seed, input, sizeof(input)));
	}
	shared->over = true;
}

/*! Waits for the child. \return Its status; that of a SIGKILL if it did not get on. */
static int watch(shared_t *shared, pid_t child)
{
	unsigned long last = 0;
	double since = seconds();
	int status = 0;
	while (waitpid(child, &status, WNOHANG) == 0) {
		const unsigned long runs = shared->runs;
		if (runs != last) {
			last = runs;
			since = seconds();
		} else if (seconds() - since > HANG_S) {
			shared->slow = true;
			kill(child, SIGKILL);
		}
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
	}
	return status;
}

/*! Leaves the input of a failure in a file. */
static void report(const shared_t *shared, const corpus_t *corpus, const char *program)
{
	char path[PATH_MAX];
	if (shared->over) {
		fprintf(stderr, "failed after all inputs\n");
		return;
	}
	const char *what = shared->slow ? "takes too long" : "fails";
	if (shared->runs > 0 && shared->runs <= corpus->count) {
		fprintf(stderr, "%s: %s\n", corpus->inputs[shared->runs - 1].path, what);
		return;
	}
	snprintf(path, sizeof(path), "%s.input", program);
	FILE *file = fopen(path, "wb");
	if (file == NULL || fwrite(shared->data, 1, shared->size, file) != shared->size ||
	    fclose(file) != 0) {
		perror(path);
	}
	fprintf(stderr, "%s: %s; again: %s %s\n", path, what, program, path);
}

static uint64_t chosen_seed(void)
{
	const char *text = getenv("FUZZ_SEED");
	return text != NULL ? strtoull(text, NULL, 10)
	                    : ((uint64_t)time(NULL) << 16 ^ (uint64_t)getpid()) & UINT32_MAX;
}

static int fuzz(const corpus_t *corpus, const char *program)
{
	const char *text = getenv("FUZZ_SECONDS");
	const uint64_t seed = chosen_seed();
	shared_t *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		return EXIT_FAILURE;
	}
	printf("FUZZ_SEED=%llu\n", (unsigned long long)seed);
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		work(shared, corpus, seed, text != NULL ? strtod(text, NULL) : SECONDS);
		exit(EXIT_SUCCESS);
	}
	const int status = watch(shared, child);
	printf("%zu inputs, %lu made of them\n", corpus->count,
	       shared->runs > corpus->count ? shared->runs - corpus->count : 0);
	const bool failed = child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	if (failed) {
		report(shared, corpus, program);
	}
	munmap(shared, sizeof(*shared));
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/*! That of tests/fuzz/fuzz-NAME is tests/fuzz/corpus-NAME. */
static int add_own(corpus_t *corpus, const char *program)
{
	const char *slash = strrchr(program, '/');
	const char *name = strstr(slash != NULL ? slash : program, "fuzz-");
	const char *srcdir = getenv("srcdir");
	if (name == NULL) {
		fprintf(stderr, "usage: %s FILE|FOLDER...\n", program);
		return -1;
	}
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus-%s", srcdir != NULL ? srcdir : ".",
	         name + strlen("fuzz-"));
	return corpus_add(corpus, path);
}

int main(int argc, char **argv)
{
	corpus_t corpus = { 0 };
	int ret = argc > 1 ? 0 : add_own(&corpus, argv[0]);
	for (int i = 1; i < argc && ret == 0; i++) {
		ret = corpus_add(&corpus, argv[i]);
	}
	if (ret != 0 || corpus.count == 0) {
		fprintf(stderr, "%s: there are no inputs\n", argv[0]);
		ret = EXIT_FAILURE;
	} else if (argc == 1) {
		ret = fuzz(&corpus, argv[0]);
	} else {
		for (size_t i = 0; i < corpus.count; i++) {
			run(corpus.inputs[i].data, corpus.inputs[i].size);
		}
		printf("%zu inputs\n", corpus.count);
	}
	corpus_deinit(&corpus);
	return ret;
}
