/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/online/budget.h"

#include <sys/ioctl.h>
#include <time.h>

/* Percent of a thread's time for which it may wait while others ask for what needs no signature. */
#define SHARE 12
/* Of that, for names that do not exist, or the clients of one network. */
#define SHARE_ONE (SHARE / 2)
/* Debt up to which a thread may wait at once, microseconds: some signatures of a slow token. */
#define BURST 10000
/* How long the counts of answers matter, microseconds. */
#define LATELY 100000
/* Of so many answers one has to be ready for the shares to matter. */
#define FEW 16

int64_t budget_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static int64_t debt(budget_leak_t *leak, int64_t now, int64_t share)
{
	leak->debt -= (now - leak->at) * share / 100;
	leak->debt = leak->debt > 0 ? leak->debt : 0;
	leak->at = now;
	return leak->debt;
}

/*! \return Whether there are answers to be given that need no signature. */
static bool is_mixed(budget_t *budget, int64_t now)
{
	const int64_t halvings = (now - budget->since) / LATELY;
	if (halvings > 0) {
		budget->ready = halvings < 63 ? budget->ready >> halvings : 0;
		budget->fresh = halvings < 63 ? budget->fresh >> halvings : 0;
		budget->since = now;
	}
	budget->ready--; /* This one is counted as all are. */
	budget->fresh++;
	return budget->ready > budget->fresh / FEW;
}

/*! \return Whether the next query is there already; if that is not known, it is. */
static bool is_awaited(int socket)
{
	int bytes = 0;
	return socket < 0 || ioctl(socket, FIONREAD, &bytes) != 0 || bytes > 0;
}

bool budget_ask(const asker_t *asker, int64_t now)
{
	budget_t *budget = asker->budget;
	if (!is_mixed(budget, now) || !is_awaited(asker->socket)) {
		return true;
	}
	budget_leak_t *network = &budget->networks[asker->network % BUDGET_NETWORKS];
	return debt(&budget->all, now, SHARE) < BURST &&
	       debt(network, now, SHARE_ONE) < BURST / 2 &&
	       (!asker->missing || debt(&budget->missing, now, SHARE_ONE) < BURST / 2);
}

/*! What was waited for while nobody else was there is forgotten, beyond what may be owed anyhow. */
static void charge(budget_leak_t *leak, int64_t burst, int64_t waited)
{
	leak->debt = (leak->debt < burst ? leak->debt : burst) + waited;
}

void budget_charge(const asker_t *asker, int64_t now, int64_t waited)
{
	budget_t *budget = asker->budget;
	budget_leak_t *network = &budget->networks[asker->network % BUDGET_NETWORKS];
	(void)debt(&budget->all, now, SHARE);
	(void)debt(network, now, SHARE_ONE);
	(void)debt(&budget->missing, now, SHARE_ONE);
	charge(&budget->all, BURST, waited);
	charge(network, BURST / 2, waited);
	charge(&budget->missing, BURST / 2, asker->missing ? waited : 0);
}
