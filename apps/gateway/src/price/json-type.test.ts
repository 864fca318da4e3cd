import { expect, it } from 'vitest';
import { jsonTypeFault } from './json-type.js';

const type = (value: string): string[] => ['Content-Type', value];

it.each([
  'application/json',
  'Application/JSON',
  'application/json; charset=utf-8',
  'application/json;charset=UTF-8',
  'application/json ; charset="utf-8" ',
])('%s is JSON to everybody', (value) => {
  expect(
    jsonTypeFault(['Host', 'a.test', 'content-TYPE', value, 'Connection', 'keep-alive']),
  ).toBeUndefined();
});

it.each([
  ['no type', []],
  ['an empty one', type('')],
  ['a form', type('application/x-www-form-urlencoded')],
  ['plain text', type('text/plain;charset=UTF-8')],
  ['another kind of JSON, which not every server reads as JSON', type('application/ld+json')],
  ['lines of JSON', type('application/jsonl')],
  ['a list', type('application/json, text/plain')],
  ['another charset', type('application/json; charset=utf-7')],
  ['two charsets', type('application/json; charset=utf-8; charset=utf-16')],
  ['a charset in another parameter', type('application/json; x="; charset=utf-8"')],
  ['a quote that does not end', type('application/json; charset="utf-8')],
  ['a line break', type('application/json\n')],
  ['two types', [...type('application/json'), ...type('text/plain')]],
  ['one type twice', [...type('application/json'), ...type('application/json')]],
  ['another type for CGI', [...type('application/json'), 'Content_Type', 'text/plain']],
  ['a type that ends here', [...type('application/json'), 'Connection', 'close, Content-Type']],
  ['a compressed body', [...type('application/json'), 'Content-Encoding', 'gzip']],
  ['an encoding that is none', [...type('application/json'), 'content-encoding', 'identity']],
  ['an encoding for CGI', [...type('application/json'), 'CONTENT_ENCODING', 'gzip']],
])('%s is not', (_, fields) => {
  expect(jsonTypeFault(['Host', 'a.test', ...fields])).toMatch(/send it with one Content-Type/);
});
