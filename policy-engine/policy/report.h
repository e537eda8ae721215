/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What is said of a kasp.xml that is read.
 */
#pragma once

/*! What is said of a kasp.xml. */
typedef enum {
	KASP_ERROR,  /*!< The file is refused for it. */
	KASP_DEFECT, /*!< The policy is read, but no key is made for its zones. */
	KASP_ADVICE, /*!< Something is ignored, or inadvisable. */
} kasp_kind_t;

/*! Gets one line of text: file, line, element, remedy. */
typedef void (*kasp_report_f)(void *ctx, kasp_kind_t kind, const char *text);
