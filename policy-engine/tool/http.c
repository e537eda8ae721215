/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/tool/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "common/clock.h"
#include "control/listener.h"
#include "policy-engine/base/address.h"

#define CLIENTS_MAX 16    /* At a time; a Prometheus has one or two. */
#define IDLE_S 10         /* Seconds after which a client that says nothing is left. */
#define MEMORY_MAX 16384  /* Bytes of a request's header; it has some hundred. */
#define FRESH_MS 1000     /* A text so young is sent again, to whoever asks all the time. */

struct http {
	struct MHD_Daemon *daemon;
	http_text_f text;
	void *ctx;
	char *path;          /* Of a UNIX socket; NULL = it is none. */
	listener_t listener; /* What is bound, if it is none, too. */
	/* For the server's thread. */
	char *last;          /* The text that was sent last. */
	int64_t last_ms;     /* When it was made. */
};

/* -- answers ------------------------------------------------------------- */

static enum MHD_Result send_text(struct MHD_Connection *client, unsigned status, const char *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), (void *)text,
	                                                                MHD_RESPMEM_MUST_COPY);
	if (response == NULL) {
		return MHD_NO;
	}
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
	                              "text/plain; version=0.0.4; charset=utf-8");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	}
	const enum MHD_Result ret = MHD_queue_response(client, status, response);
	MHD_destroy_response(response);
	return ret;
}

static const char *fresh_text(http_t *http)
{
	const int64_t now = monotonic_ms();
	if (http->last == NULL || now - http->last_ms >= FRESH_MS) {
		free(http->last);
		http->last = http->text(http->ctx);
		http->last_ms = monotonic_ms();
	}
	return http->last;
}

static enum MHD_Result answer(void *ctx, struct MHD_Connection *client, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *data_size, void **state)
{
	static char begun;
	http_t *http = ctx;
	(void)version;
	(void)data;
	if (*state == NULL) {
		*state = &begun; /* Of the header; the request is not complete yet. */
		return MHD_YES;
	}
	if (*data_size > 0) {
		*data_size = 0; /* A body is not looked at. */
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		return send_text(client, MHD_HTTP_METHOD_NOT_ALLOWED, "GET /metrics\n");
	}
	if (strcmp(url, "/metrics") != 0) {
		return send_text(client, MHD_HTTP_NOT_FOUND, "there is /metrics alone\n");
	}
	const char *text = fresh_text(http);
	return text != NULL ? send_text(client, MHD_HTTP_OK, text)
	                    : send_text(client, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
}

/* -- the socket ---------------------------------------------------------- */

static bool is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	return address->ss_family == AF_INET ? ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
	                                     : IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static bool has_port(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port != 0
	                                     : ((const struct sockaddr_in6 *)address)->sin6_port != 0;
}

static int bind_address(const struct sockaddr_storage *address)
{
	const int on = 1;
	const int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	                bind(fd, (const struct sockaddr *)address, address_size(address)) != 0 ||
	                listen(fd, CLIENTS_MAX) != 0)) {
		const int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

/* \return 0; -1 on failure. */
static int open_socket(http_t *http, const char *where, char *err, size_t err_size)
{
	struct sockaddr_storage address;
	if (where[0] == '/') {
		http->path = strdup(where);
		if (http->path == NULL ||
		    listener_open(&http->listener, where, err, err_size) != 0) {
			free(http->path);
			http->path = NULL;
			return -1;
		}
		return 0;
	}
	if (address_parse(where, 0, &address) != 0 || !has_port(&address)) {
		snprintf(err, err_size, "'%s' is neither ADDRESS@PORT nor the whole path of a socket",
		         where);
		return -1;
	}
	if (!is_loopback(&address)) {
		snprintf(err, err_size, "%s is no loopback address: nobody is asked who he is, and "
		         "nothing is encrypted; for others put a proxy before it", where);
		return -1;
	}
	http->listener.fd = bind_address(&address);
	if (http->listener.fd < 0) {
		snprintf(err, err_size, "%s: %s", where, strerror(errno));
		return -1;
	}
	return 0;
}

/* -- all of it ----------------------------------------------------------- */

http_t *http_start(const char *where, http_text_f text, void *ctx, char *err, size_t err_size)
{
	http_t *http = calloc(1, sizeof(*http));
	if (http == NULL) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	http->text = text;
	http->ctx = ctx;
	if (open_socket(http, where, err, err_size) != 0) {
		free(http);
		return NULL;
	}
	/* poll(): descriptors may have any number. ITC: the socket can be had back. */
	http->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC, 0, NULL, NULL, answer,
		http, MHD_OPTION_LISTEN_SOCKET, http->listener.fd, MHD_OPTION_CONNECTION_LIMIT,
		CLIENTS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX, MHD_OPTION_END);
	if (http->daemon == NULL) {
		snprintf(err, err_size, "%s: the HTTP server cannot be started", where);
		http_stop(http);
		return NULL;
	}
	return http;
}

void http_stop(http_t *http)
{
	if (http == NULL) {
		return;
	}
	if (http->daemon != NULL) {
		(void)MHD_quiesce_daemon(http->daemon);
		MHD_stop_daemon(http->daemon);
	}
	if (http->path != NULL) {
		listener_close(&http->listener, http->path);
	} else {
		close(http->listener.fd);
	}
	free(http->path);
	free(http->last);
	free(http);
}
