import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lightningBuyer, type PayingNode, type PaymentRequest, type PaymentState } from '@farebox/lightning';
import type { PaperNode } from '@farebox/lightning/paper';
import type { BuyerMethod } from '@farebox/protocol';
import type { Journal } from '../journal.js';
import { openJournal } from '../journal-sqlite.js';
import { createWallet, type Wallet, type WalletOptions } from '../wallet.js';

/** A paying node that keeps a record of what it really paid. */
export class RecordingNode implements PayingNode {
  readonly capabilities;
  readonly paid: PaymentRequest[] = [];
  /** Replaces the next payment's answer. */
  next: ((request: PaymentRequest) => Promise<PaymentState>) | undefined;
  readonly #node: PaperNode;

  constructor(node: PaperNode) {
    this.#node = node;
    this.capabilities = node.capabilities;
  }

  info() {
    return this.#node.info();
  }

  async payInvoice(request: PaymentRequest): Promise<PaymentState> {
    const next = this.next;
    this.next = undefined;
    if (next) return next(request);
    const state = await this.#node.payInvoice(request);
    if (state.status === 'succeeded') this.paid.push(request);
    return state;
  }

  trackPayment(paymentHash: string) {
    return this.#node.trackPayment(paymentHash);
  }

  balance() {
    return this.#node.balance();
  }

  close() {
    return this.#node.close();
  }
}

/** A wallet with its own journal file, paying with a paper node. */
export interface TestPurse {
  readonly wallet: Wallet;
  readonly journal: Journal;
  readonly node: RecordingNode;
  readonly lightning: BuyerMethod;
  readonly path: string;
  /** Another wallet on the same journal. */
  another(options?: Partial<WalletOptions>): Wallet;
  close(): void;
}

/** Opens one. */
export function openTestPurse(node: PaperNode, options: Partial<WalletOptions> = {}): TestPurse {
  const directory = mkdtempSync(join(tmpdir(), 'farebox-wallet-'));
  const path = join(directory, 'journal.db');
  const journal = openJournal({ path });
  const recording = new RecordingNode(node);
  const lightning = lightningBuyer({ node: recording, network: 'regtest' });
  const another = (changes: Partial<WalletOptions> = {}) =>
    createWallet({ methods: [lightning], journal, ...options, ...changes });
  return {
    wallet: another(),
    journal,
    node: recording,
    lightning,
    path,
    another,
    close() {
      journal.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
