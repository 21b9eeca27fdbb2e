import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { contextIgnore } from '../../../src/build/context-source.ts';
import { readDockerfile } from '../../../src/dockerfile/read-dockerfile.ts';
import { substitute } from '../../../src/dockerfile/substitute.ts';
import { chooseEntries } from '../../../src/image/platforms.ts';
import type { Descriptor } from '../../../src/model/image.ts';
import { Random } from '../random.ts';
import {
  ARCHITECTURES,
  madeDockerfile,
  madeIgnoreFile,
  madePath,
  madeWord,
  OPERATING_SYSTEMS,
  VARIANTS,
} from './made-texts.ts';

const GOPATH = process.env['GOPATH'] ?? '/usr/share/gocode';
const ENV: Readonly<Record<string, string>> = {
  A: 'axbxc',
  B: '$A',
  C: "it's",
  E: '',
  P: '/usr/local',
};

interface Case {
  /** What the packages are asked. */
  readonly question: Readonly<Record<string, unknown>>;
  /** What is wrong with our reading, given theirs. */
  readonly wrong: (theirs: never) => string | undefined;
}

/**
 * Holds our reading of Dockerfiles, words, ignore files and platforms against the Go packages of
 * Docker; gives how many differ.
 */
export async function runTexts(options: {
  readonly seed: number;
  readonly until: number;
  readonly log: (line: string) => void;
}): Promise<{ readonly cases: number; readonly differing: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'scoville-texts-'));
  try {
    const oracle = spawn(builtOracle(folder), [], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: oracle.stdout })[Symbol.asyncIterator]();
    let cases = 0;
    let differing = 0;
    for (; Date.now() < options.until; cases += 1) {
      const random = new Random(options.seed + cases);
      const { question, wrong } = random.pick(CASES)(random);
      oracle.stdin.write(`${JSON.stringify(question)}\n`);
      const next = await lines.next();
      const { value, error } = JSON.parse(String(next.value)) as { value?: never; error?: string };
      // What they refuse is no difference: nothing is built then.
      const found = error === undefined ? wrong(value as never) : undefined;
      if (found === undefined) continue;
      differing += 1;
      options.log(`seed ${options.seed + cases}: ${JSON.stringify(question)}\n  ${found}`);
    }
    oracle.stdin.end();
    await once(oracle, 'exit');
    return { cases, differing };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function builtOracle(folder: string): string {
  if (!existsSync(join(GOPATH, 'src/github.com/moby/buildkit/frontend/dockerfile/parser')))
    throw new Error(
      'Go and the packages of Docker are not there: apt-get install golang-go golang-github-docker-docker-dev',
    );
  const program = join(folder, 'oracle');
  execFileSync('go', ['build', '-o', program, 'test/differential/texts/oracle.go'], {
    stdio: 'inherit',
    env: { ...process.env, GOPATH, GO111MODULE: 'off' },
  });
  return program;
}

const CASES: readonly ((random: Random) => Case)[] = [
  dockerfileCase,
  wordCase,
  ignoreCase,
  platformCase,
];

interface TheirLine {
  readonly Keyword: string;
  readonly Words: readonly string[];
  readonly IsJSON: boolean;
  readonly Heredocs: readonly (readonly [string, string])[];
}

/** Instructions in their order, their texts where no quotes count, and their here-documents. */
function dockerfileCase(random: Random): Case {
  const text = madeDockerfile(random);
  return {
    question: { Kind: 'dockerfile', Text: text },
    wrong: (theirs: readonly TheirLine[]) => {
      const read = readDockerfile(text, {});
      if (!read.ok) return undefined;
      const own = read.value.stages.flatMap(({ instructions }) => [
        ['FROM'],
        ...instructions.map(({ instruction: one }) => [
          one.keyword,
          one.heredocs.map(({ delimiter, content }) => [delimiter, content]),
          ...(/^(?:RUN|CMD|ENTRYPOINT)$/.test(one.keyword) ? one.arguments : []),
        ]),
      ]);
      const first = theirs.findIndex(({ Keyword }) => Keyword === 'FROM');
      const other = theirs
        .slice(first)
        .map(({ Keyword, Words, Heredocs }) =>
          Keyword === 'FROM'
            ? ['FROM']
            : [Keyword, Heredocs, ...(/^(?:RUN|CMD|ENTRYPOINT)$/.test(Keyword) ? Words : [])],
        );
      return differs(own, other);
    },
  };
}

function wordCase(random: Random): Case {
  const text = madeWord(random);
  const escape = random.pick(['\\', '`']);
  return {
    question: { Kind: 'word', Text: text, Escape: escape, Env: ENV },
    wrong: (theirs: string) => {
      const own = substitute(text, (name) => ENV[name], escape);
      return own.unresolved.length > 0 ? undefined : differs(own.value, theirs);
    },
  };
}

function ignoreCase(random: Random): Case {
  const text = madeIgnoreFile(random);
  const paths = Array.from({ length: 12 }, () => madePath(random));
  return {
    question: { Kind: 'ignore', Text: text, Paths: paths },
    wrong: (theirs: readonly boolean[]) => {
      const isLeftOut = contextIgnore(text) ?? (() => true);
      // Where a pattern is not sure, nothing is known to be there.
      if (isLeftOut('q/q') && isLeftOut('z z')) return undefined;
      return differs(paths.map(isLeftOut), theirs);
    },
  };
}

function platformCase(random: Random): Case {
  const platform = (): Record<string, string> => ({
    os: random.pick(OPERATING_SYSTEMS),
    architecture: random.pick(ARCHITECTURES),
    variant: random.pick(VARIANTS),
  });
  const [architecture, variant] = random.pick([
    ['amd64', ''],
    ['amd64', 'v3'],
    ['arm64', ''],
    ['arm', 'v7'],
    ['386', ''],
  ] as const);
  const wanted = { os: 'linux', architecture, ...(variant === '' ? {} : { variant }) };
  const all = Array.from({ length: 1 + random.below(5) }, platform);
  return {
    question: { Kind: 'platform', Wanted: wanted, Listed: all },
    wrong: (theirs: number) => {
      const entries = all.map((one, at) => ({ digest: `sha256:${at}`, size: 1, platform: one }));
      const { chosen } = chooseEntries(entries as unknown as readonly Descriptor[], wanted);
      const isOurs = theirs < 0 || chosen.some(({ digest }) => digest === `sha256:${theirs}`);
      return isOurs ? undefined : `entry ${theirs} is not among ours`;
    },
  };
}

function differs(own: unknown, theirs: unknown): string | undefined {
  return isDeepStrictEqual(own, theirs)
    ? undefined
    : `ours   ${JSON.stringify(own)}\n  theirs ${JSON.stringify(theirs)}`;
}
