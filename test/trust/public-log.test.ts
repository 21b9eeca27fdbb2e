import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  ConsentNeeded,
  disclosureOf,
  keepConsent,
  loginDisclosure,
  requireConsent,
} from '../../src/trust/keyless.ts';
import { publicHosts } from '../../src/trust/sigstore.ts';
import { contextOf } from '../config/pipeline-context.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'scoville-log-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});
const context = () => contextOf(() => Promise.reject(new Error('no tool is needed')), dir);
const claims = { issuer: 'https://i.example', subject: 's', audience: [], expiresAt: 1 };

test.each([
  [{ email: 'jane@example.com' }, 'the email address jane@example.com'],
  [{ repository: 'o/r', visibility: 'private' }, 'the private repository o/r'],
  [{ repository: 'o/r', visibility: 'internal' }, 'the internal repository o/r'],
  [{ repository: 'o/r' }, 'the repository o/r'],
  [{}, 'the name s'],
  [{ repository: 'o/r', visibility: 'public' }, undefined],
])('%j would make public: %s', (more, text) => {
  expect(disclosureOf({ ...claims, ...more })?.text).toBe(text);
});

test('nobody agreed: it is refused, with the name and the logs', async () => {
  const asked = requireConsent(
    context(),
    { publicLog: false },
    disclosureOf({ ...claims, email: 'jane@example.com' }),
    ['rekor.sigstore.dev'],
  );
  await expect(asked).rejects.toBeInstanceOf(ConsentNeeded);
  await expect(asked).rejects.toMatchObject({
    message:
      'keyless signing writes the email address jane@example.com to public logs (rekor.sigstore.dev) forever, and nobody agreed to that',
  });
});

test('a yes is kept, for what it was given', async () => {
  const login = loginDisclosure('https://login.example');
  await keepConsent(context(), login);
  await requireConsent(context(), { publicLog: false }, login, ['rekor.sigstore.dev']);
  const other = loginDisclosure('https://other.example');
  await expect(
    requireConsent(context(), { publicLog: false }, other, ['rekor.sigstore.dev']),
  ).rejects.toBeInstanceOf(ConsentNeeded);
});

test('a setting agrees, and a sigstore of one’s own is no public log', async () => {
  const name = disclosureOf(claims);
  await requireConsent(context(), { publicLog: true }, name, ['rekor.sigstore.dev']);
  await requireConsent(context(), { publicLog: false }, name, []);
});

test.each([
  ['https://fulcio.sigstore.dev', 'https://rekor.example.com', ['fulcio.sigstore.dev']],
  ['https://fulcio.example.com', 'https://rekor.example.com', []],
  ['https://fulcio.example.com', 'https://REKOR.sigstore.dev./', ['rekor.sigstore.dev.']],
  ['https://fulcio.example.com', 'https://notsigstore.dev', []],
])('of %s and %s public are %j', (fulcio, url, hosts) => {
  const services = { fulcio, logs: [{ url, version: 1 }], tsas: [], oidc: 'https://o.example' };
  expect(publicHosts(services)).toEqual(hosts);
});
