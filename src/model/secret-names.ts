/**
 * How sure a name is. `sure`: a secret, whatever its value. `likely`: a key or a short form, mostly
 * a secret. `possible`: a secret if its value looks random; masked to be safe.
 */
type Sureness = 'sure' | 'likely' | 'possible';

const RANK: Readonly<Record<Sureness, number>> = { sure: 0, likely: 1, possible: 2 };

interface NameRule {
  /** People invent its value: common words count too. */
  readonly isPassword?: true;
  /** Matched against the whole name in capitals, words separated by `_`. */
  readonly pattern: RegExp;
  readonly reason: string;
}

/**
 * By row: how sure the name is, why it is a secret, and its pattern. The first match wins. Words
 * before a password are often not separated: `DBPASS`, `ADMINPASSWORD`.
 */
const SECRETS = String.raw`
sure password | a password
  PASSW(?:(?:OR)?D)?$|PASS_?PHRASE$|(?<!BY|COM|TRES|OVER|UNDER|SUR)PASS$|(?:^|_)PWD$
sure password | a password by a program’s own name
  ^REDISCLI_AUTH$
sure | a bearer token
  (?:^|_)TOKEN$
sure | a secret by its name
  (?:^|_)SECRET(?:S|_KEY_BASE)?$
sure | an API, private or encryption key
  (?:^|_)(?:API|SECRET|PRIVATE|ACCESS|AUTH|ENCRYPTION|MASTER)_?KEY$
sure | credentials
  (?:^|_)CREDENTIALS?$
likely | a bearer token
  (?:^|_)(?:JWT|PAT)$
likely | an API, private or encryption key
  (?:^|_)(?:KEY|APIKEY)$
likely | half of a pair of cloud credentials
  (?:^|_)ACCESS_KEY_ID$
possible | a name that often goes with a secret
  (?:^|_)(?:PW|CREDS?|AUTH|SALT|DSN|WEBHOOK(?:_URL)?|COOKIE|SESSION)$
possible | a name with a word for a secret in it
  PASSW(?:OR)?D|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|(?:API|PRIVATE|ACCESS|SIGNING|SECRET)_?KEY|(?:^|_)PASS_
`;

/** By row: why a name that looks secret is not, and its pattern. */
const NO_SECRETS = String.raw`
the working directory, set by the shell
  ^(?:OLD)?PWD$
fingerprint of a release key, as in the official Python image
  (?:^|_)(?:GPG|PGP|RELEASE)_?KEYS?$
a key that is public by its purpose
  (?:^|_)(?:PUBLIC|PUB|PUBLISHABLE|SITE)_?(?:KEY|TOKEN|KEY_?TOKEN)$|_KEY_PUBLIC$|APIKEY_PUBLIC$
a key of a table, a cache or a known host
  (?:^|_)(?:SORT|PRIMARY|PARTITION|FOREIGN|CACHE|HOST|HOT|REGISTRY|ROUTING|TRANSLATION|OBJECT)_?KEY$
a switch that takes yes or no
  (?:^|_)(?:ALLOW_EMPTY|RANDOM_ROOT|ALLOW_ANONYMOUS)_PASSWORD$|^(?:DISABLED?|ENABLED?|WITH|WITHOUT|NO|ASK|SKIP|EMPTY|USE|EXPIRE|SAVE|STORE|HIDE)_\w*(?:PASS(?:W(?:OR)?D)?|PASSPHRASE|TOKEN|SECRET)$
names the program that asks for a password
  ASK_?PASS(?:WORD)?$
an address that nginx passes requests to, or one run of several
  (?:^|_)(?:PROXY|FASTCGI|UWSGI|SCGI|GRPC|FIRST|SECOND|TWO|MULTI)_PASS$
names the object of Kubernetes that has the secret
  (?:^|_)(?:KUBERNETES|KUBE|K8S)_SECRET$
the name of a cluster of etcd
  (?:^|_)INITIAL_CLUSTER_TOKEN$
part of the public address of Oracle’s JDK
  ^(?:JAVA|JDK|JRE)_(?:\w+_)?TOKEN$
a checksum or fingerprint that something is compared with
  (?:^|_)EXPECTED_
a token of another kind
  TOKENIZER|(?:^|_)(?:MAX|MIN|NEXT|PAGE|CONTINUATION|CANCEL(?:LATION)?)_TOKENS?$
describes a secret without being one
  _(?:FILE|PATH|DIR|ID|URL|URI|VERSION|NAME|LENGTH|TYPE|ENABLED|TTL|EXPIRY)$
path of a credentials file: a secret by file
  ^GOOGLE_APPLICATION_CREDENTIALS$
`;

