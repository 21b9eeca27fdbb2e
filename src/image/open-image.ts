import { open, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf, ToolError, UserError } from '../lib/errors.ts';
import { ownValue } from '../lib/json.ts';
import type { RunTool } from '../lib/run-tool.ts';
import type { OpenedImage, Platform } from '../model/image.ts';
import {
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from '../model/reference.ts';
import { openArchiveFile, openArchiveStream } from './archive/open-archive.ts';
import { isTar } from './archive/spool.ts';
import type { JsonCache } from './caches.ts';
import { errorCode, readError } from './disk.ts';
import { quoted } from './documents.ts';
import { entryName, plain } from './image-index.ts';
import { openBlobImage, openLayoutFolder } from './layout/open-layout.ts';
import type { LayoutStore } from './layout/store.ts';
import { type EngineImages, openEngineImage } from './open-engine.ts';
import { openCopiedImage, openRootfs } from './open-with-tools.ts';
import type { RegistryClient } from './registry/client.ts';
import { openRegistryImage } from './registry/open-registry.ts';
import { compressionOf } from './walk/decompress.ts';

/** What a user named, and where it is to be looked for. `text` is what was typed, cleaned. */
export type ImageName =
  | {
      /** `named`: no place was said; the caller's order of places decides. */
      readonly place: 'registry' | 'store' | 'named';
      readonly text: string;
      readonly reference: ImageReference;
    }
  /** A name or an image id, as `docker image inspect` takes it. */
  | { readonly place: 'engine'; readonly text: string; readonly image: string }
  /** What skopeo reads, by its own spelling, or the path of a root file system. */
  | { readonly place: 'copied' | 'rootfs'; readonly text: string; readonly source: string }
  | {
      readonly place: 'layout' | 'archive';
      readonly text: string;
      readonly path: string;
      /** Name, tag or digest of one image in it. */
      readonly wanted: string | undefined;
    }
  | { readonly place: 'stdin'; readonly text: string };

const PREFIXES: Readonly<Record<string, ImageName['place'] | undefined>> = {
  registry: 'registry',
  docker: 'engine',
  'docker-daemon': 'engine',
  store: 'store',
  oci: 'layout',
  'oci-dir': 'layout',
  'oci-archive': 'archive',
  'docker-archive': 'archive',
  'containers-storage': 'copied',
  dir: 'copied',
  rootfs: 'rootfs',
};
const ARCHIVE = /\.(?:tar(?:\.\w+)?|tgz|oci)$/i;
/** Docker Hub has `docker` and `registry` images: one word of this form after them is their tag. */
const THEIR_TAG = /^(?:\d[\w.-]*|latest|(?:rc-?)?(?:dind|cli|git|windowsservercore)[\w.-]*)$/;

/**
 * Reads an image name: by its prefix (see `PREFIXES`, or `-` for stdin), else a layout's folder or
 * an archive on the disk, else a reference. Paths are relative to `cwd`. Throws UserError, also if
 * a file without an archive's extension has the name of an image.
 */
export async function parseImageName(text: string, cwd: string): Promise<ImageName> {
  const shown = quoted(text).slice(1, -1);
  if (text === '-') return { place: 'stdin', text: 'stdin' };
  if (text === '' || text.startsWith('-') || text.includes('\0'))
    throw new UserError(`${quoted(text)} does not name an image`);
  // skopeo's spelling of a registry.
  if (text.startsWith('docker://'))
    return { place: 'registry', text: shown, reference: referenceOf(text.slice(7)) };
  if (/^sha256:[0-9a-f]{6,64}$/.test(text)) return { place: 'engine', text, image: text };
  const [, prefix = '', rest = ''] = /^([a-z-]+):(.+)$/s.exec(text) ?? [];
  const place = ownValue(PREFIXES, prefix);
  if (place === undefined || isTheirTag(prefix, rest)) return byGuess(text, shown, cwd);
  switch (place) {
    case 'layout':
    case 'archive':
      return { place, text: shown, ...(await pathAndName(rest, cwd)) };
    case 'copied':
    case 'rootfs': {
      const source = prefix === 'containers-storage' ? rest : resolve(cwd, rest);
      const isTag = source !== rest && /^\w[\w.-]*$/.test(rest);
      // `rootfs:1` may be the name of an image.
      if (isTag && !(await exists(source))) return byGuess(text, shown, cwd);
      return { place, text: shown, source: place === 'rootfs' ? source : `${prefix}:${source}` };
    }
    case 'engine':
      return { place, text: shown, image: engineImage(rest.replace(/^\/\//, '')) };
    case 'registry':
    case 'store':
    case 'named':
      return { place, text: shown, reference: referenceOf(rest) };
    case 'stdin':
      return { place, text: 'stdin' };
  }
}

function isTheirTag(prefix: string, rest: string): boolean {
  return (prefix === 'docker' || prefix === 'registry') && THEIR_TAG.test(rest);
}

async function byGuess(text: string, shown: string, cwd: string): Promise<ImageName> {
  const isPath = /^(?:\.{0,2}\/|~\/)/.test(text);
  const { path, wanted } = await pathAndName(text, cwd);
  const found = await kindOf(path, isPath);
  if (found === 'layout' || found === 'archive') {
    // The folder often belongs to somebody else. A file in it must not replace an image that is run
    // from a registry.
    if (!isPath && !ARCHIVE.test(path) && parseReference(text).ok)
      throw new UserError(`${shown} is the name of an image, and a file here too`, {
        nextStep: `Write ./${shown} for the file, or registry:${shown} for the image.`,
      });
    return { place: found, text: shown, path, wanted };
  }
  if (isPath)
    throw new UserError(
      found === 'folder' ? `${shown} is not an OCI layout` : `${shown}: no such file`,
      {
        nextStep: 'Name a reference, an OCI layout, an archive, or a root file system: rootfs:PATH',
      },
    );
  return { place: 'named', text: shown, reference: referenceOf(text) };
}

/** `PATH`, `PATH:NAME` or `PATH@DIGEST`, whichever exists. */
async function pathAndName(
  text: string,
  cwd: string,
): Promise<{ readonly path: string; readonly wanted: string | undefined }> {
  const whole = resolve(cwd, text);
  if (await exists(whole)) return { path: whole, wanted: undefined };
  for (const at of separators(text)) {
    const path = resolve(cwd, text.slice(0, at));
    if (await exists(path)) return { path, wanted: text.slice(at + 1) };
  }
  return { path: whole, wanted: undefined };
}

/** Where a path may end and a name begin, the longest path first. */
function separators(text: string): readonly number[] {
  return [...text.matchAll(/[:@]/g)]
    .map((match) => match.index)
    .filter((at) => at > 0 && at < text.length - 1)
    .slice(0, 20)
    .reverse();
}

/** What lies there: a file whose name says nothing counts only where it begins as an archive. */
export async function kindOf(
  path: string,
  isPath: boolean,
): Promise<'layout' | 'archive' | 'folder' | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return (await exists(join(path, 'oci-layout'))) ? 'layout' : 'folder';
    // A file may have the name of an image. Unless the name is spelled as a path, only an archive
    // counts.
    return isPath || !found.isFile() || (await looksLikeArchive(path)) ? 'archive' : undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw readError(error, path);
  }
}

async function looksLikeArchive(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    const head = buffer.subarray(0, bytesRead);
    return compressionOf(head) !== 'none' || isTar(head);
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw readError(error, path);
  }
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(errorCode(error) ?? '');
}

function referenceOf(text: string): ImageReference {
  const parsed = parseReference(text.replace(/^\/\//, ''));
  if (!parsed.ok)
    throw new UserError(quoted(parsed.error).slice(1, -1), {
      nextStep:
        'Name a reference such as registry.example.com/app:1, an OCI layout, or an archive.',
    });
  return parsed.value;
}

/** Docker would take a word with a dash in front for a flag. */
function engineImage(image: string): string {
  if (/^[A-Za-z0-9]/.test(image)) return image;
  throw new UserError(`${quoted(image)} does not name an image of Docker's store`);
}

export interface OpenOptions {
  /** Where to look up a name without a prefix, first to last. */
  readonly order: readonly ('store' | 'engine' | 'registry')[];
  /** The client of a registry, which knows whether that one speaks plain HTTP. */
  readonly client: (registry: string) => RegistryClient;
  readonly engine: EngineImages;
  readonly store: () => Promise<LayoutStore>;
  /** For places that a tool reads. */
  readonly run: RunTool;
  readonly stdin: () => AsyncIterable<Uint8Array>;
  /** A folder for archives that can be read only once; created if needed. */
  readonly spoolDir: string;
  /** Keeps documents of engine images by id. */
  readonly documents?: JsonCache | undefined;
  readonly platform?: Platform | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens an image from any place. Its documents are read and verified, its layers not yet. The
 * caller closes it. Throws UserError, and leaves nothing behind, if it is missing, not a container
 * image, malformed, or lacks the platform.
 */
export async function openImage(name: ImageName, options: OpenOptions): Promise<OpenedImage> {
  const { text } = name;
  switch (name.place) {
    case 'registry':
      return openRegistry(text, name.reference, options);
    case 'store':
      return found(await openStore(text, name.reference, options), text, 'the layout of builds');
    case 'engine':
      return found(await openEngine(text, name.image, options), name.image, "Docker's store");
    case 'layout':
      return openLayoutFolder({ ...options, name: text, path: name.path, wanted: name.wanted });
    case 'archive':
      return openArchiveFile(name.path, { ...options, name: text, wanted: name.wanted });
    case 'copied':
      return openCopiedImage(name.source, { ...options, name: text });
    case 'rootfs':
      return openRootfs(name.source, { ...options, name: text });
    case 'stdin':
      return openArchiveStream(options.stdin(), { ...options, name: text });
    case 'named':
      return openNamed(text, name.reference, options);
  }
}

/**
 * An engine that cannot be asked does not keep the image from being found elsewhere. If it is not
 * found, the error says why the engine was not asked.
 */
async function openNamed(
  text: string,
  reference: ImageReference,
  options: OpenOptions,
): Promise<OpenedImage> {
  let note = '';
  for (const place of options.order)
    switch (place) {
      case 'store': {
        const stored = await openStore(text, reference, options);
        if (stored !== undefined) return stored;
        break;
      }
      case 'engine': {
        const id = await options.engine.find(text).catch((error: unknown) => {
          if (!(error instanceof UserError) && !(error instanceof ToolError)) throw error;
          note = `; Docker's store was not asked: ${messageOf(error)}`;
          return undefined;
        });
        if (id !== undefined) return openEngineImage({ ...options, name: text, ...id });
        break;
      }
      case 'registry':
        return openRegistry(text, reference, options).catch((error: unknown) => {
          throw withNote(error, note);
        });
    }
  throw new UserError(`${text} not found in ${options.order.join(' or ')}${note}`);
}

async function openRegistry(
  name: string,
  reference: ImageReference,
  options: OpenOptions,
): Promise<OpenedImage> {
  const { platform } = options;
  const client = options.client(reference.registry);
  return openRegistryImage({ name, reference, client, platform });
}

async function openEngine(
  name: string,
  image: string,
  options: OpenOptions,
): Promise<OpenedImage | undefined> {
  const id = await options.engine.find(image);
  return id === undefined ? undefined : openEngineImage({ ...options, name, ...id });
}

async function openStore(
  name: string,
  reference: ImageReference,
  options: OpenOptions,
): Promise<OpenedImage | undefined> {
  const store = await options.store();
  const { digest } = reference;
  const full = formatReference(withDefaultTag(reference));
  const build =
    digest === undefined ? (await store.findByName(full))?.build : await store.lastOf(digest);
  const entry = build?.manifests.find((one) =>
    digest === undefined ? entryName(one) === full : one.digest === digest,
  );
  if (build === undefined || entry === undefined) return undefined;
  const image = { name, blobs: store.blobs, root: plain(entry), entries: build.manifests };
  return openBlobImage({ ...image, platform: options.platform, place: 'store' });
}

function found(image: OpenedImage | undefined, name: string, where: string): OpenedImage {
  if (image !== undefined) return image;
  throw new UserError(`${where} has no ${name}`, { nextStep: `Fetch it, or try registry:${name}` });
}

function withNote(error: unknown, note: string): unknown {
  if (note === '' || !(error instanceof UserError)) return error;
  const { message, nextStep, cause, exitCode } = error;
  return new UserError(`${message}${note}`, {
    cause,
    exitCode,
    ...(nextStep === undefined ? {} : { nextStep }),
  });
}
