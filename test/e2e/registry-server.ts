import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from '../fakes/company.ts';
import { until } from './until.ts';

interface RegistryOptions {
  /** Its settings, log and, where `storage` is not given, its blobs lie here. */
  readonly folder: string;
  readonly name?: string;
  readonly storage?: string;
  readonly identity?: Identity;
  /** File of the authority that a client's certificate has to be of. */
  readonly clientAuthority?: string;
  /** More of its settings, such as whom it tells of pushes. */
  readonly more?: string;
  /** In a network of its own: an address there, and the words that lead to it. */
  readonly inside?: { readonly address: string; readonly words: readonly string[] };
}

export interface RegistryServer {
  readonly port: number;
  /** Its log, requests included. */
  readonly log: string;
  stop(): Promise<void>;
}

/**
 * Debian's docker-registry, on a port that the kernel gives it and that it says: a number that was
 * found free before may be somebody else's by then.
 */
export async function serveRegistry(options: RegistryOptions): Promise<RegistryServer> {
  const { folder, name = 'registry', identity, clientAuthority, more = '', inside } = options;
  const at = (ending: string): string => join(folder, `${name}.${ending}`);
  const { storage = at('blobs') } = options;
  mkdirSync(storage, { recursive: true });
  const tls: string[] = [];
  if (identity !== undefined) {
    writeFileSync(at('cert'), identity.cert);
    writeFileSync(at('key'), identity.key);
    tls.push(`certificate: ${at('cert')}`, `key: ${at('key')}`);
    if (clientAuthority !== undefined) tls.push(`clientcas: [${clientAuthority}]`);
  }
  writeFileSync(
    at('yml'),
    `version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: ${storage}}}
http: {addr: "${inside?.address ?? '127.0.0.1:0'}", tls: {${tls.join(', ')}}}
${more}`,
  );
  const log = at('log');
  const fd = openSync(log, 'w');
  const words = [...(inside?.words ?? []), 'docker-registry', 'serve', at('yml')];
  const child = spawn('env', words, { stdio: ['ignore', fd, fd] });
  const ended = new Promise<unknown>((done) => child.once('close', done));
  const port = (): number =>
    Number(/msg="listening on \S+:(\d+)/.exec(readFileSync(log, 'utf8'))?.[1] ?? 0);
  await until('a registry that listens', () => {
    if (child.exitCode !== null) throw new Error(`it ended\n${readFileSync(log, 'utf8')}`);
    return port() !== 0;
  });
  return {
    port: port(),
    log,
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}
