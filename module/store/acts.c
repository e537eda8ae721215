/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/store/acts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/text.h"

#define WORD_MAX 1000 /* Bytes of a zone's name, or of what; the rest is left out. */
#define LINE_MAX_BYTES (3 * WORD_MAX)

/* The record of no zone. */
static const knot_dname_t *const root = (const knot_dname_t *)"";

/*! The record: the number of the last act that had to go, and a line feed; then the lines. */
typedef struct {
	uint64_t gone, last;
	char *text;        /*!< To be freed. */
	const char *lines; /*!< In text. */
} record_t;

static uint64_t number_of(const char *line)
{
	return strtoull(line, NULL, 10);
}

static const char *next_of(const char *line)
{
	line += strcspn(line, "\n");
	return line + (line[0] == '\n');
}

static int record_read(store_txn_t *txn, record_t *record)
{
	const void *data = "";
	size_t len = 0;
	int ret = store_get(txn, STORE_ACTS, root, &data, &len);
	if (ret != KNOT_EOK && ret != KNOT_ENOENT) {
		return ret;
	}
	char *text = strndup(data, len);
	if (text == NULL) {
		return KNOT_ENOMEM;
	}
	char *end = strrchr(text, '\n');
	if (end != NULL) {
		end[1] = '\0'; /* Something else may have written it. */
	}
	*record = (record_t){ .gone = number_of(text), .text = text, .lines = next_of(text) };
	record->last = record->gone;
	for (const char *line = record->lines; line[0] != '\0'; line = next_of(line)) {
		record->last = number_of(line);
	}
	return KNOT_EOK;
}

/*! Makes room for a line; what goes is noted. */
static void record_shorten(record_t *record, size_t more)
{
	while (record->lines[0] != '\0' && strlen(record->lines) + more > ACTS_MAX) {
		record->gone = number_of(record->lines);
		record->lines = next_of(record->lines);
	}
}

static uint64_t next_number(uint64_t last)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	const uint64_t moment = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	return moment > last ? moment : last + 1;
}

static int record_add(store_txn_t *txn, const record_t *record, const char *line)
{
	char *text = NULL;
	const int len = asprintf(&text, "%" PRIu64 "\n%s%s\n", record->gone, record->lines, line);
	if (len < 0) {
		return KNOT_ENOMEM;
	}
	const int ret = store_set(txn, STORE_ACTS, root, text, (size_t)len);
	free(text);
	return ret;
}

/*! Appends a word, tame. */
static void write_word(char line[LINE_MAX_BYTES], const char *word)
{
	char tame[WORD_MAX];
	snprintf(tame, sizeof(tame), "%s", word);
	text_tame(tame);
	const size_t len = strlen(line);
	snprintf(line + len, LINE_MAX_BYTES - len, "\t%s", tame);
}

int acts_add(store_t *store, const act_t *act)
{
	char line[LINE_MAX_BYTES];
	record_t record = { .text = NULL };
	store_txn_t txn;
	int ret = store_write(store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = record_read(&txn, &record);
	if (ret == KNOT_EOK) {
		snprintf(line, sizeof(line), "%" PRIu64 "\t%u", next_number(record.last), act->uid);
		write_word(line, act->command);
		write_word(line, act->zone);
		write_word(line, act->what);
		write_word(line, act->outcome);
		record_shorten(&record, strlen(line) + 1);
		ret = record_add(&txn, &record, line);
	}
	free(record.text);
	return store_end(&txn, ret);
}

static int read_now(store_t *store, record_t *record)
{
	store_txn_t txn;
	int ret = store_read(store, &txn);
	if (ret == KNOT_EOK) {
		ret = record_read(&txn, record);
		store_abort(&txn);
	}
	return ret;
}

uint64_t acts_last(store_t *store)
{
	record_t record = { .text = NULL };
	const uint64_t last = read_now(store, &record) == KNOT_EOK ? record.last : 0;
	free(record.text);
	return last;
}

int acts_after(store_t *store, uint64_t number, char **lines, bool *gone)
{
	record_t record = { .text = NULL };
	const int ret = read_now(store, &record);
	if (ret != KNOT_EOK) {
		return ret;
	}
	number = number > record.last ? 0 : number;
	const char *line = record.lines;
	while (line[0] != '\0' && number_of(line) <= number) {
		line = next_of(line);
	}
	char *text = strdup(line);
	if (text != NULL) {
		*lines = text;
		*gone = record.gone > number;
	}
	free(record.text);
	return text != NULL ? KNOT_EOK : KNOT_ENOMEM;
}
