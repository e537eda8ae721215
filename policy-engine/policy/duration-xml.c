/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/policy/duration-xml.h"

#include <stdlib.h>

#include "policy-engine/base/duration.h"

int duration_read(hsm_xml_t *xml, xmlNode *node, uint32_t *seconds, char **text)
{
	char *read = NULL;
	int ret = hsm_xml_text(xml, node, &read);
	if (ret != HSM_EOK) {
		return ret;
	}
	const char *why = NULL;
	if (duration_parse(read, seconds, &why) != 0) {
		ret = hsm_xml_error(xml, node, "\"%.40s\" in <%s> is not a duration: %s", read,
		                    (const char *)node->name, why);
	}
	if (ret == HSM_EOK && text != NULL) {
		*text = read;
	} else {
		free(read);
	}
	return ret;
}
