import { describe, expect, test } from 'vitest';
import {
  configSecrets,
  manifestSecrets,
  statementSecrets,
} from '../../src/facts/secrets/document-secrets.ts';
import type { ImageConfig } from '../../src/model/image.ts';
import { mixed } from './secret-samples.ts';

const TOKEN = `ghp_${mixed(36)}`;

function config(fields: object): ImageConfig {
  return {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [] },
    config: fields,
  };
}

describe('commands that an image runs', () => {
  test.each<[object, readonly string[]]>([
    [
      { Cmd: ['sh', '-c', 'DB_PASSWORD=hunter22 exec app'] },
      ['config DB_PASSWORD named-secret hu***'],
    ],
    [{ Entrypoint: ['app', `--token=${TOKEN}`] }, ['config Entrypoint github-token ghp_***']],
    [
      { Healthcheck: { Test: ['CMD', 'curl', '-u', 'me:hunter22', 'http://x'] } },
      ['config Healthcheck login-in-command hu***'],
    ],
    [{ OnBuild: ['ENV API_KEY=abcd1234efgh'] }, ['config API_KEY named-secret abc***']],
    [{ Cmd: ['app', '--password-file=/run/secrets/p', '-u', 'me'] }, []],
    [{ Cmd: ['sh', '-c', 'TOKEN=$(cat /run/secrets/t) PASSWORD="$DB" app'] }, []],
    [
      { Labels: { 'com.example.api_token': 'abcd1234efgh' } },
      ['label com.example.api_token named-secret abc***'],
    ],
  ])('%j', (fields, expected) => {
    const found = configSecrets(config(fields)).findings;
    expect(found.map((f) => `${f.where} ${f.path ?? ''} ${f.rule} ${f.masked}`)).toEqual(expected);
  });
});

describe('commands that built it', () => {
  test.each([
    ['RUN curl -u me:hunter22 https://x/y # buildkit', 'login-in-command'],
    ['RUN docker login -u me -p hunter2222 x', 'login-in-command'],
    ['RUN git clone https://me:hunter22@git.internal/x', 'password-in-url'],
    ['RUN NPM_TOKEN=hunter2222 npm ci', 'named-secret'],
    ['RUN /bin/sh -c export API_KEY="abcd1234efgh" && make', 'named-secret'],
  ])('%s', (created_by, rule) => {
    const found = configSecrets({ ...config({}), history: [{ created_by }] }).findings;
    expect(found.map((f) => f.rule)).toEqual([rule]);
    expect(JSON.stringify(found)).not.toMatch(/hunter22|1234efgh/);
  });

  test.each([
    'RUN curl -fsSL -u "$USER:$PASS" https://x',
    'RUN useradd -u 1001 -p x app',
    'RUN wget --user=me https://x && mkdir -p /srv/application',
    'RUN apt-get install -y curl && mkdir -p /var/lib/postgresql',
    'RUN --mount=type=secret,id=t curl -H "Authorization: Bearer $(cat /run/secrets/t)" x',
    'ENV PYTHON_SHA256=ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12',
    'RUN export GNUPGHOME="$(mktemp -d)"; for key in 4ED778F539E3634C779C87C6D7062848A1AB005C; do gpg --recv-keys "$key"; done',
  ])('not in %s', (created_by) => {
    expect(configSecrets({ ...config({}), history: [{ created_by }] }).findings).toEqual([]);
  });
});

const MARK = expect.stringMatching(/^[0-9a-f]{6}$/) as unknown as string;

test('annotations', () => {
  const annotations = { a: TOKEN, 'x.password': 'hunter22', b: 'harmless' };
  expect(manifestSecrets({ annotations }).findings).toEqual([
    { rule: 'github-token', masked: 'ghp_***', mark: MARK, where: 'annotation', path: 'a' },
    { rule: 'named-secret', masked: 'hu***', mark: MARK, where: 'annotation', path: 'x.password' },
  ]);
});

test('a command that is too long to be read is a gap, not an error', () => {
  const history = [{ created_by: `RUN passwd "${'a'.repeat(16 * 1024 * 1024)}` }];
  expect(configSecrets({ history }).gaps).toEqual([
    { path: 'the configuration', reason: 'a text in it is too long to be read as commands' },
  ]);
});

test('whatever a provenance holds, its Dockerfile too', () => {
  const dockerfile = `FROM scratch\nARG GITHUB=${TOKEN}\nENV DB_PASSWORD=hunter22\n`;
  const data = Buffer.from(dockerfile).toString('base64');
  const found = statementSecrets({
    buildDefinition: {
      externalParameters: {
        configSource: { uri: 'https://me:hunter22@git.internal/x' },
        request: { args: { 'build-arg:NPM_TOKEN': 'hunter2222', 'build-arg:VERSION': '1.2.3' } },
      },
    },
    metadata: { source: { infos: [{ filename: 'Dockerfile', data }] } },
  }).findings;
  expect(found.map((f) => `${f.path ?? ''} ${f.rule}`)).toEqual([
    'buildDefinition.externalParameters.configSource.uri password-in-url',
    'NPM_TOKEN named-secret',
    'metadata.source.infos.0.data github-token',
    'DB_PASSWORD named-secret',
  ]);
});
