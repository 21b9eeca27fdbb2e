import { OWN_ANNOTATION } from '../../model/oci.ts';
import { isPasswordName, secretName } from '../../model/secret-names.ts';
import { isDrawn, isPlaceholder, isWeakPassword } from './secret-value.ts';

/** Attributes of BuildKit's sources: the session of a build, which ends with it. */
const BUILDKIT_SESSIONS: ReadonlySet<string> = new Set([
  'oci.session',
  'local.session',
  'local.sessionid',
]);
/**
 * Values of variables that only refer to a secret: switches, numbers, addresses, references, and
 * public keys of Mapbox and Stripe.
 */
const NO_VALUE =
  /^(?:true|false|yes|no|on|off|y|n|enabled?|disabled?|auto|default|required|optional|none|unset|anonymous|\d{1,5}|https?:\/\/[^@]*|[$%].*|file:.*|arn:.*|op:\/\/.*|vault:.*|sha(?:256|512):.*|ssh-(?:rsa|ed25519|dss) .*|pk(?:\.eyJ|_live_|_test_).*|\w+ \w+ .*)$/i;
/** A file: from the root, home or current folder, in a folder, or with an ending of key files. */
const PATH =
  /^(?:(?:~|\.{1,2}|[A-Za-z]:)?[/\\][\w./\\@ -]*|(?:[\w.-]+\/)+[\w.-]*\.[A-Za-z]{1,8}|id_\w+|[\w.-]+\.(?:pem|key|crt|cer|pub|asc|gpg|jks|p12|pfx|json|ya?ml|txt|env|conf|cfg|ini|sh|py|js))$/;
/** Fingerprint or long id of an OpenPGP key, as release scripts have it; also with gpg's blanks. */
const FINGERPRINT =
  /^(?:0x)?(?:[0-9A-F]{16}|[0-9A-Fa-f]{40}|(?:[0-9A-F]{4} {1,2}){9}[0-9A-F]{4}|(?:[0-9A-Z]{2,4}:){11,}[0-9A-Z]{2,4})$/;

/** True where a value repeats its name, as in `AWS_SECRET_ACCESS_KEY=secretaccesskey`. */
function isItsName(name: string, value: string): boolean {
  const [own = '', said = ''] = [name, value].map((t) => t.toLowerCase().replace(/[^a-z]/g, ''));
  if (!/(?:key|token|id|secret)$/.test(own) || /\d{2}/.test(value)) return false;
  const isOfOther = own.length > 6 && said.endsWith(own) && !/^(?:super|very|top)/.test(said);
  return own.endsWith(said) || isOfOther;
}

/** A value that a person would keep to themselves. */
function isSecretValue(name: string, value: string): boolean {
  const isPassword = isPasswordName(name);
  if (value.length < (isPassword ? 3 : 4) || PATH.test(value)) return false;
  // Digits alone are a password as a word is, and no switch.
  if (isPassword && /^\d{3,}$/.test(value)) return true;
  if (NO_VALUE.test(value)) return false;
  return !isPlaceholder(value) || (isPassword && isWeakPassword(value));
}

/** True where a variable of this name and value is itself a secret. */
export function isNamedSecret(name: string, value: string): boolean {
  if (!isSecretValue(name, value) || isSpoken(name, value) || isItsName(name, value)) return false;
  if (BUILDKIT_SESSIONS.has(name)) return false;
  // Our own label says how secrets come: these two words and no others.
  if (name === OWN_ANNOTATION.secrets && (value === 'none' || value === 'by-file')) return false;
  if (secretName(name, 'sure') !== undefined) return true;
  if (secretName(name, 'possible') === undefined) return false;
  return isDrawn(value) && !(/keys?$/i.test(name) && FINGERPRINT.test(value));
}

