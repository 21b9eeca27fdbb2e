import { describe, expect, test } from 'vitest';
import { analysisOf } from './support.ts';

type Files = Readonly<Record<string, string>>;

function unread(run: string, files: Files = {}): readonly string[] {
  return analysisOf(`FROM x\n${run}`, {}, files).unread.map(({ reason }) => reason);
}

describe('a file that a known program obeys is read, or the program is unread', () => {
  const context = { 'a b': '' };
  test.each<[string, Files?]>([
    ['RUN echo \'APT::Update::Pre-Invoke {"x";};\' > /etc/apt/apt.conf.d/9 && apt-get update'],
    ['COPY <<E /etc/apt/apt.conf.d/9\nDPkg::Tools {"x";};\nE\nRUN apt-get update'],
    ['COPY h.conf /etc/apt/apt.conf.d/\nRUN apt-get update', { 'h.conf': 'Dir::Bin::dpkg "/x";' }],
    ['COPY d /etc/dpkg/dpkg.cfg.d/d\nRUN dpkg -l', { d: 'pre-invoke=x' }],
    ["RUN echo '%_arch %(x)' > ~/.rpmmacros && rpm -qa"],
    ["RUN printf '[core]\\nfsmonitor = x\\n' > /root/.gitconfig && git status"],
    ['COPY . .\nRUN git status', { '.git/config': '[core]\n\tfsmonitor = x' }],
    ['WORKDIR /w\nCOPY . .\nRUN git checkout main', { '.git/hooks/post-checkout': 'x' }],
    ['RUN echo url=https://e.example > ~/.curlrc && curl --version'],
    ['RUN echo /x.so > /etc/ld.so.preload && ls'],
    ['COPY root /\nRUN ls', { 'root/etc/ld.so.preload': '/x.so' }],
    ['COPY libc.so.6 /lib/x86_64-linux-gnu/\nRUN ls', { 'libc.so.6': '\u007fELF' }],
    ['COPY .npmrc .\nRUN npm ci', { '.npmrc': 'script-shell=./x' }],
    ['WORKDIR /w\nCOPY . .\nRUN yarn install', { '.yarnrc.yml': 'yarnPath: ./evil.cjs' }],
    ['WORKDIR /w\nCOPY . .\nRUN yarn install', { '.yarnrc': 'yarn-path "./evil.js"' }],
    ['WORKDIR /w\nCOPY . .\nRUN git commit -m x', { '.husky/pre-commit': 'curl x' }],
    ['COPY . .\nRUN pnpm install', { '.pnpmfile.cjs': 'x' }],
    [
      'COPY s.py /usr/lib/python3/dist-packages/sitecustomize.py\nRUN pip list',
      { 's.py': 'import socket' },
    ],
    ['COPY . .\nRUN pip install .', { 'setup.py': 'import os; os.system("x")' }],
    ['COPY . .\nRUN cargo build --locked', { 'build.rs': 'fn main() {}' }],
    ['COPY . .\nRUN cargo build', { '.cargo/config.toml': '[build]\nrustc-wrapper = "./x"' }],
    ['COPY . .\nRUN bundle install', { Gemfile: '`x`' }],
    ['COPY p /etc/profile.d/p.sh\nSHELL ["/bin/bash", "-lc"]\nRUN ls', { p: 'curl e' }],
    ['COPY p /etc/profile.d/p.sh\nRUN bash -lc ls', { p: 'curl e' }],
    ['COPY p /root/.bashrc\nSHELL ["/bin/bash", "-ic"]\nRUN ls', { p: '$(x)' }],
    ['COPY p /etc/zsh/zshenv\nRUN zsh -c ls', { p: 'x' }],
    ['COPY o.cnf /o.cnf\nRUN openssl req -config /o.cnf', { 'o.cnf': 'dynamic_path = /x.so' }],
  ])('%s', (run, files = context) => {
    expect(unread(run, files)).toHaveLength(1);
  });

  test.each<[string, Files?]>([
    ['RUN echo \'APT::Install-Recommends "0";\' > /etc/apt/apt.conf.d/9 && apt-get update'],
    [
      'RUN echo \'DPkg::Post-Invoke { "rm -f /var/cache/apt/*.bin || true"; };\' > /etc/apt/apt.conf.d/9 && apt-get update',
    ],
    ['RUN echo "path-exclude /usr/share/man/*" > /etc/dpkg/dpkg.cfg.d/x && apt-get update'],
    ["RUN printf '[user]\\nname = x\\n' > /root/.gitconfig && git status"],
    ['RUN echo /usr/lib/libjemalloc.so.2 > /etc/ld.so.preload && ls'],
    ['COPY .npmrc .\nRUN npm ci', { '.npmrc': 'registry=https://registry.npmjs.org/' }],
    ['COPY . .\nRUN pip install .', { 'setup.py': 'from setuptools import setup\nsetup()' }],
    ['COPY . .\nRUN cargo build', { '.cargo/config.toml': '[target.x]\nlinker = "clang"' }],
    [
      'COPY . .\nRUN bundle install',
      { Gemfile: '# `x`\nsource "https://rubygems.org"\ngem "bootsnap", require: false' },
    ],
    ['RUN echo "export A=$HOME/b" >> ~/.bashrc\nSHELL ["/bin/bash", "-ic"]\nRUN ls'],
    ['COPY libfoo.so /usr/lib/\nRUN ls', { 'libfoo.so': '' }],
    ['COPY . .\nRUN git status', { '.git/config': '[core]\n\tbare = false' }],
    // It is put there after the command.
    ['RUN ls\nRUN echo /x.so > /etc/ld.so.preload'],
  ])('ok-%s', (run, files = context) => {
    expect(unread(run, files)).toEqual([]);
  });

  test('what was not read is named, with the reason', () => {
    expect(unread('RUN echo /x.so > /etc/ld.so.preload && ls')).toEqual([
      '/etc/ld.so.preload was not read, and the loader runs the libraries that it names in each program',
    ]);
  });
});