function rowsOf(table: string): readonly (readonly [words: readonly string[], pattern: RegExp])[] {
  return table
    .trim()
    .split(/\n(?! )/)
    .map((row) => {
      const [head = '', pattern = ''] = row.split('\n  ');
      return [head.split(' | '), new RegExp(pattern)];
    });
}

/** Names of secret variables, settings and arguments, with reasons. */
export const SECRET_NAMES: readonly (NameRule & { readonly sureness: Sureness })[] = rowsOf(
  SECRETS,
).map(([[kind = '', reason = ''], pattern]) => {
  const [sureness, password] = kind.split(' ');
  const rule = { pattern, reason, sureness: sureness as Sureness };
  return password === undefined ? rule : { ...rule, isPassword: true };
});

export const NO_SECRET_NAMES: readonly NameRule[] = rowsOf(NO_SECRETS).map(
  ([[reason = ''], pattern]) => ({ pattern, reason }),
);

/** `apiKey`, `api-key` and `api.key` as `API_KEY`. */
function spelled(name: string): string {
  return name
    .replace(/([a-z0-9])(?=[A-Z])/g, '$1_')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();
}

/**
 * Why a variable, setting or argument of this name is a secret; undefined if it is not, or less
 * surely than `least`.
 */
export function secretName(name: string, least: Sureness = 'likely'): string | undefined {
  const words = spelled(name.slice(-200));
  const found = SECRET_NAMES.find(({ pattern }) => pattern.test(words));
  if (found === undefined || RANK[found.sureness] > RANK[least]) return undefined;
  // Half of a pair has its own rule, although it ends in ID.
  const isPair = /(?:^|_)ACCESS_KEY_ID$/.test(words);
  const isPublic = NO_SECRET_NAMES.some(({ pattern }) => pattern.test(words));
  return isPublic && !isPair ? undefined : found.reason;
}

export function isPasswordName(name: string): boolean {
  const words = spelled(name.slice(-200));
  const found = SECRET_NAMES.find(({ pattern }) => pattern.test(words));
  return found?.isPassword === true && secretName(name) !== undefined;
}

/**
 * True for a variable with the path of a secret's file: `DB_PASSWORD_FILE`,
 * `GOOGLE_APPLICATION_CREDENTIALS`.
 */
export function secretFileName(name: string): boolean {
  const words = spelled(name);
  if (words === 'GOOGLE_APPLICATION_CREDENTIALS') return true;
  const held = /^(.+)_FILE$/.exec(words)?.[1];
  return held !== undefined && secretName(held) !== undefined;
}

/**
 * Values that are secret under any name: tokens of forges, registries and clouds, JSON web tokens,
 * private keys. A web token starts at the first `eyJ` of a run of its characters, so many in a row
 * take linear time.
 */
export const SECRET_SHAPE =
  /gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|(?:AKIA|ASIA)[0-9A-Z]{16}|xox[abprs]-[\w-]{10,}|npm_[A-Za-z0-9]{30,}|dckr_pat_[\w-]{20,}|pypi-[\w-]{40,}|eyJ(?<!eyJ[\w-]*?eyJ)[\w-]{10,}\.[\w-]{10,}\.[\w-]+|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
