#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""A parent's endpoint for NOTIFY (RFC 9859): notify-listener.py PORT LOG MODE-FILE

Writes a line for each message, "OPCODE NAME TYPE flags=… size=…", and answers by what MODE-FILE says:
a number, the RCODE; or "strangers", then what is not the answer comes first, and then the answer.
"""
import socket
import struct
import sys


def name_of(wire, at):
    labels = []
    while wire[at]:
        labels.append(wire[at + 1:at + 1 + wire[at]].decode())
        at += 1 + wire[at]
    return '.'.join(labels) + '.', at + 1


def answer(query, rcode=0, ident=0, flags=0x8000, question=None):
    first, second = struct.unpack('!HH', query[:4])
    return struct.pack('!HH', first ^ ident, second ^ flags | rcode) + query[4:12] + (question or query[12:])


listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
listener.bind(('127.0.0.1', int(sys.argv[1])))
stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    wire, client = listener.recvfrom(2048)
    name, at = name_of(wire, 12)
    flags = struct.unpack('!H', wire[2:4])[0]
    with open(sys.argv[2], 'a', encoding='ascii') as log:
        print(flags >> 11 & 15, name, struct.unpack('!H', wire[at:at + 2])[0], f'flags={flags:04x}',
              f'size={len(wire)}', file=log)
    with open(sys.argv[3], encoding='ascii') as said:
        mode = said.read().strip()
    if mode != 'strangers':
        listener.sendto(answer(wire, int(mode)), client)
        continue
    stranger.sendto(answer(wire, 5), client)  # From another port.
    for wrong in (answer(wire, 5, ident=1), answer(wire, 5, flags=0), answer(wire, 5, flags=0xa000), b'', wire[:11],
                  answer(wire, 5, question=b'\1b\4test\0' + wire[-4:]), answer(wire, 5, question=wire[12:-4] + b'\0\6\0\1')):
        listener.sendto(wrong, client)
    listener.sendto(answer(wire), client)
