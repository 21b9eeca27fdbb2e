import { byCodeUnit } from '../model/order.ts';
import type { FileTrace } from './file-trace.ts';

/** A rule of AppArmor for files: path and access. */
export interface PathRule {
  readonly path: string;
  readonly access: string;
}

/** More files below a folder than these are one rule. */
const MOST_BELOW = 16;
/** Folders whose content is not of one kind: what is below has rules of its own. */
const SHARED =
  /^\/(?:bin|boot|dev|etc|home|lib(?:32|64|x32)?|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)\/$/;
/** Places where programs make files under names of the moment. */
const PASSING = /^(?:\/tmp|\/var\/tmp|\/dev\/shm|\/run|\/var\/run)\//;
/** All but the characters a rule uses as they are: others would be patterns, or end the rule. */
const ODD = /[^\w./+:=~@-]/g;
/** Processes and terminals, whose numbers another run has not. */
const NUMBERS: readonly (readonly [RegExp, string])[] = [
  [/^\/proc\/\d+(?=\/|$)/, '/proc/[0-9]*'],
  [/(?<=^\/proc\/\[0-9\]\*\/task)\/\d+(?=\/|$)/, '/[0-9]*'],
  [/(?<=^\/proc\/\[0-9\]\*\/(?:fd|fdinfo|map_files))\/\d+$/, '/[0-9]*'],
  [/^\/dev\/pts\/\d+$/, '/dev/pts/[0-9]*'],
];

/** Rules for what was done with files, sorted by path; each grants at least what the trace has. */
export function pathRules(files: FileTrace['files']): readonly PathRule[] {
  const byAccess = new Map<string, string[]>();
  const passing = new Set<string>();
  for (const [path, letters] of files) {
    const comesAndGoes = letters.has('c');
    const access = comesAndGoes
      ? 'rwkl'
      : ['r', 'w', 'k', 'm'].filter((letter) => letters.has(letter)).join('');
    if (comesAndGoes && PASSING.test(path))
      passing.add(`${rulePath(path.slice(0, path.lastIndexOf('/') + 1))}**`);
    else if (access !== '') push(byAccess, access, path);
  }
  return [
    ...[...passing].map((path) => ({ path, access: 'rwkl' })),
    ...[...byAccess].flatMap(([access, paths]) => joined(paths).map((path) => ({ path, access }))),
  ].toSorted((a, b) => byCodeUnit(a.path, b.path) || byCodeUnit(a.access, b.access));
}

/** A path in a rule. An odd byte becomes any one byte, so that a name cannot end or widen it. */
export function rulePath(path: string): string {
  return NUMBERS.reduce(
    (text, [pattern, by]) => text.replace(pattern, by),
    path.replaceAll(ODD, '?'),
  );
}

/** Paths of one access: those of a folder that has many are one. */
function joined(paths: readonly string[]): readonly string[] {
  const found = new Set<string>();
  collect(paths, '/', found);
  return [...found];
}

function collect(paths: readonly string[], folder: string, into: Set<string>): void {
  const canJoin = folder !== '/' && !SHARED.test(folder);
  if (paths.length <= MOST_BELOW || canJoin) {
    if (paths.length <= MOST_BELOW) for (const path of paths) into.add(rulePath(path));
    else into.add(`${rulePath(folder)}**`);
    return;
  }
  const below = new Map<string, string[]>();
  for (const path of paths) {
    const end = path.indexOf('/', folder.length);
    if (end < 0 || end === path.length - 1) into.add(rulePath(path));
    else {
      const next = path.slice(0, end + 1);
      push(below, next, path);
    }
  }
  for (const [next, some] of below) collect(some, next, into);
}

function push(lists: Map<string, string[]>, key: string, path: string): void {
  const list = lists.get(key) ?? [];
  list.push(path);
  lists.set(key, list);
}
