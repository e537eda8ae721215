/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/files.h"

#include <string.h>

/* What of conf.xml is taken as it is: all below <RepositoryList>, and these. */
static const char *const taken_enforcer[] = {
	"ManualKeyGeneration", "AutomaticKeyGenerationPeriod", "RolloverNotification",
	"DelegationSignerSubmitCommand", "DelegationSignerRetractCommand", NULL,
};
static const char *const taken_signer[] = { "WorkerThreads", "SignerThreads", NULL };

/* What is not, and why. */
static const struct {
	const char *path, *why;
} unused[] = {
	{ "Common/Logging", "knotd logs as \"log\" in knot.conf says, the engine to standard error, "
	  "which systemd keeps" },
	{ "Common/ZoneListFile", "zones are knot.conf's" },
	{ "Enforcer/Privileges", "the engine runs as knotd's user, see its unit" },
	{ "Enforcer/Datastore", "the engine has a database of its own; ods import reads this one" },
	{ "Enforcer/PidFile", "the service manager knows" },
	{ "Enforcer/SocketFile", "OpenDNSSEC may run beside" },
	{ "Enforcer/WorkingDirectory", "the engine needs none" },
	{ "Enforcer/WorkerThreads", "the engine looks at all zones in one thread, and at tokens and "
	  "parents beside it" },
	{ "Signer/Privileges", "the signer runs in knotd, as its user" },
	{ "Signer/PidFile", "the signer runs in knotd" },
	{ "Signer/SocketFile", "OpenDNSSEC may run beside" },
	{ "Signer/WorkingDirectory", "the module has a store of its own; ods import reads this one" },
	{ "Signer/Listener", "where knotd listens is \"listen\" in knot.conf" },
	{ "Signer/NotifyCommand", "nobody has to load a file any more: knotd serves the zones, and "
	  "notifies those whom \"notify\" in knot.conf names; for a server that reads files, add "
	  "<Output> and the command to conf.xml" },
};

void files_note_unused(const opendnssec_t *from, notes_t *notes)
{
	for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++) {
		const xmlNode *node = opendnssec_find(from, unused[i].path);
		if (node != NULL) {
			notes_add(notes, "%s:%ld: <%s>: %s", from->conf.path, xmlGetLineNo(node),
			          (const char *)node->name, unused[i].why);
		}
	}
}

/* -- conf.xml ------------------------------------------------------------ */

static void write_node(FILE *out, const opendnssec_t *from, xmlNode *node, const char *indent)
{
	fprintf(out, "%s", indent);
	xmlElemDump(out, from->conf.doc, node);
	fprintf(out, "\n");
}

static void write_text(FILE *out, const opendnssec_t *from, const char *name, const char *text)
{
	xmlChar *escaped = xmlEncodeSpecialChars(from->conf.doc, (const xmlChar *)text);
	fprintf(out, "\t\t<%s>%s</%s>\n", name, escaped != NULL ? (const char *)escaped : "", name);
	xmlFree(escaped);
}

static void write_taken(FILE *out, const opendnssec_t *from, const char *part,
                        const char *const *names)
{
	for (size_t i = 0; names[i] != NULL; i++) {
		char path[80];
		snprintf(path, sizeof(path), "%s/%s", part, names[i]);
		xmlNode *node = opendnssec_find(from, path);
		if (node != NULL) {
			write_node(out, from, node, "\t\t");
		}
	}
}

void files_write_conf(FILE *out, const opendnssec_t *from, const places_t *places)
{
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	        "<!-- Made by ods migrate. Not for OpenDNSSEC, which refuses elements that are ours. -->\n"
	        "<Configuration>\n\n");
	write_node(out, from, opendnssec_find(from, "RepositoryList"), "\t");
	fprintf(out, "\n\t<Common>\n");
	write_text(out, from, "PolicyFile", places->kasp);
	fprintf(out, "\t</Common>\n\n\t<Enforcer>\n\t\t<Datastore>\n\t");
	write_text(out, from, "SQLite", places->database);
	fprintf(out, "\t\t</Datastore>\n");
	write_text(out, from, "SocketFile", places->engine_socket);
	write_text(out, from, "SignerSocket", places->control_socket);
	write_taken(out, from, "Enforcer", taken_enforcer);
	fprintf(out, "\t</Enforcer>\n\n\t<Signer>\n");
	write_taken(out, from, "Signer", taken_signer);
	fprintf(out, "\t</Signer>\n\n</Configuration>\n");
}

/* -- kasp.xml ------------------------------------------------------------ */

static bool is_sound(const opendnssec_t *from, const xmlNode *node)
{
	xmlChar *name = xmlGetProp(node, (const xmlChar *)"name");
	const policy_t *policy = name != NULL ? policies_find(&from->policies, (const char *)name)
	                                      : NULL;
	xmlFree(name);
	return policy != NULL && policy->line == (int)xmlGetLineNo(node);
}

void files_write_kasp(FILE *out, const opendnssec_t *from)
{
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<KASP>\n");
	for (xmlNode *node = xmlFirstElementChild(hsm_xml_root(&from->kasp)); node != NULL;
	     node = xmlNextElementSibling(node)) {
		if (is_sound(from, node)) {
			fprintf(out, "\n\t");
			xmlElemDump(out, from->kasp.doc, node);
			fprintf(out, "\n");
		}
	}
	fprintf(out, "\n</KASP>\n");
}
