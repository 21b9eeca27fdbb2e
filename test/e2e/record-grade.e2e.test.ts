import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bases, output, own, registry } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
const other = scovilleHere();
const folder = folderHere('record-grade');
const lockFile = join(folder, 'scoville.lock');
const IMAGE = own(`${registry}/e2e-record-grade`);
const GAP =
  'Dockerfile:3 may have reached something past the proxy: its connections cannot be counted';
const FETCHED = 'http://deb.debian.org/debian/dists/trixie/main/binary-amd64/Release';

/** Nothing is pinned and nothing is checked. */
function write(more = ''): void {
  const lines = [
    `FROM ${bases.busybox} AS file`,
    `RUN wget -q -O /file ${FETCHED}`,
    more,
    `FROM ${bases.node} AS package`,
    'RUN npm install --prefix /app --no-audit is-number && rm -rf /root/.npm',
    `FROM ${bases.busybox}`,
    'COPY --from=file /file* /',
    'COPY --from=package /app /app',
  ];
  writeFileSync(join(folder, 'Dockerfile'), `${lines.filter((line) => line !== '').join('\n')}\n`);
}

interface Graded {
  readonly criteria: readonly {
    readonly id: string;
    readonly outcome: string;
    readonly evidence: readonly { readonly detail: string }[];
  }[];
}

function outcomes(stdout: string): readonly (string | undefined)[] {
  const { criteria } = JSON.parse(stdout) as Graded;
  return ['pinned-packages', 'verified-downloads'].map(
    (id) => criteria.find((one) => one.id === id)?.outcome,
  );
}

async function build(tag: string, ...args: string[]): Promise<string> {
  const rest = ['--offline', '--json', '--push', '-t', `${IMAGE}:${tag}`, folder];
  return (await scoville.expect(0, ['build', ...args, ...rest])).stdout;
}

async function gradedByOther(tag: string, ...args: string[]): Promise<string> {
  const rest = ['--offline', '--json', `registry:${IMAGE}:${tag}`];
  return (await other.expect(0, ['grade', ...args, ...rest])).stdout;
}

async function parameters(tag: string): Promise<unknown> {
  const text = await output('cosign', [
    ...['verify-attestation', '--key', scoville.publicKey, '--insecure-ignore-tlog=true'],
    ...['--type', 'slsaprovenance1', '--output', 'json', `${IMAGE}:${tag}`],
  ]);
  const [line = ''] = text.trim().split('\n');
  const { payload } = JSON.parse(line) as { readonly payload: string };
  const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
    readonly predicate: {
      readonly buildDefinition: { readonly internalParameters: { readonly scoville: unknown } };
    };
  };
  return predicate.buildDefinition.internalParameters.scoville;
}

test('a replay is evidence, a recording is not, and one that is not complete neither', async () => {
  write();
  expect(outcomes(await build('recorded', '--record'))).toEqual(['fail', 'fail']);
  expect(await parameters('recorded')).toMatchObject({ fetches: 'recorded' });
  const key = ['--key', scoville.publicKey];
  expect(outcomes(await gradedByOther('recorded', ...key))).toEqual(['fail', 'fail']);
  const lock = readFileSync(lockFile, 'utf8');
  const replayed = await build('replayed', '--replay');
  expect(outcomes(replayed)).toEqual(['pass', 'pass']);
  expect(replayed).toContain('1 download verified, 1 weakly');
  expect(await parameters('replayed')).toMatchObject({ fetches: 'replayed' });
  // Somebody else believes the signed provenance, and nothing without the key.
  expect(outcomes(await gradedByOther('replayed', ...key))).toEqual(['pass', 'pass']);
  expect(outcomes(await gradedByOther('replayed'))).not.toContain('pass');

  // Nobody counts what this command connects to.
  write('RUN ["cp", "/file", "/file-again"]');
  await build('gap', '--record');
  const incomplete = { fetchesIncomplete: [GAP] };
  expect(await parameters('gap')).toMatchObject({ fetches: 'recorded-incomplete', ...incomplete });
  expect(readFileSync(lockFile, 'utf8')).toContain(`\nincomplete:\n  file:\n    - "${GAP}"\n`);
  const { stdout, stderr } = await scoville.expect(0, [
    ...['build', '--locked', '--offline', '--json', '--push', '-t', `${IMAGE}:gap`, folder],
  ]);
  expect(stderr).toContain(`what is replayed was not recorded completely: ${GAP}`);
  expect(outcomes(stdout)).toEqual(['fail', 'fail']);
  expect(await parameters('gap')).toMatchObject({ fetches: 'replayed-incomplete', ...incomplete });
  expect(outcomes(await gradedByOther('gap', ...key))).toEqual(['fail', 'fail']);
  // Who takes the words out of the lock gains nothing: this build has counted itself.
  const taken = readFileSync(lockFile, 'utf8').replace(/^incomplete:[^]*/m, '');
  writeFileSync(lockFile, taken);
  expect(outcomes(await build('taken', '--replay'))).toEqual(['fail', 'fail']);

  // With the command gone again, the lock of before is good.
  write();
  writeFileSync(lockFile, lock);
  expect(outcomes(await build('replayed', '--replay'))).toEqual(['pass', 'pass']);

  const replay = async (exitCode: number): Promise<string> => {
    const args = ['build', '--replay', '--offline', '--sign=false', '-t', IMAGE, folder];
    return (await scoville.expect(exitCode, args)).stderr;
  };
  // A lock that says other bytes.
  const [, digest = ''] =
    new RegExp(`${FETCHED}\\n(?: {6}request: .*\\n)? {6}digest: sha256:(\\w+)`).exec(lock) ?? [];
  writeFileSync(lockFile, lock.replace(digest, 'a'.repeat(64)));
  expect(await replay(2)).toContain(`GET ${FETCHED} is in the lock, and its bytes are not here`);
  writeFileSync(lockFile, lock);
  // A store with other bytes.
  const fetches = join(scoville.home, 'cache', 'fetches');
  const [store = ''] = readdirSync(fetches);
  writeFileSync(join(fetches, store, 'sha256', digest), 'other bytes');
  expect(await replay(2)).toContain(`GET ${FETCHED} is in the lock, and its bytes are not here`);
});
