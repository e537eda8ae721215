/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Changes an input at random, without knowing what it means.
 */
#pragma once

#include "tests/fuzz/corpus.h"

/*!
 * Makes an input from those of a corpus.
 *
 * \param corpus  Not empty.
 * \param random  State of the generator; the same state makes the same input.
 * \param max     Bytes of out.
 * \return Bytes of the new input.
 */
size_t mutate(const corpus_t *corpus, uint64_t *random, uint8_t *out, size_t max);
