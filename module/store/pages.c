/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/store/pages.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lmdb.h>

/*** The form of the file, as LMDB 0.9 writes it (mdb.c). ***/

#define FORM_VERSION 1
#define FIRST_PAGE 2              /* Pages before are the two that have the roots. */
#define NO_PAGE (~(size_t)0)
#define DEPTH_MAX 32              /* Pages from a root to a leaf, at most: CURSOR_STACK. */
#define KEY_LEN_MAX 511

/* Of page_t.flags. */
enum { BRANCH = 0x01, LEAF = 0x02, OVERFLOW = 0x04, KIND = 0x6f };

/* Of node_t.flags: the data is on pages of its own, or is the root of a table. */
enum { BIG = 0x01, TABLE = 0x02, DUPLICATES = 0x04 };

typedef struct {
	size_t number;
	uint16_t pad, flags;
	union {
		struct {
			uint16_t lower, upper; /*!< Where the free space begins and ends. */
		};
		uint32_t count;                /*!< Of pages, if it is an overflow page. */
	};
} page_t;

typedef struct {
	uint16_t low, high; /*!< Bytes of data; in a branch, with flags, the number of a page. */
	uint16_t flags, key_len;
} page_node_t;

typedef struct {
	uint32_t pad;       /*!< Of the first table of all: bytes of a page. */
	uint16_t flags, depth;
	size_t branches, leaves, overflows, entries, root;
} table_t;

typedef struct {
	uint32_t magic, version;
	void *address;
	size_t map_size;
	table_t tables[2];  /*!< Of the free pages, and of all other tables. */
	size_t last_page, number;
} meta_t;

/*** The check. ***/

typedef struct {
	int fd;
	size_t page_size, last_page;
	uint8_t *seen;               /*!< A bit for each page. */
	uint8_t *buffers[DEPTH_MAX * 2]; /*!< Pages on the way from the root of all to a leaf. */
} check_t;

/*! Which table it is: what is in its leaves. */
typedef enum { OF_FREE_PAGES, OF_TABLES, OF_ENTRIES } content_t;

typedef struct {
	content_t content;
	unsigned levels;    /*!< Below this page, this one included. */
	unsigned depth;     /*!< Pages above, those of the table of tables included. */
} place_t;

static int read_at(const check_t *check, size_t page, void *out, size_t len)
{
	const ssize_t got = pread(check->fd, out, len, page * check->page_size);
	return got == (ssize_t)len ? 0 : got < 0 ? errno : MDB_CORRUPTED;
}

/*! Notes that a page is used, or free; it can be that once. */
static bool see(check_t *check, size_t page)
{
	if (page < FIRST_PAGE || page > check->last_page ||
	    (check->seen[page / 8] & 1 << page % 8) != 0) {
		return false;
	}
	check->seen[page / 8] |= 1 << page % 8;
	return true;
}

/*! Checks a list of free pages: their count, and their numbers, the largest first. */
static int check_free(check_t *check, const uint8_t *data, size_t len)
{
	size_t count, page, before = NO_PAGE;
	if (len < sizeof(count)) {
		return MDB_CORRUPTED;
	}
	memcpy(&count, data, sizeof(count));
	if (count > len / sizeof(page) - 1) {
		return MDB_CORRUPTED;
	}
	for (size_t i = 1; i <= count; i++, before = page) {
		memcpy(&page, data + i * sizeof(page), sizeof(page));
		if (page >= before || !see(check, page)) {
			return MDB_CORRUPTED;
		}
	}
	return 0;
}

/*! Checks data that has pages of its own. */
static int check_big(check_t *check, size_t page, size_t len, content_t content)
{
	page_t head;
	int ret = read_at(check, page, &head, sizeof(head));
	if (ret != 0) {
		return ret;
	}
	if (page > check->last_page || head.number != page || (head.flags & KIND) != OVERFLOW ||
	    head.count == 0 || head.count > check->last_page - page + 1 ||
	    len > head.count * check->page_size - sizeof(head)) {
		return MDB_CORRUPTED;
	}
	for (size_t i = 0; i < head.count; i++) {
		if (!see(check, page + i)) {
			return MDB_CORRUPTED;
		}
	}
	uint8_t *all = malloc(head.count * check->page_size);
	if (all == NULL) {
		return ENOMEM;
	}
	ret = read_at(check, page, all, head.count * check->page_size);
	if (ret == 0 && content == OF_FREE_PAGES) {
		ret = check_free(check, all + sizeof(head), len);
	}
	free(all);
	return ret;
}

static int check_page(check_t *check, size_t number, place_t place);

static int check_table(check_t *check, const table_t *table, content_t content, unsigned depth)
{
	if (table->root == NO_PAGE) {
		return 0;
	}
	return table->depth == 0 || table->depth > DEPTH_MAX
	       ? MDB_CORRUPTED
	       : check_page(check, table->root, (place_t) { content, table->depth, depth });
}

