import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { written } from '../fakes/written.ts';
import {
  bases,
  discard,
  dockerBuild,
  type Ended,
  filesOf,
  output,
  OWN,
  registry,
  run,
} from './harness.ts';
import { configOf } from './image-config.ts';
import { type FlagCase, flagCases, OTHERWISE, WRONG_USES } from './parity-flag-cases.ts';
import { rows } from './rows.ts';
import { folderHere, scovilleHere } from './workplace.ts';

type Tool = 'docker' | 'scoville';
const TOOLS = ['docker', 'scoville'] as const;
const CASES = flagCases(registry);
/** One of each way in which a build ends, and with what it is given. */
const FEW = ['build-arg', 'push', 'secret', 'no-such-flag'];
const TRIED = rows(
  CASES.map((one, at) => ({ ...one, at })),
  ({ flag }) => FEW.includes(flag),
);
const scoville = scovilleHere();
const folder = folderHere('parity-flags');
const made = new Set<string>();

beforeAll(() => {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  writeFileSync(join(folder, 'key'), privateKey, { mode: 0o600 });
});
afterAll(() => {
  discard([...made]);
});

/** A context of the same name for each of the two. */
function contextOf(one: FlagCase, tool: Tool, at: number): string {
  const dir = join(folder, String(at), tool, 'app');
  const { dockerfile = 'RUN echo built > /built\n' } = one;
  const gap = dockerfile.startsWith('AS ') ? ' ' : '\n';
  const files = { Dockerfile: `FROM ${bases.busybox}${gap}${dockerfile}`, ...one.files };
  return written(dir, files);
}

function build(tool: Tool, args: readonly string[], cwd: string): Promise<Ended> {
  const words = args.map((arg) =>
    arg.replace('TOOL', `${OWN}-${tool}`).replace('KEY', join(folder, 'key')),
  );
  for (const [i, word] of words.entries()) if (word === '-t') made.add(words[i + 1] ?? '');
  return tool === 'docker'
    ? dockerBuild(words, { cwd })
    : // What is added to an image is the subject of other tests.
      scoville.run(['build', '--no-sign', '--no-grade', ...words], { cwd });
}

const withoutDigests = (text: string): string => text.replace(/sha256:[0-9a-f]{64}/g, 'DIGEST');

/** What a file says, in a form in which two builds can be compared. */
function said(path: string, how: string): unknown {
  if (!existsSync(path)) return 'not there';
  if (how === 'there') return 'there';
  if (how === 'text') return withoutDigests(readFileSync(path, 'utf8'));
  if (how === 'tree')
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .map((name) => {
        const stats = statSync(join(path, name), { throwIfNoEntry: false });
        return stats?.isFile() === true ? `${name} ${stats.mode} ${stats.size}` : name;
      })
      .sort();
  const json = JSON.parse(withoutDigests(readFileSync(path, 'utf8'))) as Record<string, unknown>;
  const { 'containerimage.descriptor': descriptor, ...rest } = json;
  // docs/compatibility.md, metadata.
  if (how === 'json') {
    delete rest['buildx.build.provenance'];
    delete rest['containerimage.config.digest'];
  }
  return {
    ...rest,
    'buildx.build.ref': String(rest['buildx.build.ref']).replace(/[a-z0-9]{25}$/, 'REF'),
    'image.name': String(rest['image.name']).replaceAll(/-(docker|scoville):/g, '-TOOL:'),
    // docs/compatibility.md, digest: ours is an index, whatever is in it.
    ...(how === 'json' && { mediaType: (descriptor as { mediaType?: string }).mediaType }),
  };
}

async function tarList(bytes: Uint8Array): Promise<string> {
  return (await run('tar', ['-tf', '-'], { input: bytes })).stdout;
}

/** Builds, and gives all that is compared. */
async function outcomeOf(one: FlagCase, tool: Tool, at: number): Promise<unknown> {
  const cwd = contextOf(one, tool, at);
  const image = `parity-flags-${OWN}-${tool}:1`;
  const remote = `${registry}/e2e/${image}`;
  const [tag, name] =
    one.result === 'none'
      ? [[], '']
      : one.result === 'registry'
        ? [[], remote]
        : [['-t', image], image];
  made.add(image);
  // What an earlier case left must not be taken for this one's.
  await run('docker', ['rmi', '--force', image, remote]);
  const ended = await build(tool, [...tag, ...one.args, '.'], cwd);
  const isThere = ended.exitCode === 0 && name !== '';
  if (isThere && name === remote) {
    await run('docker', ['rmi', '--force', name]);
    await output('docker', ['pull', '-q', name]);
  }
  if (isThere && one.wrote?.['iid'] !== undefined)
    expect(readFileSync(join(cwd, 'iid'), 'utf8')).toBe(
      (await output('docker', ['image', 'inspect', '--format', '{{.Id}}', name])).trim(),
    );
  const wrote: Record<string, unknown> = {};
  for (const [path, how] of Object.entries(one.wrote ?? {}))
    wrote[path] =
      how === 'tar' ? await tarList(readFileSync(join(cwd, path))) : said(join(cwd, path), how);
  return {
    exitCode: ended.exitCode,
    stdout: one.tarOnStdout === true ? await tarList(ended.bytes) : withoutDigests(ended.stdout),
    wrote,
    files: isThere ? await filesOf(name) : [],
    config: isThere ? await configOf(name) : {},
  };
}

