/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The engine as a process of its own, in a directory of its own, for tests.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define PATIENCE_MS 10000

extern pid_t pid;          /*!< Of the engine; 0 = it does not run. */
extern char answer[16384]; /*!< What ask() got: all texts and errors, one after the other. */

/*! Makes the directory, tokens, conf.xml and kasp.xml. A fixture. */
void setup(void);

/*! Ends the engine if it runs, and removes all. A fixture. */
void teardown(void);

/*! \return A path in the directory; good until three more were asked for. */
const char *path(const char *name);

void write_file(const char *name, const char *text);

/*! Writes conf.xml. \param enforcer  Further elements of <Enforcer>. */
void write_conf(const char *pin, const char *enforcer);

/*! Writes kasp.xml: policy "default" with a CSK. */
void write_kasp(const char *resign);

/*! Starts the engine, and waits until it answers. */
void start(void);

/*! Ends the engine by a signal, 0 = it ends by itself. \return Exit status, or minus the signal. */
int finish(int signal);

/*! Starts an engine that is to refuse that, and to say why. */
void refused(const char *text);

/*! Sends a command. \return 0, or a code of ctl_client_call(). */
int ask(const char *cmd, const char *zone, const char *type);

/*! As ask(), with data, too. */
int ask_data(const char *cmd, const char *zone, const char *type, const char *data);

/*! Waits until the answer has that text. */
void wait_answer(const char *cmd, const char *zone, const char *text);
void wait_status(const char *text);

/*! \return Whether the engine's log has that text. */
bool logged(const char *text);
