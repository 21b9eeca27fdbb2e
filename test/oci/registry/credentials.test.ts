import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type Credential,
  dockerCredentials,
  type RunCredentialHelper,
} from '../../../src/oci/registry/credentials.ts';
import { temporaryFolder } from '../../fakes/layouts.ts';

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
    Promise.resolve(server === 'c' ? undefined : { Username: name, Secret: server });
  expect(await lookUp(config, 'a', helper)).toEqual(basic('own', 'a'));
  expect(await lookUp(config, 'b', helper)).toEqual(basic('store', 'b'));
  expect(await lookUp(config, 'c', helper)).toEqual(basic('file', 'c'));
});

test('a helper is asked for Docker Hub by its old name, and may give a token', async () => {
  const asked: string[] = [];
  const helper: RunCredentialHelper = (_name, server) => {
    asked.push(server);
    return Promise.resolve({ Username: '<token>', Secret: 't' });
  };
  expect(await lookUp({ credsStore: 'x' }, 'docker.io', helper)).toEqual({
    kind: 'identity-token',
    token: 't',
  });
  expect(asked).toEqual(['https://index.docker.io/v1/']);
});

test('a helper that fails is named; one with a path for a name is not run', async () => {
  await expect(lookUp({ credsStore: 'x' }, 'r')).rejects.toThrow(
    'docker-credential-x failed for r',
  );
  expect(await lookUp({ credsStore: '../x' }, 'r')).toBeUndefined();
});

test('no file is no credentials, a broken one an error', async () => {
  const dir = temporaryFolder();
  expect(await dockerCredentials(dir, {}, unasked)('r')).toBeUndefined();
  writeFileSync(join(dir, 'config.json'), '{');
  await expect(dockerCredentials(dir, {}, unasked)('r')).rejects.toThrow(/config.json is not JSON/);
});

test('DOCKER_AUTH_CONFIG goes before helper and file, for its hosts alone', async () => {
  const config = { auths: { a: auth('file:a'), b: auth('file:b') } };
  const DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { 'https://a': auth('given:a') } });
  expect(await lookUp(config, 'a', unasked, { DOCKER_AUTH_CONFIG })).toEqual(basic('given', 'a'));
  expect(await lookUp(config, 'b', unasked, { DOCKER_AUTH_CONFIG })).toEqual(basic('file', 'b'));
  const broken = { DOCKER_AUTH_CONFIG: '{"auths"' };
  expect(await lookUp(config, 'a', unasked, broken)).toEqual(basic('file', 'a'));
});
