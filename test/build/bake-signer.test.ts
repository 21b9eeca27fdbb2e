import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { BakeJob } from '../../src/build/bake-definition.ts';
import { opensFirstKey, withKeptSigner } from '../../src/build/bake.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import { keepSigningChoice } from '../../src/trust/signer.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { parsed } from './given.ts';

let dir = '';
const events: PipelineEvent[] = [];
beforeEach(() => {
  dir = temporaryFolder();
  events.length = 0;
});

const context = () =>
  contextOf(() => Promise.reject(new Error('no tool is needed')), dir, {
    emit: (event) => events.push(event),
  });

function job(more: Partial<BakeJob['target']> = {}, isLink = false): BakeJob {
  const target = {
    ...{ name: 'app', context: '.', contexts: {}, dockerfile: 'Dockerfile', platforms: [] },
    ...{ tags: ['app:1'], entitlements: [], flags: [], ...more },
  };
  return { id: 'app', target, isLink, platforms: [], links: [] };
}

const asked = (jobs: readonly BakeJob[], words: readonly string[] = [], dryRun = false) =>
  opensFirstKey(context(), { ownWords: words, dryRun }, jobs);

test('it does not where flags or the answer that is kept decide, where nothing is signed or built', async () => {
  expect(await asked([job()], ['--no-sign'])).toBe(false);
  expect(await asked([job()], [], true)).toBe(false);
  expect(await asked([job({}, true), job({ outputs: ['type=local,dest=x'] })])).toBe(false);
  writeFileSync(join(dir, '.scoville.yaml'), 'sign: { keyless: true }\n');
  expect(await asked([job()])).toBe(false);
  rmSync(join(dir, '.scoville.yaml'));
  await keepSigningChoice(context(), { with: 'own-key' });
  expect(await asked([job()])).toBe(false);
});

test('each target is signed as was once chosen, and told where it is not', async () => {
  await keepSigningChoice(context(), { with: 'keyless' });
  expect((await withKeptSigner(context(), parsed('.'))).own.keyless).toBe(true);
  expect(events).toEqual([]);
  await keepSigningChoice(context(), { with: 'nothing' });
  expect((await withKeptSigner(context(), parsed('.'))).own.sign).toBe(false);
  expect(events).toEqual([
    {
      kind: 'notice',
      text: `not signed, as kept in ${join(dir, 'config/signing.json')}; --sign makes a key`,
    },
  ]);
  expect((await withKeptSigner(context(), parsed('--sign', '.'))).own.sign).toBe(true);
});
