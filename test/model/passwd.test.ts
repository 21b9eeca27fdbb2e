import { expect, test } from 'vitest';
import { parsePasswd, runsAs } from '../../src/model/facts.ts';
import { words } from '../fakes/table.ts';

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

/** Tried with Docker 26 (containerd store), each as the USER of an image that has these lines. */
const LINES = words(`
  root:x:0:0::/: app:x:1000:1000::/: 1000:x:0:0::/: 0:x:7:7::/: 0x0:x:5:5::/:
  99999999999999999999:x:9:9::/: zero:x:0x0:0::/: big:x:4294967296:0::/: neg:x:-1:0::/:
`).join('\n');

test.each<[string, number | 'refused' | 'missing']>([
  ['', 0],
  [':5', 0],
  ['0', 0],
  ['00', 0],
  ['+0', 0],
  ['-0', 0],
  ['+00:5', 0],
  ['0'.repeat(64), 0],
  [`${'0'.repeat(64)}5`, 5],
  ['+1', 1],
  ['1000', 1000],
  ['1000:', 1000],
  ['app', 1000],
  ['0x0', 5],
  ['0x0:0', 5],
  ['zero', 0],
  ['big', 0],
  ['99999999999999999999', 9],
  ['2147483647', 2_147_483_647],
  ['2147483648', 'refused'],
  ['4294967295', 'refused'],
  ['4294967296', 'refused'],
  ['9223372036854775807', 'refused'],
  ['-1', 'refused'],
  ['-5', 'refused'],
  ['neg', 'refused'],
  ['9223372036854775808', 'missing'],
  ['18446744073709551616', 'missing'],
  ['0X0', 'missing'],
  ['0b0', 'missing'],
  ['0o0', 'missing'],
  ['0_0', 'missing'],
  ['--0', 'missing'],
  ['++0', 'missing'],
  ['1e3', 'missing'],
  ['1.0', 'missing'],
  [' 0', 'missing'],
  ['constructor', 'missing'],
])('USER %s is %s', (user, expected) => {
  const found = runsAs(user, parsePasswd(LINES));
  expect(found.kind === 'uid' ? found.uid : found.kind).toBe(expected);
});

test('without etc/passwd numbers are uids, and names are missing', () => {
  expect(runsAs('+1000')).toEqual({ kind: 'uid', uid: 1000, by: 'number' });
  expect(runsAs('0x0')).toEqual({ kind: 'missing', name: '0x0' });
});
