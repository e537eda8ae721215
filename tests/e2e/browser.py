#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
"""Pages of ods report in a real Chromium, driven through its DevTools pipe: browser.py PROFILE CHECK PAGE...

contrast PAGE...  each text has a contrast of 4.5 to what is behind it, large text 3 (WCAG 2.1, 1.4.3), on a desk,
                  on a phone and printed
keyboard PAGE     Tab reaches each link, button, field and scrolled region once, in the order of the page, and what has the focus
                  is seen (2.4.7); a heading's button sorts by Enter
many PAGE         a page of more zones than are shown at first is sorted by each heading, and filtered, within seconds; all
                  of them come by the button
"""
import json
import os
import subprocess
import sys
import time

LIMIT_MS = 8000  # Of a machine that has other work, too.

CONTRAST = r'''(() => {
const parse = text => { const n = text.match(/[\d.]+/g).map(Number); return [n[0], n[1], n[2], n.length > 3 ? n[3] : 1] };
const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
const light = c => { const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b };
const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05) };
const paint = e => { const s = getComputedStyle(e); const none = [0, 0, 0, 0];
  if (!(e instanceof SVGElement) || e.tagName === 'svg') return parse(s.backgroundColor);
  if (!['rect', 'circle', 'path', 'polygon'].includes(e.tagName) || s.fill === 'none') return none;
  const c = parse(s.fill); c[3] *= s.fillOpacity * s.opacity; return c };
const inside = (e, x, y) => { const b = e.getBoundingClientRect(); return x >= b.left && x <= b.right && y >= b.top && y <= b.bottom };
const bad = []; let texts = 0;
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; (node = walk.nextNode());) {
  const e = node.parentElement, s = getComputedStyle(e);
  if (!node.data.trim() || ['SCRIPT', 'STYLE', 'title'].includes(e.tagName) || s.visibility === 'hidden' || !e.getClientRects().length) continue;
  const range = document.createRange(); range.selectNodeContents(node);
  const box = range.getBoundingClientRect(), x = box.left + box.width / 2, y = box.top + box.height / 2;
  const svg = e.closest('svg'); let layers = [];
  for (let up = e; up; up = up.parentElement) layers.push(paint(up));
  if (svg) layers = [...svg.querySelectorAll('rect,circle,path,polygon')]
    .filter(shape => e.compareDocumentPosition(shape) & Node.DOCUMENT_POSITION_PRECEDING && inside(shape, x, y))
    .reverse().map(paint).concat(layers);
  let behind = [255, 255, 255, 1];
  for (const layer of layers.reverse()) behind = over(layer, behind);
  const ink = parse(e instanceof SVGElement ? s.fill : s.color); if (e instanceof SVGElement) ink[3] *= s.fillOpacity * s.opacity;
  const size = parseFloat(s.fontSize), large = size >= 24 || (size >= 18.66 && s.fontWeight >= 700);
  const is = ratio(over(ink, behind), behind); texts++;
  if (is < (large ? 3 : 4.5)) bad.push(`${is.toFixed(2)} "${node.data.trim().slice(0, 40)}" ${s.color} ${e.tagName}.${e.className.baseVal ?? e.className}`);
}
return { texts, bad: [...new Set(bad)].slice(0, 10) } })()'''

REACHED = r'''(() => { const e = document.activeElement; const s = getComputedStyle(e);
return { at: [...document.querySelectorAll('*')].indexOf(e), tag: e.tagName, text: e.textContent.slice(0, 30),
  seen: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 } })()'''

REACHABLE = r'''[...document.querySelectorAll('*')].map((e, at) => ({ e, at })).filter(({ e }) => e.checkVisibility() && e.getClientRects().length &&
(e.matches('a[href],button,input,summary') || e.tabIndex === 0 && e.hasAttribute('tabindex'))).map(({ at }) => at)'''

SORT = r'''(async () => { const took = []; const painted = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
for (const button of document.querySelectorAll('th button')) { await painted(); const begun = performance.now(); button.click(); await painted();
  took.push(performance.now() - begun) }
const field = document.getElementById('filter'), begun = performance.now(); field.value = 'a'; field.dispatchEvent(new Event('input'));
await painted();
const filter = performance.now() - begun, rows = () => document.querySelector('#zones tbody').rows.length;
field.value = ''; field.dispatchEvent(new Event('input')); const few = rows(); document.getElementById('more').click();
return { sort: Math.round(Math.max(...took)), filter: Math.round(filter), few, all: rows() } })()'''


