import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { given } from '../lib/json.ts';
import { toolFailure } from '../lib/run-result.ts';
import type { RunTool, ToolRun } from '../lib/run-tool.ts';
import { shellWord } from '../model/dockerfile.ts';
import { MEDIA_TYPE, type OpenedImage } from '../model/image.ts';
import { type Digest, digestOf } from '../model/reference.ts';
import { archiveBlobs, type ArchiveEntry, ArchiveFiles } from './archive/archive-files.ts';
import { type ArchiveOptions, manifestOf, plainTar } from './archive/open-archive.ts';
import { spooledBy } from './archive/spool.ts';
import { documentsOf } from './blob-store.ts';
import { openBlobImage, openLayoutFolder } from './layout/open-layout.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

interface Options extends ArchiveOptions {
  readonly run: RunTool;
}

const NO_ATTESTATIONS = "podman's store and folders of skopeo keep none; the registry has them";

/**
 * Opens an image by a copy that skopeo makes of `containers-storage:NAME` or `dir:PATH`. podman's
 * store has layers unpacked, and only its own tools put the same bytes together again. The copy
 * goes when the image is closed. Throws UserError or ToolError.
 */
export async function openCopiedImage(source: string, options: Options): Promise<OpenedImage> {
  const { name, platform } = options;
  const path = await makeTemporaryFolder('copy');
  const close = () => rm(path, { recursive: true, force: true });
  try {
    const whole = source.startsWith('dir:') ? ['--all', '--preserve-digests'] : [];
    // The policy says which images may run, and this one is only read.
    const args = ['--insecure-policy', 'copy', '--quiet', ...whole, source, `oci:${path}`];
    const missing = 'Debian: apt-get install skopeo; macOS: brew install skopeo';
    // podman's store has the image of this platform in another form than its list names.
    const [, listed] = /^containers-storage:(.+)$/s.exec(source) ?? [];
    const ofList =
      listed &&
      `podman manifest push --all ${shellWord(listed)} oci:image && scoville grade oci:image`;
    await toItsEnd({ command: 'skopeo', args }, options, { missing, ...given({ ofList }) });
    const layout = { name, path, platform, withoutAttachments: NO_ATTESTATIONS };
    return { ...(await openLayoutFolder(layout)), place: 'copied', close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Opens a root file system, a tar or a folder, as an image of one layer. It has no configuration:
 * the one made here says nothing, and criteria must not read it. Throws UserError or ToolError.
 */
export async function openRootfs(path: string, options: Options): Promise<OpenedImage> {
  const { name, spoolDir } = options;
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  const file = isFolder
    ? await spooledBy(spoolDir, name, (take) => packed(path, options, take))
    : await plainTar(path, options);
  const close = () => file.close();
  try {
    const { size } = file;
    const hash = createHash('sha256');
    for await (const chunk of file.stream(0, size)) hash.update(chunk);
    const digest = `sha256:${hash.digest('hex')}` as Digest;
    const rootfs = { type: 'layers', diff_ids: [digest] };
    const about = { architecture: 'unspecified', os: 'linux', rootfs };
    const config = Buffer.from(JSON.stringify(about));
    const layer = { mediaType: MEDIA_TYPE.layer, digest, size };
    const { root, manifest } = manifestOf(config, digestOf(config), [layer]);
    const entry: ArchiveEntry = { type: 'file', offset: 0, size, target: undefined, again: false };
    const blobs = archiveBlobs(new ArchiveFiles(file, new Map(), name), new Map([[digest, entry]]));
    const made = [manifest, config].map((bytes) => [digestOf(bytes), bytes] as const);
    const read = documentsOf(blobs, new Map(made));
    const image = { name, place: 'rootfs', blobs, root, entries: [], read, close } as const;
    return await openBlobImage({ ...image, hasNoManifest: true, withoutAttachments: 'no image' });
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * The folder as GNU tar packs it. Links stay links, so that none leads out of the folder. Other
 * file systems that are mounted in it are left out. Sorted: the same folder has one digest.
 */
function packed(path: string, options: Options, onStdout: ToolRun['onStdout'] & object) {
  const form = '--format=posix --sort=name --numeric-owner --xattrs --xattrs-include=*';
  const what = '--one-file-system --pax-option=delete=atime,delete=ctime --directory';
  const args = ['--create', '--file=-', ...`${form} ${what}`.split(' '), path, '--', '.'];
  const env = { LC_ALL: 'C', TAR_OPTIONS: undefined };
  const failed = 'read it as its owner or as root (`podman unshare`), while nothing writes to it';
  return toItsEnd({ command: 'tar', args, env, onStdout }, options, { failed });
}

async function toItsEnd(
  what: Omit<ToolRun, 'timeoutMs'>,
  { name, run, signal }: Options,
  help: { readonly missing?: string; readonly failed?: string; readonly ofList?: string },
): Promise<void> {
  const timeoutMs = { unlimited: 'as long as the image is large' };
  const result = await run({ ...what, timeoutMs, ...given({ signal }) });
  signal?.throwIfAborted();
  if (result.ended === 'exit' && result.exitCode === 0) return;
  const isOfList = result.ended === 'exit' && result.stderr.includes('manifest list');
  const failed = isOfList ? help.ofList : help.failed;
  const nextStep = result.ended === 'not-found' ? help.missing : failed;
  throw toolFailure(result, `${what.command} could not read all of ${name}`, nextStep);
}
