import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PaperNode } from '@farebox/lightning/paper';
import { readCatalogues } from '@farebox/wallet/catalogue';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { searchEntries } from './commands/pay-api-search.js';
import { commandModules } from './commands.js';
import { writeManPage } from './help/roff.js';
import { writeSkill } from './help/skill.js';
import { type CommandLeaf, readTree } from './help/tree.js';
import { errorReport } from './schemas/parts.js';
import { commandSchemas, errorJsonSchema, jsonSchemaOf } from './schemas/registry.js';
import { forSats, startCatalogue } from './testing/catalogue-stand.js';
import { checkOutput } from './testing/checked-output.js';
import { only, run } from './testing/run.js';
import { Shop } from './testing/shop.js';

let tree: readonly CommandLeaf[] = [];
let home = '';
let shop: Shop;
let catalogue: Awaited<ReturnType<typeof startCatalogue>>;

beforeAll(async () => {
  const program = new Command('farebox').description('A program.');
  for (const { register } of commandModules) await register(program);
  tree = readTree(program);
  home = mkdtempSync(join(tmpdir(), 'farebox-command-line-'));
  shop = await new Shop(new PaperNode()).listen();
  catalogue = await startCatalogue(shop.url, {
    '/price/2': forSats('2', "It's the price\u001b[31m of bitcoin"),
    '/blocks/{height}': forSats('9', 'A block by height'),
    "/quote'$(touch x)": forSats('1', 'A strange path'),
  });
});
afterAll(async () => {
  await catalogue.close();
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

const farebox = (...words: string[]) => run(home, words);

it('the help of every command has an example that calls it', () => {
  const without = tree.filter(
    ({ path, after }) => path !== '' && !new RegExp(`^  (?:.*\\W)?farebox ${path}\\b`, 'm').test(after),
  );
  expect(without.map(({ path }) => path)).toEqual([]);
});

describe('schemas', () => {
  it('are there for every command with --json, and for no other', () => {
    const speaking = tree.filter(({ options }) => options.some(({ flags }) => flags.includes('--json')));
    const commands = commandSchemas.map(({ command }) => command);
    expect([...commands].sort()).toEqual(speaking.map(({ path }) => path).sort());
    expect(new Set(commands).size).toBe(commands.length);
  });

  it('are JSON Schemas, open to new members', () => {
    for (const schema of [...commandSchemas.map(jsonSchemaOf), errorJsonSchema()]) {
      expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
      expect(JSON.stringify(schema)).not.toContain('"additionalProperties":false');
    }
  });

  it('are printed by farebox schema', async () => {
    expect(JSON.parse((await farebox('schema', 'pay', 'request')).stdout)).toMatchObject({
      title: 'farebox pay request --json',
    });
    const [list, error, unknown] = await Promise.all([
      farebox('schema'),
      farebox('schema', 'error'),
      farebox('schema', 'pay', 'nothing'),
    ]);
    expect(list.stdout.split('\n')).toEqual(expect.arrayContaining(['pay request', 'doctor', 'error']));
    expect(JSON.parse(error.stdout)).toMatchObject({ title: 'farebox: errors with --json' });
    expect(unknown.code).toBe(2);
  });

  it('notice what is not in them', () => {
    expect(() =>
      checkOutput(['pay', 'credential'], '{"ok":true,"header":"A","authorization":"B"}\n'),
    ).not.toThrow();
    expect(() => checkOutput(['pay', 'credential'], '{"ok":true,"header":"A"}\n')).toThrow();
    expect(() =>
      checkOutput(['pay', 'credential'], '{"ok":true,"header":"A","authorization":"B","c":1}\n'),
    ).toThrow();
    expect(() => checkOutput(['completion', 'bash'], '{}\n')).toThrow('no schema');
  });
});

describe('the policy', () => {
  it('is written as its schemas say', async () => {
    const said = [
      ['wallet', 'policy', 'show'],
      ['wallet', 'policy', 'test', 'https://api.example.com/', '5sat'],
      ['wallet', 'policy', 'test', 'https://api.example.com/', '500000sat'],
    ].map(async (words) => ({ words, ...(await farebox(...words, '--json')) }));
    const ran = await Promise.all(said);
    for (const { words, stdout } of ran) checkOutput(words, stdout);
    expect(ran.map(({ code }) => code)).toEqual([0, 0, 5]);
  });
});

describe('pay api', () => {
  it('lists what is for sale, as the seeds call it: pay api --json', async () => {
    writeFileSync(join(home, 'origins.txt'), `# mine\n${catalogue.origin} # a shop\n`);
    const { code, stdout, stderr } = await farebox('pay', 'api', '--json');
    expect([code, stderr]).toEqual([0, '']);
    checkOutput(['pay', 'api'], stdout);
    const { endpoints } = only(stdout) as {
      endpoints: { url: string; example: string; description: string }[];
    };
    expect(endpoints.map(({ url }) => url.slice(shop.url.length))).toEqual([
      '/price/2',
      '/blocks/{height}',
      "/quote'$(touch%20x)",
    ]);
    expect(endpoints[0]?.example).toBe(`farebox pay request ${shop.url}/price/2`);
    // A seller's address cannot leave its quotation marks.
    const pasted = spawnSync('sh', [
      '-c',
      `printf %s ${endpoints[2]?.example.replace(/^farebox pay request /, '')}`,
    ]);
    expect(pasted.stdout.toString()).toBe(endpoints[2]?.url);
    expect(JSON.stringify(endpoints)).not.toContain('\\u001b');
  });

  it('finds by words, also misspelt and by their beginnings', async () => {
    const { stdout } = await farebox('pay', 'api', catalogue.origin, '--search', 'block', '--json');
    expect((only(stdout).endpoints as { url: string }[]).map(({ url }) => url)).toEqual([
      `${shop.url}/blocks/{height}`,
    ]);
    const services = await readCatalogues([catalogue.origin]);
    const find = async (words: string) =>
      (await searchEntries(services, words)).map(({ url }) => url.slice(shop.url.length));
    expect(await find('bitc')).toEqual(['/price/2']);
    expect(await find('bitcion')).toEqual(['/price/2']);
    expect(await find('height block')).toEqual(['/blocks/{height}']);
    expect(await find('weather')).toEqual([]);
    expect(await find(' ')).toHaveLength(3);
  });

  it('says when nobody is known, when an origin is none, and when one does not answer', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'farebox-empty-'));
    const [nobody, wrong, silent] = await Promise.all([
      run(empty, ['pay', 'api', '--json']),
      run(empty, ['pay', 'api', 'ftp://x', '--json']),
      run(empty, ['pay', 'api', 'http://127.0.0.1:1', '--json']),
    ]);
    rmSync(empty, { recursive: true });
    checkOutput(['pay', 'api'], nobody.stdout);
    expect([nobody.code, String(only(nobody.stdout).remarks)]).toEqual([
      0,
      expect.stringContaining('origins.txt'),
    ]);
    expect([wrong.code, silent.code]).toEqual([2, 3]);
    for (const { stderr } of [wrong, silent]) expect(errorReport.safeParse(only(stderr)).success).toBe(true);
  });
});

