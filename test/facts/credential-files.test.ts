import { describe, expect, test } from 'vitest';
import {
  CREDENTIAL_FILES,
  credentialsIn,
  gitDirectoryOf,
  isCredentialFile,
} from '../../src/facts/secrets/credential-files.ts';
import { masked } from '../../src/facts/secrets/secret-value.ts';
import { hex, mixed } from './secret-samples.ts';

const TOKEN = mixed(24);
const WORD = 'hunter22';

/** For each rule, a file of its kind that holds one. */
const HOLDS: Readonly<Record<string, readonly [path: string, text: string]>> = {
  npmrc: ['root/.npmrc', `//registry.npmjs.org/:_authToken=${TOKEN}\n`],
  yarnrc: ['app/.yarnrc.yml', `npmAuthToken: "${TOKEN}"\n`],
  netrc: ['root/.netrc', `machine a login b password ${WORD}\n`],
  'docker-config': ['root/.docker/config.json', '{"auths":{"x":{"auth":"dXNlcjpwYXNz"}}}'],
  'aws-credentials': ['root/.aws/credentials', `[a]\naws_secret_access_key = ${mixed(40)}\n`],
  'gcloud-credentials': [
    'root/.config/gcloud/application_default_credentials.json',
    `{ "client_secret": "${TOKEN}" }`,
  ],
  'azure-credentials': ['root/.azure/msal_token_cache.json', `{"secret": "${TOKEN}"}`],
  kubeconfig: ['root/.kube/config', `users:\n- user:\n    token: ${TOKEN}\n`],
  'git-credentials': ['root/.git-credentials', `https://me:${WORD}@example.net\n`],
  pypirc: ['root/.pypirc', `[pypi]\nusername = a\npassword = ${WORD}\n`],
  'pip-config': ['etc/pip.conf', `[global]\npassword = ${WORD}\n`],
  pgpass: ['root/.pgpass', `db:5432:app:me:${WORD}\n`],
  'mysql-options': ['root/.my.cnf', `[client]\npassword="${WORD}"\n`],
  'cargo-credentials': ['root/.cargo/credentials.toml', `[registry]\ntoken = "${TOKEN}"\n`],
  'maven-settings': ['root/.m2/settings.xml', `<server><password>${WORD}</password></server>`],
  'gradle-properties': ['root/.gradle/gradle.properties', `nexusPassword=${WORD}\n`],
  'composer-auth': ['root/.composer/auth.json', `{"github-oauth":{"github.com":"${TOKEN}"}}`],
  'gem-credentials': ['root/.gem/credentials', `---\n:rubygems_api_key: ${hex(40)}\n`],
  'nuget-config': ['app/NuGet.Config', `<add key="ClearTextPassword" value="${WORD}" />`],
  'gh-hosts': ['root/.config/gh/hosts.yml', `github.com:\n    oauth_token: ${TOKEN}\n`],
  'doctl-config': ['root/.config/doctl/config.yaml', `access-token: ${TOKEN}\n`],
  'circleci-config': ['root/.circleci/cli.yml', `token: ${TOKEN}\n`],
  s3cfg: ['root/.s3cfg', `secret_key = ${mixed(40)}\n`],
  'rclone-config': ['root/.config/rclone/rclone.conf', `[x]\npass = ${TOKEN}\n`],
  'vault-token-file': ['root/.vault-token', `hvs.${TOKEN}\n`],
  'terraform-credentials': [
    'root/.terraform.d/credentials.tfrc.json',
    `{"credentials":{"app.terraform.io":{"token":"${TOKEN}"}}}`,
  ],
  'terraform-rc': ['root/.terraformrc', `credentials "x" {\n  token = "${TOKEN}"\n}\n`],
  'terraform-state': ['app/terraform.tfstate', `{"attributes":{"master_password":"${WORD}"}}`],
  'rails-master-key': ['app/config/master.key', `${hex(32)}\n`],
  'wp-config': ['var/www/wp-config.php', `define( 'DB_PASSWORD', '${WORD}' );\n`],
  'tomcat-users': ['opt/conf/tomcat-users.xml', `<user username="a" password="${WORD}"/>`],
  'password-hash': ['etc/shadow', `root:$6$${mixed(16)}$${mixed(86)}:19000:0:99999:7:::\n`],
  'mounted-secret': ['run/secrets/db_password', `${WORD}\n`],
};

