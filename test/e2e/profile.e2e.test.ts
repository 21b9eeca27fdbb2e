import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { printedBy } from './containers.ts';
import { bases, discard, dockerBuild, output, own, ROOT, run } from './harness.ts';
import { until } from './until.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
const folder = folderHere('profile-e2e');
const NODE = own('profile-e2e-node:1');
const STATIC = own('profile-e2e-static:1');
const UNASKED = own('profile-e2e-unasked:1');
const SECRET = own('profile-e2e-secret:1');

interface Summary {
  readonly calls: number;
  readonly startsProcesses: boolean;
  readonly confinement: string;
  readonly gone: readonly string[];
}

beforeAll(async () => {
  const example = join(ROOT, 'examples/node-app');
  await dockerBuild([
    ...['--load', '-t', NODE, '--build-arg', `NODE_BUILD=${bases.node}`],
    ...['--build-arg', `NODE_RUNTIME=${bases.nodeDistroless}`, example],
  ]);
  writeFileSync(
    join(folder, 'Dockerfile'),
    `FROM ${bases.busybox}\nUSER 4321\nSTOPSIGNAL SIGKILL\nEXPOSE 8080\nCMD ["busybox", "httpd", "-f", "-p", "8080"]\n`,
  );
  await dockerBuild(['--load', '-t', STATIC, folder]);
  writeFileSync(
    join(folder, 'exercises.yaml'),
    `- http: {path: /healthz, expect: {status: 200, body: '"ok"'}}\n- http: {path: /none, expect: {status: 404}}\n`,
  );
  writeFileSync(join(folder, 'missing.yaml'), '- http: {path: /none, expect: {status: 404}}\n');
});

afterAll(() => {
  discard([NODE, STATIC, UNASKED, SECRET]);
});

async function profile(image: string, ...flags: readonly string[]) {
  return scoville.run(['profile', '--for', '1s', '--json', ...flags, image], { cwd: folder });
}

describe('examples/node-app', () => {
  let summary: Summary;

  beforeAll(async () => {
    const ended = await profile(NODE, '--exercise', 'exercises.yaml', '--output', 'node.json');
    expect(ended.stderr).toContain('running it again under the profile');
    expect(ended.exitCode).toBe(0);
    summary = JSON.parse(ended.stdout) as Summary;
  });

  test('is left at most 80 calls, and answers with them', () => {
    expect(summary.calls).toBeLessThanOrEqual(80);
    expect(summary).toMatchObject({
      startsProcesses: false,
      confinement: 'read-only, without capabilities',
    });
    expect(summary.gone[0]).toContain('start another process');
  });

  test('cannot start a shell beside it', async () => {
    const start =
      'const r = require("child_process").spawnSync(process.execPath, ["-v"]); console.log(r.error?.code ?? r.status)';
    const under = (...options: readonly string[]): Promise<string> =>
      printedBy(...options, '--entrypoint', '/nodejs/bin/node', NODE, '-e', start);
    expect((await under()).trim()).toBe('0');
    const seccomp = `seccomp=${join(folder, 'node.json')}`;
    expect((await under('--security-opt', seccomp)).trim()).toBe('EPERM');
  });

  test('--check says what a committed profile forbids', async () => {
    const document = readFileSync(join(folder, 'node.json'), 'utf8');
    writeFileSync(join(folder, 'old.json'), document.replaceAll(/"accept4",?/g, ''));
    const ended = await profile(
      NODE,
      '--exercise',
      'exercises.yaml',
      '--output',
      'old.json',
      '--check',
    );
    expect(ended.exitCode).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      holds: false,
      forbidden: ['accept4'],
      wider: [],
    });
  });
});

test('an exercise that is refused is named with its answer, and no profile is written', async () => {
  writeFileSync(join(folder, 'refused.yaml'), '- http: {path: /none}\n');
  const flags = ['--exercise', 'refused.yaml', '--timeout', '6', '--output', 'refused.json'];
  const ended = await profile(STATIC, ...flags);
  expect(ended.exitCode).toBe(2);
  // The time for all confinements is over after the first or the second.
  expect(ended.stderr).toMatch(/GET \/none: (?:no answer in time: )?status 404/);
  expect(existsSync(join(folder, 'refused.json'))).toBe(false);
});

test('a command that fails in the same way in the next confinement is not waited for to the end', async () => {
  writeFileSync(join(folder, 'failing.yaml'), '- run: [busybox, sh, -c, "echo never; exit 3"]\n');
  const flags = ['--exercise', 'failing.yaml', '--timeout', '6', '--output', 'failing.json'];
  const ended = await profile(STATIC, ...flags);
  expect(ended.exitCode).toBe(2);
  expect(ended.stderr.match(/never/gu)?.length).toBeGreaterThan(1);
  expect(ended.stderr.match(/no answer in time/gu)).toHaveLength(1);
  expect(existsSync(join(folder, 'failing.json'))).toBe(false);
});

