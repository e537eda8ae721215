/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as the engine's conf.xml: they are refused with an error that names the file, or give all
 * that the engine runs by. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy-engine/policy/conf.h"
#include "tests/fuzz/target.h"

/* Octets. For a comment full of "--" libxml2 takes time by the square of its length. */
#define INPUT_MAX 16384

static void check_command(const conf_command_t *command)
{
	demand(command->line == NULL || command->line[0] == '/', "a command has a path");
}

static void check_watch(const conf_watch_t *watch)
{
	demand(watch->interval > 0 && watch->recheck > 0 && watch->port > 0, "the DS is looked at");
	for (size_t i = 0; i < watch->count; i++) {
		demand(watch->parents[i].name != NULL && watch->parents[i].count > 0,
		       "a parent has a name and servers");
	}
}

static void warn(void *ctx, const char *text)
{
	(void)ctx;
	demand(text[0] != '\0', "a warning has a text");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_MAX) {
		return 0;
	}
	char path[TARGET_PATH_MAX];
	const int fd = make_file(data, size, path);

	engine_conf_t conf;
	hsm_error_t err = { 0 };
	if (engine_conf_read(path, &conf, warn, NULL, &err) == HSM_EOK) {
		demand(conf.policy_file != NULL && conf.datastore != NULL && conf.socket != NULL &&
		       conf.signer_socket != NULL, "there are paths");
		demand(conf.command_limit > 0, "commands end");
		check_command(&conf.ds_submit);
		check_command(&conf.ds_retract);
		check_command(&conf.notify);
		check_watch(&conf.watch);
		engine_conf_deinit(&conf);
	} else {
		demand(strncmp(err.text, "/proc/", 6) == 0, "an error names the file");
	}
	close(fd);
	return 0;
}
