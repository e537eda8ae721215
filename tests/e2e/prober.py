#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""Asks a name server all the time, and fails if it ever answers unsigned.

prober.py PORT ZONE [--rate N] [--names NAME...] [--restarts]

Asks SOA, A and a name that is not there, with DO, over UDP, until SIGINT. Before the first signed
answer only REFUSED and SERVFAIL are allowed; from then on only signed answers are, and, with
--restarts, silence. A truncated answer counts as what it holds.
"""
import argparse
import collections
import random
import signal
import socket
import struct
import sys
import time

RRSIG, OPT, SOA, A = 46, 41, 6, 1
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


def query(name, rrtype):
    ident = random.randrange(65536)
    wire = struct.pack("!6H", ident, 0x0100, 1, 0, 0, 1)  # RD, for resolvers
    for label in name.rstrip(".").split("."):
        wire += bytes([len(label)]) + label.encode()
    wire += struct.pack("!BHH", 0, rrtype, 1)
    return ident, wire + struct.pack("!BHHIH", 0, OPT, 1232, 0x8000, 0)


def skip_name(wire, at):
    while True:
        length = wire[at]
        if length >= 0xC0:
            return at + 2
        at += 1 + length
        if length == 0:
            return at


def read(wire):
    """Gives the RCODE and the types in answer and authority section."""
    _, flags, questions, answers, authority, _ = struct.unpack_from("!6H", wire)
    at = 12
    for _ in range(questions):
        at = skip_name(wire, at) + 4
    types = []
    for _ in range(answers + authority):
        at = skip_name(wire, at)
        rrtype, _, _, length = struct.unpack_from("!HHIH", wire, at)
        types.append(rrtype)
        at += 10 + length
    return flags & 15, types


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("zone")
    parser.add_argument("--rate", type=int, default=300)
    parser.add_argument("--names", nargs="*", default=[])
    parser.add_argument("--restarts", action="store_true")
    args = parser.parse_args()

    def stop(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    print("prober: asks", args.zone, flush=True)

    questions = [(args.zone, SOA), ("www." + args.zone, A), (None, A)]
    questions += [(name, A) for name in args.names]
    seen = collections.Counter()
    bad = []
    signed = False
    try:
        while True:
            name, rrtype = random.choice(questions)
            name = name or f"no{random.randrange(10**6)}.{args.zone}"
            ident, wire = query(name, rrtype)
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.settimeout(2)
            try:
                sock.connect(("127.0.0.1", args.port))
                sock.send(wire)
                answer = sock.recv(65535)
            except OSError as error:
                seen["silence"] += 1
                if signed and not args.restarts:
                    bad.append(f"{name} {rrtype}: {error}")
                time.sleep(0.02)
                continue
            finally:
                sock.close()
            if struct.unpack_from("!H", answer)[0] != ident:
                continue
            rcode, types = read(answer)
            if RRSIG in types and rcode in (NOERROR, NXDOMAIN):
                seen["signed"] += 1
                signed = True
            elif rcode in (SERVFAIL, REFUSED) and (not signed or args.restarts):
                seen["refused"] += 1
            else:
                seen["unsigned"] += 1
                bad.append(f"{time.strftime('%T')} {name} {rrtype}: rcode {rcode}, types {types}")
            time.sleep(1 / args.rate)
    except KeyboardInterrupt:
        pass
    print("prober:", ", ".join(f"{count} {what}" for what, count in sorted(seen.items())))
    print("\n".join(bad[:10]))
    if bad or not seen["signed"]:
        print(f"prober: {len(bad)} wrong answers, {seen['signed']} signed ones")
        sys.exit(1)


main()
