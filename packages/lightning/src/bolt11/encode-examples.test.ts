import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeInvoice } from './decode.js';
import { encodeInvoice } from './encode.js';

// BOLT 11 gives the key and says that its signatures are deterministic: writing an example must give its very text,
// wherever the example has its fields in the order of ours.
const secretKey = Buffer.from('e126f68f7eafcc8b74f54d269fe206be715000f94dac067d1c04a8ca3b2db734', 'hex');
const common = {
  network: 'mainnet',
  timestamp: 1_496_314_658,
  paymentHash: '0001020304050607080900010203040506070809000102030405060708090102',
  paymentSecret: '11'.repeat(32),
  features: [8, 14],
} as const;
const descriptionHash = createHash('sha256')
  .update(
    'One piece of chocolate cake, one icecream cone, one pickle, one slice of swiss cheese, one slice of salami, ' +
      'one lollypop, one piece of cherry pie, one sausage, one cupcake, and one slice of watermelon',
  )
  .digest('hex');

const examples = [
  {
    title: 'a donation of any amount',
    draft: { ...common, description: 'Please consider supporting this project' },
    text: 'lnbc1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpl2pkx2ctnv5sxxmmwwd5kgetjypeh2ursdae8g6twvus8g6rfwvs8qun0dfjkxaq9qrsgq357wnc5r2ueh7ck6q93dj32dlqnls087fxdwk8qakdyafkq3yap9us6v52vjjsrvywa6rt52cm9r9zqt8r2t7mlcwspyetp5h2tztugp9lfyql',
  },
  {
    title: 'a cup of coffee, within one minute',
    draft: { ...common, amountMsat: 250_000_000n, description: '1 cup coffee', expirySeconds: 60 },
    text: 'lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vgpfna3rh',
  },
  {
    title: 'a cup of nonsense, in UTF-8',
    draft: { ...common, amountMsat: 250_000_000n, description: 'ナンセンス 1杯', expirySeconds: 60 },
    text: 'lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpquwpc4curk03c9wlrswe78q4eyqc7d8d0xqzpu9qrsgqhtjpauu9ur7fw2thcl4y9vfvh4m9wlfyz2gem29g5ghe2aak2pm3ps8fdhtceqsaagty2vph7utlgj48u0ged6a337aewvraedendscp573dxr',
  },
  {
    title: 'a list of things, hashed',
    draft: { ...common, amountMsat: 2_000_000_000n, descriptionHash },
    text: 'lnbc20m1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqhp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk98klysy043l2ahrqs9qrsgq7ea976txfraylvgzuxs8kgcw23ezlrszfnh8r6qtfpr6cxga50aj6txm9rxrydzd06dfeawfk6swupvz4erwnyutnjq7x39ymw6j38gp7ynn44',
  },
  {
    title: 'a P2PKH fallback and extra routing',
    draft: {
      ...common,
      amountMsat: 2_000_000_000n,
      descriptionHash,
      fallbacks: [{ version: 17, program: '04b61f7dc1ea0dc99424464cc4064dc564d91e89' }],
      routeHints: [
        [
          {
            pubkey: '029e03a901b85534ff1e92c43c74431f7ce72046060fcf7a95c37e148f78c77255',
            shortChannelId: '66051x263430x1800',
            feeBaseMsat: 1,
            feeProportionalMillionths: 20,
            cltvExpiryDelta: 3,
          },
          {
            pubkey: '039e03a901b85534ff1e92c43c74431f7ce72046060fcf7a95c37e148f78c77255',
            shortChannelId: '197637x395016x2314',
            feeBaseMsat: 2,
            feeProportionalMillionths: 30,
            cltvExpiryDelta: 4,
          },
        ],
      ],
    },
    text: 'lnbc20m1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqhp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk98klysy043l2ahrqsfpp3qjmp7lwpagxun9pygexvgpjdc4jdj85fr9yq20q82gphp2nflc7jtzrcazrra7wwgzxqc8u7754cdlpfrmccae92qgzqvzq2ps8pqqqqqqpqqqqq9qqqvpeuqafqxu92d8lr6fvg0r5gv0heeeqgcrqlnm6jhphu9y00rrhy4grqszsvpcgpy9qqqqqqgqqqqq7qqzq9qrsgqdfjcdk6w3ak5pca9hwfwfh63zrrz06wwfya0ydlzpgzxkn5xagsqz7x9j4jwe7yj7vaf2k9lqsdk45kts2fd0fkr28am0u4w95tt2nsq76cqw0',
  },
  {
    title: 'a P2TR fallback',
    draft: {
      ...common,
      amountMsat: 2_000_000_000n,
      descriptionHash,
      fallbacks: [
        { version: 1, program: '0adac43daa9c8a5a68e09ea10692b82226ee190e572db9b90e17a410484ab405' },
      ],
    },
    text: 'lnbc20m1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqhp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk98klysy043l2ahrqsfp4pptdvg0d2nj99568qn6ssdy4cygnwuxgw2ukmnwgwz7jpqjz2kszs9qrsgqy606dznq28exnydt2r4c29y56xjtn3sk4mhgjtl4pg2y4ar3249rq4ajlmj9jy8zvlzw7cr8mggqzm842xfr0v72rswzq9xvr4hknfsqwmn6xd',
  },
];

