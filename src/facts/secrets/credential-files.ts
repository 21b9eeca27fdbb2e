import { fileName } from '../../lib/text.ts';
import type { FoundSecret } from './secret-text.ts';
import { isNamedSecret, isPlaceholder } from './secret-value.ts';

interface HarmlessPlace {
  readonly place: RegExp;
  readonly reason: string;
  /** The only rules it counts for; all, where absent. */
  readonly rules?: readonly string[];
}

const PACKAGES =
  'node_modules|site-packages|dist-packages|gems|vendor/bundle|pkg/mod|vendor|gocode/src|registry/src|ansible_collections';
const TEST_FOLDERS =
  'tests?|__tests__|testing|testdata|test[-_](?:data|certs?|keys?|utils?|vectors?|suite)|tests?_data|specs?|fixtures?|examples?|samples?|demos?|docs?|benchmarks?|mocks?|testhelper|cassettes';

/** By row: why nothing counts there, for which rules alone, and a pattern of paths. */
const HARMLESS = String.raw`
descriptions of packages, which the distribution publishes | password-in-url assigned-secret service-key
  ^var/lib/(?:apt/lists/[^/]+$|dpkg/(?:status|available)(?:-old)?$|dpkg/info/[^/]+\.templates$)
documentation of the distribution
  (?:^|/)usr/(?:local/)?share/(?:doc|man|info|help|gtk-doc|devhelp|perl/[\d.]+/pod)/
tests, examples or documentation shipped with a package
  (?:^|/)(?:${PACKAGES})/(?:.*/)?(?:${TEST_FOLDERS})/
a test file shipped with a package
  (?:^|/)(?:${PACKAGES})/(?:.*/)?(?:(?:[^/]*[._-])?tests?|tests?[._-][^/]*|[^/]*\.(?:spec|examples?))\.\w{1,5}$
documentation shipped with a package
  (?:^|/)(?:${PACKAGES})/.*(?:\.(?:md|markdown|rst|d\.[cm]?ts)|/(?:README|CHANGES|CHANGELOG|HISTORY|METADATA|PKG-INFO)[^/]*)$
an Ansible module's own documentation, in its source and bytecode, or its tests
  (?:^|/)ansible_collections/[^/]+/[^/]+/(?:plugins|molecule)/
tests of Python's standard library
  (?:^|/)lib(?:64)?/(?:python|pypy)[\d.]+/(?:test|.*/tests?)/
tests of Go's standard library
  (?:^|/)(?:usr/local/go|usr/(?:lib|share)/go(?:-[\d.]+)?)/(?:test/|src/(?:.*/)?(?:testdata|testcert)/|src/.*_test\.go$|src/crypto/x509/platform_root_key\.pem$)
tests of a Perl distribution
  (?:^|/)perl5?/.*/t/
the keys of the self-tests of GnuTLS and Dovecot, published in their source | private-key encrypted-private-key
  ^(?:usr/)?lib(?:64)?/(?:[\w-]+/)?lib(?:gnutls|dovecot)\.(?:so[\d.]*|a)$
`;

/**
 * Places where what looks like a secret is somebody's published test or documentation. What is
 * found there is set aside, counted and shown, never dropped. Each was met on a real root
 * filesystem (`docs/secrets.md` has the numbers).
 */
export const HARMLESS_PLACES: readonly HarmlessPlace[] = HARMLESS.trim()
  .split(/\n(?! )/)
  .map((row) => {
    const [head = '', place = ''] = row.split('\n  ');
    const [reason = '', rules] = head.split(' | ');
    const pattern = new RegExp(place, place.includes(PACKAGES) ? 'i' : '');
    return rules === undefined
      ? { place: pattern, reason }
      : { place: pattern, reason, rules: rules.split(' ') };
  });

export function harmlessReason(path: string, rule: string): string | undefined {
  return HARMLESS_PLACES.find(
    ({ place, rules }) => (rules === undefined || rules.includes(rule)) && place.test(path),
  )?.reason;
}

interface CredentialFile {
  readonly id: string;
  /** Whose file it is, for the page that lists them. */
  readonly what: string;
  /** File names if fixed, else `parts` of the path: a file with none of them is not this kind. */
  readonly names: readonly string[];
  readonly parts: readonly string[];
  readonly path: RegExp;
  /** Its first group is what makes the file more than settings. Bounded; no nested repetition. */
  readonly content: RegExp;
}

