import { describe, expect, it } from 'vitest';
import { findLookalike } from './json-pointer.js';
import { looseParameter } from './loose-name.js';

describe('a parameter as the freest of servers would read it', () => {
  it.each([
    ['size', ['Size', ' size', 'size[]', 'size[0]', '[size]', 'SIZE[][]', 'ｓｉｚｅ']],
    ['page[size]', ['Page[Size]', 'page[size][]', 'page[size]x', 'page[ size]', 'page[0][size]']],
    ['page_size', ['page.size', 'page size', 'page[size', 'PAGE_SIZE', 'page_size[]']],
  ])('%s', (name, spellings) => {
    for (const spelling of spellings) expect(looseParameter(spelling), spelling).toBe(looseParameter(name));
  });

  it('others stay others', () => {
    const names = ['size', 'sizes', 'page[size]', 'page', 'page_size', 'size[page]', '0', '1', '[]'];
    expect(new Set(names.map(looseParameter)).size).toBe(names.length);
  });
});

describe('a member in another spelling', () => {
  it('is found at each place', () => {
    expect(findLookalike({ Model: 1 }, ['/model'])).toBe('/model');
    expect(findLookalike({ model: { Size: 1 } }, ['/other', '/model/size'])).toBe('/model/size');
    expect(findLookalike({ model: 1, ｍodel: 2 }, ['/model'])).toBe('/model');
    expect(findLookalike({ model: 1, models: 2, list: ['Model'] }, ['/model', '/list/0'])).toBeUndefined();
  });

  it('is not looked for in names far longer than the one that is asked for', () => {
    // Reading these in their plainest form takes time that grows with their square.
    const long = '\u0301'.repeat(250_000) + '\u0316'.repeat(250_000);
    expect(findLookalike({ [long]: 1 }, ['/model'])).toBeUndefined();
  });
});
