/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/scripts.h"

#include <string.h>

void scripts_write_quoted(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text != '\0'; text++) {
		fprintf(out, *text == '\'' ? "'\\''" : "%c", *text);
	}
	fputc('\'', out);
}

static void write_command(FILE *out, const char *command, const char *path)
{
	fprintf(out, "%s ", command);
	scripts_write_quoted(out, path);
	fprintf(out, "\n");
}

static void write_head(FILE *out, const places_t *places)
{
	fprintf(out, "#!/bin/sh\n"
	        "# Made by ods migrate; as root. Gives knotd's user, who is the engine's, too, what it\n"
	        "# needs; OpenDNSSEC keeps what it has. USER_OF_KNOTD=NAME: another one.\n"
	        "set -eu\n"
	        "user=${USER_OF_KNOTD:-knot}\n"
	        "group=$(id -gn \"$user\")\n"
	        "dir=");
	scripts_write_quoted(out, places->dir);
	fprintf(out, "\n\n# Configuration; PINs and secrets of TSIG may be in it.\n"
	        "chgrp \"$group\" \"$dir\" \"$dir\"/conf.xml \"$dir\"/kasp.xml \"$dir\"/knot.conf\n"
	        "chmod 0750 \"$dir\"\n"
	        "chmod 0640 \"$dir\"/conf.xml \"$dir\"/kasp.xml \"$dir\"/knot.conf\n");
}

static void write_folders(FILE *out, const places_t *places)
{
	const char *const folders[] = { places->run, places->engine_run, places->journal,
		                        places->store, places->state };
	fprintf(out, "\n# What the servers write.\n");
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		write_command(out, "install -d -m 0750 -o \"$user\" -g \"$group\"", folders[i]);
	}
}

static void write_functions(FILE *out)
{
	fprintf(out, "\n# The user joins the groups of what it has to read; that stays OpenDNSSEC's.\n"
	        "failed=\n"
	        "may_read() { runuser -u \"$user\" -- test -r \"$1\"; }\n"
	        "readable() {\n"
	        "\tpath=$1\n"
	        "\twhile ! may_read \"$1\" && [ \"$path\" != / ]; do\n"
	        "\t\towner=$(stat -c %%G \"$path\")\n"
	        "\t\tmay_read \"$path\" || [ \"$owner\" = root ] || usermod -a -G \"$owner\" \"$user\"\n"
	        "\t\tpath=$(dirname \"$path\")\n"
	        "\tdone\n"
	        "\tmay_read \"$1\" && return\n"
	        "\techo \"$user cannot read $1: allow it, as by setfacl -m u:$user:rX\" >&2\n"
	        "\tfailed=yes\n"
	        "}\n");
}

static bool has_softhsm(const opendnssec_t *from)
{
	for (size_t i = 0; i < from->tokens.count; i++) {
		const char *module = from->tokens.repositories[i].module;
		if (module != NULL && strstr(module, "libsofthsm2") != NULL) { /* Replicas have theirs. */
			return true;
		}
	}
	return false;
}

/* SoftHSM gives keys to nobody but the user who made them, and says nothing of those it hides. */
static void write_tokens(FILE *out)
{
	fprintf(out, "\n# SoftHSM's tokens: files of OpenDNSSEC's user become those of a group that both\n"
	        "# users are in. Keys that OpenDNSSEC makes later need this once more.\n"
	        "conf=${SOFTHSM2_CONF:-/etc/softhsm/softhsm2.conf}\n"
	        "[ -e \"$conf\" ] || conf=/etc/softhsm2.conf\n"
	        "tokens=$(sed -n 's/^ *directories.tokendir *= *//p' \"$conf\")\n"
	        "shared=$(stat -c %%G \"$tokens\")\n"
	        "if [ \"$shared\" = root ]; then\n"
	        "\tshared=$group\n"
	        "fi\n"
	        "for member in \"$user\" $(stat -c %%U \"$tokens\"/*/ | sort -u); do\n"
	        "\t[ \"$member\" = root ] || usermod -a -G \"$shared\" \"$member\"\n"
	        "done\n"
	        "readable \"$conf\"\n"
	        "chgrp -R \"$shared\" \"$tokens\"\n"
	        "chmod -R g+rwX \"$tokens\"\n"
	        "find \"$tokens\" -type d -exec chmod g+s {} +\n");
}

static void write_files(FILE *out, const opendnssec_t *from, const layout_t *layout)
{
	fprintf(out, "\n# What ods import reads, once.\n");
	write_command(out, "readable", from->database);
	write_command(out, "readable", from->signer_dir);
	fprintf(out, "\n# The unsigned zones.\n");
	for (size_t i = 0; i < layout->template_count; i++) {
		if (layout->templates[i].storage != NULL) {
			write_command(out, "readable", layout->templates[i].storage);
		}
	}
	for (size_t i = 0; i < layout->zone_count; i++) {
		if (layout->zones[i].moves && layout->zones[i].file != NULL) {
			write_command(out, "readable", layout->zones[i].file);
		}
	}
	fprintf(out, "[ -z \"$failed\" ]\n");
}

void scripts_write_checks(FILE *out, const layout_t *layout)
{
	fprintf(out, "#!/bin/sh\n"
	        "# Made by ods migrate. Says what the module would say of each zone's file, and changes\n"
	        "# nothing: what is refused, and what is taken in another way than by OpenDNSSEC.\n"
	        "failed=0\n"
	        "check() { ods-checkzone \"$1\" \"$2\" || failed=1; }\n");
	for (size_t i = 0; i < layout->zone_count; i++) {
		if (layout->zones[i].moves && layout->zones[i].file != NULL) {
			fprintf(out, "check ");
			scripts_write_quoted(out, layout->zones[i].file);
			fprintf(out, " ");
			scripts_write_quoted(out, layout->zones[i].name);
			fprintf(out, "\n");
		}
	}
	fprintf(out, "exit $failed\n");
}

void scripts_write_permissions(FILE *out, const opendnssec_t *from, const layout_t *layout,
                       const places_t *places)
{
	write_head(out, places);
	write_folders(out, places);
	write_functions(out);
	if (has_softhsm(from)) {
		write_tokens(out);
	}
	write_files(out, from, layout);
}
