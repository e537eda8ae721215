/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/plan.h"

#include <string.h>

void plan_write_notes(FILE *out, const char *head, const notes_t *notes)
{
	if (notes->count == 0) {
		return;
	}
	fprintf(out, "\n%s\n\n", head);
	for (size_t i = 0; i < notes->count; i++) {
		fprintf(out, "  %s\n", notes->lines[i]);
	}
}

size_t plan_count(const layout_t *layout)
{
	size_t count = 0;
	for (size_t i = 0; i < layout->zone_count; i++) {
		count += layout->zones[i].moves;
	}
	return count;
}

static void write_templates(FILE *out, const layout_t *layout)
{
	for (size_t i = 0; i < layout->template_count; i++) {
		const layout_template_t *t = &layout->templates[i];
		fprintf(out, "  template %s: policy \"%s\", from %s, to %s: %zu zone%s\n", t->id,
		        t->policy, t->from != NULL ? t->from->path : "files",
		        t->to != NULL ? t->to->path : "files", t->zones, t->zones != 1 ? "s" : "");
	}
}

void plan_write_zones(FILE *out, const layout_t *layout)
{
	fprintf(out, "\nZONES THAT MOVE\n\n");
	write_templates(out, layout);
	fprintf(out, "\n");
	for (size_t i = 0; i < layout->zone_count; i++) {
		const layout_zone_t *zone = &layout->zones[i];
		if (zone->moves && zone->fresh) {
			fprintf(out, "  %s: %s\n", zone->name, zone->keys);
		} else if (zone->moves) {
			fprintf(out, "  %s: %s; last serial %u\n", zone->name, zone->keys,
			        zone->serial);
		}
	}
	if (plan_count(layout) == layout->zone_count) {
		return;
	}
	fprintf(out, "\nZONES THAT DO NOT MOVE NOW (%s keeps them; when the reason is gone, call "
	        "ods migrate again)\n\n", layout->signer);
	for (size_t i = 0; i < layout->zone_count; i++) {
		const layout_zone_t *zone = &layout->zones[i];
		if (!zone->moves) {
			fprintf(out, "  %s: %s\n", zone->name, zone->why);
		}
	}
}

/* -- secondaries --------------------------------------------------------- */

static void write_peer(FILE *out, const peers_peer_t *peer, const char *what)
{
	fprintf(out, "    %s%s%s: %s\n", peer->address != NULL ? peer->address : "any address",
	        peer->key != NULL ? ", key " : "", peer->key != NULL ? peer->key : "", what);
}

static void write_file_peers(FILE *out, const layout_file_t *file)
{
	const peers_list_t *takers = &file->peers.takers, *notified = &file->peers.notified;
	fprintf(out, "  Those of %s:\n", file->path);
	for (size_t i = 0; i < takers->count; i++) {
		write_peer(out, &takers->peers[i], takers->peers[i].deny ? "may not transfer, as before"
		                                                 : "its primary becomes knotd; may transfer, as before");
	}
	for (size_t i = 0; i < notified->count; i++) {
		write_peer(out, &notified->peers[i], "allows NOTIFY from knotd; is notified, as before");
	}
}

static bool is_target(const layout_t *layout, const layout_file_t *file)
{
	for (size_t i = 0; i < layout->template_count; i++) {
		if (layout->templates[i].to == file) {
			return true;
		}
	}
	return false;
}

void plan_write_secondaries(FILE *out, const layout_t *layout, const places_t *places)
{
	bool files = false;
	for (size_t i = 0; i < layout->template_count; i++) {
		files = files || layout->templates[i].to == NULL;
	}
	fprintf(out, "\nSECONDARIES\n\n"
	        "  knotd listens on %s, see knot.conf: give it the address that they are to ask.\n"
	        "  Serials go on above the last of %s, so secondaries take the first version.\n",
	        places->listen, layout->signer);
	for (size_t i = 0; i < layout->file_count; i++) {
		if (is_target(layout, &layout->files[i])) {
			write_file_peers(out, &layout->files[i]);
		}
	}
	if (files) {
		fprintf(out, "  %s\n", layout->untold);
	}
}

/* -- steps --------------------------------------------------------------- */

static void write_steps(FILE *out, const opendnssec_t *from, const places_t *places)
{
	fprintf(out, "\nSTEPS\n\n"
	        "  Until step 7 nothing changes for resolvers and secondaries, and OpenDNSSEC can go on: "
	        "start it again.\n\n");
	fprintf(out, "  0. sh %s\n"
	        "     says how each zone's file is read.\n", places->check_zones);
	if (!places->below) {
		fprintf(out, "  1. sh %s\n"
		        "     lets the user knot read and write what it has to.\n", places->permissions);
	} else {
		fprintf(out, "  1. All is below %s: nothing to do for permissions if root, or the user "
		        "of OpenDNSSEC, starts all.\n", places->dir);
	}
	fprintf(out, "  2. ods-control stop\n"
	        "     and see that it does not start again. Secondaries answer on.\n"
	        "  3. ods-engine -c %s\n"
	        "     or, by its unit, systemctl start ods-engine.\n"
	        "  4. ods -c %s import --signer-dir %s %s\n"
	        "     takes keys and states over. It has to be done before knotd has the zones, or they "
	        "get new keys.\n"
	        "  5. knotd -c %s\n"
	        "     or, with this file as /etc/knot/knot.conf, systemctl start knot. Until a zone is signed for\n"
	        "     the first time its log has SERVFAIL and \"no usable master\" for it: that is over in seconds.\n"
	        "  6. knotc -s %s zone-status\n"
	        "     until all zones are signed; keys and DS are as before.\n"
	        "  7. Have the secondaries follow, see above.\n"
	        "  8. ods -c %s thaw --imported\n"
	        "     when they all have our serials. Until then no key takes a step.\n\n"
	        "  The way back, at least until step 8: ods -c %s back %s\n",
	        places->conf, places->conf, from->signer_dir, from->database, places->knot_conf,
	        places->control_socket, places->conf, places->conf, from->database);
}

void plan_write(FILE *out, const opendnssec_t *from, const layout_t *layout, const notes_t *unused,
                const places_t *places)
{
	fprintf(out, "Leaving OpenDNSSEC: made by ods migrate from %s and %s.\n"
	        "%zu of %zu zones move. The keys stay in their tokens, DNSKEY and DS records as they "
	        "are.\nCDS and CDNSKEY records (RFC 7344) are new in the zones: those of the DS that "
	        "there are.\n", from->conf.path, from->database, plan_count(layout), layout->zone_count);
	plan_write_zones(out, layout);
	plan_write_notes(out, "POLICIES THAT ARE LEFT OUT, with their zones", &from->wrong);
	plan_write_notes(out, "WHERE zonelist.xml DIFFERS FROM kasp.db, which counts, as for OpenDNSSEC", &from->unlike);
	plan_write_notes(out, "PARTS OF addns.xml THAT ARE LEFT OUT", &layout->left_out);
	plan_write_notes(out, "ELEMENTS OF conf.xml THAT ARE NOT TAKEN", unused);
	plan_write_notes(out, "ADVICE, for later", &from->advice);
	plan_write_secondaries(out, layout, places);
	write_steps(out, from, places);
}
