import { request } from 'node:http';
import { sha256 } from './docker-archive.ts';
import { exportedTree } from './exported-tree.ts';
import type { Answer } from './seen-tree.ts';

interface Reply {
  readonly status: number;
  readonly body: Buffer;
}

/** Asks an engine over its socket (Docker Engine API 1.43). */
export class EngineClient {
  readonly #socket: string;

  constructor(host: string) {
    this.#socket = host.replace(/^unix:\/\//, '');
  }

  /**
   * What the engine makes of an image that `docker load` takes under `name`; nothing of it stays.
   */
  async answer(archive: Buffer, name: string): Promise<Answer> {
    try {
      const loaded = await this.#ask('POST', '/images/load?quiet=1', archive, 'application/x-tar');
      const failed = failureOf(loaded);
      if (failed !== undefined) return { refused: failed };
      const body = Buffer.from(JSON.stringify({ Image: name, Cmd: ['/none'] }));
      const created = await this.#ask('POST', '/containers/create', body, 'application/json');
      if (created.status !== 201) return { refused: failureOf(created) ?? 'not created' };
      const { Id: id } = JSON.parse(created.body.toString()) as { readonly Id: string };
      try {
        const exported = await this.#ask('GET', `/containers/${id}/export`);
        if (exported.status !== 200) throw new Error(`export: ${exported.body.toString()}`);
        return { tree: exportedTree(exported.body) };
      } finally {
        await this.#ask('DELETE', `/containers/${id}?force=1`);
      }
    } finally {
      await this.#ask('DELETE', `/images/${name}?force=1`);
    }
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
