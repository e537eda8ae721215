#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""Writes a zone file's records in one canonical form, sorted: canonical.py FILE ZONE WITHOUT

WITHOUT  types to leave out, joined by |
TTLs are left out, since a policy may limit them.
"""
import re
import subprocess
import sys

file, zone, without = sys.argv[1:]
lines = subprocess.run(
    ["named-compilezone", "-q", "-k", "ignore", "-i", "none", "-m", "ignore", "-M", "ignore",
     "-S", "ignore", "-r", "ignore", "-n", "ignore", "-F", "text", "-s", "full", "-o", "-", zone,
     file], check=True, capture_output=True, text=True).stdout.splitlines()
wanted = set()
for line in lines:
    if line.startswith(";"):
        continue
    owner, _, _, rrtype, rdata = line.split(None, 4)
    if not re.fullmatch(without, rrtype):
        wanted.add(f"{owner.lower()} {rrtype} {rdata.lower() if rrtype != 'TXT' else rdata}")
print("\n".join(sorted(wanted)))
