import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signDigest } from './raw-rsa.ts';

type Body = Readonly<Record<string, unknown>>;
type Answer = readonly [status: number, body: Body];

/**
 * The part of Vault that signs (its transit secrets engine, `/v1/transit/{keys,sign,verify}/NAME`),
 * for tests: `app` is an RSA key, `secret` one that only encrypts, and `token` the only one it
 * knows.
 */
export class Vault {
  token = 'hvs.good';
  /** `POST sign`: how often each was asked. */
  readonly counts: Record<string, number> = {};
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        const [status, answer] = this.#answer(request, body);
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer));
      });
    });
  }

  static async start(): Promise<Vault> {
    const vault = new Vault();
    await new Promise<void>((done) => vault.#server.listen(0, '127.0.0.1', done));
    return vault;
  }

  stop(): void {
    this.#server.close();
  }

  get env(): Readonly<Record<string, string>> {
    const { port } = this.#server.address() as AddressInfo;
    return { VAULT_ADDR: `http://127.0.0.1:${port}`, VAULT_TOKEN: this.token };
  }

  #answer({ method = '', url = '', headers }: IncomingMessage, body: Body): Answer {
    const [, what = '', name = ''] = /^\/v1\/transit\/(\w+)\/([\w.-]+)/.exec(url) ?? [];
    const asked = `${method} ${what}`;
    this.counts[asked] = (this.counts[asked] ?? 0) + 1;
    if (headers['x-vault-token'] !== this.token) return [403, { errors: ['permission denied'] }];
    if (name !== 'app' && name !== 'secret') return [404, { errors: [] }];
    if (what === 'keys')
      return [200, { data: { latest_version: 1, keys: { 1: this.#shown(name) } } }];
    if (name === 'secret')
      return [400, { errors: ['key type aes256-gcm96 does not support signing'] }];
    const digest = Buffer.from(textOf(body, 'input'), 'base64');
    const signature = signDigest(this.#keys.privateKey, digest);
    if (what === 'sign') return [200, { data: { signature: `vault:v1:${signature}` } }];
    return [200, { data: { valid: textOf(body, 'signature') === `vault:v1:${signature}` } }];
  }

  /** A key that encrypts has no public half: its version is a time alone. */
  #shown(name: string): unknown {
    if (name === 'secret') return 1_700_000_000;
    return { name: 'rsa-2048', public_key: pem(this.#keys.publicKey) };
  }
}

function pem(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'spki' }).toString();
}

function textOf(body: Body, name: string): string {
  const value = body[name];
  return typeof value === 'string' ? value : '';
}

async function bodyOf(request: AsyncIterable<unknown>): Promise<Body> {
  const parts: Buffer[] = [];
  for await (const chunk of request) parts.push(chunk as Buffer);
  const text = Buffer.concat(parts).toString();
  return text === '' ? {} : (JSON.parse(text) as Body);
}
