#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""Writes a large unsigned zone: genzone.py KIND NAMES ORIGIN [--serial N]

KIND  host: each name has two addresses, some more, as in a company's or a provider's zone
      tld:  each name is a delegation, three in ten with a DS, one in ten with glue
The same arguments give the same zone.
"""
import argparse
import hashlib


def digest(*parts):
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def host(name, n):
    yield f"{name} A 192.0.2.{n % 254 + 1}"
    yield f"{name} AAAA 2001:db8::{n % 65535:x}"
    if n % 10 == 0:
        yield f"{name} 300 TXT \"{digest('txt', n)}\" \"{digest('more', n)}\""
    if n % 10 == 5:
        yield f"{name} MX 10 {name}"
    if n % 50 == 7:
        yield f"_443._tcp.{name} TLSA 3 1 1 {digest('tlsa', n)}"
    if n % 100 == 9:
        yield f"alias.{name} CNAME {name}"


def tld(name, n):
    yield f"{name} NS ns{n % 7 + 1}.dns.example.net."
    yield f"{name} NS ns{n % 5 + 1}.dns.example.org."
    if n % 10 < 3:
        yield f"{name} DS {n % 65535} 13 2 {digest('ds', n)}"
    if n % 10 == 0:
        yield f"{name} NS ns.{name}"
        yield f"ns.{name} A 198.51.100.{n % 254 + 1}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["host", "tld"])
    parser.add_argument("names", type=int)
    parser.add_argument("origin")
    parser.add_argument("--serial", type=int, default=1)
    args = parser.parse_args()
    print(f"$ORIGIN {args.origin.rstrip('.')}.")
    print("$TTL 3600")
    print(f"@ SOA ns1 hostmaster {args.serial} 3600 900 604800 3600")
    print("@ NS ns1\n@ NS ns2\nns1 A 192.0.2.1\nns2 AAAA 2001:db8::2")
    make = {"host": host, "tld": tld}[args.kind]
    for n in range(args.names):
        for line in make(f"n{digest(args.kind, n)[:10]}", n):
            print(line)


main()
