import { utimes, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { BuildxFlag } from '../../model/build-invocation.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { isThere } from '../../oci/blobs/disk.ts';
import { flag, withFlag } from '../../plans/build-invocation.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { valuesOf } from '../../plans/flags/flag-spec.ts';
import {
  CLOCK_FILE_TIME,
  clockProbe,
  ranImages,
  seenOn,
  TOMORROW_CONTEXT,
  TOMORROW_FILES,
  withTomorrow,
  withTrueFileTimes,
} from '../../plans/reproduce/inject-tomorrow.ts';
import { SOURCE_POLICY_VARIABLE } from '../../plans/source-policy.ts';
import { runBuild } from '../../tools/buildx/buildx.ts';
import type { PipelineContext } from '../context.ts';
import type { Prepared } from '../image-build/prepare-build.ts';
import { writeDockerfile } from '../image-build/send-dockerfile.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const HOW = 'see "Another day" in docs/reproducibility.md';
/** Where distributions put libfaketime, below /usr; the one for programs with threads. */
const FOLDERS = /^(?:lib|lib64|local\/lib|lib\/[a-z0-9_]+-linux-gnu[a-z0-9]*)$/;
const LIBRARY = 'faketime/libfaketimeMT.so.1';

/** A clock that is a day ahead, in a folder that a build can take as a context. */
export interface Tomorrow {
  readonly folder: string;
  readonly remove: () => Promise<void>;
}

/**
 * Gets ready for a build whose RUNs see tomorrow's date: libfaketime, loaded into every program by way of a mount. Tried out on each image that
 * something is run in. Throws UserError where that cannot be arranged: a build that silently ran today would prove nothing.
 */
export async function arrangeTomorrow(
  context: PipelineContext,
  prepared: Prepared,
): Promise<Tomorrow> {
  const { plan, dockerfile } = prepared;
  const cannot = (why: string): UserError =>
    new UserError(`another day cannot be arranged: ${why}`, { nextStep: HOW });
  if (dockerfile === undefined) throw cannot('the Dockerfile is not known before the build');
  if (plan.platforms.length > 1) throw cannot('it takes one platform at a time');
  const images = ranImages(dockerfile);
  if (images === undefined) throw cannot('something is run in a stage whose base is not known');
  const library = await findLibrary();
  if (library === undefined)
    throw new UserError('another day cannot be arranged: libfaketime is not installed here', {
      nextStep: 'on Debian and Ubuntu: apt-get install libfaketime',
    });
  const folder = await mkdtemp(join(tmpdir(), 'scoville-tomorrow-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    if (!(await writeClock(folder, library)))
      throw cannot(`${library} is of a version that moves the times of files too`);
    const [first] = await unmoved(context, prepared, folder, images);
    if (first !== undefined)
      throw cannot(
        `programs of ${first} see today’s date all the same: they are linked statically, or against another C library`,
      );
    return { folder, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The build with that clock; as it is where nothing is run. The Dockerfile that is sent lies in the build's own folder. */
export async function underTomorrow(prepared: Prepared, { folder }: Tomorrow): Promise<Prepared> {
  const { plan, source, dockerfile } = prepared;
  const text =
    dockerfile === undefined || source.dockerfileText === undefined
      ? undefined
      : withTomorrow(source.dockerfileText, dockerfile);
  if (text === undefined) return prepared;
  const bytes = Buffer.from(text);
  const flags = [clockContext(folder), ...plan.invocation.flags];
  const invocation = { ...plan.invocation, flags };
  if (source.kind === 'stdin-dockerfile')
    return {
      ...prepared,
      plan: { ...plan, invocation },
      source: { ...source, dockerfileText: text, stdin: bytes },
    };
  const { dockerfilePath: path } = source;
  const name = basename(path ?? 'Dockerfile');
  const file = await writeDockerfile(join(folder, 'sent'), name, bytes, path);
  return {
    ...prepared,
    plan: { ...plan, invocation: withFlag(invocation, 'file', file) },
    source: { ...source, dockerfileText: text, stdin: undefined },
  };
}

/** False where the library is none that leaves file times alone. */
async function writeClock(folder: string, library: string): Promise<boolean> {
  const { library: so, preload, clock } = TOMORROW_FILES;
  const bytes = withTrueFileTimes(await readFile(library));
  if (bytes === undefined) return false;
  await writeFile(join(folder, so.name), bytes, { mode: 0o755 });
  await writeFile(join(folder, preload.name), `${so.target}\n`);
  await writeFile(join(folder, clock.name), '+1d\n');
  await utimes(join(folder, clock.name), CLOCK_FILE_TIME, CLOCK_FILE_TIME);
  return true;
}

async function findLibrary(): Promise<string | undefined> {
  const below = await readdir('/usr/lib').catch(() => []);
  const folders = ['lib', 'lib64', 'local/lib', ...below.map((name) => `lib/${name}`)];
  for (const folder of folders.filter((name) => FOLDERS.test(name))) {
    const path = join('/usr', folder, LIBRARY);
    if (await isThere(path)) return path;
  }
  return undefined;
}

/** The images in which the day is not tomorrow, or file times are not what they are, by their own `date`. */
async function unmoved(
  context: PipelineContext,
  prepared: Prepared,
  folder: string,
  images: readonly string[],
): Promise<readonly string[]> {
  if (images.length === 0) return [];
  const out = join(folder, 'days');
  const tomorrow = (): string => new Date(context.now() + DAY_MS).toISOString().slice(0, 10);
  // The probe may run across midnight.
  const before = tomorrow();
  const { exitCode, errorText } = await runBuild(context.run, {
    invocation: {
      outputs: [`type=local,dest=${out}`],
      flags: probeFlags(prepared, folder),
      context: '-',
      env: { ...prepared.plan.invocation.env, ...(await policyOf(prepared.plan, folder)) },
    },
    cwd: context.cwd,
    progress: 'events',
    signal: context.signal,
    stdin: Buffer.from(clockProbe(images)),
  });
  if (exitCode !== 0)
    throw new UserError(
      `another day cannot be arranged: not every image has a date command (${lastLine(errorText)})`,
      { nextStep: HOW },
    );
  const after = tomorrow();
  const seen = await Promise.all(
    images.map((_, i) => readFile(join(out, String(i)), 'utf8').catch(messageOf)),
  );
  const right = [before, after].map(seenOn);
  return images.filter((_, i) => !right.includes((seen[i] ?? '').trim()));
}

function probeFlags({ parsed, plan, builder }: Prepared, folder: string): readonly BuildxFlag[] {
  const builders = [...valuesOf(parsed, 'builder'), ...(builder === undefined ? [] : [builder])];
  return [
    flag('no-cache', 'true'),
    ...builders.slice(0, 1).map((name) => flag('builder', name)),
    ...plan.platforms.map((platform) => flag('platform', platform)),
    ...valuesOf(parsed, 'build-context').map((named) => flag('build-context', named)),
    clockContext(folder),
  ];
}

function clockContext(folder: string): BuildxFlag {
  return flag('build-context', `${TOMORROW_CONTEXT}=${folder}`);
}

/** The pins of the build count here too; its own file is written only when it starts. */
async function policyOf(
  { sourcePolicy }: BuildPlan,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  if (sourcePolicy === undefined) return {};
  const file = join(folder, 'policy.json');
  await writeFile(file, JSON.stringify(sourcePolicy.policy));
  return { [SOURCE_POLICY_VARIABLE]: file };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}
