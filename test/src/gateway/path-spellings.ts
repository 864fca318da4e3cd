// Spellings of targets, for the corpus in path-corpus.ts.

/** In front of something that has no normal form. */
export const places = ['/free', '/paid', '/free/x', '', '/premium'];

/** What no path may hold anywhere: each piece has a second reading, and none is repaired. */
export const unreadable = [
  ...[
    '/../paid/price',
    '/./paid/price',
    '/..',
    '/.',
    '/../',
    '/./',
    '/x/../../paid/price',
    '/x/./../paid/price',
  ],
  ...['/..;/paid/price', '/..;a=b/paid/price', '/.;/paid/price', '/;/../paid/price'],
  ...['//paid/price', '///paid/price', '//', '//free/x', '/x//y', '/x///', '//../paid/price'],
  ...['\\paid\\price', '/\\paid', '\\..\\paid\\price', '/x\\y', '/..\\paid', '\\', '/x\\..\\..\\paid\\price'],
  ...[
    '/%2e%2e/paid/price',
    '/%2E%2E/paid/price',
    '/.%2e/paid/price',
    '/%2e./paid/price',
    '/%2e/x',
    '/%2E%2e%2fpaid',
  ],
  ...['/..%2fpaid%2fprice', '/..%2Fpaid', '%2f..%2fpaid', '/%2fpaid', '/x%2Fy', '%2Fpaid%2Fprice', '/%2F'],
  ...['/..%5cpaid', '/%5c..%5cpaid', '/x%5Cy', '%5Cpaid'],
  ...['/%252e%252e/paid', '/%252fpaid', '/x%25', '/%25%32%65', '/%2525252e', '/..%252fpaid', '/%255c'],
  ...[
    '/%70aid/price',
    '/p%61id',
    '/%41',
    '/%7Euser',
    '/%2D',
    '/x%5F',
    '/%30',
    '/%70%61%69%64/%70%72%69%63%65',
  ],
  ...['/%c3%a9', '/%C3%a9', '/%e2%82%ac', '/x%3b', '/%3f', '/%3a', '/x%2c', '/%20%c3%89'],
  ...[
    '/%C0%AE%C0%AE/paid',
    '/%C0%AF',
    '/%C1%9C',
    '/%E0%80%AF',
    '/%F0%80%80%AF',
    '/%E0%80%AE',
    '/%FC%80%80%80%80%AF',
  ],
  ...['/%C3', '/%A9', '/%FF', '/%FE%FF', '/%ED%A0%80', '/%F4%90%80%80', '/%C3%28', '/%80'],
  ...['/%00', '/x%00', '/%00/paid', '/x%0A', '/x%0D%0Apaid', '/%09', '/%7F', '/x%1F', '/%01', '/x%0d'],
  ...['/%', '/%2', '/%zz', '/%g0', '/%u002e%u002e/paid', '/%-1', '/x%%', '/%2%65', '/x%2'],
  ...['/x[0]', '/{x}', '/x|y', '/x^y', '/x`y', '/"x"', '/<x>'],
];

/** Query parts. None of them changes which resource is meant. */
export const queries = [
  ...[
    '?',
    '?a=1',
    '?/../paid/price',
    '?a=/paid/price',
    '?a=%2F..%2Fpaid',
    '?a=b?c=d',
    '?%00',
    '?%',
    '?a=1&a=2',
  ],
  ...[
    '?;/../paid',
    '?a=[0]',
    '?a={b}',
    '?\\paid',
    '?//paid',
    '?..',
    '?a=b;c=d',
    '?%0d%0aX: y'.replace(' ', ''),
  ],
];

