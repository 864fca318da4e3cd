/** A `farebox.yaml` to begin with, as `farebox serve --example` prints it. It passes the schema as it stands. */
export const exampleConfig = `# yaml-language-server: $schema=./node_modules/@farebox/gateway/farebox.schema.json

# Your protection space. It is in the HMAC of every challenge: choose it once. Best the public origin.
realm: http://localhost:8402

# Where the gateway listens. Put TLS in front of it (Caddy, nginx); it speaks plain HTTP.
listen: 127.0.0.1:8402

# Secrets that sign challenges, newest first, one a line, mode 0600. Or set FAREBOX_SECRET.
# With a loopback realm or the devnet, one is made and kept beside the ledger.
# secret_file: farebox.secret

# Claims and books. Relative paths start at this file. Several gateways share one in PostgreSQL.
ledger: sqlite:farebox.db
# ledger: postgres://farebox@db.internal/farebox    # or ledger_file: with the URL and its password
# redemption: { redeliveries: 3, attempts: 20, credit_window: 90d, replay_window: 24h, keep_claims: 400d }

# Who is paid. The devnet is real Lightning with worthless coins: farebox devnet
# Others: lnd, cln, phoenixd, nwc, lnbits, eclair, btcpay; see docs/nodes.md
lightning:
  node: { kind: devnet }
  # pool: { size: 32, age: 10m }    # invoices that are ready before they are asked for; or off

# Stablecoins beside satoshis: price: [1 sat, 0.01 pathUSD]
# tempo:
#   rpc: http://127.0.0.1:8545
#   tokens:
#     pathUSD: { address: "0x20c0000000000000000000000000000000000000", recipient: "0x…" }

upstreams:
  bitcoin: http://127.0.0.1:9000
  # slow: { url: https://slow.example, headers_timeout: 2m, idle_timeout: 5m }

# What is served. A request that matches no route is 404: nothing is let through by default.
routes:
  - match: GET /v1/bitcoin/*
    upstream: bitcoin
    price: 1 sat
    description: One look at the chain

  # POST may do something that must not happen twice: its payment is claimed before the upstream is asked, and the
  # upstream gets Idempotency-Key. A route that only reads may say so: effect: safe
  - match: POST /v1/bitcoin/rpc
    upstream: bitcoin
    price: 2 sat
    effect: safe
    body: { max_bytes: 65536 }
    # charge_on: any_response   # charge for a 404 too; default success, a 2xx only
    # on_unknown: ask_again     # a once upstream that honours Idempotency-Key is asked again after a crash

  - match: GET /
    upstream: bitcoin
    price: free

# Prices by request: a row fits when all of it holds, and the first that fits counts.
#   prices:
#     - { when: { body: { /model: large } }, price: 20 sat }
#     - { when: { query: { format: pdf } }, price: 5 sat }

# What one bitcoin costs, for prices such as 0.002 USD. A rate older than max_age sells nothing.
# rates:
#   USD: { url: https://rates.example/btc.json, at: /bitcoin/usd, every: 1m, max_age: 15m }

# Proxies whose X-Forwarded-For says who the client is. Without it, all who come through one share its limit.
# trusted_proxies: [127.0.0.1]
# Challenges that nobody pays; more is 429. What is paid is given back. Or off.
# mint_budget: { client: { per_second: 10, burst: 100 }, global: { per_second: 100, burst: 500 } }

# API keys beside payment (farebox keys create), and what each plan may do. Over its limit, a key may pay to go on.
# keys: { header: x-api-key }
# plans:
#   basic: { rate: [{ requests: 10, per: 1s }], quota: [{ requests: 100000, per: month }], concurrency: 8 }
# On a route, the first requests of a day for nothing: free: { requests: 100, per: day, by: client }
# admin: { listen: 127.0.0.1:8403, token_file: admin-token }

# Documents made from the routes: /openapi.json, /llms.txt, /docs and more. Or false.
# catalog: { title: My API, categories: [data], openapi: openapi.yaml, docs_folder: pages }

# challenge_life: 5m          # how long a challenge may be paid and presented
# strict_402: false           # 402 instead of 403 to a credential of another resource
# unavailable_status: 500     # or 503, while the Lightning node is unreachable
# healthz: true               # GET /healthz
# limits: { header_bytes: 16384, body_bytes: 1048576 }
`;
