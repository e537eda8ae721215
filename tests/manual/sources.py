# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""What the code knows of elements, options, states and messages, read off its sources."""
import os
import re

# Whose texts stand in a status, or in a log line of level warning or error. Texts on single records of
# a zone file, on lines of conf.xml and kasp.xml, and answers to commands say enough by themselves.
SPEAKERS = '''
    module/control/control.c module/keys/given.c module/keys/holder.c module/keys/keyring.c module/keys/keys.c
    module/keys/lane.c module/keys/pool.c module/keys/tokens.c module/keys/trust.c module/knotd/conf.c
    module/knotd/mod-opendnssec.c module/knotd/signers.c module/online/online.c
    module/publish/answer.c module/publish/external.c module/publish/output.c module/publish/secondaries.c
    module/publish/serving.c module/publish/transfer.c module/publish/trigger.c
    module/sign/batch.c module/sign/run.c module/sign/signer.c module/source/fetch.c
    module/source/file.c module/source/foreign.c module/source/primary.c module/source/shrink.c
    module/source/soa-query.c module/source/updater.c module/source/watch.c module/store/file.c
    module/store/folder.c module/store/held.c module/store/store.c module/store/upgrade.c
    module/zone/alarm.c module/zone/judge.c module/zone/lasting.c module/zone/server.c
    module/zone/timekeeper.c module/zone/work.c module/zone/zone.c
    policy-engine/audit/file.c policy-engine/daemon/guard.c policy-engine/daemon/ods-engine.c
    policy-engine/desk/timekeeper.c policy-engine/engine/bundle.c policy-engine/engine/engine.c policy-engine/engine/look.c
    policy-engine/engine/reload.c policy-engine/keys/generate.c policy-engine/keys/prove.c
    policy-engine/keys/repos.c policy-engine/keys/retire.c policy-engine/keys/salts.c
    policy-engine/parent/check.c policy-engine/parent/confirm.c policy-engine/parent/ds-answer.c
    policy-engine/parent/ds-query.c policy-engine/parent/ds-task.c policy-engine/parent/ds-watch.c
    policy-engine/parent/notify.c
    policy-engine/parent/recheck.c policy-engine/parent/reply.c policy-engine/parent/resolver.c policy-engine/parent/verdict.c
    policy-engine/parent/tcp-query.c policy-engine/recover/learn.c policy-engine/secondaries/said.c
    policy-engine/secondaries/secondaries.c policy-engine/secondaries/survey.c
    policy-engine/signer/compose.c policy-engine/signer/link.c
    policy-engine/tool/todo.c
    hsm-adapter/key/catalog.c hsm-adapter/key/find.c hsm-adapter/key/generate.c hsm-adapter/key/id.c hsm-adapter/key/key.c hsm-adapter/key/proof.c
    hsm-adapter/key/public.c hsm-adapter/key/session.c hsm-adapter/key/verify.c
    hsm-adapter/token/library.c hsm-adapter/token/rv.c hsm-adapter/token/slot.c
    hsm-adapter/token/token.c hsm-adapter/token/tried.c
'''.split()

LITERAL = r'"((?:[^"\\\n]|\\.)*)"'
WORDS = 4  # A shorter piece of a text is found in too many of them.


def read(top, path):
    with open(os.path.join(top, path), encoding='utf-8') as text:
        return text.read()


def without_comments(text):
    """Lines stay, and so their numbers."""
    return re.sub(r'/\*.*?\*/', lambda found: re.sub(r'[^\n]', '', found.group()), text, flags=re.S)


def calls(text, names):
    """(start, end) of the arguments of each call."""
    for found in re.finditer(rf'\b(?:{names})\(', text):
        at, depth = found.end(), 1
        while depth > 0:
            literal = re.compile(LITERAL).match(text, at)
            if literal:
                at = literal.end()
                continue
            depth += {'(': 1, ')': -1}.get(text[at], 0)
            at += 1
        yield found.end(), at - 1


def without_news(text):
    """Without what is logged as information."""
    for start, end in calls(text, 'log_msg|log_about|say|knotd_mod_log'):
        said = text[start:end]
        if re.search(r'\bLOG_(INFO|NOTICE|DEBUG)\b', said) and not re.search(
                r'\bLOG_(WARNING|ERR|ERROR)\b', said):
            text = text[:start] + re.sub(r'[^\n]', ' ', said) + text[end:]
    return text


