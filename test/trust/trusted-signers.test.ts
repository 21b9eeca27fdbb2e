import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import type { Settings } from '../../src/model/settings.ts';
import { OWN_KEY, trustedSigners } from '../../src/trust/trusted-signers.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { yamlTable } from '../fakes/table.ts';

const PUBLIC = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n';
const NOBODY = {
  keys: [],
  identity: undefined,
  identityPattern: undefined,
  issuer: undefined,
  issuerPattern: undefined,
};

const ROOT = readFileSync(
  new URL('../fixtures/keyless/trusted-root.json', import.meta.url),
  'utf8',
);

interface WrongRoot {
  readonly is: string;
  readonly why: string;
  readonly text?: string;
  readonly in?: string;
  readonly by?: string;
}
const ROOTS = yamlTable('test/trust/trusted-roots.yaml') as readonly WrongRoot[];

function place() {
  const home = temporaryFolder();
  const write = (name: string, text: string): string => {
    writeFileSync(join(home, name), text);
    return join(home, name);
  };
  const ask = (
    flags: Partial<Parameters<typeof trustedSigners>[2]>,
    keys: string[] = [],
    origins: Settings['origins'] = [],
  ) =>
    trustedSigners(
      contextOf(fakeRun([]).run, home),
      {
        sign: DEFAULT_SETTINGS.sign,
        trust: { images: [], identities: [], keys, bases: [] },
        offline: false,
        origins,
      },
      { ...NOBODY, ...flags },
    );
  return { home, write, ask };
}

describe('trustedSigners', () => {
  test('who is named counts alone', async () => {
    const { write, ask, home } = place();
    const file = write('a.pub', PUBLIC);
    mkdirSync(join(home, 'config/keys'), { recursive: true });
    writeFileSync(join(home, 'config/keys/cosign.pub'), PUBLIC);
    expect(await ask({ keys: ['a.pub', 'awskms:///alias/x'] }, [file])).toEqual({
      named: true,
      offline: false,
      signers: [
        { signer: { kind: 'key', publicKey: file }, name: 'a.pub' },
        { signer: { kind: 'key', publicKey: 'awskms:///alias/x' }, name: 'awskms:///alias/x' },
      ],
    });
  });

  test('without a name, the keys at hand: the user’s own and trust.keys', async () => {
    const { write, ask, home } = place();
    expect(await ask({})).toEqual({ named: false, offline: false, signers: [] });
    mkdirSync(join(home, 'config/keys'), { recursive: true });
    writeFileSync(join(home, 'config/keys/cosign.pub'), PUBLIC);
    const file = write('t.pub', PUBLIC);
    const { named, signers } = await ask({}, [file]);
    expect([named, signers.map(({ name }) => name)]).toEqual([
      false,
      [OWN_KEY, `${file} (trust.keys)`],
    ]);
  });

  test.each(ROOTS)('a trusted root that is $is is refused before cosign is asked', async (root) => {
    const { write, ask, home } = place();
    if (root.is === 'a folder') mkdirSync(join(home, 'root.json'));
    else if (root.in !== undefined) write('root.json', ROOT.replace(root.in, root.by ?? ''));
    else if (root.text !== undefined) write('root.json', root.text);
    const flags = { identity: 'me@example.org', issuer: 'https://i', trustedRoot: 'root.json' };
    for (const asked of [flags, { keys: ['awskms:///alias/x'], trustedRoot: 'root.json' }])
      await expect(ask(asked)).rejects.toMatchObject({
        message: `the trusted root ${join(home, 'root.json')} cannot be used: ${root.why}`,
        nextStep: expect.stringContaining('cosign trusted-root create') as string,
      });
  });

  test('an identity, with a trusted root of one’s own', async () => {
    const { write, ask, home } = place();
    write('root.json', ROOT);
    const flags = { identity: 'me@example.org', issuer: 'https://i', trustedRoot: 'root.json' };
    expect((await ask(flags)).signers).toEqual([
      {
        name: 'me@example.org (https://i)',
        signer: {
          kind: 'identity',
          identity: { exact: 'me@example.org' },
          issuer: { exact: 'https://i' },
          trustedRoot: join(home, 'root.json'),
        },
      },
    ]);
  });

  test.each([
    ['none.pub', '', 'the key none.pub (--key) cannot be read'],
    [
      'p.key',
      '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----',
      'p.key is a private key; verifying takes the public one',
    ],
    ['x.pub', 'ssh-ed25519 AAAA', 'x.pub is not a public key in PEM form'],
  ])('%s is refused', async (name, text, message) => {
    const { write, ask } = place();
    if (text !== '') write(name, text);
    await expect(ask({ keys: [name] })).rejects.toMatchObject({ name: 'UserError', message });
  });

  test('an identity that anybody has is refused', async () => {
    const { ask } = place();
    await expect(ask({ identityPattern: '.*', issuer: 'https://i' })).rejects.toThrow(
      'any-identity verification does not count',
    );
  });
});

test.each([
  ['jane@corp\\.com', true],
  ['^jane@corp\\.com', true],
  ['^jane@corp\\.com$', false],
  ['^https://github\\.com/org/', false],
])(
  'a pattern that takes names around the one that is meant is told: %s',
  async (pattern, isTold) => {
    const events: PipelineEvent[] = [];
    const emit = (event: PipelineEvent): void => void events.push(event);
    const context = contextOf(fakeRun([]).run, temporaryFolder(), { emit });
    const settings = { ...DEFAULT_SETTINGS, origins: [] };
    const issuer = 'https://issuer.example';
    const flags = { ...NOBODY, identityPattern: pattern, issuer };
    // A build asks for signers again and again.
    for (let i = 0; i < 2; i++) await trustedSigners({ ...context }, settings, flags);
    const text = `the pattern ${pattern} takes every name that has a match in it`;
    const nextStep = 'begin it with ^ and end it with $';
    expect(events).toEqual(isTold ? [{ kind: 'warning', text, nextStep }] : []);
  },
);
