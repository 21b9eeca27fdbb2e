import { applyDecided, type FixFiles, type FixInputs, planEdits } from '../../src/fix/compose.ts';
import { ok, type Result } from '../../src/lib/errors.ts';
import type { FixFacts, FixOptions, FixRule } from '../../src/model/fix.ts';
import type { Digest } from '../../src/model/reference.ts';
import { contextOf } from '../dockerfile/context-of.ts';

/** The digest that every distroless image has here. */
export const DIGEST = `sha256:${'d'.repeat(64)}` as Digest;
/** Digests of the images that `runtime-stage` adds. */
export const DISTROLESS: ReadonlyMap<string, Result<Digest>> = new Map(
  'static cc nodejs20 nodejs22 nodejs24 python3 java17 java21'
    .split(' ')
    .flatMap((kind) =>
      ['12', '13'].map((release): [string, Result<Digest>] => [
        `gcr.io/distroless/${kind}-debian${release}:nonroot`,
        ok(DIGEST),
      ]),
    ),
);

export interface Around {
  readonly facts?: Partial<FixFacts>;
  readonly options?: Partial<FixOptions>;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly ignoreFile?: string;
  readonly files?: Readonly<Record<string, string>>;
}

/** What rules are given, nothing of it known but what a test says. */
export function around(rules: readonly FixRule[], more: Around = {}): FixInputs {
  const { facts = {}, options = {}, buildArgs = {}, target, files = {} } = more;
  return {
    buildArgs,
    ...(target === undefined ? {} : { target }),
    context: contextOf(files),
    facts: {
      digests: new Map(),
      versions: new Map(),
      hashes: new Map(),
      bases: new Map(),
      context: undefined,
      repository: undefined,
      ...facts,
    },
    options: { refresh: false, distroless: 'gcr.io/distroless', ...options },
    rules,
  };
}

function filesOf(text: string, { ignoreFile }: Around): FixFiles {
  return { dockerfile: text, ignoreFile };
}

/** The files with all edits of a rule applied, ids of the edits, reasons of what is left alone. */
export async function fixed(rule: FixRule, text: string, more: Around = {}) {
  const settled = await applyDecided(filesOf(text, more), around([rule], more), () => 'apply');
  if (!settled.ok) throw new Error(`line ${settled.error.line}: ${settled.error.message}`);
  const { files, applied, refusals } = settled.value;
  const again = planEdits(files, around([rule], more));
  return {
    text: files.dockerfile,
    ignoreFile: files.ignoreFile,
    ids: applied.map(({ id }) => id),
    applied,
    refusals: refusals.map(({ line, reason }) => `${line}: ${reason}`),
    /** Edits of a second run: none, where the rule is done once it is applied. */
    again: again.ok ? again.value.edits.map(({ id }) => id) : [again.error.message],
  };
}
