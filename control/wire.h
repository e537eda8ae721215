/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A connection as a server of Knot's control protocol sees it: its bytes, and its deadlines.
 *
 * libknot's own server serves one client at a time: a context has one connection, and starts its
 * timeout anew with every byte. So the server's side of the protocol is here. The client's is
 * libknot's.
 *
 * The protocol: a code of one byte says what a unit is; those of DATA and EXTRA are followed by
 * items, each of a code (WIRE_ITEM + its index), a length of two bytes in network order, and a text
 * of that length. The next unit's code ends them.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

/*! Codes of a unit. */
enum { WIRE_END = 0, WIRE_DATA = 1, WIRE_EXTRA = 2, WIRE_BLOCK = 3, WIRE_ITEM = 16 };

/*! For one thread, but for waits_since. Zeroed but for fd it is ready. */
typedef struct {
	int fd;                      /*!< Non-blocking; the caller's. */
	_Atomic int64_t waits_since; /*!< When the wait for the client began, monotonic_ms(); 0 =
	                                  there is none. Any thread may read it. */
	int64_t until_ms;            /*!< Deadline of the step; see wire_begin(). */
	size_t at, len;              /*!< What of in is not read yet. */
	uint8_t in[4096];
	uint8_t *out;
	size_t out_len, out_size;
} wire_t;

/*! Begins a step, which has to be over within some milliseconds. */
void wire_begin(wire_t *wire, int64_t limit_ms);

/*! \return KNOT_EOK, KNOT_EOF (the client ended the connection), KNOT_ETIMEOUT, KNOT_ECONN */
int wire_read(wire_t *wire, void *bytes, size_t len);

/*! \return Whether something has come that is not read yet. */
bool wire_has_input(const wire_t *wire);

/*! Adds a unit to what wire_flush() sends. Texts are at most 65535 bytes long.
 *  \param data  NULL: without items. \return KNOT_EOK, KNOT_ENOMEM */
int wire_add(wire_t *wire, uint8_t code, const knot_ctl_data_t data);

/*! \return How many bytes wire_flush() would send. */
size_t wire_unsent(const wire_t *wire);

/*! Sends what was added. \return KNOT_EOK, KNOT_ETIMEOUT, KNOT_ECONN */
int wire_flush(wire_t *wire);

/*! Frees its memory; the descriptor stays open. */
void wire_deinit(wire_t *wire);
