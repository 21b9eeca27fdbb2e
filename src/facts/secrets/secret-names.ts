import { isPlaceholder } from './secret-text.ts';

/** Names whose value is a secret whatever it looks like. */
const SECRET_NAME =
  /^(?:PGPASSWORD|SSHPASS|REDISCLI_AUTH)$|(?:^|[_.-])(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRET_?KEY|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|AUTH_?KEY|CREDENTIALS?)$/i;
const CAMEL_NAME = /[a-z](?:Password|Secret|Token|ApiKey|PrivateKey|SecretKey|AccessKey)$/;
/** Names whose value is one where it looks drawn at random. */
const KEY_NAME =
  /(?:^|[_.-])(?:KEY|PASS|PWD|PAT|AUTH|SALT|JWT|DSN|SECRET_KEY_BASE|WEBHOOK(?:_URL)?)$/i;
const NO_SECRET_NAME =
  /(?:^|_)(?:GPG|PUBLIC|PUB|SORT|PRIMARY|PARTITION|FOREIGN|CACHE|HOST|SIGNING|RELEASE)_?KEY$|(?:^|_)(?:ALLOW_EMPTY|RANDOM_ROOT|ALLOW_ANONYMOUS)_PASSWORD$|^GOOGLE_APPLICATION_CREDENTIALS$|^(?:OLD)?PWD$|TOKENIZER|MAX_TOKEN|PUBLIC_TOKEN/i;

/** A value that a person would keep to themselves: no flag, number, path, address or reference. */
function isSecretValue(value: string): boolean {
  if (value.length < 4 || isPlaceholder(value)) return false;
  return !/^(?:true|false|yes|no|on|off|enabled?|disabled?|auto|default|required|optional|\d{1,5}|\/.*|~\/.*|\.{1,2}\/.*|https?:\/\/[^@]*|[$%].*|file:.*|arn:.*|op:\/\/.*|vault:.*|.* .* .*)$/i.test(
    value,
  );
}

/** Letters and digits mixed, long enough that nobody remembers it. */
function isRandom(value: string): boolean {
  return (
    value.length >= 16 && /\d/.test(value) && /[A-Za-z]/.test(value) && !/[\s/]{2}/.test(value)
  );
}

/** Fingerprint or long id of an OpenPGP key, as release scripts spell the keys they trust: `key='B97B0AFC...'`. */
function isFingerprint(value: string): boolean {
  return /^(?:0x)?(?:[0-9A-F]{16}|[0-9A-F]{40})$/.test(value);
}

/** True where a variable of this name and value holds a secret in itself. */
export function isNamedSecret(name: string, value: string): boolean {
  if (NO_SECRET_NAME.test(name) || !isSecretValue(value)) return false;
  if (SECRET_NAME.test(name) || CAMEL_NAME.test(name)) return true;
  return KEY_NAME.test(name) && isRandom(value) && !(/key$/i.test(name) && isFingerprint(value));
}
