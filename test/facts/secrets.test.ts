import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/model/digest.ts';
import { file, image, imageWith } from './support.ts';

// Put together here, so that no scanner takes this file for a leak.
const letters = 'Ab3dEf7hIj1LmN0pQr5tUvWx9zYk2CsD8gBn4JwKq6RtVh';
const upper = 'Q7ZK2M9XW4LR8TBD';
const body = Array.from({ length: 6 }, (_, i) => letters.repeat(2).slice(i, i + 64)).join('\n');
const pem = (kind: string): string =>
  `-----BEGIN ${kind}PRIVATE KEY-----\n${body}\n-----END ${kind}PRIVATE KEY-----\n`;
const GITHUB = `ghp_${letters.slice(0, 36)}`;
const AWS = `AKIA${upper}`;

function found(path: string, content: string): readonly string[] {
  return image([file(path, content)]).secrets.findings.map(
    (f) => `${f.rule} ${f.masked} ${f.line ?? ''}`,
  );
}

describe('shapes of secrets in files', () => {
  test.each([
    ['a private key', `x\n${pem('')}`, 'private-key'],
    ['an RSA key', pem('RSA '), 'private-key'],
    ['an OpenSSH key', pem('OPENSSH '), 'private-key'],
    ['a key in JSON', JSON.stringify({ private_key: pem('') }), 'private-key'],
    [
      'an encrypted key',
      `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,00\n\n${body}\n`,
      'private-key',
    ],
    ['an AWS key id', `id = ${AWS}\n`, 'aws-access-key-id'],
    ['an AWS secret', `aws_secret_access_key = ${letters.slice(0, 40)}\n`, 'aws-secret-access-key'],
    ['a GitHub token', `token: ${GITHUB}\n`, 'github-token'],
    [
      'a fine-grained GitHub token',
      `github_pat_${letters.slice(0, 22)}_${(letters + letters).slice(0, 59)}`,
      'github-fine-grained-token',
    ],
    ['a GitLab token', `glpat-${letters.slice(0, 20)}`, 'gitlab-token'],
    ['a Slack token', `xoxb-123456789012-${letters.slice(0, 24)}`, 'slack-token'],
    [
      'a Slack webhook',
      `https://hooks.slack.com/services/T0${upper.slice(0, 8)}/B0${upper.slice(0, 8)}/${letters.slice(0, 24)}`,
      'slack-webhook',
    ],
    ['an npm token', `npm_${letters.slice(0, 36)}`, 'npm-token'],
    ['a Google key', `AIza${letters.slice(0, 35)}`, 'google-api-key'],
    ['a Stripe key', `sk_live_${letters.slice(0, 24)}`, 'stripe-key'],
    ['a SendGrid key', `SG.${letters.slice(0, 22)}.${letters.slice(0, 43)}`, 'sendgrid-key'],
    ['a Docker Hub token', `dckr_pat_${letters.slice(0, 27)}`, 'docker-hub-token'],
  ])('%s', (_name, content, rule) => {
    expect(image([file('srv/app.txt', content)]).secrets.findings.map((f) => f.rule)).toEqual([
      rule,
    ]);
  });

  test('a password in an address, in settings alone', () => {
    const text = `url: postgres://app:${letters.slice(0, 12)}@db.internal/app\n`;
    expect(found('app/config.yaml', text)).toEqual(['password-in-url Ab3*** 1']);
    expect(found('app/README', text)).toEqual([]);
  });

  test('values are masked, places are told', () => {
    expect(found('srv/a', `\n\nx=${GITHUB}`)).toEqual(['github-token ghp_*** 3']);
    expect(JSON.stringify(image([file('srv/a', GITHUB)]))).not.toContain(GITHUB.slice(0, 8));
  });

  test('agrees with secretlint on tokens', async () => {
    for (const content of [
      AWS_PAIR,
      `GITHUB_TOKEN=${GITHUB}\n`,
      `https://hooks.slack.com/services/T0${upper.slice(0, 8)}/B0${upper.slice(0, 8)}/${letters.slice(0, 24)}`,
    ]) {
      const result = await lintSource({
        source: { content, filePath: '/srv/a', ext: '', contentType: 'text' },
        options: { config: { rules: [{ id: creator.meta.id, rule: creator }] } },
      });
      expect([result.messages.length > 0, content.slice(0, 20)]).toEqual([
        true,
        content.slice(0, 20),
      ]);
      expect(found('srv/a', content).length).toBeGreaterThan(0);
    }
  });
});

