import type { DockerfileModel, Instruction, Stage } from '../../model/dockerfile.ts';
import {
  ARGUMENTS_LINE,
  type HermeticInjection,
  runFlags,
  withoutFlags,
} from './inject-hermetic.ts';
import { WATCH_MARK, WATCH_WORDS, watchPlace } from './watch-runs.ts';

/** The build context by which the faked clock comes in. */
export const CLOCK_CONTEXT = 'scoville-clock';

/**
 * Files of that context, and where a RUN finds them: libraries that every dynamically linked
 * program loads first, because the loader's own file names them. `libraries` is their folder.
 */
export const CLOCK_FILES = {
  libraries: { name: 'lib', target: '/.scoville-clock' },
  preload: { name: 'ld.so.preload', target: '/etc/ld.so.preload' },
} as const;

/** Mounts stand in no history and leave nothing in a layer. */
export const CLOCK_MOUNTS = Object.values(CLOCK_FILES)
  .map(
    ({ name, target }) => `--mount=type=bind,from=${CLOCK_CONTEXT},source=${name},target=${target}`,
  )
  .join(' ');

/** What is put into the Dockerfile that is sent. */
export interface Injection {
  /** ARGs of a stage that runs something; those that it declares or sets itself are left out. */
  readonly names: (stage: Stage) => readonly string[];
  /** Each RUN has the clock mounted. */
  readonly clock: boolean;
  /** Each RUN is behind the proxy. */
  readonly hermetic: HermeticInjection | undefined;
}

/** A Dockerfile as it is sent, and where each of its lines comes from. */
export interface SentDockerfile {
  readonly text: string;
  /** By line as sent, from index 0: the line as written (from 1), undefined for an added one. */
  readonly lines: readonly (number | undefined)[];
}

/**
 * Writes ARGs behind the FROM of each stage that runs something, since BuildKit hands a value to no
 * other, and mounts and words into each RUN. Nothing else changes. Undefined where nothing is
 * added.
 */
export function sentDockerfile(
  text: string,
  model: DockerfileModel,
  { names, clock, hermetic }: Injection,
): SentDockerfile | undefined {
  const runs = new Map<number, Instruction>();
  const behind = new Map<number, readonly string[]>();
  for (const stage of model.stages) {
    const own = stage.instructions.filter(({ keyword }) => keyword === 'RUN');
    for (const run of own) runs.set(run.range.startLine, run);
    if (own.length === 0) continue;
    const missing = names(stage).filter((name) => !isKnown(stage, name));
    behind.set(stage.range.endLine, [
      ...missing.map((name) => `ARG ${name}`),
      ...(hermetic === undefined ? [] : [ARGUMENTS_LINE]),
    ]);
  }
  const mounts = (run: Instruction): string =>
    [...(clock ? [CLOCK_MOUNTS] : []), ...(hermetic ? [runFlags(run, hermetic)] : [])].join(' ');
  const isMounted = runs.size > 0 && (clock || hermetic !== undefined);
  if (!isMounted && [...behind.values()].every((added) => added.length === 0)) return undefined;
  const written = text.split(/\r?\n/);
  const watched = new Map<number, number>();
  if (hermetic !== undefined)
    for (const run of runs.values()) {
      const place = watchPlace(written, run, model);
      if (place !== undefined) watched.set(place.line, place.column);
    }
  const sent: string[] = [];
  const lines: (number | undefined)[] = [];
  written.forEach((line, i) => {
    const run = runs.get(i + 1);
    const column = watched.get(i + 1);
    const words =
      column === undefined ? line : line.slice(0, column) + WATCH_WORDS + line.slice(column);
    sent.push(
      run === undefined || !isMounted
        ? words
        : words.replace(/^(\s*RUN)(?=\s|\\|$)/i, `$1 ${mounts(run)}`),
    );
    lines.push(i + 1);
    for (const added of behind.get(i + 1) ?? []) {
      sent.push(added);
      lines.push(undefined);
    }
  });
  return { text: sent.join(text.includes('\r\n') ? '\r\n' : '\n'), lines };
}

/** One that declares or sets it means what it says. */
function isKnown({ instructions }: Stage, name: string): boolean {
  return instructions.some(
    ({ keyword, rawArguments }) =>
      (keyword === 'ARG' || keyword === 'ENV') && new RegExp(`\\b${name}\\b`).test(rawArguments),
  );
}

/** The text without what puts RUNs behind the proxy, as it would have been sent else. */
export function withoutInjection(text: string): SentDockerfile {
  const written: string[] = [];
  const lines = text.split('\n').map((line) => {
    if (line.replace(/\r$/, '') === ARGUMENTS_LINE) return undefined;
    written.push(withoutFlags(line));
    return written.length;
  });
  return { text: written.join('\n'), lines };
}

/**
 * What BuildKit or a command says, without what was put into the build; undefined where nothing of
 * it is left.
 */
export function readBack(text: string): string | undefined {
  const shown = withoutFlags(text).replaceAll(` ${CLOCK_MOUNTS}`, '');
  const at = shown.indexOf(WATCH_MARK);
  if (at < 0) return shown;
  const rest = shown.slice(0, at);
  return /^(?:#\d+ [\d.]+ ?)?$/.test(rest) ? undefined : rest;
}

/**
 * A line of what BuildKit says of a mistake, with line numbers as the user's file has them:
 * `Dockerfile:12`, and the excerpt's ` 12 | >>> RUN …`. Undefined for a line that tells of an added
 * one.
 */
export function asWritten(
  line: string,
  { lines }: Pick<SentDockerfile, 'lines'>,
  fileName: string,
): string | undefined {
  const place = /^(.*):(\d+)$/.exec(line);
  if (place?.[1] === fileName) return `${fileName}:${lines[Number(place[2]) - 1] ?? place[2]}`;
  const excerpt = /^( *)(\d+)( \|.*)$/.exec(line);
  if (excerpt === null) return line;
  const [, indent = '', number = '', rest = ''] = excerpt;
  const original = lines[Number(number) - 1];
  if (original === undefined) return Number(number) > lines.length ? line : undefined;
  return `${String(original).padStart(indent.length + number.length)}${rest}`;
}
