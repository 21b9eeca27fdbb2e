import type { Instruction } from '../../../model/dockerfile.ts';
import { mountOptions } from '../../external-image.ts';
import { pathIn } from '../../shell/shell-state.ts';
import { baseName } from '../../shell/wrappers.ts';
import type { ReadStage } from '../../stage-reader.ts';
import type { BuildEvent, CommandEvent } from '../build-event.ts';
import { samePath } from './same-path.ts';

/** Paths at which one fetched file lies in each stage: where it was written, and where COPY, mounts, `mv` and `cp` took it. */
export type Journey = ReadonlyMap<number, readonly string[]>;

/** More copies of one file than a person makes. */
const MOST = 16;

/** Where a file ends up that is copied, alone or within a folder; empty where the copy does not hold it. */
function copiedTo(path: string, from: string, to: string, folder: string): readonly string[] {
  const place = pathIn(folder, to);
  const source = pathIn('/', from);
  const within = source === '/' ? '/' : `${source}/`;
  if (path.startsWith('/') && path.startsWith(within))
    return [pathIn('/', `${place}/${path.slice(within.length)}`)];
  const star = source.indexOf('*');
  const isMatch =
    star < 0
      ? samePath(source, path)
      : path.startsWith(source.slice(0, star)) &&
        path.endsWith(source.slice(source.lastIndexOf('*') + 1));
  if (!isMatch) return [];
  const inFolder = pathIn('/', `${place}/${baseName(path)}`);
  // Without a slash it is a file, or in a folder that is there already.
  return star >= 0 || to.endsWith('/') || to === '.' ? [inFolder] : [place, inFolder];
}

function fromStage(
  name: string | undefined,
  stage: ReadStage,
  stages: readonly ReadStage[],
): ReadStage | undefined {
  if (name === undefined) return undefined;
  const earlier = stages.filter(({ index }) => index < stage.index);
  return (
    earlier.findLast((one) => one.name === name.toLowerCase()) ??
    earlier.find(({ index }) => String(index) === name)
  );
}

/** What a COPY or the mounts of a RUN bring of the paths of an earlier stage. */
function brought(
  { keyword, flags, arguments: words }: Instruction,
  folder: string,
  pathsFrom: (name: string | undefined) => readonly string[],
): readonly string[] {
  if (keyword === 'COPY') {
    const paths = pathsFrom(flags.find(({ name }) => name === 'from')?.value);
    const to = words.at(-1) ?? '';
    const into = words.length > 2 && !to.endsWith('/') ? `${to}/` : to;
    return paths.flatMap((path) =>
      words.slice(0, -1).flatMap((from) => copiedTo(path, from, into, folder)),
    );
  }
  if (keyword !== 'RUN') return [];
  return flags.flatMap(({ name, value }) => {
    const mount = name === 'mount' ? mountOptions(value) : {};
    const to = mount['target'] ?? mount['dst'] ?? mount['destination'];
    if (to === undefined) return [];
    const from = mount['source'] ?? mount['src'] ?? '/';
    return pathsFrom(mount['from']).flatMap((path) => copiedTo(path, from, to, folder));
  });
}

/** What `mv`, `cp`, `ln` or `install` make of the paths. */
function moved(event: CommandEvent, paths: readonly string[]): readonly string[] {
  if (!/^(?:mv|cp|ln|install)$/.test(event.program)) return [];
  const words = event.argv.slice(1).filter(({ text }) => !/^-[A-Za-z-]/.test(text));
  const to = words.at(-1)?.text ?? '';
  const sources = words.slice(0, -1).filter(({ text }) => !/^\d{3,4}$/.test(text));
  const into = sources.length > 1 && !to.endsWith('/') ? `${to}/` : to;
  return sources.flatMap(({ text }) =>
    paths.flatMap((path) => copiedTo(path, pathIn(event.folder, text), into, event.folder)),
  );
}

/** Follows a file from where it was written through the stages given, in order. */
export function journeyOf(
  fetch: { readonly id: number; readonly target: string; readonly stage: number },
  stages: readonly ReadStage[],
  events: ReadonlyMap<number, readonly BuildEvent[]>,
): Journey {
  const journey = new Map<number, readonly string[]>();
  if (fetch.target === '') return journey;
  for (const stage of stages) {
    const paths = new Set<string>();
    const add = (found: readonly string[]): void => {
      for (const path of found) if (paths.size < MOST) paths.add(path);
    };
    const pathsFrom = (name: string | undefined): readonly string[] => {
      const from = fromStage(name, stage, stages);
      return from === undefined ? [] : (journey.get(from.index) ?? []);
    };
    if (stage.index === fetch.stage) add([fetch.target]);
    if (stage.base.kind === 'stage') add(journey.get(stage.base.index) ?? []);
    for (const { instruction, folder } of stage.instructions)
      add(brought(instruction, folder, pathsFrom));
    for (const event of events.get(stage.index) ?? [])
      if (event.kind === 'command' && event.id > fetch.id && paths.size > 0)
        add(moved(event, [...paths]));
    if (paths.size > 0) journey.set(stage.index, [...paths]);
  }
  return journey;
}
