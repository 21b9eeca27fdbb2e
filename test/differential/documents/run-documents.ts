import { isDeepStrictEqual } from 'node:util';
import { openArchiveStream } from '../../../src/image/archive/open-archive.ts';
import { UserError } from '../../../src/lib/errors.ts';
import type { OpenedImage } from '../../../src/model/image.ts';
import { run } from '../../e2e/harness.ts';
import { Random } from '../random.ts';
import { oddArchive } from './odd-archive.ts';

/**
 * What an image is run with, as `docker inspect` tells it and as we read it; what is empty is left
 * out.
 */
type View = Readonly<Record<string, unknown>>;

export interface DocumentDifference {
  readonly seed: number;
  readonly store: string;
  readonly story: string;
  readonly engine: View;
  readonly ours: View;
}

export interface DocumentRun {
  readonly cases: number;
  /** Archives that some engine took, and of these those that we read too. */
  readonly taken: number;
  readonly read: number;
  readonly differences: readonly DocumentDifference[];
}

/** Of this process: two runs side by side would read each other's. */
const NAME = `docker.io/library/scoville-odd-documents:${process.pid}`;

/**
 * Has the engines (DOCKER_HOST by name of store) load archives whose documents are odd, and holds
 * what `docker inspect` says of them against what we read. What we refuse, or an engine does, is no
 * difference. `until` in milliseconds since 1970; `cases` at most.
 */
export async function runDocuments(
  engines: Readonly<Record<string, string | undefined>>,
  options: {
    readonly seed: number;
    readonly until: number;
    readonly cases?: number;
    readonly spoolDir: string;
    readonly log: (line: string) => void;
  },
): Promise<DocumentRun> {
  const differences: DocumentDifference[] = [];
  const limit = options.cases ?? Infinity;
  const count = { cases: 0, taken: 0, read: 0 };
  for (; count.cases < limit && Date.now() < options.until; count.cases += 1) {
    const seed = options.seed + count.cases;
    const { archive, story } = oddArchive(new Random(seed), NAME);
    const ours = await readOurs(archive, options.spoolDir);
    let isTaken = false;
    for (const [store, host] of Object.entries(engines)) {
      if (host === undefined) continue;
      const engine = await readByEngine(archive, host);
      isTaken ||= engine !== undefined;
      if (engine === undefined || ours === undefined || isDeepStrictEqual(engine, ours)) continue;
      differences.push({ seed, store, story, engine, ours });
      options.log(
        `seed ${seed}, ${store}:\n  ${story}\n  engine ${JSON.stringify(engine)}\n  ours   ${JSON.stringify(ours)}`,
      );
    }
    if (isTaken) count.taken += 1;
    if (isTaken && ours !== undefined) count.read += 1;
  }
  // An engine may fail to unpack what it loads, and keep its name.
  for (const host of Object.values(engines))
    if (host !== undefined) await run('docker', ['-H', host, 'image', 'rm', '--force', NAME]);
  return { ...count, differences };
}

async function readOurs(archive: Buffer, spoolDir: string): Promise<View | undefined> {
  let image: OpenedImage | undefined;
  try {
    image = await openArchiveStream(chunks(archive), { name: 'odd', spoolDir });
    const [{ config, layers }] = image.platforms;
    return view({
      ...config.config,
      // Docker names its own where the image names none; so does our choice of platforms.
      Os: config.os === '' ? 'linux' : config.os,
      Architecture: config.architecture,
      Layers: layers.map(({ diffId }) => diffId),
    });
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  } finally {
    await image?.close();
  }
}

async function* chunks(archive: Buffer): AsyncIterable<Uint8Array> {
  yield await Promise.resolve(archive);
}

async function readByEngine(archive: Buffer, host: string): Promise<View | undefined> {
  const docker = (...args: readonly string[]) => run('docker', ['-H', host, ...args]);
  const loaded = await run('docker', ['-H', host, 'load'], { input: archive });
  const [, image] = /Loaded image(?: ID)?: (\S+)/.exec(loaded.stdout) ?? [];
  if (loaded.exitCode !== 0 || image === undefined) return undefined;
  try {
    const inspected = await docker('image', 'inspect', image);
    if (inspected.exitCode !== 0) return undefined;
    const [found] = JSON.parse(inspected.stdout) as [
      { Config: object | null; Os: string; Architecture: string; RootFS: { Layers?: unknown } },
    ];
    const { Config, Os, Architecture, RootFS } = found;
    return view({ ...Config, Os, Architecture, Layers: RootFS.Layers ?? [] });
  } finally {
    await docker('image', 'rm', '--force', image);
  }
}

const FIELDS = [
  ...['User', 'Env', 'Entrypoint', 'Cmd', 'Labels', 'WorkingDir', 'ExposedPorts', 'Volumes'],
  ...['StopSignal', 'OnBuild', 'Os', 'Architecture', 'Layers'],
];

function view(told: Readonly<Record<string, unknown>>): View {
  const { Test } = (told['Healthcheck'] ?? {}) as { readonly Test?: unknown };
  const all = [...FIELDS.map((name) => [name, told[name]]), ['Test', Test]] as [string, unknown][];
  return Object.fromEntries(all.filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