/** Ordinary paths with unusual but unambiguous characters. */
export const plainNames = [
  ...[
    'x',
    'X',
    'x-y',
    'x_y',
    'x.y',
    'x~y',
    '...',
    '..x',
    'x..',
    '.hidden',
    '!',
    '$',
    '&',
    "'",
    '(',
    ')',
    '*',
  ],
  ...[
    '+',
    ',',
    '=',
    ':',
    '@',
    '@x',
    'a:b',
    'a=b',
    'a,b',
    '%20',
    'a%20b',
    '%C3%A9',
    '%E2%82%AC',
    '%22',
    '%3C%3E',
  ],
  ...[
    '%5B0%5D',
    '%7B%7D',
    '%7C',
    '%5E',
    '%60',
    'paid',
    'premium',
    'x/paid/price',
    'x/premium/report',
    'x/',
    '',
  ],
];

/** Spellings that some servers take for `/premium/report`, which is sold alone, without what is below it. */
export const freeSpellings = [
  ...[
    '/Premium/report',
    '/premium/Report',
    '/PREMIUM/REPORT',
    '/pREMIUM/rEPORT',
    '/premium/report/',
    '/premium/Report/',
  ],
  ...[
    '/premium/report;',
    '/premium/report;a=b',
    '/premium;a/report',
    '/premium;x=1/report;y',
    '/premium/report;/',
  ],
  ...[
    '/premium/report%3F',
    '/premium/report%3Fx=1',
    '/premium/report%23',
    '/premium/report%23top',
    '/premium/report%3B',
  ],
  ...[
    '/premium/report%3Ba=b',
    '/premium/report%20',
    '/premium/report.',
    '/premium/report..',
    '/premium/report%20%20',
  ],
  ...[
    '/%EF%BD%90remium/report',
    '/premium/%EF%BD%92eport',
    '/%EF%BC%B0remium/report',
    '/premium%EF%BC%8Freport',
  ],
  ...[
    '/x%EF%BC%8F..%EF%BC%8Fpremium%EF%BC%8Freport',
    '/premium/report%EF%BC%9Fx',
    '/premium/report%EF%BC%83x',
  ],
  ...[
    '/premium%EF%BC%8Freport/',
    '/premium/report%EF%BC%9B',
    '/premium/report%C2%A0',
    '/premium%EF%BC%BCreport',
  ],
];

/** The same for `/paid/*`, everything below which is sold. */
export const freeParents = [
  ...[
    '/Paid/price',
    '/PAID/price',
    '/PAID/PRICE',
    '/pAiD/x',
    '/paid;/price',
    '/paid;a=b/price',
    '/paid;a=b;c/price;d',
  ],
  ...[
    '/paid%20/price',
    '/paid./price',
    '/paid%3B/price',
    '/paid%3Ba/price',
    '/%EF%BD%90aid/price',
    '/paid%EF%BC%8Fprice',
  ],
  ...[
    '/x%EF%BC%8F..%EF%BC%8Fpaid%EF%BC%8Fprice',
    '/PAID/',
    '/paid;/',
    '/%EF%BC%B0aid/x',
    '/%E2%93%9Faid/price',
  ],
];

/** Targets that are no path: absolute, authority and asterisk forms, and worse. */
export const noPaths = [
  ...[
    'http://127.0.0.1/paid/price',
    'http://shop.test/free/x',
    'https://shop.test/paid/price',
    'HTTP://shop.test/free/x',
  ],
  ...[
    'http://user:word@shop.test/free/x',
    'http://shop.test@paid/price',
    'http:///paid/price',
    'http:/paid/price',
  ],
  ...[
    'http:paid/price',
    'http://shop.test',
    'http://[::1]/free/x',
    'ftp://shop.test/free/x',
    'file:///paid/price',
  ],
  ...[
    'javascript:x',
    'paid/price',
    'free/x',
    './free/x',
    '../paid/price',
    '*',
    '.',
    '..',
    '@/paid/price',
    ':80/paid',
  ],
  ...[
    '?/paid/price',
    ';/paid/price',
    '%2Fpaid%2Fprice',
    '%2F',
    'shop.test/free/x',
    'shop.test:80',
    '127.0.0.1:80',
  ],
  ...['http://shop.test#/paid/price', 'http://shop.test?/paid/price', 'http://shop.test\\paid\\price'],
];
