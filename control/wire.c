/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "control/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"

void wire_begin(wire_t *wire, int64_t limit_ms)
{
	wire->until_ms = monotonic_ms() + limit_ms;
}

static int wait_for(wire_t *wire, short events)
{
	struct pollfd poller = { .fd = wire->fd, .events = events };
	const int64_t now = monotonic_ms();
	if (now >= wire->until_ms) {
		return KNOT_ETIMEOUT;
	}
	atomic_store(&wire->waits_since, now);
	const int ready = poll(&poller, 1, (int)(wire->until_ms - now));
	atomic_store(&wire->waits_since, 0);
	return ready > 0 || (ready < 0 && errno == EINTR) ? KNOT_EOK
	       : ready == 0 ? KNOT_ETIMEOUT : KNOT_ECONN;
}

static bool would_wait(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK;
}

/* Reads at least a byte. */
static int fill(wire_t *wire)
{
	while (true) {
		const ssize_t got = recv(wire->fd, wire->in, sizeof(wire->in), 0);
		if (got > 0) {
			wire->at = 0;
			wire->len = (size_t)got;
			return KNOT_EOK;
		}
		if (got == 0) {
			return KNOT_EOF;
		}
		if (errno == EINTR) {
			continue;
		}
		const int ret = would_wait() ? wait_for(wire, POLLIN) : KNOT_ECONN;
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
}

int wire_read(wire_t *wire, void *bytes, size_t len)
{
	uint8_t *to = bytes;
	while (len > 0) {
		if (wire->len == 0) {
			const int ret = fill(wire);
			if (ret != KNOT_EOK) {
				return ret;
			}
		}
		const size_t some = wire->len < len ? wire->len : len;
		memcpy(to, wire->in + wire->at, some);
		wire->at += some;
		wire->len -= some;
		to += some;
		len -= some;
	}
	return KNOT_EOK;
}

bool wire_has_input(const wire_t *wire)
{
	return wire->len > 0;
}

static bool reserve(wire_t *wire, size_t len)
{
	if (wire->out_size - wire->out_len >= len) {
		return true;
	}
	size_t size = wire->out_size > 0 ? wire->out_size * 2 : 4096;
	while (size - wire->out_len < len) {
		size *= 2;
	}
	uint8_t *grown = realloc(wire->out, size);
	if (grown == NULL) {
		return false;
	}
	wire->out = grown;
	wire->out_size = size;
	return true;
}

static void add_item(wire_t *wire, int index, const char *text, size_t len)
{
	const uint8_t head[] = { (uint8_t)(WIRE_ITEM + index), (uint8_t)(len >> 8), (uint8_t)len };
	memcpy(wire->out + wire->out_len, head, sizeof(head));
	memcpy(wire->out + wire->out_len + sizeof(head), text, len);
	wire->out_len += sizeof(head) + len;
}

int wire_add(wire_t *wire, uint8_t code, const knot_ctl_data_t data)
{
	size_t len = 1;
	for (int i = 0; data != NULL && i < KNOT_CTL_IDX__COUNT; i++) {
		len += data[i] != NULL ? 3 + strlen(data[i]) : 0;
	}
	if (!reserve(wire, len)) {
		return KNOT_ENOMEM;
	}
	wire->out[wire->out_len++] = code;
	for (int i = 0; data != NULL && i < KNOT_CTL_IDX__COUNT; i++) {
		if (data[i] != NULL) {
			add_item(wire, i, data[i], strlen(data[i]));
		}
	}
	return KNOT_EOK;
}

size_t wire_unsent(const wire_t *wire)
{
	return wire->out_len;
}

int wire_flush(wire_t *wire)
{
	size_t done = 0;
	while (done < wire->out_len) {
		const ssize_t sent = send(wire->fd, wire->out + done, wire->out_len - done,
		                          MSG_NOSIGNAL);
		if (sent >= 0) {
			done += (size_t)sent;
			continue;
		}
		const int ret = errno == EINTR ? KNOT_EOK
		                : would_wait() ? wait_for(wire, POLLOUT) : KNOT_ECONN;
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	wire->out_len = 0;
	return KNOT_EOK;
}

void wire_deinit(wire_t *wire)
{
	free(wire->out);
	wire->out = NULL;
	wire->out_len = wire->out_size = 0;
}
