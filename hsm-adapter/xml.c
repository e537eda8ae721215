/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/xml.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>

#include "common/text.h"
#include "hsm-adapter/content.h"
#include "hsm-adapter/secret.h"

/*
 * No entities, no network. And no dictionary of strings: a secret has to be in one place, where it
 * can be wiped.
 */
#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_NODICT | XML_PARSE_BIG_LINES)

static int file_error(hsm_xml_t *xml, const char *what)
{
	return hsm_error_set(xml->err, HSM_ECONF, 0, "%s: %s", xml->path, what);
}

/*! What on_error() needs. The parser goes on after an error; only the first one is reported. */
typedef struct {
	hsm_xml_t *xml;
	int ret;
} parsing_t;

/*! The parser's own text would quote what may be a piece of a PIN. */
static const char *describe(int code)
{
	switch (code) {
	case XML_ERR_UNDECLARED_ENTITY:
	case XML_WAR_UNDECLARED_ENTITY:
	case XML_ERR_ENTITYREF_SEMICOL_MISSING:
	case XML_ERR_ENTITYREF_NO_NAME:
	case XML_ERR_NAME_REQUIRED:
	case XML_ERR_LT_IN_ATTRIBUTE:
		return "write '&' as &amp; and '<' as &lt;";
	case XML_ERR_TAG_NAME_MISMATCH:
	case XML_ERR_LTSLASH_REQUIRED:
		return "this end tag is not that of the element which is open; '<' in a text is "
		       "written as &lt;";
	case XML_ERR_TAG_NOT_FINISHED:
	case XML_ERR_DOCUMENT_END:
	case XML_ERR_DOCUMENT_EMPTY:
		return "an element has no end, or there is none";
	case XML_ERR_GT_REQUIRED:
	case XML_ERR_SPACE_REQUIRED:
		return "a tag is not complete; '<' in a text is written as &lt;";
	case XML_ERR_ATTRIBUTE_NOT_STARTED:
	case XML_ERR_ATTRIBUTE_NOT_FINISHED:
	case XML_ERR_ATTRIBUTE_WITHOUT_VALUE:
	case XML_ERR_ATTRIBUTE_REDEFINED:
		return "attributes are written as name=\"value\", each once";
	case XML_ERR_INVALID_CHAR:
	case XML_ERR_INVALID_CHARREF:
	case XML_ERR_INVALID_ENCODING:
		return "a character that XML does not allow, or not of the file's encoding";
	case XML_ERR_COMMENT_NOT_FINISHED:
		return "a comment has no end";
	default:
		return NULL;
	}
}

static int syntax_error(hsm_xml_t *xml, const xmlError *error)
{
	if (error->code == XML_ERR_NO_MEMORY) {
		return hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
	}
	char text[40];
	const char *what = describe(error->code);
	(void)snprintf(text, sizeof(text), "libxml2's error %d", error->code);
	return hsm_error_set(xml->err, HSM_ECONF, 0, "%s:%d: not well-formed XML: %s", xml->path,
	                     error->line, what != NULL ? what : text);
}

#if LIBXML_VERSION >= 21200
static void on_error(void *ctx, const xmlError *error)
#else
static void on_error(void *ctx, xmlError *error)
#endif
{
	const xmlParserCtxt *parser = ctx;
	parsing_t *parsing = parser->_private;
	if (parsing->ret == HSM_EOK && error->level != XML_ERR_WARNING) {
		parsing->ret = syntax_error(parsing->xml, error);
	}
}

static int parse(hsm_xml_t *xml, const hsm_content_t *content)
{
	xmlParserCtxt *parser = xmlNewParserCtxt();
	if (parser == NULL) {
		return hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
	}
	parsing_t parsing = { .xml = xml };
	parser->_private = &parsing;
	parser->sax->serror = on_error;

	xml->doc = xmlCtxtReadMemory(parser, content->data, (int)content->size, NULL, NULL,
	                             PARSE_OPTIONS);
	if (xml->doc == NULL && parsing.ret == HSM_EOK) {
		parsing.ret = file_error(xml, "not well-formed XML");
	}
	xmlFreeParserCtxt(parser);
	return parsing.ret;
}

static int check_root(hsm_xml_t *xml, const char *root)
{
	const xmlNode *node = hsm_xml_root(xml);
	if (strcmp((const char *)node->name, root) != 0) {
		return hsm_xml_error(xml, node, "this is a <%s> file, a <%s> one is needed",
		                     (const char *)node->name, root);
	}
	if (xml->doc->intSubset != NULL) {
		return file_error(xml, "<!DOCTYPE> is not allowed, remove it");
	}
	return HSM_EOK;
}

int hsm_xml_open(hsm_xml_t *xml, const char *path, const char *root, hsm_warn_f warn,
                 void *warn_ctx, hsm_error_t *err)
{
	*xml = (hsm_xml_t){ .path = path, .warn = warn, .warn_ctx = warn_ctx, .err = err };
	hsm_content_t content = { 0 };
	hsm_secret_of_libxml();

	int ret = hsm_content_read(path, &content, err);
	xml->mode = content.mode;
	if (ret == HSM_EOK) {
		ret = parse(xml, &content);
	}
	hsm_content_wipe(&content);
	if (ret == HSM_EOK) {
		ret = check_root(xml, root);
	}
	if (ret != HSM_EOK) {
		hsm_xml_close(xml);
	}
	return ret;
}

