import { posix } from 'node:path';
import type { FixInput } from '../../model/fix-rule.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { originOf } from '../shared/edit/program/origin.ts';
import { into, outputs } from '../shared/edit/program/writes.ts';
import { baseOfImage, inStage, type Placed } from '../shared/edit/stage-view.ts';
import { COMPILERS } from './stacks.ts';

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
    // Where the official images of these install programs.
    if (operands[0] === 'install' && tool === 'go' && base === 'golang')
      return [`/go/bin/${program}`];
    const root = rest[rest.indexOf('--root') + 1];
    if (operands[0] === 'install' && tool === 'cargo' && rest.includes('--root'))
      return [posix.join(root ?? '', 'bin', program)];
    if (operands[0] === 'install' && tool === 'cargo' && base === 'rust')
      return [`/usr/local/cargo/bin/${program}`];
    return outputs([first, ...rest]);
  });
}

/** Folders of the base and its packages: a file of unknown origin there is taken as theirs. */
const OF_SYSTEM = /^\/(?:usr\/)?(?:s?bin|lib\d*|libexec)\//;

/** Why a file is not known to be a program that the build compiles; undefined if it is known. */
export function notCompiled(path: string, input: FixInput): string | undefined {
  const origin = originOf(input, path);
  switch (origin.kind) {
    case 'text':
      return `${path} is a script of line ${origin.line}`;
    case 'context':
      return `${path} is copied from the context, where nothing compiles it`;
    case 'image':
      return `${path} is of another image`;
    case 'made':
      return origin.program === 'tee' || !compilesIn(origin.stage, input)
        ? `line ${origin.line} writes ${path}, and nothing shows that it compiles it`
        : undefined;
    case 'unsaid':
      if (OF_SYSTEM.test(path) || baseOfImage(input)?.has?.(path.slice(1)) === true)
        return `${path} is a program of the base`;
      return compilesIn(origin.stage, input)
        ? undefined
        : `nothing shows that ${path} is a compiled program`;
  }
}

function compilesIn(stage: number, input: FixInput): boolean {
  return inStage(input, stage).some(({ commands }) =>
    commands.some(({ words }) => COMPILERS.has(posix.basename(words[0]?.value ?? ''))),
  );
}