class Browser:
    def __init__(self, profile):
        to_browser, self.out = os.pipe()
        self.into, from_browser = os.pipe()

        def place():  # The pipe has the numbers 3 and 4.
            high = [os.dup2(to_browser, 30), os.dup2(from_browser, 31)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)
        self.process = subprocess.Popen(
            ['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe',
             f'--user-data-dir={profile}', 'about:blank'], preexec_fn=place, close_fds=False,
            stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.id, self.rest, self.loaded = 0, b'', False
        target = self.say('Target.createTarget', url='about:blank')['targetId']
        self.session = None
        self.session = self.say('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        self.say('Page.enable')

    def hear(self):
        while b'\0' not in self.rest:
            more = os.read(self.into, 1 << 16)
            if not more:
                sys.exit('chromium has ended')
            self.rest += more
        message, self.rest = self.rest.split(b'\0', 1)
        message = json.loads(message)
        self.loaded |= message.get('method') == 'Page.loadEventFired'
        return message

    def say(self, method, **params):
        self.id += 1
        message = {'id': self.id, 'method': method, 'params': params}
        if getattr(self, 'session', None):
            message['sessionId'] = self.session
        os.write(self.out, json.dumps(message).encode() + b'\0')
        while True:
            answer = self.hear()
            if answer.get('id') == self.id:
                if 'error' in answer:
                    sys.exit(f'{method}: {answer["error"]}')
                return answer['result']

    def open(self, path):
        self.loaded = False
        self.say('Page.navigate', url='file://' + os.path.abspath(path))
        while not self.loaded:
            self.hear()

    def run(self, script):
        answer = self.say('Runtime.evaluate', expression=script, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in answer:
            sys.exit(f'script: {answer["exceptionDetails"]}')
        return answer['result'].get('value')

    def press(self, key, code):
        for kind in ('keyDown', 'keyUp'):
            text = {'text': '\r'} if key == 'Enter' and kind == 'keyDown' else {}
            self.say('Input.dispatchKeyEvent', type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def look(self, width, height, media):
        self.say('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.say('Emulation.setEmulatedMedia', media=media)

    def end(self):
        self.process.terminate()
        self.process.wait()


def contrast(browser, pages):
    errors, texts = [], 0
    for page in pages:
        for width, height, media in ((1200, 900, ''), (400, 800, ''), (800, 1100, 'print')):
            browser.look(width, height, media)
            browser.open(page)
            found = browser.run(CONTRAST)
            texts += found['texts']
            errors += [f'{page}, {width} {media}: {what}' for what in found['bad']]
    print(f'{texts} texts')
    return errors if texts > 100 else errors + ['hardly any text']


def keyboard(browser, pages):
    browser.look(1200, 900, '')
    browser.open(pages[0])
    wanted, reached, errors = browser.run(REACHABLE), [], []
    for _ in wanted:
        browser.press('Tab', 9)
        at = browser.run(REACHED)
        reached.append(at['at'])
        if not at['seen']:
            errors.append(f'the focus is not seen at {at}')
    if reached != wanted:
        errors.append(f'Tab reaches {reached}, not {wanted}')
    sorts = browser.run('document.querySelector("th button") !== null')
    if sorts:
        browser.run('document.querySelector("th button").focus()')
    for order in ('ascending', 'descending') if sorts else ():
        browser.press('Enter', 13)
        if browser.run('document.querySelector("th").getAttribute("aria-sort")') != order:
            errors.append(f'Enter on a heading does not sort, {order}')
    print(f'{len(reached)} stops')
    return errors


def many(browser, pages):
    browser.look(1200, 900, '')
    begun = time.monotonic()
    browser.open(pages[0])
    took = {'load': round((time.monotonic() - begun) * 1000)} | browser.run(SORT)
    print(took)
    errors = [f'{what} takes {took[what]} ms' for what in ('sort', 'filter') if took[what] > LIMIT_MS]
    if not 100 <= took['few'] < took['all']:
        errors.append(f'{took["few"]} zones of {took["all"]} are shown at first')
    return errors


def main():
    browser = Browser(sys.argv[1])
    check = {'contrast': contrast, 'keyboard': keyboard, 'many': many}[sys.argv[2]]
    errors = check(browser, sys.argv[3:])
    browser.end()
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


sys.exit(main())
