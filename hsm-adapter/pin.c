/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/pin.h"

#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/trust.h"
#include "hsm-adapter/secret.h"

static int pin_path(const char *pin_file, char *path, size_t size)
{
	int len;
	if (pin_file[0] == '/') {
		len = snprintf(path, size, "%s", pin_file);
	} else {
		const char *dir = getenv("CREDENTIALS_DIRECTORY");
		if (dir == NULL) {
			return ENOENT;
		}
		len = snprintf(path, size, "%s/%s", dir, pin_file);
	}
	return (len < 0 || (size_t)len >= size) ? ENAMETOOLONG : 0;
}

/*! \return What is wrong with the file; NULL = nothing. */
static const char *find_fault(int fd)
{
	struct stat st;
	if (fstat(fd, &st) != 0) {
		return strerror(errno);
	}
	if (!S_ISREG(st.st_mode)) {
		return "it is not a file";
	}
	if (st.st_mode & S_IROTH) {
		return "everybody can read it; do chmod o-r, and change the PIN";
	}
	if (geteuid() == 0) {
		st.st_uid = 0; /* Root reads the PINs of all users, as ods-hsm. */
	}
	return trust_fault(&st);
}

/*! \return What is wrong; NULL = nothing. */
static const char *read_line(int fd, hsm_pin_t *pin)
{
	/* One read() gets all of a file of this size. */
	ssize_t got = read(fd, pin->text, HSM_PIN_MAX);
	if (got < 0) {
		return strerror(errno);
	}
	pin->len = strcspn(pin->text, "\r\n");
	pin->text[pin->len] = '\0';
	return pin->len == HSM_PIN_MAX ? "its first line is too long for a PIN" :
	       pin->len == 0           ? "its first line is empty" : NULL;
}

/*! \return What is wrong; NULL = nothing. */
static const char *read_file(const char *path, hsm_pin_t *pin)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		return strerror(errno);
	}
	const char *fault = find_fault(fd);
	if (fault == NULL) {
		fault = read_line(fd, pin);
	}
	close(fd);
	return fault;
}

static int file_error(const hsm_repository_t *repository, const char *what, hsm_error_t *err)
{
	if (repository->pin_file[0] != '/' && getenv("CREDENTIALS_DIRECTORY") == NULL) {
		return hsm_error_set(err, HSM_EPIN, 0, "repository \"%s\": <PINFile> \"%s\" is the "
		                     "name of a systemd credential, but systemd gave none: use "
		                     "LoadCredential= in the unit, or an absolute path",
		                     repository->name, repository->pin_file);
	}
	return hsm_error_set(err, HSM_EPIN, 0, "repository \"%s\": cannot read the PIN from "
	                     "<PINFile> %s: %s", repository->name, repository->pin_file, what);
}

static int take_inline(const hsm_repository_t *repository, hsm_pin_t *pin, hsm_error_t *err)
{
	pin->len = strlen(repository->pin);
	if (pin->len > HSM_PIN_MAX) {
		return hsm_error_set(err, HSM_EPIN, 0, "repository \"%s\": the <PIN> is longer than "
		                     "%d bytes", repository->name, HSM_PIN_MAX);
	}
	memcpy(pin->text, repository->pin, pin->len);
	return HSM_EOK;
}

static int take_variable(const hsm_repository_t *repository, hsm_pin_t *pin, hsm_error_t *err)
{
	const char *value = hsm_secret_variable(repository->pin_variable);
	pin->len = value != NULL ? strlen(value) : 0;
	if (pin->len == 0 || pin->len > HSM_PIN_MAX) {
		return hsm_error_set(err, HSM_EPIN, 0, "repository \"%s\": cannot take the PIN from "
		                     "<PINVariable> %s: the variable is not set here, is empty, or has more "
		                     "than %d bytes", repository->name, repository->pin_variable, HSM_PIN_MAX);
	}
	memcpy(pin->text, value, pin->len);
	return HSM_EOK;
}

static int take_file(const hsm_repository_t *repository, hsm_pin_t *pin, hsm_error_t *err)
{
	char path[PATH_MAX];
	int error = pin_path(repository->pin_file, path, sizeof(path));
	const char *fault = error != 0 ? strerror(error) : read_file(path, pin);
	return fault == NULL ? HSM_EOK : file_error(repository, fault, err);
}

/*! None is no error: the token may need none. */
static int take_kept(const hsm_repository_t *repository, hsm_pin_t *pin)
{
	pin->why = kept_read(repository, pin->text, HSM_PIN_MAX, &pin->len, &pin->kept);
	pin->given = pin->why == 0;
	return HSM_EOK;
}

int hsm_pin_read(const hsm_repository_t *repository, hsm_pin_t *pin, hsm_error_t *err)
{
	hsm_pin_t read = { .given = repository->pin != NULL || repository->pin_file != NULL ||
		                    repository->pin_variable != NULL };
	if (!read.given && !repository->asked) {
		*pin = read;
		return HSM_EOK;
	}
	read.text = hsm_secret_new();
	if (read.text == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	int ret = repository->pin != NULL ? take_inline(repository, &read, err) :
	          repository->pin_file != NULL ? take_file(repository, &read, err) :
	          repository->pin_variable != NULL ? take_variable(repository, &read, err)
	                                           : take_kept(repository, &read);
	if (!read.given) {
		hsm_secret_free(read.text);
		read.text = NULL;
	}
	if (ret != HSM_EOK) {
		hsm_pin_wipe(&read);
		return ret;
	}
	*pin = read;
	return HSM_EOK;
}

int hsm_pin_read_file(const char *path, hsm_pin_t *pin, hsm_error_t *err)
{
	hsm_pin_t read = { .given = true, .text = hsm_secret_new() };
	if (read.text == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	const bool input = strcmp(path, "-") == 0;
	const char *fault = input ? read_line(STDIN_FILENO, &read) : read_file(path, &read);
	if (fault != NULL) {
		hsm_pin_wipe(&read);
		return hsm_error_set(err, HSM_EPIN, 0, "cannot read a PIN from %s: %s",
		                     input ? "standard input" : path, fault);
	}
	*pin = read;
	return HSM_EOK;
}

void hsm_pin_wipe(hsm_pin_t *pin)
{
	hsm_secret_free(pin->text);
	*pin = (hsm_pin_t){ 0 };
}

bool hsm_pin_file_exposed(const char *pin_file)
{
	char path[PATH_MAX];
	struct stat st;
	return pin_path(pin_file, path, sizeof(path)) == 0 && stat(path, &st) == 0 &&
	       (st.st_mode & S_IROTH) != 0;
}
