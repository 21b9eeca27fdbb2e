import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  ConsentNeeded,
  disclosureOf,
  keepConsent,
  loginDisclosure,
  requireConsent,
} from '../../src/trust/keyless.ts';
import { deviceLogin, tokenClaims } from '../../src/trust/oidc.ts';
import { keylessError, publicHosts } from '../../src/trust/sigstore.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { Servers } from '../fakes/company.ts';
import { yamlTable } from '../fakes/table.ts';

const attempt = {
  services: {
    fulcio: 'https://fulcio.example',
    logs: [{ url: 'https://rekor.example', version: 1 }],
    tsas: ['https://tsa.example'],
    oidc: 'https://login.example',
  },
  issuer: 'https://issuer.example',
  subject: 'jane@example.com',
  certificateOnly: false,
  now: 0,
};

const TABLES = yamlTable('test/trust/keyless.yaml') as {
  readonly errors: readonly [said: string, message: string][];
  readonly tokens: readonly [claims: object, read: object][];
};

test.each(TABLES.errors)('%s', (said, message) => {
  const error = keylessError(said, attempt);
  expect(error.message).toContain(message);
  expect(error.nextStep).toBeDefined();
  expect(error.nextStep).not.toMatch(/^or /);
});

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

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (claims: unknown): string => `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`;
const least = { iss: 'https://i.example', sub: 's', aud: 'sigstore', exp: 2 };

test.each(TABLES.tokens)('reads %j', (claims, expected) => {
  expect(tokenClaims(token({ ...least, ...claims }))).toMatchObject({ ok: true, value: expected });
});

test.each([
  ['', 'it is not a JSON Web Token'],
  ['a.b', 'it is not a JSON Web Token'],
  ['a.b.c\n', 'it is not a JSON Web Token'],
  ['a.b.c', 'it does not contain claims'],
  [token({ iss: 'x' }), 'it does not say who issued it, for whom, and until when'],
  [token({ ...least, exp: '2' }), 'it does not say who issued it, for whom, and until when'],
])('refuses %j', (text, error) => {
  expect(tokenClaims(text)).toEqual({ ok: false, error });
});

test('an error does not repeat the token', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 12 }), (text) => {
      const read = tokenClaims(text);
      expect(read.ok || !read.error.includes(text)).toBe(true);
    }),
  );
});

const servers = new Servers();
let issuer = '';
let polls = 0;

beforeAll(async () => {
  const server = createServer((asked, response) => {
    if (asked.url === '/token') polls += 1;
    const answers: Record<string, unknown> = {
      '/.well-known/openid-configuration': {
        device_authorization_endpoint: `${issuer}/device`,
        token_endpoint: `${issuer}/token`,
      },
      '/device': {
        device_code: 'd',
        user_code: 'ABCD',
        verification_uri: issuer,
        expires_in: 2,
        // More than a timer of Node takes, which then fires after 1 ms.
        interval: 3_000_000,
      },
      '/token': { error: 'authorization_pending' },
    };
    response.writeHead(asked.url === '/token' ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answers[asked.url ?? '']));
  });
  issuer = `http://127.0.0.1:${await servers.listen(server)}`;
});
afterAll(() => servers.close());

test('an interval of weeks does not make a loop: one question before the code expires', async () => {
  const shown: unknown[] = [];
  const show = (code: unknown): unknown => shown.push(code);
  const { signal } = new AbortController();
  expect(await deviceLogin(issuer, show, signal)).toMatchObject({ ok: false });
  expect(shown).toMatchObject([{ code: 'ABCD', seconds: 2 }]);
  expect(polls).toBe(1);
});
