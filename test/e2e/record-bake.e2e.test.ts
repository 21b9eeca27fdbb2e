import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { printedBy } from './containers.ts';
import { bases, bridgeAddress, CLI, discard, own, run } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
const folder = folderHere('record-bake');
const lockFile = join(folder, 'scoville.lock');
const asked: string[] = [];
let gateway = '';
let stop = (): void => undefined;

const DEFINITION = `
group "default" { targets = ["app", "web", "tool"] }
target "app" {
  target = "app"
  tags = ["${own('scoville-record-bake-app:1')}"]
}
target "web" {
  target = "web"
  tags = ["${own('scoville-record-bake-web:1')}"]
}
target "tool" {
  name = "tool-\${v}"
  matrix = { v = ["a", "b"] }
  target = "tool"
  args = { V = v }
  tags = ["${own('scoville-record-bake-tool:\${v}')}"]
}
target "second" { dockerfile = "second.Dockerfile" }
target "inline" { dockerfile-inline = "FROM ${bases.busybox}\\nRUN true\\n" }
`;

beforeAll(async () => {
  gateway = await bridgeAddress();
  // Each answer is another one.
  const server = createServer((message, response) => {
    asked.push(message.url ?? '');
    response.end(`${message.url ?? ''} ${asked.length}\n`);
  });
  await new Promise<void>((done) => server.listen(0, gateway, done));
  stop = () => {
    server.closeAllConnections();
    server.close();
  };
  const address = `http://${gateway}:${(server.address() as AddressInfo).port}`;
  writeFileSync(
    join(folder, 'Dockerfile'),
    [
      `FROM ${bases.busybox} AS shared`,
      `RUN wget -q -O /one ${address}/one`,
      'FROM shared AS app',
      `RUN wget -q -O /app ${address}/app && wget -q -O /two ${address}/one`,
      'FROM shared AS web',
      `RUN wget -q -O /web ${address}/web`,
      `FROM ${bases.busybox} AS tool`,
      'ARG V',
      `RUN wget -q -O /tool ${address}/$V`,
      '',
    ].join('\n'),
  );
  writeFileSync(join(folder, 'second.Dockerfile'), `FROM ${bases.busybox}\nRUN true\n`);
  writeFileSync(join(folder, 'docker-bake.hcl'), DEFINITION);
  writeFileSync(join(folder, '.dockerignore'), '*\n');
});

afterAll(() => {
  stop();
  discard(TAGS);
});

const TAGS = ['app:1', 'web:1', 'tool:a', 'tool:b'].map((tag) =>
  own(`scoville-record-bake-${tag}`),
);
const FLAGS = ['--sign=false', '--grade=false'];
/** Where nobody looks at the images. */
const KEPT = ['--set=*.output=type=image,store=false'];

interface Baked {
  readonly targets: readonly { readonly target: string; readonly digest?: string }[];
}
const digests = (stdout: string): readonly string[] =>
  (JSON.parse(stdout) as Baked).targets.map(({ target, digest }) => `${target} ${digest ?? ''}`);

async function bake(...args: string[]): Promise<readonly string[]> {
  return digests(
    (await scoville.expect(0, ['bake', ...args, '--json', ...FLAGS], { cwd: folder })).stdout,
  );
}

test('targets that share a stage get the same in it, and each is replayed whole with the servers gone', async () => {
  const recorded = await bake('--record');
  expect(asked.slice().sort()).toEqual(['/a', '/app', '/b', '/one', '/one', '/web']);
  const read = (tag: string, ...paths: string[]): Promise<string> =>
    printedBy(own(`scoville-record-bake-${tag}`), 'cat', ...paths);
  const [app, web] = [await read('app:1', '/one', '/two'), await read('web:1', '/one')];
  // The second answer to the first address is of the second stage alone.
  expect(new Set(app.trim().split('\n')).size).toBe(2);
  expect(app.split('\n')[0]).toBe(web.trim());
  const lock = readFileSync(lockFile, 'utf8');
  expect([...lock.matchAll(/^ {2}(\w+):$/gm)].map(([, name]) => name)).toEqual(
    expect.arrayContaining(['app', 'shared', 'tool', 'web']),
  );
  stop();

  const trace = join(folder, 'trace');
  const replayed = await run(
    'strace',
    [
      ...['-f', '-qq', '-e', 'trace=connect,sendto,sendmsg,bind', '-o', trace],
      ...[process.execPath, CLI, 'bake', '--replay', '--json', ...FLAGS, ...KEPT],
    ],
    { cwd: folder, env: { SCOVILLE_HOME: scoville.home } },
  );
  expect(replayed.exitCode, replayed.stderr).toBe(0);
  expect(digests(replayed.stdout)).toEqual(recorded);
  // A proxy for each target, and nothing else.
  const sockets = readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => /AF_INET|AF_PACKET/.test(line));
  expect(sockets).toHaveLength(recorded.length);
  for (const line of sockets)
    expect(line).toMatch(new RegExp(` bind\\(.*inet_addr\\("${gateway}"\\)`));
  // In CI: one lock is of all of them.
  expect(await bake('--locked', ...KEPT)).toEqual(recorded);
  expect(await bake('--locked', ...KEPT, 'web')).toEqual(
    recorded.filter((one) => one.startsWith('web ')),
  );
  expect(readFileSync(lockFile, 'utf8')).toBe(lock);
});

test('one lock is of one Dockerfile', async () => {
  writeFileSync(lockFile, 'schemaVersion: 1\ndockerfile: Dockerfile\nnormaliser: x\n');
  const refused = async (...names: string[]): Promise<string> =>
    (await scoville.expect(2, ['bake', '--record', ...names, ...FLAGS], { cwd: folder })).stdout;
  expect(await refused('second')).toContain(
    `second: the build cannot be recorded: ${lockFile} is of Dockerfile, and a lock records one Dockerfile`,
  );
  expect(await refused('inline')).toContain(
    'inline: the build cannot be recorded: its Dockerfile is in the bake definition, and has no lock',
  );
});
