import { describe, expect, test } from 'vitest';
import { freezeArchives, lockFiles, pinPackages } from '../../src/criteria/pinned-packages.ts';
import { planEdits } from '../../src/fix/compose.ts';
import { err, ok, type Result } from '../../src/lib/errors.ts';
import type { FixFacts, InstalledVersion } from '../../src/model/fix.ts';
import { around, fixed } from './support.ts';

const INSTALLED: readonly InstalledVersion[] = [
  { type: 'deb', name: 'curl', version: '8.14.1-2+deb13u2' },
  { type: 'deb', name: 'git', version: '1:2.47.3-0+deb13u1' },
  { type: 'apk', name: 'curl', version: '8.14.1-r2' },
  { type: 'deb', name: 'apt', version: '3.0.3' },
  { type: 'apk', name: 'git', version: '2.49.1-r0' },
  { type: 'npm', name: 'npm', version: '11.6.2' },
  { type: 'rpm', name: 'curl', version: '7.76.1-31.el9' },
  { type: 'pypi', name: 'Flask', version: '3.1.2' },
  { type: 'pypi', name: 'uvicorn', version: '0.38.0' },
  { type: 'npm', name: '@scope/cli', version: '1.2.3' },
  { type: 'npm', name: 'semver', version: '7.0.0' },
  { type: 'npm', name: 'semver', version: '6.0.0' },
  { type: 'gem', name: 'rake', version: '13.3.1' },
  { type: 'deb', name: 'odd', version: '1 $(x)' },
];
const facts: Partial<FixFacts> = {
  versions: new Map<number, Result<readonly InstalledVersion[]>>([[0, ok(INSTALLED)]]),
};

describe('pin-packages', () => {
  test.each([
    [
      'apt',
      'RUN apt-get update && apt-get install -y --no-install-recommends curl git',
      'RUN apt-get update && apt-get install -y --no-install-recommends curl=8.14.1-2+deb13u2 git=1:2.47.3-0+deb13u1',
    ],
    [
      'apt, a line each, with a comment',
      'RUN apt-get install -y \\\n  # fetches\n  curl \\\n  git',
      'RUN apt-get install -y \\\n  # fetches\n  curl=8.14.1-2+deb13u2 \\\n  git=1:2.47.3-0+deb13u1',
    ],
    [
      'one pinned already',
      'RUN apt-get install -y git=1:2 curl',
      'RUN apt-get install -y git=1:2 curl=8.14.1-2+deb13u2',
    ],
    ['apk', 'RUN apk add --no-cache curl', 'RUN apk add --no-cache curl=8.14.1-r2'],
    ['dnf', 'RUN dnf install -y curl', 'RUN dnf install -y curl-7.76.1-31.el9'],
    [
      'pip, extras, quotes, other spelling',
      `RUN pip install flask 'uvicorn[standard]'`,
      `RUN pip install flask==3.1.2 'uvicorn[standard]==0.38.0'`,
    ],
    ['npm', 'RUN npm i -g @scope/cli', 'RUN npm i -g @scope/cli@1.2.3'],
    ['gem', 'RUN gem install rake', 'RUN gem install rake:13.3.1'],
    [
      'the manager itself',
      'RUN npm install -g npm && apt-get install -y apt',
      'RUN npm install -g npm@11.6.2 && apt-get install -y apt=3.0.3',
    ],
    [
      'twice in one list',
      'RUN apk add \\\n  curl \\\n  git \\\n  curl',
      'RUN apk add \\\n  curl=8.14.1-r2 \\\n  git=2.49.1-r0 \\\n  curl=8.14.1-r2',
    ],
    [
      'in exec form',
      'RUN ["apt-get", "install", "-y", "curl"]',
      'RUN ["apt-get", "install", "-y", "curl=8.14.1-2+deb13u2"]',
    ],
    [
      'in scripts of other commands',
      `RUN sh -c 'apt-get install -y "curl"' && ["x"] && bash <<E\nnpm i -g @scope/cli\nE`,
      `RUN sh -c 'apt-get install -y "curl=8.14.1-2+deb13u2"' && ["x"] && bash <<E\nnpm i -g @scope/cli@1.2.3\nE`,
    ],
    [
      'in a here-document',
      'RUN <<E\nset -e\napt-get install -y curl\nE',
      'RUN <<E\nset -e\napt-get install -y curl=8.14.1-2+deb13u2\nE',
    ],
  ])('%s', async (_, before, after) => {
    expect(await fixed(pinPackages, `FROM a\n${before}\n`, { facts })).toMatchObject({
      text: `FROM a\n${after}\n`,
      refusals: [],
      again: [],
    });
  });

  test('the same package twice is one edit', async () => {
    const { ids } = await fixed(
      pinPackages,
      'FROM a\nRUN apt-get install -y curl\nRUN apt-get install -y curl\n',
      { facts },
    );
    expect(ids).toEqual(['pin-packages:apt/curl']);
  });

  test.each([
    ['ok-pinned', 'RUN apt-get install -y curl=8'],
    ['ok-lock file', 'RUN npm ci'],
    ['ok-frozen', 'RUN apt-get install -y -S 20261124T000000Z curl'],
    [
      'ok-ignored',
      '# scoville: ignore=pinned-packages the newest is wanted\nRUN apt-get install -y curl',
    ],
  ])('%s', async (_, lines) => {
    const text = `FROM a\n${lines}\n`;
    expect(await fixed(pinPackages, text, { facts })).toMatchObject({
      text,
      ids: [],
      refusals: [],
    });
  });

  test.each([
    ['RUN apt-get install -y wget', '2: wget is not among what the stage installed'],
    ['RUN npm i semver', '2: semver was installed in 2 versions'],
    ['RUN apt-get install -y odd', '2: odd has a version that is not a plain word'],
    ['ARG P\nRUN apt-get install -y $P', '3: ${P} not pinned: a name is not constant'],
    ['COPY r.txt .\nRUN pip install -r r.txt flask', '3: flask not pinned: r.txt decides'],
  ])('refused: %s', async (lines, reason) => {
    const text = `FROM a\n${lines}\n`;
    const found = await fixed(pinPackages, text, { facts });
    expect([found.text, found.refusals]).toEqual([text, [reason]]);
  });

  test('refused: nothing known, or the build failed', async () => {
    const text = 'FROM a\nRUN apk add curl\n';
    expect((await fixed(pinPackages, text)).refusals).toEqual([
      '2: curl not pinned: what the stage installs is not known',
    ]);
    const failed = { versions: new Map([[0, err('the build of stage 0 failed with 1')]]) };
    expect((await fixed(pinPackages, text, { facts: failed })).refusals).toEqual([
      '2: curl not pinned: the build of stage 0 failed with 1',
    ]);
  });
});

