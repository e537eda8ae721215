# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""What tests/fuzz/mutant writes, on standard input."""
import struct
import sys
import threading


class Mutants:
    """Inputs, one after the other; any thread may take the next one."""

    def __init__(self):
        self.lock = threading.Lock()

    def next(self):
        with self.lock:
            size, = struct.unpack("!I", sys.stdin.buffer.read(4))
            return sys.stdin.buffer.read(size)
