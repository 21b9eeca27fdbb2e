import { describe, expect, test } from 'vitest';
import { sourceLabel } from '../../src/criteria/annotations.ts';
import { absoluteWorkdir } from '../../src/criteria/lint-rules.ts';
import { offlineRuns } from '../../src/criteria/verified-downloads.ts';
import type { FixRule } from '../../src/model/fix.ts';
import { withBase, WITHOUT_BASE } from './bases.ts';
import { type Around, fixed } from './support.ts';

const REPOSITORY = { facts: { repository: 'https://example.com/a/b' } };
const LABEL = 'LABEL org.opencontainers.image.source="https://example.com/a/b"';

describe('rules of one line', () => {
  test.each<[string, FixRule, string, string, Around]>([
    [
      'workdir: base without one',
      absoluteWorkdir,
      'FROM a\nWORKDIR app\nWORKDIR x\n',
      'FROM a\nWORKDIR /app\nWORKDIR x\n',
      withBase(),
    ],
    [
      'workdir: base with one',
      absoluteWorkdir,
      'FROM a\nWORKDIR "my app"\n',
      'FROM a\nWORKDIR "/srv/my app"\n',
      withBase({ folder: '/srv/' }),
    ],
    [
      'label',
      sourceLabel,
      'FROM b AS x\nFROM a\nRUN y\n',
      `FROM b AS x\nFROM a\n${LABEL}\nRUN y\n`,
      REPOSITORY,
    ],
    [
      'a program that nobody could read, and its script',
      offlineRuns,
      'FROM a AS x\nRUN ls\nRUN ["make", "all"]\nFROM x\nRUN --mount=type=cache,target=/c \\\n  ./configure\n',
      'FROM a AS x\nRUN ls\nRUN --network=none ["make", "all"]\nFROM x\nRUN --mount=type=cache,target=/c \\\n  --network=none ./configure\n',
      {},
    ],
  ])('%s', async (_, rule, before, after, more) => {
    expect(await fixed(rule, before, more)).toMatchObject({ text: after, refusals: [], again: [] });
  });

  test.each<[string, FixRule, string, Around]>([
    ['ok-absolute', absoluteWorkdir, 'FROM a\nWORKDIR /app\nWORKDIR x\n', withBase()],
    ['ok-variable', absoluteWorkdir, 'FROM a\nWORKDIR $HOME\n', withBase()],
    ['ok-nothing unread', offlineRuns, 'FROM a\nRUN apt-get install -y curl\n', {}],
    ['ok-without network', offlineRuns, 'FROM a\nRUN --network=none make\n', {}],
    [
      'ok-label there',
      sourceLabel,
      'FROM a\nLABEL a=b "org.opencontainers.image.source"="https://x"\n',
      REPOSITORY,
    ],
    ['ok-no repository', sourceLabel, 'FROM a\n', {}],
  ])('%s', async (_, rule, text, more) => {
    expect(await fixed(rule, text, more)).toMatchObject({ text, ids: [], refusals: [] });
  });

  test.each<[string, FixRule, string, Around, string]>([
    [
      'workdir: base not known',
      absoluteWorkdir,
      'FROM a\nWORKDIR app\n',
      WITHOUT_BASE,
      '2: the base a could not be read: no such host',
    ],
    [
      'a program that nobody could read, behind an installation',
      offlineRuns,
      'FROM a\nRUN apt-get install -y gcc && make\n',
      {},
      '2: make was not read, and it installs packages too',
    ],
    [
      'a RUN that names its network',
      offlineRuns,
      'FROM a\nRUN --network=host make\n',
      {},
      '2: make was not read, and it says which network it has',
    ],
  ])('refused: %s', async (_, rule, text, more, reason) => {
    const found = await fixed(rule, text, more);
    expect([found.text, found.refusals]).toEqual([text, [reason]]);
  });
});
