import type { Field } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { readCommandLine } from '../command-line.ts';

interface VerifiedFiles {
  readonly method: string;
  readonly files: readonly string[];
}

function gpg(event: CommandEvent): VerifiedFiles | undefined {
  if (anyKey(event)) return undefined;
  const line = readCommandLine(event.program, event.argv.slice(1));
  const files = line.operands.map((f) => f.text);
  const outputs = line.values('-o', '--output').map((f) => f.text);
  if (event.program.startsWith('gpgv')) return { method: 'gpgv', files: signed(files, outputs) };
  if (line.has('--verify', '--verify-files'))
    return { method: 'gpg --verify', files: signed(files, outputs) };
  // Decrypting a signed file checks its signature and gives its content; what a password opens has
  // none.
  const isSecret = event.argv.some(({ text }) => text.startsWith('--passphrase'));
  if (line.has('--decrypt', '-d') && files.length > 0 && !isSecret)
    return { method: 'gpg --decrypt', files: signed(files, outputs) };
  return undefined;
}

/** The files named, and what a lone signature speaks of. */
function signed(files: readonly string[], outputs: readonly string[]): readonly string[] {
  const [first] = files;
  const alone = files.length === 1 && first !== undefined && /\.(?:asc|sig|sign|gpg)$/.test(first);
  return [...files, ...outputs, ...(alone ? [first.replace(/\.[a-z]+$/, '')] : [])];
}

function optionValue(event: CommandEvent, letters: RegExp): readonly string[] {
  const words = event.argv.map((f) => f.text);
  return words.flatMap((word, index) => (letters.test(word) ? (words[index + 1] ?? []) : []));
}

function verbed(event: CommandEvent, verbs: RegExp): VerifiedFiles | undefined {
  const line = readCommandLine(event.program, event.argv.slice(1));
  const words = line.operands.map((f) => f.text);
  const at = words.findIndex((word) => verbs.test(word));
  if (at < 0) return undefined;
  const sums = line.values('--signature', '--bundle').map((f) => f.text);
  return {
    method: `${event.program} ${words[at] ?? ''}`,
    files: [...words.slice(at + 1), ...sums],
  };
}

/** What a pattern for a signer says beside the scheme and the signs that stand for anything. */
const SAYS = /[A-Za-z0-9][\w.-]{2,}/;
/** cosign then passes over a part of what it is to check. */
const PASSES_OVER = /^--(?:insecure-\S*|check-claims=false|allow-insecure\S*)$/;

/** True where cosign takes anyone's signature, skips a check, or gets the key over the network. */
function anyIdentity(event: CommandEvent): boolean {
  const line = readCommandLine(event.program, event.argv.slice(1));
  const isOpen = ({ text, constant }: Field): boolean =>
    constant && !SAYS.test(text.replace(/^\^?https?:\\?\/\\?\//, '').replace(/\\(?=[^\w])/g, ''));
  return (
    event.argv.some(({ text }) => PASSES_OVER.test(text)) ||
    line.values('--certificate-identity-regexp').some(isOpen) ||
    line.values('--key').some(({ text }) => /^https?:/i.test(text))
  );
}

/** True where gpg fetches, or takes out of the signature, whatever key it was made with. */
function anyKey({ argv }: CommandEvent): boolean {
  return argv.some(({ text }) => /auto-key-(?:retrieve|locate|import)/.test(text));
}

/** Files whose signature a command checks; undefined where it checks none. */
export function signatureFiles(event: CommandEvent): VerifiedFiles | undefined {
  const words = event.argv.slice(1).map((f) => f.text);
  const operands = words.filter((w) => !w.startsWith('-'));
  switch (event.program) {
    case 'gpg':
    case 'gpg2':
    case 'gpgv':
    case 'gpgv2':
    case 'sqv':
      return event.program === 'sqv' ? { method: 'sqv', files: operands } : gpg(event);
    case 'cosign':
      return anyIdentity(event) ? undefined : verbed(event, /^verify-blob(?:-attestation)?$/);
    case 'slsa-verifier':
      return verbed(event, /^verify-(?:artifact|npm-package)$/);
    case 'gh':
      return operands[0] === 'attestation' ? verbed(event, /^verify$/) : undefined;
    case 'notation':
      return operands[0] === 'blob' ? verbed(event, /^verify$/) : undefined;
    case 'minisign':
    case 'signify':
    case 'signify-openbsd':
      return words.some((w) => /^-\w*V/.test(w))
        ? { method: `${event.program} -V`, files: optionValue(event, /^-\w*m$/) }
        : undefined;
    // `rpm --checksig` is content with a package that nobody signed, jarsigner unless it is strict.
    case 'jarsigner':
      return words.includes('-verify') && words.includes('-strict')
        ? { method: 'jarsigner -verify -strict', files: operands }
        : undefined;
    case 'ssh-keygen':
      return words.includes('verify')
        ? { method: 'ssh-keygen -Y verify', files: event.readsFrom }
        : undefined;
    default:
      return undefined;
  }
}