describe('writing the examples of BOLT 11', () => {
  it.each(examples)('$title', ({ draft, text }) => {
    expect(encodeInvoice(draft, secretKey)).toEqual({ ok: true, value: text });
  });
});

describe('encodeInvoice refuses what does not fit', () => {
  const draft = { ...common, description: 'x' };
  it.each([
    ['an amount of nothing', { ...draft, amountMsat: 0n }],
    ['more than all bitcoin', { ...draft, amountMsat: 2_100_000_000_000_000_001n }],
    ['a fraction of a second', { ...draft, timestamp: 1.5 }],
    ['a timestamp of 36 bits', { ...draft, timestamp: 2 ** 35 }],
    ['a short payment hash', { ...draft, paymentHash: '00' }],
    ['a payment hash in capitals', { ...draft, paymentHash: 'AB'.repeat(32) }],
    ['a short payment secret', { ...draft, paymentSecret: '11' }],
    ['a short description hash', { ...draft, descriptionHash: '11' }],
    ['a description of 640 bytes', { ...draft, description: 'x'.repeat(640) }],
    ['half of a surrogate pair', { ...draft, description: '\ud83d' }],
    ['odd metadata', { ...draft, metadata: 'abc' }],
    ['a negative expiry', { ...draft, expirySeconds: -1 }],
    ['an expiry of 36 bits', { ...draft, expirySeconds: 2 ** 35 }],
    ['a negative cltv', { ...draft, minFinalCltvExpiry: -1 }],
    ['a feature bit that has no room', { ...draft, features: [5_115] }],
    ['a field type of six bits', { ...draft, otherFields: [{ tag: 32, words: new Uint8Array() }] }],
    ['an impossible fallback', { ...draft, fallbacks: [{ version: 0, program: '00'.repeat(21) }] }],
    ['a route hint without hops', { ...draft, routeHints: [[]] }],
  ])('%s', (_, faulty) => {
    expect(encodeInvoice(faulty, secretKey)).toMatchObject({ ok: false, code: 'invoice_not_writable' });
  });

  it('a secret key that is none', () => {
    expect(encodeInvoice(draft, new Uint8Array(32))).toMatchObject({
      ok: false,
      code: 'invoice_not_writable',
    });
    expect(encodeInvoice(draft, new Uint8Array(31))).toMatchObject({
      ok: false,
      code: 'invoice_not_writable',
    });
  });

  it('more fields than an invoice can hold', () => {
    const otherFields = Array.from({ length: 8 }, () => ({ tag: 2, words: new Uint8Array(1_000) }));
    expect(encodeInvoice({ ...draft, otherFields }, secretKey)).toMatchObject({
      code: 'invoice_not_writable',
    });
  });

  it('takes the longest description that fits', () => {
    const invoice = encodeInvoice({ ...draft, description: 'x'.repeat(639) }, secretKey);
    if (!invoice.ok) throw new Error(invoice.detail);
    expect(decodeInvoice(invoice.value)).toMatchObject({ ok: true, value: { description: 'x'.repeat(639) } });
  });
});