describe('scripts that a manifest names run around an install', () => {
  const npm = (scripts: Record<string, string>): Files => ({
    'package.json': JSON.stringify({ scripts }),
  });
  const composer = (scripts: Record<string, unknown>): Files => ({
    'composer.json': JSON.stringify({ scripts }),
  });
  const programs = (run: string, files: Files): readonly (string | undefined)[] =>
    analysisOf(`FROM x\nCOPY . .\n${run}`, {}, files).unread.map(({ program }) => program);

  test.each<[string, Files, readonly string[]]>([
    ['RUN npm ci', npm({ postinstall: 'strange' }), ['strange']],
    ['RUN npm install', npm({ prepare: 'strange', preinstall: 'odd' }), ['odd', 'strange']],
    ['RUN yarn', npm({ postinstall: 'strange' }), ['strange']],
    ['RUN pnpm i --frozen-lockfile', npm({ install: 'strange' }), ['strange']],
    ['RUN npm ci --ignore-scripts', npm({ postinstall: 'strange' }), []],
    ['RUN npm ci', npm({ postinstall: 'rm -rf x' }), []],
    ['RUN npm install left-pad@1.0.0', npm({ postinstall: 'strange' }), []],
    [
      'RUN composer install',
      composer({ 'post-install-cmd': ['@odd'], odd: 'strange' }),
      ['strange'],
    ],
    ['RUN composer install', composer({ 'post-autoload-dump': 'App\\X::y' }), ['App\\X::y']],
    ['RUN composer install --no-scripts', composer({ 'post-install-cmd': 'strange' }), []],
    ['RUN composer install', composer({ 'post-autoload-dump': 'Illuminate\\X::y' }), []],
    ['RUN composer install', composer({ 'post-install-cmd': '@a', a: '@a' }), ['@a']],
  ])('%s %j', (run, files, expected) => {
    expect(programs(run, files)).toEqual(expected);
  });

  test('what such a script downloads is a download', () => {
    const { downloads } = analysisOf(
      'FROM x\nCOPY . .\nRUN npm ci',
      {},
      npm({ postinstall: 'curl -o f https://e.example/f' }),
    );
    expect(downloads.map(({ url }) => url)).toEqual(['https://e.example/f']);
  });
});
