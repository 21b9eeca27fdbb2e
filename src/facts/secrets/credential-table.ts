/** A file that is made to contain credentials. */
export interface CredentialFile {
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

type Names = Pick<CredentialFile, 'names' | 'parts' | 'path'>;

function named(...names: string[]): Names {
  const bare = names.map((name) => name.replace(/^.*\//, ''));
  const paths = names.map((name) => name.replaceAll('.', '\\.')).join('|');
  return { names: [...new Set(bare)], parts: [], path: new RegExp(`(?:^|/)(?:${paths})$`) };
}

function within(parts: readonly string[], path: RegExp): Names {
  return { names: [], parts, path };
}

/** Settings as YAML, TOML, INI and shell spell them, by their names. */
function settings(id: string, what: string, names: Names, keys: string): CredentialFile {
  const content = new RegExp(
    `^[\\t ]{0,40}["']?(?:${keys})["']?[\\t ]{0,20}[=:][\\t ]{0,20}["']?([^\\s"'#]{4,2000})`,
    'gim',
  );
  return { id, what, ...names, content };
}

function json(id: string, what: string, names: Names, keys: string): CredentialFile {
  const content = new RegExp(`"(?:${keys})"\\s{0,20}:\\s{0,20}"([^"\\s]{4,4000})"`, 'gi');
  return { id, what, ...names, content };
}

function text(id: string, what: string, names: Names, content: RegExp): CredentialFile {
  return { id, what, ...names, content };
}

const REGISTRIES: readonly CredentialFile[] = [
  text(
    'npmrc',
    'npm, pnpm: `.npmrc`',
    named('.npmrc', 'etc/npmrc'),
    /^[^#;\n]{0,400}?(?:_authToken|_auth|_password)\s{0,20}=\s{0,20}["']?([^\s"']{4,2000})/gm,
  ),
  settings('yarnrc', 'Yarn: `.yarnrc.yml`', named('.yarnrc.yml'), 'npmAuthToken|npmAuthIdent'),
  json(
    'docker-config',
    'Docker, Podman, kaniko: `config.json`, `auth.json`',
    named('.docker/config.json', '.dockercfg', '.dockerconfigjson', 'containers/auth.json'),
    'auth|identitytoken|registrytoken|password',
  ),
  settings('pypirc', 'twine: `.pypirc`', named('.pypirc'), 'password'),
  settings('pip-config', 'pip: `pip.conf`', named('pip.conf', 'pip.ini'), 'password'),
  text(
    'cargo-credentials',
    'Cargo: `credentials.toml`',
    named('.cargo/credentials', '.cargo/credentials.toml', 'cargo/credentials.toml'),
    /^\s{0,40}(?:secret-key|token)\s{0,20}=\s{0,20}"([^"]{4,2000})"/gm,
  ),
  text(
    'maven-settings',
    'Maven: `settings.xml`',
    named('.m2/settings.xml', '.m2/settings-security.xml'),
    /<(?:password|passphrase|master)>([^<]{2,2000})<\//g,
  ),
  settings(
    'gradle-properties',
    "Gradle: a user's `gradle.properties`",
    named('.gradle/gradle.properties'),
    '[\\w.-]{0,80}(?:password|token|secret)[\\w.-]{0,40}',
  ),
  text(
    'composer-auth',
    'Composer: `auth.json`',
    named('composer/auth.json', '.composer/auth.json'),
    /"(?:password|[\w.-]{1,100}\.(?:com|org|net|io))"\s{0,20}:\s{0,20}"([^"\s]{4,2000})"/g,
  ),
  text(
    'gem-credentials',
    'RubyGems, Bundler: `.gem/credentials`, `.bundle/config`',
    named('.gem/credentials', '.bundle/config'),
    /^\s{0,20}(?::[\w-]{2,60}_api_key|BUNDLE_[A-Z0-9_]{3,200}):\s{0,20}["']?([\w.@%-]{1,100}:[^\s"']{4,300}|[a-z0-9_]{20,80})/gm,
  ),
  text(
    'nuget-config',
    'NuGet: `NuGet.Config`',
    named('NuGet.Config', 'nuget.config', 'NuGet.config', 'Nuget.Config'),
    /<add\s{1,20}key="(?:ClearTextPassword|Password|https?:[^"]{1,300})"\s{1,20}value="((?!https?:)[^"]{8,500})"/gi,
  ),
];

const CLOUDS: readonly CredentialFile[] = [
  text(
    'aws-credentials',
    'AWS: `.aws/credentials`, `.aws/config`, cached sessions',
    within(['.aws/'], /(?:^|\/)\.aws\/(?:credentials|config|(?:sso|cli)\/cache\/[^/]+\.json)$/),
    /(?:^\s{0,40}aws_(?:secret_access_key|session_token)\s{0,20}=\s{0,20}|"(?:SecretAccessKey|SessionToken|accessToken|clientSecret)"\s{0,20}:\s{0,20}")([^\s"]{16,4000})/gm,
  ),
  json(
    'gcloud-credentials',
    'Google Cloud: application default, legacy and client credentials',
    named('application_default_credentials.json', 'credentials.json', 'adc.json'),
    'refresh_token|client_secret|private_key',
  ),
  json(
    'azure-credentials',
    'Azure: token caches and service principals',
    named(
      '.azure/accessTokens.json',
      '.azure/msal_token_cache.json',
      '.azure/service_principal_entries.json',
    ),
    'refreshToken|accessToken|secret|client_secret',
  ),
  text(
    'kubeconfig',
    'Kubernetes: `.kube/config`, `kubeconfig`, `admin.conf`',
    within(
      ['.kube/config', 'kubeconfig', 'etc/kubernetes/', 'k3s.yaml'],
      /(?:^|\/)(?:\.kube\/config|kubeconfig(?:\.ya?ml)?|[\w-]{1,100}\.kubeconfig|etc\/kubernetes\/[\w-]{1,100}\.conf|k3s\.yaml)$/,
    ),
    /\b(?:client-key-data|token|password):\s{0,20}["']?([^\s"']{8,8000})/g,
  ),
  json(
    'terraform-credentials',
    'Terraform: `credentials.tfrc.json`',
    named('credentials.tfrc.json'),
    'token',
  ),
  settings('terraform-rc', 'Terraform: `.terraformrc`', named('.terraformrc'), 'token'),
  json(
    'terraform-state',
    'Terraform: state with passwords, keys or tokens',
    within(['.tfstate'], /\.tfstate(?:\.backup)?$/),
    '(?:[\\w-]{0,60}_)?(?:password|secret|secret_key|private_key|private_key_pem|private_key_openssh|token|access_key|api_key|connection_string|client_key)',
  ),
  settings('doctl-config', 'DigitalOcean CLI', named('doctl/config.yaml'), 'access-token'),
  settings(
    's3cfg',
    's3cmd, boto',
    named('.s3cfg', '.boto'),
    'secret_key|(?:gs|aws)_secret_access_key|gs_oauth2_refresh_token',
  ),
  settings(
    'rclone-config',
    'rclone',
    named('rclone.conf'),
    'pass|password|token|secret_access_key|client_secret',
  ),
  text(
    'vault-token-file',
    'Vault: `.vault-token`',
    named('.vault-token'),
    /^([A-Za-z0-9._-]{20,300})\s{0,9}$/g,
  ),
];

const FORGES_AND_SERVERS: readonly CredentialFile[] = [
  text(
    'netrc',
    'curl, git, Heroku, apt: `.netrc`, `auth.conf`',
    within(['netrc', 'apt/auth.conf'], /(?:^|\/)[._]netrc$|^etc\/apt\/auth\.conf(?:\.d\/[^/]+)?$/),
    /\bpassword\s{1,20}(\S{2,500})/g,
  ),
  text(
    'git-credentials',
    'git: `.git-credentials`',
    named('.git-credentials', '.config/git/credentials'),
    /:\/\/[^\s:/@]{0,200}:([^\s@]{2,500})@/g,
  ),
  settings(
    'gh-hosts',
    'GitHub CLI, hub, GitLab CLI',
    named('gh/hosts.yml', '.config/hub', 'glab-cli/config.yml'),
    'oauth_token|token',
  ),
  settings('circleci-config', 'CircleCI CLI', named('.circleci/cli.yml'), 'token'),
  text(
    'pgpass',
    'PostgreSQL: `.pgpass`',
    named('.pgpass'),
    /^(?:[^:#\n]{1,300}:){4}(\S{1,300})$/gm,
  ),
  settings(
    'mysql-options',
    'MySQL, MariaDB: `.my.cnf`',
    named('.my.cnf', 'etc/mysql/debian.cnf'),
    'password',
  ),
  text(
    'password-hash',
    'hashes of passwords: `etc/shadow`, `.htpasswd`',
    within(
      ['etc/shadow', 'etc/gshadow', 'htpasswd'],
      /(?:^|\/)etc\/g?shadow-?$|(?:^|\/)[\w.-]{0,60}\.?htpasswd$/,
    ),
    /^[^:\s]{1,100}:!{0,2}(\$[\w]{1,10}\$[^:\s]{8,200}|\{SHA\}[^:\s]{20,60})(?::|\s|$)/gm,
  ),
  text(
    'rails-master-key',
    'Rails: `config/master.key`, `config/credentials/*.key`',
    within(
      ['config/master.key', 'config/credentials/'],
      /(?:^|\/)config\/(?:master|credentials\/[\w-]{1,60})\.key$/,
    ),
    /^([a-f0-9]{32})\s{0,9}$/g,
  ),
  text(
    'wp-config',
    'WordPress: `wp-config.php`',
    named('wp-config.php'),
    /define\(\s{0,9}['"](?:DB_PASSWORD|AUTH_KEY|SECURE_AUTH_KEY|LOGGED_IN_KEY|NONCE_KEY)['"]\s{0,9},\s{0,9}['"]([^'"\s]{4,200})['"]/g,
  ),
  text(
    'tomcat-users',
    'Tomcat: `tomcat-users.xml`',
    named('tomcat-users.xml'),
    /<user\s[^>]{0,300}?password="([^"<>]{4,200})"/g,
  ),
  text(
    'mounted-secret',
    'what should have been mounted: a file within `/run/secrets`',
    within(
      ['run/secrets/'],
      /^(?:var\/)?run\/secrets\/(?!rhsm\/|etc-pki-entitlement\/|.{0,300}(?:ca\.crt|namespace)$)[^/]{1,255}(?:\/[^/]{1,255}){0,3}$/,
    ),
    /(\S{4,2000})/g,
  ),
];

/** Credentials of package registries, clouds, forges and servers, in the files of their clients. */
export const CREDENTIAL_FILES: readonly CredentialFile[] = [
  ...REGISTRIES,
  ...CLOUDS,
  ...FORGES_AND_SERVERS,
];
