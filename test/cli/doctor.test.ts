import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type CheckRow,
  CHECKS,
  type DoctorContext,
  isFit,
  OLDEST_NODE,
  runChecks,
} from '../../src/cli/doctor-checks.ts';
import { doctor, doctorText } from '../../src/cli/doctor.ts';
import { openStore } from '../../src/image/layout/store.ts';
import { err, ok } from '../../src/lib/errors.ts';
import { AdvisoryWriter, databaseFile } from '../../src/scan/advisories.ts';
import { databaseFolder } from '../../src/scan/database-folder.ts';
import type { ScriptedRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { fakeIo } from './command-io.ts';
import { INFO, machine, missing } from './surroundings.ts';

const MARKS = { ok: '+', missing: '-', advice: '!', optional: '–' };

/** What the check of this id finds. */
async function row(id: string, about: DoctorContext): Promise<CheckRow | undefined> {
  const rows = CHECKS.filter((check) => check.id === id);
  return (await runChecks(rows, about))[0];
}

const docker = (args: string, stdout: string, more: object = {}): ScriptedRun => ({
  command: 'docker',
  args: args.split(' '),
  result: { stdout, ...more },
});
const fails = (args: string, stderr: string): ScriptedRun =>
  docker(args, '', { stderr, exitCode: 1 });
const DOCKER = 'sudo apt-get install docker.io docker-cli';
const OLD_STORE = docker('info', INFO.old);
const listed = (more = ''): ScriptedRun =>
  docker('buildx ls', `NAME/NODE DRIVER/ENDPOINT\ndefault* docker\n${more}`);
const builder = (driver: string): ScriptedRun =>
  docker(
    'buildx inspect',
    `Name:   far\nDriver: ${driver}\n\nNodes:\nName: far0\nStatus: inactive\n`,
  );

test('a complete machine is fit, with advice for the scanner only', async () => {
  const rows = await runChecks(CHECKS, machine());
  expect(rows.map(({ id, state }) => [id, state])).toEqual([
    ['node', 'ok'],
    ['docker', 'ok'],
    ['image-store', 'ok'],
    ['buildx', 'ok'],
    ['builder', 'ok'],
    ['cosign', 'ok'],
    ['signing-key', 'ok'],
    ['git', 'ok'],
    ['scanner', 'advice'],
    ['layout', expect.stringMatching(/^(ok|advice)$/)],
    ['settings', 'ok'],
    ['docker-config', 'optional'],
    ['docker-plugin', 'optional'],
  ]);
  expect(isFit(rows)).toBe(true);
});

test('a bare machine gets a row for each check and a way to fix each that is not ok', async () => {
  const bare = machine(['docker', 'cosign', 'git', 'grype', 'trivy'].map(missing));
  const rows = await runChecks(CHECKS, bare);
  const broken = ['docker', 'image-store', 'buildx', 'builder', 'cosign'];
  expect(rows.filter((r) => r.state === 'missing').map((r) => r.id)).toEqual(broken);
  for (const { fix, state } of rows)
    expect(fix === undefined).toBe(state === 'ok' || state === 'optional');
  expect(isFit(rows)).toBe(false);
});

test('a check that throws is a row, whatever it throws, and says nothing that steers', async () => {
  const look = () => Promise.reject(new TypeError('x\u001b[2J is\nundefined'));
  const a = { id: 'a', title: 'A', required: true };
  const b = { id: 'b', title: 'B', required: false };
  const checks = [
    { ...a, look },
    { ...b, look, fix: () => 'fix \u001b[2Jit' },
  ];
  const detail = 'x is\nundefined';
  expect(await runChecks(checks, machine())).toEqual([
    { ...a, state: 'missing', detail },
    { ...b, state: 'advice', detail, fix: 'fix it' },
  ]);
  const aborted = machine([], { signal: AbortSignal.abort() });
  await expect(runChecks(checks, aborted)).rejects.toThrow('undefined');
});

const settings: CheckRow = {
  id: 'settings',
  title: 'settings file',
  required: true,
  state: 'missing',
  detail: 'a.yaml:1:2: one\na.yaml:3:4: two',
  fix: 'vi +1 a.yaml',
};

test('the text has a line a check, further lines and what fixes it below, a cause once', () => {
  const git = { ...settings, id: 'git', title: 'git', state: 'ok', detail: '2.47.3' } as const;
  const { fix, ...fine } = git;
  expect(fix).toBeDefined();
  expect(doctorText([fine, settings, { ...settings, title: 'again' }], MARKS)).toBe(
    [
      '+ git            2.47.3',
      '- settings file  a.yaml:1:2: one',
      '                 a.yaml:3:4: two',
      '                 fix: vi +1 a.yaml',
      '- again          see settings file',
      '',
    ].join('\n'),
  );
});

test('the command says it all on stdout, and ends with 2 where something is missing', async () => {
  const folder = temporaryFolder();
  // No tool is found on an empty PATH; runTool reads the process' own.
  const path = process.env['PATH'];
  process.env['PATH'] = folder;
  try {
    const { io, out, err: said } = fakeIo({ cwd: folder, env: { SCOVILLE_HOME: folder } });
    expect(await doctor(['--json'], io)).toBe(2);
    expect(out().endsWith('}\n')).toBe(true);
    const { checks, ...report } = JSON.parse(out()) as { checks: CheckRow[] };
    expect(report).toEqual({ schemaVersion: 1, tool: '0.0.0-source', fit: false });
    const ids = checks.map(({ id }) => id);
    expect(ids).toEqual(CHECKS.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(said()).toBe('');
  } finally {
    process.env['PATH'] = path;
  }
});

test('the oldest Node.js is the one that package.json names', () => {
  const manifest = readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8');
  const { engines } = JSON.parse(manifest) as { engines: { node: string } };
  expect(`${engines.node}.0`).toBe(`>=${OLDEST_NODE}`);
});

test.each([
  ['20.19.0', 'ok'],
  ['24.1.0', 'ok'],
  ['20.18.3', 'missing'],
  ['18.20.0', 'missing'],
])('Node.js %s is %s', async (nodeVersion, state) => {
  expect(await row('node', machine([], { nodeVersion }))).toMatchObject({ state });
});

const trivy = { command: 'trivy', args: ['--version'], result: { stdout: 'Version: 0.67.2\n' } };
const oldCosign = { command: 'cosign', args: ['attest-blob'], result: { stdout: '--key' } };
const oldBuildx = docker('buildx version', 'buildx v0.9.1 abc\n');

/** What a check finds, with `@` for its folder. */
async function said(id: string, about: DoctorContext): Promise<string> {
  const { state, detail = '', fix } = (await row(id, about)) ?? {};
  const text = `${id} ${state}: ${detail}${fix === undefined ? '' : ` | ${fix}`}`;
  return text.replaceAll(about.cwd, '@');
}

const CONTAINERD =
  'add "features": {"containerd-snapshotter": true} to /etc/docker/daemon.json, then: sudo systemctl restart docker';
const FAR = 'docker buildx inspect far; or: docker buildx use default';
const NO_DOCKER = [missing('docker')];
const DOWN = [fails('info', 'Cannot connect to the Docker daemon. Is the docker daemon running?')];
const DENIED = [fails('info', 'permission denied while trying to connect')];
const NO_ANSWER = [docker('buildx inspect', 'Name:   default\nDriver: \nError:  Cannot connect\n')];
const NO_BUILDER = [fails('buildx inspect', 'ERROR: no builder "big" found')];

/** What a check finds, and what tools answer for it. */
const FOUND: Readonly<Record<string, readonly ScriptedRun[]>> = {
  'docker ok: 29.1.0, newer than those tried (26.1 to 28.5), linux/amd64': [],
  [`docker missing: docker is not installed | ${DOCKER}`]: NO_DOCKER,
  'docker missing: cannot connect to Docker | start Docker: sudo systemctl start docker, or Docker Desktop':
    DOWN,
  'docker missing: you may not talk to the Docker engine | sudo usermod -aG docker "$USER", then log in again (or run as root)':
    DENIED,
  [`image-store missing: off: this Docker's image store cannot export OCI layouts | ${CONTAINERD}`]:
    [OLD_STORE, listed()],
  [`image-store advice: off; builds go to the builder big | ${CONTAINERD}`]: [
    OLD_STORE,
    listed('big docker-container\n'),
  ],
  [`image-store missing: docker is not installed | ${DOCKER}`]: NO_DOCKER,
  'builder ok: default (docker) linux/amd64, linux/386': [],
  'builder missing: docker buildx is not installed | sudo apt-get install docker-buildx': NO_DOCKER,
  'builder missing: default does not answer | docker buildx inspect --bootstrap': NO_ANSWER,
  [`builder missing: far does not answer | ${FAR}`]: [builder('remote')],
  'builder ok: far (docker-container, not running yet)': [builder('docker-container')],
  'builder missing: the builder cannot be inspected: ERROR: no builder "big" found | docker buildx use default':
    NO_BUILDER,
  'buildx ok: 0.30.1, newer than those tried (0.13 to 0.29)': [],
  'buildx missing: docker buildx 0.9.1 is too old: 0.13.0 or newer is needed | sudo apt-get install docker-buildx':
    [oldBuildx],
  'cosign ok: 2.5.3, sigstore bundles by flags': [],
  'cosign missing: cosign is not installed | sudo apt-get install cosign': [missing('cosign')],
  'cosign missing: this cosign is too old: it cannot write sigstore bundles | sudo apt-get install cosign':
    [oldCosign],
  'git ok: 2.47.3': [],
  'git advice: git is not installed | sudo apt-get install git': [missing('git')],
  'scanner ok: trivy 0.67.2': [trivy],
};

test.each(Object.entries(FOUND))('%s', async (found, runs) => {
  expect(await said(found.split(' ')[0] ?? '', machine(runs))).toBe(found);
});

test('on a Mac the commands are those of a Mac', async () => {
  const mac = machine([missing('cosign')], { platform: 'darwin' });
  expect((await row('cosign', mac))?.fix).toBe('brew install cosign');
});

test.each([
  [{}, 'advice', 'none installed; api.osv.dev is asked', 'https://api.osv.dev'],
  [
    { HTTPS_PROXY: 'http://proxy.example:3128' },
    'missing',
    'none installed, and no answer from api.osv.dev through HTTPS_PROXY proxy.example:3128: connection refused',
    'http://proxy.example:3128',
  ],
])('without a scanner OSV.dev is tried: %j', async (env, state, detail, asked) => {
  const tried: string[] = [];
  const connect: DoctorContext['connect'] = (url) => {
    tried.push(url);
    return Promise.resolve(state === 'advice' ? ok(undefined) : err('connection refused'));
  };
  expect(await row('scanner', machine([], { env, connect }))).toMatchObject({ state, detail });
  expect(tried).toEqual([asked]);
});

test.each([
  ['2026-11-20T00:00:00Z', { state: 'ok' }],
  ['2026-01-20T00:00:00Z', { state: 'advice', fix: 'scoville db update' }],
])('without an answer of OSV.dev, advisories kept here are named: of %s', async (date, found) => {
  const about = machine([], {
    now: () => Date.parse('2026-11-21'),
    connect: () => Promise.resolve(err('connection refused')),
  });
  const folder = databaseFolder(about);
  mkdirSync(folder, { recursive: true });
  const meta = { ecosystem: 'Debian', from: '/f', date, fetched: date };
  const { pieces } = new AdvisoryWriter().end(meta);
  writeFileSync(join(folder, databaseFile('Debian')), Buffer.concat(pieces));
  const detail = `none installed; the advisories kept here are read: Debian of ${date.slice(0, 10)}`;
  expect(await row('scanner', about)).toMatchObject({ ...found, detail });
});

describe('the signing key', () => {
  const CONFIG = 'config/config.yaml';
  const OWN = 'config/keys/cosign.key';
  const wrong = 'Error: reading key: decrypt: encrypted: decryption failed';
  const refused = {
    command: 'cosign',
    args: ['public-key'],
    result: { exitCode: 1, stderr: wrong },
  };

  const here = { [OWN]: 'a key' };
  const project = (text: string) => ({ '.scoville.yaml': text });

  /** What is found, with files of the project and the person, and what cosign answers. */
  test.each<[string, Readonly<Record<string, string>>, readonly ScriptedRun[]]>([
    [`ok: none yet; the first build makes @/${OWN}`, {}, []],
    [`ok: @/${OWN}`, here, []],
    [
      `missing: wrong password for the signing key @/${OWN} | set COSIGN_PASSWORD to the password of the key`,
      here,
      [refused],
    ],
    [`advice: @/${OWN} is there; cosign could not be asked about it`, here, [missing('cosign')]],
    [
      "missing: @/it's.key is named in the settings file but does not exist | cosign generate-key-pair --output-key-prefix '@/it'\\''s'",
      project("sign:\n  key: @/it's.key\n"),
      [],
    ],
    ['ok: awskms:///alias/x (not asked)', { [CONFIG]: 'sign:\n  key: awskms:///alias/x\n' }, []],
    [
      'missing: sign.key of @/.scoville.yaml is not a file of the project: only you can name it | scoville build --key KEY',
      project('sign:\n  key: awskms:///alias/x\n'),
      [],
    ],
    ['ok: signing is off in the settings file', project('sign:\n  enabled: false\n'), []],
  ])('%s', async (found, files, runs) => {
    const about = machine(runs);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(about.cwd, path)), { recursive: true });
      writeFileSync(join(about.cwd, path), text.replaceAll('@', about.cwd), { mode: 0o600 });
    }
    expect(await said('signing-key', about)).toBe(`signing-key ${found}`);
  });

  test.each([
    [0o644, 'advice', 'read'],
    [0o620, 'missing', 'written'],
    [0o666, 'missing', 'written'],
  ])('of mode %o is %s: others can have it %s', async (mode, state, verb) => {
    const about = machine();
    const key = join(about.cwd, OWN);
    mkdirSync(dirname(key), { recursive: true });
    writeFileSync(key, 'a key');
    chmodSync(key, mode);
    const detail = `the signing key ${key} can be ${verb} by other users`;
    expect(await row('signing-key', about)).toMatchObject({
      state,
      detail,
      fix: `chmod 600 ${key}`,
    });
  });

  test('an OIDC token means keyless', async () => {
    const about = machine([], { env: { SIGSTORE_ID_TOKEN: 'secret.token.value' } });
    const found = { state: 'ok', detail: 'keyless, SIGSTORE_ID_TOKEN' };
    expect(await row('signing-key', about)).toMatchObject(found);
  });
});

