import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '../../src/lib/errors.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { vex } from '../../src/trust/vex-command.ts';
import { VEX_JUSTIFICATIONS } from '../../src/trust/vex-document.ts';
import { fakeIo } from '../cli/command-io.ts';
import { FakeRegistry } from '../fakes/fake-registry.ts';
import { MemoryImage } from '../fakes/opened-image.ts';

const registry = new FakeRegistry({});
const memory = new MemoryImage();
const amd64 = memory.platform();
const arm64 = memory.platform();
const index = memory.index();
let home = '';
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'scoville-vex-'));
  await registry.listen();
  for (const { descriptor, manifest } of memory.opened().platforms) {
    const put = { bytes: Buffer.from(memory.bytesOf(descriptor)), mediaType: MEDIA_TYPE.manifest };
    registry.manifests.set(`shop/app@${descriptor.digest}`, put);
    registry.blobs.set(
      `shop/app@${manifest.config.digest}`,
      Buffer.from(memory.bytesOf(manifest.config)),
    );
  }
  const put = { bytes: Buffer.from(memory.bytesOf(index)), mediaType: MEDIA_TYPE.index };
  registry.manifests.set('shop/app:1', put);
  registry.manifests.set(`shop/app@${index.digest}`, put);
});
afterAll(async () => {
  await registry.close();
  rmSync(home, { recursive: true, force: true });
});

const NOW = Date.parse('2026-11-27T00:00:00Z');

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { io, out, err } = fakeIo({
    cwd: home,
    env: { SCOVILLE_HOME: join(home, 'scoville'), PATH: '', ...env },
    now: () => NOW,
  });
  const result = await vex(args, io).catch((error: unknown) => {
    if (error instanceof UserError) return `${error.message}\n${error.nextStep ?? ''}`;
    throw error;
  });
  return { result, out: out(), err: err() };
}

interface Document {
  readonly timestamp: string;
  readonly author: string;
  readonly statements: readonly {
    readonly vulnerability: unknown;
    readonly products: readonly { readonly '@id': string }[];
  }[];
}
const about = (text: string): readonly string[] =>
  (JSON.parse(text) as Document).statements[0]?.products.map((one) => one['@id']) ?? [];
const byDigest = ({ digest }: { digest: string }): string =>
  `pkg:oci/app@${digest.replace(':', '%3A')}`;

const WHY = ['--justification', 'component_not_present'];

test('prints the document, with ids as scanners spell them', async () => {
  const args = [
    '--vulnerability',
    'cve-2026-1,ghsa-AAAA-bbbb-cccc',
    '--vulnerability',
    'CVE-2025-2',
  ];
  const { result, out } = await run([...args, ...WHY, `${registry.host}/shop/app:1`]);
  expect(result).toBe(0);
  const document = JSON.parse(out) as Document;
  expect(document.timestamp).toBe('2026-11-27T00:00:00Z');
  expect(document.author).toBe('Unknown Author');
  expect(document.statements.map(({ vulnerability }) => vulnerability)).toEqual([
    { name: 'CVE-2025-2' },
    { name: 'CVE-2026-1', aliases: ['GHSA-aaaa-bbbb-cccc'] },
  ]);
  expect(about(out)).toEqual([
    ...[index, amd64, arm64].map(byDigest),
    `pkg:docker/${registry.host}/shop/app@1`,
  ]);
});

test('is the same at the same SOURCE_DATE_EPOCH; of one platform it names that alone', async () => {
  const args = ['--vulnerability', 'CVE-1', ...WHY, '--output', 'app.vex.json', '--author', 'us'];
  const env = { SOURCE_DATE_EPOCH: '1790000000' };
  const image = `${registry.host}/shop/app:1`;
  const read = () => readFileSync(join(home, 'app.vex.json'), 'utf8');
  expect(await run([...args, image], env)).toMatchObject({ result: 0, out: 'app.vex.json\n' });
  const first = read();
  expect(await run([...args, '--json', image], env)).toMatchObject({
    result: 0,
    out: `${JSON.stringify({ image, file: 'app.vex.json' }, undefined, 2)}\n`,
  });
  expect(read()).toBe(first);
  expect(JSON.parse(first)).toMatchObject({ author: 'us', timestamp: '2026-09-21T14:13:20Z' });
  await run([...args, '--platform', 'linux/arm64', image], env);
  expect(about(read())).toEqual([byDigest(arm64)]);
});

const ONE = ['--vulnerability', 'CVE-1'];
test.each<[readonly string[], string]>([
  [[], 'vex needs --vulnerability'],
  [ONE, `pass --justification with one of ${VEX_JUSTIFICATIONS.join(', ')}`],
  [[...ONE, '--justification', 'because'], 'use one of component_not_present, '],
  [[...ONE, '--status', 'affected'], 'affected needs --reason'],
  [[...ONE, '--status', 'fixed', ...WHY], '--justification does not go with fixed'],
  [[...ONE, ...WHY, '--until', '2026-11-26'], '--until 2026-11-26 is over'],
  [[...ONE, ...WHY, '--until', '2027-02-30'], '--until takes a day, YYYY-MM-DD'],
  [[...ONE, ...ONE, ...WHY], '--vulnerability CVE-1 is given twice'],
  [['--vulnerability', 'CVE 1', ...WHY], '--vulnerability takes an id such as CVE-2026-1234'],
  [[...ONE, ...WHY, '--package', 'left-pad'], '--package takes a package URL'],
])('%j is refused', async (args, message) => {
  expect((await run([...args, 'app:1'])).result).toContain(message);
});

test('a wrong SOURCE_DATE_EPOCH is refused', async () => {
  const { result } = await run([...ONE, ...WHY, 'app:1'], { SOURCE_DATE_EPOCH: 'soon' });
  expect(result).toContain('invalid SOURCE_DATE_EPOCH: "soon"');
});
