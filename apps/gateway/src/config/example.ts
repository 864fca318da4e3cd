/** A `farebox.yaml` to begin with, as `farebox serve --example` prints it. It passes the schema as it stands. */
export const exampleConfig = `# yaml-language-server: $schema=./node_modules/@farebox/gateway/farebox.schema.json

# Your protection space. It is in the HMAC of every challenge: choose it once. Best the public origin.
realm: http://localhost:8402

# Where the gateway listens: plain HTTP, or HTTPS with tls. A reload reads certificate and key again.
listen: 127.0.0.1:8402
# tls: { cert_file: cert.pem, key_file: key.pem, min_version: "1.2" }

# Secrets that sign challenges, newest first, one a line, mode 0600. Or set FAREBOX_SECRET.
# With a loopback realm or the devnet, one is made and kept beside the ledger.
# secret_file: farebox.secret
# secrets: [the newest secret, at least 32 bytes]    # the same in this file; then keep it to yourself

# Claims and books. Relative paths start at this file. Several gateways share one in PostgreSQL.
ledger: sqlite:farebox.db
# ledger: postgres://farebox@db.internal/farebox
# ledger_file: ledger.url     # instead of ledger: a file with the URL and its password
# ledger_schema: farebox      # in PostgreSQL
# redemption: { redeliveries: 3, attempts: 20, credit_window: 90d, replay_window: 24h, keep_claims: 400d, paid_in_time: refuse }

# Who is paid. The devnet is real Lightning with worthless coins: farebox devnet
# Others: lnd, cln, phoenixd, nwc, lnbits, eclair, btcpay; see docs/nodes.md
lightning:
  node: { kind: devnet }
  # pool: { size: 32, age: 10m }    # invoices that are ready before they are asked for; or off

# Stablecoins beside satoshis: price: [1 sat, 0.01 pathUSD]. See docs/sell-your-api.md
# tempo:
#   rpc: http://127.0.0.1:8545      # without it: the chain of farebox devnet --tempo
#   # rpc_file: tempo-rpc.url       # instead of rpc: a file with a URL that holds a key
#   chain: 4217                     # Tempo's main network
#   push: false                     # true: also take hashes of transactions that the client has sent itself
#   tokens:
#     pathUSD:
#       address: "0x20c0000000000000000000000000000000000000"
#       decimals: 6
#       recipient: "0x…"
#       splits: [{ recipient: "0x…", percent: 2.5 }, { recipient: "0x…", amount: "0.001" }]
#       sponsored: true             # buyers pay no fees; needs fee_payer
#   fee_payer: { key_file: fee-payer.key, token: pathUSD, budget: "5", budget_window: 1d, fee_max: "0.05" }

upstreams:
  bitcoin: http://127.0.0.1:9000
  # slow:
  #   url: https://slow.example
  #   ca_file: their-ca.pem              # certificates to trust instead of the usual ones
  #   connect_timeout: 5s
  #   headers_timeout: 30s
  #   idle_timeout: 60s                  # a pause within an answer
  #   total_timeout: 10m                 # a whole exchange; default none
  #   connections: 256
  #   headers: { set: { Authorization: "Bearer \${env:UPSTREAM_KEY}" }, remove: [Cookie] }
  #   response_headers: { remove: [Server] }

# What is served. A request that matches no route is 404: nothing is let through by default.
routes:
  - match: GET /v1/bitcoin/*
    upstream: bitcoin
    price: 1 sat
    description: One look at the chain
    # catalog: { group: Bitcoin, summary: A look, example: /v1/bitcoin/price }    # in the documents; or false
    # labels: [bitcoin]                  # what keys may be limited to
    # free: { requests: 100, per: day, by: client }    # then the price
    # mode: shadow                       # everybody passes, and what would have been charged is counted
    # strip_prefix: /v1                  # the upstream is asked for the rest
    # headers: { set: { X-Plan: paid } } # stands before the upstream's; response_headers likewise
    # forward_key: true                  # the client's key goes on to the upstream

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
#     - { when: { method: POST, path: /v1/bitcoin/large/*, body_bytes: 10000 }, price: 9 sat }

# What one bitcoin costs, for prices such as 0.002 USD. A rate older than max_age sells nothing.
# rates:
#   USD: { url: https://rates.example/btc.json, at: /bitcoin/usd, as_of: /time, every: 1m, max_age: 15m }
#   EUR: { file: rates.json, at: /eur }
#   CHF: { upstream: bitcoin, path: /v1/bitcoin/price, at: /chf }
#   XAU: { fixed: 25.5 }

# Proxies whose X-Forwarded-For or Forwarded says who the client is. Without it, all who come through one share its limit.
# trusted_proxies: [127.0.0.1]
# forwarded: x-forwarded      # how upstreams are told of it: or forwarded (RFC 7239), both, none
# Challenges that nobody pays; more is 429. What is paid is given back. Or off.
# mint_budget: { client: { per_second: 10, burst: 100 }, global: { per_second: 100, burst: 500 } }

# API keys beside payment (farebox keys create), and what each plan may do. Over its limit, a key may pay to go on.
# keys: { header: x-api-key, prefix: fb_live_, store: "sqlite:farebox.keys.db" }    # in PostgreSQL, beside the ledger
# plans:
#   basic:
#     rate: [{ requests: 10, per: 1s }]
#     quota: [{ requests: 100000, per: month }]
#     concurrency: 8                     # requests at a time
#     key_life: 365d                     # of new keys; default for ever
# admin: { listen: 127.0.0.1:8403, token_file: admin-token }
# metrics: { listen: 127.0.0.1:9402 }    # GET /metrics, for Prometheus

# Documents made from the routes: /openapi.json, /llms.txt, /docs and more. Or false.
# catalog:
#   title: My API
#   description: What it does, in a sentence
#   version: 1.2.0
#   categories: [data]
#   docs: https://docs.example           # your own documentation
#   contact: { name: Support, email: help@shop.example, url: https://shop.example }
#   origin: https://api.shop.example     # where buyers go, when it is not the realm
#   openapi: openapi.yaml                # your own file, merged with the routes
#   docs_folder: pages                   # Markdown
#   over_wildcards: true                 # served before routes with * or :name

# Pages of these origins may buy from within a browser; or origins: "*"
# cors: { origins: ["https://shop.example"], max_age: 10m }

# challenge_life: 5m          # how long a challenge may be paid and presented
# strict_402: false           # 402 instead of 403 to a credential of another resource
# unavailable_status: 500     # or 503, while the Lightning node is unreachable
# healthz: true               # GET /healthz and /readyz
# limits: { header_bytes: 16384, body_bytes: 1048576 }
`;
