import type { CommandEvent } from '../build-event.ts';
import { teeFiles } from '../tee-files.ts';
import { samePath } from './file-copies.ts';
import { type Check, checkOf, weakHash } from './found-check.ts';
import { grepLook } from './grep-look.ts';

export const SUMS = /^(?:g?sha(?:1|224|256|384|512)sum|b2sum|b3sum|g?md5sum|shasum|cksum|sum)$/;
/** An unquoted substitution beside `!=`: the shell splits its output into words. */
const SEVERAL = /(?:^|\s)\$\([^]*\)\s*!=|!=\s*\$\(/;

/** The right side of a comparison in `[[ ]]`, as written. */
function rightOf(text: string): string {
  return (text.split(/\s(?:==?|!=)\s/)[1] ?? '').replace(/\]\][^]*/, '').trim();
}

function isComparison(event: CommandEvent): 'equal' | 'unequal' | undefined {
  if (!['test', '[', '[['].includes(event.program)) return undefined;
  // More words are more conditions, of which another may be the one that holds.
  const words = event.argv.slice(1).map((f) => f.text);
  if (words.length !== (event.program === 'test' ? 3 : 4)) return undefined;
  // Without quotes it is a pattern there.
  const right = event.program === '[[' ? rightOf(event.text) : '';
  if (/[*?[]/.test(right) && !/^(?:"[^"]*"|'[^']*')$/.test(right)) return undefined;
  if (words[1] === '!=') return 'unequal';
  return words[1] === '=' || words[1] === '==' ? 'equal' : undefined;
}

/** True for `[ SUM FILE != X ]`: the file name in the output makes `[` fail and compare nothing. */
function isError(event: CommandEvent, sum: CommandEvent, after: readonly CommandEvent[]): boolean {
  const isCut = after.some(({ pipedFrom }) => pipedFrom.includes(sum.id));
  return event.program !== '[[' && !isCut && SEVERAL.test(event.text);
}

/** Why a check says nothing. */
export const OWN = 'the sum was made from the file itself';

const CRC = 'a CRC finds errors, and anyone can make a file that has it';

/** True for `cksum` and `sum` without the name of a hash. */
function isCrc({ program, argv }: CommandEvent): boolean {
  const isHash = argv.some(({ text }) =>
    /^(?:sha|sm3|md5|blake2)|^--?a\w*=?(?:sha|sm3|md5|blake2)/.test(text),
  );
  return /^(?:ck)?sum$/.test(program) && !isHash;
}

/** True for a command that computes sums rather than checks them. */
function makesSums(event: CommandEvent): boolean {
  return (
    SUMS.test(event.program) && !event.argv.some((f) => /^(?:-[^\Wc]*c\w*|--check)$/.test(f.text))
  );
}

/** True where one of the files comes from sums: `sha256sum f > LIST`, `sha256sum f | tee LIST`. */
export function writesSums(files: readonly string[], events: readonly CommandEvent[]): boolean {
  const sums = new Set(events.filter(makesSums).map(({ id }) => id));
  return events.some((event) => {
    const { id, writesTo, pipedFrom } = event;
    if (!sums.has(id) && !pipedFrom.some((from) => sums.has(from))) return false;
    return [...writesTo, ...teeFiles(event)].some((to) => files.some((file) => samePath(to, file)));
  });
}

/** True where the other side of a comparison is a sum of the same file. */
export function sumsOf(
  sources: readonly number[],
  files: readonly string[],
  events: readonly CommandEvent[],
): boolean {
  return events.some(
    (event) =>
      sources.includes(event.id) &&
      makesSums(event) &&
      event.argv.slice(1).some((f) => files.some((file) => samePath(file, f.text))),
  );
}

/** A whole sum, with what stands beside it, and no sign by which less would do. */
const WHOLE = /^[^|*?+{}\\]*(?<![0-9a-f])[0-9a-f]{32,128}(?![0-9a-f])[^|*?+{}\\]*$/i;

/** True for a grep that only a whole sum passes: a literal, or a variable that cannot be empty. */
function looksForSum(event: CommandEvent): boolean {
  const look = grepLook(event);
  if (look === undefined || look.has('-f', '--file')) return false;
  const given = look.values('-e', '--regexp');
  const [pattern, second] = given.length > 0 ? given : look.operands;
  if (pattern === undefined || (given.length > 0 && second !== undefined)) return false;
  if (pattern.constant) return WHOLE.test(pattern.text);
  const isWhole = look.has('-x', '--line-regexp');
  return isWhole || /^\^\$(?:\{[^{}]*\}|\([^()]*\)).+/.test(pattern.text);
}

/** A computed sum that a later command compares: `test "$(sha256sum f)" = ...`, `| grep -q ...`. */
export function comparedSum(
  sum: CommandEvent,
  files: readonly string[],
  before: readonly CommandEvent[],
  after: readonly CommandEvent[],
): Check | undefined {
  for (const event of after) {
    const flows = event.argv.some((f) => f.sources.includes(sum.id));
    const comparison = flows ? isComparison(event) : undefined;
    const sources = event.argv.flatMap((f) => f.sources).filter((id) => id !== sum.id);
    const list = { names: [], files: [], sources };
    const weak = weakHash(sum);
    const own = comparison !== undefined && sumsOf(sources, files, before.concat(after));
    const vain = own ? OWN : isCrc(sum) ? CRC : undefined;
    if (comparison !== undefined && vain !== undefined)
      return checkOf(event, `${sum.program} compared`, files, { list, weak, ignored: vain });
    if (comparison === 'equal')
      return checkOf(event, `${sum.program} compared`, files, { list, weak });
    if (comparison === 'unequal' && !isError(event, sum, after)) {
      const ignored = event.stopsOnSuccess ? undefined : 'a difference does not end the build';
      return checkOf(event, `${sum.program} compared`, files, { list, weak, ignored });
    }
    if (!isCrc(sum) && event.pipedFrom.includes(sum.id) && looksForSum(event))
      return checkOf(event, `${sum.program} | grep`, files, { list, weak });
  }
  return undefined;
}
