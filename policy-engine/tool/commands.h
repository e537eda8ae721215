/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The commands of ods. Each returns DONE, FAILED or USAGE, and has printed why it failed.
 */
#pragma once

#include "policy-engine/tool/options.h"

int tool_keys(const invocation_t *run);
int tool_ds(const invocation_t *run);
int tool_ds_seen(const invocation_t *run);
int tool_ds_gone(const invocation_t *run);
int tool_rollover(const invocation_t *run);
int tool_key_lost(const invocation_t *run);
int tool_remove(const invocation_t *run);
int tool_backup(const invocation_t *run);
int tool_save(const invocation_t *run);
int tool_restore(const invocation_t *run);
int tool_generate(const invocation_t *run);
int tool_adopt(const invocation_t *run);
int tool_clock_accept(const invocation_t *run);
int tool_pass(const invocation_t *run);
int tool_audit(const invocation_t *run);
int tool_skr(const invocation_t *run);
int tool_forget(const invocation_t *run);
int tool_check(const invocation_t *run);

/* Of the codes of monitors: 0, 1 warning, 2 critical, 3 unknown. */
int tool_status(const invocation_t *run);

/* 3: one of the two does not answer. */
int tool_zone(const invocation_t *run);
int tool_zones(const invocation_t *run, int argc, char *argv[]);

/* These have options of their own. They get their own name as argv[0]. */
int tool_ksr(const invocation_t *run, int argc, char *argv[]);
int tool_diff(const invocation_t *run, int argc, char *argv[]);
int tool_report(const invocation_t *run, int argc, char *argv[]);
int tool_simulate(const invocation_t *run, int argc, char *argv[]);
int tool_import(const invocation_t *run, int argc, char *argv[]);
int tool_back(const invocation_t *run, int argc, char *argv[]);
int tool_migrate(const invocation_t *run, int argc, char *argv[]);
int tool_freeze(const invocation_t *run, int argc, char *argv[]);
int tool_thaw(const invocation_t *run, int argc, char *argv[]);
int tool_recover(const invocation_t *run, int argc, char *argv[]);
int tool_setup(const invocation_t *run, int argc, char *argv[]);
int tool_metrics(const invocation_t *run, int argc, char *argv[]);
