import { parseStrictJson } from '../formats/strict-json.ts';
import type { RecordedSteps } from '../model/build-analysis.ts';
import type { DockerfileModel, Instruction } from '../model/dockerfile.ts';

/**
 * True where each command that the engine ran is one that the Dockerfile, as it was read, shows. It is
 * not for ONBUILD steps of a base image, under another frontend, and wherever we read a RUN otherwise
 * than the engine did.
 */
export function showsSteps(
  model: DockerfileModel,
  { commands, fetchesInFrom }: RecordedSteps,
): boolean {
  if (fetchesInFrom) return false;
  const read = model.stages.flatMap(({ instructions }) => instructions);
  const shown = new Set(read.filter(({ keyword }) => keyword === 'RUN').flatMap(commandsOf));
  const shells = read
    .filter(({ keyword }) => keyword === 'SHELL')
    .map(({ arguments: words }) => JSON.stringify(words));
  return commands.every((words) => {
    if (shown.has(JSON.stringify(words))) return true;
    const shell = words.slice(0, -1);
    return (
      (isShell(shell) || shells.includes(JSON.stringify(shell))) && shown.has(words.at(-1) ?? '')
    );
  });
}

/** The engine's own shell, or one like it: a base image may set any program (`Shell` in its configuration). */
function isShell([program = '', ...options]: readonly string[]): boolean {
  return (
    /^(?:\/(?:usr\/)?bin\/)?(?:sh|bash|ash|dash|zsh|ksh)$|^(?:cmd|powershell)(?:\.exe)?$/i.test(
      program,
    ) && options.every((option) => /^(?:[-/]\w+|pipefail)$/.test(option))
  );
}

/** A RUN as the engine hands it on: text for a shell, which is the last word; an exec form in JSON; a script's path. */
function commandsOf({ rawArguments: raw, heredocs }: Instruction): readonly string[] {
  const [first] = heredocs;
  if (first === undefined) {
    const words = raw.startsWith('[') ? parseStrictJson(raw, 'RUN', raw.length * 4) : undefined;
    return words?.ok === true ? [JSON.stringify(words.value)] : [raw];
  }
  if (/^<<-?\s*(["']?)[^\s"'<>|&;]+\1$/.test(raw))
    return [first.content, `/dev/pipes/${first.delimiter}`];
  return [[raw, ...heredocs.map(({ content, delimiter }) => content + delimiter)].join('\n')];
}
