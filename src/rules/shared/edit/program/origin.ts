import { posix } from 'node:path';
import type { FixInput } from '../../../../model/fix-rule.ts';
import { stageChain } from '../../../../model/stage-chain.ts';
import { baseOfImage, inStage, type Placed } from '../stage-view.ts';
import { outputs, sourceOf } from './writes.ts';

/** Where a file of the image comes from. */
type Origin =
  /** The context, or a here-document, with its text where it has been read. */
  | { readonly kind: 'text'; readonly text: string; readonly line: number }
  /** The context, which has no text of this name: a program, a large file, or nothing. */
  | { readonly kind: 'context'; readonly line: number }
  /** A command of a RUN that names it as what it writes. */
  | {
      readonly kind: 'made';
      readonly program: string;
      readonly stage: number;
      readonly line: number;
    }
  /** Another image. */
  | { readonly kind: 'image'; readonly line: number }
  /** No instruction names it: the base has it, or a RUN makes it unsaid. */
  | { readonly kind: 'unsaid'; readonly stage: number };

const MOST_STAGES = 32;

/** Where a path of a stage comes from: what was written there last. */
export function originOf(
  input: FixInput,
  path: string,
  stage = input.model.target,
  depth = 0,
): Origin {
  const chain = stageChain(input.model, stage);
  for (const { index: at } of chain.toReversed())
    for (const one of inStage(input, at).toReversed()) {
      const found = writtenBy(input, one, path, at, depth);
      if (found !== undefined) return found;
    }
  return { kind: 'unsaid', stage: chain[0]?.index ?? stage };
}

function writtenBy(
  input: FixInput,
  one: Placed,
  path: string,
  stage: number,
  depth: number,
): Origin | undefined {
  const { line } = one;
  if (one.keyword === 'RUN') {
    const made = one.instruction.commands.find(
      ({ writesTo, words }) =>
        writesTo.some((to) => absolute(input, one, to) === path) ||
        outputs(words.map(({ value }) => value ?? '')).some(
          (to) => absolute(input, one, to) === path,
        ),
    );
    const program = posix.basename(made?.words[0]?.value ?? '');
    return made === undefined ? undefined : { kind: 'made', program, stage, line };
  }
  if (one.keyword !== 'COPY' && one.keyword !== 'ADD') return undefined;
  const target = one.instruction.arguments.at(-1) ?? '';
  const to = absolute(input, one, target);
  const document = one.instruction.heredocs[0];
  if (document !== undefined)
    return to === path ? { kind: 'text', text: document.content, line } : undefined;
  const from = one.instruction.flags.find(({ name }) => name === 'from')?.value;
  const names = sourceOf(one.instruction.arguments.slice(0, -1), target, to, path);
  if (names.length === 0) return undefined;
  if (from !== undefined) {
    const other = stageNamed(input, from, stage);
    if (other === undefined || depth > MOST_STAGES) return { kind: 'image', line };
    const origins = names.map((name) =>
      originOf(input, posix.resolve('/', name), other, depth + 1),
    );
    return origins.find(({ kind }) => kind !== 'unsaid') ?? origins[0];
  }
  const text = names.map((name) => input.contextFile(name)).find((found) => found !== undefined);
  if (text !== undefined) return { kind: 'text', text, line };
  // A folder that is copied over it may or may not have it.
  return to === path ? { kind: 'context', line } : undefined;
}

/** The stage that `--from` names; undefined for an image. */
function stageNamed({ model }: FixInput, from: string, before: number): number | undefined {
  const named = model.stages.findLast(
    ({ name, index }) => index < before && name === from.toLowerCase(),
  );
  return named?.index ?? (/^\d+$/.test(from) && Number(from) < before ? Number(from) : undefined);
}

function absolute(input: FixInput, { folder }: Placed, path: string): string {
  const base = baseOfImage(input)?.config.config?.WorkingDir ?? '';
  return posix.resolve('/', base, folder, path);
}