function rules(path: string, text: string): readonly string[] {
  return credentialsIn(path, text).map(({ rule }) => rule);
}

test('each rule has a sample', () => {
  expect(Object.keys(HOLDS).sort()).toEqual(CREDENTIAL_FILES.map(({ id }) => id).sort());
});

test.each(Object.entries(HOLDS))('%s', (rule, [path, text]) => {
  expect(isCredentialFile(path)).toBe(true);
  expect(rules(path, text)).toEqual([rule]);
});

describe('no credential', () => {
  test.each([
    ['root/.npmrc', '//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n'],
    ['root/.npmrc', 'registry=https://registry.npmjs.org\n; _authToken=none\n'],
    ['root/.docker/config.json', '{"auths":{},"credsStore":"pass"}'],
    ['root/.netrc', 'machine a login b\n'],
    ['root/.pypirc', '[pypi]\nusername = __token__\npassword = <your-token>\n'],
    ['var/www/wp-config.php', "define( 'AUTH_KEY', 'put your unique phrase here' );\n"],
    ['app/terraform.tfstate', '{"password": null, "token": ""}'],
    ['run/secrets/kubernetes.io/serviceaccount/namespace', 'default-namespace'],
    ['run/secrets/rhsm/rhsm.conf', 'password = hunter22'],
    ['etc/shadow', 'root:*:19000:0:99999:7:::\ndaemon:!:19000::::::\n'],
    ['app/config.json', '{"auth": "dXNlcjpwYXNz"}'],
    ['home/a/settings.xml', '<password>hunter22</password>'],
  ])('%s %j', (path, text) => {
    expect(rules(path, text)).toEqual([]);
  });
});

describe('variables in a file', () => {
  test.each([
    ['app/.env', `DB_PASSWORD=${WORD}\n`, ['env-file ***'.replace('***', 'hu***')]],
    ['app/.env.production', `export API_KEY="${TOKEN}"\n`, ['env-file Ab3d***']],
    ['app/prod.env', `# x\nJWT_SECRET='${TOKEN}'\nPORT=8080\n`, ['env-file Ab3d***']],
    ['app/prod.tfvars', `db_password = "${WORD}"\n`, ['env-file hu***']],
    [
      'app/.env',
      `DSN=${TOKEN}\nAPP_KEY=base64:${TOKEN}\n`,
      ['env-file Ab3d***', 'env-file base***'],
    ],
    ['app/.env.example', `DB_PASSWORD=${WORD}\n`, []],
    ['app/.env', 'DB_PASSWORD=\nAPI_TOKEN=changeme\nSECRET=${X}\nTOKEN=/run/secrets/t\n', []],
    ['app/.env', 'GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568\nSORT_KEY=name\n', []],
    ['app/.environment', `DB_PASSWORD=${WORD}\n`, []],
  ])('%s %j', (path, text, found) => {
    expect(credentialsIn(path, text).map(({ rule, value }) => `${rule} ${masked(value)}`)).toEqual(
      found,
    );
  });
});

test.each([
  ['app/.git/HEAD', 'app/.git'],
  ['.git/config', '.git'],
  ['a/.git/objects/pack/pack-1.pack', 'a/.git'],
  ['a/.git/hooks/pre-commit.sample', undefined],
  ['app/.gitignore', undefined],
  ['app/x.git/HEAD', undefined],
  ['app/HEAD', undefined],
])('%s is in the repository %s', (path, repository) => {
  expect(gitDirectoryOf(path)).toBe(repository);
});

test('a long and hostile name costs no more than its length', () => {
  const path = `${'a/'.repeat(30_000)}run/secrets/x`;
  expect(isCredentialFile(path)).toBe(false);
  expect(gitDirectoryOf(`${'.git/'.repeat(10_000)}x`)).toBeUndefined();
});
