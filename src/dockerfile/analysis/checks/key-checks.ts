import type { CommandEvent } from '../build-event.ts';
import { readCommandLine } from '../command-line.ts';
import { grepLook } from './grep-look.ts';

/** A key among what was fetched, named by its whole fingerprint. */
interface KeyCheck {
  readonly method: string;
  /** Files of keys that it holds. */
  readonly files: readonly string[];
  /** Commands whose output they came from, where that was no file. */
  readonly fetches: readonly number[];
  readonly weak?: string;
}

const FINGERPRINT = /^(?:0x)?(?:[0-9A-F]{40}|[0-9A-F]{64})!?$/i;
/** One that a pattern for grep names. */
const NAMED = /(?<![0-9A-F])(?:[0-9A-F]{40}|[0-9A-F]{64})(?![0-9A-F])/i;
const BESIDE = 'other keys in the same file are not ruled out';

function isGpg({ program }: CommandEvent): boolean {
  return program === 'gpg' || program === 'gpg2';
}

function isFingerprint(text: string): boolean {
  return FINGERPRINT.test(text.replace(/\s+/g, '')) && /\d/.test(text);
}

/** True where what was imported is thrown away: the folder of the keyring goes. */
function dropsKeyring({ program, argv }: CommandEvent): boolean {
  return program === 'rm' && argv.some((f) => /GNUPGHOME|\.gnupg|mktemp/.test(f.text));
}

function has(event: CommandEvent, ...options: readonly string[]): boolean {
  return readCommandLine(event.program, event.argv.slice(1)).has(...options);
}

/** What the keyring at hand was filled from, since it was last thrown away. */
function imported(before: readonly CommandEvent[]): Pick<KeyCheck, 'files' | 'fetches'> {
  const from = before.findLastIndex(dropsKeyring) + 1;
  const imports = before.slice(from).filter((e) => isGpg(e) && has(e, '--import'));
  return {
    files: imports.flatMap((e) => [
      ...readCommandLine(e.program, e.argv.slice(1)).operands.map((f) => f.text),
      ...e.readsFrom,
    ]),
    fetches: imports.flatMap((e) => e.pipedFrom),
  };
}

/** Uses every key of the keyring, whoever it is of. */
function usesKeyring(event: CommandEvent): boolean {
  return (
    event.program.startsWith('gpgv') || (isGpg(event) && has(event, '--verify', '--decrypt', '-d'))
  );
}

/**
 * `gpg --import KEYS && gpg --export FINGERPRINT > FILE`: of all that came, the one key goes on;
 * unless the keyring with all of them checks something. `gpg --show-keys KEYS | grep FINGERPRINT`
 * says that the key is among them.
 */
export function keyCheck(
  event: CommandEvent,
  before: readonly CommandEvent[],
  after: readonly CommandEvent[],
): KeyCheck | undefined {
  if (!isGpg(event)) return undefined;
  const { operands } = readCommandLine(event.program, event.argv.slice(1));
  if (has(event, '--export')) {
    if (operands.length === 0 || !operands.every((f) => isFingerprint(f.text))) return undefined;
    const dropped = after.findIndex(dropsKeyring);
    const until = dropped < 0 ? after : after.slice(0, dropped);
    if (until.some(usesKeyring)) return undefined;
    return { method: 'gpg --export of a fingerprint', ...imported(before) };
  }
  const looksFor = after.some(
    (other) =>
      other.ignored === undefined &&
      other.pipedFrom.includes(event.id) &&
      grepLook(other) !== undefined &&
      other.argv.some((f) => NAMED.test(f.text.replace(/\s+/g, ''))),
  );
  if (!looksFor) return undefined;
  const shown = has(event, '--show-keys', '--with-fingerprint', '--import-options');
  const from = shown
    ? { files: [...operands.map((f) => f.text), ...event.readsFrom], fetches: event.pipedFrom }
    : imported(before);
  return { method: 'fingerprint looked for', ...from, weak: BESIDE };
}
