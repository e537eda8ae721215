/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "common/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

#define WORDS_MAX 32  /* Of a command line, the program among them. */
#define TAIL_MAX 200  /* Bytes of output that are kept for the reason. */
#define TICK_MS 50    /* How often to look whether the program has ended. */
#define GRACE_MS 2000 /* What a program has between SIGTERM and SIGKILL. */

extern char **environ;

/* A program that runs. */
typedef struct {
	pid_t pid;
	int output; /* Read end, not blocking; -1 = at its end. */
	bool lost;  /* It has ended, but the system does not tell how. */
	char tail[TAIL_MAX + 1];
	size_t tail_len;
} running_t;

/* \return A descriptor to read the text from; its size does not matter, unlike a pipe's. */
static int input_fd(const char *text)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	size_t left = strlen(text);
	while (fd >= 0 && left > 0) {
		ssize_t done = write(fd, text, left);
		if (done <= 0) {
			close(fd);
			return -1;
		}
		text += done;
		left -= (size_t)done;
	}
	if (fd >= 0) {
		lseek(fd, 0, SEEK_SET);
	}
	return fd;
}

/*! \return The environment without what is hidden, to be freed; NULL: no memory. */
static char **open_environment(void)
{
	size_t count = 0, kept = 0;
	while (environ[count] != NULL) {
		count++;
	}
	char **open = calloc(count + 1, sizeof(*open));
	for (size_t i = 0; open != NULL && i < count && environ[i] != NULL; i++) {
		if (strncmp(environ[i], COMMAND_HIDDEN, strlen(COMMAND_HIDDEN)) != 0) {
			open[kept++] = environ[i];
		}
	}
	return open;
}

static int spawn(char **argv, int input, int output, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
	                                        POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	char **environment = open_environment();
	int ret = environment == NULL ? ENOMEM
	          : posix_spawnp(pid, argv[0], &files, &attr, argv, environment);
	free(environment);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return ret;
}

/* \return The descriptor that the program reads, to be closed; -1 on failure. */
static int open_input(const command_t *command)
{
	if (command->input != NULL) {
		return input_fd(command->input);
	}
	int fd = fcntl(command->input_fd, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0) {
		lseek(fd, 0, SEEK_SET);
	}
	return fd;
}

static int start(running_t *run, char **argv, const command_t *command, char *why,
                 size_t why_size)
{
	int in = open_input(command);
	int out[2] = { -1, -1 };
	if (in < 0 || pipe2(out, O_CLOEXEC) != 0) {
		snprintf(why, why_size, "%s: cannot be run: %s", argv[0], strerror(errno));
		close(in);
		return -1;
	}
	int ret = spawn(argv, in, out[1], &run->pid);
	close(in);
	close(out[1]);
	if (ret != 0) {
		snprintf(why, why_size, "%s: cannot be run: %s", argv[0], strerror(ret));
		close(out[0]);
		return -1;
	}
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	run->output = out[0];
	return 0;
}

/* Reads what the program writes, and keeps the end of it. */
static void read_output(running_t *run)
{
	char buf[4096];
	ssize_t got = 1;
	while (run->output >= 0 && (got = read(run->output, buf, sizeof(buf))) > 0) {
		size_t len = (size_t)got;
		const char *from = buf;
		if (len > TAIL_MAX) {
			from += len - TAIL_MAX;
			len = TAIL_MAX;
		}
		size_t keep = run->tail_len;
		keep = keep + len > TAIL_MAX ? TAIL_MAX - len : keep;
		memmove(run->tail, run->tail + run->tail_len - keep, keep);
		memcpy(run->tail + keep, from, len);
		run->tail_len = keep + len;
	}
	if (run->output >= 0 && (got == 0 || errno != EAGAIN)) {
		close(run->output);
		run->output = -1;
	}
}

