import { createHash } from 'node:crypto';
import { OWN_ANNOTATION } from '../../model/image.ts';
import { isPasswordName, secretName } from '../../model/secret-names.ts';

/** Values that a standard or a maker publishes for examples, each by a unique part. */
const PUBLISHED = [
  // RFC 5849, 6455, 6749, 6750, 7515, 7617 and 8410.
  'kd94hf93k423kf44 pfkkdhi9sl3r4s00 dpf43f3p2l4k3l03 hh5s93j4hdidpola hdhd0244k9j7ao03',
  'nnch734d00sl2jdk kkk9d7dh3k39sjv7 9djdj82h48djs9d2 dGhlIHNhbXBsZSBub25jZQ',
  '2YotnFZFEjr1zCsicMWpAA tGzv3JOkF0XG5Qx2TlKWIA czZCaGRSa3F0MzpnWDFmQmF0M2JW',
  'czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3 7Fjfp0ZBr1KtDRbnfVdmIw mF_9.B5f-4.1JqM',
  'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk QWxhZGRpbjpvcGVuIHNlc2FtZQ',
  'MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp',
  // A user named so with that password, jwt.io, and Docker's manual.
  'dXNlcm5hbWU6cGFzc3dvcmQ SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c RkVFRC1GQUNFIiwiaXNzIjoi',
  'TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ',
  'SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl',
  // The emulators of Azure's storage and Cosmos, and the trial at start-up of ssh2 for Node.
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq',
  'C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw',
  'MC4CAQAwBQYDK2VwBCIEIHKj+sVa9WcD',
].flatMap((line) => line.split(' '));

/** True for a value that everybody has: an example of a standard, the key of an emulator. */
function isPublished(value: string): boolean {
  return PUBLISHED.some((part) => value.includes(part));
}

/** At most four characters of a value, and never more than a quarter of it. */
export function masked(value: string): string {
  const plain = value.replace(/[^\x21-\x7e]/g, '');
  return `${plain.slice(0, Math.min(4, Math.floor(plain.length / 4)))}***`;
}

/**
 * Distinguishes values, and does not reveal them: 24 bits of a digest. The same secret in several
 * places is one by it. For caches of this machine; no report shows it.
 */
export function markOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 6);
}

/** Words that say of a value that another one comes, or that there is none. */
const COMING =
  /example|placeholder|chang?e?[-_ ]?(?:me|it|this)|update[-_ ]?(?:me|it|this)|hoge|collect[-_ ]?static|replace|insert|redacted|dummy|sample|fake|foo|bar|baz|lorem|ipsum|unset|undef(?:ined)?|unknown|missing|ignored|edit[-_ ]?me|set[-_ ]?me|to[-_ ]?do|fix[-_ ]?me|(?:here|your?|value|random|generated?|invalid|not|real|none|null|enter|fill|with|build|time|compile|unused|please)(?=[^a-z]|$)/;
const NAMING =
  /(?:pass(?:w(?:or)?d|phrase|wd)?|secret|token|cred(?:ential)?s?|user(?:name)?|test(?:ing)?|the|some|super|string|default|private|public|access|client|my|api|key|auth|app|site|account|id)(?=[^a-z]|$)/;
