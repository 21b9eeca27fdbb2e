import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Sigstore } from '../trust/stand-in.ts';
import { bases, discard, output, OWN, own, ROOT } from './harness.ts';
import { isSane, Terminal } from './tmux.ts';
import { folderHere } from './workplace.ts';

const IMAGE = own('scoville-e2e-screen-signing:1');
const PASSWORD = 'correct horse';
const folder = folderHere('screen-signing');
/** A PATH, outside of the project, whose folders on PATH do not count. */
const path = folderHere('without-cosign');
const scoville = join(folder, 'scoville');
const build = `${scoville} build --scanner=none -t ${IMAGE}`;
const config = (name: string): string => join(folder, 'home/config', name);

let sigstore: Sigstore;
let terminal: Terminal | undefined;

async function open(columns = 80, env: Readonly<Record<string, string>> = {}): Promise<Terminal> {
  const home = { TERM: 'tmux-256color', SCOVILLE_HOME: join(folder, 'home') };
  terminal = await Terminal.open({ columns, rows: 24, cwd: folder, env: { ...home, ...env } });
  return terminal;
}

beforeAll(async () => {
  sigstore = await Sigstore.start({ proxy: true });
  const script = `#!/bin/sh\nexec ${process.execPath} ${join(ROOT, 'dist/scoville.js')} "$@"\n`;
  writeFileSync(scoville, script, { mode: 0o755 });
  mkdirSync(join(folder, 'app'));
  writeFileSync(
    join(folder, 'app/Dockerfile'),
    `FROM ${bases.busybox}\nMAINTAINER me@example.com\nRUN echo ${OWN} > /built\n`,
  );
  await output('cosign', ['generate-key-pair'], {
    cwd: folder,
    env: { COSIGN_PASSWORD: PASSWORD },
  });
});

afterEach(() => terminal?.close());

afterAll(() => {
  sigstore.stop();
  const baked = ['one', 'two'].map((name) => `scoville-e2e-screen-bake-${name}:1`);
  discard([IMAGE, ...baked]);
});

test('without cosign it does not ask how, but says that it is missing', async () => {
  for (const tool of ['docker', 'git'])
    symlinkSync((await output('which', [tool])).trim(), join(path, tool));
  const screen = await open(120);
  await screen.type(`PATH='${path}' ${build} app; echo "EXIT $?"`);
  const said = await screen.until(/^EXIT 2$/m);
  expect(said).toContain('scoville: cosign is not installed');
  expect(said.replaceAll('\n', '')).toContain('or build unsigned: --sign=false');
  expect(said).not.toContain('How do you want to sign images?');
});

test('the first build asks how, asks before the public log, shows one code, and keeps what worked', async () => {
  const screen = await open(80, { ...sigstore.publicEnv, ...sigstore.trustEnv });
  const first = `${build} --trusted-root ${sigstore.trustedRoot} app; echo "EXIT $?"`;
  const keylessly = async (): Promise<void> => {
    await screen.type(first);
    await screen.until('How do you want to sign images?');
    await screen.press('2');
  };
  const consent =
    /^Keyless signing writes the email address that you log in with to public logs\n/m;

  await keylessly();
  expect(await screen.until('❯ 1. no')).toMatch(consent);
  await screen.press('Enter');
  const refused = await screen.until('EXIT 2');
  expect(refused).toMatch(/and nobody\s+agreed to/);
  expect(refused).not.toContain('ERROR');
  expect([existsSync(config('signing.json')), existsSync(config('public-log.json'))]).toEqual([
    false,
    false,
  ]);

  // Agreed to, but the login is refused: the question comes again, the yes stays.
  const approve = (code: string, email: string): Promise<Response> =>
    fetch(`${sigstore.url}/auth/device/approve?user_code=${code}&email=${email}`);
  await keylessly();
  await screen.until('❯ 1. no');
  await screen.press('2');
  expect(await screen.until('enter the code code-1')).toMatch(
    /^ {2}next: open https:\/\/oauth2\.sigstore\.dev\/auth\/device\/approve\?user_code=code-1$/m,
  );
  await approve('code-1', '');
  expect(await screen.until('EXIT 2')).toMatch(/the login was\s+refused/);
  expect(existsSync(config('signing.json'))).toBe(false);

  await keylessly();
  await screen.until('enter the code code-2 within 300 seconds');
  await approve('code-2', 'jane@example.com');
  await screen.until('EXIT 0');
  expect(JSON.parse(readFileSync(config('signing.json'), 'utf8'))).toEqual({ with: 'keyless' });
  expect((await sigstore.counts())['POST /auth/device/code']).toBe(2);
  expect(await isSane(screen)).toBe(true);
});

