import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { sha256 } from './docker-archive.ts';
import { exportedTree } from './exported-tree.ts';
import type { Answer } from './seen-tree.ts';

const MOST_KEPT = 50;

interface Reply {
  readonly status: number;
  readonly body: Buffer;
}

/** Asks an engine over its socket (Docker Engine API 1.43). */
export class EngineClient {
  readonly #socket: string;
  readonly #images: string[] = [];
  readonly #containers: string[] = [];

  constructor(host: string) {
    this.#socket = host.replace(/^unix:\/\//, '');
  }

  /**
   * What the engine makes of an image that `docker load` takes under `name`. Image and container
   * stay until `discard`: to take them away takes longer than all else.
   */
  async answer(archive: Buffer, name: string): Promise<Answer> {
    if (this.#images.length >= MOST_KEPT) this.discard();
    this.#images.push(name);
    const loaded = await this.#ask('POST', '/images/load?quiet=1', archive, 'application/x-tar');
    const failed = failureOf(loaded);
    if (failed !== undefined) return { refused: failed };
    const body = Buffer.from(JSON.stringify({ Image: name, Cmd: ['/none'] }));
    const created = await this.#ask('POST', '/containers/create', body, 'application/json');
    if (created.status !== 201) return { refused: failureOf(created) ?? 'not created' };
    const { Id: id } = JSON.parse(created.body.toString()) as { readonly Id: string };
    this.#containers.push(id);
    const exported = await this.#ask('GET', `/containers/${id}/export`);
    if (exported.status !== 200) throw new Error(`export: ${exported.body.toString()}`);
    return { tree: exportedTree(exported.body) };
  }

  /** Takes away what `answer` made, while others go on. */
  discard(): void {
    const docker = `docker -H unix://${this.#socket}`;
    const [containers, images] = [this.#containers.splice(0), this.#images.splice(0)];
    const command = `${docker} rm --force ${containers.join(' ')}; ${docker} rmi --force ${images.join(' ')}`;
    spawn('sh', ['-c', command], { detached: true, stdio: 'ignore' }).unref();
  }

  #ask(method: string, path: string, body?: Buffer, type?: string): Promise<Reply> {
    return new Promise((done, fail) => {
      const headers = type === undefined ? {} : { 'content-type': type };
      const asked = request(
        { socketPath: this.#socket, method, path: `/v1.43${path}`, headers },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', fail);
          response.on('end', () => {
            done({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) });
          });
        },
      );
      asked.on('error', fail);
      asked.end(body);
    });
  }
}

/** What the engine says went wrong, in a reply or in the stream of one. */
function failureOf({ status, body }: Reply): string | undefined {
  const text = body.toString();
  const found = /"(?:error|message)":"((?:[^"\\]|\\.)*)"/.exec(text);
  if (status < 300 && found === null) return undefined;
  return found?.[1] ?? `${status} ${sha256(body)}`;
}