const AWS_PAIR = `AWS_SECRET_ACCESS_KEY=${letters.slice(0, 40)}\n`;

describe('credential files', () => {
  test.each([
    ['root/.npmrc', `//registry.npmjs.org/:_authToken=${letters.slice(0, 20)}\n`, ['npmrc']],
    ['root/.npmrc', '//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n', []],
    ['root/.npmrc', 'registry=https://registry.npmjs.org\n; _authToken=none\n', []],
    ['root/.netrc', 'machine a login b password hunter22\n', ['netrc']],
    ['root/.docker/config.json', '{"auths":{"x":{"auth":"dXNlcjpwYXNz"}}}', ['docker-config']],
    ['root/.docker/config.json', '{"auths":{},"credsStore":"pass"}', []],
    [
      'root/.aws/credentials',
      `[default]\naws_secret_access_key = ${letters.slice(0, 40)}\n`,
      ['aws-credentials', 'aws-secret-access-key'],
    ],
    ['root/.git-credentials', 'https://me:hunter22@example.net\n', ['git-credentials']],
    ['root/.kube/config', 'users:\n- user:\n    token: abcdefgh1234\n', ['kubeconfig']],
    ['root/.pypirc', '[pypi]\nusername = a\npassword = hunter22\n', ['pypirc']],
    ['app/.git/HEAD', 'ref: refs/heads/main\n', ['git-directory']],
    ['app/.gitignore', 'node_modules and more\n', []],
  ])('%s', (path, content, rules) => {
    expect(image([file(path, content)]).secrets.findings.map((f) => f.rule)).toEqual(rules);
  });
});

describe('what is no secret', () => {
  test.each([
    [
      'a header without a key',
      'srv/pem.js',
      "const HEAD = '-----BEGIN PRIVATE KEY-----';\nmodule.exports = {};\n",
    ],
    [
      'a certificate',
      'etc/ssl/certs/ca-certificates.crt',
      `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
    ],
    [
      'a public key',
      'etc/k.pem',
      `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`,
    ],
    ["AWS' own example", 'srv/a', 'AKIAIOSFODNN7EXAMPLE\n'],
    [
      'a placeholder',
      'srv/a.env',
      'DB=postgres://user:password@localhost/x\nT=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n',
    ],
    ['a test key of a package', 'app/node_modules/jws/test/rsa.pem', pem('RSA ')],
    ['a test key of a Python package', 'usr/lib/python3/dist-packages/x/tests/key.pem', pem('')],
    ["the standard library's test key", 'usr/lib/python3.12/test/certdata/key.pem', pem('')],
    ['documentation', 'usr/share/doc/openssl/key.pem', pem('')],
    ["a package's readme", 'app/node_modules/x/README.md', pem('')],
    ['a binary', 'usr/lib/x', `\0${pem('')}`],
    [
      'an integrity hash',
      'app/package-lock.json',
      `"integrity": "sha512-${letters}${letters}=="\n`,
    ],
  ])('%s', (_name, path, content) => {
    expect(found(path, content)).toEqual([]);
  });

  test('a key at home in the application is one, whatever lies near', () => {
    expect(found('app/test.pem', pem(''))).toHaveLength(1);
    expect(found('app/src/tests/key.pem', pem(''))).toHaveLength(1);
    expect(found('app/node_modules/x/lib/key.pem', pem(''))).toHaveLength(1);
  });
});

describe('layers', () => {
  test('a deleted or replaced file is still in its layer', () => {
    const { secrets } = image(
      [file('a', GITHUB), file('b', GITHUB), file('c', GITHUB), file('d/e', GITHUB)],
      [file('.wh.a'), file('b', 'clean, and long enough'), file('.wh.d')],
    );
    expect(secrets.findings.map((f) => [f.path, f.deleted, f.layer, f.where])).toEqual([
      ['a', true, digestOf('layer 0'), 'layer'],
      ['b', true, digestOf('layer 0'), 'layer'],
      ['c', undefined, digestOf('layer 0'), 'layer'],
      ['d/e', true, digestOf('layer 0'), 'layer'],
    ]);
    expect(secrets.scannedFiles).toBe(5);
  });

  test('what was found elsewhere is listed behind', () => {
    const other = { rule: 'named-secret', masked: 'x***', where: 'env' as const, path: 'A' };
    expect(imageWith([other], []).secrets.findings).toEqual([other]);
  });
});
