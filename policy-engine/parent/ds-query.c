/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/ds-query.h"

#include <stdlib.h>

#include <libknot/libknot.h>

#include "policy-engine/parent/tcp-query.h"

ds_query_t ds_query(const ds_question_t *question, ds_answer_t *answer, char *why,
                    size_t why_size)
{
	const tcp_question_t query = { question->server, question->zone, KNOT_RRTYPE_DS, false,
	                               question->limit_s, question->stop_fd };
	tcp_answer_t message;
	const tcp_query_t ret = tcp_query(&query, &message, why, why_size);
	if (ret != TCP_QUERY_DONE) {
		return ret == TCP_QUERY_NO_ROUTE ? DS_QUERY_NO_ROUTE : DS_QUERY_FAILED;
	}
	const reply_t said = { message.wire, message.len, question->zone, message.id };
	const int got = ds_answer_parse(&said, answer, why, why_size);
	free(message.wire);
	return got == 0 ? DS_QUERY_DONE : got > 0 ? DS_QUERY_NO_ZONE : DS_QUERY_FAILED;
}
