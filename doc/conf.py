# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""Sphinx's settings of the manual; doc/build calls it."""
import os

project = 'mod-opendnssec'
author = 'mod-opendnssec developers'
copyright = author
version = release = os.environ.get('MANUAL_VERSION', '')
language = 'en'
highlight_language = 'none'
html_theme = 'alabaster'
html_theme_options = {
    'description': 'OpenDNSSEC inside Knot DNS',
    'fixed_sidebar': True,
    'page_width': '70em',
    'sidebar_width': '16em',
}
html_show_sourcelink = False
html_copy_source = False
smartquotes = False
exclude_patterns = []


def setup(app):
    """What tests/manual/check-manual looks for, each with an anchor and a line in the index."""
    for name, what in (('item', 'item of knot.conf'), ('conf', 'element of conf.xml'),
                       ('kasp', 'element of kasp.xml'), ('state', 'state of a zone'),
                       ('rule', 'rule of the last gate'), ('said', 'message'), ('event', 'event of the log')):
        app.add_object_type(name, name, f'single: %s ({what})')
