#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""Compares the module's verdicts on RDATA with those of servers: rdata-judges.py VERDICTS TAKEN

VERDICTS  the output of tests/unit/rdata-verdicts
TAKEN     a folder: of what the module takes, a zone file NAME for each type, and each SOA

BIND, NSD and libknot have to take all that the module takes, and one of them has to refuse what the
module refuses. BIND gets the records in the form of unknown types (RFC 3597), which it reads by the
same code as a transfer; that of Knot does not see it, so rdata-verdicts asks libknot. NSD is only
asked for what the module refuses: from 4.10 on it reads files by other code than transfers, which
refuses type bitmaps of two windows, say. What it takes from a transfer the zones in TAKEN show. ldns
has to read what the module takes, too.
"""
import collections
import concurrent.futures
import os
import re
import subprocess
import sys

ZONE = "rdata.test."
HEAD = [f"$ORIGIN {ZONE}", "$TTL 300", "@ SOA ns host 1 3600 900 604800 300", "@ NS ns",
        "ns A 192.0.2.1"]
SOA = 6
# What the module refuses although no server here does: servers that are not here do.
ELSEWHERE = {
    ("APL", "more than 64 prefixes"): "NSD 4.6",
    ("SVCB", "more than 62 SvcParams"): "NSD 4.6",
    ("SPF", "more than 64 character-strings"): "NSD 4.6",
    ("NULL", "the RDATA is too short"): "Knot 3.2",
    ("URI", "the RDATA is too short"): "Knot 3.5: no empty target (RFC 7553, section 4.4)",
    ("SSHFP", "the RDATA is too short"): "Knot 3.5: no empty fingerprint",
    ("KEY", "the flags say that there is no key"): "BIND 9.20 wants one, BIND 9.18 none",
    ("NXT", "the type bitmap is malformed"): "Knot 3.5: no empty bitmap",
    ("DHCID", "the RDATA is too short"): "NSD 4.13: identifier type and digest type",
    ("CLA", None): "NSD 4.13 knows the type",
    ("DSYNC", None): "Knot 3.5, BIND 9.20 and NSD 4.13 know the type",
    ("HHIT", None): "BIND 9.20 and NSD 4.13 know the type",
    ("BRID", None): "BIND 9.20 and NSD 4.13 know the type",
    ("RESINFO", None): "Knot 3.4, BIND 9.20 and NSD 4.13 know the type",
    ("WALLET", None): "Knot 3.4, BIND 9.20 and NSD 4.13 know the type",
    ("AMTRELAY", "the gateway type is unknown"): "NSD 4.13",
    ("RRSIG", "the private algorithm's name is malformed"): "BIND 9.20",
    (None, "the private algorithm's OID is malformed"): "BIND 9.20",
    (None, "a number in the private algorithm's OID begins with zeros"): "BIND 9.20",
}
NAMES = {10: "NULL", 25: "KEY", 30: "NXT", 42: "APL", 44: "SSHFP", 46: "RRSIG", 49: "DHCID", 64: "SVCB", 65: "HTTPS", 66: "DSYNC", 67: "HHIT", 68: "BRID", 99: "SPF",
         256: "URI", 260: "AMTRELAY", 261: "RESINFO", 262: "WALLET", 263: "CLA"}

Verdict = collections.namedtuple("Verdict", "type hex libknot fault")


def read(path):
    seen = {}
    for line in open(path):
        rrtype, rdata, libknot, fault = line.rstrip("\n").split(" ", 3)
        rdata = "" if rdata == "-" else rdata
        seen.setdefault((rrtype, rdata), Verdict(int(rrtype), rdata, libknot == "yes", fault))
    return list(seen.values())


def generic(verdict):
    return f"TYPE{verdict.type} \\# {len(verdict.hex) // 2} {verdict.hex}"


def write(path, lines):
    with open(path, "w") as out:
        out.write("\n".join(lines) + "\n")


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, errors="replace")
    return result.returncode, result.stdout + result.stderr


def named_lines(judge, lines):
    """Asks about a zone of these lines. What it names it has refused; without these lines the zone
    has to load, unless there are more errors than it names at once."""
    refused, primary = set(), set()
    while True:
        kept = [i for i in range(len(lines)) if i not in refused | primary]
        path = f"{judge.name}.zone"
        write(path, [lines[i] for i in kept])
        code, out = run(*judge.command, path)
        if code == 0:
            return refused
        found = {kept[int(number) - 1] for number in re.findall(judge.error, out)}
        as_primary = {kept[int(number) - 1] for number in re.findall(PRIMARY, out)}
        if not found | as_primary:
            sys.exit(f"{judge.name} refuses {path}, but names no line: {out[-2000:]}")
        refused |= found
        primary |= as_primary


# all: it reads files by the code of transfers, and is asked about what the module takes, too.
Judge = collections.namedtuple("Judge", "name command error all")
JUDGES = [
    Judge("BIND", ("named-checkzone", "-i", "none", "-k", "ignore", "-m", "ignore", "-M", "ignore",
                   "-n", "ignore", "-r", "ignore", "-S", "ignore", ZONE),
          r"dns_rdata_fromtext: [^:]*:(\d+):", True),
    Judge("NSD", ("nsd-checkzone", ZONE), r"error: [^:]*:(\d+): ", False),
]
# BIND refuses MD and MF (RFC 1123), and an SVCB in AliasMode with parameters, as a primary; a secondary
# takes them.
PRIMARY = r":(\d+): (?:type 'M[DF]': obsolete|SVCB record not valid)"
LDNS = Judge("ldns", ("ldns-read-zone",), r"at line (\d+)", True)


def refused_by(judge, verdicts):
    lines = HEAD + [f"x{i} {generic(v)}" for i, v in enumerate(verdicts)]
    refused = named_lines(judge, lines)
    if min(refused, default=len(HEAD)) < len(HEAD):
        sys.exit(f"{judge.name} refuses the records that all zones have")
    return {verdicts[i - len(HEAD)] for i in refused}


def refuses_soa(judge, verdict, path):
    """An SOA has to be at the apex, so each needs a zone."""
    write(path, [f"{ZONE} 300 {generic(verdict)}"] + [f"{ZONE} 300 NS ns.{ZONE}",
                                                      f"ns.{ZONE} 300 A 192.0.2.1"])
    code, _ = run(*judge.command, path)
    os.unlink(path)
    return code != 0


def soas_refused_by(judge, verdicts):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        paths = [f"{judge.name}.soa{i}" for i in range(len(verdicts))]
        refused = pool.map(refuses_soa, [judge] * len(verdicts), verdicts, paths)
        return {verdict for verdict, no in zip(verdicts, refused) if no}


def is_refused_elsewhere(verdict):
    name = NAMES.get(verdict.type)
    return any(key in ELSEWHERE for key in
               [(name, verdict.fault), (None, verdict.fault), (name, None)])


def write_zones(folder, verdicts):
    zones = collections.defaultdict(list)
    for i, verdict in enumerate(verdicts):
        zones[f"soa{i}.test" if verdict.type == SOA else f"type{verdict.type}.test"].append(verdict)
    os.mkdir(folder)
    for zone, those in zones.items():
        head = [f"$ORIGIN {zone}."] + HEAD[1:]
        if those[0].type == SOA:
            head[2] = f"@ {generic(those[0])}"
            those = []
        write(f"{folder}/{zone}", head + [f"x{i} {generic(v)}" for i, v in enumerate(those)])


def main():
    verdicts = read(sys.argv[1])
    refused = {"libknot": {v for v in verdicts if not v.libknot}}
    for judge in JUDGES:
        # Some judges end at the first error: what is refused already need not be asked about.
        known = set().union(*refused.values())
        asked = [v for v in verdicts if (v not in known if v.fault else judge.all)]
        refused[judge.name] = refused_by(judge, [v for v in asked if v.type != SOA])
        refused[judge.name] |= soas_refused_by(judge, [v for v in asked if v.type == SOA])
    taken = [v for v in verdicts if not v.fault]
    refused[LDNS.name] = refused_by(LDNS, [v for v in taken if v.type != SOA])
    write_zones(sys.argv[2], taken)

    wrong = 0
    for verdict in verdicts:
        by = [name for name, them in refused.items() if verdict in them]
        if not verdict.fault and by:
            print(f"taken, but not by {' and '.join(by)}: {generic(verdict)}")
            wrong += 1
        elif verdict.fault and not by and not is_refused_elsewhere(verdict):
            print(f"refused, but all take it: {generic(verdict)}: {verdict.fault}")
            wrong += 1
    if len(taken) < len(verdicts) / 10 or len(taken) > len(verdicts) * 9 / 10:
        sys.exit(f"{len(taken)} of {len(verdicts)} taken, is that a test?")
    print(f"{len(verdicts)} records, {len(taken)} taken; refused by " +
          ", ".join(f"{name} {len(them)}" for name, them in refused.items()))
    sys.exit(wrong > 0)


main()
