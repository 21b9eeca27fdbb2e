import { expect, test } from 'vitest';
import { maskText } from '../../src/build/shown-command.ts';

test.each([
  ['http://me:pw@proxy:3128', 'http://****@proxy:3128'],
  ['http://me:p@w@proxy:3128/a@b', 'http://****@proxy:3128/a@b'],
  ['https://ghp_x@github.com/a/b.git', 'https://****@github.com/a/b.git'],
  [`x=ghp_${'a'.repeat(36)}`, 'x=****'],
  [
    'pkcs11:token=t?pin-value=1%2634&module-path=/m.so',
    'pkcs11:token=t?pin-value=****&module-path=/m.so',
  ],
])('%s', (text, shown) => {
  expect(maskText(text)).toBe(shown);
});

test.each([
  '{"url":"http://x","mail":"a@b"}',
  'http://h/?to=a@b',
  'http://h#a@b',
  "'http://h' a@b",
])('what only stands beside an address stays: %s', (text) => {
  expect(maskText(text)).toBe(text);
});
