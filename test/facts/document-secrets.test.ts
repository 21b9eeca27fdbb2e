import { describe, expect, test } from 'vitest';
import {
  buildArgumentSecrets,
  configSecrets,
  manifestSecrets,
  statementSecrets,
} from '../../src/facts/secrets/document-secrets.ts';
import type { ImageConfig } from '../../src/model/image.ts';
import { mixed } from './secret-samples.ts';

const TOKEN = `ghp_${mixed(36)}`;

function config(fields: object, ...history: readonly string[]): ImageConfig {
  return {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [] },
    config: fields,
    history: history.map((created_by) => ({ created_by })),
  };
}

const found = (image: ImageConfig): readonly string[] =>
  configSecrets(image).findings.map((f) => `${f.where} ${f.path ?? ''} ${f.rule}`);

describe('variables, labels and history', () => {
  test.each<[ImageConfig, string]>([
    [config({ Env: [`X=${TOKEN}`] }), 'env X github-token'],
    [config({ Env: ['DB_PASSWORD=hunter22'] }), 'env DB_PASSWORD named-secret'],
    [config({ Env: ['API_KEY=abcd1234efgh'] }), 'env API_KEY named-secret'],
    [config({ Labels: { note: TOKEN } }), 'label note github-token'],
    [
      config({}, `RUN |1 NPM_TOKEN=hunter2222 /bin/sh -c npm ci # buildkit`),
      'history NPM_TOKEN named-secret',
    ],
    [config({}, `ARG GITHUB_TOKEN=${TOKEN}`), 'history history[0] github-token'],
    [config({}, `/bin/sh -c #(nop)  ENV DB_PASSWORD=hunter22`), 'history DB_PASSWORD named-secret'],
  ])('%j', (image, expected) => {
    expect(found(image)).toEqual([expected]);
  });

  test.each([
    ['PATH=/usr/bin', 'GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568'],
    ['DB_PASSWORD=', 'DB_PASSWORD_FILE=/run/secrets/db'],
    ['DB_PASSWORD=/run/secrets/db', 'TOKEN=true', 'SECRET=changeme'],
    ['TOKENIZERS_PARALLELISM=false', 'PASSWORD_MIN=12345'],
  ])('is quiet about %j', (...env) => {
    expect(found(config({ Env: env }))).toEqual([]);
  });

  test('the fingerprint of a release key is none', () => {
    const fingerprint = 'E3FF2839C048B25C084DEBE9B26995E310250568';
    expect(found(config({}, `RUN key='${fingerprint}'; gpg --recv-keys "$key"`))).toEqual([]);
    expect(found(config({}, `RUN API_KEY=${fingerprint} ./run`))).toHaveLength(1);
  });

  test('a placeholder in history is none', () => {
    const steps = ['ARG TOKEN', 'RUN |1 V=1.2.3 /bin/sh -c make', 'CMD ["node"]'];
    expect(found(config({}, ...steps))).toEqual([]);
  });
});

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
    const { findings } = configSecrets(config(fields));
    expect(findings.map((f) => `${f.where} ${f.path ?? ''} ${f.rule} ${f.masked}`)).toEqual(
      expected,
    );
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
    const { findings } = configSecrets(config({}, created_by));
    expect(findings.map((f) => f.rule)).toEqual([rule]);
    expect(JSON.stringify(findings)).not.toMatch(/hunter22|1234efgh/);
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
    expect(found(config({}, created_by))).toEqual([]);
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
  const { findings } = statementSecrets({
    buildDefinition: {
      externalParameters: {
        configSource: { uri: 'https://me:hunter22@git.internal/x' },
        request: { args: { 'build-arg:NPM_TOKEN': 'hunter2222', 'build-arg:VERSION': '1.2.3' } },
      },
    },
    metadata: { source: { infos: [{ filename: 'Dockerfile', data }] } },
  });
  expect(findings.map((f) => `${f.path ?? ''} ${f.rule}`)).toEqual([
    'buildDefinition.externalParameters.configSource.uri password-in-url',
    'NPM_TOKEN named-secret',
    'metadata.source.infos.0.data github-token',
    'DB_PASSWORD named-secret',
  ]);
});

test('build arguments that provenance would tell', () => {
  expect(buildArgumentSecrets({ NPM_TOKEN: 'hunter2222', V: '1.2.3', X: TOKEN }).findings).toEqual([
    { rule: 'named-secret', masked: 'hu***', mark: MARK, where: 'provenance', path: 'NPM_TOKEN' },
    { rule: 'github-token', masked: 'ghp_***', mark: MARK, where: 'provenance', path: 'X' },
  ]);
});

test('BuildKit’s name for an OCI layout is no password in a URL', () => {
  const layout = `oci-layout://jytjhbwg9pk6v837yffmnokx8:latest@sha256:${'a'.repeat(64)}`;
  expect(statementSecrets({ args: { 'context:base': layout } }).findings).toEqual([]);
  expect(
    statementSecrets({ args: { x: 'https://me:x9Kq2LmZ7pRtW@git.acme.dev/r' } }).findings,
  ).toHaveLength(1);
});
