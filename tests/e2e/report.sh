# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# ods report: its pages are whole, well-formed, and true, whatever zones are called.

# check_pages DIR: each page is well-formed, refers to nothing elsewhere, and each link leads to a page.
check_pages() {
	find "$1" -name '*.html' -print0 | xargs -0 xmllint --noout --nonet || fail "malformed pages"
	python3 - "$1" <<-'EOT'
	import os, re, sys, urllib.parse
	from html.parser import HTMLParser

	class Page(HTMLParser):
	    def __init__(self, path):
	        super().__init__()
	        self.path, self.bad, self.level = path, [], 0
	        with open(path, encoding='utf-8') as text:
	            self.text = text.read()
	        self.feed(self.text)
	    def handle_starttag(self, tag, attributes):
	        known = dict(attributes)
	        if tag not in ('html head meta title style body a nav ul ol li main h1 h2 p span dl dt dd div table '
	                       'caption thead tbody tr th td time svg rect text line g label input button script details '
	                       'summary footer').split():
	            self.bad.append(f'element {tag}')
	        if any(name.startswith('on') or name == 'src' for name in known):
	            self.bad.append(f'attribute of {tag}: {known}')
	        if tag == 'th' and 'scope' not in known:
	            self.bad.append('th without scope')
	        if re.fullmatch('h[12]', tag):
	            if int(tag[1]) > self.level + 1:
	                self.bad.append(f'{tag} after h{self.level}')
	            self.level = int(tag[1])
	        target = urllib.parse.unquote(known.get('href', '#').split('#')[0])
	        if target and not os.path.exists(os.path.join(os.path.dirname(self.path), target)):
	            self.bad.append(f'no {target}')

	bad = 0
	for folder, _, files in os.walk(sys.argv[1]):
	    for file in files:
	        if file.endswith('.html'):
	            page = Page(os.path.join(folder, file))
	            if re.search('https?:', page.text.replace('http://www.w3.org/2000/svg', '')):
	                page.bad.append('something elsewhere')
	            if 'lang="en"' not in page.text or 'name="viewport"' not in page.text:
	                page.bad.append('no language, or no viewport')
	            for what in page.bad:
	                print(page.path, what)
	            bad += len(page.bad)
	sys.exit(bad > 0)
	EOT
}

# hostile_zones: a.test, and zones whose names are markup, or a path.
hostile_zones() {
	local name n=0
	small a a.test 1
	quick d --zone a.test=a
	for name in '\060script\062alert\0401\041\060' 'x\034onload\061\039y\039\038amp' 'x/\046\046/\046\046/y' \
		"$(printf 'l%.0s' {1..60}).$(printf '_%.0s' {1..60}).$(printf 'm%.0s' {1..60})"; do
		n=$((n + 1))
		# shellcheck disable=SC2016
		printf '$TTL 300\n@ SOA ns1.a.test. host.a.test. 1 3600 900 604800 300\n@ NS ns1.a.test.\n' >"h$n"
		printf '  - domain: %s.test\n    file: "%s"\n' "$name" "$work/h$n" >>d/knot.conf
	done
	knot reload
	within 60 all_signed $((n + 1))
}
all_signed() { [ "$(ods zones -S ok | grep -c ' ok ')" = "$1" ]; }

