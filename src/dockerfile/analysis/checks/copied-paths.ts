import type { Instruction } from '../../../model/dockerfile.ts';
import { mountsOf } from '../../external-image.ts';
import { pathIn } from '../../shell/shell-state.ts';
import type { ReadStage } from '../../stage-reader.ts';
import type { BuildEvent, CommandEvent } from '../build-event.ts';
import { Copies, type Copy, copyOf } from './file-copies.ts';

/** Paths of a fetched file by stage: as written, and where COPY, mounts, `mv` and `cp` took it. */
export type CopiedPaths = ReadonlyMap<number, readonly string[]>;

/** Programs that take a file to another path. */
export const MOVERS = /^(?:mv|cp|ln|install)$/;
/** More copies of one file than a person makes. */
const MOST = 16;

/** Copies of a stage before its commands run: out of another stage, by its number. */
interface Brought extends Copy {
  readonly from: number;
}

interface StageCopies {
  /** By the number of the stage that they take from. */
  readonly brought: ReadonlyMap<number, Copies>;
  readonly moved: readonly { readonly id: number; readonly copies: Copies }[];
}

/** Stages by the names and numbers that a COPY may give them. */
type StageNames = ReadonlyMap<string, readonly number[]>;

function stageNames(stages: readonly ReadStage[]): StageNames {
  const names = new Map<string, number[]>();
  for (const { name, index } of stages)
    if (name !== undefined) names.set(name, [...(names.get(name) ?? []), index]);
  for (const { index } of stages) if (!names.has(String(index))) names.set(String(index), [index]);
  return names;
}

/** What a COPY or the mounts of a RUN bring of earlier stages. */
function broughtBy(
  instruction: Instruction,
  folder: string,
  numberOf: (name: string | undefined) => number | undefined,
): readonly Brought[] {
  const { keyword, flags, arguments: words } = instruction;
  if (keyword === 'COPY') {
    const from = numberOf(flags.find(({ name }) => name === 'from')?.value);
    if (from === undefined) return [];
    const to = words.at(-1) ?? '';
    const into = words.length > 2 && !to.endsWith('/') ? `${to}/` : to;
    return words.slice(0, -1).map((source) => ({ ...copyOf(source, into, folder), from }));
  }
  if (keyword !== 'RUN') return [];
  return mountsOf(instruction).flatMap(({ from: name, target, source = '/' }) => {
    const from = numberOf(name);
    if (target === undefined || from === undefined) return [];
    return [{ ...copyOf(source, target, folder), from }];
  });
}

/** What `mv`, `cp`, `ln` or `install` copy. */
function movedBy(event: CommandEvent): readonly Copy[] {
  if (!MOVERS.test(event.program)) return [];
  const words = event.argv.slice(1).filter(({ text }) => !/^-[A-Za-z-]/.test(text));
  const to = words.at(-1)?.text ?? '';
  const sources = words.slice(0, -1).filter(({ text }) => !/^\d{3,4}$/.test(text));
  const into = sources.length > 1 && !to.endsWith('/') ? `${to}/` : to;
  return sources.map(({ text }) => copyOf(pathIn(event.folder, text), into, event.folder));
}

function copiesOf(stage: ReadStage, events: readonly BuildEvent[], names: StageNames): StageCopies {
  const numberOf = (name: string | undefined): number | undefined =>
    name === undefined
      ? undefined
      : names.get(name.toLowerCase())?.findLast((index) => index < stage.index);
  const byStage = new Map<number, Brought[]>();
  for (const { instruction, folder } of stage.instructions)
    for (const copy of broughtBy(instruction, folder, numberOf)) {
      const known = byStage.get(copy.from);
      if (known === undefined) byStage.set(copy.from, [copy]);
      else known.push(copy);
    }
  return {
    brought: new Map([...byStage].map(([from, copies]) => [from, new Copies(copies)])),
    moved: events.flatMap((event) => {
      const copies = event.kind === 'command' ? movedBy(event) : [];
      return copies.length === 0 ? [] : [{ id: event.id, copies: new Copies(copies) }];
    }),
  };
}

interface Written {
  readonly id: number;
  readonly target: string;
  readonly stage: number;
}

/** Follows files from where they were written through the stages given, in order. */
export function pathsThrough(
  stages: readonly ReadStage[],
  events: ReadonlyMap<number, readonly BuildEvent[]>,
): (fetch: Written) => CopiedPaths {
  const names = stageNames(stages);
  const copied = stages.map((stage) => copiesOf(stage, events.get(stage.index) ?? [], names));
  return (fetch) => {
    const reached = new Map<number, readonly string[]>();
    if (fetch.target === '') return reached;
    stages.forEach(({ index, base }, at) => {
      const paths = new Set<string>();
      const add = (found: Iterable<string>): void => {
        for (const path of found) {
          if (paths.size >= MOST) return;
          paths.add(path);
        }
      };
      if (index === fetch.stage) add([fetch.target]);
      if (base.kind === 'stage') add(reached.get(base.index) ?? []);
      for (const [from, copies] of copied[at]?.brought ?? [])
        for (const path of reached.get(from) ?? []) add(copies.of(path));
      if (paths.size > 0)
        for (const { id, copies } of copied[at]?.moved ?? [])
          if (id > fetch.id) for (const path of [...paths]) add(copies.of(path));
      if (paths.size > 0) reached.set(index, [...paths]);
    });
    return reached;
  };
}
