import { createHash } from 'node:crypto';

/** Values that a standard or maker publishes for examples and emulators, each by a unique part. */
const PUBLISHED: readonly (readonly [part: string, source: string])[] = [
  ['kd94hf93k423kf44', 'RFC 5849'],
  ['pfkkdhi9sl3r4s00', 'RFC 5849'],
  ['dpf43f3p2l4k3l03', 'RFC 5849'],
  ['hh5s93j4hdidpola', 'RFC 5849'],
  ['hdhd0244k9j7ao03', 'RFC 5849'],
  ['nnch734d00sl2jdk', 'RFC 5849'],
  ['kkk9d7dh3k39sjv7', 'RFC 5849'],
  ['9djdj82h48djs9d2', 'RFC 5849'],
  ['2YotnFZFEjr1zCsicMWpAA', 'RFC 6749'],
  ['tGzv3JOkF0XG5Qx2TlKWIA', 'RFC 6749'],
  ['czZCaGRSa3F0MzpnWDFmQmF0M2JW', 'RFC 6749'],
  ['czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3', 'RFC 6749'],
  ['7Fjfp0ZBr1KtDRbnfVdmIw', 'RFC 6749'],
  ['mF_9.B5f-4.1JqM', 'RFC 6750'],
  ['QWxhZGRpbjpvcGVuIHNlc2FtZQ', 'RFC 7617'],
  ['dXNlcm5hbWU6cGFzc3dvcmQ', 'a user named so with that password'],
  ['Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq', 'the Azure storage emulator'],
  [
    'C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw',
    'the Azure Cosmos emulator',
  ],
  ['SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c', 'jwt.io'],
  ['TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ', 'jwt.io'],
  ['dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', 'RFC 7515'],
  ['RkVFRC1GQUNFIiwiaXNzIjoi', 'jwt.io'],
  ['SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl', "Docker's manual"],
  ['dGhlIHNhbXBsZSBub25jZQ', 'RFC 6455'],
  ['MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp', 'RFC 8410'],
  ['MC4CAQAwBQYDK2VwBCIEIHKj+sVa9WcD', 'the trial at start-up of ssh2 for Node'],
];

/** True for a value that everybody has: an example of a standard, the key of an emulator. */
function isPublished(value: string): boolean {
  return PUBLISHED.some(([part]) => value.includes(part));
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
export function isWeakPassword(value: string): boolean {
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
 * True where a value looks drawn at random, as a generator's is and a word, a name or a path is
 * not: long, many different characters, letters and digits or cases in no order. One in a hundred
 * that is drawn is missed.
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
