import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  buildArgumentSecrets,
  configSecrets,
  manifestSecrets,
  statementSecrets,
} from '../../src/facts/secrets/document-secrets.ts';
import type { ImageConfig } from '../../src/model/image.ts';
import { mixed } from './secret-samples.ts';

const TOKEN = `ghp_${mixed(36)}`;
const TABLES = parse(
  readFileSync('test/facts/document-secrets.yaml', 'utf8').replaceAll('@TOKEN', TOKEN),
) as {
  readonly shown: readonly [given: { fields?: object; step?: string }, expected: string][];
  readonly quiet: readonly (readonly string[])[];
  readonly run: readonly [fields: object, expected: readonly string[]][];
  readonly built: readonly [step: string, rule: string][];
  readonly clean: readonly string[];
};

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
  test.each(TABLES.shown)('%j', ({ fields = {}, step }, expected) => {
    expect(found(config(fields, ...(step === undefined ? [] : [step])))).toEqual([expected]);
  });

  test.each(TABLES.quiet)('is quiet about %j', (...env) => {
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

test.each(TABLES.run)('a command that an image runs: %j', (fields, expected) => {
  const { findings } = configSecrets(config(fields));
  expect(findings.map((f) => `${f.where} ${f.path ?? ''} ${f.rule} ${f.masked}`)).toEqual(expected);
});

test.each(TABLES.built)('a command that built it: %s', (created_by, rule) => {
  const { findings } = configSecrets(config({}, created_by));
  expect(findings.map((f) => f.rule)).toEqual([rule]);
  expect(JSON.stringify(findings)).not.toMatch(/hunter22|1234efgh/);
});

test.each(TABLES.clean)('not in %s', (created_by) => {
  expect(found(config({}, created_by))).toEqual([]);
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