test('an issuer out of reach ends it before the build; without a person nobody is asked to log in', async () => {
  const screen = await open();
  const { url, trustedRoot } = sigstore;
  const named = `--fulcio-url ${url} --rekor-url ${url} --trusted-root ${trustedRoot}`;
  const bad = `${build} --keyless ${named} --oidc-issuer http://127.0.0.1:1 app`;
  await screen.type(`${bad}; echo "EXIT $?"`);
  const text = await screen.until('EXIT 2');
  expect(text).toContain('not logged in at http://127.0.0.1:1: 127.0.0.1:1');
  expect(text).toContain('next: run it again and log in, or sign with a key (--key FILE)');
  expect(text).not.toMatch(/normalize|ERROR/);

  const all = ['</dev/null', '<&-', '2>err.txt'].map((where) => `${bad} ${where}; echo "EXIT $?"`);
  const started = Date.now();
  await screen.type(`${all.join('; ')}; cat err.txt`);
  const refused = await screen.until(/(?:^EXIT 2$[^]*){3}/m);
  const nobody = /keyless signing needs an OIDC\s+token, and nobody is here to log in/g;
  expect(screen.output.match(nobody)).toHaveLength(3);
  expect(refused).not.toContain('ERROR');
  expect(Date.now() - started).toBeLessThan(30_000);
});

test('a password is asked for until it is right, and never shown', async () => {
  const screen = await open();
  await screen.type(`${build} --key cosign.key app; echo "EXIT $?"`);
  expect(await screen.until('Password of the signing key cosign.key')).not.toContain('ERROR');
  await screen.press('w', 'r');
  await screen.until(/^> \*\* *$/m);
  await screen.press('Enter');
  await screen.until('Wrong password. Password of the signing key cosign.key');
  await screen.paste(`${PASSWORD}\n`);
  await screen.until('EXIT 0');
  expect(screen.output).not.toContain(PASSWORD);
});

test('bake asks once for the key of all its targets', async () => {
  const targets = ['one', 'two'].map(
    (name) =>
      `target "${name}" {\n  context = "app"\n  tags = ["scoville-e2e-screen-bake-${name}:1"]\n}\n`,
  );
  writeFileSync(
    join(folder, 'docker-bake.hcl'),
    `group "default" {\n  targets = ["one", "two"]\n}\n${targets.join('')}`,
  );
  const screen = await open();
  await screen.type(`${scoville} bake --scanner=none --key cosign.key; echo "EXIT $?"`);
  await screen.until('Password of the signing key cosign.key');
  await screen.paste('wrong\n');
  await screen.until('Wrong password. Password of the signing key cosign.key');
  await screen.paste(`${PASSWORD}\n`);
  const ended = await screen.until('EXIT 0');
  expect(ended).toMatch(/^one .* published /m);
  expect(ended).toMatch(/^two .* published /m);
  expect(screen.output).not.toContain(PASSWORD);
});

test('attest asks for it too; Ctrl-C at a narrow question leaves the terminal as it was', async () => {
  const screen = await open(30);
  writeFileSync(join(folder, 'note.json'), '{"note":"seen"}');
  const attest = `${scoville} attest --signing-key cosign.key --type https://example.com/note/v1 --predicate note.json store:${IMAGE}`;
  await screen.type(`${attest}; echo "EXIT $?"`);
  await screen.until(/^Password of the signing key\ncosign\.key\n>/m);
  await screen.press('x', 'C-c');
  await screen.until('EXIT 130');
  expect(await isSane(screen)).toBe(true);
  await screen.type(`${attest}; echo "EXIT $?"`);
  await screen.until('key\ncosign.key\n>');
  await screen.paste(`${PASSWORD}\n`);
  await screen.until('EXIT 0');
});
