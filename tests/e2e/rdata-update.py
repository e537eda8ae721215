#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""Sends DNS UPDATEs that add RDATA, of which each has to be refused: rdata-update.py PORT ZONE

Reads lines of "TYPE HEX ..." from standard input. Clients there are would not send these records.
"""
import socket
import struct
import sys

FORMERR = 1
UPDATE = 5 << 11
SOA, IN = 6, 1

port, zone = int(sys.argv[1]), sys.argv[2]


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def message(number, rrtype, rdata):
    head = struct.pack("!6H", number, UPDATE, 1, 0, 1, 0)
    question = name(zone) + struct.pack("!2H", SOA, IN)
    owner = name(f"x.{zone}" if rrtype != SOA else zone)
    return head + question + owner + struct.pack("!2HIH", rrtype, IN, 300, len(rdata)) + rdata


def ask(query):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as tcp:
        tcp.sendall(struct.pack("!H", len(query)) + query)
        with tcp.makefile("rb") as answer:
            size, = struct.unpack("!H", answer.read(2))
            return answer.read(size)


count = wrong = 0
for line in sys.stdin:
    rrtype, rdata = line.split()[:2]
    count += 1
    answer = ask(message(count, int(rrtype), bytes.fromhex(rdata.strip("-"))))
    if answer[3] & 15 != FORMERR:
        print(f"RCODE {answer[3] & 15} for an UPDATE with TYPE{rrtype} {rdata}")
        wrong += 1
print(f"{count} updates, {wrong} not FORMERR")
sys.exit(count == 0 or wrong > 0)