test('a server that nobody asked while it was traced answers under its profile all the same', async () => {
  const server = "require('http').createServer((_, r) => r.end('heard')).listen(process.env.PORT)";
  const context = folderHere('profile-e2e-unasked');
  writeFileSync(
    join(context, 'Dockerfile'),
    `FROM ${bases.nodeDistroless}\nENV PORT=8080\nUSER 65532\nCMD ["-e", ${JSON.stringify(server)}]\n`,
  );
  await dockerBuild(['--load', '-t', UNASKED, context]);
  const ended = await scoville.expect(0, ['profile', '--for', '1s', UNASKED], { cwd: context });
  expect(ended.stdout).toContain(`seen: ${UNASKED} starts and stays up under it`);
  expect(ended.stdout).toContain('whether it answers is not known');
  const seccomp = `seccomp=${join(context, 'seccomp.json')}`;
  const options = ['-d', '-p', '127.0.0.1::8080', '--security-opt', seccomp];
  const container = (await output('docker', ['run', ...options, UNASKED])).trim();
  try {
    const address = (await output('docker', ['port', container, '8080'])).trim();
    await until('it answers', async () => {
      const signal = AbortSignal.timeout(5000);
      // Refused while it starts.
      const answer = await fetch(`http://${address}/`, { signal }).catch(() => undefined);
      return (await answer?.text()) === 'heard';
    });
  } finally {
    discard([container], ['rm']);
  }
});

test('an app that reads its password at its start gets a made-up one, or one by --volume', async () => {
  const context = folderHere('profile-e2e-secret');
  const start = 'test $(busybox wc -c < $DB_PASSWORD_FILE) -gt 9 && exec busybox httpd -f -p 8080';
  writeFileSync(
    join(context, 'Dockerfile'),
    `FROM ${bases.busybox}\nENV DB_PASSWORD_FILE=/run/secrets/db\nUSER 4321\nSTOPSIGNAL SIGKILL\nEXPOSE 8080\nCMD ["busybox", "sh", "-c", ${JSON.stringify(start)}]\n`,
  );
  writeFileSync(join(context, 'short'), 'short');
  writeFileSync(join(context, 'own'), 'long enough');
  await dockerBuild(['--load', '-t', SECRET, context]);
  const given = (file: string) => ['--volume', `${join(context, file)}:/run/secrets/db:ro`];
  const madeUp = await profile(SECRET, '--output', 'secret.json');
  expect(madeUp.stderr).toContain('made-up secrets are in /run/secrets/db');
  expect(madeUp.exitCode).toBe(0);
  expect((await profile(SECRET, ...given('short'), '--output', 'short.json')).exitCode).toBe(2);
  const own = await profile(SECRET, ...given('own'), '--output', 'own.json');
  expect(own.stderr).not.toContain('made-up');
  expect(own.exitCode).toBe(0);
  expect(readFileSync(join(folder, 'own.json'), 'utf8')).not.toContain('long enough');
  const { stdout } = await scoville.expect(0, ['profile', ...given('own'), SECRET], {
    cwd: folder,
  });
  const words = given('own').join(' ');
  const commands = [...stdout.matchAll(/^(?:Run|Check) it: +(.*)$/gm)].map(([, line]) => line);
  expect(commands).toEqual([
    ['docker', 'run', '--security-opt', 'seccomp=seccomp.json', words, SECRET].join(' '),
    `scoville profile --check --output seccomp.json ${words} ${SECRET}`,
  ]);
  expect(await output('docker', ['images', '--format', '{{.Repository}}'])).not.toMatch(
    /^scoville-profile-/m,
  );
});

test('a folder of a static program with a user by number alone, found on PATH, whose settings name the profile that is yet to be written', async () => {
  writeFileSync(
    join(folder, '.scoville.yaml'),
    'attest: { seccomp: mine.json }\ngate: { minLevel: 5 }\n',
  );
  const ended = await profile('.', '--exercise', 'missing.yaml', '--output', 'mine.json');
  expect(ended.exitCode).toBe(0);
  const { image, calls } = JSON.parse(ended.stdout) as Summary & { readonly image: string };
  expect(calls).toBeLessThanOrEqual(80);
  expect(image).toMatch(/:profile-[0-9a-f]{8}$/);
  expect(await output('docker', ['images', '--quiet', image])).toBe('');
});

test('a reader of its output that goes away ends it', async () => {
  const command = `"$0" "$1" profile --for 1s ${STATIC} 2>&1 | head -1; exit \${PIPESTATUS[0]}`;
  const cli = join(ROOT, 'dist/scoville.js');
  const ended = await run('bash', ['-c', command, process.execPath, cli], {
    cwd: folder,
    env: { SCOVILLE_HOME: scoville.home },
  });
  expect(ended.exitCode).toBe(141);
});

test('nothing is left behind', async () => {
  // Those of these tests themselves are on their way out.
  await until('no container of them', async () => {
    const containers = await output('docker', ['ps', '--all', '--format', '{{.Image}}']);
    return !containers.split('\n').some((image) => image === NODE || image === STATIC);
  });
});
