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

/*! \return 0, or an errno. */
static int read_line(const char *path, hsm_pin_t *pin)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		return errno;
	}
	/* One read() gets all of a file of this size. */
	ssize_t got = read(fd, pin->text, HSM_PIN_MAX);
	int error = (got < 0) ? errno : 0;
	close(fd);
	if (error == 0) {
		pin->len = strcspn(pin->text, "\r\n");
		memset(pin->text + pin->len, 0, sizeof(pin->text) - pin->len);
		if (pin->len == HSM_PIN_MAX) {
			error = EMSGSIZE;
		}
	}
	return error;
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

int hsm_pin_read(const hsm_repository_t *repository, hsm_pin_t *pin, hsm_error_t *err)
{
	*pin = (hsm_pin_t){ .given = repository->pin != NULL || repository->pin_file != NULL };
	if (!pin->given) {
		return HSM_EOK;
	}

	if (repository->pin != NULL) {
		pin->len = strlen(repository->pin);
		if (pin->len > HSM_PIN_MAX) {
			return hsm_error_set(err, HSM_EPIN, 0, "repository \"%s\": the <PIN> is "
			                     "longer than %d bytes", repository->name, HSM_PIN_MAX);
		}
		memcpy(pin->text, repository->pin, pin->len);
		return HSM_EOK;
	}

	char path[PATH_MAX];
	int error = pin_path(repository->pin_file, path, sizeof(path));
	if (error == 0) {
		error = read_line(path, pin);
	}
	if (error == 0 && pin->len > 0) {
		return HSM_EOK;
	}
	hsm_pin_wipe(pin);
	const char *what = (error == EMSGSIZE) ? "its first line is too long for a PIN" :
	                   (error != 0) ? strerror(error) : "its first line is empty";
	return file_error(repository, what, err);
}

void hsm_pin_wipe(hsm_pin_t *pin)
{
	explicit_bzero(pin, sizeof(*pin));
}

bool hsm_pin_file_exposed(const char *pin_file)
{
	char path[PATH_MAX];
	struct stat st;
	return pin_path(pin_file, path, sizeof(path)) == 0 && stat(path, &st) == 0 &&
	       (st.st_mode & S_IROTH) != 0;
}
