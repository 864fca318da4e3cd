import type { Output } from '../output.js';
import type { Listener } from './story.js';
import type { World } from './world.js';

/** Tells the story on a terminal, step by step, as it happens. */
export function tellStory(output: Output, url: string): Listener {
  const { bold, cyan, dim, green, yellow } = output.color;
  const say = (text: string) => output.text(text);
  const row = (name: string, value: string) => say(`     ${dim(name.padEnd(10))} ${value}`);
  say(`\n  ${bold('1  Ask')}  ${dim('GET')} ${url}`);
  return {
    challenged(unpaid, challenge, invoice) {
      const { amount, currency } = challenge.request;
      say(`     ${yellow(`${unpaid.status} ${unpaid.problem?.title ?? ''}`)}`);
      row('challenge', `${challenge.method}/${challenge.intent}, expires ${challenge.expires ?? 'never'}`);
      row('id', `${challenge.id} ${dim('(an HMAC over all of it)')}`);
      row('price', bold(`${String(amount)} ${String(currency)}`));
      row('invoice', `${invoice.slice(0, 44)}…${invoice.slice(-8)} ${dim(`(${invoice.length} characters)`)}`);
      say(
        `\n  ${bold('2  Pay')}  ${dim('the wallet reads the invoice itself, then pays it over its Lightning channel')}`,
      );
    },
    paid(payment, preimageMatches) {
      say(`     ${green('settled')} in ${payment.ms} ms`);
      row('amount', `${payment.amountSat} sat, fee ${payment.feeMsat} msat`);
      row('hash', payment.paymentHash);
      row(
        'preimage',
        preimageMatches ? green('its SHA-256 is the payment hash: paid, and proved') : 'does not match!',
      );
      say(`\n  ${bold('3  Ask again')}  ${dim('the same request, with Authorization: Payment …')}`);
    },
    delivered({ paid, receipt, apiBody }) {
      say(`     ${green(`${paid.status} OK`)} in ${paid.ms} ms`);
      row('body', cyan(JSON.stringify(apiBody)));
      row('receipt', `${receipt.method}, ${receipt.status}, ${receipt.timestamp}`);
      row('reference', `${receipt.reference} ${dim('(the payment hash)')}`);
      say(`\n  ${bold('4  Cheat')}`);
    },
    checked({ replayed, otherRoute }) {
      row('replay', `${yellow(String(replayed.status))}  ${replayed.problem?.detail ?? ''}`);
      row('elsewhere', `${yellow(String(otherRoute.status))}  ${otherRoute.problem?.detail ?? ''}`);
    },
    boughtOverTempo({ offered, choice, price, fee, received, transaction }) {
      say(`\n  ${bold('5  With a stablecoin')}  ${dim('the same request, paid on a Tempo chain')}`);
      row('offered', `${offered.join(', ')} ${dim('in one 402')}`);
      row('preferred', choice);
      row('paid', `${green(price)}, fee at most ${fee}`);
      row('received', `${received} base units`);
      row('reference', `${transaction} ${dim('(the transaction)')}`);
    },
  };
}

/** What to try while the demo stays up. */
export function suggestNext(output: Output, world: World): void {
  const { bold, dim } = output.color;
  const price = `${world.url}/v1/bitcoin/price`;
  const rpc = `${world.url}/v2/bitcoin/rpc`;
  const call = `'{"jsonrpc":"2.0","id":1,"method":"getblockcount"}'`;
  output.text(`
  ${bold('It stays up. In another terminal, from this folder:')}

     export FAREBOX_HOME=${world.home}
     ${dim('# what would it cost? then pay')}
     npx farebox pay request ${price}
     npx farebox pay request ${price} --yes
     npx farebox pay request ${rpc} -X POST -H 'content-type: application/json' -d ${call} --yes
     npx farebox pay history
     ${dim('# by hand, with curl and any wallet: docs/by-hand.md takes the invoice out of this 402, pays it and redeems it')}
     curl -i ${price}
${world.tempo ? `     npx farebox pay request ${price} --method tempo --yes\n     npx farebox wallet tempo balance\n` : ''}
  ${dim(`Its configuration is ${world.home}/farebox.yaml. Regtest: the coins are worthless. Ctrl-C stops it.`)}
`);
}
