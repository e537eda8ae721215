/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/proofs.h"

#include <stdlib.h>
#include <string.h>

void proofs_deinit(proofs_t *proofs)
{
	for (size_t i = 0; i < proofs->count; i++) {
		free(proofs->list[i].cka_id);
	}
	free(proofs->list);
	wants_deinit(&proofs->asked);
	*proofs = (proofs_t){ 0 };
}

/* \return The index of the first pair that is not below. */
static size_t place_of(const proofs_t *proofs, const char *cka_id)
{
	size_t from = 0, to = proofs->count;
	while (from < to) {
		const size_t middle = from + (to - from) / 2;
		if (strcmp(proofs->list[middle].cka_id, cka_id) < 0) {
			from = middle + 1;
		} else {
			to = middle;
		}
	}
	return from;
}

static bool is_at(const proofs_t *proofs, size_t place, const char *cka_id)
{
	return place < proofs->count && strcmp(proofs->list[place].cka_id, cka_id) == 0;
}

proof_state_t proofs_look(const proofs_t *proofs, const char *cka_id, int64_t now)
{
	const size_t place = place_of(proofs, cka_id);
	return is_at(proofs, place, cka_id) && now < proofs->list[place].until
	       ? proofs->list[place].state : PROOF_LACKS;
}

bool proofs_note(proofs_t *proofs, const char *cka_id, proof_state_t state, int64_t until)
{
	const size_t place = place_of(proofs, cka_id);
	if (!is_at(proofs, place, cka_id)) {
		proof_t *grown = reallocarray(proofs->list, proofs->count + 1, sizeof(*grown));
		char *copy = strdup(cka_id);
		proofs->list = grown != NULL ? grown : proofs->list;
		if (grown == NULL || copy == NULL) {
			free(copy);
			return false;
		}
		memmove(&grown[place + 1], &grown[place], (proofs->count - place) * sizeof(*grown));
		grown[place].cka_id = copy;
		proofs->count++;
	}
	proofs->any_bad |= state == PROOF_BAD;
	proofs->list[place].state = state;
	proofs->list[place].until = until;
	return true;
}

void proofs_drop(proofs_t *proofs, const char *cka_id)
{
	const size_t place = place_of(proofs, cka_id);
	if (is_at(proofs, place, cka_id)) {
		proof_t *proof = &proofs->list[place];
		free(proof->cka_id);
		proofs->count--;
		memmove(proof, proof + 1, (proofs->count - place) * sizeof(*proof));
	}
}

void proofs_expire(proofs_t *proofs, int64_t now)
{
	size_t kept = 0;
	proofs->any_bad = false;
	for (size_t i = 0; i < proofs->count; i++) {
		if (now < proofs->list[i].until) {
			proofs->any_bad |= proofs->list[i].state == PROOF_BAD;
			proofs->list[kept++] = proofs->list[i];
		} else {
			free(proofs->list[i].cka_id);
		}
	}
	proofs->count = kept;
}
