import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';

type Files = Readonly<Record<string, string>>;
const NEW_YEAR = '2026-01-01T00:00:00Z';

/**
 * Writes what registries serve, one package each, below `folder`: PyPI, crates.io (sparse index), a
 * Go proxy, RubyGems (compact index), Packagist, and git over HTTP. `address` is where it is
 * served.
 */
export function writeRegistries(folder: string, address: string): void {
  const write = (path: string, content: string | Uint8Array): void => {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  python(write);
  crates(write, address);
  go(write);
  gems(write);
  composer(write, address);
  write('plain/data.txt', 'plain\n'.repeat(50_000));
  git(folder);
}

type Write = (path: string, content: string | Uint8Array) => void;

function python(write: Write): void {
  for (const [name, needs] of [
    ['greet', 'words'],
    ['words', ''],
  ] as const) {
    const info = `${name}-1.0.0.dist-info`;
    const wheel = zip({
      [`${name}.py`]: `WORD = "${name}"\n`,
      [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0.0\n${needs === '' ? '' : `Requires-Dist: ${needs}\n`}`,
      [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
      [`${info}/RECORD`]: `${name}.py,,\n${info}/METADATA,,\n${info}/WHEEL,,\n${info}/RECORD,,\n`,
    });
    const file = `${name}-1.0.0-py3-none-any.whl`;
    write(`pypi/files/${file}`, wheel);
    write(
      `pypi/simple/${name}/index.html`,
      `<!DOCTYPE html><a href="../../files/${file}#sha256=${sha('sha256', wheel)}">${file}</a>`,
    );
  }
}

function crates(write: Write, address: string): void {
  const crate = tarball({
    'greet-1.0.0/Cargo.toml':
      '[package]\nname = "greet"\nversion = "1.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n',
    'greet-1.0.0/lib.rs': 'pub fn word() -> &\'static str { "greet" }\n',
  });
  write('crates/index/config.json', JSON.stringify({ dl: `${address}/crates/dl` }));
  write('crates/dl/greet/1.0.0/download', crate);
  const entry = { name: 'greet', vers: '1.0.0', deps: [], features: {}, yanked: false };
  write(
    'crates/index/gr/ee/greet',
    `${JSON.stringify({ ...entry, cksum: sha('sha256', crate) })}\n`,
  );
}

function go(write: Write): void {
  const module = 'module example.com/greet\n\ngo 1.20\n';
  const at = (name: string): string => `go/example.com/greet/@v/${name}`;
  write(at('list'), 'v1.0.0\n');
  write(at('v1.0.0.info'), JSON.stringify({ Version: 'v1.0.0', Time: NEW_YEAR }));
  write(at('v1.0.0.mod'), module);
  write(
    at('v1.0.0.zip'),
    zip({
      'example.com/greet@v1.0.0/go.mod': module,
      'example.com/greet@v1.0.0/greet.go': 'package greet\n\nconst Word = "greet"\n',
    }),
  );
}

function gems(write: Write): void {
  const metadata = [
    '--- !ruby/object:Gem::Specification',
    'name: greet',
    'version: !ruby/object:Gem::Version',
    '  version: 1.0.0',
    'platform: ruby',
    'authors: [nobody]',
    `date: ${NEW_YEAR.slice(0, 10)} 00:00:00.000000000 Z`,
    'dependencies: []',
    'files: [lib/greet.rb]',
    'require_paths: [lib]',
    'specification_version: 4',
    'summary: greets',
    '',
  ].join('\n');
  const data = tarball({ 'lib/greet.rb': "WORD = 'greet'\n" });
  const gem = tar({ 'metadata.gz': gzipSync(metadata), 'data.tar.gz': data });
  const info = `---\n1.0.0 |checksum:${sha('sha256', gem)}\n`;
  write('gems/gems/greet-1.0.0.gem', gem);
  write('gems/info/greet', info);
  write('gems/versions', `created_at: ${NEW_YEAR}\n---\ngreet 1.0.0 ${sha('md5', info)}\n`);
}

function composer(write: Write, address: string): void {
  const archive = zip({
    'greet/composer.json': JSON.stringify({ name: 'acme/greet', autoload: { files: ['g.php'] } }),
    'greet/g.php': "<?php const WORD = 'greet';\n",
  });
  write('composer/dist/greet.zip', archive);
  const dist = { type: 'zip', url: `${address}/composer/dist/greet.zip` };
  const version = { name: 'acme/greet', version: '1.0.0', time: NEW_YEAR };
  write(
    'composer/packages.json',
    JSON.stringify({
      packages: {
        'acme/greet': { '1.0.0': { ...version, dist: { ...dist, shasum: sha('sha1', archive) } } },
      },
    }),
  );
}

function git(folder: string): void {
  const at = join(folder, 'work');
  mkdirSync(at);
  writeFileSync(join(at, 'greet.txt'), 'greet\n');
  const run = (...args: string[]): void => {
    execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=n@example.com', ...args], {
      cwd: at,
      stdio: 'ignore',
      env: { ...process.env, GIT_COMMITTER_DATE: NEW_YEAR, GIT_AUTHOR_DATE: NEW_YEAR },
    });
  };
  run('init', '--initial-branch=main');
  run('add', '.');
  run('commit', '-m', 'greet');
  run('clone', '--bare', '.', join(folder, 'git/greet.git'));
  rmSync(at, { recursive: true });
}

function zip(files: Files): Uint8Array {
  const entries = Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]);
  return zipSync(Object.fromEntries(entries) as Record<string, Uint8Array>, { mtime: NEW_YEAR });
}

function tarball(files: Files): Uint8Array {
  return gzipSync(tar(files));
}

function tar(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'scoville-tar-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(folder, dirname(name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const fixed = ['--format=ustar', '--owner=0', '--group=0', `--mtime=${NEW_YEAR}`];
    return execFileSync('tar', ['-C', folder, ...fixed, '-cf', '-', ...Object.keys(files)]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function sha(algorithm: 'md5' | 'sha1' | 'sha256', content: string | Uint8Array): string {
  return createHash(algorithm).update(content).digest('hex');
}
