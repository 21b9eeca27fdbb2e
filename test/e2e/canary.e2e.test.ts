import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { canary, figures, forgetHits, lookAt } from './canary.ts';
import { bases, output, OWN, registry, run } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
const folder = folderHere('canary');
const context = join(folder, 'app');
const image = `${registry}/e2e/canary-${OWN}:1`;

const token = canary('a token in a build argument');
// Its name is plain, so the provenance has it: who builds the image again needs it.
const odd = canary('a build argument under a plain name', [
  /\/results\/|\/layout\/blobs\/|^the blob /,
]);
const proxy = canary('the password of a proxy');
const userinfo = canary('a password in the address of a context');
const cache = canary('a key of a remote cache');
const secret = canary('a secret of the build');
const pin = canary('a PIN');
const password = canary('the password of a key');

const SECRET_FLAGS = [
  ...['--build-arg', `NPM_TOKEN=${token}`, '--build-arg', `FLAVOR=${odd}`],
  ...['--build-arg', `HTTP_PROXY=http://me:${proxy}@127.0.0.1:1`],
  ...['--secret', 'id=s,env=MY_SECRET'],
];
const ENV = {
  MY_SECRET: secret,
  https_proxy: `http://me:${proxy}@127.0.0.1:1`,
  NO_PROXY: `${registry},localhost,127.0.0.1`,
  COSIGN_PASSWORD: password,
};
const REPORTS = ['html', 'markdown', 'json', 'sarif', 'junit'].flatMap((format) => [
  '--report',
  `${format}=${format}.report`,
]);

beforeAll(() => {
  mkdirSync(context);
  // No RUN uses the arguments: docker itself would write them into the history.
  writeFileSync(
    join(context, 'Dockerfile'),
    `FROM ${bases.busybox} AS tools
RUN --mount=type=secret,id=s test -s /run/secrets/s
FROM scratch
ARG NPM_TOKEN
ARG FLAVOR
COPY app /app
CMD ["/app"]
`,
  );
  writeFileSync(join(context, 'app'), 'an app\n');
});

describe('no secret is in output, reports, caches, or a registry', () => {
  test('of a build that is signed, pushed and reported in every format', async () => {
    const args = ['build', '--push', '-t', image, ...SECRET_FLAGS, ...REPORTS, '.'];
    const { stdout, stderr } = await scoville.expect(0, args, { cwd: context, env: ENV });
    // The command that is offered names the arguments.
    const report = readFileSync(join(context, 'json.report'), 'utf8');
    expect(stdout + stderr + report).toContain('--build-arg NPM_TOKEN');
  });

  test('of what is shown of it later', async () => {
    const options = { cwd: context, env: ENV };
    for (const args of [
      ['report', '-o', 'again.html', image],
      ['fix', '--dry-run', ...SECRET_FLAGS.slice(0, 6)],
      ['grade', image],
      ['grade', '--json', '--file', 'Dockerfile', image],
      ['verify', image],
      ['lint', '.'],
    ])
      await scoville.run(args, options);
  });

  test('of a plan', async () => {
    const args = ['build', '--dry-run', '-t', image, ...SECRET_FLAGS, '.'];
    await scoville.expect(0, args, { cwd: context, env: ENV });
    await scoville.expect(0, [...args, '--json'], { cwd: context, env: ENV });
  });

  test('of builds that fail: a context, a cache and a key that are not there', async () => {
    const options = { cwd: context, env: ENV };
    const address = `http://me:${userinfo}@127.0.0.1:1/x.git`;
    const s3 = `type=s3,bucket=b,region=r,endpoint_url=http://127.0.0.1:1,access_key_id=AK,secret_access_key=${cache}`;
    for (const words of [
      ['--no-sign', address],
      ['--no-sign', '--build-context', `src=${address}`, '.'],
      ['--no-sign', '--cache-from', s3, '--dry-run', '.'],
      ['--key', `pkcs11:token=t?pin-value=${pin}&module-path=/nowhere.so`, '.'],
    ])
      await scoville.run(['build', '-t', image, ...words], options);
    await scoville.run(['doctor'], options);
  });

  test('of a build that a failing RUN ends', async () => {
    writeFileSync(
      join(context, 'broken.Dockerfile'),
      `FROM ${bases.busybox}\nARG NPM_TOKEN\nRUN false\n`,
    );
    const args = ['build', '-f', 'broken.Dockerfile', '-t', image, ...SECRET_FLAGS, '.'];
    expect((await scoville.run(args, { cwd: context, env: ENV })).exitCode).not.toBe(0);
  });
});

test('the check finds a secret in output, in Base64, in a name, packed and in an address', () => {
  const known = canary('one that is planted', [/planted/]);
  const before = figures().hits;
  lookAt('planted', Buffer.from(known));
  expect(figures().hits).toBe(before);
  const seen = canary('one that is found', [/^(?!here)/]);
  const probes = [seen, `a:${seen}`].flatMap((text) => [
    Buffer.from(text),
    Buffer.from(Buffer.from(text).toString('base64')),
  ]);
  expect(probes.map((bytes, at) => found(`here ${at}`, bytes))).toEqual([true, true, true, true]);
});

function found(place: string, bytes: Buffer): boolean {
  try {
    lookAt(place, bytes);
    return figures().hits > 0;
  } finally {
    forgetHits();
  }
}

test('a clone asks no server of this machine, and has nothing signed by a key of its choice', async () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end('x');
  });
  await new Promise<void>((done) => server.listen(0, done));
  const { port } = server.address() as AddressInfo;
  const clone = join(folder, 'clone');
  mkdirSync(clone);
  await output('git', ['init', '-q', clone]);
  writeFileSync(
    join(clone, 'Dockerfile'),
    `FROM scratch\nADD http://127.0.0.1:${port}/a /a\nCOPY x /x\n`,
  );
  writeFileSync(join(clone, 'x'), '');
  const env = {
    AWS_ACCESS_KEY_ID: 'AK',
    AWS_SECRET_ACCESS_KEY: canary('a key of a cloud'),
    AWS_REGION: 'eu-west-1',
    GITLAB_TOKEN: canary('a token of a forge'),
  };
  const options = { cwd: clone, env };
  await scoville.run(['fix', '--dry-run'], options);
  for (const key of [
    `awskms://127.0.0.1:${port}/alias/x`,
    `http://127.0.0.1:${port}/k`,
    'gitlab://1',
    'env://AWS_SECRET_ACCESS_KEY',
  ]) {
    writeFileSync(join(clone, '.scoville.yaml'), `sign: { key: "${key}" }\n`);
    const words = ['build', '-q', '-t', `canary-a-${OWN}`, '-f', '-', '.'];
    const ended = await scoville.run(words, { ...options, input: 'FROM scratch\nCOPY x /x\n' });
    expect([key, ended.exitCode, ended.stderr]).toEqual([
      key,
      2,
      expect.stringContaining('only you can name that key'),
    ]);
  }
  server.close();
  expect(asked).toBe(0);
  await run('git', ['-C', clone, 'status']);
});
