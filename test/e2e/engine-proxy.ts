import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** `POST /images/load?quiet=1`: the words of a request that matter. */
type Asked = string;

/**
 * A socket before that of an engine, which notes the first request of each connection. One that is
 * held gets so many bytes through and then neither more nor an answer.
 */
export class EngineProxy {
  readonly asked: Asked[] = [];
  readonly path: string;
  hold: { readonly asked: RegExp; readonly after: number } | undefined;
  /** A request is held now. */
  isHeld = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(folder: string, engine = '/var/run/docker.sock') {
    this.path = join(folder, 'engine.sock');
    this.#server = createServer((client) => {
      this.#join(client, connect(engine));
    });
  }

  get host(): string {
    return `unix://${this.path}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(this.path, done));
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(client: Socket, engine: Socket): void {
    for (const [socket, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => other.destroy());
    }
    engine.pipe(client);
    client.once('data', (first: Buffer) => {
      const words = /^(\S+ \S+)/.exec(first.toString('latin1'))?.[1] ?? '';
      this.asked.push(words);
      const { hold } = this;
      engine.write(first);
      if (hold?.asked.test(words) !== true) {
        client.pipe(engine);
        return;
      }
      let sent = first.length;
      // What is held is read on, since nobody else would notice that the client has gone.
      client.on('data', (chunk: Buffer) => {
        this.isHeld ||= sent >= hold.after;
        if (!this.isHeld) engine.write(chunk);
        sent += chunk.length;
      });
    });
  }
}