/*! Checks an entry of a leaf. \param left  Bytes from the node to the end of the page. */
static int check_entry(check_t *check, const page_node_t *node, const uint8_t *data, size_t left,
                       place_t place)
{
	const size_t len = node->low | (size_t)node->high << 16;
	const bool big = node->flags & BIG;
	size_t page;
	table_t table;
	if (node->key_len == 0 || node->key_len > KEY_LEN_MAX || (node->flags & DUPLICATES) != 0 ||
	    (big ? sizeof(page) : len) > left) {
		return MDB_CORRUPTED;
	}
	if ((node->flags & TABLE) != 0) {
		if (big || place.content != OF_TABLES || len != sizeof(table)) {
			return MDB_CORRUPTED;
		}
		memcpy(&table, data, sizeof(table));
		return check_table(check, &table, OF_ENTRIES, place.depth + 1);
	}
	if (big) {
		memcpy(&page, data, sizeof(page));
		return check_big(check, page, len, place.content);
	}
	return place.content == OF_FREE_PAGES ? check_free(check, data, len) : 0;
}

/*! Checks a node of a page, and what it leads to. */
static int check_node(check_t *check, const uint8_t *page, uint16_t at, place_t place)
{
	page_node_t node;
	page_t head;
	memcpy(&head, page, sizeof(head));
	if (at < head.upper || at % 2 != 0 || at + sizeof(node) > check->page_size) {
		return MDB_CORRUPTED;
	}
	memcpy(&node, page + at, sizeof(node));
	const size_t left = check->page_size - at - sizeof(node);
	if (node.key_len > left) {
		return MDB_CORRUPTED;
	}
	if (place.levels > 1) {
		const size_t child = node.low | (size_t)node.high << 16 |
		                     (uint64_t)node.flags << 32;
		return check_page(check, child, (place_t) {
			place.content, place.levels - 1, place.depth + 1
		});
	}
	return check_entry(check, &node, page + at + sizeof(node) + node.key_len,
	                   left - node.key_len, place);
}

static int check_page(check_t *check, size_t number, place_t place)
{
	const bool branch = place.levels > 1;
	uint8_t **buffer = &check->buffers[place.depth];
	if (place.depth >= sizeof(check->buffers) / sizeof(check->buffers[0]) ||
	    !see(check, number)) {
		return MDB_CORRUPTED;
	}
	*buffer = *buffer != NULL ? *buffer : malloc(check->page_size);
	if (*buffer == NULL) {
		return ENOMEM;
	}
	page_t head;
	int ret = read_at(check, number, *buffer, check->page_size);
	if (ret != 0) {
		return ret;
	}
	memcpy(&head, *buffer, sizeof(head));
	if (head.number != number || (head.flags & KIND) != (branch ? BRANCH : LEAF) ||
	    head.lower > head.upper || head.upper > check->page_size || head.lower % 2 != 0 ||
	    head.lower < sizeof(head) + sizeof(uint16_t) * (branch ? 2 : 1)) {
		return MDB_CORRUPTED;
	}
	for (size_t at = sizeof(head); ret == 0 && at < head.lower; at += sizeof(uint16_t)) {
		uint16_t node;
		memcpy(&node, *buffer + at, sizeof(node));
		ret = check_node(check, *buffer, node, place);
	}
	return ret;
}

/*! Reads the newer of the two pages with roots. */
static int read_meta(check_t *check, meta_t *meta)
{
	meta_t metas[2];
	for (size_t i = 0; i < 2; i++) {
		const off_t at = i * check->page_size + sizeof(page_t);
		const ssize_t got = pread(check->fd, &metas[i], sizeof(metas[i]), at);
		if (got != sizeof(metas[i])) {
			return got < 0 ? errno : MDB_CORRUPTED;
		}
		if (i == 0) {
			check->page_size = metas[0].tables[0].pad;
		}
	}
	*meta = metas[metas[0].number < metas[1].number];
	return 0;
}

int pages_check(int fd)
{
	check_t check = { .fd = fd };
	meta_t meta = { 0 };
	struct stat st;
	int ret = fstat(fd, &st) == 0 ? read_meta(&check, &meta) : errno;
	if (ret != 0 || meta.version != FORM_VERSION) {
		return ret;
	}
	check.last_page = meta.last_page;
	if (check.page_size < sizeof(page_t) + sizeof(meta_t) || meta.last_page < FIRST_PAGE - 1 ||
	    meta.last_page > meta.map_size / check.page_size) {
		return MDB_CORRUPTED;
	}
	check.seen = calloc(1, meta.last_page / 8 + 1);
	if (check.seen == NULL) {
		return ENOMEM;
	}
	ret = check_table(&check, &meta.tables[0], OF_FREE_PAGES, 0);
	if (ret == 0) {
		ret = check_table(&check, &meta.tables[1], OF_TABLES, 0);
	}
	free(check.seen);
	for (size_t i = 0; i < sizeof(check.buffers) / sizeof(check.buffers[0]); i++) {
		free(check.buffers[i]);
	}
	return ret;
}
