#!/usr/bin/env bash
# Builds LND from its Go module, once, and runs the tests that want a real one. See docs/testing.md.
#   LND_VERSION   which one to build (v0.21.2-beta)
#   FAREBOX_LND   an lnd binary that is there already; nothing is built then
set -euo pipefail
version=${LND_VERSION:-v0.21.2-beta}
here=$(cd "$(dirname "$0")/../../../.." && pwd)
kept=${XDG_CACHE_HOME:-$HOME/.cache}/farebox/lnd/$version

if [ -z "${FAREBOX_LND:-}" ] && [ ! -x "$kept/lnd" ]; then
  # `go install` refuses a module with replace lines. Built from a copy of the module, its own go.mod and go.sum
  # hold: the versions are LND's, and Go checks every one of them against its sum.
  work=$(mktemp -d)
  trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
  source=$(cd "$work" && go mod download -json "github.com/lightningnetwork/lnd@$version" |
    node -e 'process.stdout.write(JSON.parse(require("fs").readFileSync(0, "utf8")).Dir)')
  cp -r "$source" "$work/lnd"
  chmod -R u+w "$work/lnd"
  mkdir -p "$kept"
  (cd "$work/lnd" && go build -trimpath -buildvcs=false \
    -tags 'invoicesrpc signrpc walletrpc chainrpc routerrpc' -o "$kept/lnd" ./cmd/lnd)
fi

export FAREBOX_LND=${FAREBOX_LND:-$kept/lnd}
"$FAREBOX_LND" --version
cd "$here"
npm run --silent build
exec npx vitest run test/dist/nodes/real
