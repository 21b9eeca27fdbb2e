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

/** Names of secret variables, settings and arguments, with reasons; first match wins. */
export const SECRET_NAMES: readonly (NameRule & { readonly sureness: Sureness })[] = [
  {
    // Words before it are often not separated: `DBPASS`, `ADMINPASSWORD`.
    pattern: /PASSW(?:(?:OR)?D)?$|PASS_?PHRASE$|(?<!BY|COM|TRES|OVER|UNDER|SUR)PASS$|(?:^|_)PWD$/,
    reason: 'a password',
    sureness: 'sure',
    isPassword: true,
  },
  {
    pattern: /^REDISCLI_AUTH$/,
    reason: 'a password by a program’s own name',
    sureness: 'sure',
    isPassword: true,
  },
  { pattern: /(?:^|_)TOKEN$/, reason: 'a bearer token', sureness: 'sure' },
  { pattern: /(?:^|_)SECRET(?:S|_KEY_BASE)?$/, reason: 'a secret by its name', sureness: 'sure' },
  {
    pattern: /(?:^|_)(?:API|SECRET|PRIVATE|ACCESS|AUTH|ENCRYPTION|MASTER)_?KEY$/,
    reason: 'an API, private or encryption key',
    sureness: 'sure',
  },
  { pattern: /(?:^|_)CREDENTIALS?$/, reason: 'credentials', sureness: 'sure' },
  { pattern: /(?:^|_)(?:JWT|PAT)$/, reason: 'a bearer token', sureness: 'likely' },
  {
    pattern: /(?:^|_)(?:KEY|APIKEY)$/,
    reason: 'an API, private or encryption key',
    sureness: 'likely',
  },
  {
    pattern: /(?:^|_)ACCESS_KEY_ID$/,
    reason: 'half of a pair of cloud credentials',
    sureness: 'likely',
  },
  {
    pattern: /(?:^|_)(?:PW|CREDS?|AUTH|SALT|DSN|WEBHOOK(?:_URL)?|COOKIE|SESSION)$/,
    reason: 'a name that often goes with a secret',
    sureness: 'possible',
  },
  {
    pattern:
      /PASSW(?:OR)?D|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|(?:API|PRIVATE|ACCESS|SIGNING|SECRET)_?KEY|(?:^|_)PASS_/,
    reason: 'a name with a word for a secret in it',
    sureness: 'possible',
  },
];

/** Names that look secret but are not, with reasons. */
export const NO_SECRET_NAMES: readonly NameRule[] = [
  { pattern: /^(?:OLD)?PWD$/, reason: 'the working directory, set by the shell' },
  {
    pattern: /(?:^|_)(?:GPG|PGP|RELEASE)_?KEYS?$/,
    reason: 'fingerprint of a release key, as in the official Python image',
  },
  {
    pattern:
      /(?:^|_)(?:PUBLIC|PUB|PUBLISHABLE|SITE)_?(?:KEY|TOKEN|KEY_?TOKEN)$|_KEY_PUBLIC$|APIKEY_PUBLIC$/,
    reason: 'a key that is public by its purpose',
  },
  {
    pattern:
      /(?:^|_)(?:SORT|PRIMARY|PARTITION|FOREIGN|CACHE|HOST|HOT|REGISTRY|ROUTING|TRANSLATION|OBJECT)_?KEY$/,
    reason: 'a key of a table, a cache or a known host',
  },
  {
    pattern:
      /(?:^|_)(?:ALLOW_EMPTY|RANDOM_ROOT|ALLOW_ANONYMOUS)_PASSWORD$|^(?:DISABLED?|ENABLED?|WITH|WITHOUT|NO|ASK|SKIP|EMPTY|USE|EXPIRE|SAVE|STORE|HIDE)_\w*(?:PASS(?:W(?:OR)?D)?|PASSPHRASE|TOKEN|SECRET)$/,
    reason: 'a switch that takes yes or no',
  },
  {
    pattern: /ASK_?PASS(?:WORD)?$/,
    reason: 'names the program that asks for a password',
  },
  {
    pattern: /(?:^|_)(?:PROXY|FASTCGI|UWSGI|SCGI|GRPC|FIRST|SECOND|TWO|MULTI)_PASS$/,
    reason: 'an address that nginx passes requests to, or one run of several',
  },
  {
    pattern: /(?:^|_)(?:KUBERNETES|KUBE|K8S)_SECRET$/,
    reason: 'names the object of Kubernetes that has the secret',
  },
  {
    pattern: /(?:^|_)INITIAL_CLUSTER_TOKEN$/,
    reason: 'the name of a cluster of etcd',
  },
  {
    pattern: /^(?:JAVA|JDK|JRE)_(?:\w+_)?TOKEN$/,
    reason: 'part of the public address of Oracle’s JDK',
  },
  {
    pattern: /(?:^|_)EXPECTED_/,
    reason: 'a checksum or fingerprint that something is compared with',
  },
  {
    pattern: /TOKENIZER|(?:^|_)(?:MAX|MIN|NEXT|PAGE|CONTINUATION|CANCEL(?:LATION)?)_TOKENS?$/,
    reason: 'a token of another kind',
  },
  {
    pattern: /_(?:FILE|PATH|DIR|ID|URL|URI|VERSION|NAME|LENGTH|TYPE|ENABLED|TTL|EXPIRY)$/,
    reason: 'describes a secret without being one',
  },
  {
    pattern: /^GOOGLE_APPLICATION_CREDENTIALS$/,
    reason: 'path of a credentials file: a secret by file',
  },
];

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
