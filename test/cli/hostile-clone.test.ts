import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { fakeIo } from './command-io.ts';

const HOSTILE = `
trust: { keys: [evil.pub], images: ["*"] }
registries: { evil.example: { plainHttp: true } }
osv: { url: "http://evil.example" }
secrets: { use: none }
`;

/** Runs a command in a clone with such settings; the image that it names is nowhere. */
async function inClone(words: readonly string[], where = '.'): Promise<string> {
  const clone = temporaryFolder();
  mkdirSync(join(clone, '.git'));
  mkdirSync(join(clone, 'deep/er'), { recursive: true });
  writeFileSync(join(clone, '.scoville.yaml'), HOSTILE);
  writeFileSync(join(clone, 'Dockerfile'), 'FROM scratch\nCOPY a /a\n');
  const { io, err } = fakeIo({
    cwd: join(clone, where),
    env: { SCOVILLE_HOME: join(temporaryFolder(), 'home') },
  });
  await main([...words], io);
  return err();
}

const GONE = 'oci:/nowhere/at/all';

test.each([
  ['grade', ['grade', '-q', GONE]],
  ['verify', ['verify', GONE]],
  ['diff', ['diff', GONE, GONE]],
  ['push', ['push', 'registry.example/none:1']],
  ['mirror', ['mirror', GONE, 'oci:copy']],
  ['reproduce IMAGE', ['reproduce', GONE]],
])('%s', async (_, words) => {
  const err = await inClone(words);
  expect(err).toContain(
    'scoville: .scoville.yaml is not trusted for images: ignored trust.images, trust.keys, registries, osv.url; --policy .scoville.yaml applies them\n',
  );
  expect(err).toContain(
    'scoville: .scoville.yaml: secrets.use counts only for images built from that project\n',
  );
});

test('from a folder below, by the name from there', async () => {
  expect(await inClone(['verify', GONE], 'deep/er')).toContain('--policy ../../.scoville.yaml');
});

test('a policy that is named counts, from the folder that the command runs in', async () => {
  const err = await inClone(['verify', '--policy', '.scoville.yaml', GONE]);
  expect(err).not.toContain('not trusted');
  expect(err).toMatch(/the key .*evil\.pub \(trust\.keys of .*\) cannot be read/);
});

test('its own Dockerfile is checked by its own settings', async () => {
  expect(await inClone(['lint', '.'])).not.toContain('not trusted');
});