/* The last line that is not empty, without control characters. */
static const char *last_line(running_t *run)
{
	char *text = run->tail;
	size_t len = run->tail_len;
	while (len > 0 && (unsigned char)text[len - 1] <= ' ') {
		len--;
	}
	text[len] = '\0';
	char *line = len > 0 ? memrchr(text, '\n', len) : NULL;
	line = line != NULL ? line + 1 : text;
	for (char *c = line; *c != '\0'; c++) {
		*c = (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c;
	}
	return line;
}

/* Waits until the program has ended, but not beyond a time, nor when stop_fd is readable. \return
 * Whether the program has ended. */
static bool wait_end(running_t *run, int64_t until, int stop_fd, int *status)
{
	pid_t ended;
	while ((ended = waitpid(run->pid, status, WNOHANG)) == 0) {
		int64_t left = until - monotonic_ms();
		if (left <= 0) {
			return false;
		}
		struct pollfd fds[2] = { { .fd = stop_fd, .events = POLLIN },
		                         { .fd = run->output, .events = POLLIN } };
		poll(fds, 2, left < TICK_MS ? (int)left : TICK_MS);
		if (fds[0].revents != 0) {
			return false;
		}
		read_output(run);
	}
	run->lost = ended < 0;
	read_output(run);
	return true;
}

static void end(running_t *run, int *status)
{
	kill(-run->pid, SIGTERM);
	if (!wait_end(run, monotonic_ms() + GRACE_MS, -1, status)) {
		kill(-run->pid, SIGKILL);
		waitpid(run->pid, status, 0);
	}
}

static int judge(const char *program, int status, running_t *run, char *why, size_t why_size)
{
	if (run->lost) {
		snprintf(why, why_size, "%s: has ended, but its exit status is lost: is SIGCHLD "
		         "ignored?", program);
		return -1;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		return 0;
	}
	const char *line = last_line(run);
	snprintf(why, why_size, "%s: %s %d%s%s", program,
	         WIFEXITED(status) ? "exit status" : "ended by signal",
	         WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
	         line[0] != '\0' ? ": " : "", line);
	return -1;
}

static int run_words(char **argv, const command_t *command, char *why, size_t why_size)
{
	running_t run = { .output = -1 };
	struct pollfd stop = { .fd = command->stop_fd, .events = POLLIN };
	if (poll(&stop, 1, 0) > 0) {
		snprintf(why, why_size, "%s: not run, since everything stops", argv[0]);
		return -1;
	}
	if (start(&run, argv, command, why, why_size) != 0) {
		return -1;
	}
	int status = 0;
	int64_t until = monotonic_ms() + (int64_t)command->limit_s * 1000;
	int ret = -1;
	if (wait_end(&run, until, command->stop_fd, &status)) {
		ret = judge(argv[0], status, &run, why, why_size);
	} else {
		bool late = monotonic_ms() >= until;
		end(&run, &status);
		if (late) {
			snprintf(why, why_size, "%s: did not end within %u s, so it was ended",
			         argv[0], command->limit_s);
		} else {
			snprintf(why, why_size, "%s: ended, since everything stops", argv[0]);
		}
	}
	if (run.output >= 0) {
		close(run.output);
	}
	return ret;
}

int command_run(const command_t *command, char *why, size_t why_size)
{
	char *copy = strdup(command->line);
	char *argv[WORDS_MAX + 1] = { NULL };
	char *save = NULL;
	size_t count = 0;
	for (char *word = copy != NULL ? strtok_r(copy, " \t\r\n", &save) : NULL;
	     word != NULL && count < WORDS_MAX; word = strtok_r(NULL, " \t\r\n", &save)) {
		argv[count++] = word;
	}
	const bool named = count > 0;
	for (const char *const *more = command->more;
	     more != NULL && *more != NULL && count < WORDS_MAX; more++) {
		argv[count++] = (char *)*more;
	}
	int ret = -1;
	if (!named) {
		snprintf(why, why_size, "%s", copy == NULL ? "out of memory" : "no program named");
	} else {
		ret = run_words(argv, command, why, why_size);
	}
	free(copy);
	return ret;
}
