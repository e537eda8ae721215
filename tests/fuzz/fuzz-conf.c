/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as conf.xml: they are refused with an error that names the file, or give repositories
 * that each have what it takes to reach a token. */

#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hsm-adapter/conf.h"
#include "tests/fuzz/target.h"

/* Octets. For a comment full of "--" libxml2 takes time by the square of its length. */
#define INPUT_MAX 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_MAX) {
		return 0;
	}
	char path[TARGET_PATH_MAX];
	const int fd = make_file(data, size, path);

	hsm_conf_t conf;
	hsm_error_t err = { 0 };
	if (hsm_conf_read(path, &conf, NULL, NULL, &err) == HSM_EOK) {
		demand(conf.signer_threads > 0 && conf.worker_threads > 0, "there are threads");
		for (size_t i = 0; i < conf.count; i++) {
			const hsm_repository_t *repository = &conf.repositories[i];
			demand(repository->module != NULL && repository->token_label != NULL,
			       "a repository has a library and a token");
			demand(hsm_conf_repository(&conf, repository->name) == repository,
			       "a repository is found by its name");
		}
		hsm_conf_deinit(&conf);
	} else {
		demand(strncmp(err.text, "/proc/", 6) == 0, "an error names the file");
	}
	close(fd);
	return 0;
}
