import { secretName } from '../../../model/secret-names.ts';
import { isDrawn } from '../secret-value.ts';
import { inText, named, type SecretRule } from './rule.ts';

/** What the name of a secret ends in, as keywords: the first letter may be a capital. */
const WORDS = (
  'assword ASSWORD asswd ASSWD assphrase ASSPHRASE ecret ECRET oken OKEN api_key API_KEY ' +
  'piKey pikey PIKEY pi-key Pi-Key pi-Key ccess_key CCESS_KEY ccessKey rivate_key ' +
  'RIVATE_KEY rivateKey uth_key UTH_KEY cret_key CRET_KEY cretKey ncryption_key ' +
  'NCRYPTION_KEY ncryptionKey'
).split(' ');
const LEAST = 16;
const FAR = 40;

function isValue(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x27 && byte !== 0x60;
}

/** True where an equals sign or a colon follows the name on its line, and a long word that one. */
function isAssigned(bytes: Uint8Array, at: number): boolean {
  let place = at;
  const end = Math.min(bytes.length, at + FAR);
  for (; ; place += 1) {
    const byte = bytes[place] ?? 10;
    if (place >= end || byte === 10) return false;
    if (byte === 0x3d || byte === 0x3a) break;
  }
  while (place < end && !isWordByte(bytes[place] ?? 0)) place += 1;
  for (let length = 0; length < LEAST; length += 1)
    if (!isValue(bytes[place + length] ?? 0)) return false;
  return true;
}

function isWordByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a)
  );
}

/** Services whose keys have no shape of their own: each beside the service's name. */
const SERVICES = (
  'adafruit airtable algolia asana bittrex cloudflare codecov cohere coinbase confluent ' +
  'datadog discord dropbox etsy facebook fastly finnhub flickr freshbooks gitter heroku ' +
  'hubspot intercom jfrog kraken kucoin launchdarkly linkedin mailgun mattermost ' +
  'messagebird okta plaid rapidapi sendbird snyk squarespace sumologic travis twitch ' +
  'twitter zendesk'
).split(' ');

/** Secrets without a shape: by the name they have, where the value looks drawn at random. */
export const ASSIGNED_RULES: readonly SecretRule[] = [
  {
    ...inText(
      'assigned-secret',
      'A value drawn at random, set under a name that says it is a password, secret, token or key',
      WORDS,
      /(?<=(?<head>[A-Za-z0-9_.-]{0,60}))(?<word>[A-Za-z_-]{4,14}?)(?<tail>s?)["'\]]{0,2}\s{0,4}(?:=>|:=|[=:])\s{0,4}(?:["'`]|&quot;)?(?<secret>[A-Za-z0-9+/=_.~!@#$%^&*-]{16,200})(?![A-Za-z0-9+/=_([])/y,
      (value, { groups }) => {
        const name = `${groups?.['head'] ?? ''}${groups?.['word'] ?? ''}`;
        return (
          secretName(name, 'sure') !== undefined &&
          isDrawn(value) &&
          /\d/.test(value) &&
          !isCode(value) &&
          !isTypeOf(name, value)
        );
      },
    ),
    glance: isAssigned,
    cost: 10,
  },
  {
    ...named(
      'service-key',
      'Keys of services that have no shape of their own, beside the name of the service',
      SERVICES,
      '[A-Za-z0-9]{20,64}|[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}',
    ),
    accepts: (value, { 0: whole }) =>
      isDrawn(value, 20) &&
      /\d/.test(value) &&
      /key|token|secret|passw|auth|cred|pat\b/i.test(whole),
  },
];

/** An identifier that repeats the name as its type in code: `private_key: PKCS7PrivateKeyTypes`. */
function isTypeOf(name: string, value: string): boolean {
  if (!/^[A-Za-z_]\w*$/.test(value)) return false;
  const words = name.replace(/([a-z])(?=[A-Z])/g, '$1_').split(/[_.-]/);
  const rest = value.replace(new RegExp(words.slice(-2).join('_?'), 'i'), '');
  return rest.length < value.length && !isDrawn(rest);
}

/**
 * Names that code joins by dots or a bundler makes (`$96695cc1$var$key`), digests that say what
 * they are, and ids. Few UUIDs are secrets, and those are known by name.
 */
function isCode(value: string): boolean {
  return (
    /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+$|^\$[\da-f]{6,20}\$/.test(value) ||
    /^sha\d{3}[-:]|^[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}$/i.test(value)
  );
}
