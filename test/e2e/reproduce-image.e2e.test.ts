import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scoville } from './harness.ts';
import {
  bases,
  bridgeAddress,
  discard,
  dockerBuild,
  type Ended,
  output,
  own,
  registry,
  run,
} from './harness.ts';
import { isWhole, rows } from './rows.ts';
import { folderHere, scovilleHere } from './workplace.ts';

/** The publisher, and somebody else, with a home and so a key of their own. */
const publisher = scovilleHere();
const other = scovilleHere();
const REPOSITORY = own(`${registry}/e2e-reproduce-image`);
/** A tag that moves between the two builds. */
const BASE = own(`${registry}/e2e-reproduce-base:1`);
const folder = folderHere('reproduce-image');
let work = '';

interface Comparison {
  readonly reproducible: boolean;
  readonly differences: readonly { readonly path: string; readonly line?: number }[];
  readonly source: {
    readonly url: string;
    readonly revision: string;
    readonly verifiedBy: string | null;
  };
}

function git(...args: readonly string[]): string {
  return execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
    cwd: work,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

function commit(): string {
  git('add', '.');
  git('commit', '-q', '-m', 'x');
  git('push', '-q', 'origin', 'HEAD');
  return git('rev-parse', 'HEAD');
}

async function publish(tag: string, flags: readonly string[] = []): Promise<string> {
  const image = `${REPOSITORY}:${tag}`;
  const context = join(work, 'app');
  await publisher.expect(0, [
    ...['build', '-q', '--grade=false', '--push', '-t', image],
    ...flags,
    context,
  ]);
  return image;
}

function reproduce(who: Scoville, args: readonly string[]): Promise<Ended> {
  // Nothing is looked up beside the command: another folder, without a settings file.
  return who.run(['reproduce', ...args], { cwd: folder });
}

async function baseImage(word: string): Promise<void> {
  await output(
    'docker',
    ['buildx', 'build', '-q', '--provenance=false', '--push', '-t', BASE, '-'],
    { input: `FROM ${bases.busybox}\nRUN echo ${word} > /base\n` },
  );
}

beforeAll(async () => {
  work = join(folder, 'work');
  execFileSync('git', ['init', '-q', '--bare', join(folder, 'repo.git')]);
  execFileSync('git', ['clone', '-q', `file://${join(folder, 'repo.git')}`, work], {
    stdio: 'ignore',
  });
  mkdirSync(join(work, 'app'));
  writeFileSync(join(work, 'app', 'Dockerfile'), dockerfile('echo $WORD > /word'));
  writeFileSync(join(work, 'app', 'file.txt'), 'content\n');
  // As `scoville init` writes it: the label that says so is an input of the build.
  writeFileSync(join(work, 'app', '.scoville.yaml'), 'secrets:\n  use: by-file\n');
  await baseImage('first');
  commit();
});

afterAll(() => {
  discard([BASE]);
});

function dockerfile(command: string): string {
  return `FROM ${BASE}\nARG WORD=none\nCOPY file.txt /\nRUN ${command}\n`;
}

describe('scoville reproduce IMAGE', () => {
  test('builds a published image again, by somebody else, and publishes the signed result, which grade and verify read', async () => {
    const revision = git('rev-parse', 'HEAD');
    const image = await publish('good', ['--build-arg', 'WORD=hello', '--annotation', 'a=b']);
    // What the tag of the base leads to now is not what the image was built on, and the branch has
    // moved on.
    await baseImage('second');
    appendFileSync(join(work, 'app', 'file.txt'), 'more\n');
    commit();
    const ended = await reproduce(other, [
      ...['--key', publisher.publicKey, '--attest', '--json', image],
    ]);
    expect(ended.exitCode, ended.stderr).toBe(0);
    const found = JSON.parse(ended.stdout) as Comparison;
    expect(found.reproducible).toBe(true);
    expect(found.source).toEqual({
      url: `file://${join(folder, 'repo.git')}`,
      revision,
      verifiedBy: publisher.publicKey,
    });
    const verified = await other.expect(0, [
      ...['verify', '--json', '--key', publisher.publicKey, '--key', other.publicKey, image],
    ]);
    expect(JSON.parse(verified.stdout)).toMatchObject({
      images: [{ reproduction: { reproducible: true, differences: 0 } }],
    });
    const keys = ['--key', publisher.publicKey, '--key', other.publicKey];
    const graded = await other.run([
      ...['grade', '--json', '--offline', '--scanner=none', ...keys, `registry:${image}`],
    ]);
    expect(outcomeOf(graded.stdout)).toBe('pass');
    // Without trust in whoever says so, nobody has said so.
    const alone = await other.run([
      ...['grade', '--json', '--offline', '--scanner=none', '--key', publisher.publicKey],
      `registry:${image}`,
    ]);
    expect(outcomeOf(alone.stdout)).toBe('unknown');
  });

  test.runIf(isWhole)(
    'whoever published it has a copy in the layout of builds, which grade opens first',
    async () => {
      const image = `${REPOSITORY}:good`;
      await reproduce(publisher, ['--attest', image]);
      const own = await publisher.run([
        ...['grade', '--json', '--offline', '--scanner=none', '--key', publisher.publicKey],
        image,
      ]);
      expect(own.stderr).toContain('from the layout of builds');
      expect(outcomeOf(own.stdout)).toBe('pass');
    },
  );

  const FETCHED = [
    ['deterministic', 'so does the time that RUNs saw'],
    ['safe', 'nothing else does'],
  ] as const;
  test.each(rows(FETCHED, ([mode]) => mode === 'deterministic'))(
    'what was fetched travels with the image, a stranger replays it when the server is gone; %s: %s',
    async (mode) => {
      const gateway = await bridgeAddress();
      const server = createServer((_, response) => response.end(`answer ${Math.random()}\n`));
      await new Promise<void>((done) => server.listen(0, gateway, done));
      const { port } = server.address() as AddressInfo;
      const text = dockerfile(`wget -qO /answer http://${gateway}:${port}/answer`);
      writeFileSync(join(work, 'app', 'Dockerfile'), text);
      writeFileSync(join(work, 'app', '.dockerignore'), 'scoville.lock\n');
      commit();
      const image = await publish(`inputs-${mode}`, ['--record', `--repro=${mode}`]);
      server.closeAllConnections();
      server.close();
      const stranger = ['--key', publisher.publicKey, image];
      // Private answers stay at home until their owner says otherwise.
      const without = await reproduce(other, stranger);
      expect(without.exitCode).toBe(2);
      expect(without.stderr).toContain('scoville push --with-inputs');
      await publisher.expect(0, ['push', '--with-inputs', image]);
      const ended = await reproduce(other, stranger);
      expect(ended.exitCode, ended.stderr).toBe(0);
      expect(ended.stdout).toContain('every image manifest has the same digest');
      rmSync(join(work, 'app', 'scoville.lock'));
      writeFileSync(join(work, 'app', 'Dockerfile'), dockerfile('echo $WORD > /word'));
      commit();
    },
  );

  test('a signer that was named and did not sign: exit 2, and nothing is built', async () => {
    const ended = await reproduce(other, ['--key', other.publicKey, `${REPOSITORY}:good`]);
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain('no provenance of it is signed by');
    expect(ended.stderr).not.toContain('again');
    expect(ended.stdout).toBe('');
  });

  test('names what differs, with the Dockerfile line of the source: exit 1', async () => {
    writeFileSync(join(work, 'app', 'Dockerfile'), dockerfile('date +%s%N > /built'));
    commit();
    const image = await publish('dated');
    const ended = await reproduce(other, ['--json', image]);
    expect(ended.exitCode, ended.stderr).toBe(1);
    expect(ended.stderr).toContain('the provenance is not verified');
    const found = JSON.parse(ended.stdout) as Comparison;
    expect(found.differences.map(({ path, line }) => [path, line])).toEqual([['built', 4]]);
    expect(found.source.verifiedBy).toBeNull();
  });

  test('an image that BuildKit itself published is built as BuildKit does', async () => {
    const image = `${REPOSITORY}:plain`;
    const pushed = await dockerBuild([
      ...['-q', '--provenance=mode=max', '--push', '-t', image],
      ...['--build-arg', 'SOURCE_DATE_EPOCH=1700000000', join(work, 'app')],
    ]);
    expect(pushed.exitCode, pushed.stderr).toBe(0);
    await run('docker', ['rmi', '-f', image]);
    const ended = await reproduce(other, ['--json', image]);
    expect(ended.exitCode, ended.stderr).toBe(1);
    const paths = (JSON.parse(ended.stdout) as Comparison).differences.map(({ path }) => path);
    expect(paths).toContain('built');
    // The config and what COPY wrote are the same: epoch, arguments and base are.
    expect(paths.filter((path) => path.startsWith('config'))).toEqual([]);
  });

  describe('what the provenance lacks: exit 2, never a verdict', () => {
    test('a working tree with changes', async () => {
      appendFileSync(join(work, 'app', 'file.txt'), 'not committed\n');
      const image = await publish('dirty');
      git('checkout', '-q', '.');
      const ended = await reproduce(other, [image]);
      expect(ended.exitCode).toBe(2);
      expect(ended.stderr).toContain('it was built from a working tree with uncommitted changes');
    });

    test('no repository at all', async () => {
      const image = `${REPOSITORY}:stray`;
      const context = join(folder, 'stray');
      mkdirSync(context);
      writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
      await publisher.expect(0, [
        ...['build', '-q', '--grade=false', '--push', '-t', image, context],
      ]);
      const ended = await reproduce(other, [image]);
      expect(ended.exitCode).toBe(2);
      expect(ended.stderr).toContain('its provenance does not name a source repository and commit');
    });

    test('a masked argument until it is given, a commit that is nowhere to be had until another copy is named', async () => {
      writeFileSync(
        join(work, 'app', 'Dockerfile'),
        `FROM ${BASE}\nARG API_TOKEN\nRUN echo $API_TOKEN | md5sum > /t\n`,
      );
      commit();
      const image = await publish('masked', ['--build-arg', 'API_TOKEN=abcdefgh']);
      const ended = await reproduce(other, [image]);
      expect(ended.exitCode).toBe(2);
      expect(ended.stderr).toContain('the value of "build-arg:API_TOKEN" is masked');
      const copy = join(folder, 'copy.git');
      renameSync(join(folder, 'repo.git'), copy);
      const gone = await reproduce(other, ['--build-arg', 'API_TOKEN=abcdefgh', image]);
      expect(gone.exitCode).toBe(2);
      expect(gone.stderr).toContain('cannot be had');
      const elsewhere = await reproduce(other, [
        ...['--source', `file://${copy}`, '--build-arg', 'API_TOKEN=abcdefgh', image],
      ]);
      expect(elsewhere.exitCode, elsewhere.stderr).toBe(0);
      expect(elsewhere.stdout).toContain('The same: every image manifest has the same digest.');
    });

    test('a source that is named in a way that runs a program', async () => {
      const ended = await reproduce(other, [
        ...['--source', `ext::touch ${join(folder, 'marker')}`],
        ...['--build-arg', 'API_TOKEN=abcdefgh', `${REPOSITORY}:masked`],
      ]);
      expect(ended.exitCode).toBe(2);
      expect(ended.stderr).toContain('asks git for a helper program, which is not run');
    });
  });
});

function outcomeOf(scorecard: string): string | undefined {
  const { criteria } = JSON.parse(scorecard) as {
    readonly criteria: readonly { readonly id: string; readonly outcome: string }[];
  };
  return criteria.find(({ id }) => id === 'reproducible')?.outcome;
}
