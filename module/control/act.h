/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The commands by which a person acts on keys, or on what is trusted: who did what is kept
 * for the policy engine, whose audit has it. The context of both commands is a control_t.
 */
#pragma once

#include "module/control/request.h"

/*! A command that is an act: does it, and keeps it. */
void act_command(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! acts, data: a number: sends a unit "act" for each act after that number, as module/store/acts.h
 *  has it, and "gone" if some are missing. */
void act_list(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*!
 * Keeps that somebody sent key sets in one block, unless he is the one who asks for facts: the engine. It is one
 * act, also for thousands of zones, which would drive others out.
 *
 * \param zone     If it was for one alone; else NULL.
 * \param refused  How many were.
 */
void act_keysets(control_t *control, const ctl_request_t *req, const char *zone, size_t count, size_t refused);
