import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import {
  PUBLISHER_SIGNERS,
  publisherSigner,
  vouchedBy,
} from '../../src/criteria/trusted-source.ts';
import { type BuildFact, type Fact, known, unknownFact } from '../../src/model/facts.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { Settings } from '../../src/model/settings.ts';
import { ownWord, requireBases, withSigners } from '../../src/trust/bases.ts';

const digest = digestOf('base');
const settings = (bases: readonly string[]) => ({
  trust: { images: [], keys: [], identities: [], bases },
});
const build = (text: string): Fact<BuildFact> =>
  known(
    {
      dockerfile: unknownFact('none'),
      images: known(
        [{ text, digest, pinnedInDockerfile: false, pinnedByBuild: false, role: 'base' }],
        'build',
      ),
    },
    'build',
  );
const signed = new Map([[digest, 'Jane']]);

describe('an image that trust.bases names', () => {
  test.each<[string, readonly string[], string, ReadonlyMap<typeof digest, string>, boolean]>([
    ['verified by its digest', ['r.io/base/*'], 'r.io/base/a:1', signed, true],
    ['not verified', ['r.io/base/*'], 'r.io/base/a:1', new Map(), false],
    ['as a context', ['r.io/base/*'], 'docker-image://r.io/base/a:1', new Map(), false],
    ['another digest verified', ['*'], 'a', new Map([[digestOf('x'), 'Jane']]), false],
    ['a name that cannot be read', ['r.io/*'], 'A B', new Map(), false],
    ['one that it does not name', ['r.io/base/*'], 'r.io/other:1', new Map(), true],
    ['scratch', ['*'], 'scratch', new Map(), true],
  ])('%s', (_, bases, text, found, expected) => {
    const check = (): void => {
      requireBases(settings(bases), [withSigners(build(text), found)]);
    };
    if (expected) expect(check).not.toThrow();
    else expect(check).toThrow('trust.bases asks for its signature');
  });

  test('nobody can tell which images were used: refused, where the setting is there', () => {
    const unknown = [unknownFact('no Dockerfile')];
    expect(() => {
      requireBases(settings(['*']), unknown);
    }).toThrow('nobody knows which');
    expect(() => {
      requireBases(settings([]), unknown);
    }).not.toThrow();
  });
});

test('a project’s keys do not vouch for the bases that its author chose', () => {
  const origin = (setting: string, source: 'project' | 'user') => ({
    ...{ setting, source },
    file: 'f',
    isTrust: true,
  });
  const given: Settings = {
    ...DEFAULT_SETTINGS,
    trust: { images: [], keys: ['a.pub'], identities: [], bases: ['*'] },
    sign: { ...DEFAULT_SETTINGS.sign, key: 'a.key' },
  };
  const theirs = ownWord({
    ...given,
    origins: [origin('trust.keys', 'project'), origin('sign.key', 'project')],
  });
  expect([theirs.trust.keys, theirs.sign.key, theirs.trust.bases]).toEqual([[], undefined, ['*']]);
  const mine = ownWord({ ...given, origins: [origin('trust.keys', 'user')] });
  expect([mine.trust.keys, mine.sign.key]).toEqual([['a.pub'], 'a.key']);
});

test('a publisher that signs is one that is vouched for, and the prefix ends a name', () => {
  for (const { prefix, source } of PUBLISHER_SIGNERS) {
    const [registry = '', ...rest] = `${prefix}x`.split('/');
    const reference = { registry, repository: rest.join('/') };
    expect(publisherSigner(reference)?.prefix).toBe(prefix);
    expect(vouchedBy(reference, [])).toBeDefined();
    expect([prefix.endsWith('/'), source.startsWith('https://')]).toEqual([true, true]);
  }
  expect(publisherSigner({ registry: 'gcr.io', repository: 'distroless-evil/x' })).toBeUndefined();
  expect(publisherSigner({ registry: 'evil.io', repository: 'distroless/x' })).toBeUndefined();
});
