import type { SourceRange } from '../../../model/dockerfile.ts';
import { baseName } from '../../shell/wrappers.ts';
import type { CommandEvent } from '../build-event.ts';
import { readCommandLine } from '../command-line.ts';
import { scriptedCheck } from '../fetches/scripted-checks.ts';
import { SCRIPTED } from '../fetches/scripted-fetches.ts';
import { type ChecksumList, checksumList, isGeneralList } from './checksum-list.ts';
import { samePath } from './file-copies.ts';
import { grepLook } from './grep-look.ts';
import { keyCheck } from './key-checks.ts';
import { signatureFiles } from './signature-tools.ts';

/** A command that verifies files. */
export interface Check {
  readonly event: CommandEvent;
  readonly method: string;
  readonly range: SourceRange;
  /** Files it verifies by name. */
  readonly files: readonly string[];
  /** Commands whose output it verifies, where that went to no file. */
  readonly fetches?: readonly number[];
  /** For checksums: what they are compared with. */
  readonly list?: ChecksumList;
  /** Why its failure does not stop the build. */
  readonly ignored: string | undefined;
  readonly weak?: string;
}

const SUMS = /^(?:g?sha(?:1|224|256|384|512)sum|b2sum|b3sum|g?md5sum|shasum|cksum|sum)$/;

/** What is worth little by itself: hashes that can be forged. */
function weakHash(event: CommandEvent): string | undefined {
  const words = event.argv.map((f) => f.text).join(' ');
  if (/md5/i.test(words)) return 'MD5 can be forged';
  if (/^\S*sha1sum|^\S*shasum(?!.*-a ?(?:224|256|384|512))|-sha1\b/i.test(words))
    return 'SHA-1 can be forged';
  return undefined;
}

function checkOf(
  event: CommandEvent,
  method: string,
  files: readonly string[],
  details: { list?: ChecksumList; ignored?: string | undefined; weak?: string | undefined } = {},
): Check {
  const ignored = 'ignored' in details ? details.ignored : event.ignored;
  return {
    event,
    method,
    range: event.range,
    files,
    ignored,
    ...(details.list === undefined ? {} : { list: details.list }),
    ...(details.weak === undefined ? {} : { weak: details.weak }),
  };
}

function isComparison(event: CommandEvent): 'equal' | 'unequal' | undefined {
  if (!['test', '[', '[['].includes(event.program)) return undefined;
  // More words are more conditions, of which another may be the one that holds.
  const words = event.argv.slice(1).map((f) => f.text);
  if (words.length !== (event.program === 'test' ? 3 : 4)) return undefined;
  if (words[1] === '!=') return 'unequal';
  return words[1] === '=' || words[1] === '==' ? 'equal' : undefined;
}

const OWN = 'the sum was made from the file itself';

/** True for a command that computes sums rather than checks them. */
function makesSums(event: CommandEvent): boolean {
  return (
    SUMS.test(event.program) && !event.argv.some((f) => /^(?:-[^\Wc]*c\w*|--check)$/.test(f.text))
  );
}

/** True where one of the files was made out of sums: `sha256sum f > LIST`, `sha256sum f | tee LIST`. */
function writesSums(files: readonly string[], events: readonly CommandEvent[]): boolean {
  const sums = new Set(events.filter(makesSums).map(({ id }) => id));
  return events.some(({ id, program, argv, writesTo, pipedFrom }) => {
    if (!sums.has(id) && !pipedFrom.some((from) => sums.has(from))) return false;
    const tee = program === 'tee' ? argv.slice(1).map(({ text }) => text) : [];
    return [...writesTo, ...tee].some((to) => files.some((file) => samePath(to, file)));
  });
}

/** True where the other side of a comparison is a sum of the same file. */
function sumsOf(
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

/** True for a grep that only a whole sum satisfies: one that is written out, or that a variable holds. */
function looksForSum(event: CommandEvent): boolean {
  const look = grepLook(event);
  if (look === undefined) return false;
  const [pattern] = [...look.values('-e', '--regexp'), ...look.operands];
  if (look.has('-f', '--file')) return true;
  return pattern !== undefined && (!pattern.constant || /[0-9a-f]{32}/i.test(pattern.text));
}

/** A sum that is computed, and a later command that compares it: `test "$(sha256sum f)" = ...`, `| grep -q ...`. */
function comparedSum(
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
    if (own) return checkOf(event, `${sum.program} compared`, files, { list, weak, ignored: OWN });
    if (comparison === 'equal')
      return checkOf(event, `${sum.program} compared`, files, { list, weak });
    if (comparison === 'unequal') {
      const ignored = event.stopsOnSuccess ? undefined : 'a difference does not end the build';
      return checkOf(event, `${sum.program} compared`, files, { list, weak, ignored });
    }
    if (event.pipedFrom.includes(sum.id) && looksForSum(event))
      return checkOf(event, `${sum.program} | grep`, files, { list, weak });
  }
  return undefined;
}

