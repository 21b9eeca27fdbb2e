import type { SourceWord } from '../../model/dockerfile-source.ts';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import type { TextEdit } from '../../model/planned-edit.ts';
import { commandAt, type FoundCommand } from './command-at.ts';
import { startsNothing } from './program/needs-root.ts';
import { othersOn, PURPOSES, purposeOf } from './program/purpose.ts';
import { checked, started } from './program/started.ts';
import { type Doubt, proposal, refusal, riskOf, together } from './proposal.ts';
import { hasInnerComment, inImage, lastInImage } from './stage-view.ts';

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
/** Commands that call none of them; of any other it is not known. */
const CALLS_NONE = new Set(
  (
    '[ addgroup adduser apt apt-cache apt-get apt-key apt-mark awk basename cat cd chmod chown chgrp cp curl cut date dirname dpkg dpkg-query echo exit export false find getent git gosu gpg ' +
    'grep groupadd groupmod gunzip gzip head install ldconfig ln locale-gen ls mkdir mktemp mv printf pwd rm rmdir sed set sha1sum sha256sum sha512sum sleep sort su-exec tail tar tee test touch ' +
    'tr true tzdata umask uname unzip update-ca-certificates useradd usermod wget which xz'
  ).split(' '),
);

function toolsIn({ command }: FoundCommand): readonly (SourceWord & { readonly name: string })[] {
  return command.words.flatMap((word) => {
    const name = word.value?.replace(/[=/].*$/, '');
    return name !== undefined && TOOLS.has(name) ? [{ ...word, name }] : [];
  });
}

/** The first program that the RUNs of the image call and that may call a tool; scripts and what cannot be read among them. */
function callerIn(input: FixInput): string | undefined {
  for (const { keyword, instruction, line } of inImage(input)) {
    if (keyword !== 'RUN') continue;
    if (instruction.shellError !== undefined) return `line ${line}`;
    for (const { words } of instruction.commands) {
      const [first] = words;
      if (first === undefined) continue;
      const program = first.value;
      if (program === undefined) return `line ${line}`;
      const name = program.replace(/^\/(?:usr\/)?(?:local\/)?s?bin\//, '');
      if (!CALLS_NONE.has(name) && !/^\w+=/.test(name)) return name;
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

function without(input: FixInput, found: FoundCommand, packages: number): FixPlan {
  const tools = toolsIn(found);
  if (tools.length === 0) return { edits: [], refusals: [] };
  const refused = (reason: string): FixPlan => ({
    edits: [],
    refusals: [refusal(found.run, `${tools.map(({ name }) => name).join(', ')} stays: ${reason}`)],
  });
  if (hasInnerComment(input, found.run)) return refused('comments stand between its lines');
  const caller = callerIn(input);
  if (caller !== undefined) return refused(`${caller} of this stage may call it`);
  const starter = starterIn(input, tools);
  if (starter !== undefined) return refused(`${starter} names it`);
  if (tools.length >= packages) return refused('nothing else is installed by this command');
  const purpose = purposeOf(input);
  if (purpose !== 'service') return refused(PURPOSES[purpose]);
  if (othersOn(input, input.imageStages)) return refused('other stages stand on it');
  return {
    edits: tools.map((tool) =>
      proposal(found.run, {
        key: tool.name,
        title: `Do not install ${tool.name}`,
        why: 'No command of the build calls it, and in the image it is of use only to who breaks in',
        ...riskOf(
          { risk: 'low', reason: 'what the image starts calls no other program' },
          doubtsOf(input),
        ),
        edits: [removal(input.source.text, tool)],
      }),
    ),
    refusals: [],
  };
}

/** The word with the blanks in front of it; where it stands alone on its line, with that line. */
function removal(text: string, { start, end }: SourceWord): TextEdit {
  const before = text.slice(0, start);
  const lineStart = before.lastIndexOf('\n') + 1;
  const behind = /^[ \t]*\\\r?\n/.exec(text.slice(end));
  if (before.slice(lineStart).trim() === '' && behind !== null)
    return { start: lineStart, end: end + behind[0].length, text: '' };
  // The last of several lines: what joins it to the one above goes too.
  const blanks = /(?:[ \t]*\\\r?\n)?[ \t]*$/.exec(before)?.[0].length ?? 0;
  return { start: start - blanks, end, text: '' };
}

/** Build and debug tools that nothing of the build calls are not installed. */
export const unusedTools: FixRule = {
  id: 'unused-tools',
  title: 'Leave tools out that nothing calls',
  help: 'Takes compilers, make, debuggers and tracers out of `apt-get install` in the image’s own stages, where no command of these stages calls them or may call them unseen, as `pip install`, `npm install` and scripts may. A command that installs nothing else is left alone.',
  breaks: [
    {
      what: 'a command of the build calls the tool',
      shownBy: 'every command of the image’s stages is one that is known to call none',
    },
    {
      what: 'the program calls the tool at run time',
      shownBy: 'all that the image starts could be read, and is known to start no other program',
    },
    {
      what: 'people, or images that stand on this one, compile with it',
      shownBy: 'the image starts a program of its own, which is no console and no build tool',
    },
  ],
  criterion: 'no-build-tooling',
  needs: ['bases'],
  plan: (input) =>
    together(
      input.analysis.installs
        .filter(({ manager, stage }) => manager === 'apt' && input.imageStages.includes(stage))
        .flatMap(({ stage, range, packages }) => {
          const found = commandAt(input, stage, range);
          return found === undefined ? [] : [without(input, found, packages.length)];
        }),
    ),
};
