#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""What the benchmarks measure over DNS, from one process that has started before:

client.py serves PORT ZONE LIMIT
    Asks for the zone's SOA until it is answered; prints the moment, seconds since 1970.

client.py update ZONE PORT PORT [--seconds S] [--rounds N] [--latencies N] [--pause S]
    DNS UPDATEs to two servers in turn, each adding a name. First as many as each takes one at
    a time, each awaiting its answer; then from sent to signed and public, the next one sent when
    the one before is so, or after a pause. Prints a line with the medians for each server:
    updates a second, seconds until all of a round were public, seconds from sent to public, the
    same after a pause.

client.py worst ZONE PORT FILE
    DNS UPDATEs, one at a time, as long as FILE is there; prints how many were answered, and the
    seconds of the slowest answer.
"""
import argparse
import os
import random
import socket
import statistics
import struct
import sys
import time

A, SOA, OPT, RRSIG = 1, 6, 41, 46
LIMIT = 120  # seconds for one answer


def wire(name):
    labels = [label.encode() for label in name.rstrip(".").split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


class Server:
    def __init__(self, port, zone, limit=LIMIT):
        self.zone = zone
        self.count = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(limit)

    def exchange(self, flags, counts, body):
        """Returns flags, the answers' count and the answer."""
        number = random.randrange(65536)
        self.socket.send(struct.pack("!HH4H", number, flags, *counts) + body)
        while True:
            answer = self.socket.recv(4096)
            got, flags, _, answers, _, _ = struct.unpack("!6H", answer[:12])
            if got == number:
                return flags, answers, answer

    def query(self, name, rrtype):
        """With the DO bit. Returns rcode and whether AA is set, the answers' count."""
        body = wire(name) + struct.pack("!HH", rrtype, 1)
        body += b"\0" + struct.pack("!HHIH", OPT, 4096, 0x8000, 0)
        flags, answers, _ = self.exchange(0, (1, 0, 0, 1), body)
        return flags & 15, bool(flags & 0x400), answers

    def update(self):
        """Adds a name, and returns it when the answer is there."""
        name = f"u{self.count}-{random.randrange(1 << 30):x}.{self.zone}"
        self.count += 1
        body = wire(self.zone) + struct.pack("!HH", SOA, 1)
        body += wire(name) + struct.pack("!HHIH4B", A, 1, 300, 4, 192, 0, 2, 1)
        flags, _, _ = self.exchange(5 << 11, (1, 0, 1, 0), body)
        if flags & 15:
            sys.exit(f"client.py: update {name}: rcode {flags & 15}")
        return name

    def await_public(self, name, pause):
        """Until there is an A record with its signature."""
        end = time.monotonic() + LIMIT
        while self.query(name, A)[2] < 2:
            if time.monotonic() > end:
                sys.exit(f"client.py: {name} is acknowledged, but not public after {LIMIT} s")
            time.sleep(pause)


def serves(args):
    server = Server(args.port, args.zone, 0.5)
    end = time.monotonic() + args.limit
    while time.monotonic() < end:
        try:
            rcode, authoritative, answers = server.query(args.zone, SOA)
            if rcode == 0 and authoritative and answers:
                print(f"{time.time():.4f}")
                return
        except OSError:
            pass
        time.sleep(0.005)
    sys.exit(f"client.py: {args.zone} is not served after {args.limit} s")


def sequence(server, seconds):
    """Returns updates a second, and how long the last one took to be public after that."""
    begin, count = time.monotonic(), 0
    while time.monotonic() < begin + seconds:
        name = server.update()
        count += 1
    end = time.monotonic()
    server.await_public(name, 0.01)
    return count / (end - begin), time.monotonic() - end


def latency(server, pause=0):
    time.sleep(pause)
    begin = time.monotonic()
    server.await_public(server.update(), 0.0005)
    return time.monotonic() - begin


def update(args):
    servers = [Server(port, args.zone) for port in args.ports]
    for server in servers:
        latency(server)  # what is only slow the first time
    sequences = [[sequence(server, args.seconds) for server in servers]
                 for _ in range(args.rounds)]
    busy = [[latency(server) for _ in range(args.latencies)] for server in servers]
    lone = [[latency(server, args.pause) for server in servers] for _ in range(args.latencies)]
    for i in range(len(servers)):
        rate = statistics.median(both[i][0] for both in sequences)
        behind = statistics.median(both[i][1] for both in sequences)
        alone = statistics.median(both[i] for both in lone)
        print(f"{rate:.2f} {behind:.3f} {statistics.median(busy[i]):.4f} {alone:.4f}")


def worst(args):
    server = Server(args.port, args.zone)
    slowest = 0
    while os.path.exists(args.file):
        begin = time.monotonic()
        server.update()
        slowest = max(slowest, time.monotonic() - begin)
        time.sleep(0.05)
    print(f"{server.count} {slowest:.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("serves")
    command.add_argument("port", type=int)
    command.add_argument("zone")
    command.add_argument("limit", type=int)
    command.set_defaults(run=serves)
    command = commands.add_parser("update")
    command.add_argument("zone")
    command.add_argument("ports", type=int, nargs=2)
    command.add_argument("--seconds", type=float, default=3)
    command.add_argument("--rounds", type=int, default=3)
    command.add_argument("--latencies", type=int, default=20)
    command.add_argument("--pause", type=float, default=1)
    command.set_defaults(run=update)
    command = commands.add_parser("worst")
    command.add_argument("zone")
    command.add_argument("port", type=int)
    command.add_argument("file")
    command.set_defaults(run=worst)
    args = parser.parse_args()
    args.run(args)


main()
