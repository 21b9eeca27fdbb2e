import { OWN_ANNOTATION } from '../model/oci.ts';
import { secretName } from '../model/secret-names.ts';
import { maskText } from './mask.ts';

/** Arguments of BuildKit itself: none of them is a secret. */
const OF_BUILDKIT = /^(?:BUILDKIT_\w+|SOURCE_DATE_EPOCH)$/;
/** Values that nobody keeps secret: a switch, a version. */
const PLAIN = /^(?:true|false|\d{1,3}(?:\.\d{1,4}){0,3})?$/;
const URL_CREDENTIALS = /(:\/\/)[^/\s]*@/g;
const SECRET_PARAMETER =
  /[?&][^=&?\s]*(?:pin-value|sig|token|secret|passw|credential)[^=&?\s]*=[^&\s#]*/gi;

/**
 * A flag's value in a command line that is shown, kept or printed to be pasted. A build argument is
 * named without its value, which docker then takes from the environment; credentials in addresses
 * and in attributes (`secret_access_key=`) are left out, for docker has other places for them.
 */
export function shownValue(flag: string, value: string): string {
  const [name = ''] = value.split('=', 1);
  if (flag === 'build-arg' && name.length < value.length && !OF_BUILDKIT.test(name)) {
    const isPlain = PLAIN.test(value.slice(name.length + 1));
    return isPlain && secretName(name, 'possible') === undefined ? value : name;
  }
  if (flag === 'label' && name !== OWN_ANNOTATION.secrets && secretName(name, 'possible'))
    return `${name}=****`;
  return maskText(withoutAttributes(flag, shownAddress(value)));
}

/** A word of a command for buildx: `--flag=value`, or an address. */
export function shownWord(word: string): string {
  const [, flag, value] = /^--([a-z-]+)=(.*)$/s.exec(word) ?? [];
  if (flag === undefined || value === undefined) return maskText(shownAddress(word));
  return `--${flag}=${shownValue(flag, value)}`;
}

/** An address, as of a context, without user, password and what a query may hold. */
export function shownAddress(text: string): string {
  return text
    .replaceAll(URL_CREDENTIALS, '$1')
    .replaceAll(SECRET_PARAMETER, (found) => (found.startsWith('?') ? '?' : ''))
    .replace(/\?&/, '?')
    .replace(/\?$/, '');
}

/** Flags of comma-separated attributes that can hold credentials. */
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
