import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostileText, settings } from '../documents/testing/settings.js';
import { MemoryDirectory } from '../zone/testing/memory-directory.js';
import { domainPage } from './domain-page.js';

const chromium = '/usr/bin/chromium';

// What a policy and escapes are worth, a browser decides.
describe.skipIf(!existsSync(chromium))('a real browser, if it is installed (chromium)', () => {
  const directory = new MemoryDirectory('agent');
  const page = domainPage(
    settings,
    directory.put('myname.agent', {
      profile: {
        name: hostileText,
        bio: '<img src=/stolen onerror="document.title=1">',
        link: 'javascript:1',
      },
    }),
  );
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url !== '/page') return response.writeHead(404).end();
    return response.writeHead(page.status, page.headers).end(page.body);
  });
  let url = '';
  let profile = '';

  beforeAll(async () => {
    profile = await mkdtemp(join(tmpdir(), 'farebox-chromium-'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/page`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 20 });
  });

  it('shows the page as written, takes its style, runs and loads nothing', async () => {
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
    const log = ['--enable-logging=stderr', `--user-data-dir=${profile}`];
    const [html, said] = await new Promise<readonly [string, string]>((resolve, reject) => {
      execFile(chromium, [...flags, ...log, '--dump-dom', url], (error, stdout, stderr) =>
        error === null ? resolve([stdout, stderr]) : reject(error),
      );
    });
    expect(html).toContain('<title>myname.agent · Example Names</title>');
    expect(html).toContain('&lt;img src=/stolen');
    // The browser tells of whatever its policy keeps it from, a style that does not fit its digest included.
    expect(said).not.toMatch(/Content Security Policy/i);
    expect(asked.filter((path) => path !== '/page' && path !== '/favicon.ico')).toEqual([]);
  });
});