function checksum(
  event: CommandEvent,
  before: readonly CommandEvent[],
  after: readonly CommandEvent[],
): Check | undefined {
  const line = readCommandLine(event.program, event.argv.slice(1));
  if (line.has('-c', '--check')) {
    const list = checksumList(event, line.operands, before);
    const own = writesSums(list.files, before) || sumsOf(list.sources, list.names, before);
    return checkOf(event, `${event.program} -c`, list.names, {
      list,
      weak: weakHash(event),
      ...(own ? { ignored: OWN } : {}),
    });
  }
  const files = [...line.operands.map((f) => f.text), ...event.readsFrom].filter((f) => f !== '-');
  const piped = files.length > 0 ? files : catFiles(event, before);
  return piped.length === 0 ? undefined : comparedSum(event, piped, before, after);
}

function catFiles(event: CommandEvent, before: readonly CommandEvent[]): readonly string[] {
  return before
    .filter((e) => event.pipedFrom.includes(e.id) && e.program === 'cat')
    .flatMap((e) => e.argv.slice(1).map((f) => f.text));
}

function openssl(
  event: CommandEvent,
  before: readonly CommandEvent[],
  after: readonly CommandEvent[],
): Check | undefined {
  const words = event.argv.slice(1).map((f) => f.text);
  const operand = words.at(-1) ?? '';
  if (words.includes('-verify') || words.includes('-signature'))
    return checkOf(event, 'openssl -verify', [operand, ...event.readsFrom]);
  const sums = words[0] === 'dgst' || /^sha\d+$|^md5$/.test(words[0] ?? '');
  const files = [operand, ...event.readsFrom, ...catFiles(event, before)];
  return sums ? comparedSum(event, files, before, after) : undefined;
}

/** Of a look for a fingerprint, grep is what fails; the caller has seen that it may. */
function keyIgnored({ ignored }: CommandEvent, weak: string | undefined): string | undefined {
  return weak === undefined ? ignored : undefined;
}

const SHORT_KEY = 'keys are asked for by a short id, which anybody can make';
const LONG_ID = 'keys are asked for by an id, not by their whole fingerprint';

/** `gpg --recv-keys DEADBEEF`: ids of 32 bits are forged in seconds. */
function fetchesKey({ program, argv }: CommandEvent, id: RegExp): boolean {
  const has = (form: RegExp): boolean => argv.some(({ text }) => form.test(text));
  return /^gpg2?$/.test(program) && has(/^--re(?:cv|ceive)-keys?$/) && has(id);
}

function checkAt(events: readonly CommandEvent[], index: number): Check | undefined {
  const event = events[index];
  if (event === undefined) return undefined;
  const after = (): readonly CommandEvent[] => events.slice(index + 1, index + 33);
  const before = (): readonly CommandEvent[] => events.slice(0, index);
  if (SUMS.test(event.program)) return checksum(event, before(), after());
  if (event.program === 'openssl') return openssl(event, before(), after());
  const key = keyCheck(event, before(), events.slice(index + 1));
  if (key !== undefined) {
    const { method, files, fetches, weak } = key;
    return {
      ...checkOf(event, method, files, { weak, ignored: keyIgnored(event, weak) }),
      fetches,
    };
  }
  const found = signatureFiles(event);
  if (found !== undefined) {
    const asks = (id: RegExp): boolean =>
      event.program.startsWith('gpg') && before().some((one) => fetchesKey(one, id));
    const ignored = event.ignored ?? (asks(/^(?:0x)?[0-9A-F]{8}$/i) ? SHORT_KEY : undefined);
    const weak = asks(/^(?:0x)?(?:[0-9A-F]{16}|[0-9A-F]{32})$/i) ? LONG_ID : undefined;
    return checkOf(event, found.method, found.files, { ignored, weak });
  }
  const script = SCRIPTED.test(event.program) ? scriptedCheck(event) : undefined;
  return script && checkOf(event, script.method, script.files, { weak: weakHash(event) });
}

/** The first `limit` commands of a stage that verify what was fetched, in order. Each looks at all commands before it. */
export function checksIn(events: readonly CommandEvent[], limit: number): readonly Check[] {
  const checks: Check[] = [];
  for (let index = 0; index < events.length && checks.length < limit; index += 1) {
    const check = checkAt(events, index);
    if (check !== undefined) checks.push(check);
  }
  return checks;
}

const SUFFIX =
  /\.(?:sha(?:1|224|256|384|512)(?:sum)?|md5(?:sum)?|asc|sig|sign|gpg|minisig|pem|bundle|sigstore(?:\.json)?|intoto\.jsonl)$/i;

/** The file that `f.sha256` or `f.asc` speaks of. */
export function signedName(path: string): string | undefined {
  return SUFFIX.test(path) ? path.replace(SUFFIX, '') : undefined;
}

/** True where a checksum list whose content is not shown speaks of the file. */
export function listSpeaksOf(list: ChecksumList, target: string): boolean {
  const name = baseName(target);
  if (list.pattern !== undefined) {
    const bare = list.pattern.replace(/\\|[\^$](?!\{)|\s+\*?|\.\*/g, '');
    return (
      bare !== '' && (bare.includes(name) || name.includes(bare.replace(/^\/|\/.*/gs, '') || '\0'))
    );
  }
  if (list.names.length > 0) return false;
  return list.files.some(
    (file) => isGeneralList(file) || baseName(signedName(file) ?? '\0') === name,
  );
}
