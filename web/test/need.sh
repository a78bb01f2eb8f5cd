# What the tests in a browser need; sourced by the checks. Exit status 77, with the reason: skipped.
skip() { echo "skipped: $1"; exit 77; }
command -v node >/dev/null || skip "Node is not installed"
[ -d node_modules/playwright-core ] || skip "run 'npm ci' in web/ first"
CHROMIUM=${CHROMIUM:-/usr/bin/chromium}
[ -x "$CHROMIUM" ] || skip "$CHROMIUM is not there"
export CHROMIUM
