/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "common/question.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#define INTERRUPT 3 /* Control-C. */

bool question_confirmed(const char *tool, const char *question)
{
	char answer[16] = "";
	if (!isatty(STDIN_FILENO)) {
		fprintf(stderr, "%s: nothing is done, there is no terminal to ask on; add --yes to "
		        "do it\n", tool);
		return false;
	}
	printf("%s [y/N] ", question);
	fflush(stdout);
	if (fgets(answer, sizeof(answer), stdin) == NULL) {
		printf("\n");
	}
	answer[strcspn(answer, "\n")] = '\0';
	if (strcasecmp(answer, "y") != 0 && strcasecmp(answer, "yes") != 0) {
		fprintf(stderr, "%s: nothing is done\n", tool);
		return false;
	}
	return true;
}

/*! Reads a line, byte by byte: what is after it is somebody else's. */
static const char *read_secret(char *secret, size_t size)
{
	size_t len = 0;
	ssize_t got;
	while ((got = read(STDIN_FILENO, &secret[len], 1)) == 1 && secret[len] != '\n' &&
	       secret[len] != INTERRUPT) {
		if (++len == size) {
			return "it is too long";
		}
	}
	if (got < 0) {
		return strerror(errno);
	}
	if (got == 1 && secret[len] == INTERRUPT) {
		return "interrupted";
	}
	len -= len > 0 && secret[len - 1] == '\r';
	memset(secret + len, 0, size - len);
	return len > 0 ? NULL : "it is empty";
}

const char *question_secret(const char *question, char *secret, size_t size)
{
	struct termios before, quiet;
	if (tcgetattr(STDIN_FILENO, &before) != 0) {
		return read_secret(secret, size);
	}
	/* Control-C ends the line, and no signal the process: the terminal has to show again what is typed. */
	quiet = before;
	quiet.c_lflag &= (tcflag_t)~(ECHO | ISIG);
	quiet.c_cc[VEOL] = INTERRUPT;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) != 0) {
		return strerror(errno);
	}
	fprintf(stderr, "%s: ", question);
	const char *fault = read_secret(secret, size);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fprintf(stderr, "\n");
	return fault;
}
