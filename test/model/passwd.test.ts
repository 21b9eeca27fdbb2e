import { expect, test } from 'vitest';
import { parsePasswd } from '../../src/model/passwd.ts';

test.each<[string, string, number]>([
  ['an ordinary line', 'app:x:1000:1000::/:/bin/sh', 1000],
  ['blanks before the name', ' \t app:x:0:0::/:', 0],
  ['the first line counts', 'app:x:5:5::/:\napp:x:0:0::/:', 5],
  ['a line of a name alone', 'app', 0],
  ['a uid that is not a number', 'app:x:1e3:0::/:', 0],
  ['a uid that is empty', 'app:x::0::/:', 0],
  ['a uid with blanks', 'app:x: 1000:0::/:', 0],
  ['a sign', 'app:x:+7:0::/:', 7],
  ['2^32', 'app:x:4294967296:0::/:', 0],
  ['minus 2^32', 'app:x:-4294967296:0::/:', 0],
  ['minus one', 'app:x:-1:0::/:', 4294967295],
  ['more than 64 bits', 'app:x:99999999999999999999:0::/:', 4294967295],
])('%s', (_, text, uid) => {
  expect(parsePasswd(text)['app']).toBe(uid);
});

test('a comment is a name', () => {
  expect(parsePasswd('#app:x:1:1::/:')).toEqual({ '#app': 1 });
});

test('a name that is not UTF-8 is not one that a config can name', () => {
  const lines = Buffer.from('\xff:x:1000:1000::/:\napp:x:7:7::/:\n', 'latin1').toString('utf8');
  expect(parsePasswd(lines)).toEqual({ app: 7 });
});

test('a name of every object is a name', () => {
  expect(Object.entries(parsePasswd('__proto__:x:5:5\n+nis::::\n'))).toEqual([
    ['__proto__', 5],
    ['+nis', 0],
  ]);
});
