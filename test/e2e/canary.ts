import { randomBytes } from 'node:crypto';
import { appendFileSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { gunzipSync } from 'node:zlib';

/**
 * Every secret of the end-to-end tests, looked for at the end of each test in all output, in the
 * folders that commands ran in, in each SCOVILLE_HOME and in what was pushed.
 */

interface Secret {
  readonly name: string;
  readonly forms: readonly Buffer[];
  /** Where a test put it itself. */
  readonly given: readonly RegExp[];
}

const LARGEST_FILE = 64 * 1024 * 1024;
const secrets = new Map<string, Secret>();
const folders = new Set<string>();
const images = new Set<string>();
const hits = new Set<string>();
/** Files that were looked into, by what would change with them. */
const done = new Map<string, string>();
let places = 0;

/** A secret for a test: a value that nothing else has. `given`: places where the test writes it. */
export function canary(name: string, given: readonly RegExp[] = []): string {
  const value = `cnry${randomBytes(12).toString('hex')}`;
  register(name, value, given);
  return value;
}

/** A value that a test has to choose itself, as one that needs escapes. */
export function register(name: string, value: string, given: readonly RegExp[] = []): void {
  secrets.set(value, { name, forms: formsOf(value), given });
}

/** As it is, in an address, in JSON, and in Base64 behind nought to two bytes. */
function formsOf(value: string): readonly Buffer[] {
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]).toString('base64');
    // The ends depend on what is beside it.
    return text
      .slice(shift === 0 ? 0 : shift + 1)
      .replace(/=+$/, '')
      .slice(0, -1);
  });
  const all = [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), ...base64];
  return [...new Set(all)].map((text) => Buffer.from(text));
}

/** Looks at what a place has; `place` names it in what fails. */
export function lookAt(place: string, bytes: Uint8Array): void {
  places += 1;
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { name, forms, given } of secrets.values())
    if (forms.some((form) => whole.includes(form)) && !given.some((one) => one.test(place)))
      hits.add(`${name} is in ${place}`);
}

/** A command that ran: its output is looked at now, its folders and images at the end. */
export function noticeRun(
  args: readonly string[],
  {
    cwd,
    env,
  }: { readonly cwd?: string; readonly env?: Readonly<Record<string, string | undefined>> },
  output: Readonly<Record<string, Uint8Array>>,
): void {
  const [program = ''] = args;
  for (const [stream, bytes] of Object.entries(output)) lookAt(`${stream} of ${program}`, bytes);
  for (const folder of [cwd, env?.['SCOVILLE_HOME']])
    if (folder?.startsWith(tmpdir() + sep) === true) folders.add(folder);
  args.forEach((arg, at) => {
    if ((args[at - 1] === '-t' || args[at - 1] === '--tag') && args.includes('--push'))
      images.add(arg);
  });
}

function lookIn(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    const { size, mtimeMs, ino } = lstatSync(path);
    const state = [size, mtimeMs, ino, secrets.size].join(' ');
    if (done.get(path) === state || size > LARGEST_FILE) continue;
    done.set(path, state);
    lookAt(`the name ${path}`, Buffer.from(path));
    lookInto(path, readFileSync(path));
  }
}

function lookInto(place: string, bytes: Buffer): void {
  lookAt(place, bytes);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return;
  try {
    lookAt(`${place} (unpacked)`, gunzipSync(bytes, { maxOutputLength: LARGEST_FILE }));
  } catch {
    // Cut off or larger: its packed bytes were looked at.
  }
}

const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

interface Document {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
}

/** All that a registry has under a name: manifests, blobs, and what refers to them. */
async function lookAtImage(image: string): Promise<void> {
  const [, host = '', repository = '', tag = 'latest'] =
    /^([^/]+)\/([^:@]+)(?::([^:@/]+))?$/.exec(image) ?? [];
  const base = `http://${host}/v2/${repository}`;
  const seen = new Set<string>();
  const bytesOf = async (path: string): Promise<Buffer | undefined> => {
    const answer = await fetch(`${base}/${path}`, { headers: { accept: MANIFESTS } });
    return answer.ok ? Buffer.from(await answer.arrayBuffer()) : undefined;
  };
  const look = async (reference: string): Promise<void> => {
    if (seen.has(reference)) return;
    seen.add(reference);
    const bytes = await bytesOf(`manifests/${reference}`);
    if (bytes === undefined) return;
    lookAt(`the manifest ${reference} of ${image}`, bytes);
    const { manifests = [], config, layers = [] } = JSON.parse(bytes.toString()) as Document;
    for (const { digest } of [...(config === undefined ? [] : [config]), ...layers]) {
      const blob = seen.has(digest) ? undefined : await bytesOf(`blobs/${digest}`);
      seen.add(digest);
      if (blob !== undefined) lookInto(`the blob ${digest} of ${image}`, blob);
    }
    for (const { digest } of manifests) await look(digest);
    const digest = reference.replace(':', '-');
    for (const suffix of ['', '.sig', '.att'])
      if (reference.startsWith('sha256:')) await look(`${digest}${suffix}`);
    const referrers = await bytesOf(`referrers/${reference}`);
    if (referrers === undefined) return;
    for (const one of (JSON.parse(referrers.toString()) as Document).manifests ?? [])
      await look(one.digest);
  };
  const top = await fetch(`${base}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept: MANIFESTS },
  });
  const digest = top.headers.get('docker-content-digest');
  if (top.ok) await look(digest ?? tag);
}

/** After each test. Throws where a secret was found. */
export async function lookForSecrets(): Promise<void> {
  if (secrets.size === 0) return;
  for (const folder of folders) {
    try {
      lookIn(realpathSync(folder));
    } catch (error) {
      // The test took it away itself.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  for (const image of images) await lookAtImage(image).catch(() => undefined);
  if (hits.size === 0) return;
  const found = [...hits].sort().join('\n  ');
  hits.clear();
  throw new Error(`secrets were found:\n  ${found}`);
}

/** For the test of this check itself. */
export function forgetHits(): void {
  hits.clear();
}

export interface Figures {
  readonly secrets: number;
  readonly places: number;
  readonly hits: number;
}

export function figures(): Figures {
  return { secrets: secrets.size, places, hits: hits.size };
}

/** For the sum that `npm run canary` prints. */
export function keepFigures(file: string | undefined, name: string): void {
  if (file !== undefined && secrets.size > 0)
    appendFileSync(file, `${JSON.stringify({ name, ...figures() })}\n`);
}
