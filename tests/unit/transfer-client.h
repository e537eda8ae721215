/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the tests of the transfer server have in common: a server, and a client of it.
 */
#pragma once

#include <stdbool.h>

#include <libknot/libknot.h>

#include "module/publish/transfer.h"
#include "tests/unit/publish-memory.h"

#define SERIAL 7
#define FRAME_MAX (2 + KNOT_WIRE_MAX_PKTSIZE)

/*! The running test's. */
extern struct transfer_test {
	char dir[64];
	char path[96];
	memory_t zone;      /*!< example., of serial SERIAL; empty. */
	log_t logger;
	transfer_t *server;
	atomic_uint warnings;
} test;

/* Fixtures: without a server, and with one. */
void setup_dir(void);
void setup(void);
void teardown(void);

/*! Starts the server. */
void start(void);

/*! \return A connection to the server. */
int dial(void);

void send_all(int fd, const void *data, size_t len);

/*! \return Whether len bytes came, rather than the end. */
bool receive_all(int fd, void *buf, size_t len);

/*! Waits for more. \return Whether the server closed the connection instead. */
bool is_closed(int fd);

knot_pkt_t *question(const char *name, uint16_t type);

/*! Adds the client's SOA, as IXFR needs it. */
void put_soa(knot_pkt_t *pkt, uint32_t serial);

void put_opt(knot_pkt_t *pkt, uint8_t version);

/*! Sends and frees. */
void send_pkt(int fd, knot_pkt_t *pkt);

/*! \return The next message, parsed; NULL if the connection was closed instead. */
knot_pkt_t *receive_pkt(int fd);

/*! send_pkt() and receive_pkt(). */
knot_pkt_t *ask(int fd, knot_pkt_t *pkt);

/*!
 * Reads messages until all that is expected was seen: the SOA, the list, the SOA.
 *
 * \param list  NULL if there is only the SOA.
 * \return How many messages.
 */
unsigned expect_transfer(int fd, const rrlist_t *list, bool edns);

/*! Waits until a counter has a value. \return Whether it came to that. */
bool until(const atomic_uint *value, unsigned wanted);

/*! Waits until the zone was noted as handed over so many times, at SERIAL. */
void expect_handed(unsigned times);

/*! Asks for AXFR and checks all of it. */
void expect_axfr(int fd);
