/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/plan-bind.h"

#include <string.h>

#include "policy-engine/migrate/plan.h"
#include "policy-engine/migrate/scripts.h"

static void write_steps(FILE *out, const plan_bind_t *plan)
{
	const from_bind_t *what = plan->what;
	const places_t *places = &plan->places;
	fprintf(out, "\nSTEPS\n\n"
	        "  Until step 6 nothing changes for resolvers and secondaries.\n\n"
	        "  1. sh %s\n"
	        "     says how each zone's file is read.\n"
	        "  2. Take the policies of %s into the kasp.xml that\n"
	        "     %s names; look at what nobody can tell, as its first lines say.\n"
	        "     ods -c %s check\n"
	        "  3. for key in %s/K*.private; do ods-hsm -c %s import %s ALGORITHM $key; done\n"
	        "     brings the keys into the repository; where they are stays the way back.\n"
	        "  4. sh %s -n\n"
	        "     says what would be taken over.\n"
	        "  5. sh %s -y\n"
	        "     takes keys and states over, by what named serves. From here on named must neither sign the zones nor do\n"
	        "     anything with a key: stop it, or take them out of it. Who has done that before adds --serial SERIAL to\n"
	        "     the command for a zone; then nobody looks whether the keys are those that were served.\n",
	        places->check_zones, places->kasp, what->conf, what->conf, what->theirs.source.path, what->conf,
	        what->theirs.repository, places->import, places->import);
	fprintf(out, "  6. knotd -c %s\n"
	        "     or have the knot.conf of yours include it, without the sections server, log and database. Until a\n"
	        "     zone is signed for the first time its log has SERVFAIL for it: that is over in seconds.\n"
	        "  7. Have the secondaries follow, see above.\n"
	        "  8. ods -c %s thaw --imported\n"
	        "     when they all have our serials. Until then no key takes a step, and BIND can go on where it was.\n",
	        places->knot_conf, what->conf);
}

void plan_bind_write(FILE *out, const plan_bind_t *plan)
{
	const layout_t *layout = &plan->layout;
	fprintf(out, "Leaving BIND: made by ods migrate from %s and %s.\n"
	        "%zu of %zu signed zones move. The keys stay the same, DNSKEY and DS records as they are.\n",
	        plan->what->named_conf, plan->what->theirs.source.path, plan_count(layout), layout->zone_count);
	plan_write_zones(out, layout);
	plan_write_notes(out, "WHAT OF named.conf IS LEFT OUT", &plan->left_out);
	plan_write_notes(out, "WHAT IS NOT SIGNED, or is not there", &plan->bare);
	plan_write_secondaries(out, layout, &plan->places);
	write_steps(out, plan);
}

/* Whether all zones that have keys move, and by one policy. */
static bool are_alike(const plan_bind_t *plan)
{
	const layout_t *layout = &plan->layout;
	bool alike = plan->keyed == plan_count(layout);
	for (size_t i = 1; i < layout->template_count; i++) {
		alike = alike && strcmp(layout->templates[i].policy, layout->templates[0].policy) == 0;
	}
	return alike;
}

void plan_bind_write_import(FILE *out, const plan_bind_t *plan)
{
	const from_bind_t *what = plan->what;
	const layout_t *layout = &plan->layout;
	const bool alike = are_alike(plan);
	fprintf(out, "#!/bin/sh\n"
	        "# Made by ods migrate. Takes the zones over: -n only says what would be done, -y does it.\n"
	        "failed=0\n"
	        "take() { # POLICY ZONE [OPTION]...; ZONE \"\": all of which there are keys\n"
	        "\tpolicy=$1 zone=$2\n"
	        "\tshift 2\n"
	        "\tods -c ");
	scripts_write_quoted(out, what->conf);
	fprintf(out, " import --from bind --ttl %u --policy \"$policy\" --server ", what->theirs.source.ttl);
	scripts_write_quoted(out, what->server);
	fprintf(out, " \"$@\" ");
	scripts_write_quoted(out, what->theirs.source.path);
	fprintf(out, " ${zone:+\"$zone\"} || failed=1\n}\n");
	if (alike) { /* The tokens are looked through once. */
		fprintf(out, "take ");
		scripts_write_quoted(out, layout->templates[0].policy);
		fprintf(out, " '' \"$@\"\n");
	}
	for (size_t i = 0; i < layout->zone_count && !alike; i++) {
		const layout_zone_t *zone = &layout->zones[i];
		if (zone->moves) {
			fprintf(out, "take ");
			scripts_write_quoted(out, layout->templates[zone->template].policy);
			fprintf(out, " ");
			scripts_write_quoted(out, zone->name);
			fprintf(out, " \"$@\"\n");
		}
	}
	fprintf(out, "exit $failed\n");
}
