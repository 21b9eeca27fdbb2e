import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { runContainer } from './containers.ts';
import { bases, CLI, type Ended, output, OWN, registry, ROOT, run } from './harness.ts';
import { until } from './until.ts';

/** How a build is stopped. */
export type Stop = 'kill' | 'interrupt' | 'full disk';

/** Where it is stopped: a line of its log, a call of docker, or a request to the registry. */
interface Place {
  readonly line?: RegExp;
  /** The word of docker, and whether it has done its work by then; load has half of its input. */
  readonly docker?: readonly [verb: string, when: 'half' | 'before' | 'after'];
  /** Method and path; `after`: the registry has answered. */
  readonly request?: readonly [what: RegExp, when: 'before' | 'after'];
}

export const PLACES: Readonly<Record<string, Place>> = {
  build: { line: /^#\d+ \[\d/m },
  export: { line: /exporting layers/ },
  normalize: { line: /^scoville: build:/m },
  inspect: { line: /^scoville: normalize:/m },
  sign: { line: /^scoville: inspect:/m },
  grade: { line: /^scoville: sign and attest:/m },
  lock: { line: /^scoville: grade:/m },
  'load, half sent': { docker: ['load', 'half'] },
  'load, done': { docker: ['load', 'after'] },
  'tag in Docker': { docker: ['tag', 'before'] },
  'tag in Docker, done': { docker: ['tag', 'after'] },
  'push of blobs': { request: [/^(?:PUT|POST|PATCH) .*\/blobs\/uploads\//, 'before'] },
  'push of blobs, one done': { request: [/^PUT .*\/blobs\/uploads\//, 'after'] },
  manifests: { request: [/^PUT .*\/manifests\/sha256:/, 'before'] },
  referrers: { request: [/^(?:GET .*\/referrers\/|PUT .*\/manifests\/sha256-)/, 'after'] },
  tag: { request: [/^PUT .*\/manifests\/1$/, 'before'] },
  'tag, done': { request: [/^PUT .*\/manifests\/1$/, 'after'] },
  report: { line: /^scoville: (?:load into Docker|push):/m },
};

/** A registry of its own address in front of the real one, that waits at a request. */
class Gate {
  at:
    | { readonly place: Place; readonly reached: () => void; readonly opened: Promise<void> }
    | undefined;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((incoming, answer) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', () => undefined);
      incoming.on('end', () => {
        void this.#pass(
          incoming.method ?? '',
          incoming.url ?? '',
          incoming.headers,
          Buffer.concat(chunks),
        ).then(
          ({ status, headers, body }) => {
            answer.writeHead(status, headers);
            answer.end(body);
          },
          () => answer.destroy(),
        );
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #pass(method: string, url: string, headers: object, body: Buffer): Promise<Answer> {
    const [what, when] = this.at?.place.request ?? [];
    const stops = what?.test(`${method} ${url.replace(/\?.*/, '')}`) === true;
    const wait = async (): Promise<void> => {
      const { at } = this;
      at?.reached();
      await at?.opened;
    };
    if (stops && when === 'before') await wait();
    const answer = await forwarded(method, url, headers, body);
    if (stops && when === 'after') await wait();
    return answer;
  }
}

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
}

function forwarded(method: string, path: string, headers: object, body: Buffer): Promise<Answer> {
  const [host = '', port] = registry.split(':');
  return new Promise((done, fail) => {
    // The name by which it was asked stays: the places that it answers with are of it.
    const asked = request({ host, port, method, path, headers: { ...headers } }, (got) => {
      const chunks: Buffer[] = [];
      got.on('data', (chunk: Buffer) => chunks.push(chunk));
      got.on('end', () => {
        done({ status: got.statusCode ?? 502, headers: got.headers, body: Buffer.concat(chunks) });
      });
    });
    asked.on('error', fail);
    asked.end(body);
  });
}

/** `docker`, which waits where the file STOP tells it to, until that is gone. */
const SHIM = `#!/bin/bash
wait_here() { touch "$STOP.reached"; while [ -e "$STOP" ]; do sleep 0.05; done; }
if [ -e "$STOP" ]; then
  read -r verb when < "$STOP"
  for word in "$@"; do
    [ "$word" = "$verb" ] || continue
    case $when in
      half) { head -c 20000; wait_here; cat; } | "$TOOL" "$@"; exit $? ;;
      before) wait_here ;;
      after) "$TOOL" "$@"; code=$?; wait_here; exit $code ;;
    esac
    break
  done
fi
exec "$TOOL" "$@"
`;

const ACCEPT =
  'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, */*';

/** What came of one stop. */
export interface Outcome {
  readonly place: string;
  readonly stop: Stop;
  readonly docker: 'old' | 'new';
  readonly registry: 'old' | 'new';
}

/** Builds of one name, each stopped somewhere, into a Docker and a registry. */
export class Phases {
  readonly folder = mkdtempSync(join(tmpdir(), 'scoville-phases-'));
  readonly #gate = new Gate();
  readonly #second: string | undefined;
  readonly #context: string | undefined;
  readonly #kept: string[] = [];
  #host = '';
  #name = '';
  #content = '';
  #count = 0;

  /** `host`: a second Docker, with the classic store, to load into. */
  constructor(host?: string) {
    this.#second = host;
    this.#context = host === undefined ? undefined : 'second';
  }

  async start(): Promise<void> {
    for (const name of ['bin', 'docker', 'disk', 'app']) mkdirSync(join(this.folder, name));
    const tool = (await output('which', ['docker'])).trim();
    writeFileSync(join(this.folder, 'bin/docker'), SHIM.replaceAll('$TOOL', tool));
    chmodSync(join(this.folder, 'bin/docker'), 0o755);
    await output('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', join(this.folder, 'disk')]);
    if (this.#second !== undefined)
      await this.#docker(['context', 'create', 'second', '--docker', `host=${this.#second}`], []);
    this.#host = await this.#gate.listen();
    this.#name = `${this.#host}/scoville-phases-${OWN}-${randomBytes(3).toString('hex')}:1`;
    this.#write();
    await this.#builds();
  }

  async remove(): Promise<void> {
    const names = [...this.#kept, this.#name];
    await this.#docker(['rmi', '--force', '--no-prune', ...names]).catch(() => undefined);
    this.#gate.close();
    await output('umount', [join(this.folder, 'disk')]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Stops a build of new content there. Throws where anything is lost, left over or broken. */
  async trial(where: string, stop: Stop): Promise<Outcome> {
    const place = PLACES[where];
    if (place === undefined) throw new Error(`no phase ${where}`);
    const old = this.#content;
    // What it was loses its name: with another one, it can be removed by name.
    this.#kept.push(`${basename(this.#name, ':1')}-kept:${(this.#count += 1)}`);
    await this.#docker(['tag', this.#name, this.#kept.at(-1) ?? '']);
    this.#write();
    const { isStopped, ended } = await this.#stopped(place, stop);
    const said = `${where}, ${stop}: exit ${ended.exitCode}\n${ended.stderr}`;
    if (!isStopped || /defect of scoville/.test(ended.stderr)) throw new Error(said);
    const found = { docker: await this.#inDocker(), registry: await this.#inRegistry() };
    for (const [at, content] of Object.entries(found))
      if (content !== old && content !== this.#content)
        throw new Error(`${at} has ${content}, neither ${old} nor ${this.#content}: ${said}`);
    await this.#builds();
    // Earlier builds of a name stay until they are pruned: 200 of them fill the disk.
    if (this.#count % 20 === 0) {
      const pruned = await run(process.execPath, [CLI, 'prune'], { env: this.#env });
      if (pruned.exitCode !== 0) throw new Error(`prune: ${pruned.stderr}`);
    }
    const left = this.#leftovers();
    if (left.length > 0) throw new Error(`left over: ${left.join(', ')}: ${said}`);
    const age = (content: string) => (content === old ? 'old' : 'new');
    return {
      place: where,
      stop,
      docker: age(found.docker),
      registry: age(found.registry),
    };
  }

  #write(): void {
    this.#content = randomBytes(16).toString('hex');
    const app = join(this.folder, 'app');
    const copy = `FROM ${bases.busybox}\nCOPY content /content\nCOPY more /more\n`;
    writeFileSync(join(app, 'Dockerfile'), copy);
    writeFileSync(join(app, 'content'), this.#content);
    writeFileSync(join(app, 'more'), randomBytes(300_000));
  }

  get #args(): readonly string[] {
    const to = this.#context === undefined ? '' : `,context=${this.#context}`;
    return [
      ...['build', '--push', '-o', `type=docker${to}`, '-t', this.#name],
      join(this.folder, 'app'),
    ];
  }

  get #env(): NodeJS.ProcessEnv {
    const disk = join(this.folder, 'disk');
    mkdirSync(join(disk, 'tmp'), { recursive: true });
    return {
      ...process.env,
      PATH: `${join(this.folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      SCOVILLE_HOME: join(disk, 'home'),
      TMPDIR: join(disk, 'tmp'),
      DOCKER_CONFIG: join(this.folder, 'docker'),
      STOP: join(this.folder, 'stop'),
      COSIGN_PASSWORD: undefined,
    };
  }

  /** The build that nothing stops; both places have its image then, whole and signed. */
  async #builds(): Promise<void> {
    const ended = await run(process.execPath, [CLI, ...this.#args], { env: this.#env });
    if (ended.exitCode !== 0) throw new Error(`the next build: ${ended.stderr}`);
    const found = [await this.#inDocker(), await this.#inRegistry()];
    if (found.some((content) => content !== this.#content))
      throw new Error(`the next build: ${found.join(' and ')} in place of ${this.#content}`);
  }

  async #stopped(place: Place, stop: Stop): Promise<{ isStopped: boolean; ended: Ended }> {
    const env = this.#env;
    const stopFile = env['STOP'] ?? '';
    const child = spawn(process.execPath, [CLI, ...this.#args], {
      cwd: ROOT,
      env,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    let isStopped = false;
    let open: () => void = () => undefined;
    const opened = new Promise<void>((done) => (open = done));
    const reached = (): void => {
      if (isStopped) return;
      isStopped = true;
      if (stop === 'full disk') fill(join(this.folder, 'disk'));
      else process.kill(-(child.pid ?? 0), stop === 'kill' ? 'SIGKILL' : 'SIGINT');
      // Who waits for an answer that never comes is stopped, too.
      if (stop === 'full disk') open();
      rmSync(stopFile, { force: true });
    };
    this.#gate.at = { place, reached, opened };
    if (place.docker !== undefined) writeFileSync(stopFile, `${place.docker.join(' ')}\n`);
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (place.line?.test(stderr) === true) reached();
    });
    let exitCode: number | undefined;
    child.once('close', (code) => (exitCode = code ?? -1));
    await until('the end of the command', () => {
      if (existsSync(`${stopFile}.reached`)) reached();
      return exitCode !== undefined;
    });
    open();
    this.#gate.at = undefined;
    for (const file of [stopFile, `${stopFile}.reached`, join(this.folder, 'disk/fill')])
      rmSync(file, { force: true });
    await this.#quiet(child.pid ?? 0);
    return {
      isStopped,
      ended: { exitCode: exitCode ?? -1, stderr, stdout: '', bytes: Buffer.alloc(0) },
    };
  }

  /** What outlived the command is gone: a process of its group may end a moment later. */
  async #quiet(group: number): Promise<void> {
    await until('the end of all that it started', () => {
      try {
        process.kill(-group, 0);
        return false;
      } catch {
        return true;
      }
    });
  }

  #docker(args: readonly string[], where?: readonly string[]): Promise<string> {
    const at = where ?? (this.#context === undefined ? [] : ['--context', this.#context]);
    return output('docker', [...at, ...args], {
      env: { DOCKER_CONFIG: this.#env['DOCKER_CONFIG'] },
    });
  }

  async #inDocker(): Promise<string> {
    const args = ['--network=none', '--pull=never', this.#name, 'cat', '/content'];
    const host = ['--config', this.#env['DOCKER_CONFIG'] ?? ''];
    if (this.#context !== undefined) host.push('--context', this.#context);
    const { exitCode, stdout, stderr } = await runContainer(args, host);
    if (exitCode !== 0) throw new Error(`${this.#name} does not run: exit ${exitCode}\n${stderr}`);
    return stdout.trim();
  }

  /** The content by the tag, every blob by its digest, and the signatures by `verify`. */
  async #inRegistry(): Promise<string> {
    const [repository = '', tag] = this.#name.slice(this.#host.length + 1).split(':');
    const get = async (path: string, digest?: string): Promise<Buffer> => {
      const answer = await forwarded(
        'GET',
        `/v2/${repository}/${path}`,
        { accept: ACCEPT },
        Buffer.alloc(0),
      );
      const found = `sha256:${createHash('sha256').update(answer.body).digest('hex')}`;
      if (answer.status !== 200 || (digest ?? found) !== found)
        throw new Error(`${path}: ${answer.status} ${found}`);
      return answer.body;
    };
    interface Documents {
      readonly manifests?: readonly { readonly digest: string }[];
      readonly config?: { readonly digest: string };
      readonly layers?: readonly { readonly digest: string }[];
    }
    const index = JSON.parse((await get(`manifests/${tag}`)).toString()) as Documents;
    let content = '';
    for (const { digest } of index.manifests ?? []) {
      const manifest = JSON.parse(
        (await get(`manifests/${digest}`, digest)).toString(),
      ) as Documents;
      for (const blob of [manifest.config, ...(manifest.layers ?? [])])
        if (blob !== undefined) {
          const bytes = await get(`blobs/${blob.digest}`, blob.digest);
          if (bytes[0] !== 0x1f) continue;
          content =
            /^content\0[^]{412}[^]*?([0-9a-f]{32})\0/.exec(
              gunzipSync(bytes).toString('latin1'),
            )?.[1] ?? content;
        }
    }
    const verified = await run(process.execPath, [CLI, 'verify', `registry:${this.#name}`], {
      env: this.#env,
    });
    if (verified.exitCode !== 0)
      throw new Error(`not signed: ${verified.stderr}${verified.stdout}`);
    return content;
  }

  /** Files that a build writes for a moment. */
  #leftovers(): readonly string[] {
    const disk = join(this.folder, 'disk');
    return (readdirSync(disk, { recursive: true }) as string[]).filter(
      (path) =>
        path.startsWith('tmp/') ||
        /(?:^|\/)\.tmp-|\.part$|\/(?:ingest|sent)$|owner\.json$|\.takeover$/.test(path),
    );
  }
}

/** Writes until nothing more goes onto the disk. */
function fill(disk: string): void {
  for (const size of [1024 * 1024, 4096])
    try {
      const bytes = Buffer.alloc(size);
      for (;;) writeFileSync(join(disk, 'fill'), bytes, { flag: 'a' });
    } catch {
      // It is full.
    }
}