/** Both: what a person makes up for real is left when they are gone. */
const WORDS = new RegExp(`${COMING.source}|${NAMING.source}`, 'gi');
const COMES = new RegExp(COMING.source, 'i');
const REFERENCE =
  /^(?:\$\w+|%\w+%|\{[^{}]*\}|<[^<>]*>|\[[^[\]]*\]|\*.*\*|@\w+@)$|\$\{|\$\(|\{\{|<%|%\(\w|%s|^__\w+__$|`|->/;

/** How many characters continue the one before: alphabet, keyboard digits, repetition. */
function steps(value: string): number {
  let count = 0;
  for (let at = 1; at < value.length; at += 1) {
    const step = value.charCodeAt(at) - value.charCodeAt(at - 1);
    if (step === 0 || step === 1 || step === -1) count += 1;
  }
  return count;
}

/**
 * True for a value that documentation and templates put where a secret would be: a reference to
 * one, words that describe one, one character or an alphabet again and again. Checks the value
 * alone, whatever is around it.
 */
export function isPlaceholder(value: string): boolean {
  if (REFERENCE.test(value) || /\.{3}|…|[xX*#_.-]{8,}/.test(value)) return true;
  // AWS ends the keys of its documentation so; seven letters in a row are not drawn by chance.
  if (/EXAMPLE/.test(value)) return true;
  if (isPublished(value)) return true;
  const short = value.slice(0, 200);
  if (new Set(short.slice(-16)).size <= 2) return true;
  if (short.length >= 8 && steps(short) > short.length * 0.85) return true;
  const words = short.replace(/([a-z])(?=[A-Z])/g, '$1-');
  const rest = words.replace(WORDS, '');
  return (
    rest !== words &&
    rest.replace(/[^A-Za-z0-9]|0?123(?:4(?:5(?:6(?:7(?:8(?:9?0?)?)?)?)?)?)?$/g, '').length < 3
  );
}

/**
 * True for a password that anybody guesses and that is in force nevertheless: `password`,
 * `mysecret1`, `12345678`. A placeholder by its words, none of which says that another value comes.
 */
function isWeakPassword(value: string): boolean {
  const isMade =
    /^(?=.*[A-Za-z0-9])[\w@!.$-]{3,}$/.test(value) && !/^[xX*#_.-]+$|\.{3}/.test(value);
  return isMade && !/\$\w|^__|XXX/.test(value) && !COMES.test(value) && !isPublished(value);
}

/**
 * True for text that means itself, without a variable, a command or a template. Password hashes
 * begin with a dollar sign.
 */
export function isLiteral(value: string): boolean {
  if (/^\$(?:[156y]|2[abxy]?|apr1)\$./.test(value)) return true;
  return !/(?<!\$)\$[\w{(]|`|%\{|^%\w+%$|\{\{|^<|^(?:[*!xX]+|\*.*\*|NP|["']*)$/.test(value);
}

/** True for words and nothing else: what a key or a token, drawn at random, never is. */
export function isOneWord(value: string): boolean {
  return /^[A-Za-z]+(?:[-_ .][A-Za-z]+)*$/.test(value) && !isDrawn(value);
}

function classOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return 1;
  if (code >= 0x61 && code <= 0x7a) return 2;
  return code >= 0x41 && code <= 0x5a ? 3 : 0;
}

/** The 150 commonest letter pairs in words and code: 83 % of pairs there, 22 % in random text. */
const COMMON_PAIRS =
  'inerrestondethteatseorennthecoartiesalneleettrnseditfiisanefiondmelitoractpetaasecngrisimaroexllcapavessifelun' +
  'ceicgeuramfodilachhanaloprtyacncnoilopidturnuteartodoumpypusofrsadpoemptomclhitsvaueocluplotulolblbeckigimkerr' +
  'apnuwixtsurusplsnibuosagmoabieirdaumttsooiuceprmeepyshairymignlfhozeizooevegibsc';
const A = 0x61;
/** 1 for each of them, by both letters. */
const IS_COMMON = new Uint8Array(26 * 26);
for (let at = 0; at < COMMON_PAIRS.length; at += 2)
  IS_COMMON[(COMMON_PAIRS.charCodeAt(at) - A) * 26 + COMMON_PAIRS.charCodeAt(at + 1) - A] = 1;
const FEWEST_PAIRS = 8;
const SHARE_OF_WORDS = 0.65;

/**
 * True where letters follow each other as in words. Names in code, mangled ones too, mix cases and
 * digits as keys do.
 */
export function isWords(value: string): boolean {
  let pairs = 0;
  let common = 0;
  let before = -1;
  for (let at = 0; at < value.length; at += 1) {
    const letter = (value.charCodeAt(at) | 0x20) - A;
    const isLetter = letter >= 0 && letter < 26;
    if (isLetter && before >= 0) {
      pairs += 1;
      common += IS_COMMON[before * 26 + letter] ?? 0;
    }
    before = isLetter ? letter : -1;
  }
  return pairs >= FEWEST_PAIRS && common >= pairs * SHARE_OF_WORDS;
}

/**
 * True if a value looks random: long, many different characters, letters and digits or cases in no
 * order. A word, a name or a path does not look so. Misses one random value in a hundred.
 */
export function isDrawn(value: string, least = 16): boolean {
  if (value.length < least) return false;
  const short = value.slice(0, 200);
  let changes = 0;
  let classes = 0;
  let before = 0;
  for (let at = 0; at < short.length; at += 1) {
    const own = classOf(short.charCodeAt(at));
    classes |= 1 << own;
    if (own !== 0 && before !== 0 && own !== before) changes += 1;
    before = own;
  }
  return (
    changes >= short.length * leastChanges(classes) &&
    new Set(short).size >= Math.min(8, short.length / 2) &&
    !isWords(short)
  );
}

/** The share of places where another kind of letter follows in what is drawn from these kinds. */
function leastChanges(classes: number): number {
  if ((classes & 0b1110) === 0b1110) return 0.3;
  // Of two kinds, one has to be digits, but for long mixed letters.
  if ((classes & 2) === 0 || (classes & 0b1100) === 0)
    return (classes & 0b1110) === 0b1100 ? 0.33 : Infinity;
  return 0.2;
}

/**
 * How data is spelled, the smallest alphabet first. Random data in each contains every short text
 * of its letters sooner or later.
 */
const SPELLINGS: readonly (readonly [letters: RegExp, bits: number])[] = [
  [/^[0-9a-f]*$/, 4],
  [/^[0-9A-F]*$/, 4],
  [/^[0-9A-Z]*$/, 5],
  [/^[0-9a-z]*$/, 5],
  [/^[\w+/=-]*$/, 6],
];
/** Bits that a token's beginning needs within other data: chance gives it once in 16 GB. */
const WITHIN_DATA = 34;
/** ... and where it stands alone, as a number in hexadecimal may. */
const ALONE = 14;
const ALONE_IN_HEX = 24;
const AROUND = 80;
const LEAST = 8;

/** Bits that a keyword is worth among letters as in `text`; infinite where it has other letters. */
function worth(keyword: string, text: string): { readonly bits: number; readonly isHex: boolean } {
  const [letters, bits = Infinity] = SPELLINGS.find(([one]) => one.test(text)) ?? [];
  if (letters?.test(keyword) !== true) return { bits: Infinity, isHex: false };
  return { bits: bits * keyword.length, isHex: bits === 4 };
}

/** True where letters look like a piece of encoded data, short as it is, and not like words. */
function isData(text: string): boolean {
  if (text.length < LEAST) return false;
  const digits = text.replace(/[^0-9]/g, '').length;
  const changes = text.match(/[0-9][A-Za-z]|[A-Za-z][0-9]|[a-z][A-Z]|[A-Z][a-z]/g)?.length ?? 0;
  const least = Math.max(2, text.length * 0.06);
  return digits < text.length * 0.8 && changes >= least && !isWords(text);
}

function isLineOfData(before: string, token: string, after: string, keyword: string): boolean {
  return [
    /(?<![^\r\n])([^\r\n]*)\r?\n$/.exec(before)?.[1],
    /^\r?\n([^\r\n]*)/.exec(after)?.[1],
  ].some((line) => line?.length === token.length && !line.startsWith(keyword) && isData(line));
}

/**
 * True if a token that begins with `keyword` can be a piece of other data: around it, without a
 * boundary, is data in the same letters. The keyword must be short enough to occur there by chance.
 * In a text (`isText`) punctuation divides words, and only a long run is data.
 */
export function isByChance(
  text: string,
  { at, end, keyword, isText }: { at: number; end: number; keyword: string; isText: boolean },
): boolean {
  if (keyword.length * 6 >= WITHIN_DATA && !/^[0-9a-f]*$|^[0-9A-Z]*$/.test(keyword)) return false;
  const token = text.slice(at, end);
  const [left, right] = [text.slice(Math.max(0, at - AROUND), at), text.slice(end, end + AROUND)];
  let before = /(?<![\w+/-])[\w+/-]*$/.exec(left)?.[0] ?? '';
  let after = /^[\w+/-]*/.exec(right)?.[0] ?? '';
  if (before !== '' || after !== '') {
    // Encoded data are broken into lines.
    if (!isText)
      before = (/(?<![\w+/\r\n-])[\w+/\r\n-]*$/.exec(left)?.[0] ?? '').replace(/\s/g, '');
    if (!isText) after = (/^[\w+/\r\n-]*/.exec(right)?.[0] ?? '').replace(/\s/g, '');
  }
  const data = isText
    ? [before + after].filter((run) => run.length >= AROUND && isData(run))
    : [before, after].filter(isData);
  const isWithin = data.length > 0;
  const { bits, isHex } = worth(keyword, isWithin ? data.join('') : token);
  if (bits < WITHIN_DATA && isLineOfData(left, token, right, keyword)) return true;
  return bits < (isWithin ? WITHIN_DATA : isHex ? ALONE_IN_HEX : ALONE);
}

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
 * True for words in a row that are not random. They say that another value comes, or name another
 * place. Or the name asks for a key, which a generator makes, not for a password, which a person
 * makes up.
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

/** A piece of text that a key or a token is written as, with base64's and nanoid's letters. */
const VALUE = /[A-Za-z0-9][\w+/=~-]{3,}/g;
/** What stands before a value and names it: `"name": "`, `name = `, `<name>`. */
const NAME = /(?<![\w.-])([A-Za-z][\w.-]*)["'\]]{0,2} {0,4}(?:[:=]|=>|>) {0,4}["'([]{0,2}$/;
/** Identifies a thing, and is not secret. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const LONGEST_NAME = 80;

/**
 * The first line, from 1, with a possible secret that `text` has and `other` does not. That is a
 * value named as a secret, or one that looks random and is not a UUID. Undefined if there is none.
 * The two were built alike except for random numbers, so what they share is not random.
 */
export function drawnSecretLine(text: string, other: string): number | undefined {
  const shared = new Set(other.match(VALUE));
  for (const { 0: value, index } of text.matchAll(VALUE)) {
    if (shared.has(value)) continue;
    const name = NAME.exec(text.slice(Math.max(0, index - LONGEST_NAME), index))?.[1];
    const isNamed = name !== undefined && secretName(name, 'possible') !== undefined;
    if (isNamed || (isDrawn(value) && !UUID.test(value)))
      return text.slice(0, index).split('\n').length;
  }
  return undefined;
}