describe('pay check', () => {
  it('says whether it could be paid, and what the seller does wrong; spends nothing', async () => {
    const [good, dear, free, missing] = await Promise.all([
      farebox('pay', 'check', `${shop.url}/price/2`, '--json'),
      farebox('pay', 'check', `${shop.url}/price/5000`, '--json'),
      farebox('pay', 'check', `${shop.url}/free`, '--json'),
      farebox('pay', 'check', `${shop.url}/missing`, '--json'),
    ]);
    for (const { stdout } of [good, dear, free, missing]) checkOutput(['pay', 'check'], stdout);
    expect([good.code, dear.code, free.code, missing.code]).toEqual([0, 5, 0, 1]);
    expect(only(good.stdout)).toMatchObject({ payable: true, cost: { text: '2 sat' }, spent: false });
    const findings = (only(good.stdout).conformance as { findings: { code: string; level: string }[] })
      .findings;
    expect(findings).toContainEqual(expect.objectContaining({ code: 'invoice', level: 'ok' }));
    // This shop answers 402 without a problem document.
    expect(findings).toContainEqual(expect.objectContaining({ code: 'problem', level: 'warning' }));
    expect(only(dear.stdout)).toMatchObject({
      payable: false,
      ok: false,
      objection: { code: expect.any(String) },
    });
    expect(only(free.stdout)).toMatchObject({ payable: false, ok: true, asksForPayment: false });
  });

  it('says of a key over its limit that it may be paid without one', async () => {
    const { code, stdout } = await farebox(
      ...['pay', 'check', `${shop.url}/keys`, '-H', 'X-API-Key: k', '--json'],
    );
    checkOutput(['pay', 'check'], stdout);
    expect([code, only(stdout)]).toMatchObject([
      1,
      {
        ...{ payable: false, asksForPayment: true, status: 429 },
        objection: { message: expect.stringContaining('ask again without the key') },
      },
    ]);
  });
});

describe('the manual page', () => {
  it('names every command and option, and is rendered without a warning', () => {
    const page = writeManPage({ version: '1.2.3', tree });
    const plain = page.replaceAll('\\-', '-');
    for (const { path, options } of tree) {
      expect(plain).toContain(`farebox ${path}`.trim());
      for (const { flags } of options) expect(plain).toContain(flags.split(' ')[0]);
    }
    // ASCII, and no text that roff would take for a command.
    expect(page).toMatch(/^[\n\t -~]*$/);
    const known = /^\.(?:TH|SH|SS|PP|TP|B|I|RI|nf|fi)\b/;
    for (const line of page.split('\n')) if (/^[.']/.test(line)) expect(line).toMatch(known);
    const rendered = spawnSync('groff', ['-man', '-ww', '-z'], { input: page, encoding: 'utf8' });
    // Where groff is not installed, the checks above have to do.
    if (rendered.error === undefined) expect([rendered.status, rendered.stderr]).toEqual([0, '']);
  });
});

describe('the skill file', () => {
  it('names every command, and says when not to pay again', () => {
    const skill = writeSkill('1.2.3', tree);
    for (const { path } of tree) expect(skill).toContain(`farebox ${path}`.trim());
    expect(skill).toMatch(/^---\nname: farebox\nversion: 1\.2\.3\ndescription: /);
    expect(skill).toContain('do not pay again');
  });

  it('is printed, as is the manual page', async () => {
    const [skill, man] = await Promise.all([farebox('skill'), farebox('man')]);
    expect([skill.code, skill.stdout.startsWith('---\nname: farebox')]).toEqual([0, true]);
    expect([man.code, man.stdout.startsWith('.TH FAREBOX 1')]).toEqual([0, true]);
  });
});
