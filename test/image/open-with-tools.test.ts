import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { openCopiedImage } from '../../src/image/open-with-tools.ts';
import type { UserError } from '../../src/lib/errors.ts';
import { fakeRun, type ScriptedRun } from '../fakes/fake-run.ts';
import { ImageBytes } from '../fakes/images.ts';

const INSTALL = 'Debian: apt-get install skopeo; macOS: brew install skopeo';
const bytes = new ImageBytes();
const ROOT = bytes.image();

/** skopeo, which copies an image to the folder that it is told. */
const writes: ScriptedRun['result'] = ({ args }) => {
  for (const [path, content] of Object.entries(bytes.layout([ROOT]))) {
    const file = join((args.at(-1) ?? '').replace('oci:', ''), path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return Promise.resolve({ ended: 'exit', exitCode: 0, stdout: '', stderr: '' });
};

async function opened(source: string, result: ScriptedRun['result']) {
  const { run, runs } = fakeRun([
    { command: 'skopeo', args: ['--insecure-policy', 'copy'], result },
  ]);
  const image = await openCopiedImage(source, { name: 'x', run, spoolDir: '/nowhere' }).catch(
    (error: unknown) => error as Error,
  );
  const args = runs[0]?.args ?? [];
  return { image, args, folder: (args.at(-1) ?? '').replace('oci:', '') };
}

test.each([
  ['containers-storage:localhost/app:1', []],
  ['dir:/some/folder', ['--all', '--preserve-digests']],
])('%s: a copy, which goes when the image is closed', async (source, flags) => {
  const { image, args, folder } = await opened(source, writes);
  if (image instanceof Error) throw image;
  expect(args.slice(2, -1)).toEqual(['--quiet', ...flags, source]);
  expect(image).toMatchObject({ place: 'copied', root: { digest: ROOT.digest } });
  expect(await image.attachments()).toMatchObject({ complete: false, found: [] });
  expect(existsSync(folder)).toBe(true);
  await image.close();
  expect(existsSync(folder)).toBe(false);
});

test.each<[string, ScriptedRun['result'], string, string?]>([
  ['the image is not there', { exitCode: 1, stderr: 'no such image\n' }, 'no such image'],
  [
    'it is a list of podman’s',
    { exitCode: 1, stderr: 'copying system image from manifest list: file does not exist\n' },
    'file does not exist',
    'podman manifest push --all app oci:image && scoville grade oci:image',
  ],
  ['skopeo is not there', { ended: 'not-found' }, 'it is not on PATH', INSTALL],
  ['skopeo wrote nothing', {}, 'is not an OCI layout', 'Name the folder'],
])('an error that says so, and no folder left, where %s', async (_, result, message, nextStep) => {
  const { image, folder } = await opened('containers-storage:app', result);
  expect(image).toBeInstanceOf(Error);
  expect((image as Error).message).toContain(message);
  expect((image as UserError).nextStep?.slice(0, nextStep?.length)).toBe(nextStep);
  expect(existsSync(folder)).toBe(false);
});
