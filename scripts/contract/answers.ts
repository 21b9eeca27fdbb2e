import { buildContext } from '../../src/build/context-source.ts';
import { CATALOGUE, FIX_RULES } from '../../src/criteria/catalogue.ts';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import type { DockerfileOptions } from '../../src/dockerfile/read-dockerfile.ts';
import { buildFact } from '../../src/facts/build-facts.ts';
import { planEdits } from '../../src/fix/compose.ts';
import { ok } from '../../src/lib/errors.ts';
import { lintDockerfile } from '../../src/lint/lint.ts';
import type { BuildContext } from '../../src/model/dockerfile.ts';
import { type DeclarationsFact, type Facts, known, unknownFact } from '../../src/model/facts.ts';
import type { Digest } from '../../src/model/reference.ts';

/** A Dockerfile with what its build would be given. */
export interface Case {
  readonly text: string;
  readonly options?: DockerfileOptions;
  /** Files of its build context, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** The folder that is its build context, where it has one on this machine. */
  readonly folder?: string;
}

/** What is said of one Dockerfile. */
export interface Answers {
  /** By criterion, without other evidence: outcome and summary. */
  readonly verdicts: Readonly<Record<string, readonly [string, string]>>;
  /** The same by criterion where this build was a complete replay, if that differs. */
  readonly replayed: Readonly<Record<string, readonly [string, string]>>;
  /** `RULE SEVERITY LINE`. */
  readonly lint: readonly string[];
  /** Identifiers of the edits. */
  readonly edits: readonly string[];
  readonly milliseconds: number;
}

const JUDGED = CATALOGUE.filter(({ needs }) => needs.every((name) => name === 'build'));
const NOT_GATHERED = unknownFact('not gathered');
const DIGEST: Digest = `sha256:${'d'.repeat(64)}` as Digest;
const DECLARED: DeclarationsFact = {
  secrets: undefined,
  secretFiles: [],
  trustedImages: [],
  maxAgeDays: 30,
  now: Date.UTC(2026, 2, 1),
};

/** A context of these files alone. */
function contextOf(files: Readonly<Record<string, string>>): BuildContext {
  const paths = Object.keys(files);
  return {
    text: (path) => files[path],
    kind: (path) => {
      if (files[path] !== undefined) return 'file';
      return path === '' || paths.some((one) => one.startsWith(`${path}/`)) ? 'folder' : undefined;
    },
    names: (path) => {
      const below = path === '' ? '' : `${path}/`;
      const within = paths.filter((one) => one.startsWith(below));
      return [...new Set(within.map((one) => one.slice(below.length).split('/')[0] ?? ''))];
    },
  };
}

/** Every address leads to the same file, so that each download can be given a hash. */
class SameFile extends Map<string, ReturnType<typeof sameFile>> {
  override get(): ReturnType<typeof sameFile> {
    return sameFile();
  }
}

const sameFile = () => ok({ digest: DIGEST, size: 1 });

function contextFor({ files, folder }: Case): BuildContext | undefined {
  if (folder !== undefined) return buildContext(folder);
  return files === undefined || Object.keys(files).length === 0 ? undefined : contextOf(files);
}

/** Judges, lints and plans edits of a Dockerfile; undefined where it is none. */
export function answersOf(one: Case): Answers | undefined {
  const started = performance.now();
  const context = contextFor(one);
  const { text, options = {} } = one;
  const read = analyseDockerfile(text, options, context);
  if (!read.ok) return undefined;
  const verdicts = (replayed: boolean): Record<string, readonly [string, string]> => {
    const build = buildFact({
      dockerfile: { ...read.value, source: 'build' },
      ...(replayed ? { replayed: [] } : {}),
    });
    const facts: Facts = {
      image: NOT_GATHERED,
      filesystem: NOT_GATHERED,
      packages: NOT_GATHERED,
      secrets: NOT_GATHERED,
      build,
      attestations: NOT_GATHERED,
      vulnerabilities: NOT_GATHERED,
      reproduction: NOT_GATHERED,
      declarations: known(DECLARED, 'build'),
    };
    return Object.fromEntries(
      JUDGED.map((criterion) => {
        const { outcome, summary } = criterion.judge(facts);
        return [criterion.id, [outcome, summary] as const];
      }),
    );
  };
  const plain = verdicts(false);
  const linted = lintDockerfile({
    name: 'Dockerfile',
    text,
    context,
    declarations: DECLARED,
    ...(options.buildArgs === undefined ? {} : { buildArgs: options.buildArgs }),
    ...(options.target === undefined ? {} : { target: options.target }),
  });
  const names = read.value.analysis.installs.flatMap(({ packages }) =>
    packages.map(({ name }) => name),
  );
  const versions = ['deb', 'apk', 'rpm', 'pypi', 'npm', 'gem'].flatMap((type) =>
    [...new Set(names)].map((name) => ({ type, name, version: '1.2.3' })),
  );
  const planned = planEdits(
    { dockerfile: text, ignoreFile: context?.text('.dockerignore') },
    {
      buildArgs: options.buildArgs ?? {},
      ...(options.target === undefined ? {} : { target: options.target }),
      context,
      facts: {
        digests: new Map(),
        versions: new Map(read.value.model.stages.map(({ index }) => [index, ok(versions)])),
        hashes: new SameFile(),
        bases: new Map(),
        context: context?.names(''),
        repository: undefined,
      },
      options: { refresh: false, distroless: 'gcr.io/distroless' },
      rules: FIX_RULES,
    },
  );
  return {
    verdicts: plain,
    replayed: Object.fromEntries(
      Object.entries(verdicts(true)).filter(([id, [outcome]]) => outcome !== plain[id]?.[0]),
    ),
    lint: linted.findings.map((f) => `${f.rule} ${f.severity} ${f.range.startLine}`),
    edits: planned.ok ? planned.value.edits.map(({ id }) => id) : ['none: not a Dockerfile'],
    milliseconds: Math.round(performance.now() - started),
  };
}
