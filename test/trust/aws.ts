import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textFrom } from 'node:stream/consumers';
import { EKU, ext, issue, p256, pem, rootCa } from '../sigstore/x509.mjs';
import { signDigest } from './raw-rsa.ts';

type Answer = readonly [status: number, body: unknown];

/**
 * The part of AWS KMS that signs, for tests: `alias/app` is an RSA key, and credentials count as
 * long as `accepts` says so. cosign's own client asks it (`awskms://localhost:PORT/alias/app`).
 */
export class AwsKms {
  accepts = true;
  readonly #folder = mkdtempSync(join(tmpdir(), 'aws-kms-'));
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  readonly #server: Server;

  private constructor() {
    const ca = rootCa({ O: 'kms.test', CN: 'CA' }, { keys: p256(), hash: 'sha256' });
    const keys = p256();
    const names = { O: 'kms.test', CN: 'localhost' };
    const extensions = [ext.keyUsageSign(), ext.eku(EKU.serverAuth), ext.sanDns('localhost')];
    const site = issue(ca, { names, keys, years: 1, extensions });
    writeFileSync(join(this.#folder, 'ca.pem'), pem(ca.der));
    const key = keys.privateKey.export({ format: 'pem', type: 'pkcs8' });
    this.#server = createServer({ cert: pem(site.der), key }, (request, response) => {
      void textFrom(request).then((body) => {
        const target = String(request.headers['x-amz-target']).replace('TrentService.', '');
        const [status, answer] = this.#answer(target, JSON.parse(body) as Record<string, string>);
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
        response.end(JSON.stringify(answer));
      });
    });
  }

  static async start(): Promise<AwsKms> {
    const kms = new AwsKms();
    await new Promise<void>((done) => kms.#server.listen(0, '127.0.0.1', done));
    return kms;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get key(): string {
    return `awskms://localhost:${(this.#server.address() as AddressInfo).port}/alias/app`;
  }

  get env(): Readonly<Record<string, string>> {
    return {
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_REGION: 'eu-west-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      AWS_CA_BUNDLE: join(this.#folder, 'ca.pem'),
    };
  }

  #answer(target: string, body: Readonly<Record<string, string>>): Answer {
    const refuse = (type: string, message: string): Answer => [400, { __type: type, message }];
    if (!this.accepts)
      return refuse(
        'ExpiredTokenException',
        'The security token included in the request is expired',
      );
    const { KeyId: key = '', Message = '' } = body;
    if (key !== 'alias/app') return refuse('NotFoundException', `Alias ${key} is not found.`);
    const about = {
      KeyId: key,
      KeyUsage: 'SIGN_VERIFY',
      KeySpec: 'RSA_2048',
      SigningAlgorithms: ['RSASSA_PKCS1_V1_5_SHA_256'],
    };
    if (target === 'DescribeKey') return [200, { KeyMetadata: about }];
    const { publicKey, privateKey } = this.#keys;
    const der = publicKey.export({ format: 'der', type: 'spki' });
    if (target === 'GetPublicKey') return [200, { ...about, PublicKey: der.toString('base64') }];
    const Signature = signDigest(privateKey, Buffer.from(Message, 'base64'));
    return [200, { ...about, Signature }];
  }
}
