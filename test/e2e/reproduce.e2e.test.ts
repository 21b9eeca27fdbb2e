import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { written } from '../fakes/written.ts';
import { bases, discard, farFromMidnight, output, own, registry, ROOT } from './harness.ts';
import { isWhole, rows } from './rows.ts';
import { folderHere, scovilleHere } from './workplace.ts';

interface Comparison {
  readonly reproducible: boolean;
  readonly first: { readonly digest: string };
  readonly second: { readonly digest: string };
  readonly differences: readonly {
    readonly path: string;
    readonly kind: string;
    readonly class: string;
    readonly line: number | null;
    readonly detail: string;
    readonly copiedFrom?: object;
  }[];
}

const scoville = scovilleHere();
const folder = folderHere('reproduce');

afterAll(() => {
  discard([own('scoville-diff:a'), own('scoville-diff:b')]);
});

function context(name: string, dockerfile: string): string {
  return written(join(folder, name), { Dockerfile: dockerfile, 'file.txt': 'content\n' });
}

describe('scoville reproduce', () => {
  const EXAMPLE = [
    ...['--build-arg', `NODE_BUILD=${bases.node}`],
    ...['--build-arg', `NODE_RUNTIME=${bases.nodeDistroless}`, join(ROOT, 'examples/node-app')],
  ];
  test.each(
    rows(
      [
        ['a small image', () => [context('same', `FROM ${bases.busybox}\nRUN date > /dev/null\n`)]],
        ['the example', () => EXAMPLE],
      ] as const,
      (_, at) => at === 0,
    ),
  )('proves %s: exit 0, one digest, nothing kept', async (_, project) => {
    // A folder of its own: others build at the same time.
    const own = mkdtempSync(join(folder, 'tmp-'));
    const ended = await scoville.expect(0, ['reproduce', '--json', ...project()], {
      env: { TMPDIR: own },
    });
    const found = JSON.parse(ended.stdout) as Comparison;
    expect(found.reproducible).toBe(true);
    expect(found.differences).toEqual([]);
    expect(found.second.digest).toBe(found.first.digest);
    expect(readdirSync(own)).toEqual([]);
  });

  test('names file, class, Dockerfile line and cause of what differs: exit 1', async () => {
    const dir = context(
      'dated',
      `FROM ${bases.busybox}\nWORKDIR /srv\nCOPY . .\nRUN date > /built && cat /proc/sys/kernel/random/uuid > /id\nRUN : > /empty\n`,
    );
    const ended = await scoville.expect(1, ['reproduce', '--json', dir]);
    expect(ended.stdout, ended.stderr).not.toBe('');
    const found = JSON.parse(ended.stdout) as Comparison;
    expect(found.reproducible).toBe(false);
    expect(
      found.differences.map(({ path, kind, class: id, line }) => [path, kind, id, line]),
    ).toEqual([
      ['built', 'content', 'build-date', 4],
      ['id', 'content', 'random-id', 4],
    ]);
  });

  test('prints the one command that was seen to make both builds the same, else whose change it is', async () => {
    const dir = context(
      'archived',
      `FROM ${bases.busybox}\nRUN cat /proc/sys/kernel/random/uuid > /app.jsa\n`,
    );
    const image = ['-t', own('reproduce-archived:1'), dir];
    const ended = await scoville.expect(1, ['reproduce', ...image]);
    const words = ['build', '--repro=aggressive', '--prove', ...image];
    expect(ended.stderr).toContain(`next: scoville ${words.join(' ')}\n`);
    const proven = await scoville.expect(0, words);
    expect(proven.stderr).toContain('a second build gave the same digest');
    const drawn = context('drawn', `FROM ${bases.busybox}\nRUN head -c 8 /dev/urandom > /out\n`);
    const other = await scoville.expect(1, ['reproduce', drawn]);
    expect(other.stderr).toContain('A person must decide: ');
    expect(other.stderr).not.toContain('next:');
  });

  test('names the line of a stage that wrote what COPY takes from it, without running it again', async () => {
    const dir = context(
      'staged',
      [
        `FROM ${bases.busybox} AS deps`,
        'RUN mkdir /mods && cat /proc/sys/kernel/random/uuid > /mods/id',
        `FROM ${bases.busybox} AS build`,
        'WORKDIR /src',
        'COPY --from=deps /mods ./mods',
        'RUN cat /proc/sys/kernel/random/uuid > made',
        'RUN chmod 755 made',
        `FROM ${bases.busybox}`,
        'COPY --from=build /src /app/',
        '',
      ].join('\n'),
    );
    const ended = await scoville.expect(1, ['reproduce', '--json', dir]);
    expect(ended.stdout, ended.stderr).not.toBe('');
    const { differences } = JSON.parse(ended.stdout) as Comparison;
    expect(differences.map(({ path, line, copiedFrom }) => [path, line, copiedFrom])).toEqual([
      ['app/made', 9, { name: 'build', runLines: [2, 6, 7] }],
      ['app/mods/id', 9, { name: 'build', runLines: [2, 6, 7] }],
    ]);
    expect(ended.stderr).not.toContain('does not say');
  });

  test('--tomorrow: the second build runs on the next day, which only what writes a date notices', async () => {
    await farFromMidnight();
    // Each run has a step of its own: one cached yesterday holds yesterday's date.
    const dir = context(
      'tomorrow',
      `FROM ${bases.debian}\nRUN useradd someone\nRUN date +%F > /day # ${Date.now()}\n`,
    );
    await scoville.expect(0, ['reproduce', dir]);
    const ended = await scoville.expect(1, ['reproduce', '--tomorrow', '--json', dir]);
    const { differences } = JSON.parse(ended.stdout) as Comparison;
    expect(differences.map(({ path, class: id, line }) => [path, id, line])).toEqual([
      ['day', 'build-date', 3],
    ]);
    // No library can move the clock of a statically linked program.
    writeFileSync(join(dir, 'Dockerfile'), `FROM ${bases.busybox}\nRUN echo x > /x\n`);
    const cannot = await scoville.expect(2, ['reproduce', '--tomorrow', dir]);
    expect(cannot.stderr).toContain('see today’s date all the same');
    expect(cannot.stdout).toBe('');
  });

  test.runIf(isWhole)(
    'an image of an earlier C library than this machine’s has the recorded time, and another day',
    async () => {
      await farFromMidnight();
      const base = own(`${registry}/e2e-older-glibc:1`);
      await output('docker', [
        ...['buildx', 'build', '-q', '--provenance=false', '--push', '-t', base],
        ...['--build-arg', `DEBIAN=${bases.debian}`, join(ROOT, 'test/fixtures/older-glibc')],
      ]);
      const asked = `date +%s; perl -e 'print "\\n", time; sleep 1; print " and ", time, "\\n"'`;
      // The loader leaves out variables that count for nothing in a program that gives rights.
      const rights = 'cp /bin/echo /r; chgrp 1 /r; chmod g+s /r; LD_LIBRARY_PATH=/x /r given';
      const steps = `RUN { ${asked}; } | tee /seen && { ${rights}; } # ${Date.now()}`;
      const dir = context('older', `FROM ${base}\n${steps}\n`);
      const start = join(folder, 'start.yaml');
      writeFileSync(start, 'reproducible: { start: 2024-01-02T03:04:05Z }\n');
      const built = await scoville.expect(0, [
        ...['build', '--grade=false', '--progress=plain', '--repro=deterministic'],
        ...['--config', start, dir],
      ]);
      const seconds = String(Date.parse('2024-01-02T03:04:05Z') / 1000);
      expect(built.stderr).toMatch(new RegExp(` ${seconds}$`, 'm'));
      expect(built.stderr).toMatch(/ given$/m);
      expect(built.stderr).toMatch(new RegExp(` ${seconds} and ${seconds}$`, 'm'));
      const ended = await scoville.expect(1, ['reproduce', '--tomorrow', '--json', dir]);
      const { differences } = JSON.parse(ended.stdout) as Comparison;
      expect(differences.map(({ path, line }) => [path, line])).toEqual([['seen', 2]]);
      discard([base]);
    },
  );

  test('a build that fails keeps buildx’ exit code and says nothing of reproducibility', async () => {
    const dir = context('broken', `FROM ${bases.busybox}\nRUN exit 7\n`);
    const ended = await scoville.expect(1, ['reproduce', dir]);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toContain('exit code: 7');
  });

  test('an output that is no image is refused', async () => {
    const dir = context('local', `FROM ${bases.busybox}\n`);
    const ended = await scoville.expect(2, ['reproduce', '-o', join(folder, 'out'), dir]);
    expect(ended.stderr).toContain('the build has no image to compare');
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });
});

