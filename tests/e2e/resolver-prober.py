#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""Asks a validating resolver all the time, and fails if what it says is not secure.

resolver-prober.py PORT [--rate N] [--goes-insecure ZONE]... [--made PREFIX] [--pause FILE] ZONE...

Asks each zone for its SOA, an address, a name that is not there, a type that is not there and what
a wildcard has, until SIGINT; and for names of PREFIX and a number below 250, which have to have
addresses. A zone counts from its first secure answer on; then each has to be NOERROR or NXDOMAIN with
the AD bit. One that goes insecure may lack the AD bit, but must not fail either. It does not ask
while there is a file of that name.
"""
import argparse
import collections
import os
import random
import signal
import socket
import struct
import sys
import time

SOA, A, TXT = 6, 1, 16
AD = 0x20


def query(name, rrtype):
    ident = random.randrange(65536)
    wire = struct.pack("!6H", ident, 0x0120, 1, 0, 0, 0)
    for label in name.split("."):
        wire += bytes([len(label)]) + label.encode()
    return ident, wire + struct.pack("!BHH", 0, rrtype, 1)


def ask(port, name, rrtype):
    """Gives RCODE, AD bit and number of answers, or None without an answer."""
    ident, wire = query(name, rrtype)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10 * int(os.environ.get("LIMIT_FACTOR", 1)))
        sock.connect(("127.0.0.1", port))
        try:
            sock.send(wire)
            while True:
                answer = sock.recv(65535)
                if struct.unpack_from("!H", answer)[0] == ident:
                    return answer[3] & 15, bool(answer[3] & AD), struct.unpack_from("!H", answer, 6)[0]
        except OSError:
            return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("zones", nargs="+")
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--goes-insecure", action="append", default=[])
    parser.add_argument("--made", default="")
    parser.add_argument("--pause", default="")
    args = parser.parse_args()

    def stop(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)

    print("asking", flush=True)
    secure = set()
    seen = collections.Counter()
    try:
        while True:
            time.sleep(1 / args.rate)
            if os.path.exists(args.pause):
                continue
            zone = random.choice(args.zones + args.goes_insecure)
            made = f"{args.made}{random.randrange(250)}.{zone}"
            name, rrtype = random.choice([
                (zone, SOA), ("www." + zone, A), ("www." + zone, TXT),
                (f"no{random.randrange(10**6)}.{zone}", A), ("deep." + zone, A),
                (f"x{random.randrange(10**6)}.wild.{zone}", A),
                (f"x{random.randrange(10**6)}.wild.{zone}", TXT)] +
                ([(made, A), (made, TXT)] if args.made else []))
            answer = ask(args.port, name, rrtype)
            what = "no answer" if answer is None else f"rcode {answer[0]}, AD {int(answer[1])}, {answer[2]} records"
            good = answer is not None and answer[0] in (0, 3) and (
                answer[2] > 0 or (name, rrtype) != (made, A))
            if good and answer[1]:
                secure.add(zone)
                seen["secure"] += 1
            elif good and zone in args.goes_insecure:
                seen["insecure, as it may be"] += 1
            elif zone in secure and not os.path.exists(args.pause):
                seen["bad"] += 1
                if seen["bad"] <= 20:
                    print(f"bad: {time.strftime('%T')} {name} type {rrtype}: {what}", flush=True)
    except KeyboardInterrupt:
        pass
    print("resolver-prober:", ", ".join(f"{count} {what}" for what, count in sorted(seen.items())))
    missing = set(args.zones + args.goes_insecure) - secure
    if seen["bad"] or missing:
        print(f"resolver-prober: never secure: {sorted(missing)}")
        sys.exit(1)


main()
