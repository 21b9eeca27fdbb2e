import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type Credential,
  dockerCredentials,
  type RunCredentialHelper,
} from '../../src/image/registry/credentials.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') });
const unasked: RunCredentialHelper = (helper) => Promise.reject(new Error(`asked ${helper}`));

function lookUp(
  config: unknown,
  host: string,
  helper: RunCredentialHelper = unasked,
  env: Record<string, string> = {},
): Promise<Credential | undefined> {
  const dir = temporaryFolder();
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  return dockerCredentials(dir, env, helper)(host);
}

const basic = (username: string, password: string): Credential => ({
  kind: 'basic',
  username,
  password,
});

test.each<[string, unknown, string, Credential | undefined]>([
  ['a host', { 'reg.example': auth('u:p:q') }, 'reg.example', basic('u', 'p:q')],
  ['a host with port', { 'reg.example:5000': auth('u:p') }, 'reg.example:5000', basic('u', 'p')],
  ['another port', { 'reg.example:5000': auth('u:p') }, 'reg.example', undefined],
  ['a longer host', { 'reg.example': auth('u:p') }, 'reg.example.evil', undefined],
  ['a host within', { 'my.reg.example': auth('u:p') }, 'reg.example', undefined],
  ['an old spelling', { 'https://reg.example/v2/': auth('u:p') }, 'reg.example', basic('u', 'p')],
  ['Docker Hub', { 'https://index.docker.io/v1/': auth('u:p') }, 'docker.io', basic('u', 'p')],
  ['an empty entry', { 'reg.example': {} }, 'reg.example', undefined],
  ['no base64', { 'reg.example': { auth: '!!' } }, 'reg.example', undefined],
  ['base64 that Go does not read', { r: { auth: 'dTpwOnE' } }, 'r', undefined],
  ['no name', { r: auth(':p') }, 'r', undefined],
  ['no colon', { r: { ...auth('up'), username: 'u', password: 'p' } }, 'r', undefined],
  ['zeros behind the password', { r: auth('u:p\0\0') }, 'r', basic('u', 'p')],
  ['a name and a password', { r: { username: 'u', password: 'p' } }, 'r', basic('u', 'p')],
  ['another spelling of the host', { R: auth('u:p') }, 'r', undefined],
  ['another name of Docker Hub', { 'docker.io': auth('u:p') }, 'docker.io', undefined],
  ['a name that objects have', {}, 'constructor', undefined],
  [
    'an identity token',
    { 'reg.example': { ...auth('u:'), identitytoken: 't' } },
    'reg.example',
    { kind: 'identity-token', token: 't' },
  ],
  ['a registry token', { r: { registrytoken: 't' } }, 'r', { kind: 'registry-token', token: 't' }],
])('auths: %s', async (_name, auths, host, credential) => {
  expect(await lookUp({ auths }, host)).toEqual(credential);
});

test('the host’s own helper comes before the store, the store before the file', async () => {
  const config = {
    auths: { a: auth('file:a'), b: auth('file:b'), c: auth('file:c') },
    credHelpers: { a: 'own' },
    credsStore: 'store',
  };
  const helper: RunCredentialHelper = (name, server) =>
    Promise.resolve(server === 'c' ? undefined : { username: name, secret: server });
  expect(await lookUp(config, 'a', helper)).toEqual(basic('own', 'a'));
  expect(await lookUp(config, 'b', helper)).toEqual(basic('store', 'b'));
  // Docker shows nobody the password of the file where a helper is named.
  expect(await lookUp(config, 'c', helper)).toBeUndefined();
  expect(await lookUp({ ...config, credHelpers: { c: '' } }, 'c', helper)).toEqual(
    basic('file', 'c'),
  );
});

test('a registry token of the file goes before what a helper has', async () => {
  const config = { auths: { a: { registrytoken: 't' } }, credsStore: 'store' };
  const helper: RunCredentialHelper = () => Promise.resolve({ username: 'u', secret: 's' });
  const token = { kind: 'registry-token', token: 't' };
  expect(await lookUp(config, 'a', helper)).toEqual(token);
});

test.each<[string, string, Credential | undefined]>([
  ['u', 's', basic('u', 's')],
  ['', 's', { kind: 'identity-token', token: 's' }],
  ['u', '', undefined],
  ['', '', undefined],
])('a helper that answers with user %j and secret %j', async (username, secret, credential) => {
  const helper: RunCredentialHelper = () => Promise.resolve({ username, secret });
  expect(await lookUp({ credsStore: 'x' }, 'r', helper)).toEqual(credential);
});

test('a helper is asked for Docker Hub by its old name, and may give a token', async () => {
  const asked: string[] = [];
  const helper: RunCredentialHelper = (_name, server) => {
    asked.push(server);
    return Promise.resolve({ username: '<token>', secret: 't' });
  };
  expect(await lookUp({ credsStore: 'x' }, 'docker.io', helper)).toEqual({
    kind: 'identity-token',
    token: 't',
  });
  expect(asked).toEqual(['https://index.docker.io/v1/']);
});

test('a helper that fails is named', async () => {
  await expect(lookUp({ credsStore: 'x' }, 'r')).rejects.toThrow(
    'docker-credential-x failed for r',
  );
});

test('no file is no credentials, a broken one an error', async () => {
  const dir = temporaryFolder();
  expect(await dockerCredentials(dir, {}, unasked)('r')).toBeUndefined();
  writeFileSync(join(dir, 'config.json'), '{');
  await expect(dockerCredentials(dir, {}, unasked)('r')).rejects.toThrow(/config.json is not JSON/);
});

test('DOCKER_AUTH_CONFIG goes before helper and file, for its hosts alone', async () => {
  const config = { auths: { a: auth('file:a'), b: auth('file:b') } };
  const DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { a: auth('given:a') } });
  expect(await lookUp(config, 'a', unasked, { DOCKER_AUTH_CONFIG })).toEqual(basic('given', 'a'));
  expect(await lookUp(config, 'b', unasked, { DOCKER_AUTH_CONFIG })).toEqual(basic('file', 'b'));
  const others = { 'https://a': auth('given:a'), b: { auth: '' } };
  for (const text of [
    '{"auths"',
    JSON.stringify({ auths: { a: { ...auth('given:a'), identitytoken: 't' } } }),
    JSON.stringify({ auths: { a: auth('given:a'), ...others } }),
    JSON.stringify({ auths: { 'https://a': auth('given:a') } }),
  ]) {
    const broken = { DOCKER_AUTH_CONFIG: text };
    expect(await lookUp(config, 'a', unasked, broken)).toEqual(basic('file', 'a'));
  }
});

test('what Go takes for one key is not guessed', async () => {
  await expect(lookUp({ Auths: {}, auths: { a: auth('u:p') } }, 'a')).rejects.toThrow(
    /config\.json/,
  );
});