describe('scoville diff', () => {
  test('holds two images of Docker against each other, down to the entry', async () => {
    const dir = context(
      'diff',
      `FROM ${bases.busybox}\nARG WORD\nRUN echo $WORD > /word; echo same > /same\n`,
    );
    for (const [tag, word] of [
      ['a', 'one'],
      ['b', 'two'],
    ] as const)
      await scoville.expect(0, [
        ...['build', '--load', '--sign=false', '--grade=false', '--build-arg', `WORD=${word}`],
        ...['-t', own(`scoville-diff:${tag}`), dir],
      ]);
    const same = await scoville.expect(0, [
      'diff',
      own('scoville-diff:a'),
      `docker:${own('scoville-diff:a')}`,
    ]);
    expect(same.stdout).toContain('The same: every image manifest has the same digest.');
    const ended = await scoville.expect(1, [
      'diff',
      '--json',
      own('scoville-diff:a'),
      own('scoville-diff:b'),
    ]);
    const { differences } = JSON.parse(ended.stdout) as Comparison;
    expect(
      differences.filter(({ kind }) => kind !== 'config').map(({ path, detail }) => [path, detail]),
    ).toEqual([['word', 'content; line 1: "one" and "two"']]);
  });

  test('takes two images, no more and no less', async () => {
    const ended = await scoville.expect(2, ['diff', own('scoville-diff:a')]);
    expect(ended.stderr).toContain('diff takes two images');
  });
});
