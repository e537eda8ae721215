/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief ods status as JSON; ods(1) has the schema.
 */
#pragma once

#include "policy-engine/tool/todo.h"

#define STATUS_SCHEMA 1 /*!< Counts up when a member goes, or means something else. */

/*! Writes it to the standard output. */
void status_json(const picture_t *picture, const todo_t *todo);
