import type { Command } from 'commander';
import { exitCodeHelp } from '../exit-codes.js';
import { registerPayApi } from './pay-api.js';
import { registerPayCheck } from './pay-check.js';
import { registerPayCredential } from './pay-credential.js';
import { registerPayHistory } from './pay-history.js';
import { registerPayInvoice } from './pay-invoice.js';
import { registerPayRequest } from './pay-request.js';
import { registerPayResume } from './pay-resume.js';
import { registerPayShow } from './pay-show.js';

/** Adds `farebox pay` and its commands. */
export function registerPay(program: Command): void {
  const pay = program
    .command('pay')
    .description('buy: preview, pay, resume')
    .addHelpText(
      'after',
      `
Examples:
  farebox pay request https://api.example.com/v1/bitcoin/price          what would it cost?
  farebox pay request https://api.example.com/v1/bitcoin/price --yes    pay and get it
  farebox pay resume --all                                              finish what was interrupted
${exitCodeHelp}`,
    );
  registerPayRequest(pay);
  registerPayApi(pay);
  registerPayCheck(pay);
  registerPayInvoice(pay);
  registerPayCredential(pay);
  registerPayResume(pay);
  registerPayHistory(pay);
  registerPayShow(pay);
}
