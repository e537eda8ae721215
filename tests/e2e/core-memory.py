#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""Looks for a text in what a core file of a process would have: core-memory.py [--all] PID FILE

FILE has the text. With --all also in what is kept out of core files (MADV_DONTDUMP). Prints where it
is; exits with 0 if it is somewhere."""
import re
import sys

AREA = re.compile(r'^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+)\s*(\S*)')


def areas(pid):
    """(begin, end, rights, inode, name, flags) of each area of memory."""
    found = None
    with open(f'/proc/{pid}/smaps', encoding='utf-8', errors='replace') as smaps:
        for line in smaps:
            area = AREA.match(line)
            if area:
                begin, end, rights, inode, name = area.groups()
                found = (int(begin, 16), int(end, 16), rights, int(inode), name)
            elif line.startswith('VmFlags:'):
                yield (*found, line.split()[1:])


def main():
    everything = sys.argv[1] == '--all'
    pid, file = sys.argv[-2:]
    with open(file, 'rb') as text:
        wanted = text.read().strip()
    places = 0
    with open(f'/proc/{pid}/mem', 'rb', buffering=0) as memory:
        for begin, end, rights, inode, name, flags in areas(pid):
            if 'r' not in rights or name in ('[vvar]', '[vsyscall]') or \
               (inode and 's' in rights) or ('dd' in flags and not everything):
                continue
            memory.seek(begin)
            rest = end - begin
            data = b''
            while rest > 0:
                try:
                    got = memory.read(min(rest, 1 << 24))
                except OSError:
                    break  # Of a file that is shorter than its map.
                if not got:
                    break
                rest -= len(got)
                if wanted in data[-len(wanted):] + got:
                    print(f'{begin:x} {rights} {name} {" ".join(flags)}')
                    places += 1
                data = got
    sys.exit(0 if places else 1)


main()
