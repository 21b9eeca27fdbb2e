import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { explain, explained } from '../../src/cli/explain.ts';
import { pathsOf } from '../../src/cli/paths.ts';
import { CATALOGUE, FIX_RULES, LINT_RULES } from '../../src/criteria/catalogue.ts';
import { nextSteps } from '../../src/criteria/next-steps.ts';
import { CREDENTIAL_FILES, KEY_STORES } from '../../src/facts/secrets/credential-files.ts';
import { SECRET_RULES } from '../../src/facts/secrets/secret-rules.ts';
import { keepReport } from '../../src/grade/kept-report.ts';
import type { ReadyStep } from '../../src/model/scorecard.ts';
import { CAUSES } from '../../src/reproduce/causes.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { sampleInput } from '../report/sample-contents.ts';
import { fakeIo } from './command-io.ts';

const IDS = new Set([
  ...[...CATALOGUE, ...LINT_RULES, ...FIX_RULES].map(({ id }) => id),
  ...CAUSES.keys(),
]);

async function printed(...args: string[]): Promise<string> {
  const { io, out, err } = fakeIo();
  expect(await explain(args, io)).toBe(0);
  expect(err()).toBe('');
  return out();
}

test('says what a criterion is, why, and how to fix it', async () => {
  const text = await printed('no-shell');
  expect(text).toContain('No shell (no-shell)\nLevel 3, Scotch Bonnet; Minimalism\n');
  expect(text).toContain('Why\n  Most exploits end by starting a shell.');
  expect(text).toContain('      FROM gcr.io/distroless/static-debian12:nonroot\n');
  expect(text).toMatch(/^Specification: https:\/\/\S+#no-shell$/m);
});

test('shows a Dockerfile in which a rule finds something, and one in which it does not', async () => {
  const text = await printed('sudo');
  expect(text).toContain('A Dockerfile that has it\n      FROM debian:trixie-slim\n');
  expect(text).toContain('The same without it\n');
  expect(text).not.toContain('Specification');
});

test('explains every id in at most 80 columns, but for what is to be copied', async () => {
  const list = await printed();
  for (const id of IDS) {
    expect(list).toMatch(new RegExp(`^  ${id} `, 'm'));
    const text = await printed(id);
    expect(text).toMatch(/^Why\n {2}\S/m);
    expect(text).toMatch(/^How to fix it\n {2}\S/m);
    const wide = text.split('\n').filter((line) => line.length > 80 && !/^ {6}|^\S+: /.test(line));
    expect(wide).toEqual([]);
  }
});

test('--json is what a program reads, of all where none is named', async () => {
  const [one] = JSON.parse(await printed('--json', 'no-shell')) as [Record<string, unknown>];
  expect(one).toMatchObject({ schemaVersion: 1, id: 'no-shell', level: 3, vector: 'minimalism' });
  expect(JSON.parse(await printed('--json'))).toHaveLength(IDS.size);
});

test.each(FIX_RULES.filter(({ id }) => !CATALOGUE.some((one) => one.id === id)))(
  'explains the rule $id and its edits by what they do',
  async ({ id, title }) => {
    expect(await printed(id)).toMatch(`${title} (${id})`);
    expect((await printed(`${id}:a`)).replaceAll('\n', ' ')).toMatch(`${title} (${id}:a)`);
  },
);

test('says of an edit that serves neither why it helps', async () => {
  const text = await printed('own-files:context');
  expect(text).toContain('Why\n  COPY takes the whole folder into the image, and each change');
  expect(text).toContain('How to fix it\n  Apply it\n      scoville fix --only own-files:context');
});

const KINDS = [...SECRET_RULES, ...CREDENTIAL_FILES, ...KEY_STORES].map(({ id }) => id);
test('knows each kind of secret that a card or lint names', () => {
  const { why, remedies } = explained('no-secrets');
  const remedy = remedies[0]?.title;
  for (const id of [...KINDS, 'git-directory', 'env-file', 'named-secret', 'login-in-command']) {
    const { title, ...found } = explained(id);
    expect(found.id, id).toBe(id);
    expect(title, id).toMatch(/^[A-Z0-9`.]/);
    // A cause of `reproduce` may have the same name.
    if (!CAUSES.has(id)) expect(found.why, id).toBe(why);
    expect(found.remedies.map((one) => one.title)).toContain(remedy);
  }
});

test('an id that is not known names the nearest', async () => {
  await expect(explain(['no-shel'], fakeIo().io)).rejects.toThrow(
    'nothing is called "no-shel"; did you mean no-shell?',
  );
  await expect(explain(['CVE-2026-1'], fakeIo().io)).rejects.toThrow(
    'nothing is called "CVE-2026-1", and no image graded here has it',
  );
});

describe('in the folder of a grade', () => {
  let home = '';
  const inFolder = (cwd = home) => {
    const fake = fakeIo();
    return { ...fake, io: { ...fake.io, homeDir: home, cwd, env: {} } };
  };
  const here = async (id: string, cwd?: string): Promise<string> => {
    const { io, out } = inFolder(cwd);
    expect(await explain([id], io)).toBe(0);
    return out();
  };
  const input = sampleInput();
  const source = 'ghcr.io/acme/a-name-that-no-card-has-room-for:1';
  const image = { kind: 'image', reference: source, state: 'loose' } as const;

  beforeEach(async () => {
    home = temporaryFolder();
    const criteria = input.scorecard.criteria.map((one) =>
      one.id === 'trusted-source' ? { ...one, outcome: 'fail' as const, evidence: [image] } : one,
    );
    const scorecard = { ...input.scorecard, criteria };
    const ready: ReadyStep = {
      text: '2 edits',
      cost: 'seconds',
      criteria: ['no-secrets'],
      command: 'scoville fix --yes app/Dockerfile',
    };
    const steps = nextSteps(scorecard, { ready: [ready] });
    await keepReport({ paths: pathsOf(inFolder().io), cwd: home }, { ...input, scorecard, steps });
  });

  test('says what is wrong there, and the command that helps', async () => {
    const text = await here('no-secrets');
    expect(text).toContain(
      'In registry.example.com/app:1: failed\n  1 secret: private-key in root/id_rsa\n',
    );
    expect(text).toContain('  2 edits (seconds):\n      scoville fix --yes app/Dockerfile\n');
  });

  test('names are whole, and what only the owner knows is a setting', async () => {
    const text = await here('trusted-source');
    expect(text).toContain(`  - ${source}\n`);
    expect(text).toContain(
      '      scoville config trust.images=ghcr.io/acme/a-name-that-no-card-has-room-for\n',
    );
  });

  test('knows the edits of fix, the causes of reproduce and the CVEs of the image', async () => {
    expect(await here('pin-images:node:22')).toContain('(pin-images:node:22)\nLevel 3');
    expect(await here('private-key')).toContain(
      'How to fix it\n  a host key that the package makes',
    );
    const [first] = input.contents?.[0]?.facts.vulnerabilities.known
      ? input.contents[0].facts.vulnerabilities.value.vulnerabilities
      : [];
    const text = await here(first?.id ?? '');
    expect(text).toContain(`In registry.example.com/app:1: failed\n  - ${first?.package ?? ''} `);
    expect(text).toContain(`      scoville vex --vulnerability ${first?.id ?? ''} `);
  });

  test('without an image: the lines of the Dockerfile, and what the code says of secrets', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'Dockerfile'), 'FROM debian:13\nRUN sudo true\nUSER root\n');
    expect(await here('sudo', cwd)).toMatch(/\nIn Dockerfile: failed\n {2}- line 2: \S/);
    expect(await here('nonroot-user', cwd)).toContain('  - line 3: the image runs as root\n');
    expect(await here('relative-workdir', cwd)).not.toContain('\nIn ');
  });

  test('says nothing of an image in another folder', async () => {
    expect(await here('no-secrets', join(home, 'other'))).not.toContain('\nIn ');
  });
});