test_pages() { # limit 120
	local name
	hostile_zones
	ods report --html r >out
	says out '^r/index\.html: zones 5, ' || fail "$(cat out)"
	check_pages r || fail "bad pages"
	[ "$(find r/zones -type f | wc -l)" = 5 ] || fail "zones: $(ls r/zones)"
	[ -z "$(find . -path ./d -prune -o -path ./r -prune -o -name '*.html' -print)" ] || fail "out of the folder"
	# What the audit has is the past, the rest is to come; a person has to bring the DS.
	says r/zones/a.test.html '>now</text>' || fail "no now"
	says r/zones/a.test.html 'key-introduced: ksk [0-9]*, ' || fail "no past"
	says r/zones/a.test.html 'KSK [0-9]*  *DS hidden -&gt; rumoured' || fail "no future"
	says r/calendar.html 'a person</span></td><td>KSK: its DS is to be given to the parent</td><td>5</td>' ||
		fail "calendar: $(cat r/calendar.html)"

	# Whole, or not at all: a disk that is full leaves what there is, and nothing else.
	find r -type f -exec sha256sum {} + | sort >before
	if (trap '' XFSZ; ulimit -f 8; exec "$BUILD_DIR/ods" -c d/conf.xml report --html r) 2>err; then
		fail "written on a full disk"
	fi
	says err 'r\..* cannot be written' || fail "$(cat err)"
	find r -type f -exec sha256sum {} + | sort >after
	cmp before after
	[ "$(find . -maxdepth 1 -name 'r*' -type d)" = ./r ] || fail "left behind: $(ls)"
	# A new one takes its place; a folder with anything else is left alone.
	touch r/zones/stale.html
	ods report --html r/
	[ ! -e r/zones/stale.html ] || fail "a stale page"
	mkdir mine
	touch mine/x
	if ods report --html mine 2>err; then fail "it took a folder that is not its own"; fi
	[ "$(ls -A mine)" = x ] || fail "mine: $(ls -A mine)"
	# Without the engine there is nothing to tell.
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	if ods report --html none 2>err; then fail "a report without the engine"; fi
	[ ! -e none ] || fail "half a report"
}

browser() { timeout 120 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/chromium" "$@" 2>chromium.log; }

# In a browser: sorted, filtered, without a line on its console, and narrow enough for a phone.
long_browser() { # limit 240
	command -v chromium >/dev/null || fail "chromium is not there: contrib/debian-packages report"
	hostile_zones
	ods report --html r
	sed 's:</body>:<script>var h=document.querySelectorAll("th button");h[0].click();h[0].click();document.title=document.querySelector("tbody th").textContent+"|"+document.querySelector("th").getAttribute("aria-sort")+"|"+(document.documentElement.scrollWidth\&gt;window.innerWidth);var f=document.getElementById("filter");f.value="a.test";f.dispatchEvent(new Event("input"))</script>&:; s:\&gt;window:>window:' \
		r/index.html >r/clicked.html
	browser --window-size=400,800 --dump-dom "file://$work/r/clicked.html" >dom
	says dom '<title>x."onload.*\|descending\|false</title>' || fail "$(grep -o '<title>.*</title>' dom)"
	says dom '>1 zones<' || fail "the filter: $(grep -o 'id="found".\{40\}' dom)"
	browser --window-size=1200,900 --screenshot="$work/zone.png" "file://$work/r/zones/a.test.html"
	[ -s zone.png ] || fail "no screenshot: $(cat chromium.log)"
}

# By whom it is read: each text has its contrast, also printed and on a phone; all is reached by the keyboard.
long_accessible() { # limit 300
	command -v chromium >/dev/null || fail "chromium is not there: contrib/debian-packages report"
	small b.test b.test 1
	hostile_zones
	printf '  - domain: b.test\n    file: "%s"\n' "$work/b.test" >>d/knot.conf
	knot reload
	within 60 all_signed 6
	echo '@ A 192.0.2.300' >>b.test
	module zone-reload b.test || true
	ods report --html r
	timeout 120 "$e2e/browser.py" "$work/chromium" contrast r/index.html r/calendar.html r/zones/*.html r/policies/*.html
	timeout 120 "$e2e/browser.py" "$work/chromium" keyboard r/index.html
	timeout 120 "$e2e/browser.py" "$work/chromium" keyboard r/calendar.html
	python3 - <<-'EOT'
	text = open('r/index.html', encoding='utf-8').read()
	begin, end = text.index('<tbody>\n') + 8, text.index('</tbody>')
	rows = text[begin:end].splitlines(True)
	open('r/many.html', 'w', encoding='utf-8').write(text[:begin] + ''.join((rows * 10000)[:10000]) + text[end:])
	EOT
	timeout 120 "$e2e/browser.py" "$work/chromium" many r/many.html
}
