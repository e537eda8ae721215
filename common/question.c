/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "common/question.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

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
