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

/**
 * By row: an id and whose file it is; its names, or parts of its path and a pattern for the path;
 * and what is secret in it: keys of `settings` (YAML, TOML, INI, shell) or `json`, or flags and a
 * pattern. Registries, clouds, forges and servers.
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
