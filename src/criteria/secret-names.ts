/** What names a variable that holds a secret, each with its reason; matched against the whole name, upper case. */
export const SECRET_NAMES: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  { pattern: /(?:^|_)(?:PASSWORD|PASSWD|PASS|PWD|PASSPHRASE)$/, reason: 'a password' },
  {
    pattern: /^(?:PGPASSWORD|SSHPASS|REDISCLI_AUTH)$/,
    reason: 'a password by a program’s own name',
  },
  { pattern: /(?:^|_)(?:TOKEN|JWT|PAT)$/, reason: 'a bearer token' },
  { pattern: /(?:^|_)(?:SECRET|SECRETS|SECRET_KEY_BASE)$/, reason: 'a secret by its name' },
  { pattern: /(?:^|_)(?:KEY|APIKEY)$/, reason: 'an API, private or encryption key' },
  { pattern: /(?:^|_)ACCESS_KEY_ID$/, reason: 'half of a pair of cloud credentials' },
  { pattern: /(?:^|_)(?:CREDENTIAL|CREDENTIALS)$/, reason: 'credentials' },
];

/** Names that look like it and hold none, each with its reason. */
export const NO_SECRET_NAMES: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  { pattern: /^(?:OLD)?PWD$/, reason: 'the working directory, set by the shell' },
  {
    pattern: /(?:^|_)GPG_KEY$/,
    reason: 'fingerprint of a release key, as in the official Python image',
  },
  {
    pattern: /(?:^|_)(?:PUBLIC|PUB|PUBLISHABLE|SITE)_KEY$/,
    reason: 'a key that is public by its purpose',
  },
  { pattern: /(?:^|_)PUBLIC_TOKEN$/, reason: 'a token that is public by its purpose' },
  {
    pattern: /(?:^|_)(?:SORT|PRIMARY|PARTITION|FOREIGN|CACHE|HOST)_KEY$/,
    reason: 'a key of a table, a cache or a known host',
  },
  {
    pattern: /(?:^|_)(?:ALLOW_EMPTY|RANDOM_ROOT|ALLOW_ANONYMOUS)_PASSWORD$/,
    reason: 'a switch that takes yes or no',
  },
  {
    pattern: /^GOOGLE_APPLICATION_CREDENTIALS$/,
    reason: 'path of a credentials file: a secret by file',
  },
];

/** Why a variable of this name holds a secret; undefined where it holds none. */
export function secretName(name: string): string | undefined {
  const upper = name.toUpperCase();
  if (NO_SECRET_NAMES.some(({ pattern }) => pattern.test(upper))) return undefined;
  return SECRET_NAMES.find(({ pattern }) => pattern.test(upper))?.reason;
}

/** True where a variable names the file that a secret is read from: `DB_PASSWORD_FILE`, `GOOGLE_APPLICATION_CREDENTIALS`. */
export function secretFileName(name: string): boolean {
  const upper = name.toUpperCase();
  if (upper === 'GOOGLE_APPLICATION_CREDENTIALS') return true;
  const held = /^(.+)_FILE$/.exec(upper)?.[1];
  return held !== undefined && secretName(held) !== undefined;
}