describe('freeze-archives', () => {
  const text = 'FROM a\nRUN echo\nRUN apt-get update\nRUN apt-get install -y curl\n';

  test('in front of the first use of apt, and the criterion holds', async () => {
    const found = await fixed(freezeArchives, text, { options: { freeze: '20261124T000000Z' } });
    const [, , added = '', ...rest] = found.text.split('\n');
    expect(added).toMatch(
      /^RUN find \/etc\/apt .*snapshot\.debian\.org\/archive\/debian\/20261124T000000Z\//,
    );
    expect(rest.join('\n')).toBe('RUN apt-get update\nRUN apt-get install -y curl\n');
    expect(found.again).toEqual([]);
    expect((await fixed(pinPackages, found.text, { facts })).ids).toEqual([]);
  });

  test('ok-not asked for', async () => {
    expect((await fixed(freezeArchives, text)).ids).toEqual([]);
  });
});

describe('lock-files', () => {
  const context = [
    'package-lock.json',
    'package.json',
    'yarn.lock',
    'pnpm-lock.yaml',
    'Cargo.lock',
  ];

  const files = Object.fromEntries(context.map((name) => [name, '']));

  test.each([
    [
      'npm',
      'COPY package*.json ./\nRUN npm install --omit=dev',
      'COPY package*.json ./\nRUN npm ci --omit=dev',
    ],
    ['yarn', 'COPY . .\nRUN yarn', 'COPY . .\nRUN yarn --frozen-lockfile'],
    [
      'yarn install',
      'COPY yarn.lock package.json ./\nRUN yarn install --production',
      'COPY yarn.lock package.json ./\nRUN yarn install --frozen-lockfile --production',
    ],
    ['pnpm', 'COPY ./ /app/\nRUN pnpm i', 'COPY ./ /app/\nRUN pnpm i --frozen-lockfile'],
    [
      'cargo',
      'COPY . .\nRUN cargo build --release',
      'COPY . .\nRUN cargo build --locked --release',
    ],
  ])('%s', async (_, before, after) => {
    expect(
      await fixed(lockFiles, `FROM a\n${before}\n`, { facts: { context }, files }),
    ).toMatchObject({
      text: `FROM a\n${after}\n`,
      refusals: [],
      again: [],
    });
  });

  test.each([
    ['ok-npm ci', 'COPY . .\nRUN npm ci'],
    ['ok-packages', 'COPY . .\nRUN npm install express'],
    ['ok-pip', 'COPY . .\nRUN pip install -r requirements.txt'],
  ])('%s', async (_, lines) => {
    const text = `FROM a\n${lines}\n`;
    expect(await fixed(lockFiles, text, { facts: { context } })).toMatchObject({
      text,
      ids: [],
      refusals: [],
    });
  });

  test('refused: no lock file, or none that is copied', async () => {
    const text = 'FROM a\nCOPY package.json .\nRUN npm install\n';
    expect((await fixed(lockFiles, text, { facts: { context } })).refusals).toEqual([
      '3: npm install: package-lock.json is not copied before it',
    ]);
    expect(
      (await fixed(lockFiles, text, { facts: { context: ['package.json'] } })).refusals,
    ).toEqual(['3: npm install: package-lock.json is not in the context; make it and commit it']);
    const plan = planEdits(
      { dockerfile: text, ignoreFile: undefined },
      around([lockFiles], { facts: { context: ['package.json'] } }),
    );
    // The command alone, so that it can be pasted.
    expect(plan.ok && plan.value.refusals[0]?.settle).toBe('npm install --package-lock-only');
  });
});
