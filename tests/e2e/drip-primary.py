#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""A primary whose transfers never end, or are none:

drip-primary.py PORT slow|junk|flood|ixfr|wild [ZONE [SEED]]

slow sends a record a second; junk sends, as fast as it can, records that are not in the zone, flood
records that are, ixfr changes of names that it has not sent before. For each answer that the other
side does not want it prints "closed after N octets". wild sends what tests/fuzz/mutant makes of
tests/fuzz/corpus-incoming, from standard input, as answers to the questions at hand; now and then
one of the others for two seconds. ZONE is p.test by default.
"""
import random
import re
import socket
import socketserver
import struct
import sys
import time

from mutants import Mutants

MODE = sys.argv[2]
ZONE = b''.join(bytes([len(label)]) + label.encode()
                for label in (sys.argv[3] if len(sys.argv) > 3 else 'p.test').split('.')) + b'\0'
HOST = b'\x04host' + ZONE
IXFR = 251
BASE = 7  # serial of the zone to which the changes of the corpus are


def soa(serial):
    return 6, b'\x03ns1' + ZONE + HOST + struct.pack('>5I', serial & 0xffffffff, 2, 2, 604800, 300)


def record(owner, kind, rdata):
    return owner + struct.pack('>HHIH', kind, 1, 300, len(rdata)) + rdata


def question(query):
    return query[12:16 + len(ZONE)]


def message(query, records):
    head = query[:2] + b'\x84\x00' + struct.pack('>4H', 1, len(records), 0, 0)
    text = head + question(query) + b''.join(records)
    return struct.pack('>H', len(text)) + text


class Primary(socketserver.BaseRequestHandler):
    sent = 0

    def read(self, count):
        data = b''
        while len(data) < count:
            more = self.request.recv(count - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def send(self, query, records):
        data = message(query, records)
        self.request.sendall(data)
        self.sent += len(data)

    def endless(self, query, mode, serial, until):
        """Until the other side, or the time, has an end."""
        self.send(query, [record(ZONE, *soa(serial))])
        if mode == 'ixfr':
            # from the serial that the other side has
            self.send(query, [record(ZONE, *soa(held(query))), record(ZONE, *soa(serial))])
        number = 0
        while time.monotonic() < until:
            number += 1
            if mode == 'slow':
                name = b'\x08n%07d' % number + ZONE
                self.send(query, [record(name, 1, bytes([192, 0, 2, 1]))])
                time.sleep(1)
            elif mode == 'junk':
                name = b'\x08n%07d\x05other\x00' % number
                self.send(query, [record(name, 1, bytes([192, 0, 2, 1]))] * 500)
            elif mode == 'flood':
                name = b'\x08n%07d' % number + ZONE
                self.send(query, [record(name, 1, bytes([192, 0, 2, 1]))] * 500)
            else:
                names = [b'\x0an%04d%05d' % (n, number % 100000) + ZONE for n in range(500)]
                self.send(query, [record(name, 1, bytes([192, 0, 2, 1])) for name in names])

    def handle(self):
        try:
            while True:
                query = self.read(struct.unpack('>H', self.read(2))[0])
                self.answer(query, struct.unpack('>H', question(query)[-4:-2])[0])
        except OSError:
            if self.sent and MODE != 'wild':
                print('closed after', self.sent, 'octets', flush=True)

    def answer(self, query, kind):
        if kind == 6:
            self.send(query, [record(ZONE, *soa(99))])
        else:
            self.endless(query, MODE, 99, float('inf'))


def held(query):
    """The serial in a question for IXFR, which ends with an SOA: TSIG and EDNS there are none."""
    return struct.unpack_from('>I', query, len(query) - 20)[0]


class Wild(Primary):
    serial = BASE  # of the other side, as it said last
    begun = False

    def answer(self, query, kind):
        if not Wild.begun:
            if kind != 6:
                Wild.begun = True
            return self.begin(query, kind)
        if kind == IXFR:
            Wild.serial = held(query)
        draw = RANDOM.randrange(100)
        if kind == 6 and draw < 90:
            self.send(query, [record(ZONE, *soa(Wild.serial + 1 + draw % 2))])
        elif draw < 2:
            mode = RANDOM.choice(['slow', 'junk', 'flood', 'ixfr'])
            self.endless(query, mode, Wild.serial + 1, time.monotonic() + 2)
        else:
            self.stream(query, MUTANTS.next()[1:])
        if draw % 8 == 0:
            raise ConnectionError

    def begin(self, query, kind):
        """A zone that changes can be made to."""
        top = record(ZONE, *soa(BASE))
        name = b'\x03ns1' + ZONE
        rest = [record(ZONE, 2, name), record(name, 1, bytes([192, 0, 2, 1])), top]
        self.send(query, [top] + (rest if kind != 6 else []))

    def stream(self, query, data):
        """Messages, each behind its length, as answers to this question about these serials."""
        while len(data) >= 2:
            size, = struct.unpack_from('>H', data)
            text, data = data[2:2 + size], data[2 + size:]
            text = re.sub(HOST + b'\0\0\0([\x07-\x0c])', shift, text)
            if RANDOM.randrange(8):
                # else it is seen at once that this answers another question
                text = (query[:2] + b'\x84\0\0\1' + text[6:12] + question(query) +
                        text[16 + len(ZONE):])
            length = size if RANDOM.randrange(16) == 0 else len(text)
            self.request.sendall(struct.pack('>H', length) + text)


def shift(found):
    return HOST + struct.pack('>I', (Wild.serial + found.group(1)[0] - BASE) & 0xffffffff)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    address_family = socket.AF_INET


RANDOM = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
MUTANTS = Mutants()
Server(('127.0.0.1', int(sys.argv[1])), Wild if MODE == 'wild' else Primary).serve_forever()
