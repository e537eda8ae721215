#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""Plays a party that means no good, with what tests/fuzz/mutant gives on standard input:

stranger.py SECONDS SEED PARTY ADDRESS [ZONE]

clients   bytes to a control socket
keysets   key sets of ZONE to the module's control socket
queries   DNS messages to a port of 127.0.0.1 or a UNIX socket
updates   DNS messages to that port, most of them signed by the key "updater", not all well
module    answers the policy engine, on a socket of its own

Each says things whole, in halves, a byte at a time, many times without hearing the answer, or goes
away at once; and tells in the end how often it did.
"""
import hashlib
import hmac
import os
import random
import re
import socket
import struct
import sys
import time

from mutants import Mutants

HELD_MAX = 40       # connections that are kept open; a user of a control socket may have 128
ANSWER_S = 0.2      # for which an answer is waited for
TEXT_MAX = 65535    # bytes of an item of a control unit, and of a DNS message
SECRET = bytes(32)  # of the key "updater"

CMD, ZONE, TYPE, DATA = 0, 6, 9, 10  # items of a control unit


def unit(items):
    wire = b"\x01"
    for code, text in items.items():
        wire += bytes([16 + code]) + struct.pack("!H", len(text[:TEXT_MAX])) + text[:TEXT_MAX]
    return wire


class Party:
    """Talks to a server at an address: a path, or a port of 127.0.0.1."""

    def __init__(self, rng, mutants, address, zone):
        self.rng = rng
        self.mutants = mutants
        self.address = address if "/" in address else ("127.0.0.1", int(address))
        self.zone = zone.encode()
        self.held = []
        self.count = 0

    def message(self):
        """What is said, as bytes."""
        return self.mutants.next()

    def connect(self):
        family = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(ANSWER_S)
        sock.connect(self.address)
        return sock

    def hold(self, sock):
        self.held.append(sock)
        while len(self.held) > HELD_MAX:
            self.held.pop(self.rng.randrange(HELD_MAX)).close()

    def whole(self):
        with self.connect() as sock:
            sock.sendall(self.message())
            if self.rng.randrange(4):
                sock.shutdown(socket.SHUT_WR)
            if sock.recv(65536) and self.rng.randrange(16) == 0:
                while sock.recv(65536):
                    pass

    def half(self):
        sock = self.connect()
        message = self.message()
        self.hold(sock)
        sock.sendall(message[:self.rng.randrange(len(message) + 1)])

    def drip(self):
        for sock in self.held:
            sock.sendall(bytes([self.rng.randrange(256)]))

    def many(self):
        sock = self.connect()
        message = self.message()
        self.hold(sock)
        for _ in range(50):
            sock.sendall(message)

    def crowd(self):
        for _ in range(self.rng.randrange(HELD_MAX)):
            with self.connect() as sock:
                sock.send(self.message())

    def say(self):
        style = self.rng.choice([self.whole] * 20 + [self.half] * 3 + [self.drip, self.many,
                                                                     self.crowd])
        try:
            style()
        except OSError:
            pass  # refused, closed, or not answered: as it may be
        self.count += 1


class Keysets(Party):
    revision = 1 << 20

    def message(self):
        """Newer than what the zone has, mostly, such that it is looked at."""
        text = self.mutants.next().replace(b"\0", b"")
        if self.rng.randrange(8):
            self.revision += 1
            text = re.sub(rb"(?m)^revision \d+", b"revision %d" % self.revision, text)
        return unit({CMD: b"zone-keyset", ZONE: self.zone, DATA: text}) + b"\x03\x00"


class Queries(Party):
    def message(self):
        message = self.mutants.next()[:TEXT_MAX]
        size = self.rng.randrange(65536) if self.rng.randrange(16) == 0 else len(message)
        return struct.pack("!H", size) + message

    def datagram(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(self.message()[2:1400], self.address)

    def say(self):
        if not isinstance(self.address, str) and self.rng.randrange(4) == 0:
            self.datagram()
        super().say()


class Updates(Queries):
    def message(self):
        message = self.mutants.next()[:TEXT_MAX - 200]
        if self.rng.randrange(4):
            message = self.signed(message)
        return struct.pack("!H", len(message)) + message

    def signed(self, message):
        """By TSIG (RFC 8945); now and then with another time, MAC or key."""
        if len(message) < 12:
            return message
        name, any_, algorithm = b"\x07updater\0", struct.pack("!HI", 255, 0), b"\x0bhmac-sha256\0"
        now = int(time.time()) + (self.rng.randrange(1 << 20) if self.rng.randrange(8) == 0 else 0)
        timers = struct.pack("!HIH", now >> 32, now & 0xffffffff, 300)
        rest = struct.pack("!HH", 0, 0)
        secret = SECRET if self.rng.randrange(8) else os.urandom(32)
        mac = hmac.new(secret, message + name + any_ + algorithm + timers + rest,
                       hashlib.sha256).digest()
        if self.rng.randrange(8) == 0:
            mac = mac[:self.rng.randrange(33)]
        data = (algorithm + timers + struct.pack("!H", len(mac)) + mac + message[:2] + rest)
        more, = struct.unpack_from("!H", message, 10)
        return (message[:10] + struct.pack("!H", (more + 1) & 0xffff) + message[12:] + name +
                struct.pack("!H", 250) + any_ + struct.pack("!H", len(data)) + data)


class Module(Party):
    """The other side: hears the policy engine, and answers what it likes."""

    def listen(self):
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(self.address)
        self.server.listen(8)
        self.server.settimeout(1)

    def answer(self):
        text = self.mutants.next()
        if self.rng.randrange(2):
            return text
        items = {TYPE: self.rng.choice([b"facts"] * 3 + [b"gone", b"keyset", b"dnskey"]),
                 ZONE: self.rng.choice([self.zone, self.zone, b"new%d.test." % self.count,
                                        text[:300]]),
                 DATA: text}
        generation = {TYPE: b"generation", DATA: b"%d" % self.rng.randrange(10)}
        return unit(items) + unit(generation) + b"\x03"

    def say(self):
        try:
            sock, _ = self.server.accept()
        except socket.timeout:
            return
        try:
            with sock:
                sock.settimeout(ANSWER_S)
                while sock.recv(65536):
                    answer = self.answer()
                    if self.rng.randrange(8) == 0:
                        answer = answer[:self.rng.randrange(len(answer) + 1)]
                    sock.sendall(answer)
                    self.count += 1
                    if self.rng.randrange(4) == 0:
                        break
        except OSError:
            pass


PARTIES = {"clients": Party, "keysets": Keysets, "queries": Queries, "updates": Updates,
           "module": Module}


def main():
    seconds, seed, party, address = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    zone = sys.argv[5] if len(sys.argv) > 5 else ""
    stranger = PARTIES[party](random.Random(seed), Mutants(), address, zone)
    if party == "module":
        stranger.listen()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        stranger.say()
    print(f"{party}: {stranger.count} times")
    sys.exit(stranger.count == 0)


main()
