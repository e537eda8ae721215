/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/policy/kasp.h"

#include <stdlib.h>

#include "policy-engine/policy/check.h"
#include "policy-engine/policy/parse.h"

/* A file that is being read. */
typedef struct {
	policies_t policies;
	const hsm_conf_t *tokens;
	bool sound;           /* Leave out a policy that has errors. */
	kasp_report_f report; /* May be NULL. */
	void *ctx;
} reader_t;

static int read_whole_policy(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	reader_t *reader = ctx;
	policies_t *all = &reader->policies;
	policy_t *grown = reallocarray(all->policies, all->count + 1, sizeof(*grown));
	if (grown == NULL) {
		return hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
	}
	all->policies = grown;
	policy_t *policy = &grown[all->count];
	*policy = (policy_t){ .line = (int)xmlGetLineNo(node),
	                      .cds = { .sha256 = true, .cdnskey = true } };

	int ret = hsm_xml_attribute(xml, node, "name", &policy->name);
	if (ret != HSM_EOK) {
		return ret;
	}
	const policy_t *other = policies_find(all, policy->name);
	all->count++;
	if (other != NULL) {
		hsm_xml_error(xml, node, "a second <Policy name=\"%s\">, the first is on line %d; "
		              "rename one", policy->name, other->line);
	}
	ret = kasp_check_name(xml, node, policy->name);
	if (ret == HSM_EOK || ret == HSM_ECONF) {
		ret = hsm_xml_children(xml, node, kasp_policy_rules, policy);
	}
	if (ret == HSM_EOK || ret == HSM_ECONF) {
		ret = kasp_check(&(policy_check_t){ xml, node, policy, reader->tokens,
		                                    reader->report, reader->ctx });
	}
	return ret;
}

static int read_policy(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	reader_t *reader = ctx;
	policies_t *all = &reader->policies;
	const size_t count = all->count;
	int ret = read_whole_policy(xml, node, ctx);
	if (!reader->sound || ret == HSM_ENOMEM || xml->errors == 0) {
		return ret;
	}
	if (all->count > count) {
		policies_drop(all);
	}
	xml->errors = 0; /* They are reported, and nothing of theirs is left. */
	return HSM_EOK;
}

static const hsm_xml_rule_t rules_kasp[] = {
	{ .name = "Policy", .read = read_policy, .repeated = true },
	{ .name = NULL },
};

static void report_error(void *ctx, const char *text)
{
	const reader_t *reader = ctx;
	if (reader->report != NULL) {
		reader->report(reader->ctx, KASP_ERROR, text);
	}
}

static void report_advice(void *ctx, const char *text)
{
	const reader_t *reader = ctx;
	if (reader->report != NULL) {
		reader->report(reader->ctx, KASP_ADVICE, text);
	}
}

/* A table of rules has no minimum for an element that may be repeated. */
static void check_file(hsm_xml_t *xml, const policies_t *policies)
{
	if (xml->errors == 0 && policies->count == 0) {
		hsm_xml_error(xml, hsm_xml_root(xml), "there is no <Policy> in it");
	}
	if (xml->errors == 0 && policies_find(policies, "default") == NULL) {
		hsm_xml_warn(xml, hsm_xml_root(xml), "there is no <Policy name=\"default\">; zones "
		             "get it whose section in knot.conf names no policy");
	}
}

/* Says how many errors there are besides those that were reported. */
static void tell_more(const hsm_xml_t *xml, reader_t *reader)
{
	const hsm_error_t first = *xml->err;
	if (xml->errors > 1) {
		hsm_error_set(xml->err, HSM_ECONF, 0, "%.430s (the first of %zu errors; ods "
		              "check lists them)", first.text, xml->errors);
	}
	if (xml->errors > HSM_XML_ERRORS_MAX) {
		hsm_error_t more;
		hsm_error_set(&more, HSM_ECONF, 0, "%s: and %zu more errors", xml->path,
		              xml->errors - HSM_XML_ERRORS_MAX);
		report_error(reader, more.text);
	}
}

static int read_file(const char *path, reader_t *reader, hsm_error_t *err)
{
	hsm_xml_t xml;
	int ret = hsm_xml_open(&xml, path, "KASP", report_advice, reader, err);
	if (ret != HSM_EOK) {
		report_error(reader, err->text);
		return ret;
	}
	xml.go_on = true;
	xml.error = report_error;
	xml.error_ctx = reader;
	ret = hsm_xml_children(&xml, hsm_xml_root(&xml), rules_kasp, reader);
	if (ret == HSM_ENOMEM) {
		report_error(reader, err->text);
	} else {
		check_file(&xml, &reader->policies);
		tell_more(&xml, reader);
		ret = xml.errors == 0 ? HSM_EOK : HSM_ECONF;
	}
	hsm_xml_close(&xml);
	return ret;
}

static int read_into(policies_t *policies, const char *path, reader_t *reader, hsm_error_t *err)
{
	hsm_error_t why = { 0 };
	int ret = read_file(path, reader, &why);
	if (ret != HSM_EOK) {
		policies_deinit(&reader->policies);
		return hsm_error_set(err, ret, why.rv, "%s", why.text);
	}
	*policies = reader->policies;
	return HSM_EOK;
}

int kasp_read(const char *path, const hsm_conf_t *tokens, policies_t *policies,
              kasp_report_f report, void *ctx, hsm_error_t *err)
{
	reader_t reader = { .tokens = tokens, .report = report, .ctx = ctx };
	return read_into(policies, path, &reader, err);
}

int kasp_read_sound(const char *path, const hsm_conf_t *tokens, policies_t *policies,
                    kasp_report_f report, void *ctx, hsm_error_t *err)
{
	reader_t reader = { .tokens = tokens, .sound = true, .report = report, .ctx = ctx };
	return read_into(policies, path, &reader, err);
}
