import { OWN_ANNOTATION } from '../model/image.ts';
import { SECRET_SHAPE, secretName } from '../model/secret-names.ts';

const CREDENTIALS_IN_URL = /(:\/\/)[^/\s"'<>?#]*@/g;
/** The PIN of a PKCS#11 URI (RFC 7512, 2.4). */
const PIN_IN_URI = /([?&]pin-value=)[^&\s]+/gi;
const MASK = '****';

export function maskText(text: string): string {
  return text
    .replaceAll(CREDENTIALS_IN_URL, `$1${MASK}@`)
    .replaceAll(PIN_IN_URI, `$1${MASK}`)
    .replaceAll(SECRET_SHAPE, MASK);
}

/** Arguments of BuildKit itself: none of them is a secret. */
const OF_BUILDKIT = /^(?:BUILDKIT_\w+|SOURCE_DATE_EPOCH)$/;
/** Values that nobody keeps secret: a switch, a version. */
const PLAIN = /^(?:true|false|\d{1,3}(?:\.\d{1,4}){0,3})?$/;
const URL_CREDENTIALS = /(:\/\/)[^/\s]*@/g;
const SECRET_PARAMETER =
  /[?&][^=&?\s]*(?:pin-value|sig|token|secret|passw|credential)[^=&?\s]*=[^&\s#]*/gi;

/**
 * A flag's value in a command line that is shown, kept or printed to be pasted. A build argument is
 * named without its value: docker then takes it from the environment. Credentials in addresses and
 * attributes (`secret_access_key=`) are left out, for docker has other places for them.
 */
export function shownValue(flag: string, value: string): string {
  const [name = ''] = value.split('=', 1);
  if (flag === 'build-arg' && name.length < value.length && !OF_BUILDKIT.test(name)) {
    const isPlain = PLAIN.test(value.slice(name.length + 1));
    return isPlain && secretName(name, 'possible') === undefined ? value : name;
  }
  // docker takes it from the environment too.
  if (flag === 'env' && secretName(name) !== undefined) return name;
  if (flag === 'label' && name !== OWN_ANNOTATION.secrets && secretName(name, 'possible'))
    return `${name}=****`;
  return maskText(withoutAttributes(flag, addressWithoutSecrets(value)));
}

export function shownWord(word: string): string {
  const [, flag, value] = /^--([a-z-]+)=(.*)$/s.exec(word) ?? [];
  if (flag === undefined || value === undefined) return maskText(addressWithoutSecrets(word));
  return `--${flag}=${shownValue(flag, value)}`;
}

/** An address, as of a context, without user, password and query. */
export function addressWithoutSecrets(text: string): string {
  return text
    .replaceAll(URL_CREDENTIALS, '$1')
    .replaceAll(SECRET_PARAMETER, (found) => (found.startsWith('?') ? '?' : ''))
    .replace(/\?&/, '?')
    .replace(/\?$/, '');
}

/** Flags of comma-separated attributes that can contain credentials. */
const OF_ATTRIBUTES = /^(?:cache-from|cache-to|output|build-context|buildx-arg)$/;

function withoutAttributes(flag: string, value: string): string {
  if (!OF_ATTRIBUTES.test(flag)) return value;
  return value
    .split(',')
    .filter((one) => {
      const [name = ''] = one.replace(/^--[a-z-]+=/, '').split('=', 1);
      return name === one || secretName(name, 'possible') === undefined;
    })
    .join(',');
}

/**
 * The address of a repository for a published image: https, without user, password, query, fragment
 * and `.git`. `git@host:path` and `ssh://` become https. Undefined for local paths and other text:
 * they would say something about the machine, and nobody could open them.
 */
export function publicSourceUrl(remote: string): string | undefined {
  const text = remote.trim();
  const scp = /^(?:[\w.-]+@)?([a-z0-9.-]+\.[a-z]{2,}):(?!\/\/)(?!\d+\/)\/?(.+)$/i.exec(text);
  const address = scp === null ? text : `ssh://${scp[1] ?? ''}/${scp[2] ?? ''}`;
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return undefined;
  }
  if (!/^(?:https?|ssh|git|git\+ssh|git\+https):$/.test(url.protocol) || url.hostname === '')
    return undefined;
  const web = url.protocol === 'http:' || url.protocol === 'https:';
  const port = web && url.port !== '' ? `:${url.port}` : '';
  const path = url.pathname.replace(/(?<!\/)\/+$/, '').replace(/\.git$/, '');
  const scheme = url.protocol === 'http:' ? 'http' : 'https';
  return path === '' ? undefined : `${scheme}://${url.hostname}${port}${path}`;
}

/** True for what buildx takes for a git or HTTP address (docker/buildx, build/utils.go). */
export function isAddress(text: string): boolean {
  return /^(?:https?:\/\/|git:\/\/|ssh:\/\/|git@|github\.com\/)/.test(text);
}