/** Words that say that a value is a placeholder; they match words divided by `-` or by nothing. */
const SPOKEN = new RegExp(
  [
    '^your',
    '^set-?me',
    '^(?:insert|enter|get|put|add|paste|use|set|pick)-',
    '^(?:insert|enter|put|paste|set|pick)(?:an?|the|your|safe|secure|api)[a-z]',
    '(?:-|password|token|key|secret|var|value)here$',
    '(?:^|-)(?:example|sample|temp|temporary|override|replaced?)(?:-|$)',
    '(?:change|update|overwrite|replace)d?-?(?:me|this|it|these|the|your)',
    '(?:change|update)d?-(?:in|before|on|at)(?:-|$)',
    '(?:please|should)-?(?:really-)?(?:change|set|overwrite|replace)',
    '(?:^|-)(?:build-?time|pre-?compil(?:e|ation))(?:-|$)',
    '(?:for|during|docker|image|just|only)-?(?:the-)?(?:docker-)?build(?:ing|s)?(?:-|$)',
    'not-?(?:an?-|so-)?(?:real|secret|secure|used|needed|important|present|set|in-?use|for-production)',
    '^no-?(?:default|value|key|token|secret|password)',
    'will-?be-',
    '^(?:environment|env)-?var',
  ].join('|'),
);
/** Words that no secret has between its own signs. */
const STAND_IN =
  /(?:^|[^a-z])(?:placeholder|dummy|fake|(?:replace|change)[-_]?me)(?=[^a-z]|$)|[-_]X{3,}$/i;
/** Stages of a software's life: they are written where no key was drawn. */
const STAGE =
  /^(?:local|dev|development|prod|production|staging|ci|build|builder|docker|noop|setup|nothing|temp|tmp|assets)$/;
/** Who draws keys and tokens at random, by the names of variables. */
const ISSUERS =
  /(?:^|_)(?:BOT|GITHUB|GITLAB|OPENAI|ANTHROPIC|GOOGLE|GEMINI|STRIPE|SLACK|DISCORD|TELEGRAM|FACEBOOK|FLICKR|TWITTER|NPM|AWS|AZURE|TWILIO|SENDGRID|HUGGING_?FACE|HF|TAVILY|COHERE|MISTRAL|GROQ|SENTRY|DATADOG|MAPBOX|MAPZEN|OPENWEATHER(?:MAP)?)(?:_[A-Z]+){0,4}_(?:KEY|TOKEN|SECRET)$/i;

/** The words of a value, small, divided by `-`; undefined where something else is in it. */
function wordsIn(value: string): string | undefined {
  const parts = value.replace(/([a-z])(?=[A-Z][a-z])/g, '$1-').split(/[-_. ]+/);
  const isWord = (part: string): boolean =>
    /^(?:[A-Za-z]{1,40}|\d{1,8}|(?:1234567890?)+\d{0,9}|[!?]|)$/.test(part);
  return parts.every(isWord) ? parts.join('-').toLowerCase() : undefined;
}

/** True where the value names a secret and is none: `DB_SECRET=app-db-password`. */
function isNameOfOne(name: string, value: string): boolean {
  return /SECRET$/i.test(name) && /^[a-z]+-[a-z-]*(?:password|secret|token|key|user)$/.test(value);
}

/**
 * True for words in a row where nothing was drawn: they say that another value comes, or name
 * another place; or the name asks for a key, which is drawn at random, and not for a password,
 * which a person makes up.
 */
function isSpoken(name: string, value: string): boolean {
  if (STAND_IN.test(value)) return true;
  const words = wordsIn(value);
  if (words === undefined) return false;
  if (SPOKEN.test(words)) return true;
  // A constant’s name, as programs have them, names a secret.
  if (/^[A-Z]+(?:_[A-Z]+)+$/.test(value) && secretName(value, 'sure') !== undefined) return true;
  if (isPasswordName(name) || isDrawn(value)) return false;
  return ISSUERS.test(name) || STAGE.test(words) || isNameOfOne(name, value);
}
