import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirm } from './confirm.js';

async function answered(answer: string, isTTY: boolean): Promise<readonly [boolean | undefined, string]> {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = new PassThrough();
  input.end(answer);
  const agreed = await confirm('Certain?', { input, output });
  return [agreed, String(output.read() ?? '')];
}

describe('a question', () => {
  it.each(['y\n', 'Y\n', 'yes\n', ' yes \n'])('is agreed to by %j', async (answer) => {
    expect(await answered(answer, true)).toEqual([true, expect.stringContaining('Certain? [y/N] ')]);
  });

  it.each(['', '\n', 'n\n', 'no\n', 'yess\n', 'oh yes\n'])('is not agreed to by %j', async (answer) => {
    expect((await answered(answer, true))[0]).toBe(false);
  });

  it('is not even asked where nobody sits', async () => {
    expect(await answered('yes\n', false)).toEqual([undefined, '']);
  });
});
