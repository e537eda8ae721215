/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Reading OpenDNSSEC's XML files, with file and line in every message.
 *
 * Each kind of element has a table of rules for the elements inside, which may come in any order.
 * For a known element the rule's function is called; an unknown one is named in a warning.
 */
#pragma once

#include <sys/types.h>
#include <stdbool.h>
#include <stdint.h>

#include <libxml/tree.h>

#include "hsm-adapter/error.h"

/*! How many errors of one file are reported one by one; more are only counted. */
#define HSM_XML_ERRORS_MAX 20

/*! A file being read, and where its messages go. For one thread. */
typedef struct {
	const char *path;     /*!< Borrowed from the caller of hsm_xml_open(). */
	xmlDoc *doc;
	mode_t mode;          /*!< Permissions of the file. */
	hsm_warn_f warn;      /*!< May be NULL. */
	void *warn_ctx;
	hsm_error_t *err;     /*!< May be NULL. */
	bool go_on;           /*!< Go on after an error, to find all; set after hsm_xml_open(). */
	hsm_warn_f error;     /*!< Called for the first HSM_XML_ERRORS_MAX errors; may be NULL. */
	void *error_ctx;
	const xmlNode *wrong[HSM_XML_ERRORS_MAX]; /*!< Where those errors are. */
	size_t errors;        /*!< How many there were in all. */
} hsm_xml_t;

/*! What to do with an element; ctx is the one given to hsm_xml_children(). */
typedef int (*hsm_xml_f)(hsm_xml_t *xml, xmlNode *node, void *ctx);

typedef struct hsm_xml_rule hsm_xml_rule_t;

/*! A child element. A table has at most 64 of them, and ends with one without a name. */
struct hsm_xml_rule {
	const char *name;
	hsm_xml_f read;                 /*!< NULL: the element is known, but not read here. */
	const hsm_xml_rule_t *children; /*!< If read is NULL: what may be inside; NULL: text. */
	bool required;
	bool repeated;                  /*!< May occur more than once. */
};

/*!
 * Reads a file: at most 4 MiB, without a DTD (so without entities of its own), no network. Who
 * could have written it has to be trusted (common/trust.h).
 *
 * \param xml   To be closed by hsm_xml_close() on success.
 * \param path  Borrowed until hsm_xml_close().
 * \param root  Name the root element has to have.
 * \param warn  May be NULL.
 * \param err   May be NULL.
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM
 */
int hsm_xml_open(hsm_xml_t *xml, const char *path, const char *root, hsm_warn_f warn,
                 void *warn_ctx, hsm_error_t *err);

void hsm_xml_close(hsm_xml_t *xml);

/*! \return The root element. */
xmlNode *hsm_xml_root(const hsm_xml_t *xml);

/*!
 * Reads the elements inside a node by a table of rules. Ends at the first error; with xml->go_on
 * only at one other than HSM_ECONF.
 *
 * \param ctx  Passed to the rules' functions.
 * \retval HSM_EOK, HSM_ECONF (an element is missing, or is there twice), or what a rule's
 *         function returned.
 */
int hsm_xml_children(hsm_xml_t *xml, xmlNode *parent, const hsm_xml_rule_t *rules, void *ctx);

/*!
 * Takes an element's text, without the white space around it.
 *
 * \param text  To be freed by free(); whatever it held is freed first.
 * \retval HSM_EOK, HSM_ECONF (no text, or elements inside), HSM_ENOMEM
 */
int hsm_xml_text(hsm_xml_t *xml, xmlNode *node, char **text);

/*!
 * Takes an element's text as a secret, with white space. What the document has of it is wiped at the
 * latest by hsm_xml_close().
 *
 * \param text  To be freed by hsm_secret_free(), as whatever it held is.
 * \retval HSM_EOK, HSM_ECONF (no text, elements inside, too long), HSM_ENOMEM
 */
int hsm_xml_secret(hsm_xml_t *xml, xmlNode *node, char **text);

/*!
 * Takes an attribute.
 *
 * \param text  To be freed by free(); whatever it held is freed first.
 * \retval HSM_EOK, HSM_ECONF (missing or empty), HSM_ENOMEM
 */
int hsm_xml_attribute(hsm_xml_t *xml, xmlNode *node, const char *name, char **text);

/*! Takes an element's text as a number between min and max. \retval HSM_EOK, HSM_ECONF */
int hsm_xml_number(hsm_xml_t *xml, xmlNode *node, uint64_t min, uint64_t max, uint64_t *number);

/*! Sets a switch, which is an element with nothing inside. \retval HSM_EOK, HSM_ECONF */
int hsm_xml_switch(hsm_xml_t *xml, xmlNode *node, bool *on);

/*! Fills err with "FILE:LINE: text", if this is the first error. \return HSM_ECONF */
int hsm_xml_error(hsm_xml_t *xml, const xmlNode *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*!
 * \return Whether there was an error at the node or inside it. Also true after more errors than
 *         HSM_XML_ERRORS_MAX, since it is not known then.
 */
bool hsm_xml_is_wrong(const hsm_xml_t *xml, const xmlNode *node);

/*! Warns with "FILE:LINE: text". */
void hsm_xml_warn(hsm_xml_t *xml, const xmlNode *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
