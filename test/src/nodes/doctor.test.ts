import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examinePayer, examineSeller, type NodeReport, openLnd } from './adapters.js';
import { type Backing, startBacking } from './backing.js';
import { type OwnCertificate, selfSigned } from './certificate.js';
import type { Facade } from './facade.js';
import { serveLndFacade } from './lnd-facade.js';
import {
  adminMacaroonOperations,
  bakeMacaroon,
  invoiceMacaroonOperations,
  payMacaroonOperations,
} from './lnd-macaroon.js';

const macaroons = {
  invoice: bakeMacaroon(invoiceMacaroonOperations),
  pay: bakeMacaroon(payMacaroonOperations),
  admin: bakeMacaroon(adminMacaroonOperations),
  poor: bakeMacaroon(['info:read', 'invoices:read', 'offchain:write']),
  foreign: bakeMacaroon(adminMacaroonOperations),
};

let backing: Backing;
let facade: Facade;
const certificate: OwnCertificate = selfSigned();
const opened: ReturnType<typeof openLnd>[] = [];

beforeAll(async () => {
  backing = await startBacking();
  const accepted = new Map([
    [macaroons.invoice.toString('hex'), invoiceMacaroonOperations],
    [macaroons.pay.toString('hex'), payMacaroonOperations],
    [macaroons.admin.toString('hex'), adminMacaroonOperations],
    [macaroons.poor.toString('hex'), ['info:read', 'invoices:read', 'offchain:write']],
  ]);
  facade = await serveLndFacade({ backing, certificate, macaroons: accepted });
});
afterAll(async () => {
  for (const node of opened) await node.close();
  await facade.close();
  await backing.close();
});

function open(name: keyof typeof macaroons, port = facade.port) {
  const node = openLnd({
    url: `https://127.0.0.1:${port}`,
    tls: { certificates: certificate.cert },
    macaroon: macaroons[name],
    network: 'regtest',
  });
  opened.push(node);
  return node;
}

const brief = (report: NodeReport) =>
  report.findings.filter(({ level }) => level !== 'ok').map(({ check, level }) => `${check} ${level}`);
const said = (report: NodeReport) => report.findings.map(({ text }) => text).join('\n');

describe('the doctor of a seller’s node (facade)', () => {
  it('is content with an invoice macaroon, but for what it cannot check', async () => {
    const report = await examineSeller(open('invoice'), { network: 'regtest' });
    expect(report).toMatchObject({
      purpose: 'sell',
      usable: true,
      info: { kind: 'lnd', network: 'regtest' },
    });
    expect(brief(report)).toEqual(['rights warning']);
    expect(said(report)).toContain('lacks info:read');
    expect(report.findings.map(({ check }) => check)).toEqual([
      'reach',
      'network',
      'rights',
      'invoice',
      'lookup',
      'cancel',
    ]);
  });

  it('warns of an admin macaroon, and names what a thief could do', async () => {
    const report = await examineSeller(open('admin'), { network: 'regtest' });
    expect(report.usable).toBe(true);
    expect(said(report)).toContain(
      'holds offchain:write, which selling does not need: whoever steals it could pay from the node',
    );
    expect(said(report)).toContain('holds onchain:write');
    expect(said(report)).toContain('holds macaroon:generate');
  });

  it('finds the right that is missing, by LND’s own name', async () => {
    const report = await examineSeller(open('poor'), { network: 'regtest' });
    expect(report.usable).toBe(false);
    expect(said(report)).toContain('Selling needs invoices:write, which the credential lacks');
    expect(brief(report)).toContain('invoice fault');
  });

  it('makes a round trip when told to, and both ends agree', async () => {
    const report = await examineSeller(open('invoice'), { payer: backing.honest.wallet });
    expect(report.usable).toBe(true);
    expect(report.findings.at(-1)).toMatchObject({ check: 'round-trip', level: 'ok' });
    expect(said(report)).toContain('One satoshi was paid and arrived; the fee was 1000 msat.');
  });

  it('says that a round trip failed for its fee cap', async () => {
    const report = await examineSeller(open('invoice'), { payer: backing.honest.wallet, maxFeeMsat: 999n });
    expect(report.usable).toBe(false);
    expect(report.findings.at(-1)).toMatchObject({ check: 'round-trip', level: 'fault' });
  });
});

describe('the doctor of a buyer’s node (facade)', () => {
  it('is content with what paying needs', async () => {
    const report = await examinePayer(open('pay'), { network: 'regtest', payee: backing.honest.merchant });
    expect(brief(report)).toEqual([]);
    expect(report.findings.map(({ check }) => check)).toEqual([
      'reach',
      'network',
      'rights',
      'balance',
      'track',
      'round-trip',
    ]);
  });

  it('finds that it could not learn what became of a payment', async () => {
    const report = await examinePayer(open('poor'));
    expect(report.usable).toBe(false);
    expect(said(report)).toContain('Paying needs offchain:read, which the credential lacks');
    expect(brief(report)).toEqual(expect.arrayContaining(['balance fault', 'track fault']));
  });
});

describe('the doctor (facade)', () => {
  it.each(['seller', 'payer'] as const)('stops at a node that is not there: %s', async (side) => {
    const node = open('admin', 1);
    const report = await (side === 'seller' ? examineSeller(node) : examinePayer(node));
    expect(report).toMatchObject({ usable: false, findings: [{ check: 'reach', level: 'fault' }] });
    expect(report.info).toBeUndefined();
    expect(said(report)).toContain('does not answer (ECONNREFUSED)');
  });

  it('says that a credential is not accepted, and shows none', async () => {
    const report = await examineSeller(open('foreign'));
    expect(report.usable).toBe(false);
    expect(said(report)).toContain('does not accept the macaroon');
    for (const macaroon of Object.values(macaroons))
      expect(said(report)).not.toContain(macaroon.toString('hex'));
  });

  it('says that the node is on another network than meant', async () => {
    const report = await examineSeller(backing.honest.merchant, { network: 'mainnet' });
    expect(report.usable).toBe(false);
    expect(said(report)).toContain('The node is on regtest, not mainnet');
    // The devnet has no credential to judge.
    expect(brief(report)).toContain('rights skipped');
  });
});
