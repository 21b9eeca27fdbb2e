import { chmodSync, existsSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { written } from '../fakes/written.ts';
import { bases, output, OWN } from './harness.ts';
import { isWhole } from './rows.ts';
import { folderHere, scovilleHere } from './workplace.ts';

interface Comparison {
  readonly reproducible: boolean;
  readonly first: { readonly digest: string };
  readonly differences: readonly {
    readonly path: string;
    readonly class: string;
    readonly line: number | null;
    readonly remedy: string | null;
  }[];
}

const scoville = scovilleHere();
const folder = folderHere('corpus');

function context(
  name: string,
  dockerfile: string,
  files: Readonly<Record<string, string>> = {},
): string {
  return written(join(folder, name), { Dockerfile: dockerfile, ...files });
}

async function reproduced(dir: string, ...flags: string[]): Promise<Comparison> {
  const { stdout, stderr, exitCode } = await scoville.run(['reproduce', '--json', ...flags, dir]);
  if (exitCode > 1 || stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Comparison;
}

const found = ({ differences }: Comparison) =>
  differences.map(({ path, class: id, line }) => [path, id, line]);

describe('a program’s own idea of the time', () => {
  const text = `FROM ${bases.debian}\n# said once\nRUN echo "\${SOURCE_DATE_EPOCH:-$(date +%s%N)}" > /stamp\n`;

  test('is named by safe rules, and with aggressive ones SOURCE_DATE_EPOCH reaches the RUN, the Dockerfile untouched', async () => {
    const dir = context('stamp', text);
    const safe = await reproduced(dir);
    expect(found(safe).map(([path, , line]) => [path, line])).toEqual([['stamp', 3]]);
    const aggressive = await reproduced(dir, '--repro=aggressive');
    expect(found(aggressive)).toEqual([]);
  });

  test('a mistake is still where the user made it, and the file’s own .dockerignore counts', async () => {
    const dir = context('mistake', '', {
      'app.Dockerfile': `FROM ${bases.debian}\nCOPY . /app\nRUN test ! -e /app/hidden && exit 7\n`,
      'app.Dockerfile.dockerignore': 'hidden\n',
      hidden: 'x',
    });
    const file = join(dir, 'app.Dockerfile');
    const ended = await scoville.expect(1, ['reproduce', '--repro=aggressive', '-f', file, dir]);
    expect(ended.stderr).toContain('exit code: 7');
    expect(ended.stderr).toMatch(/app\.Dockerfile:3$/m);
    expect(ended.stderr).not.toMatch(/\| +(?:>>> )?ARG SOURCE_DATE_EPOCH/);
  });
});

test('a time of day shows, however quick the builds are', async () => {
  const dir = context('seconds', `FROM ${bases.busybox}\nRUN date +%T-${OWN} > /t\n`);
  expect(found(await reproduced(dir)).map(([path]) => path)).toEqual(['t']);
});

test('a temporary name and a number of the kernel beside a date that stays are no date', async () => {
  const dir = context(
    'beside',
    `FROM ${bases.debian}\nRUN echo "2026-11-24 in $(mktemp -d)" > /srv/name\nRUN echo "2026-11-24 inode $(date +%N)" > /srv/inode\n`,
  );
  const comparison = await reproduced(dir);
  // Each build has a folder of its own, in an order that says nothing.
  const isFolder = ([path]: readonly unknown[]) => String(path).startsWith('tmp/tmp.');
  const all = found(comparison);
  expect(all.filter((one) => !isFolder(one)).sort()).toEqual([
    ['srv/inode', 'machine-number', 3],
    ['srv/name', 'temporary-file', 2],
  ]);
  const folders = all.filter(isFolder).map(([, ...what]) => what);
  expect(folders).toEqual([
    ['temporary-file', 2],
    ['temporary-file', 2],
  ]);
});

test.runIf(isWhole)(
  'archives of a checkout differ by its times, and no more with aggressive rules',
  async () => {
    const dir = context(
      'packed',
      `FROM ${bases.debian} AS pack\nCOPY . /src\nRUN mkdir /out && tar czf /out/src.tar.gz src && gzip -c src/a > /out/a.gz\nFROM scratch\nCOPY --from=pack /out /\n`,
      { a: 'a', b: 'b' },
    );
    expect((await reproduced(dir)).differences.map(({ path }) => path)).toContain('src.tar.gz');
    expect(found(await reproduced(dir, '--repro=aggressive'))).toEqual([]);
  },
);

test.runIf(isWhole)('the user’s own rules settle what only the user knows', async () => {
  const dir = context(
    'own',
    `FROM ${bases.busybox}\nRUN mkdir /srv && cd /srv && date +%s%N > a.log && date +%s%N > b.id && touch -d @1000 c\n`,
    {
      '.scoville.yaml':
        'reproducible: { empty: [srv/*.log], drop: [srv/*.id], time: { srv/c: epoch } }\n',
    },
  );
  expect(found(await reproduced(dir))).toEqual([]);
});

test.runIf(isWhole)('other modes of a checkout are named by class and remedy', async () => {
  const dir = context('modes', `FROM scratch\nCOPY a b /\n`, { a: 'a', b: 'b' });
  const digests: string[] = [];
  for (const mode of [0o644, 0o664]) {
    chmodSync(join(dir, 'a'), mode);
    utimesSync(join(dir, 'a'), mode, mode);
    digests.push((await reproduced(dir)).first.digest);
  }
  expect(new Set(digests).size).toBe(2);
  const chmod = context('chmod', `FROM scratch\nCOPY --chmod=644 a b /\n`, { a: 'a', b: 'b' });
  const same: string[] = [];
  for (const mode of [0o644, 0o664]) {
    chmodSync(join(chmod, 'a'), mode);
    same.push((await reproduced(chmod)).first.digest);
  }
  expect(new Set(same).size).toBe(1);
});

describe('the same inputs', () => {
  const own = OWN;

  test('dates, hashes and times of the context are the same', async () => {
    const dir = context(
      'steady',
      `FROM ${bases.debian}\nCOPY a /a\nRUN date +%s%N-${own} > /date; stat -c %Y /a >> /date; perl -e 'my %h = map { $_ => 1 } 1 .. 20; print keys %h' >> /date; nproc >> /date\n# Its group gives it rights: the loader takes variables from it.\nRUN chage -l root\n`,
      { a: 'a' },
    );
    expect(found(await reproduced(dir, '--repro=deterministic'))).toEqual([]);
  });

  test.runIf(isWhole)(
    'programs of Go, linked statically, write the recorded time, and what they start can be traced',
    async () => {
      const golang = (await output('scripts/engine.sh', ['stacks', 'golang:1.24'])).trim();
      const leak = `printf 'int main(){ volatile char *p = __builtin_malloc(9); p[0] = ${Number(own) % 9}; p = 0; }' > l.c && gcc -fsanitize=leak -o /leak l.c`;
      const dir = context(
        'static',
        `FROM ${golang}\nWORKDIR /src\nCOPY main.go .\nRUN ${leak}\nRUN CGO_ENABLED=0 go run main.go > /seen && cat /seen\nRUN grep -qx 'go 1704164645' /seen && grep -qx 'date 1704164645' /seen && grep -qx 'leak true' /seen\n`,
        {
          'main.go': `package main

import (
	"fmt"
	"os/exec"
	"strings"
	"time"
)

func main() {
	fmt.Println("go", time.Now().Unix())
	date, _ := exec.Command("date", "+date %s").Output()
	leak, _ := exec.Command("/leak").CombinedOutput()
	fmt.Print(string(date))
	fmt.Println("leak", strings.Contains(string(leak), "detected memory leaks"))
}
`,
          '.scoville.yaml':
            'reproducible: { mode: deterministic, start: 2024-01-02T03:04:05Z, drop: [tmp/**, root/**] }\n',
        },
      );
      expect(found(await reproduced(dir))).toEqual([]);
    },
  );

  test('a seed repeats random numbers, and a key made under it ends the build', async () => {
    const seeded = { '.scoville.yaml': 'reproducible: { mode: deterministic, seed: 7 }\n' };
    const draw = `RUN perl -e 'use POSIX; system("mktemp -u /tmp/${own}-XXXXXXXX > /drawn")'`;
    expect(
      found(await reproduced(context('drawn', `FROM ${bases.debian}\n${draw}\n`, seeded))),
    ).toEqual([]);
    const key = `RUN mkdir -p /etc/ssl/private && printf '%s\\n' '-----BEGIN PRIVATE KEY-----' "$(head -c 96 /dev/zero | base64 -w64 | tr A "$(date +%s | cut -c1)")" '-----END PRIVATE KEY-----' > /etc/ssl/private/own.key`;
    const dir = context('predictable', `FROM ${bases.debian}\nRUN true\n${key}\n`, seeded);
    const ended = await scoville.expect(2, ['reproduce', dir]);
    expect(ended.stderr).toContain('predictable secrets');
    expect(ended.stderr).toContain('etc/ssl/private/own.key');
    expect(ended.stderr).toContain('Dockerfile line 3');
  });

  test.runIf(isWhole)(
    'a value that another seed makes otherwise ends the build where it may be a secret',
    async () => {
      const seeded = { '.scoville.yaml': 'reproducible: { mode: deterministic, seed: 7 }\n' };
      const flags = ['build', '--sign=false', '--grade=false'];
      const draw = (letters: number): string =>
        `RUN mkdir /srv/${own} && cd /srv/${own} && mktemp -u ${'X'.repeat(letters)} > drawn\n`;
      const dir = context('token', `FROM ${bases.debian}\nRUN true\n${draw(24)}`, seeded);
      const ended = await scoville.expect(2, [...flags, dir]);
      expect(ended.stderr).toContain(
        `predictable values: with seeded random numbers, anyone can make srv/${own}/drawn:1 (Dockerfile line 3)`,
      );
      const name = context('name', `FROM ${bases.debian}\n${draw(6)}`, seeded);
      const built = await scoville.expect(0, [...flags, name]);
      expect(built.stderr).toContain('with another seed');
      // What was found of a digest is kept.
      expect((await scoville.expect(0, [...flags, name])).stderr).not.toContain(
        'with another seed',
      );
    },
  );
});

test('nothing stays of a Dockerfile that was sent', () => {
  expect(existsSync(join(folder, 'stamp', 'sent'))).toBe(false);
});
