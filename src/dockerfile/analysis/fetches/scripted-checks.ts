import type { CommandEvent } from '../build-event.ts';

/** A call that hashes a file by its name. */
const HASHED =
  /(?:hash_file\(\s*\\?['"]sha(?:256|384|512)\\?['"]\s*,|md5_file\(|sha1_file\(|(?:open|readFileSync|read_bytes|Path|File\.(?:bin)?read|file)\(|Get-FileHash(?=\s)(?:\s+-Path(?=\s))?)\s*\\?['"]?([^'"\\,()\s]+)/gi;
const SUMS =
  /hash_file\(|hashlib\.|createHash\(|Digest::SHA|OpenSSL::Digest|Get-FileHash|md5_file|sha1_file/i;
const COMPARES = /[!=]==?|\bassert\b|hash_equals|-(?:ne|eq|cne)\b|\bunless\b/;
/** Ends the build, or takes the file away so that its use does. */
const ENDS =
  /\bassert\b|sys\.exit|process\.exit|\bexit\b|\bdie\b|\braise\b|\bthrow\b|\babort\b|unlink\(/i;

/** True where a script compares a hash, and ends where it differs. */
export function comparesHash(text: string): boolean {
  return SUMS.test(text) && COMPARES.test(text) && ENDS.test(text);
}

/** Files a script checks by hash: `php -r "if (hash_file('sha384', 'f') !== '...') exit(1);"`. */
export function scriptedCheck(
  event: CommandEvent,
): { readonly method: string; readonly files: readonly string[] } | undefined {
  const script = [...event.argv.slice(1), ...(event.input === undefined ? [] : [event.input])].find(
    (field) => comparesHash(field.text),
  );
  if (script === undefined) return undefined;
  const files = [...script.text.matchAll(HASHED)].flatMap(([, file]) => file ?? []);
  return files.length === 0 ? undefined : { method: `${event.program}, a hash compared`, files };
}
