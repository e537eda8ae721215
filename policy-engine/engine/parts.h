/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The parts of the engine: each knows the desk, and those to the left of it only.
 */
#pragma once

#include "policy-engine/desk/desk.h"
#include "policy-engine/keys/keys.h"
#include "policy-engine/parent/parent.h"
#include "policy-engine/recover/learn.h"
#include "policy-engine/secondaries/secondaries.h"
#include "policy-engine/signer/link.h"

typedef struct {
	desk_t desk;
	parent_t parent;
	secondaries_t *secondaries;
	link_t link;
	learn_t learn;
	keys_t keys;
} parts_t;
