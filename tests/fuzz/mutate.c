/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/fuzz/mutate.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define CHANGES_MAX 16 /* To one input: few keep it meaningful, many make it odd. */
#define CHUNK_MAX 32   /* Bytes that are inserted, removed or moved at once, mostly. */
#define FLOOD_IN 64    /* One change in so many repeats a part until the input is full. */

typedef struct {
	const corpus_t *corpus;
	uint64_t *random;
	uint8_t *data;
	size_t size, max;
} draft_t;

/*! SplitMix64. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/*! \return A number below that, 0 if that is 0. */
static size_t below(const draft_t *draft, size_t limit)
{
	uint64_t number = next_random(draft->random);
	return limit > 0 ? number % limit : 0;
}

/*! \return Length of a part that begins there. */
static size_t chunk(const draft_t *draft, size_t from, size_t size)
{
	size_t most = below(draft, 8) == 0 ? size - from : CHUNK_MAX;
	size_t len = 1 + below(draft, most);
	return len < size - from ? len : size - from;
}

/*! Makes room for bytes at a place. \return How many there is room for. */
static size_t open_gap(draft_t *draft, size_t at, size_t len)
{
	len = len < draft->max - draft->size ? len : draft->max - draft->size;
	memmove(draft->data + at + len, draft->data + at, draft->size - at);
	draft->size += len;
	return len;
}

static void flip(draft_t *draft)
{
	if (draft->size > 0) {
		draft->data[below(draft, draft->size)] ^= 1 << below(draft, 8);
	}
}

static void set(draft_t *draft)
{
	if (draft->size > 0) {
		draft->data[below(draft, draft->size)] = below(draft, 256);
	}
}

/*! Numbers at which something ends: signs, lengths, pointers of DNS messages. */
static const uint64_t odd_numbers[] = {
	0, 1, 2, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xfe, 0xff, 0x100, 0x3fff, 0x4000, 0x7fff, 0x8000,
	0xc00c, 0xfffe, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
};

static uint64_t odd_number(const draft_t *draft)
{
	return odd_numbers[below(draft, sizeof(odd_numbers) / sizeof(odd_numbers[0]))];
}

/*! Writes a number of 1, 2, 4 or 8 octets, the most significant first or last. */
static void put_number(draft_t *draft)
{
	const size_t len = (size_t)1 << below(draft, 4), at = below(draft, draft->size);
	const uint64_t number = odd_number(draft);
	const bool last = below(draft, 2) == 0;
	for (size_t i = 0; i < len && at + i < draft->size; i++) {
		draft->data[at + i] = number >> 8 * (last ? i : len - 1 - i);
	}
}

/*! The same for a number in a text. */
static void put_digits(draft_t *draft)
{
	char digits[24];
	size_t from = below(draft, draft->size);
	while (from < draft->size && !isdigit(draft->data[from])) {
		from++;
	}
	size_t end = from;
	while (end < draft->size && isdigit(draft->data[end])) {
		end++;
	}
	if (end > from) {
		memmove(draft->data + from, draft->data + end, draft->size - end);
		draft->size -= end - from;
		size_t len = (size_t)snprintf(digits, sizeof(digits), "%llu",
		                              (unsigned long long)odd_number(draft));
		memcpy(draft->data + from, digits, open_gap(draft, from, len));
	}
}

static void insert(draft_t *draft)
{
	const size_t at = below(draft, draft->size + 1);
	const size_t len = open_gap(draft, at, 1 + below(draft, CHUNK_MAX));
	for (size_t i = 0; i < len; i++) {
		draft->data[at + i] = below(draft, 256);
	}
}

static void cut(draft_t *draft)
{
	if (draft->size > 0) {
		const size_t at = below(draft, draft->size);
		const size_t len = chunk(draft, at, draft->size);
		memmove(draft->data + at, draft->data + at + len, draft->size - at - len);
		draft->size -= len;
	}
}

/*! Inserts a part of the input once more, at times until the input is full. */
static void repeat(draft_t *draft)
{
	uint8_t part[1024];
	if (draft->size == 0) {
		return;
	}
	const size_t from = below(draft, draft->size), at = below(draft, draft->size + 1);
	size_t len = chunk(draft, from, draft->size), times = 1, got = 0;
	len = len < sizeof(part) ? len : sizeof(part);
	memcpy(part, draft->data + from, len);
	if (below(draft, FLOOD_IN) == 0) {
		times = draft->max / len;
	}
	while (times-- > 0 && (got = open_gap(draft, at, len)) > 0) {
		memcpy(draft->data + at, part, got);
	}
}

/*! Writes a part of an input of the corpus over, or between, what is there. */
static void splice(draft_t *draft)
{
	const corpus_input_t *other = &draft->corpus->inputs[below(draft, draft->corpus->count)];
	if (other->size == 0) {
		return;
	}
	const size_t from = below(draft, other->size), at = below(draft, draft->size + 1);
	size_t len = chunk(draft, from, other->size);
	if (below(draft, 2) == 0) {
		len = open_gap(draft, at, len);
	} else {
		len = len < draft->max - at ? len : draft->max - at;
		draft->size = at + len > draft->size ? at + len : draft->size;
	}
	memcpy(draft->data + at, other->data + from, len);
}

size_t mutate(const corpus_t *corpus, uint64_t *random, uint8_t *out, size_t max)
{
	static void (*const changes[])(draft_t *) = {
		flip, set, put_number, put_digits, insert, cut, repeat, splice,
	};
	draft_t draft = { .corpus = corpus, .random = random, .data = out, .max = max };
	const corpus_input_t *seed = &corpus->inputs[below(&draft, corpus->count)];
	draft.size = seed->size < max ? seed->size : max;
	memcpy(out, seed->data, draft.size);
	for (size_t left = 1 + below(&draft, 1 + below(&draft, CHANGES_MAX)); left > 0; left--) {
		changes[below(&draft, sizeof(changes) / sizeof(changes[0]))](&draft);
	}
	return draft.size;
}
