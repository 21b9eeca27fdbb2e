import { OWN_ANNOTATION } from '../../model/oci.ts';
import { secretName } from '../../model/secret-names.ts';
import { isDrawn, isPlaceholder } from './secret-value.ts';

/** Attributes of BuildKit's sources: the session of a build, which ends with it. */
const BUILDKIT_SESSIONS: ReadonlySet<string> = new Set([
  'oci.session',
  'local.session',
  'local.sessionid',
]);
/** Switches, numbers, addresses, paths and references: what a variable has that only tells of a secret. */
const NO_VALUE =
  /^(?:true|false|yes|no|on|off|y|n|enabled?|disabled?|auto|default|required|optional|none|unset|\d{1,5}|https?:\/\/[^@]*|[$%].*|file:.*|arn:.*|op:\/\/.*|vault:.*|sha(?:256|512):.*|ssh-(?:rsa|ed25519|dss) .*|\w+ \w+ .*)$/i;
/** A file: from the root, the home or the present folder, below a folder, or by an ending that files of keys have. */
const PATH =
  /^(?:(?:~|\.{1,2}|[A-Za-z]:)?[/\\][\w./\\@ -]*|(?:[\w.-]+\/)+[\w.-]*\.[A-Za-z]{1,6}|[\w.-]+\.(?:pem|key|crt|cer|pub|asc|gpg|jks|p12|pfx|json|ya?ml|txt|env|conf|cfg|ini|sh|py|js))$/;
/** Fingerprint or long id of an OpenPGP key, as release scripts spell the keys they trust; with the blanks that gpg prints too. */
const FINGERPRINT = /^(?:0x)?(?:[0-9A-F]{16}|[0-9A-Fa-f]{40}|(?:[0-9A-F]{4} {1,2}){9}[0-9A-F]{4})$/;

/** A value that a person would keep to themselves. */
function isSecretValue(value: string): boolean {
  return value.length >= 4 && !NO_VALUE.test(value) && !PATH.test(value) && !isPlaceholder(value);
}

/** True where a variable of this name and value holds a secret in itself. */
export function isNamedSecret(name: string, value: string): boolean {
  if (!isSecretValue(value)) return false;
  if (BUILDKIT_SESSIONS.has(name)) return false;
  // Our own label says how secrets come: these two words and no others.
  if (name === OWN_ANNOTATION.secrets && (value === 'none' || value === 'by-file')) return false;
  if (secretName(name, 'sure') !== undefined) return true;
  if (secretName(name, 'possible') === undefined) return false;
  return isDrawn(value) && !(/keys?$/i.test(name) && FINGERPRINT.test(value));
}
