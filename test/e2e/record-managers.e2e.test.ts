import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BuildAuthority } from '../../src/reproduce/build-authority.ts';
import { bases, output, registry, ROOT } from './harness.ts';
import { writeRegistries } from './managers/registries.ts';
import { registryListener } from './managers/serve-registries.ts';
import { MANAGERS, type Manager } from './managers/table.ts';
import { isWhole } from './rows.ts';
import { scovilleHere } from './workplace.ts';

/** `all`, or names separated by commas: `npm run managers` runs each. */
const WANTED = process.env['SCOVILLE_MANAGERS'] ?? (isWhole ? '' : 'npm');
const managers = MANAGERS.filter(({ name, quick }) =>
  WANTED === '' ? quick : WANTED === 'all' || WANTED.split(',').includes(name),
);
const SYSTEM_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
const scoville = scovilleHere();
const folder = mkdtempSync(join(tmpdir(), 'scoville-managers-'));
const context = join(folder, 'context');
let env: Readonly<Record<string, string>> = {};
let stop = (): void => undefined;

beforeAll(async () => {
  const stacks = [...new Set(managers.map(({ base }) => base))].filter(isStack);
  // Without a name, it makes all of them.
  if (stacks.length > 0)
    execFileSync(join(ROOT, 'scripts/engine.sh'), ['stacks', ...stacks], { stdio: 'ignore' });
  const network = ['network', 'inspect', 'bridge', '--format'];
  const gateway = (
    await output('docker', [...network, '{{(index .IPAM.Config 0).Gateway}}'])
  ).trim();
  const authority = new BuildAuthority();
  const served = join(folder, 'served');
  const server = createServer(authority.identityOf(gateway), registryListener(served));
  await new Promise<void>((done) => server.listen(0, gateway, done));
  stop = () => {
    server.closeAllConnections();
    server.close();
  };
  const address = `https://${gateway}:${(server.address() as AddressInfo).port}`;
  writeRegistries(served, address);
  for (const manager of managers)
    if (manager.fetched.startsWith('/java/')) copyJavaRepository(served, manager);
  const bundle = join(folder, 'bundle.pem');
  writeFileSync(bundle, `${readFileSync(SYSTEM_BUNDLE, 'utf8')}\n${authority.pem}`);
  env = { SSL_CERT_FILE: bundle };
  mkdirSync(context);
  writeFileSync(join(context, '.dockerignore'), '*\n');
  writeFileSync(join(context, 'Dockerfile'), dockerfile(address));
});

afterAll(() => {
  stop();
  rmSync(folder, { recursive: true, force: true });
});

function isStack(base: string): boolean {
  return !base.startsWith('base/');
}

/** That of Debian, as it is in the stack: it stands in for Maven Central. */
function copyJavaRepository(served: string, { name, base }: Manager): void {
  const folder = join(served, 'java', name);
  mkdirSync(folder, { recursive: true });
  const files = ['--output', `type=local,dest=${folder}`];
  const input = `FROM ${registry}/${base} AS java\nRUN cp -rL /usr/share/maven-repo /own-repo\nFROM scratch\nCOPY --from=java /own-repo /\n`;
  execFileSync('docker', ['buildx', 'build', '-q', ...files, '-'], { input });
}

function dockerfile(address: string): string {
  const stages = managers.flatMap(({ name, base, script }) => [
    `FROM ${registry}/${base} AS ${name}`,
    'RUN <<EOF',
    'set -eu',
    ...script.map((line) => line.replaceAll('ADDRESS', address)),
    'EOF',
  ]);
  const copies = managers.map(({ name }) => `COPY --from=${name} /out /${name}/`);
  return [...stages, `FROM ${bases.busybox}`, ...copies, ''].join('\n');
}

const iid = join(folder, 'iid');
const build = (mode: string): string[] => [
  ...['build', mode, '--no-interactive', '--sign=false', '--grade=false', '--progress=plain'],
  ...['--iidfile', iid, context],
];
/** The lines of the lock about one stage. */
function stageOf(lock: string, { name }: Manager): string {
  const [, rest = ''] = lock.split(`\n  ${name}:\n`);
  return rest.split(/^ {2}\S|^\S/m)[0] ?? '';
}

test(`${managers.map(({ name }) => name).join(', ')}: recorded, and replayed with the servers gone`, async () => {
  const { stderr } = await scoville.expect(0, build('--record'), { env });
  // None of them is taken for one that goes past the proxy.
  expect(stderr.match(/the recording is not complete.*/g)).toBeNull();
  const recorded = readFileSync(iid, 'utf8');
  const lock = readFileSync(join(context, 'scoville.lock'), 'utf8');
  for (const manager of managers) expect(stageOf(lock, manager)).toContain(manager.fetched);
  stop();
  await scoville.expect(0, build('--replay'), { env });
  expect(readFileSync(iid, 'utf8')).toBe(recorded);
  expect(readFileSync(join(context, 'scoville.lock'), 'utf8')).toBe(lock);
});