void hsm_xml_close(hsm_xml_t *xml)
{
	xmlFreeDoc(xml->doc);
	xml->doc = NULL;
}

xmlNode *hsm_xml_root(const hsm_xml_t *xml)
{
	return xmlDocGetRootElement(xml->doc);
}

static const char *name_of(const xmlNode *node)
{
	return (const char *)node->name;
}

static int find_rule(const hsm_xml_rule_t *rules, const xmlNode *node)
{
	for (int i = 0; rules[i].name != NULL; i++) {
		if (strcmp(rules[i].name, name_of(node)) == 0) {
			return i;
		}
	}
	return -1;
}

static void warn_unknown(hsm_xml_t *xml, const xmlNode *parent, const xmlNode *node)
{
	hsm_xml_warn(xml, node, "unknown element <%s> in <%s> is ignored", name_of(node),
	             name_of(parent));
}

static int apply_rule(hsm_xml_t *xml, xmlNode *node, const hsm_xml_rule_t *rule, void *ctx)
{
	if (rule->read != NULL) {
		return rule->read(xml, node, ctx);
	}
	if (rule->children != NULL) {
		return hsm_xml_children(xml, node, rule->children, ctx);
	}
	for (xmlNode *child = xmlFirstElementChild(node); child != NULL;
	     child = xmlNextElementSibling(child)) {
		warn_unknown(xml, node, child);
	}
	return HSM_EOK;
}

static int read_child(hsm_xml_t *xml, xmlNode *parent, xmlNode *node, const hsm_xml_rule_t *rules,
                      uint64_t *seen, void *ctx)
{
	int i = find_rule(rules, node);
	if (i < 0) {
		warn_unknown(xml, parent, node);
		return HSM_EOK;
	}
	if ((*seen & (UINT64_C(1) << i)) != 0 && !rules[i].repeated) {
		return hsm_xml_error(xml, node, "a second <%s> in <%s>, remove one", name_of(node),
		                     name_of(parent));
	}
	*seen |= UINT64_C(1) << i;
	return apply_rule(xml, node, &rules[i], ctx);
}

static bool ends_reading(const hsm_xml_t *xml, int ret)
{
	return ret != HSM_EOK && (ret != HSM_ECONF || !xml->go_on);
}

int hsm_xml_children(hsm_xml_t *xml, xmlNode *parent, const hsm_xml_rule_t *rules, void *ctx)
{
	uint64_t seen = 0;
	int worst = HSM_EOK;
	for (xmlNode *node = parent->children; node != NULL; node = node->next) {
		int ret = HSM_EOK;
		if (node->type == XML_ELEMENT_NODE) {
			ret = read_child(xml, parent, node, rules, &seen, ctx);
		} else if (node->type == XML_TEXT_NODE && !xmlIsBlankNode(node)) {
			hsm_xml_warn(xml, parent, "text between the elements of <%s> is ignored",
			             name_of(parent));
		}
		if (ends_reading(xml, ret)) {
			return ret;
		}
		worst = ret != HSM_EOK ? ret : worst;
	}

	for (int i = 0; rules[i].name != NULL; i++) {
		if (!rules[i].required || (seen & (UINT64_C(1) << i)) != 0) {
			continue;
		}
		worst = hsm_xml_error(xml, parent, "<%s> has no <%s>, add one", name_of(parent),
		                      rules[i].name);
		if (ends_reading(xml, worst)) {
			return worst;
		}
	}
	return worst;
}

/*! Takes the text inside, to be freed by xmlFree(). */
static int content_of(hsm_xml_t *xml, xmlNode *node, xmlChar **content)
{
	if (xmlFirstElementChild(node) != NULL) {
		return hsm_xml_error(xml, node, "<%s> has to hold text, not elements",
		                     name_of(node));
	}
	*content = xmlNodeGetContent(node);
	if (*content == NULL) {
		return hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
	}
	return HSM_EOK;
}

static int replace(hsm_xml_t *xml, char **text, const char *start, size_t len)
{
	char *copy = strndup(start, len);
	if (copy == NULL) {
		return hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
	}
	free(*text);
	*text = copy;
	return HSM_EOK;
}

/*! Names and paths are shown in many places. Lines may be broken. */
static bool shows(const char *text, size_t len)
{
	uint32_t code = 0;
	for (size_t i = 0; i < len;) {
		const unsigned bytes = text_char(text + i, &code);
		if (bytes == 0 || !(text_shows(code) || isspace((unsigned char)text[i]))) {
			return false;
		}
		i += bytes;
	}
	return true;
}

