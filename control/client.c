/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "control/client.h"

#include <poll.h>
#include <stdio.h>

/* How often the client tries again while the server's queue of connections is full. */
#define RETRY_MS 20
/* What a server has said before it broke off is there at once. */
#define SAID_MS 100

typedef struct {
	const ctl_call_t *call;
	char *err;
	size_t err_size;
	bool refused; /* err has the server's first error. */
} reader_t;

static int failed(const char *path, int ret, char *err, size_t err_size)
{
	const char *what = "";
	if (ret == KNOT_ENOENT || ret == KNOT_ECONNREFUSED) {
		what = "nobody serves this socket: ";
	} else if (ret == KNOT_ECONN) {
		what = "the server broke off: ";
	} else if (ret == KNOT_EAGAIN) {
		what = "the server is busy with others: ";
	}
	snprintf(err, err_size, "%s: %s%s", path, what, knot_strerror(ret));
	return ret;
}

/* libknot fails at once if the server's queue of connections is full. */
static int connect_server(knot_ctl_t *ctl, const char *path, int timeout_ms)
{
	int ret;
	while ((ret = knot_ctl_connect(ctl, path)) == KNOT_EAGAIN && timeout_ms > 0) {
		poll(NULL, 0, RETRY_MS);
		timeout_ms -= RETRY_MS;
	}
	return ret;
}

static int send_block(knot_ctl_t *ctl, const ctl_unit_t *units, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		knot_ctl_data_t data;
		ctl_unit_to_data(&units[i], data);
		int ret = knot_ctl_send(ctl, KNOT_CTL_TYPE_DATA, &data);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return knot_ctl_send(ctl, KNOT_CTL_TYPE_BLOCK, NULL);
}

/* \return Whether to stop. */
static bool take(reader_t *reader, knot_ctl_type_t type, const knot_ctl_data_t data)
{
	ctl_unit_t unit = ctl_unit_from_data(data);
	const char *error = data[KNOT_CTL_IDX_ERROR];
	if (error != NULL && error[0] == '\0') {
		error = "refused without a reason";
	}

	const ctl_call_t *call = reader->call;
	if (call->answer != NULL) {
		return call->answer(call->ctx, &unit, error, type == KNOT_CTL_TYPE_DATA) != 0;
	}
	if (error != NULL && !reader->refused) {
		snprintf(reader->err, reader->err_size, "%s%s%s%s",
		         unit.zone != NULL ? "zone " : "", unit.zone != NULL ? unit.zone : "",
		         unit.zone != NULL ? ": " : "", error);
		reader->refused = true;
	}
	return false;
}

static int read_answer(knot_ctl_t *ctl, reader_t *reader)
{
	while (true) {
		knot_ctl_type_t type;
		knot_ctl_data_t data;
		int ret = knot_ctl_receive(ctl, &type, &data);
		if (ret != KNOT_EOK) {
			return ret;
		}

		switch (type) {
		case KNOT_CTL_TYPE_DATA:
		case KNOT_CTL_TYPE_EXTRA:
			if (take(reader, type, data)) {
				return KNOT_EOK;
			}
			break;
		case KNOT_CTL_TYPE_BLOCK:
			return KNOT_EOK;
		default:
			return KNOT_ECONN;
		}
	}
}

/*! Sends and reads. A server that refuses a connection does not read what is sent, and has said why. */
static int exchange(knot_ctl_t *ctl, const ctl_call_t *call, reader_t *reader)
{
	const int sent = send_block(ctl, call->units, call->count);
	if (sent != KNOT_EOK) {
		knot_ctl_set_timeout(ctl, SAID_MS);
	}
	const int ret = read_answer(ctl, reader);
	return sent == KNOT_EOK || ret == KNOT_EOK ? ret : sent;
}

int ctl_client_call(const ctl_call_t *call, char *err, size_t err_size)
{
	knot_ctl_t *ctl = knot_ctl_alloc();
	if (ctl == NULL) {
		return failed(call->path, KNOT_ENOMEM, err, err_size);
	}
	knot_ctl_set_timeout(ctl, call->timeout_ms);

	reader_t reader = { .call = call, .err = err, .err_size = err_size };
	int ret = connect_server(ctl, call->path, call->timeout_ms);
	if (ret == KNOT_EOK) {
		ret = exchange(ctl, call, &reader);
	}
	if (ret == KNOT_EOK) {
		/* The answer is complete: an error in saying goodbye does not matter. */
		(void)knot_ctl_send(ctl, KNOT_CTL_TYPE_END, NULL);
	}
	knot_ctl_free(ctl);

	if (ret != KNOT_EOK) {
		return failed(call->path, ret, err, err_size);
	}
	return reader.refused ? KNOT_ERROR : KNOT_EOK;
}
