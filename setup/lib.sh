# shellcheck shell=sh disable=SC3043
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# What quickstart and ods setup share: conf.xml and tokens for the repositories of a kasp.xml. The caller
# has die().

softhsm_library() {
	local file
	for file in /usr/lib/softhsm /usr/lib/*/softhsm /usr/lib64/softhsm /usr/lib64/pkcs11 \
	            /usr/lib/pkcs11 /usr/local/lib/softhsm; do
		if [ -e "$file/libsofthsm2.so" ]; then
			echo "$file/libsofthsm2.so"
			return
		fi
	done
	die "libsofthsm2.so of SoftHSM is nowhere below /usr/lib; install SoftHSM"
}

# repositories_of KASP
repositories_of() { sed -n 's:.*<Repository> *\([^< ]*\) *</Repository>.*:\1:p' "$1" | sort -u; }

# with_repositories LIBRARY LABEL NAME...: reads the example of a conf.xml and writes it with a repository
# for each name. If LABEL is empty each token is labelled by the name of its repository.
with_repositories() {
	local library="$1" label="$2"
	shift 2
	awk -v names="$*" -v library="$library" -v label="$label" '
		/<Repository name=/ { inside = 1 }
		inside { block = block $0 "\n" }
		!inside { print }
		/<\/Repository>/ {
			inside = 0
			count = split(names, name, " ")
			for (i = 1; i <= count; i++) {
				text = block
				sub(/"SoftHSM"/, "\"" name[i] "\"", text)
				sub(/<Module>[^<]*/, "<Module>" library, text)
				sub(/<TokenLabel>[^<]*/, "<TokenLabel>" (label != "" ? label : name[i]), text)
				printf "%s", text
			}
		}'
}

# make_secret FILE: a PIN that nobody guesses, unless there is one.
make_secret() {
	[ -e "$1" ] || (umask 077 && od -An -N8 -tx1 /dev/urandom | tr -d ' ' >"$1")
}

# make_token REPOSITORY SO-PIN-FILE COMMAND...: COMMAND is ods-hsm, as whoever shall have the SoftHSM token.
# The PINs come from files: the arguments of a program are for all to see.
make_token() {
	local repository="$1" so_pin="$2"
	shift 2
	"$@" init "$repository" - <"$so_pin"
}
