#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""Each alert of the examples fires when it should, no sooner, alone, and ends: alarms.py RULES METRICS OUT

Writes OUT, a test for "promtool test rules". METRICS is what a real engine and signer have said: each series that a
rule or a test names is to be in there. A rule without a test is an error.
"""
import json
import re
import sys

DAY = 86400
LONG_STEP = 240  # Seconds: Prometheus forgets a series after five minutes.
BEGINS = 20  # Steps in which all is well, before the harm and after it.


def clock(ahead=0):
    """A moment that goes on with the time."""
    return lambda now: now + ahead


def stays(moment):
    return lambda now: moment


# All that is exported, when all is well: of steps' times. Times begin with 0, at which no metric has to be.
WELL = {
    'ods_up{part="signer"}': stays(1),
    'ods_up{part="engine"}': stays(1),
    'ods_failed{part="signer"}': stays(0),
    'ods_engine_connected': stays(1),
    'ods_engine_last_round_timestamp_seconds': clock(-60),
    'ods_first_expiry_timestamp_seconds': clock(10 * DAY),
    'ods_token_up{token="SoftHSM"}': stays(1),
    'ods_engine_token_up{token="SoftHSM"}': stays(1),
    'ods_disk_free_bytes{part="signer"}': stays(4e9),
    'ods_disk_size_bytes{part="signer"}': stays(9e9),
    'ods_clock_distrusted{part="signer"}': stays(0),
    'ods_clock_distrusted{part="engine"}': stays(0),
    'ods_engine_reload_refused': stays(0),
    'ods_keys_without_backup{token="SoftHSM"}': stays(0),
    'ods_last_save_timestamp_seconds': clock(-DAY),
} | {f'ods_zones{{state="{state}"}}': stays(100 if state == 'ok' else 0) for state in (
    'expired', 'expiring', 'sign', 'held', 'output', 'source', 'problem', 'refused', 'older', 'unseen', 'parent', 'ok')}

# What is different when the harm is there; None = the series has gone.
HARM = [
    ('OdsMetricsMissing', dict.fromkeys(WELL)),
    ('OdsSignerDown', {'ods_up{part="signer"}': stays(0)}),
    ('OdsSignerFails', {'ods_failed{part="signer"}': stays(1)}),
    ('OdsEngineDown', {'ods_up{part="engine"}': stays(0)}),
    ('OdsEngineDown', {'ods_engine_connected': stays(0)}),
    ('OdsEngineStuck', {'ods_engine_last_round_timestamp_seconds': clock(-901)}),
    ('OdsZonesExpired', {'ods_zones{state="expired"}': stays(1)}),
    ('OdsZonesExpiring', {'ods_zones{state="expiring"}': stays(1)}),
    ('OdsFirstExpiryNear', {'ods_first_expiry_timestamp_seconds': clock(2 * DAY - 1)}),
    ('OdsZonesNotSigned', {'ods_zones{state="sign"}': stays(1)}),
    ('OdsZonesHeld', {'ods_zones{state="held"}': stays(1)}),
    ('OdsOutputFails', {'ods_zones{state="output"}': stays(1)}),
    ('OdsZonesWithoutInput', {'ods_zones{state="source"}': stays(1)}),
    ('OdsKeysInTrouble', {'ods_zones{state="problem"}': stays(1)}),
    ('OdsKeysInTrouble', {'ods_zones{state="refused"}': stays(1)}),
    ('OdsKeysInTrouble', {'ods_zones{state="older"}': stays(1)}),
    ('OdsKeysInTrouble', {'ods_zones{state="unseen"}': stays(1)}),
    ('OdsParentWaits', {'ods_parent_waiting_since_timestamp_seconds': clock(-DAY - 1)}),
    ('OdsTokenFails', {'ods_token_up{token="SoftHSM"}': stays(0)}),
    ('OdsTokenFails', {'ods_engine_token_up{token="SoftHSM"}': stays(0)}),
    ('OdsDiskLow', {'ods_disk_free_bytes{part="signer"}': stays(8e8)}),
    ('OdsClockDistrusted', {'ods_clock_distrusted{part="engine"}': stays(1)}),
    ('OdsReloadRefused', {'ods_engine_reload_refused': stays(1)}),
    ('OdsKeysWithoutBackup', {'ods_keys_without_backup{token="SoftHSM"}': stays(1)}),
    ('OdsSaveOld', {'ods_last_save_timestamp_seconds': clock(-7 * DAY - 1)}),
]

# Nearly as bad, and no reason to wake anybody.
NEARLY = {
    'ods_engine_last_round_timestamp_seconds': clock(-900),
    'ods_first_expiry_timestamp_seconds': clock(2 * DAY),
    'ods_parent_waiting_since_timestamp_seconds': clock(-DAY),
    'ods_disk_free_bytes{part="signer"}': stays(9e8),
    'ods_last_save_timestamp_seconds': clock(-7 * DAY),
    'ods_zones{state="parent"}': stays(100),
}


def read_rules(path):
    """The seconds that each alert waits, and all series that the rules name."""
    text = open(path, encoding='utf-8').read()
    waits = {}
    for rule in text.split('- alert: ')[1:]:
        wait = re.search(r'^ +for: (\d+)([smhd])$', rule, re.M)
        waits[rule.split()[0]] = int(wait[1]) * {'s': 1, 'm': 60, 'h': 3600, 'd': DAY}[wait[2]] if wait else 0
    exprs = ' '.join(re.findall(r'^ +expr: (.*)$', text, re.M))
    named = set(re.findall(r'ods_\w+', exprs))
    for states in re.findall(r'ods_zones\{state=~?"([\w|]+)"\}', exprs):
        named |= {f'ods_zones{{state="{state}"}}' for state in states.split('|')}
    return waits, named


def series(harm, step, begin, end):
    """Of all metrics, with the harm from a step on to another one."""
    rows = []
    for name in sorted(WELL | harm):
        values = []
        for at in range(end + BEGINS):
            bad = begin <= at < end and name in harm
            value = harm[name] if bad else WELL.get(name)
            values.append('stale' if value is None else str(value(at * step)))
        rows.append({'series': name, 'values': ' '.join(values)})
    return rows


def firing(names, at, step):
    samples = [{'labels': f'{{alertname="{name}"}}', 'value': 1} for name in names]
    return {'expr': 'sum by (alertname) (ALERTS{alertstate="firing"}) > bool 0', 'eval_time': f'{at * step}s',
            'exp_samples': samples}


def harm_test(alert, harm, wait):
    step = 60 if wait <= 3600 else LONG_STEP
    fires = BEGINS + wait // step
    end = fires + 10
    return {'interval': f'{step}s', 'input_series': series(harm, step, BEGINS, end), 'promql_expr_test': [
        firing([], fires - 1, step), firing([alert], fires + 1, step), firing([alert], end - 1, step),
        firing([], end + 1, step)]}


def main():
    rules, exported, out = sys.argv[1:]
    waits, named = read_rules(rules)
    said = {line.rsplit(' ', 1)[0] for line in open(exported, encoding='utf-8') if not line.startswith('#')}
    said |= {name.split('{')[0] for name in said}
    named |= set(WELL) | {name for _, harm in HARM for name in harm} | set(NEARLY)
    errors = [f'nothing exports {name}' for name in sorted(named - said)]
    fired = {alert for alert, _ in HARM}
    errors += [f'no test has {alert} fire' for alert in sorted(set(waits) - fired)]
    errors += [f'there is no {alert}' for alert in sorted(fired - set(waits))]
    tests = [harm_test(alert, harm, waits.get(alert, 0)) for alert, harm in HARM]
    tests.append({'interval': '60s', 'input_series': series(NEARLY, 60, BEGINS, 120), 'promql_expr_test': [
        firing([], at, 60) for at in (1, BEGINS, 100, 130)]})
    with open(out, 'w', encoding='utf-8') as file:
        json.dump({'rule_files': [rules], 'evaluation_interval': '60s', 'tests': tests}, file)
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


sys.exit(main())
