/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/tool/run.h"

#include <stdio.h>

int complain(const hsm_error_t *err)
{
	fprintf(stderr, "ods-hsm: %s\n", err->text);
	return FAILED;
}

const hsm_repository_t *first_repository(const run_t *run)
{
	const hsm_repository_t *repository = hsm_conf_repository(run->conf, run->args[0]);
	if (repository == NULL) {
		fprintf(stderr, "ods-hsm: conf.xml has no repository \"%s\"; see ods-hsm info\n",
		        run->args[0]);
	}
	return repository;
}

int each_repository(const run_t *run, int (*work)(const run_t *, const hsm_repository_t *))
{
	if (run->count > 0) {
		const hsm_repository_t *repository = first_repository(run);
		return repository != NULL ? work(run, repository) : FAILED;
	}
	if (run->conf->count == 0) {
		fprintf(stderr, "ods-hsm: conf.xml has no <Repository>\n");
		return FAILED;
	}
	int ret = DONE;
	for (size_t i = 0; i < run->conf->count; i++) {
		if (work(run, &run->conf->repositories[i]) != DONE) {
			ret = FAILED;
		}
	}
	return ret;
}

const hsm_algorithm_t *any_algorithm(const char *text)
{
	const hsm_algorithm_t *algorithm = hsm_algorithm_parse(text);
	if (algorithm != NULL) {
		return algorithm;
	}
	fprintf(stderr, "ods-hsm: unknown algorithm \"%s\"; there are", text);
	while ((algorithm = hsm_algorithm_next(algorithm)) != NULL) {
		fprintf(stderr, " %s", algorithm->name);
	}
	fprintf(stderr, "\n");
	return NULL;
}
