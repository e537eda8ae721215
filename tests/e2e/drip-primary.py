#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""A primary of p.test whose transfers never end: drip-primary.py PORT slow|junk|flood|ixfr

slow sends a record a second; junk sends, as fast as it can, records that are not in the zone, flood
records that are, ixfr changes of names that it has not sent before. For each answer that the other
side does not want it prints "closed after N octets".
"""
import socket
import socketserver
import struct
import sys
import time

ZONE = b'\x01p\x04test\x00'
NS = b'\x03ns1' + ZONE
SOA = (6, NS + b'\x04host' + ZONE + struct.pack('>5I', 99, 2, 2, 604800, 300))


def record(owner, kind, rdata):
    return owner + struct.pack('>HHIH', kind, 1, 300, len(rdata)) + rdata


def message(query, records):
    head = query[:2] + b'\x84\x00' + struct.pack('>4H', 1, len(records), 0, 0)
    text = head + ZONE + query[12 + len(ZONE):16 + len(ZONE)] + b''.join(records)
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

    def transfer(self, query):
        self.send(query, [record(ZONE, *SOA)])
        if sys.argv[2] == 'ixfr':
            # from serial 1, which the other side has
            soa = SOA[1].replace(struct.pack('>I', 99), struct.pack('>I', 1))
            self.send(query, [record(ZONE, 6, soa), record(ZONE, *SOA)])
        number = 0
        while True:
            number += 1
            if sys.argv[2] == 'slow':
                name = b'\x08n%07d' % number + ZONE
                self.send(query, [record(name, 1, bytes([192, 0, 2, 1]))])
                time.sleep(1)
            elif sys.argv[2] == 'junk':
                name = b'\x08n%07d\x05other\x00' % number
                self.send(query, [record(name, 1, bytes([192, 0, 2, 1]))] * 500)
            elif sys.argv[2] == 'flood':
                name = b'\x08n%07d' % number + ZONE
                self.send(query, [record(name, 1, bytes([192, 0, 2, 1]))] * 500)
            else:
                names = [b'\x0an%04d%05d' % (n, number % 100000) + ZONE for n in range(500)]
                self.send(query, [record(name, 1, bytes([192, 0, 2, 1])) for name in names])

    def handle(self):
        try:
            while True:
                query = self.read(struct.unpack('>H', self.read(2))[0])
                kind = struct.unpack('>H', query[12 + len(ZONE):14 + len(ZONE)])[0]
                if kind == 6:
                    self.send(query, [record(ZONE, *SOA)])
                else:
                    self.transfer(query)
        except OSError:
            if self.sent:
                print('closed after', self.sent, 'octets', flush=True)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    address_family = socket.AF_INET


Server(('127.0.0.1', int(sys.argv[1])), Primary).serve_forever()
