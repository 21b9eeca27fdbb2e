import { fileName } from '../../../model/path.ts';
import type { CommandEvent } from '../build-event.ts';
import { readCommandLine } from '../command-line.ts';
import { scriptedCheck } from '../fetches/scripted-checks.ts';
import { SCRIPTED } from '../fetches/scripted-fetches.ts';
import { type ChecksumList, checksumList, isGeneralList } from './checksum-list.ts';
import { comparedSum, OWN, SUMS, sumsOf, writesSums } from './compared-sums.ts';
import { type Check, checkOf, weakHash } from './found-check.ts';
import { keyCheck } from './key-checks.ts';
import { signatureFiles } from './signature-tools.ts';

export type { Check };

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

/** The first `limit` commands of a stage that verify a fetch, in order; each sees all before it. */
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
  const name = fileName(target);
  if (list.pattern !== undefined) {
    const bare = list.pattern.replace(/\\|[\^$](?!\{)|\s+\*?|\.\*/g, '');
    return (
      bare !== '' && (bare.includes(name) || name.includes(bare.replace(/^\/|\/.*/gs, '') || '\0'))
    );
  }
  if (list.names.length > 0) return false;
  return list.files.some(
    (file) => isGeneralList(file) || fileName(signedName(file) ?? '\0') === name,
  );
}