static int replace_trimmed(hsm_xml_t *xml, const xmlNode *node, char **text, const char *what,
                           const char *start)
{
	start += strspn(start, " \t\r\n");
	size_t len = strlen(start);
	while (len > 0 && isspace((unsigned char)start[len - 1])) {
		len--;
	}
	if (len == 0) {
		return hsm_xml_error(xml, node, "%s of <%s> is empty", what, name_of(node));
	}
	if (!shows(start, len)) {
		return hsm_xml_error(xml, node, "%s of <%s> has a character that does not show, "
		                     "remove it", what, name_of(node));
	}
	return replace(xml, text, start, len);
}

int hsm_xml_text(hsm_xml_t *xml, xmlNode *node, char **text)
{
	xmlChar *content = NULL;
	int ret = content_of(xml, node, &content);
	if (ret != HSM_EOK) {
		return ret;
	}
	ret = replace_trimmed(xml, node, text, "the text", (const char *)content);
	xmlFree(content);
	return ret;
}

int hsm_xml_secret(hsm_xml_t *xml, xmlNode *node, char **text)
{
	xmlChar *content = NULL;
	int ret = content_of(xml, node, &content);
	if (ret != HSM_EOK) {
		return ret;
	}
	const size_t len = strlen((const char *)content);
	if (len == 0) {
		ret = hsm_xml_error(xml, node, "the text of <%s> is empty", name_of(node));
	} else if (len >= HSM_SECRET_MAX) {
		ret = hsm_xml_error(xml, node, "the text of <%s> is too long", name_of(node));
	} else {
		char *copy = hsm_secret_copy((const char *)content);
		ret = copy != NULL ? HSM_EOK
		      : hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
		if (copy != NULL) {
			hsm_secret_free(*text);
			*text = copy;
		}
	}
	xmlFree(content);
	return ret;
}

int hsm_xml_attribute(hsm_xml_t *xml, xmlNode *node, const char *name, char **text)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	if (value == NULL) {
		return hsm_xml_error(xml, node, "<%s> has no attribute \"%s\", add %s=\"...\"",
		                     name_of(node), name, name);
	}
	char what[64];
	(void)snprintf(what, sizeof(what), "the attribute \"%s\"", name);
	int ret = replace_trimmed(xml, node, text, what, (const char *)value);
	xmlFree(value);
	return ret;
}

static bool to_number(const char *text, uint64_t *number)
{
	text += (*text == '+');
	if (*text == '\0' || strspn(text, "0123456789") != strlen(text)) {
		return false;
	}
	errno = 0;
	unsigned long long value = strtoull(text, NULL, 10);
	*number = value;
	return errno == 0;
}

int hsm_xml_number(hsm_xml_t *xml, xmlNode *node, uint64_t min, uint64_t max, uint64_t *number)
{
	char *text = NULL;
	int ret = hsm_xml_text(xml, node, &text);
	if (ret != HSM_EOK) {
		return ret;
	}
	uint64_t value = 0;
	if (!to_number(text, &value) || value < min || value > max) {
		ret = hsm_xml_error(xml, node, "\"%.40s\" in <%s> is not a number from %llu "
		                    "to %llu", text, name_of(node), (unsigned long long)min,
		                    (unsigned long long)max);
	} else {
		*number = value;
	}
	free(text);
	return ret;
}

int hsm_xml_switch(hsm_xml_t *xml, xmlNode *node, bool *on)
{
	for (const xmlNode *child = node->children; child != NULL; child = child->next) {
		if (child->type != XML_COMMENT_NODE && !xmlIsBlankNode(child)) {
			return hsm_xml_error(xml, node, "write <%s/> to switch it on, with nothing "
			                     "inside; leave it out to switch it off",
			                     name_of(node));
		}
	}
	*on = true;
	return HSM_EOK;
}

int hsm_xml_error(hsm_xml_t *xml, const xmlNode *node, const char *fmt, ...)
{
	char text[400];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	hsm_error_t line;
	hsm_error_set(&line, HSM_ECONF, 0, "%s:%ld: %s", xml->path, xmlGetLineNo(node), text);
	if (xml->errors == 0) {
		hsm_error_set(xml->err, HSM_ECONF, 0, "%s", line.text);
	}
	if (xml->errors < HSM_XML_ERRORS_MAX) {
		xml->wrong[xml->errors] = node;
		if (xml->error != NULL) {
			xml->error(xml->error_ctx, line.text);
		}
	}
	xml->errors++;
	return HSM_ECONF;
}

bool hsm_xml_is_wrong(const hsm_xml_t *xml, const xmlNode *node)
{
	if (xml->errors > HSM_XML_ERRORS_MAX) {
		return true;
	}
	for (size_t i = 0; i < xml->errors; i++) {
		const xmlNode *place = xml->wrong[i];
		while (place != NULL && place != node) {
			place = place->parent;
		}
		if (place != NULL) {
			return true;
		}
	}
	return false;
}

void hsm_xml_warn(hsm_xml_t *xml, const xmlNode *node, const char *fmt, ...)
{
	if (xml->warn == NULL) {
		return;
	}
	char text[400];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	hsm_error_t line;
	hsm_error_set(&line, HSM_ECONF, 0, "%s:%ld: %s", xml->path, xmlGetLineNo(node), text);
	xml->warn(xml->warn_ctx, line.text);
}
