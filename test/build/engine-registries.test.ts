import { expect, test } from 'vitest';
import { readEngineRegistries } from '../../src/build/docker.ts';

// As Docker 26.1 prints it, with `insecure-registries` and `registry-mirrors` set.
const INFO = JSON.stringify({
  AllowNondistributableArtifactsCIDRs: null,
  InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8', '10.1.0.0/16'],
  IndexConfigs: {
    'docker.io': { Name: 'docker.io', Mirrors: ['https://m.corp.test/'], Secure: true },
    'plain.corp.test:5000': { Name: 'plain.corp.test:5000', Mirrors: [], Secure: false },
    '10.1.2.9': { Name: '10.1.2.9', Secure: true },
  },
  Mirrors: [
    'https://m.corp.test/',
    'http://n.corp.test:5000/hub/',
    'https://o.corp.test/v2',
    'https://me:secret@p.corp.test',
    'ftp://q.corp.test',
    'r.corp.test',
  ],
});
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'in.corp.test': ['192.0.2.1', '10.1.9.9'],
  'out.corp.test': ['192.0.2.1'],
};
const read = (text: string) =>
  readEngineRegistries(text, (host) => Promise.resolve(NAMES[host] ?? []));

test('mirrors, by the address of their interface', () => {
  expect(read(INFO).mirrors.map(String)).toEqual([
    'https://m.corp.test/v2/',
    'http://n.corp.test:5000/hub/v2/',
    'https://o.corp.test/v2/',
  ]);
});

test.each([
  ['plain.corp.test:5000', true],
  ['plain.corp.test', false],
  ['plain.corp.test:5001', false],
  ['docker.io', false],
  ['10.1.2.3:5000', true],
  ['10.1.2.9', false],
  ['10.2.0.1', false],
  ['[::1]:5000', true],
  ['in.corp.test', true],
  ['out.corp.test:5000', false],
  ['unknown.corp.test', false],
])('%s is insecure: %j', async (registry, expected) => {
  expect(await read(INFO).isInsecure(registry)).toBe(expected);
});

test.each(['', '{}', 'null', '{"Mirrors":{},"IndexConfigs":[],"InsecureRegistryCIDRs":["x",7]}'])(
  'without an answer nothing is insecure: %s',
  async (text) => {
    const { mirrors, isInsecure } = read(text);
    expect(mirrors).toEqual([]);
    expect(await isInsecure('10.1.2.3')).toBe(false);
  },
);
