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

/** Words by which people say that a value only stands there until another is given. */
const SPOKEN =
  /^(?:your|insert|enter|put|add|paste|use)[-_ .]|[-_ .]here$|(?:^|[^a-z])(?:example|sample|temp(?:orary)?|override|replaced?|(?:change|update)d?[-_ .](?:me|this|it|in|before|on|at)|build[-_ .]?time|(?:for|during|docker|image|just|only)[-_ .](?:the[-_ .])?(?:docker[-_ .])?build(?:ing)?|not[-_ .](?:a[-_ .])?(?:real|secret|secure|used|needed|for[-_ .]production)|will[-_ .]be)(?=[^a-z]|$)/i;

/** Words that no secret has between its own signs. */
const STAND_IN = /(?:^|[^a-z])(?:placeholder|dummy|fake)(?=[^a-z]|$)/i;
/** Who draws keys and tokens at random, by the names of variables. */
const ISSUERS =
  /(?:^|_)(?:GITHUB|GITLAB|OPENAI|ANTHROPIC|GOOGLE|GEMINI|STRIPE|SLACK|DISCORD|TELEGRAM|NPM|AWS|AZURE|TWILIO|SENDGRID|HUGGING_?FACE|HF|TAVILY|COHERE|MISTRAL|GROQ|SENTRY|DATADOG|MAPBOX|OPENWEATHER(?:MAP)?)(?:_[A-Z]+){0,4}_(?:KEY|TOKEN)$/i;

function areWords(value: string): boolean {
  const parts = value.split(/[-_. ]+/);
  const isWord = (part: string): boolean =>
    /^(?:[A-Za-z]{1,15}|\d{1,4}|(?:1234567890?)+\d{0,9}|[!?]|)$/.test(part);
  return parts.length > 1 && parts.every(isWord);
}

/** True for words in a row where nothing was drawn: one says that another value comes, or the name asks for what is drawn. */
function isSpoken(name: string, value: string): boolean {
  if (STAND_IN.test(value)) return true;
  return areWords(value) && (SPOKEN.test(value) || ISSUERS.test(name));
}

/** True where a key or a token is its own name: `AWS_SECRET_ACCESS_KEY=secretaccesskey`. */
function isItsName(name: string, value: string): boolean {
  const [own, said] = [name, value].map((text) => text.toLowerCase().replace(/[^a-z]/g, ''));
  return /(?:key|token|id)$/.test(own ?? '') && own?.endsWith(said ?? '') === true;
}

/** A value that a person would keep to themselves. */
function isSecretValue(value: string): boolean {
  return value.length >= 4 && !NO_VALUE.test(value) && !PATH.test(value) && !isPlaceholder(value);
}

/** True where a variable of this name and value holds a secret in itself. */
export function isNamedSecret(name: string, value: string): boolean {
  if (!isSecretValue(value) || isSpoken(name, value) || isItsName(name, value)) return false;
  if (BUILDKIT_SESSIONS.has(name)) return false;
  // Our own label says how secrets come: these two words and no others.
  if (name === OWN_ANNOTATION.secrets && (value === 'none' || value === 'by-file')) return false;
  if (secretName(name, 'sure') !== undefined) return true;
  if (secretName(name, 'possible') === undefined) return false;
  return isDrawn(value) && !(/keys?$/i.test(name) && FINGERPRINT.test(value));
}
