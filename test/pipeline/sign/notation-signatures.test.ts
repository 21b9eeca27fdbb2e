import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestHex, digestOf } from '../../../src/model/digest.ts';
import { type Descriptor, MEDIA_TYPE } from '../../../src/model/oci.ts';
import type { RunTool } from '../../../src/model/run.ts';
import { BlobStore } from '../../../src/oci/blobs/blob-store.ts';
import { parseManifest } from '../../../src/oci/documents.ts';
import type { PipelineContext } from '../../../src/pipeline/context.ts';
import {
  notationSignatures,
  requireNotation,
} from '../../../src/pipeline/sign/notation-signatures.ts';
import type { BuildPlan } from '../../../src/plans/build-plan.ts';
import { temporaryFolder } from '../../fakes/layouts.ts';

const NOTARY = 'application/vnd.cncf.notary.signature';

function put(folder: string, bytes: Buffer): { digest: string; size: number } {
  const digest = digestOf(bytes);
  writeFileSync(join(folder, 'blobs/sha256', digestHex(digest)), bytes);
  return { digest, size: bytes.length };
}

/** A stand-in that writes what notation 1.3 writes into a layout; `change` makes it another. */
function notation(change: (manifest: Record<string, unknown>) => unknown = (m) => m): RunTool {
  return ({ args }) => {
    const [folder = '', digest = ''] = (args.at(-1) ?? '').split('@');
    const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
      manifests: Descriptor[];
    };
    const subject = index.manifests.find((one) => one.digest === digest);
    const config = { mediaType: NOTARY, ...put(folder, Buffer.from('{}')) };
    const layer = { mediaType: 'application/jose+json', ...put(folder, Buffer.from('{"p":""}')) };
    const made = change({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config,
      layers: [layer],
      subject,
    });
    const added = {
      mediaType: MEDIA_TYPE.manifest,
      ...put(folder, Buffer.from(JSON.stringify(made))),
    };
    writeFileSync(
      join(folder, 'index.json'),
      JSON.stringify({ ...index, manifests: [added, ...index.manifests] }),
    );
    return Promise.resolve({ ended: 'exit', exitCode: 0, stdout: '', stderr: '' });
  };
}

async function signedBy(run: RunTool) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  const blobs = new BlobStore(join(folder, 'blobs'));
  const bytes = Buffer.from('{"schemaVersion":2,"manifests":[]}');
  const subject = { mediaType: MEDIA_TYPE.index, ...(await blobs.write(bytes)) };
  const plan = { settings: { sign: { notation: 'default' } } } as unknown as BuildPlan;
  const context = { run, signal: new AbortController().signal } as unknown as PipelineContext;
  return {
    blobs,
    subject,
    signing: notationSignatures(context, blobs, plan, { subject, also: [] }),
  };
}

test('the signature becomes a referrer in the layout, with all that it is made of', async () => {
  const { blobs, subject, signing } = await signedBy(notation());
  const [signature, ...more] = await signing;
  expect(more).toEqual([]);
  if (signature === undefined) throw new Error('none');
  expect(signature.artifactType).toBe(NOTARY);
  const manifest = parseManifest(await blobs.readDocument(signature), 'it');
  expect(manifest.subject).toMatchObject({ digest: subject.digest });
  for (const { digest } of [manifest.config, ...manifest.layers])
    expect(await blobs.has(digest)).toBe(true);
});

const other = { mediaType: MEDIA_TYPE.index, digest: digestOf(Buffer.from('x')), size: 1 };
test.each<[string, RunTool]>([
  ['of another image', notation((m) => ({ ...m, subject: other }))],
  ['that is none', notation((m) => ({ ...m, artifactType: 'application/x' }))],
  [
    'that is not there',
    () => Promise.resolve({ ended: 'exit', exitCode: 0, stdout: '', stderr: '' }),
  ],
])('a signature %s is not taken', async (_, run) => {
  await expect((await signedBy(run)).signing).rejects.toThrow('did not leave one signature');
});

test('what is not installed is said before the build', () => {
  const context = { env: { PATH: '/nonexistent' }, cwd: '/' } as unknown as PipelineContext;
  requireNotation(context, undefined);
  expect(() => {
    requireNotation(context, 'default');
  }).toThrow('notation is not installed');
});
