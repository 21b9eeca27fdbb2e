import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ImageVerification } from '../../src/model/criterion.ts';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { FakeOsv } from '../fakes/fake-osv.ts';
import { OWN, own, registry } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

/** The clone's author, who also signed an image, and the person who cloned it. */
const author = scovilleHere();
const person = scovilleHere();
const osv = new FakeOsv();
const image = `${registry}/e2e/hostile-${OWN}:1`;
const folder = folderHere('hostile');
let clone = '';

beforeAll(async () => {
  clone = join(folder, 'clone');
  mkdirSync(join(clone, '.git'), { recursive: true });
  writeFileSync(join(clone, 'Dockerfile'), 'FROM scratch\nCOPY package.json /node_modules/left/\n');
  writeFileSync(join(clone, 'package.json'), '{"name":"left","version":"1.0.0"}');
  await author.expect(0, ['build', '-q', '--push', '-t', image, clone]);
  copyFileSync(author.publicKey, join(clone, 'evil.pub'));
  await osv.listen();
  writeFileSync(
    join(clone, '.scoville.yaml'),
    `trust: { keys: [evil.pub], images: ["*"] }
scanner: osv
osv: { url: "${osv.url}" }
secrets: { use: none }
gate: { waivers: [{ criterion: signed, reason: trust me }] }
`,
  );
});
afterAll(async () => {
  await osv.close();
});

const IGNORED =
  '.scoville.yaml is not trusted for images: ignored gate.waivers, trust.images, trust.keys, scanner, osv.url; --policy .scoville.yaml applies them';

function answerOf(stdout: string): ImageVerification | undefined {
  return (JSON.parse(stdout) as { images: readonly ImageVerification[] }).images[0];
}

describe('in a clone whose settings trust their author', () => {
  test('verify does not: exit 1 or 2, and a line says what was ignored', async () => {
    const { exitCode, stdout, stderr } = await person.run(['verify', '--json', image], {
      cwd: clone,
    });
    expect(exitCode).not.toBe(0);
    expect(answerOf(stdout)?.outcome).not.toBe('verified');
    expect(stderr).toContain(IGNORED);
  });

  test('verify does where the person names the file, and says whose key it is', async () => {
    const args = ['verify', '--json', '--policy', '.scoville.yaml', image];
    const { stdout } = await person.expect(0, args, { cwd: clone });
    expect(answerOf(stdout)?.signedBy).toBe(
      `${join(clone, 'evil.pub')} (trust.keys of ${join(clone, '.scoville.yaml')})`,
    );
  });

  test('grade asks no server of theirs, and takes none of their word', async () => {
    const before = osv.calls.length;
    const { stdout, stderr } = await person.run(['grade', '--json', '--scanner=osv', image], {
      cwd: clone,
    });
    const card = JSON.parse(stdout) as Scorecard;
    const outcomes = Object.fromEntries(card.criteria.map(({ id, outcome }) => [id, outcome]));
    expect(osv.calls).toHaveLength(before);
    expect(stderr).toContain(IGNORED);
    expect(stderr).toContain('secrets.use counts only for images built from that project');
    expect([outcomes['signed'], outcomes['no-critical']]).toEqual(['unknown', 'unknown']);
    expect([card.trust, card.waivers]).toEqual([undefined, []]);
    expect(card.withoutClaims?.overall.points).toBeLessThan(card.overall.points);
  });

  test('grade with the file named asks there, and every report says so', async () => {
    const reports = ['json', 'markdown', 'html', 'sarif'].map(
      (format) => `${format}=${format}.out`,
    );
    const flags = reports.flatMap((report) => ['--report', report]);
    const args = ['grade', '--policy', '.scoville.yaml', ...flags, '--report=terminal', image];
    const { stdout } = await person.expect(0, args, { cwd: clone });
    expect(osv.calls.length).toBeGreaterThan(0);
    const texts = ['json', 'markdown', 'html', 'sarif'].map((format) =>
      readFileSync(join(clone, `${format}.out`), 'utf8'),
    );
    for (const text of texts) {
      expect(text).toContain('trust.keys');
      expect(text).not.toContain('OSV.dev API');
    }
    expect(stdout).toContain('trust.keys: ');
    expect(texts[0]).toContain(`OSV at ${osv.url}`);
  });

  test('the person’s own file goes above the clone’s, even in a build of it', async () => {
    mkdirSync(join(person.home, 'config'), { recursive: true });
    writeFileSync(join(person.home, 'config/config.yaml'), 'scanner: none\n');
    const { stdout } = await person.expect(0, [
      ...['build', '--json', '-t', own('hostile-e2e:1'), clone],
    ]);
    const card = JSON.parse(stdout) as Scorecard;
    expect(card.criteria.find(({ id }) => id === 'no-critical')?.outcome).toBe('unknown');
    expect(card.trust).toContainEqual({
      setting: 'scanner',
      source: 'user',
      file: join(person.home, 'config/config.yaml'),
    });
    expect(card.trust).toContainEqual({
      setting: 'trust.images',
      source: 'project',
      file: join(clone, '.scoville.yaml'),
    });
  });
});
