import { describe, expect, test } from 'vitest';
import {
  buildArgumentSecrets,
  configSecrets,
  statementSecrets,
} from '../../src/facts/secrets/document-secrets.ts';
import type { ImageConfig } from '../../src/model/image.ts';

const TOKEN = `ghp_${'Ab3dEf7hIj1LmN0pQr5tUvWx9zYk2CsD8gBn4J'.slice(0, 36)}`;

function found(parts: {
  env?: readonly string[];
  labels?: Record<string, string>;
  history?: readonly string[];
}): readonly string[] {
  const config: ImageConfig = {
    architecture: 'amd64',
    os: 'linux',
    config: { Env: parts.env ?? [], Labels: parts.labels ?? {} },
    rootfs: { type: 'layers', diff_ids: [] },
    history: (parts.history ?? []).map((created_by) => ({ created_by })),
  };
  return configSecrets(config).findings.map((f) => `${f.where} ${f.path ?? ''} ${f.rule}`);
}

describe('configSecrets', () => {
  test.each([
    [{ env: [`X=${TOKEN}`] }, ['env X github-token']],
    [{ env: ['DB_PASSWORD=hunter22'] }, ['env DB_PASSWORD named-secret']],
    [{ env: ['API_KEY=abcd1234efgh'] }, ['env API_KEY named-secret']],
    [{ labels: { note: TOKEN } }, ['label note github-token']],
    [
      { history: [`RUN |1 NPM_TOKEN=hunter2222 /bin/sh -c npm ci # buildkit`] },
      ['history NPM_TOKEN named-secret'],
    ],
    [{ history: [`ARG GITHUB_TOKEN=${TOKEN}`] }, ['history history[0] github-token']],
    [
      { history: [`/bin/sh -c #(nop)  ENV DB_PASSWORD=hunter22`] },
      ['history DB_PASSWORD named-secret'],
    ],
  ])('%j', (parts, expected) => {
    expect(found(parts)).toEqual(expected);
  });

  test.each([
    ['PATH=/usr/bin', 'GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568'],
    ['DB_PASSWORD=', 'DB_PASSWORD_FILE=/run/secrets/db'],
    ['DB_PASSWORD=/run/secrets/db', 'TOKEN=true', 'SECRET=changeme'],
    ['TOKENIZERS_PARALLELISM=false', 'PASSWORD_MIN=12345'],
  ])('is quiet about %j', (...env) => {
    expect(found({ env })).toEqual([]);
  });

  test('the fingerprint of a release key is none', () => {
    const fingerprint = 'E3FF2839C048B25C084DEBE9B26995E310250568';
    expect(found({ history: [`RUN key='${fingerprint}'; gpg --recv-keys "$key"`] })).toEqual([]);
    expect(found({ history: [`RUN API_KEY=${fingerprint} ./run`] })).toHaveLength(1);
  });

  test('a placeholder in history is none', () => {
    expect(
      found({ history: ['ARG TOKEN', 'RUN |1 V=1.2.3 /bin/sh -c make', 'CMD ["node"]'] }),
    ).toEqual([]);
  });
});

const MARK = expect.stringMatching(/^[0-9a-f]{6}$/) as unknown as string;

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
