import type { DownloadCheck } from '../../../model/build-analysis.ts';
import { NAMED_FETCHES, type NamedFetch } from '../../../programs/named-fetches.ts';
import { constantField } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { readCommandLine, verbOf } from '../command-line.ts';
import { type Fetch, fetchOf } from './fetch.ts';

/** Programs that start another one by name, by the words in front of it. */
const RUNNERS =
  /^(?:npx|bunx|bun (?:x|run)|pnpx|yarn(?: dlx| exec| run)?|pnpm(?! env )(?: exec| dlx| run)?|npm exec|bundle exec|(?:uv|poetry|pipenv|pdm) run|python[\d.]* -m)(?= )((?: (?:-p|--package) \S+| --?[\w-]+(?:=\S*)?)*) /;

/** A command line without what only starts the program, one runner through another. */
function programAndWords(event: CommandEvent): readonly string[] {
  let words = [event.program, ...event.argv.slice(1).map((f) => f.text)];
  for (let round = 0; round < 3; round += 1) {
    const run = RUNNERS.exec(words.join(' '));
    if (run === null) break;
    words = words.slice(run[0].trimEnd().split(' ').length);
  }
  return [(words[0] ?? '').replace(/(.)@[\w.^~-]+$/, '$1'), ...words.slice(1)];
}

function checkOf(
  program: string,
  { checks, pinned }: NamedFetch,
  event: CommandEvent,
  line: string,
): { ownCheck?: DownloadCheck } {
  const { range } = event;
  if (pinned?.[1].test(` ${line}`) === true)
    return { ownCheck: { method: `${program}, locked`, range } };
  if (checks === 'nothing') return {};
  const own: DownloadCheck = { method: program, range };
  const weak = 'its sums come from the same origin as the files';
  return { ownCheck: checks === 'own sums' ? own : { ...own, weak } };
}

/** What programs fetch by a name from which they make the address; nothing for other commands. */
export function namedFetches(event: CommandEvent): readonly Fetch[] {
  const [program = '', ...words] = programAndWords(event);
  const known = NAMED_FETCHES[program];
  if (known === undefined) return [];
  const line = words.join(' ');
  const spoken = readCommandLine(program, words.map(constantField)).operands.filter(
    ({ text }) => !text.startsWith('+'),
  );
  const bare = program === 'n' && spoken.length === 0;
  const fetches = verbOf(spoken, known.verbs ?? ['']) !== undefined;
  if (!fetches || bare || known.unless?.test(line) === true) return [];
  const address = { ...constantField(`${program} ${line}`), constant: false };
  return [fetchOf(event, 'other', address, '', checkOf(program, known, event, line))];
}
