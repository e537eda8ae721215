/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Inputs of a fuzz target, read from files.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
	char *path;
	uint8_t *data;
	size_t size;
} corpus_input_t;

typedef struct {
	corpus_input_t *inputs;
	size_t count;
} corpus_t;

/*!
 * Adds a file, or the files in a folder in the order of their names; says on stderr why it cannot.
 * \return 0, -1
 */
int corpus_add(corpus_t *corpus, const char *path);

void corpus_deinit(corpus_t *corpus);
