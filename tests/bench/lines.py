#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""Waits for lines of a log that is being written: lines.py LOG COUNT LIMIT REGEX...

Prints, for each regular expression, the moment (seconds since 1970) at which so many lines of
different zones were like it; the zone is the expression's group. LIMIT: seconds without any news.
"""
import re
import sys
import time


def main():
    path, count, limit = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    wanted = [(re.compile(text.encode()), set()) for text in sys.argv[4:]]
    moments = [None] * len(wanted)
    rest, news = b"", time.time()
    with open(path, "rb") as log:
        while None in moments:
            data = log.read()
            now = time.time()
            if not data:
                if now - news > limit:
                    sys.exit(f"lines.py: {path}: {[len(zones) for _, zones in wanted]} of {count}")
                time.sleep(0.02)
                continue
            news = now
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                for i, (regex, zones) in enumerate(wanted):
                    match = regex.search(line)
                    if match:
                        zones.add(match.group(1))
                        if moments[i] is None and len(zones) == count:
                            moments[i] = now
    print(*[f"{moment:.3f}" for moment in moments])


main()