/**
 * Three lines a row. First an id and whose file it is. Then its names, or parts of its path and a
 * pattern for the path. Last what is secret in it: keys of `settings` (YAML, TOML, INI, shell) or
 * `json`, or flags and a pattern. Registries, clouds, forges and servers.
 */
const TABLE = String.raw`
npmrc | npm, pnpm: “.npmrc”
  .npmrc etc/npmrc
  gm ^[^#;\n]{0,400}?(?:_authToken|_auth|_password)\s{0,20}=\s{0,20}["']?([^\s"']{4,2000})
yarnrc | Yarn: “.yarnrc.yml”
  .yarnrc.yml
  settings npmAuthToken|npmAuthIdent
docker-config | Docker, Podman, kaniko: “config.json”, “auth.json”
  .docker/config.json .dockercfg .dockerconfigjson containers/auth.json
  json auth|identitytoken|registrytoken|password
pypirc | twine: “.pypirc”
  .pypirc
  settings password
pip-config | pip: “pip.conf”
  pip.conf pip.ini
  settings password
cargo-credentials | Cargo: “credentials.toml”
  .cargo/credentials .cargo/credentials.toml cargo/credentials.toml
  gm ^\s{0,40}(?:secret-key|token)\s{0,20}=\s{0,20}"([^"]{4,2000})"
maven-settings | Maven: “settings.xml”
  .m2/settings.xml .m2/settings-security.xml
  g <(?:password|passphrase|master)>([^<]{2,2000})</
gradle-properties | Gradle: a user's “gradle.properties”
  .gradle/gradle.properties
  settings [\w.-]{0,80}(?:password|token|secret)[\w.-]{0,40}
composer-auth | Composer: “auth.json”
  composer/auth.json .composer/auth.json
  g "(?:password|[\w.-]{1,100}\.(?:com|org|net|io))"\s{0,20}:\s{0,20}"([^"\s]{4,2000})"
gem-credentials | RubyGems, Bundler: “.gem/credentials”, “.bundle/config”
  .gem/credentials .bundle/config
  gm ^\s{0,20}(?::[\w-]{2,60}_api_key|BUNDLE_[A-Z0-9_]{3,200}):\s{0,20}["']?([\w.@%-]{1,100}:[^\s"']{4,300}|[a-z0-9_]{20,80})
nuget-config | NuGet: “NuGet.Config”
  NuGet.Config nuget.config NuGet.config Nuget.Config
  gi <add\s{1,20}key="(?:ClearTextPassword|Password|https?:[^"]{1,300})"\s{1,20}value="((?!https?:)[^"]{8,500})"
aws-credentials | AWS: “.aws/credentials”, “.aws/config”, cached sessions
  .aws/ | (?:^|/)\.aws/(?:credentials|config|(?:sso|cli)/cache/[^/]+\.json)$
  gm (?:^\s{0,40}aws_(?:secret_access_key|session_token)\s{0,20}=\s{0,20}|"(?:SecretAccessKey|SessionToken|accessToken|clientSecret)"\s{0,20}:\s{0,20}")([^\s"]{16,4000})
gcloud-credentials | Google Cloud: application default, legacy and client credentials
  application_default_credentials.json credentials.json adc.json
  json refresh_token|client_secret|private_key
azure-credentials | Azure: token caches and service principals
  .azure/accessTokens.json .azure/msal_token_cache.json .azure/service_principal_entries.json
  json refreshToken|accessToken|secret|client_secret
kubeconfig | Kubernetes: “.kube/config”, “kubeconfig”, “admin.conf”
  .kube/config kubeconfig etc/kubernetes/ k3s.yaml | (?:^|/)(?:\.kube/config|kubeconfig(?:\.ya?ml)?|[\w-]{1,100}\.kubeconfig|etc/kubernetes/[\w-]{1,100}\.conf|k3s\.yaml)$
  g \b(?:client-key-data|token|password):\s{0,20}["']?([^\s"']{8,8000})
terraform-credentials | Terraform: “credentials.tfrc.json”
  credentials.tfrc.json
  json token
terraform-rc | Terraform: “.terraformrc”
  .terraformrc
  settings token
terraform-state | Terraform: state with passwords, keys or tokens
  .tfstate | \.tfstate(?:\.backup)?$
  json (?:[\w-]{0,60}_)?(?:password|secret|secret_key|private_key|private_key_pem|private_key_openssh|token|access_key|api_key|connection_string|client_key)
doctl-config | DigitalOcean CLI
  doctl/config.yaml
  settings access-token
s3cfg | s3cmd, boto
  .s3cfg .boto
  settings secret_key|(?:gs|aws)_secret_access_key|gs_oauth2_refresh_token
rclone-config | rclone
  rclone.conf
  settings pass|password|token|secret_access_key|client_secret
vault-token-file | Vault: “.vault-token”
  .vault-token
  g ^([A-Za-z0-9._-]{20,300})\s{0,9}$
netrc | curl, git, Heroku, apt: “.netrc”, “auth.conf”
  netrc apt/auth.conf | (?:^|/)[._]netrc$|^etc/apt/auth\.conf(?:\.d/[^/]+)?$
  g \bpassword\s{1,20}(\S{2,500})
git-credentials | git: “.git-credentials”
  .git-credentials .config/git/credentials
  g ://[^\s:/@]{0,200}:([^\s@]{2,500})@
gh-hosts | GitHub CLI, hub, GitLab CLI
  gh/hosts.yml .config/hub glab-cli/config.yml
  settings oauth_token|token
circleci-config | CircleCI CLI
  .circleci/cli.yml
  settings token
pgpass | PostgreSQL: “.pgpass”
  .pgpass
  gm ^(?:[^:#\n]{1,300}:){4}(\S{1,300})$
mysql-options | MySQL, MariaDB: “.my.cnf”
  .my.cnf etc/mysql/debian.cnf
  settings password
password-hash | hashes of passwords: “etc/shadow”, “.htpasswd”
  etc/shadow etc/gshadow htpasswd | (?:^|/)etc/g?shadow-?$|(?:^|/)[\w.-]{0,60}\.?htpasswd$
  gm ^[^:\s]{1,100}:!{0,2}(\$[\w]{1,10}\$[^:\s]{8,200}|\{SHA\}[^:\s]{20,60})(?::|\s|$)
rails-master-key | Rails: “config/master.key”, “config/credentials/*.key”
  config/master.key config/credentials/ | (?:^|/)config/(?:master|credentials/[\w-]{1,60})\.key$
  g ^([a-f0-9]{32})\s{0,9}$
wp-config | WordPress: “wp-config.php”
  wp-config.php
  g define\(\s{0,9}['"](?:DB_PASSWORD|AUTH_KEY|SECURE_AUTH_KEY|LOGGED_IN_KEY|NONCE_KEY)['"]\s{0,9},\s{0,9}['"]([^'"\s]{4,200})['"]
tomcat-users | Tomcat: “tomcat-users.xml”
  tomcat-users.xml
  g <user\s[^>]{0,300}?password="([^"<>]{4,200})"
mounted-secret | what should have been mounted: a file within “/run/secrets”
  run/secrets/ | ^(?:var/)?run/secrets/(?!rhsm/|etc-pki-entitlement/|.{0,300}(?:ca\.crt|namespace)$)[^/]{1,255}(?:/[^/]{1,255}){0,3}$
  g (\S{4,2000})
`;

