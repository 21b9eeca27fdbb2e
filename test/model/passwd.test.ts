import { expect, test } from 'vitest';
import { parsePasswd, runsAs } from '../../src/model/facts.ts';
import { words, yamlTable } from '../fakes/table.ts';

type User = readonly [user: string, expected: number | 'refused' | 'missing'];
const TABLES = yamlTable('test/model/passwd.yaml') as {
  readonly lines: readonly [name: string, text: string, uid: number][];
  readonly users: readonly User[];
};

test.each(TABLES.lines)('%s', (_, text, uid) => {
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

const ZEROS = '0'.repeat(64);
test.each<User>([[ZEROS, 0], [`${ZEROS}5`, 5], ...TABLES.users])(
  'USER %s is %s',
  (user, expected) => {
    const found = runsAs(user, parsePasswd(LINES));
    expect(found.kind === 'uid' ? found.uid : found.kind).toBe(expected);
  },
);

test('without etc/passwd numbers are uids, and names are missing', () => {
  expect(runsAs('+1000')).toEqual({ kind: 'uid', uid: 1000, by: 'number' });
  expect(runsAs('0x0')).toEqual({ kind: 'missing', name: '0x0' });
});
