import type { SourceWord } from '../../model/dockerfile-source.ts';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { startsNoOther } from '../../programs/local.ts';
import { commandAt } from '../shared/edit/command-at.ts';
import { startsNothing } from '../shared/edit/program/needs-root.ts';
import { othersOn, purposeOf, PURPOSES } from '../shared/edit/program/purpose.ts';
import { checked, started } from '../shared/edit/program/started.ts';
import { type Doubt, proposal, refusedAt, riskOf, together } from '../shared/edit/proposal.ts';
import { withoutWord } from '../shared/edit/run-text.ts';
import { hasInnerComment, inImage, lastInImage, type Placed } from '../shared/edit/stage-view.ts';
import { type KeptTools, keptTools } from './kept-tools.ts';

/** Packages of build and debug tools, with the programs of them that a build calls. */
const TOOLS: ReadonlyMap<string, readonly string[]> = new Map([
  ['build-essential', ['gcc', 'g++', 'cc', 'c++', 'make', 'ld', 'as', 'ar', 'dpkg-buildpackage']],
  ['gcc', ['gcc', 'cc']],
  ['g++', ['g++', 'c++']],
  ['clang', ['clang', 'clang++']],
  ['make', ['make']],
  ['cmake', ['cmake', 'ctest']],
  ['ninja-build', ['ninja']],
  ['meson', ['meson']],
  ['autoconf', ['autoconf', 'autoreconf']],
  ['automake', ['automake', 'aclocal']],
  ['binutils', ['ld', 'as', 'ar', 'strip', 'objcopy', 'readelf']],
  ['gdb', ['gdb']],
  ['strace', ['strace']],
  ['ltrace', ['ltrace']],
  ['valgrind', ['valgrind']],
]);
function toolsIn(
  words: readonly SourceWord[],
): readonly (SourceWord & { readonly name: string })[] {
  return words.flatMap((word) => {
    const name = word.value?.replace(/[=/].*/s, '');
    return name !== undefined && TOOLS.has(name) ? [{ ...word, name }] : [];
  });
}

/** The first RUN program that may call a tool, such as a script, or a line that cannot be read. */
function callerIn(input: FixInput): string | undefined {
  for (const { keyword, instruction, commands, line } of inImage(input)) {
    if (keyword !== 'RUN') continue;
    if (instruction.shellError !== undefined) return `line ${line}`;
    for (const [at, { argv, started, command }] of commands.entries()) {
      const isRead = (commands[at + 1]?.command.depth ?? 0) > (command.depth ?? 0);
      for (const [first = '', ...words] of isRead ? started : [argv, ...started]) {
        const name = first.replace(/^\/(?:usr\/)?(?:local\/)?s?bin\//, '');
        if (!startsNoOther(name, words) && !/^\w+=/.test(name)) return name;
      }
    }
  }
  return undefined;
}

/** Programs of the image that may call a tool unseen. */
function doubtsOf(input: FixInput): readonly Doubt[] {
  const runs = [started(input), checked(input)];
  const other = runs.flatMap(({ called }) => called).find(({ name }) => !startsNothing(name));
  const [unread] = runs.flatMap((run) => run.unread);
  return [
    ...(unread === undefined ? [] : [unread]),
    ...(other === undefined ? [] : [`${other.name} may call it at run time`]),
  ].map((reason) => ({ risk: 'medium', reason: `${reason}; --verify shows whether it answers` }));
}

/** What a container of the image starts, and names one of these tools. */
function starterIn(
  input: FixInput,
  tools: readonly { readonly name: string }[],
): string | undefined {
  const programs = new Set(tools.flatMap(({ name }) => TOOLS.get(name) ?? []));
  return ['ENTRYPOINT', 'CMD', 'HEALTHCHECK'].find((keyword) =>
    lastInImage(input, keyword)
      ?.instruction.rawArguments.split(/[\s"'[\],;&|()]+/)
      .some((word) => programs.has(word.replace(/^.*\//, ''))),
  );
}

function without(input: FixInput, run: Placed, { install, packages }: KeptTools): FixPlan {
  const { manager, stage, range } = install;
  const { source } = input;
  const found = commandAt(input, stage, range, (words) => toolsIn(words).length > 0);
  const tools = (found === undefined ? [] : toolsIn(found.command.words)).filter(({ name }) =>
    packages.some((one) => one.name === name),
  );
  const refused = (reason: string): FixPlan =>
    refusedAt(run, `${packages.map(({ name }) => name).join(', ')} stays: ${reason}`);
  if (manager !== 'apt') return refused('only those of apt are checked');
  if (found === undefined || tools.length === 0)
    return refused('it may bring what the program needs at run time');
  if (hasInnerComment(input, found.run)) return refused('comments stand between its lines');
  const caller = callerIn(input);
  if (caller !== undefined) return refused(`${caller} of this stage may call it`);
  const starter = starterIn(input, tools);
  if (starter !== undefined) return refused(`${starter} names it`);
  if (tools.length >= install.packages.length)
    return refused('nothing else is installed by this command');
  const purpose = purposeOf(input);
  if (purpose !== 'service') return refused(PURPOSES[purpose]);
  if (othersOn(input, input.imageStages)) return refused('other stages use it');
  return {
    edits: tools.map((tool) =>
      proposal(found.run, {
        key: tool.name,
        title: `Do not install ${tool.name}`,
        why: 'Nothing in the build uses it; in the image it only helps an attacker',
        ...riskOf(
          { risk: 'low', reason: 'what the image starts calls no other program' },
          doubtsOf(input),
        ),
        edits: [withoutWord(source.text, found, tool)],
      }),
    ),
    refusals: [],
  };
}

export const unusedTools: FixRule = {
  id: 'unused-tools',
  criterion: 'no-build-tooling',
  needs: ['bases'],
  plan: (input) =>
    together(
      inImage(input)
        .filter(({ keyword }) => keyword === 'RUN')
        .flatMap((run) =>
          keptTools(run.instruction, input.analysis).map((kept) => without(input, run, kept)),
        ),
    ),
};