def literals(text):
    """(line, text) of each string; what the compiler puts together is one, a conversion is …"""
    for found in re.finditer(rf'(?:{LITERAL}\s*(?:PRI\w+\s*)?)+', text):
        whole = re.sub(r'PRI\w+', '"d"', found.group())
        whole = ''.join(re.findall(LITERAL, whole))
        whole = whole.replace('\\"', '"').replace('\\n', '\n').replace('%%', '%')
        whole = re.sub(r'%[-+0-9.*]*(?:ll|l|z|h|hh)?[a-zA-Z]', '…', whole)
        yield text[:found.start()].count('\n') + 1, whole


def pieces(text):
    """What of a text stays the same, and is long enough to be looked up."""
    for piece in re.split(r'…|\[|\]|\|', text):
        piece = ' '.join(piece.split()).strip(' :;,.()">')
        if len(piece.split()) >= WORDS:
            yield piece


def messages(top):
    """(where, piece)"""
    for path in SPEAKERS:
        text = without_news(without_comments(read(top, path)))
        text = re.sub(r'^\s*#.*$|_Static_assert\([^;]*;', '', text, flags=re.M)
        for line, whole in literals(text):
            for piece in pieces(whole) if '\n' not in whole else ():  # A line has none: that is --help.
                yield f'{path}:{line}', piece


# -- elements and items ----------------------------------------------------

def rules(top, paths):
    """The tables of hsm_xml_rule_t by name, and functions with the table that each has children read by."""
    text = '\n'.join(without_comments(read(top, path)) for path in paths)
    for name, body in re.findall(r'#define (RULES_\w+) \\\n(.*?)\n\n', text, re.S):
        text = text.replace(f'\t{name},', body)
    tables = {name: re.findall(r'\{ \.name = "(\w+)"(.*?)\}', body, re.S)
              for name, body in re.findall(r'hsm_xml_rule_t (\w+)\[\] = \{(.*?)\n\};', text, re.S)}
    bodies = dict(re.findall(r'^(?:static )?int (\w+)\([^;{]*?\)\n\{(.*?)^\}', text, re.S | re.M))
    readers = {}
    for name, body in bodies.items():
        called = ''.join(bodies[word] for word in re.findall(r'\b(\w+)\(', body) if word in bodies)
        for word in re.findall(r'\w+', body + called):
            if word in tables:
                readers[name] = word
                break
    return tables, readers


def elements(tables, readers, table, above=''):
    """The paths of all elements from a table on."""
    for name, rest in tables.get(table, []):
        yield above + name
        children = re.search(r'\.children = (\w+)', rest)
        reader = re.search(r'\.read = (\w+)', rest)
        below = children.group(1) if children else reader and readers.get(reader.group(1))
        if below:
            yield from elements(tables, readers, below, f'{above}{name}/')


def conf_elements(top):
    engine = rules(top, ['policy-engine/policy/conf.c'])
    module = rules(top, ['hsm-adapter/conf.c'])
    return set(elements(*engine, 'rules_configuration')) | set(elements(*module, 'CONFIGURATION'))


def kasp_elements(top):
    folder = 'policy-engine/policy/'
    paths = [folder + name for name in os.listdir(os.path.join(top, folder))
             if name.endswith('.c') and name != 'conf.c']
    return set(elements(*rules(top, paths), 'rules_kasp'))


def items(top):
    """Of the module's section in knot.conf; id is Knot's."""
    text = read(top, 'module/knotd/mod-opendnssec.c')
    names = dict(re.findall(r'#define (ITEM_\w+)\s+"\\x..""([\w-]+)"', text))
    table = re.search(r'yp_item_t items\[\] = \{(.*?)\n\};', text, re.S).group(1)
    return {'id'} | {names[name] for name in re.findall(r'\{ (ITEM_\w+),', table)}


# -- states and rules ------------------------------------------------------

def states(top):
    text = read(top, 'policy-engine/tool/picture.c')
    return set(re.findall(r'\[ZONE_\w+\] = \{ "(\w+)"', text))


def gate_rules(top):
    return set(re.findall(r'\[HELD_\w+\] = \{ "(\w+)"', read(top, 'module/store/held.c')))


def events(top):
    """The journal's field EVENT."""
    found = set()
    for folder, _, names in os.walk(os.path.join(top, 'policy-engine')):
        for name in names:
            if name.endswith('.c'):
                found |= set(re.findall(r'(?:\.event = |about_key\(look, |about\(wait, )"([\w-]+)"', read(folder, name)))
    return found
