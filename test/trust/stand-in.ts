import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

interface Options {
  /** The log that the signing config names; 2 comes with a timestamp authority. */
  readonly rekor?: 1 | 2;
  readonly tsa?: boolean;
  /** Also answer for *.sigstore.dev, by a proxy: `publicEnv` names it. */
  readonly proxy?: boolean;
}

type Variables = Readonly<Record<string, string>>;

/** A sigstore that runs for one test file. */
export class Sigstore {
  readonly url: string;
  readonly dir: string;
  readonly #kill: () => void;

  private constructor(url: string, dir: string, kill: () => void) {
    this.url = url;
    this.dir = dir;
    this.#kill = kill;
  }

  /** Starts it on a free port of this machine. */
  static async start(options: Options = {}): Promise<Sigstore> {
    const dir = mkdtempSync(join(tmpdir(), 'sigstore-'));
    const args = [
      ...['--dir', dir, '--rekor', String(options.rekor ?? 1), '--quiet'],
      ...(options.tsa === true ? ['--tsa'] : []),
      ...(options.proxy === true ? ['--proxy-port', '0'] : []),
    ];
    const server = resolve(import.meta.dirname, '../sigstore/server.mjs');
    const child = spawn(process.execPath, [server, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const url = await new Promise<string>((done, fail) => {
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const ready = /^ready (\S+)\n/m.exec(said)?.[1];
        if (ready !== undefined) done(ready);
      });
      child.on('error', fail);
      child.on('exit', (code) => {
        fail(new Error(`the stand-in for sigstore ended with ${code ?? 'a signal'}`));
      });
    });
    return new Sigstore(url, dir, () => child.kill());
  }

  stop(): void {
    this.#kill();
    rmSync(this.dir, { recursive: true, force: true });
  }

  get trustedRoot(): string {
    return join(this.dir, 'trusted_root.json');
  }

  /** For cosign from 2.6: the services to sign with. */
  signingConfig(rekor: 1 | 2 = 1): string {
    return join(this.dir, rekor === 1 ? 'signing_config.v0.2.json' : 'signing_config-rekor2.json');
  }

  /** What tells cosign 2 whom to trust. */
  get trustEnv(): Variables {
    return variables(join(this.dir, 'env'));
  }

  /** The proxy and CA by which the public addresses come here. */
  get publicEnv(): Variables {
    return variables(join(this.dir, 'env-public'));
  }

  /** The variables that GitHub Actions sets for a job with `id-token: write`. */
  get githubEnv(): Variables {
    return {
      GITHUB_ACTIONS: 'true',
      ACTIONS_ID_TOKEN_REQUEST_URL: `${this.url}/oidc/github?x=1`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner-secret',
    };
  }

  /** A token as GitLab gives it to a job. */
  gitlabToken(): Promise<string> {
    return this.#text('/oidc/gitlab');
  }

  /** A token with these claims; it need not be one that Fulcio takes. */
  token(claims: Variables): Promise<string> {
    return this.#text(`/oidc/token?${new URLSearchParams(claims).toString()}`);
  }

  /** The next `times` requests to paths that begin with `path` fail with this status. */
  async fail(path: string, status: number, times = 1): Promise<void> {
    const query = new URLSearchParams({ path, status: String(status), times: String(times) });
    await this.#text(`/_mock/fail?${query.toString()}`, 'POST');
  }

  /** Puts a service's clock forward, or back. */
  async setClock(service: 'fulcio' | 'rekor' | 'tsa', seconds: number): Promise<void> {
    await this.#text(`/_mock/clock?service=${service}&seconds=${seconds}`, 'POST');
  }

  /** How often each route was asked: `POST /api/v1/log/entries`. */
  async counts(): Promise<Readonly<Record<string, number>>> {
    return JSON.parse(await this.#text('/_mock/counts')) as Readonly<Record<string, number>>;
  }

  async #text(path: string, method = 'GET'): Promise<string> {
    const response = await fetch(`${this.url}${path}`, { method });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.text();
  }
}

/** The variables of a file of lines `export NAME=VALUE`. */
function variables(path: string): Variables {
  const lines = readFileSync(path, 'utf8').matchAll(/^export (\w+)=(.*)$/gm);
  return Object.fromEntries([...lines].map((line) => [line[1] ?? '', line[2] ?? '']));
}
