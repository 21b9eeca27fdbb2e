import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CommandIo } from '../../src/cli/io.ts';
import { parseSettings } from '../../src/config/settings.ts';
import { init } from '../../src/init/init.ts';
import { messageOf, UserError } from '../../src/lib/errors.ts';
import { fakeIo } from '../cli/command-io.ts';

const PACKAGE = JSON.stringify({
  name: 'shop',
  author: 'A B',
  main: 'app.js',
  engines: { node: '22' },
});

let folder = '';
let elsewhere = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scoville-init-'));
  elsewhere = await mkdtemp(join(tmpdir(), 'scoville-git-'));
  vi.stubEnv('GIT_CONFIG_GLOBAL', '/dev/null');
  vi.stubEnv('GIT_CONFIG_NOSYSTEM', '1');
});
afterEach(() => {
  vi.unstubAllEnvs();
  return Promise.all([folder, elsewhere].map((dir) => rm(dir, { recursive: true, force: true })));
});

/** Git's settings, which name who commits here. */
async function gitKnows(text: string): Promise<void> {
  const file = join(elsewhere, 'config');
  await writeFile(file, text);
  vi.stubEnv('GIT_CONFIG_GLOBAL', file);
}

async function files(given: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(given)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

function read(path: string): Promise<string> {
  return readFile(join(folder, path), 'utf8');
}

async function run(args: readonly string[], more: Partial<CommandIo> = {}) {
  const { io, out, err } = fakeIo({ cwd: folder, ...more });
  const code = await init(['--offline', ...args], io);
  return { code, out: out(), err: err() };
}

async function refusal(args: readonly string[], more: Partial<CommandIo> = {}): Promise<string> {
  const before = await readdir(folder);
  try {
    await run(args, more);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(UserError);
    expect(await readdir(folder)).toEqual(before);
    return `${messageOf(thrown)} | ${(thrown as UserError).nextStep ?? ''}`;
  }
  throw new Error('it was not refused');
}

/** A terminal at which these lines are typed. */
function typed(...lines: readonly string[]): Partial<CommandIo> {
  async function* stdin(): AsyncGenerator<Uint8Array> {
    for (const line of lines) yield await Promise.resolve(Buffer.from(`${line}\n`));
  }
  return { stdin: stdin(), inIsTerminal: true, errIsTerminal: true };
}

test('writes Dockerfile, .dockerignore, settings and profile for the stack that it finds', async () => {
  await files({ 'package.json': PACKAGE, 'package-lock.json': '{}' });
  const { code, out, err } = await run(['--yes']);
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('Node.js service (package.json, package-lock.json)\nwrote Dockerfile\n');
  expect(out).toContain('not pinned: node:22-trixie-slim: no registry was asked\n');
  const dockerfile = await read('Dockerfile');
  expect(dockerfile).toContain('FROM gcr.io/distroless/nodejs22-debian13:nonroot\n');
  expect(dockerfile).toContain('CMD ["app.js"]\n');
  expect(dockerfile).not.toContain('@{');
  const settings = await parseSettings(await read('.scoville.yaml'), { file: 'f', now: 0 });
  expect(settings.ok && settings.value).toMatchObject({
    image: { title: 'shop', authors: 'A B' },
    secrets: { use: 'none' },
  });
  expect((await readdir(folder)).toSorted()).toEqual([
    '.dockerignore',
    '.scoville.yaml',
    'Dockerfile',
    'package-lock.json',
    'package.json',
    'seccomp.json',
  ]);
});

test('overwrites nothing without being told, and then all', async () => {
  await files({ 'package.json': PACKAGE, Dockerfile: 'FROM mine\n', '.dockerignore': 'mine\n' });
  expect(await refusal(['--yes'])).toBe(
    'there already: Dockerfile, .dockerignore; nothing was written | --force replaces them, --dry-run shows what they would become',
  );
  expect(await read('Dockerfile')).toBe('FROM mine\n');
  const { out } = await run(['--yes', '--force']);
  expect(out).toContain('wrote Dockerfile, replacing the old one\n');
  expect(await read('Dockerfile')).toContain('npm ci');
});

test('--dry-run shows every file and writes none', async () => {
  await files({ 'package.json': PACKAGE, Dockerfile: 'FROM mine\n' });
  const { code, out } = await run(['--yes', '--dry-run', '--ci', 'gitlab']);
  expect(code).toBe(0);
  expect(out).toContain('would write .gitlab-ci.yml\n');
  expect(out).toContain('\n--- Dockerfile\nFROM node:22-trixie-slim AS dependencies\n');
  expect((await readdir(folder)).toSorted()).toEqual(['Dockerfile', 'package.json']);
});

test('--ci writes a workflow that signs keylessly and gates, below the project', async () => {
  await files({ 'app/package.json': PACKAGE });
  await run(['--yes', '--ci=github', '--set', 'level=4', 'app']);
  const workflow = await read('app/.github/workflows/image.yaml');
  expect(workflow).toContain(
    'scoville build --keyless --min-level 4 --push --tag "${IMAGE,,}:$GITHUB_SHA"',
  );
  expect(workflow).toContain('secrets.GITHUB_TOKEN');
  expect(await readdir(folder)).toEqual(['app']);
});

const RELEASE = `https://github.com/o/scoville/releases/download/v1/scoville-1.tgz`;

test.each(['github', 'gitlab'])(
  'CI on %s installs what was named, by its sum alone',
  async (ci) => {
    await files({ 'package.json': PACKAGE });
    const path = ci === 'github' ? '.github/workflows/image.yaml' : '.gitlab-ci.yml';
    const { out } = await run(['--yes', `--ci=${ci}`]);
    expect(out).toContain('note: CI installs scoville from the .tgz of a release');
    const open = await read(path);
    // Nobody's name of a registry, and a step that fails until somebody says what it is to install.
    expect(open).toContain('"${package:?write the address of the .tgz of a release above}"');
    expect(open).not.toMatch(/npm (?:install|i) .*scoville@|^\s*-?\s*(?:package|sha256)=/m);
    const set = [`--set=package=${RELEASE}`, `--set=sha256=${'a'.repeat(64)}`];
    const named = await run(['--yes', '--force', `--ci=${ci}`, ...set]);
    expect(named.out).not.toContain('note: CI installs');
    const text = await read(path);
    expect(text).toContain(`package=${RELEASE}\n`);
    expect(text).toContain(`sha256=${'a'.repeat(64)}\n`);
    expect(text).toContain('npm install --global --offline --ignore-scripts');
  },
);

test('what was assumed is said, and where the port was read', async () => {
  await files({ 'package.json': PACKAGE, 'app.js': 'app.listen(3000);\n' });
  const { out } = await run(['--yes', '--set', 'health=/healthz']);
  expect(out).toContain(
    'port 3000, as in app.js\nassumed: no secrets; to change it: --set secrets=...\n',
  );
  expect(await read('Dockerfile')).toContain('EXPOSE 3000\n');
  const other = await run(['--yes', '--force', '--set', 'port=4000']);
  expect(other.out).toContain(
    'assumed: health check at /, no secrets; to change it: --set health=... --set secrets=...\n',
  );
  // Its own Dockerfile says 4000 by now.
  await files({ 'app.js': 'app.listen(port);\n', Dockerfile: '' });
  const unknown = await run(['--yes', '--force']);
  expect(unknown.out).toContain(
    'assumed: port 8080, health check at /, no secrets; to change it: --set port=... --set health=... --set secrets=...\n',
  );
});

test('secrets may have underscores, as in compose files', async () => {
  await files({ 'package.json': PACKAGE });
  await run(['--yes', '--set', 'secrets=db_password']);
  expect(await read('Dockerfile')).toContain('DB_PASSWORD_FILE=/run/secrets/db_password\n');
  expect(await read('.scoville.yaml')).toContain('    - /run/secrets/db_password\n');
});

test('pages in dist are found, copied and not ignored', async () => {
  await files({ 'dist/index.html': '<p>hello</p>' });
  const { out } = await run(['--yes']);
  expect(out).toContain('Static site on nginx (dist/index.html)\n');
  const dockerfile = await read('Dockerfile');
  expect(dockerfile).toContain('COPY dist /site\n');
  expect(dockerfile).toContain('RUN test -e /site/index.html || { echo "dist has no index.html"');
  expect((await read('.dockerignore')).split('\n')).not.toContain('dist');
});

test('--json says what was done', async () => {
  await files({ 'go.mod': 'module example.com/a/shop\n\ngo 1.25\n', 'main.go': '' });
  const { out } = await run([
    ...['--json', '--set', 'authors=A', '--set', 'secrets=db'],
    ...['--set', `base.runtime=registry.example.com/static:1@sha256:${'a'.repeat(64)}`],
  ]);
  expect(JSON.parse(out)).toEqual({
    schemaVersion: '1',
    dryRun: false,
    stack: 'go',
    detectedBy: ['go.mod', 'main.go'],
    answers: {
      version: '1.25',
      package: '.',
      name: 'shop',
      authors: 'A',
      port: '8080',
      health: '/',
      secrets: 'db',
      level: '3',
    },
    assumed: ['port', 'health', 'level'],
    files: ['Dockerfile', '.dockerignore', '.scoville.yaml', 'seccomp.json'].map((path) => ({
      path,
      replaces: false,
    })),
    bases: [
      {
        role: 'build',
        image: 'golang:1.25-trixie',
        digest: null,
        reason: 'no registry was asked',
      },
      {
        role: 'runtime',
        image: `registry.example.com/static:1@sha256:${'a'.repeat(64)}`,
        digest: `sha256:${'a'.repeat(64)}`,
      },
    ],
    notes: [
      'it is linked statically, without cgo',
      expect.stringContaining('docker run --read-only'),
    ],
  });
  expect(await read('Dockerfile')).toContain('ENV DB_FILE=/run/secrets/db\n');
  expect(await read('.scoville.yaml')).toContain(
    '  use: by-file\n  files:\n    - /run/secrets/db\n',
  );
});

test('a file that the Dockerfile copies and that is not there is told of', async () => {
  await files({ 'package.json': PACKAGE });
  const { out } = await run(['--set', 'secrets=none']);
  expect(out).toContain(
    'note: the Dockerfile copies package-lock.json, which does not exist yet; without it the build fails (npm install --package-lock-only)\n',
  );
  expect(out.trimEnd().split('\n').at(-1)).toMatch(
    /^next: npm install --package-lock-only; then scoville build -t [a-z-]+ \.$/,
  );
  await files({ 'package-lock.json': '{}' });
  const again = await run(['--set', 'secrets=none', '--force']);
  expect(again.out).not.toContain('not there yet');
  expect(again.out.trimEnd().split('\n').at(-1)).toMatch(/^next: scoville build -t [a-z-]+ \.$/);
});

test.each([
  [{ cpanfile: '' }, 'cpanfile is of Perl'],
  [{ 'cgi-bin/guest.cgi': '' }, 'cgi-bin/guest.cgi is of CGI'],
  [{ 'mix.exs': '' }, 'mix.exs is of Elixir'],
])('a stack that no template is for is named: %j', async (project, said) => {
  await files(project);
  expect(await refusal(['--yes'])).toMatch(
    new RegExp(
      `^${said}, which has no template \\| write a Dockerfile, and check it with scoville lint and scoville fix; or --stack NAME, one of c, dotnet, `,
    ),
  );
  const set = ['--set', 'authors=A', '--set', 'secrets=none', '--set', 'name=x'];
  const { err } = await run(set, typed('go', '', 'cmd/x', '', '', ''));
  expect(err).toContain(`${said}, which has no template. Which stack`);
});

test('folders below that have a stack are named where the project has none', async () => {
  await files({
    'go.work': '',
    'my svc/go.mod': '',
    'my svc/main.go': '',
    'web/package.json': '',
  });
  expect(await refusal(['--yes'])).toBe(
    "could not detect the stack of the folder, but in folders below: my svc (go), web (node) | scoville init 'my svc'",
  );
});

test('what cannot be known is told in one error where nobody can be asked', async () => {
  await files({ 'requirements.txt': '' });
  expect(await refusal([])).toBe(
    'not known: start (Arguments of python that start the service, such as: -m uvicorn app.main:app --host 0.0.0.0 --port 8080), ' +
      'authors (Who is responsible for the image, a name or an address), secrets (Secrets that it reads from files below /run/secrets)' +
      ' | --set start=... --set authors=... --set secrets=..., or --yes for what has a default',
  );
});

test('in a terminal it is asked, a wrong answer once more, an empty one is the default', async () => {
  await files({ 'requirements.txt': '', 'app.py': '' });
  const { code, err } = await run([], typed('Zoë\u0007', 'Zoë', ''));
  expect(code).toBe(0);
  expect(err).toBe(
    'Who is responsible for the image, a name or an address:   must be one line of text\n' +
      'Who is responsible for the image, a name or an address: ' +
      'Secrets that it reads from files below /run/secrets (a,b or none) [none]: ',
  );
  expect(await read('.scoville.yaml')).toContain('authors: "Zoë"\n');
  expect(await read('Dockerfile')).toContain('CMD ["app.py"]');
});

test('who commits in the project is the default for the authors, which --yes takes and tells', async () => {
  await files({ 'go.mod': 'module a\n\ngo 1.25\n', 'main.go': '' });
  await gitKnows('[user]\n\tname = Zoë B\n\temail = zoe@example.com\n');
  expect(await refusal([])).toContain('or --yes for what has a default');
  const { err } = await run(['--yes']);
  expect(err).toBe(
    'scoville: authors: Zoë B <zoe@example.com>, as git knows you; --set authors=... for another\n',
  );
  expect(await read('.scoville.yaml')).toContain('authors: "Zoë B <zoe@example.com>"\n');
  const { err: given } = await run(['--yes', '--force', '--set', 'authors=The shop']);
  expect(given).toBe('');
  expect(await read('.scoville.yaml')).toContain('authors: "The shop"\n');
});

test('a project that names its authors goes above git, and what git has that is no text is nothing', async () => {
  await files({ 'package.json': PACKAGE, 'package-lock.json': '{}' });
  await gitKnows('[user]\n\tname = "Zo\\n\\bë"\n');
  expect((await run(['--yes'])).err).toBe('');
  expect(await read('.scoville.yaml')).toContain('authors: "A B"\n');
  await files({ 'package.json': JSON.stringify({ name: 'shop', main: 'app.js' }) });
  expect((await run(['--yes', '--force'])).err).toBe(
    'scoville: authors left out (Who is responsible for the image, a name or an address); --set authors=... puts it in\n',
  );
  expect(await read('.scoville.yaml')).not.toContain('authors');
});

test('in a terminal files that are there go after a yes, and stay without one', async () => {
  await files({ 'package.json': PACKAGE, Dockerfile: 'FROM mine\n' });
  expect(await refusal(['--set', 'secrets=none'], typed('maybe', ''))).toContain(
    'there already: Dockerfile',
  );
  expect(await read('Dockerfile')).toBe('FROM mine\n');
  const { err } = await run(['--set', 'secrets=none'], typed('yes'));
  expect(err).toBe('There already: Dockerfile. Replace (no, yes) [no]: ');
  expect(await read('Dockerfile')).toContain('npm ci');
});

test('an input that ends writes nothing', async () => {
  await files({ 'requirements.txt': '', 'app.py': '' });
  expect(await refusal([], typed('A B'))).toContain('the input ended before all was answered');
  expect(await refusal([], typed('\u0007', '\u0007', '\u0007', '\u0007', '\u0007', 'A'))).toContain(
    'no usable answer in 5 tries',
  );
});

test('a project of several stacks is asked about, and refused where nobody can be asked', async () => {
  await files({
    'go.mod': 'module a\n\ngo 1.25\n',
    'main.go': '',
    'Cargo.toml': '',
    'Cargo.lock': '',
  });
  expect(await refusal(['--yes'])).toBe(
    'the project could be of several stacks: go (go.mod, main.go), rust (Cargo.toml, Cargo.lock) | --stack NAME, one of go, rust',
  );
  const { out } = await run(['--set', 'authors=A', '--set', 'secrets=none'], typed('cobol', 'go'));
  expect(out).toContain('Go service (go.mod, main.go)');
});

test.each(
  Object.entries({
    '--stack nod':
      'unknown stack "nod"; did you mean node? | --stack takes one of c, dotnet, go, java, node, php, python, ruby, rust, static, typescript',
    '--stack node --set prot=1': 'node does not ask "prot"',
    '--stack node --yes --set port=80': 'port must be a port from 1024 to 65535',
    '--stack node --yes --set entry=../x.js': 'entry must be a path inside of the project',
    '--stack node --yes --set entry=a.js --set authors=A --set base.run=a':
      'node has no base "run"; known are build, runtime',
    '--stack node --yes --set entry=a.js --set authors=A --set base.build=A':
      'base.build must be an image reference',
    '--set x': '--set takes NAME=VALUE, not "x"',
    '--ci jenkins': 'invalid value "jenkins" for --ci; use one of github, gitlab',
    'a b': 'init takes one folder',
    nothing: 'nothing cannot be read',
    '--yes': 'could not detect the stack of the folder',
  }),
)('%s is refused', async (line, expected) => {
  expect(await refusal(line.split(' '))).toContain(expected);
});

test.each([
  ['a name with a newline', { name: 'shop\nRUN touch /evil' }],
  ['a name with a command', { name: '$(touch /evil)' }],
  ['a name with a placeholder', { name: '@{base.build}' }],
  ['an author with an escape sequence', { author: 'A\u001b[2J\nsign: { enabled: false }' }],
  ['an entry with a quote', { main: 'a.js", "--eval", "evil' }],
  ['a start script with an option', { scripts: { start: 'node --eval=evil' } }],
  ['a name that is no text', { name: { toString: 'x' }, author: ['x'] }],
  ['a prototype', JSON.parse('{"__proto__":{"name":"x"}}') as object],
])('a hostile project: %s gets nowhere', async (_, manifest) => {
  const whole = { author: 'A B', main: 'app.js', ...manifest };
  await files({ 'package.json': JSON.stringify(whole) });
  const detected = await run(['--yes', '--dry-run', '--ci', 'github']).catch(messageOf);
  const shown = typeof detected === 'string' ? detected : detected.out + detected.err;
  expect(shown).not.toMatch(/evil|@\{|\u001b|enabled/);
  const given = ['--set', 'authors=A', '--set', 'entry=app.js', '--set', 'name=shop'];
  const { err } = await run(['--yes', '--ci', 'github', ...given]);
  for (const path of ['Dockerfile', '.scoville.yaml', '.github/workflows/image.yaml']) {
    const text = await read(path);
    expect(text).not.toMatch(/evil|@\{|\u001b|enabled/);
  }
  expect(err).toBe('');
});
