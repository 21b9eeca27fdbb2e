import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority } from '../fakes/company.ts';
import { type Ended, output, run } from './harness.ts';
import { type RegistryServer, serveRegistry } from './registry-server.ts';
import { until } from './until.ts';

/** An address of this machine that is not loopback, for which Docker has rules of its own. */
const ADDRESS = '192.0.2.10';

/** A registry of a company's: its storage may be that of another. */
interface Place {
  readonly host: string;
  readonly port: number;
  readonly storage: string;
  readonly isTls?: boolean;
}

/**
 * A network of its own, whose names are the given ones alone, with registries and a second engine
 * in it. Needs root, dockerd and docker-registry. The first engine's bridge, rules and store stay
 * as they are.
 */
export class CompanyEngine {
  readonly folder = mkdtempSync('/var/tmp/scoville-company-');
  readonly #children: ChildProcess[] = [];
  readonly #registries: RegistryServer[] = [];
  readonly #company: Authority;
  #holder = '';

  constructor(company: Authority) {
    this.#company = company;
    writeFileSync(this.at('ca.pem'), company.pem);
  }

  at(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  get env(): Readonly<Record<string, string>> {
    return { DOCKER_HOST: `unix://${this.at('sock')}`, SSL_CERT_FILE: this.at('ca.pem') };
  }

  /** The names that resolve in there. */
  async open(names: readonly string[]): Promise<void> {
    writeFileSync(this.at('hosts'), `127.0.0.1 localhost\n${ADDRESS} ${names.join(' ')}\n`);
    const setUp = `ip link set lo up && ip addr add ${ADDRESS}/32 dev lo && mount --bind ${this.at('hosts')} /etc/hosts`;
    // It lasts until its input ends, as it does with this process.
    const holder = this.#start('holder', 'unshare', [
      ...['-n', '-m', 'sh', '-c', `${setUp} && echo ready && exec cat`],
    ]);
    this.#holder = String(holder.pid);
    await this.#until(() => readFileSync(this.at('holder.log'), 'utf8').includes('ready'), holder);
  }

  /** Runs a program in there. */
  run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
    return run('nsenter', [...this.#inside(), command, ...args], { env: { ...this.env, ...env } });
  }

  /** Starts a registry in there, whose log of requests is `HOST.log`. */
  async serve({ host, port, storage, isTls = false }: Place): Promise<RegistryServer> {
    const served = await serveRegistry({
      ...{ folder: this.folder, name: host, storage: this.at(storage) },
      inside: { address: `${ADDRESS}:${port}`, words: ['nsenter', ...this.#inside()] },
      ...(isTls ? { identity: this.#company.server(host) } : {}),
    });
    this.#registries.push(served);
    return served;
  }

  async engine(config: object): Promise<void> {
    writeFileSync(this.at('daemon.json'), JSON.stringify(config));
    const args = [
      ...['--config-file', this.at('daemon.json'), '--data-root', this.at('data')],
      ...[
        '--exec-root',
        this.at('run'),
        '--pidfile',
        this.at('pid'),
        '-H',
        this.env['DOCKER_HOST'] ?? '',
      ],
      ...['--iptables=false', '--bridge=none'],
    ];
    const dockerd = this.#start('dockerd', 'nsenter', [...this.#inside(), 'dockerd', ...args]);
    await this.#until(async () => (await this.run('docker', ['version'])).exitCode === 0, dockerd);
  }

  async stop(): Promise<void> {
    for (const served of this.#registries) await served.stop();
    for (const child of this.#children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((done) => child.once('close', done));
      child.kill('SIGTERM');
      await ended;
    }
    await run('sh', ['-c', `umount -R ${this.at('run')} ${this.at('data')} 2>/dev/null; true`]);
    if (process.env['KEEP'] === undefined) rmSync(this.folder, { recursive: true, force: true });
  }

  #inside(): readonly string[] {
    return ['-t', this.#holder, '-n', '-m', '--'];
  }

  #start(name: string, command: string, args: readonly string[]): ChildProcess {
    const log = openSync(this.at(`${name}.log`), 'a');
    const env = { ...process.env, SSL_CERT_FILE: this.at('ca.pem') };
    const child = spawn(command, args, { stdio: ['pipe', log, log], env });
    this.#children.push(child);
    return child;
  }

  async #until(isReady: () => boolean | Promise<boolean>, child: ChildProcess): Promise<void> {
    try {
      await until('what a company has', async () => {
        if (child.exitCode !== null) throw new Error(`it ended: exit ${child.exitCode}`);
        return isReady();
      });
    } catch (error) {
      const logs = await output('sh', ['-c', `tail -n 5 ${this.at('*.log')}`]);
      throw new Error(`it did not come up\n${logs}`, { cause: error });
    }
  }
}
