/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/tool/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_MIN 40 /* A narrower terminal breaks the lines by itself. */
#define WIDTH_MAX 10000 /* No terminal is wider. */

/* \return What COLUMNS says, as watch(1) sets it; 0 if it says nothing. */
static int width_wanted(void)
{
	const char *columns = getenv("COLUMNS");
	const int width = columns != NULL ? atoi(columns) : 0;
	return width > 0 && width <= WIDTH_MAX ? width : 0;
}

page_t page_of_output(void)
{
	struct winsize size = { 0 };
	const char *without = getenv("NO_COLOR");
	const bool terminal = isatty(STDOUT_FILENO);
	const bool known = terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
	                   size.ws_col > 0;
	const int width = known ? size.ws_col : terminal ? 80 : width_wanted();
	return (page_t){ .width = width > 0 && width < WIDTH_MIN ? WIDTH_MIN : width,
	                 .colours = terminal && (without == NULL || without[0] == '\0') };
}

void page_ink(const page_t *page, page_ink_t ink)
{
	static const char *const codes[] = {
		[PAGE_PLAIN] = "0", [PAGE_BOLD] = "1", [PAGE_GOOD] = "32", [PAGE_WARNING] = "33",
		[PAGE_CRITICAL] = "1;31", [PAGE_FAINT] = "2",
	};
	if (page->colours) {
		printf("\033[%sm", codes[ink]);
	}
}

/* \return Columns of a text of UTF-8, each of its characters being one wide. */
static int columns(const char *text, size_t len)
{
	int count = 0;
	for (size_t i = 0; i < len; i++) {
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	}
	return count;
}

void page_wrap(const page_t *page, int used, int indent, const char *text)
{
	bool begins = true;
	while (*text != '\0') {
		const size_t word = strcspn(text, " ");
		const int wide = columns(text, word);
		if (!begins && page->width > 0 && used + 1 + wide > page->width) {
			printf("\n%*s", indent, "");
			used = indent;
			begins = true;
		}
		printf("%s%.*s", begins ? "" : " ", (int)word, text);
		used += wide + !begins;
		begins = false;
		text += word + strspn(text + word, " ");
	}
	printf("\n");
}

void page_cell(const page_t *page, int width, const char *text)
{
	const int wide = columns(text, strlen(text));
	if (wide <= width || page->width == 0) {
		printf("%s%*s", text, wide < width ? width - wide : 0, "");
		return;
	}
	size_t len = 0;
	for (int left = width - 1; left > 0; left--) {
		do {
			len++;
		} while (((unsigned char)text[len] & 0xc0) == 0x80);
	}
	printf("%.*s…", (int)len, text);
}

const char *page_bytes(int64_t bytes, char buf[PAGE_TEXT_MAX])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double number = (double)bytes;
	size_t unit = 0;
	while (number >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		number /= 1000;
		unit++;
	}
	snprintf(buf, PAGE_TEXT_MAX, unit > 0 ? "%.1f %s" : "%.0f %s", number, units[unit]);
	return buf;
}