test('the store is not made by looking, and told with its size', async () => {
  const about = machine();
  for (let i = 0; i < 2; i++)
    expect((await row('layout', about))?.detail).toMatch(
      /layout, not there yet, [\d.]+ [kMGT]?B free(?:, less than the 5\.00 GB that a large image takes)?$/,
    );
  const { blobs } = await openStore(about.paths.store);
  await blobs.write(Buffer.alloc(2500));
  expect((await row('layout', about))?.detail).toContain(
    `${about.paths.store}, 2.50 kB (the last two builds of each name; scoville prune frees more), `,
  );
});

test('a file where the store should be is in the way', async () => {
  const about = machine();
  const { store } = about.paths;
  writeFileSync(store, '');
  const fix = `mv ${store} ${store}.old`;
  const found = { state: 'missing', detail: `${store} is not a folder`, fix };
  expect(await row('layout', about)).toMatchObject(found);
});

test('a settings file is named, and each problem of it with line and column', async () => {
  const about = machine();
  expect((await row('settings', about))?.detail).toBe('none (using defaults)');
  const file = join(about.cwd, '.scoville.yaml');
  writeFileSync(file, 'recentDays: 30\n');
  expect(await row('settings', about)).toMatchObject({ state: 'ok', detail: file });
  writeFileSync(file, 'sign:\n  enabled: perhaps\n  kee: x\n');
  const found = await row('settings', about);
  expect(found?.state).toBe('missing');
  const places = found?.detail.split('\n').map((line) => line.slice(0, file.length + 4));
  expect(places?.toSorted()).toEqual([`${file}:2:1`, `${file}:3:3`]);
  expect(found?.fix).toMatch(/^\$\{EDITOR:-vi\} \+[23] \//);
});

const STORE = '{"credsStore":"desktop"}';
const helper = { command: 'docker-credential-desktop', args: ['version'], result: {} };

test.each<[string | undefined, readonly ScriptedRun[], string]>([
  [undefined, [], 'optional: none (docker login HOST saves them)'],
  [
    '{"auths":{"r.example":{"auth":"c2VjcmV0"}},',
    [],
    'missing: @/docker/config.json is not JSON | ${EDITOR:-vi} @/docker/config.json',
  ],
  [
    STORE,
    [missing('docker-credential-desktop')],
    'advice: @/docker/config.json names docker-credential-desktop, which is not on PATH | docker login',
  ],
  [STORE, [helper], 'ok: @/docker/config.json, docker-credential-desktop'],
])('Docker’s configuration %j is told, and no secret of it', async (text, runs, found) => {
  const about = machine(runs);
  mkdirSync(about.paths.dockerConfig);
  if (text !== undefined) writeFileSync(join(about.paths.dockerConfig, 'config.json'), text);
  expect(await said('docker-config', about)).toBe(`docker-config ${found}`);
});
