#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""Changes zones at random, in all ways there are, while servers crash; knows what has to be there.

chaos.py SECONDS SEED CONTROL ZONE=HOW:WHERE...

HOW:WHERE  file:PATH    the zone file is written anew, WHERE it is
           update:PORT  DNS UPDATE to the server on that port of 127.0.0.1
CONTROL    a program that is called now and then with a random word of its own choice of mischief;
           it is told by the argument "list" to name the words it knows

Writes ZONE.expected: the records that have to be in the zone, sorted, "?" before those of which
nobody knows, since an update was not answered.
"""
import random
import socket
import struct
import subprocess
import sys
import time

A, NS, TXT, DS = 1, 2, 16, 43
NAMES = {A: "A", NS: "NS", TXT: "TXT", DS: "DS"}
IN, NONE, ANY = 1, 254, 255


def wire_name(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def rdata(rrtype, value):
    if rrtype == A:
        return socket.inet_aton(value)
    if rrtype == NS:
        return wire_name(value.rstrip("."))
    if rrtype == TXT:
        return bytes([len(value)]) + value.encode()
    tag, algorithm, digest_type, digest = value.split()
    return struct.pack("!HBB", int(tag), int(algorithm), int(digest_type)) + bytes.fromhex(digest)


class Zone:
    """What is in a zone: for each name, types and a set of values; changed by whole names."""

    def __init__(self, zone, rng):
        self.zone = zone
        self.rng = rng
        self.names = {}
        self.unknown = set()
        self.serial = 1

    def random_name(self):
        label = f"n{self.rng.randrange(150)}"
        return self.rng.choice([
            label, label, label, f"{label}.deep.er.{label}", f"*.{label}", f"d{label}"])

    def random_records(self, name):
        value = self.rng.randrange(250)
        if name.startswith("d"):
            records = {NS: {f"ns{value}.elsewhere.test."}}
            if value % 3 == 0:
                records[DS] = {f"{value} 13 2 {'%064X' % value}"}
            return records
        if value % 5 == 0:
            return {A: {f"192.0.2.{value}"}, TXT: {f"text {value}", "another"}}
        return {A: {f"192.0.2.{value}"}}

    def lines(self, mark):
        for name, records in self.names.items():
            for rrtype, values in records.items():
                for value in values:
                    text = f'"{value}"' if rrtype == TXT else value
                    unsure = "? " if mark and name in self.unknown else ""
                    yield f"{unsure}{name}.{self.zone}. {NAMES[rrtype]} {text}"

    def expected(self):
        known = sorted(set(self.lines(True)))
        return known + sorted(f"? {name}.{self.zone}." for name in self.unknown)

    def change(self):
        """Picks changes; gives a list of (name, records or None)."""
        picked = {}
        for _ in range(self.rng.choice([1, 1, 1, 2, 5])):
            name = self.random_name()
            gone = self.rng.random() < 0.4
            picked[name] = None if gone else self.random_records(name)
        return list(picked.items())

    def apply(self, changes):
        for name, records in changes:
            self.names.pop(name, None)
            if records:
                self.names[name] = records
            self.unknown.discard(name)


class File(Zone):
    def __init__(self, zone, rng, path):
        super().__init__(zone, rng)
        with open(path) as file:
            self.head = file.read()
        self.path = path

    def step(self):
        self.apply(self.change())
        self.serial += 1
        with open(self.path + ".new", "w") as file:
            # the serial is the third word behind SOA
            words = self.head.split(" 1 3600 ", 1)
            file.write(f" {self.serial} 3600 ".join(words))
            for line in self.lines(False):
                file.write(line.replace(" ", " 2 ", 1) + "\n")
        subprocess.run(["mv", self.path + ".new", self.path], check=True)
        return True


class Update(Zone):
    def __init__(self, zone, rng, port):
        super().__init__(zone, rng)
        self.port = int(port)

    def message(self, ident, changes):
        updates = b""
        count = 0
        for name, records in changes:
            owner = wire_name(f"{name}.{self.zone}")
            updates += owner + struct.pack("!HHIH", ANY, ANY, 0, 0)
            count += 1
            for rrtype, values in (records or {}).items():
                for value in values:
                    data = rdata(rrtype, value)
                    updates += owner + struct.pack("!HHIH", rrtype, IN, 2, len(data)) + data
                    count += 1
        header = struct.pack("!6H", ident, 5 << 11, 1, 0, count, 0)
        return header + wire_name(self.zone) + struct.pack("!HH", 6, IN) + updates

    def send(self, message, ident):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.settimeout(8)
            sock.connect(("127.0.0.1", self.port))
            sock.sendall(struct.pack("!H", len(message)) + message)
            answer = b""
            while len(answer) < 14:
                more = sock.recv(65535)
                if not more:
                    return None
                answer += more
            if struct.unpack_from("!H", answer, 2)[0] != ident:
                return None
            return answer[5] & 15

    def step(self):
        changes = self.change()
        ident = self.rng.randrange(65536)
        try:
            rcode = self.send(self.message(ident, changes), ident)
        except OSError:
            rcode = None
        if rcode == 0:
            self.apply(changes)
            return True
        # done or not done: nobody knows, until it is changed again
        self.unknown.update(name for name, _ in changes)
        time.sleep(0.2)
        return False


def main():
    seconds, seed, control = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    rng = random.Random(seed)
    kinds = {"file": File, "update": Update}
    zones = []
    for entry in sys.argv[4:]:
        zone, place = entry.split("=", 1)
        how, where = place.split(":", 1)
        zones.append(kinds[how](zone, rng, where))
    words = subprocess.run([control, "list"], check=True, stdout=subprocess.PIPE,
                           text=True).stdout.split()
    end = time.time() + seconds
    next_mischief = time.time() + 2
    done = failed = mischief = 0
    while time.time() < end:
        if rng.choice(zones).step():
            done += 1
        else:
            failed += 1
        if time.time() >= next_mischief:
            word = rng.choice(words)
            print(f"{time.strftime('%T')} {word}", flush=True)
            subprocess.run([control, word], check=True)
            mischief += 1
            next_mischief = time.time() + rng.uniform(1, 4)
        time.sleep(rng.choice([0, 0, 0.05, 0.3]))
    for zone in zones:
        with open(f"{zone.zone}.expected", "w") as file:
            file.write("\n".join(zone.expected()) + "\n")
    print(f"chaos: seed {seed}, {done} changes, {failed} not answered, {mischief} times mischief")


main()
