/** A file that is made to hold credentials. */
export interface CredentialFile {
  readonly id: string;
  /** Whose file it is, for the page that lists them. */
  readonly what: string;
  readonly path: RegExp;
  /** The group `secret`, or the first, is what makes the file more than settings. Bounded, without nested repetition. */
  readonly content: RegExp;
}

/** Values as JSON, YAML, TOML, INI and shell spell them. */
const VALUE = '["\']?([^\\s"\'#]{4,2000})';

function settings(id: string, what: string, path: RegExp, names: string): CredentialFile {
  const content = new RegExp(
    `^[\\t ]{0,40}["']?(?:${names})["']?[\\t ]{0,20}[=:][\\t ]{0,20}${VALUE}`,
    'gim',
  );
  return { id, what, path, content };
}

function json(id: string, what: string, path: RegExp, names: string): CredentialFile {
  return {
    id,
    what,
    path,
    content: new RegExp(`"(?:${names})"\\s{0,20}:\\s{0,20}"([^"\\s]{4,4000})"`, 'gi'),
  };
}

/** Credentials of package registries, clouds, databases and forges, each in the file its own client reads. */
export const CREDENTIAL_FILES: readonly CredentialFile[] = [
  {
    id: 'npmrc',
    what: 'npm, pnpm: `.npmrc`',
    path: /(?:^|\/)\.npmrc$|^(?:usr\/local\/)?etc\/npmrc$/,
    content: /^[^#;\n]{0,400}?(?:_authToken|_auth|_password)\s*=\s*["']?([^\s"']{4,})/gm,
  },
  settings('yarnrc', 'Yarn: `.yarnrc.yml`', /(?:^|\/)\.yarnrc\.yml$/, 'npmAuthToken|npmAuthIdent'),
  {
    id: 'netrc',
    what: 'curl, git, Heroku, apt: `.netrc`, `auth.conf`',
    path: /(?:^|\/)[._]netrc$|^etc\/apt\/auth\.conf(?:\.d\/[^/]+)?$/,
    content: /\bpassword\s+(\S{2,})/g,
  },
  json(
    'docker-config',
    'Docker, Podman: `config.json`, `auth.json`',
    /(?:^|\/)(?:\.docker\/config\.json|\.dockercfg|\.dockerconfigjson|containers\/auth\.json|kaniko\/\.docker\/config\.json)$/,
    'auth|identitytoken|registrytoken|password',
  ),
  {
    id: 'aws-credentials',
    what: 'AWS: `.aws/credentials`, `.aws/config`, cached sessions',
    path: /(?:^|\/)\.aws\/(?:credentials|config|(?:sso|cli)\/cache\/[^/]+\.json)$/,
    content:
      /(?:^\s{0,40}aws_(?:secret_access_key|session_token)\s*=\s*|"(?:SecretAccessKey|SessionToken|accessToken|clientSecret)"\s*:\s*")([^\s"]{16,4000})/gm,
  },
  json(
    'gcloud-credentials',
    'Google Cloud: application default and legacy credentials',
    /(?:^|\/)(?:gcloud\/(?:.*\/)?)?(?:application_default_credentials|credentials|adc)\.json$/,
    'refresh_token|client_secret|private_key',
  ),
  json(
    'azure-credentials',
    'Azure: token caches and service principals',
    /(?:^|\/)\.azure\/(?:accessTokens|msal_token_cache|service_principal_entries)\.json$/,
    'refreshToken|accessToken|secret|client_secret',
  ),
  {
    id: 'kubeconfig',
    what: 'Kubernetes: `.kube/config`, `kubeconfig`, `admin.conf`',
    path: /(?:^|\/)(?:\.kube\/config|kubeconfig(?:\.ya?ml)?|[\w-]+\.kubeconfig|etc\/kubernetes\/[\w-]+\.conf|etc\/rancher\/k3s\/k3s\.yaml)$/,
    content: /\b(?:client-key-data|token|password):\s{0,20}["']?([^\s"']{8,})/g,
  },
  {
    id: 'git-credentials',
    what: 'git: `.git-credentials`',
    path: /(?:^|\/)(?:\.git-credentials|\.config\/git\/credentials)$/,
    content: /:\/\/[^\s:/@]{0,200}:([^\s@]{2,})@/g,
  },
  settings('pypirc', 'twine: `.pypirc`', /(?:^|\/)\.pypirc$/, 'password'),
  {
    id: 'pgpass',
    what: 'PostgreSQL: `.pgpass`',
    path: /(?:^|\/)\.pgpass$/,
    content: /^(?:[^:#\n]{1,300}:){4}(\S{1,300})$/gm,
  },
  settings(
    'mysql-options',
    'MySQL, MariaDB: `.my.cnf`',
    /(?:^|\/)(?:\.my\.cnf|\.mylogin\.cnf|etc\/mysql\/debian\.cnf)$/,
    'password',
  ),
  {
    id: 'cargo-credentials',
    what: 'Cargo: `credentials.toml`',
    path: /(?:^|\/)\.?cargo\/credentials(?:\.toml)?$/,
    content: /^\s{0,40}(?:secret-key|token)\s*=\s*"([^"]{4,})"/gm,
  },
  {
    id: 'maven-settings',
    what: 'Maven: `settings.xml`',
    path: /(?:^|\/)\.m2\/settings(?:-security)?\.xml$/,
    content: /<(?:password|passphrase|master)>([^<]{2,})<\//g,
  },
  settings(
    'gradle-properties',
    'Gradle: `gradle.properties` of a user',
    /(?:^|\/)\.gradle\/gradle\.properties$/,
    '[\\w.-]{0,80}(?:password|token|secret)[\\w.-]{0,40}',
  ),
  {
    id: 'composer-auth',
    what: 'Composer: `auth.json`',
    path: /(?:^|\/)(?:\.?composer\/auth|auth)\.json$/,
    content: /"(?:password|[\w.-]{1,100}\.(?:com|org|net|io))"\s{0,20}:\s{0,20}"([^"\s]{4,})"/g,
  },
  {
    id: 'gem-credentials',
    what: 'RubyGems, Bundler: `.gem/credentials`, `.bundle/config`',
    path: /(?:^|\/)(?:\.gem\/credentials|\.bundle\/config)$/,
    content:
      /^\s{0,20}(?::[\w-]{2,60}_api_key|BUNDLE_[A-Z0-9_]{3,200}):\s{0,20}["']?((?:[\w.@%-]{1,100}:[^\s"']{4,300})|[a-f0-9_a-z]{20,80})/gm,
  },
  {
    id: 'nuget-config',
    what: 'NuGet: `NuGet.Config` with passwords or keys',
    path: /(?:^|\/)nuget\.config$/i,
    content:
      /<add\s{1,20}key="(?:ClearTextPassword|Password|https?:[^"]{1,300})"\s{1,20}value="((?!https?:)[^"]{8,})"/gi,
  },
  settings(
    'pip-config',
    'pip: an index with a password is found as an address',
    /(?:^|\/)pip\.(?:conf|ini)$/,
    'password',
  ),
  settings(
    'gh-hosts',
    'GitHub CLI, hub, GitLab CLI',
    /(?:^|\/)\.config\/(?:gh\/hosts\.yml|hub|glab-cli\/config\.yml)$/,
    'oauth_token|token',
  ),
  settings(
    'doctl-config',
    'DigitalOcean CLI',
    /(?:^|\/)\.config\/doctl\/config\.yaml$/,
    'access-token',
  ),
  settings('circleci-config', 'CircleCI CLI', /(?:^|\/)\.circleci\/cli\.yml$/, 'token'),
  settings(
    's3cfg',
    's3cmd, boto',
    /(?:^|\/)\.(?:s3cfg|boto)$/,
    'secret_key|(?:gs|aws)_secret_access_key|gs_oauth2_refresh_token',
  ),
  settings(
    'rclone-config',
    'rclone',
    /(?:^|\/)rclone\.conf$/,
    'pass|password|token|secret_access_key|client_secret',
  ),
  {
    id: 'vault-token-file',
    what: 'Vault: `.vault-token`',
    path: /(?:^|\/)\.vault-token$/,
    content: /^((?:hv?s\.|s\.|hvb\.)?[A-Za-z0-9._-]{20,300})\s*$/g,
  },
  json(
    'terraform-credentials',
    'Terraform: `credentials.tfrc.json`',
    /(?:^|\/)\.terraform\.d\/credentials\.tfrc\.json$/,
    'token',
  ),
  settings('terraform-rc', 'Terraform: `.terraformrc`', /(?:^|\/)\.terraformrc$/, 'token'),
  json(
    'terraform-state',
    'Terraform: state files with passwords, keys or tokens',
    /\.tfstate(?:\.backup)?$/,
    '(?:[\\w-]{0,60}_)?(?:password|secret|secret_key|private_key|private_key_pem|private_key_openssh|token|access_key|api_key|connection_string|client_key)',
  ),
  {
    id: 'rails-master-key',
    what: 'Rails: `config/master.key`, `config/credentials/*.key`',
    path: /(?:^|\/)config\/(?:master|credentials\/[\w-]{1,60})\.key$/,
    content: /^([a-f0-9]{32})\s*$/g,
  },
  {
    id: 'wp-config',
    what: 'WordPress: `wp-config.php`',
    path: /(?:^|\/)wp-config\.php$/,
    content:
      /define\(\s{0,9}['"](?:DB_PASSWORD|AUTH_KEY|SECURE_AUTH_KEY|LOGGED_IN_KEY|NONCE_KEY)['"]\s{0,9},\s{0,9}['"]([^'"\s]{4,200})['"]/g,
  },
  {
    id: 'tomcat-users',
    what: 'Tomcat: `tomcat-users.xml`',
    path: /(?:^|\/)tomcat-users\.xml$/,
    content: /<user\s[^>]{0,300}?password="([^"<>]{4,200})"/g,
  },
  {
    id: 'mounted-secret',
    what: 'what should have been mounted: a file within `/run/secrets`',
    path: /^(?:var\/)?run\/secrets\/(?!rhsm\/|etc-pki-entitlement\/|.*(?:ca\.crt|namespace)$)[^/]+(?:\/[^/]+){0,3}$/,
    content: /(\S{4,})/g,
  },
];