describe('each flag of docker buildx build does through scoville what it does without', () => {
  test('there is a case for every flag that this buildx shows, experimental ones too', async () => {
    const help = await output('docker', ['buildx', 'build', '--help'], {
      env: { BUILDX_EXPERIMENTAL: '1' },
    });
    const shown = [...help.matchAll(/^ {2,6}(?:-\w, )?--([a-z-]+)/gm)].map(
      ([, name]) => name ?? '',
    );
    expect(shown.length).toBeGreaterThan(30);
    const known = CASES.flatMap(({ flag, also = [] }) => [flag, ...also]);
    expect(shown.filter((name) => !known.includes(name))).toEqual([]);
  });

  test.each(TRIED.map((one) => ({ ...one, title: one.name ?? one.args.join(' ') })))(
    '--$flag: $title',
    async ({ at, ...one }) => {
      const [theirs, ours] = await Promise.all(TOOLS.map((tool) => outcomeOf(one, tool, at)));
      expect(ours).toEqual(theirs);
    },
  );

  const wrongUses = [
    ...TRIED,
    ...rows(WRONG_USES, ([flag]) => flag === '--secret').map((wrong, i) => {
      return {
        flag: wrong[0]?.replace(/^-*/, '') ?? '',
        args: [],
        at: CASES.length + 1 + i,
        wrong,
      };
    }),
  ];
  test.each(
    wrongUses.flatMap(({ wrong, ...one }) => (wrong === undefined ? [] : [{ ...one, wrong }])),
  )('--$flag wrongly used: $wrong', async ({ at, wrong, ...one }) => {
    const [theirs, ours] = await Promise.all(
      TOOLS.map((tool) => build(tool, [...wrong, '.'], contextOf(one, tool, at))),
    );
    const isSame = ours?.exitCode === theirs?.exitCode;
    expect([ours?.exitCode, ours?.stdout, isSame ? '' : ours?.stderr]).toEqual([
      theirs?.exitCode,
      theirs?.stdout,
      '',
    ]);
  });
});

describe('what ends otherwise, as docs/compatibility.md says', () => {
  const first = CASES.length + 1 + WRONG_USES.length;
  const uses = rows(OTHERWISE, ({ differs }) => differs === 'archive');
  test.each(uses.map((one, i) => ({ ...one, at: first + i })))(
    '$differs: $args',
    async ({ args, codes, at }) => {
      const ended = TOOLS.map((tool) =>
        build(tool, [...args, '.'], contextOf({ flag: '', args }, tool, at)),
      );
      expect((await Promise.all(ended)).map(({ exitCode }) => exitCode)).toEqual(codes);
    },
  );
});

describe('what docs/compatibility.md says of every build', () => {
  test('a scorecard on stdout, labels, and what was pushed is in Docker too', async () => {
    const cwd = contextOf({ flag: 'push', args: [] }, 'scoville', CASES.length);
    const name = `${registry}/e2e/parity-flags-every:${OWN}`;
    made.add(name);
    const isInDocker = async (): Promise<boolean> =>
      (await run('docker', ['image', 'inspect', name])).exitCode === 0;
    const args = ['--push', '-t', name, '.'];
    const ours = await scoville.expect(0, ['build', '--no-sign', '--scanner', 'none', ...args], {
      cwd,
    });
    expect([ours.stdout.includes('Level'), await isInDocker()]).toEqual([true, true]);
    const labels = await output('docker', [
      ...['image', 'inspect', '--format', '{{json .Config.Labels}}', name],
    ]);
    expect(labels).toContain('"org.opencontainers.image.title":');
    await run('docker', ['rmi', '--force', name]);
    const theirs = await dockerBuild(args, { cwd });
    expect([theirs.exitCode, theirs.stdout, await isInDocker()]).toEqual([0, '', true]);
  });
});