/** Credentials of package registries, clouds, forges and servers, in the files of their clients. */
export const CREDENTIAL_FILES: readonly CredentialFile[] = TABLE.trim()
  .split(/\n(?! )/)
  .map((row) => {
    const [head = '', places = '', content = ''] = row.split('\n  ');
    const [id = '', what = ''] = head.split(' | ');
    const [listed = '', path] = places.split(' | ');
    const names = listed.split(' ');
    return {
      id,
      what: what.replaceAll(/[“”]/g, '`'),
      ...(path === undefined ? named(names) : { names: [], parts: names, path: new RegExp(path) }),
      content: contentOf(content),
    };
  });

function named(names: readonly string[]): Pick<CredentialFile, 'names' | 'parts' | 'path'> {
  const bare = names.map((name) => name.replace(/^.*\//, ''));
  const paths = names.map((name) => name.replaceAll('.', '\\.')).join('|');
  return { names: [...new Set(bare)], parts: [], path: new RegExp(`(?:^|/)(?:${paths})$`) };
}

function contentOf(text: string): RegExp {
  const [form = ''] = text.split(' ', 1);
  const rest = text.slice(form.length + 1);
  if (form === 'settings')
    return new RegExp(
      `^[\\t ]{0,40}["']?(?:${rest})["']?[\\t ]{0,20}[=:][\\t ]{0,20}["']?([^\\s"'#]{4,2000})`,
      'gim',
    );
  return form === 'json'
    ? new RegExp(`"(?:${rest})"\\s{0,20}:\\s{0,20}"([^"\\s]{4,4000})"`, 'gi')
    : new RegExp(rest, form);
}

/** Settings for a shell or Terraform, where names say what is secret; without their templates. */
const ENV_FILE = /^(?:\.env(?:\.[\w-]+)*|[\w.-]*\.env|[\w.-]+\.tfvars)$/;
const TEMPLATE =
  /(?:^|[._-])(?:example|sample|template|tmpl|tpl|dist|default|schema)s?(?:[._-]|$)/i;
const ENV_ASSIGNMENT =
  /^[\t ]{0,20}(?:export[\t ]{1,9})?([A-Za-z_][\w.-]{0,100})[\t ]{0,20}=[\t ]{0,20}(?:"([^"\n]{1,2000})"|'([^'\n]{1,2000})'|([^\s"'#]{1,2000}))/gm;
const MAX_FINDINGS = 20;

const BY_NAME = new Map<string, CredentialFile[]>();
for (const file of CREDENTIAL_FILES)
  for (const name of file.names) BY_NAME.set(name, [...(BY_NAME.get(name) ?? []), file]);
const BY_PART = CREDENTIAL_FILES.filter(({ parts }) => parts.length > 0);
const PARTS = BY_PART.flatMap(({ parts }) => parts);

/** The rows for a path. An image has 100,000 files: the name alone rules out nearly all of them. */
function rowsOf(path: string): readonly CredentialFile[] {
  const name = fileName(path);
  const named = BY_NAME.get(name)?.filter((file) => file.path.test(path)) ?? [];
  if (!PARTS.some((part) => path.includes(part))) return named;
  const others = BY_PART.filter(
    (file) =>
      !file.names.includes(name) &&
      file.parts.some((part) => path.includes(part)) &&
      file.path.test(path),
  );
  return named.length === 0 ? others : [...named, ...others];
}

function isEnvFile(path: string): boolean {
  const name = fileName(path);
  return ENV_FILE.test(name) && !TEMPLATE.test(name);
}

export function isCredentialFile(path: string): boolean {
  return isEnvFile(path) || rowsOf(path).length > 0;
}

const BARE =
  /^(.*)\/objects\/(?:[0-9a-f]{2}\/[0-9a-f]{38}|pack\/pack-[0-9a-f]{40}\.pack)(?:[0-9a-f]{24})?$/;

/** The repository that a file within its `.git` belongs to; undefined for files elsewhere. */
export function gitDirectoryOf(path: string): string | undefined {
  // A bare repository has any name.
  const bare = path.includes('/objects/') ? BARE.exec(path)?.[1] : undefined;
  if (bare !== undefined) return bare;
  if (!path.includes('.git/')) return undefined;
  return /^((?:.*\/)?\.git)\/(?:HEAD|config|index|packed-refs|ORIG_HEAD|objects\/pack\/[^/]+\.pack)$/.exec(
    path,
  )?.[1];
}

function isReference(value: string): boolean {
  return /^\$(?![0-9a-z]{1,10}\$)|^%|^\{\{|^<|^env:|^\*+$/i.test(value);
}

function ofEnvFile(text: string): readonly FoundSecret[] {
  const found: FoundSecret[] = [];
  for (const match of text.matchAll(ENV_ASSIGNMENT)) {
    const value = match[2] ?? match[3] ?? match[4] ?? '';
    // Settings of a project keep a word there until somebody fills them in.
    if (isPlaceholder(value) || !isNamedSecret(match[1] ?? '', value)) continue;
    found.push({ rule: 'env-file', value, at: match.index + match[0].indexOf(value) });
    if (found.length >= MAX_FINDINGS) break;
  }
  return found;
}

/** Credentials in a file made for them, one a line; values that only name a variable are not. */
export function credentialsIn(path: string, text: string): readonly FoundSecret[] {
  const found = rowsOf(path).flatMap(({ id, content }) => {
    const secrets: FoundSecret[] = [];
    for (const match of text.matchAll(content)) {
      const value = match[1] ?? '';
      const at = match.index + match[0].lastIndexOf(value);
      const before = secrets.at(-1);
      if (before !== undefined && !text.slice(before.at, at).includes('\n')) continue;
      if (isReference(value) || isPlaceholder(value)) continue;
      secrets.push({ rule: id, value, at });
      if (secrets.length >= MAX_FINDINGS || id === 'mounted-secret') break;
    }
    return secrets;
  });
  return isEnvFile(path) ? [...found, ...ofEnvFile(text)] : found;
}

/** A file whose bytes, not its text, are or contain a private key. */
interface KeyStore {
  readonly id: string;
  readonly what: string;
  readonly name: RegExp;
  readonly holdsKey: (bytes: Buffer) => boolean;
}

const OID = {
  /** RSA, EC, Ed25519, Ed448, X25519, DSA: PKCS#8 `AlgorithmIdentifier` (RFC 8017, 5480, 8410). */
  algorithms: [
    '06092a864886f70d010101',
    '06072a8648ce3d0201',
    '06032b6570',
    '06032b6571',
    '06032b656e',
    '06072a8648ce380401',
  ],
  /** pkcs-12KeyBag and pkcs-12PKCS8ShroudedKeyBag (RFC 7292, section 4.2). */
  keyBags: ['060b2a864886f70d010c0a0101', '060b2a864886f70d010c0a0102'],
} as const;

function holds(bytes: Buffer, hex: string): boolean {
  return bytes.includes(Buffer.from(hex, 'hex'));
}

function sequence(bytes: Buffer): Buffer | undefined {
  if (bytes[0] !== 0x30) return undefined;
  const first = bytes[1] ?? 0;
  const skip = first < 0x80 ? 2 : 2 + (first & 0x7f);
  return first > 0x84 ? undefined : bytes.subarray(skip);
}

/** True where bytes may begin a key or a store of keys that is found by its bytes. */
export function mayHoldKey(head: Uint8Array): boolean {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  const isJava = bytes.length >= 4 && [0xfeedfeed, 0xcececece].includes(bytes.readUInt32BE(0));
  return (
    isJava ||
    sequence(bytes)
      ?.subarray(0, 2)
      .equals(Buffer.from([2, 1])) === true
  );
}

/** PKCS#8 or PKCS#1: version, algorithm or large number; SEC1: version 1, then key (RFC 5915). */
function isDerKey(bytes: Buffer): boolean {
  const inner = sequence(bytes);
  if (inner?.subarray(0, 2).equals(Buffer.from([2, 1])) !== true) return false;
  const rest = inner.subarray(3);
  if (inner[2] === 0 && rest[0] === 0x02 && rest[1] === 0x82) return true;
  if (inner[2] === 1 && rest[0] === 0x04 && [0x1c, 0x20, 0x30, 0x42].includes(rest[1] ?? 0))
    return true;
  return OID.algorithms.some((oid) => holds(rest.subarray(0, 32), oid));
}

/** Version 3 and a key bag in plain sight; with sealed bags, as in certificate stores, none is. */
function isPkcs12WithKey(bytes: Buffer): boolean {
  const inner = sequence(bytes);
  return (
    inner?.subarray(0, 3).equals(Buffer.from([2, 1, 3])) === true &&
    OID.keyBags.some((oid) => holds(bytes, oid))
  );
}

/** Java's own format: tag, alias, time; tag 1 is a private key, 3 a secret one, 2 a certificate. */
function isJavaStoreWithKey(bytes: Buffer): boolean {
  if (bytes.length < 16) return false;
  const magic = bytes.readUInt32BE(0);
  if (magic !== 0xfeedfeed && magic !== 0xcececece) return isPkcs12WithKey(bytes);
  const count = Math.min(bytes.readUInt32BE(8), 10_000);
  let at = 12;
  for (let entry = 0; entry < count && at + 6 <= bytes.length; entry += 1) {
    const tag = bytes.readUInt32BE(at);
    if (tag === 1 || tag === 3) return true;
    at += 6 + bytes.readUInt16BE(at + 4) + 8;
    if (at + 2 > bytes.length) return false;
    const type = bytes.readUInt16BE(at);
    if (at + 2 + type + 4 > bytes.length) return false;
    at += 2 + type + 4 + bytes.readUInt32BE(at + 2 + type);
  }
  return false;
}

const SECRET_KEY_PACKET = (bytes: Buffer): boolean => {
  // Packet tags 5 and 7, old and new format (RFC 4880, section 4.2).
  const tag = bytes[0] ?? 0;
  const kind = (tag & 0xc0) === 0xc0 ? tag & 0x3f : (tag & 0xc0) === 0x80 ? (tag >> 2) & 0x0f : 0;
  return kind === 5 || kind === 7;
};

export const KEY_STORES: readonly KeyStore[] = [
  {
    id: 'der-private-key',
    what: 'private keys in DER: PKCS#8, PKCS#1, SEC1',
    name: /\.(?:der|key|pk8|p8|pkcs8|priv)$/i,
    holdsKey: isDerKey,
  },
  {
    id: 'pkcs12-key-store',
    what: 'PKCS#12 stores with a key in them',
    name: /\.(?:p12|pfx)$/i,
    holdsKey: isPkcs12WithKey,
  },
  {
    id: 'java-key-store',
    what: 'Java key stores with a private or secret key; those of certificates alone are none',
    name: /\.(?:jks|jceks|keystore|ks|bks)$|^keystore$/i,
    holdsKey: isJavaStoreWithKey,
  },
  {
    id: 'pgp-key-ring',
    what: 'PGP secret key rings, old and new',
    // `secring.gpg`, and `private-keys-v1.d/KEYGRIP.key`. A count of letters takes V8 longer to
    // compile than a layer's names to be asked.
    name: /^[0-9A-F]+\.key$|\.(?:gpg|pgp)$/i,
    holdsKey: (bytes) =>
      SECRET_KEY_PACKET(bytes) ||
      /^(?:Key: |\()?.{0,40}(?:protected-|shadowed-)?private-key/s.test(
        bytes.toString('latin1', 0, 120),
      ),
  },
  {
    id: 'kerberos-keytab',
    what: 'Kerberos key tables',
    name: /\.keytab$/i,
    holdsKey: (bytes) => bytes[0] === 5 && (bytes[1] === 1 || bytes[1] === 2) && bytes.length > 16,
  },
  {
    id: 'gcloud-credentials-db',
    what: "gcloud's stores of refresh and access tokens",
    name: /^(?:credentials|access_tokens)\.db$/,
    holdsKey: (bytes) =>
      bytes.toString('latin1', 0, 15) === 'SQLite format 3' &&
      (holds(bytes, Buffer.from('refresh_token').toString('hex')) ||
        holds(bytes, Buffer.from('ya29.').toString('hex'))),
  },
];

/** All their names, and some more: one match of a name rules out nearly all files. */
const NAMES = new RegExp(KEY_STORES.map(({ name }) => name.source).join('|'), 'i');

export function isKeyStoreName(path: string): boolean {
  const name = fileName(path);
  return KEY_STORES.some((store) => store.name.test(name));
}

function isWholeSequence(bytes: Buffer): boolean {
  const inner = sequence(bytes);
  if (inner === undefined || inner.length === 0) return false;
  const skip = bytes.length - inner.length;
  const length = skip === 2 ? (bytes[1] ?? 0) : bytes.readUIntBE(2, skip - 2);
  return length === inner.length;
}

function ruleByContent(bytes: Buffer): string | undefined {
  if (bytes.length < 16) return undefined;
  if ([0xfeedfeed, 0xcececece].includes(bytes.readUInt32BE(0)))
    return isJavaStoreWithKey(bytes) ? 'java-key-store' : undefined;
  if (bytes[0] !== 0x30 || !isWholeSequence(bytes)) return undefined;
  if (isDerKey(bytes)) return 'der-private-key';
  return isPkcs12WithKey(bytes) ? 'pkcs12-key-store' : undefined;
}

/** The rule that finds a key by a file's bytes, with its name or without; undefined for no key. */
export function keyStoreRule(path: string, content: Uint8Array): string | undefined {
  const name = fileName(path);
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const named = NAMES.test(name)
    ? KEY_STORES.find((store) => store.name.test(name) && store.holdsKey(bytes))
    : undefined;
  return named?.id ?? ruleByContent(bytes);
}
