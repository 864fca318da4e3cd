/** A `registrar.yaml` to begin with: SQLite, and the devnet of this machine. */
export const exampleRegistrarConfig = `# Sells names to agents. Start a devnet first: farebox devnet --tempo
realm: http://127.0.0.1:8403     # the public origin; every challenge is over it, so do not change it
listen: 127.0.0.1:8403
title: Names for agents

store: sqlite:registrar.db       # or postgres://…, or file:<path of a file that holds the URL>
ledger: sqlite:registrar-ledger.db
# secret_file: registrar.secret  # one secret a line, newest first; without it one is made and kept beside the store

terms: strict                    # an order needs agreed_to_terms: true; compat takes orders without it
lock_life: 10m                   # how long a name is kept for who has been asked to pay

tempo:                           # without rpc: the devnet of this machine. On Tempo: rpc, and chain: 4217
  tokens:
    pathUSD:
      address: '0x20c0000000000000000000000000000000000000'
      recipient: '0x70997970c51812dc3a010c7d01b50e0d17dc79c8'   # an account of the devnet: put your own here
lightning:
  node: { kind: devnet }         # lnd | cln | phoenixd | nwc | lnbits | eclair | btcpay, as in farebox.yaml

dns:
  listen: 127.0.0.1:8453
  addresses:                     # of the name servers, for the zones: put your own here
    ns1.agent: ['127.0.0.1']
    ns1.chatbot: ['127.0.0.1']

namespaces:
  agent:
    price: { usd: '0.52', sat: 1000 }          # a year
    human_price: { usd: '26.00' }
    reserved: { admin: reserved, trademark: trademark }
    premium: { gold: { usd: '100.00', sat: 150000 } }
  chatbot:
    price: { usd: '0.52', sat: 1000 }
    human_price: { usd: '1.04' }

coupons:
  WELCOME: { percent: 50, uses: 100 }

limits: { locks_per_identity: 10, locks_per_address: 40, agents_per_hour: 10 }
`;
