import { describe, expect, test } from 'vitest';
import type { FixRule } from '../../src/model/fix-rule.ts';
import { sourceLabel } from '../../src/rules/annotations/edit.ts';
import { relativeWorkdir } from '../../src/rules/relative-workdir/edit.ts';
import { sudo } from '../../src/rules/sudo/edit.ts';
import { offlineRuns } from '../../src/rules/verified-downloads/edit-offline-runs.ts';
import { WITHOUT_BASE, withBase } from './shared/edit/bases.ts';
import { type Around, fixed } from './shared/edit/support.ts';

const REPOSITORY = { facts: { repository: 'https://example.com/a/b' } };
const LABEL = 'LABEL org.opencontainers.image.source="https://example.com/a/b"';

describe('rules of one line', () => {
  test.each<[string, FixRule, string, string, Around]>([
    [
      'workdir: base without one',
      relativeWorkdir,
      'FROM a\nWORKDIR app\nWORKDIR x\n',
      'FROM a\nWORKDIR /app\nWORKDIR x\n',
      withBase(),
    ],
    [
      'workdir: base with one',
      relativeWorkdir,
      'FROM a\nWORKDIR "my app"\n',
      'FROM a\nWORKDIR "/srv/my app"\n',
      withBase({ folder: '/srv/' }),
    ],
    [
      'sudo',
      sudo,
      'FROM a\nRUN sudo apt-get update \\\n && sudo  rm x\n',
      'FROM a\nRUN apt-get update \\\n && rm x\n',
      withBase(),
    ],
    [
      'sudo behind USER root',
      sudo,
      'FROM a\nUSER root\nRUN sudo x\n',
      'FROM a\nUSER root\nRUN x\n',
      withBase({ user: 'app' }),
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
    ['ok-absolute', relativeWorkdir, 'FROM a\nWORKDIR /app\nWORKDIR x\n', withBase()],
    ['ok-variable', relativeWorkdir, 'FROM a\nWORKDIR $HOME\n', withBase()],
    ['ok-nothing unread', offlineRuns, 'FROM a\nRUN apt-get install -y curl\n', {}],
    ['ok-without network', offlineRuns, 'FROM a\nRUN --network=none make\n', {}],
    ['ok-no sudo', sudo, 'FROM a\nRUN echo sudo\n', withBase()],
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
      relativeWorkdir,
      'FROM a\nWORKDIR app\n',
      WITHOUT_BASE,
      '2: the base a could not be read: no such host',
    ],
    [
      'sudo of another user',
      sudo,
      'FROM a\nUSER me\nRUN sudo x\n',
      withBase(),
      "3: sudo stays: the RUN is me's; USER root in front of it, and USER me behind, would do",
    ],
    [
      'sudo with options',
      sudo,
      'FROM a\nRUN sudo -u me x\n',
      withBase(),
      '2: sudo stays: it has options of its own',
    ],
    [
      'sudo on a base not known',
      sudo,
      'FROM a\nRUN sudo x\n',
      WITHOUT_BASE,
      '2: sudo stays: the base a could not be read: no such host',
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
