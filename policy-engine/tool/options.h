/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The command line of ods: exit codes, and the options that most commands have.
 */
#pragma once

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

/*! Exit codes. */
enum { DONE = 0, FAILED = 1, USAGE = 2 };

/*! What a command works with. Its arguments and the options may come in any order. */
typedef struct {
	const char *conf;    /*!< conf.xml; NULL = no option names one. */
	const char *socket;  /*!< The engine's, or the module's; NULL = the one that conf.xml
	                          names. */
	bool json;           /*!< Print JSON. */
	bool yes;            /*!< Do not ask. */
	bool emergency;      /*!< As fast as is safe. */
	bool quiet;          /*!< That the module or the engine is away is not said. */
	bool module;         /*!< The command is for the module, not for the engine. */
	int patience_ms;     /*!< How long the engine's answer may take; 0 = a minute. */
	const char **args;   /*!< What comes after the command's name. */
	int count;
} invocation_t;

/*! The options that options_take() knows, for getopt_long(). */
#define OPTIONS_SHORT "c:s:jy"
#define OPTIONS_LONG \
	{ "config", required_argument, NULL, 'c' }, \
	{ "socket", required_argument, NULL, 's' }, \
	{ "json", no_argument, NULL, 'j' }, \
	{ "yes", no_argument, NULL, 'y' }

/*! Takes an option that getopt_long() found. \return Whether it is one of those above. */
bool options_take(invocation_t *run, int option, const char *value);

/*! Reads the address of a DNS server, ADDRESS or ADDRESS@PORT. \return Whether it is one; else it is said. */
bool options_address(const char *text, struct sockaddr_storage *address);

/*! Reads a number of 32 bits, which stays as it is if text is NULL. \param what  What it should be.
 *  \return Whether it is one; else it is said. */
bool options_number(const char *text, const char *what, uint32_t *number);

/*! The command line of a command with options of its own. */
typedef struct {
	const char *shorts;         /*!< OPTIONS_SHORT, "h", and its own. */
	const struct option *longs; /*!< Its own, OPTIONS_LONG, help. */
	void (*usage)(FILE *out);
	/*! Takes an option. \return Whether it is one of its own. */
	bool (*take)(void *ctx, int option, const char *value);
} options_form_t;

/*!
 * Reads such a command line. What is wrong is said.
 *
 * \param argv  Begins with the command's name.
 * \param run   Gets the options that all have, and the arguments; keeps those that it has.
 * \return DONE to go on, USAGE; -1: help was asked for, and given.
 */
int options_parse(const options_form_t *form, int argc, char *argv[], invocation_t *run, void *ctx);
