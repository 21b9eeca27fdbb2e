import { posix } from 'node:path';
import type { FixInput } from '../../model/fix-rule.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { COMPILERS } from './runtime-stacks.ts';
import { inStage, type Placed } from './stage-view.ts';

/** The compilers that run in the stages that the target takes something from. */
export function compilersOf(input: FixInput): ReadonlySet<string> {
  const { model } = input;
  const names = model.reached.flatMap((stage) =>
    inStage(input, stage).flatMap(({ commands }) =>
      commands.map(({ words }) => (words[0]?.value ?? '').replace(/^.*\//, '')),
    ),
  );
  return new Set(names.filter((name) => COMPILERS.has(name)));
}

/** What decides on where a program lies. */
interface Place {
  readonly resolve: (path: string) => string;
  /** Last part of the base's name. */
  readonly base: string;
}

/** Where a program lies: as it is written, or where the stage puts a file of this name. */
export function programPath(
  program: string,
  own: readonly Placed[],
  { resolve, base }: Place,
): Result<string> {
  if (program.includes('/')) return ok(resolve(program));
  const found = own
    .flatMap((one) => written(one, base, program))
    .find((path) => path.startsWith('/') && posix.basename(path) === program);
  return found === undefined ? err(`where ${program} lies is not known`) : ok(found);
}

/** Paths of files that an instruction writes. */
function written(
  { keyword, commands, instruction }: Placed,
  base: string,
  program: string,
): readonly string[] {
  if (keyword === 'COPY' || keyword === 'ADD') return into(instruction.arguments);
  if (keyword !== 'RUN') return [];
  return commands.flatMap(({ words }) => {
    const [first = '', ...rest] = words.map(({ value }) => value ?? '');
    const tool = posix.basename(first);
    const operands = rest.filter((word) => !word.startsWith('-'));
    if (['cp', 'mv', 'install', 'ln'].includes(tool)) return into(operands);
    // Where the official images of these install programs.
    if (operands[0] === 'install' && tool === 'go' && base === 'golang')
      return [`/go/bin/${program}`];
    const root = rest[rest.indexOf('--root') + 1];
    if (operands[0] === 'install' && tool === 'cargo' && rest.includes('--root'))
      return [posix.join(root ?? '', 'bin', program)];
    if (operands[0] === 'install' && tool === 'cargo' && base === 'rust')
      return [`/usr/local/cargo/bin/${program}`];
    return COMPILERS.has(tool) ? outputs(rest) : [];
  });
}

/** The last operand, or the files in it where it is a folder. */
function into(operands: readonly string[]): readonly string[] {
  const target = operands.at(-1) ?? '';
  const inFolder = operands.slice(0, -1).map((from) => posix.join(target, posix.basename(from)));
  return target.endsWith('/') || operands.length > 2 ? inFolder : [target, ...inFolder];
}

/** What `-o` names. */
function outputs(words: readonly string[]): readonly string[] {
  return words.flatMap((word, i) => {
    if (word === '-o' || word === '--output') return [words[i + 1] ?? ''];
    return /^(?:-o|--output)=?(.+)$/.exec(word)?.[1] ?? [];
  });
}
