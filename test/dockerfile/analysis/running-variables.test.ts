import { expect, test } from 'vitest';
import { analysisOf } from './support.ts';

function unread(text: string): readonly (string | undefined)[] {
  return analysisOf(`FROM x\n${text}`).unread.map(({ program }) => program);
}

test.each([
  ['LD_PRELOAD', '/x/evil.so'],
  ['LD_AUDIT', '/x/evil.so'],
  ['BASH_ENV', '/x/evil.sh'],
  ['NODE_OPTIONS', '--require=/x/evil.js'],
  ['NODE_OPTIONS', '"--max-old-space-size=4096 -r /x/evil.js"'],
  ['RUBYOPT', '-r/x/evil'],
  ['PERL5OPT', '-M/x/evil'],
  ['JAVA_TOOL_OPTIONS', '-javaagent:/x/evil.jar'],
  ['GIT_SSH_COMMAND', '"curl https://e.example"'],
  ['GIT_SSH_COMMAND', '"ssh -o ProxyCommand=evil"'],
  ['GIT_CONFIG_KEY_0', 'alias.status'],
  ['GIT_CONFIG_KEY_0', 'core.fsmonitor'],
  ['GIT_EXEC_PATH', '/x'],
  ['RUSTC_WRAPPER', '/x/evil'],
  ['GOFLAGS', '-toolexec=/x/evil'],
  ['npm_config_script_shell', '/x/evil'],
  ['NPM_CONFIG_USERCONFIG', '/x/npmrc'],
  ['PIP_REQUIREMENT', 'https://e.example/r.txt'],
  ['APT_CONFIG', '/x/apt.conf'],
])('%s=%s runs what nobody read', (name, value) => {
  const plain = value.replaceAll('"', '');
  expect(unread(`ENV ${name}=${value}\nRUN ls`)).toEqual([name]);
  expect(unread(`ARG ${name}=${value}\nRUN ls`)).toEqual([name]);
  expect(unread(`RUN export ${name}='${plain}' && ls`)).toEqual([name]);
  expect(unread(`RUN ${name}='${plain}' ls`)).toEqual([name]);
  expect(unread(`RUN env ${name}='${plain}' ls`)).toEqual([name]);
  expect(unread(`RUN export ${name}="$(cat x)" && ls`)).toEqual([name]);
});

test.each([
  'ENV LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2',
  'ENV BASH_ENV=/etc/bash.bashrc',
  'ENV BASH_ENV=~/.bashrc',
  'ENV NODE_OPTIONS=--max-old-space-size=4096',
  'ENV NODE_OPTIONS=--openssl-legacy-provider',
  'ENV JAVA_TOOL_OPTIONS=-Dfile.encoding=UTF8',
  'ENV GIT_SSH_COMMAND="ssh -o StrictHostKeyChecking=no"',
  'ENV RUSTC_WRAPPER=sccache',
  'ENV CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc',
  'ENV GOFLAGS=-mod=readonly',
  'ENV LD_PRELOAD=',
  'ARG LD_PRELOAD',
])('%s is ordinary', (line) => {
  expect(unread(`${line}\nRUN ls`)).toEqual([]);
});

test.each([
  ['go build -toolexec=/x/evil ./...', 'go'],
  ['go test ./...', 'go'],
  ['cargo test', 'cargo'],
  ['cargo run', 'cargo'],
  ['cargo build --config build.rustc-wrapper="/x"', 'cargo'],
  ['npm install --script-shell=/x/evil', 'npm'],
  ['apt-get -o APT::Update::Pre-Invoke::=evil install x=1', 'apt-get'],
  ['git clone --template=/x https://e.example/r', 'git'],
  ['rustup run stable evil', 'rustup'],
  ['n exec 20 evil', 'n'],
  ['python x/pip.py install a==1', '/w/x/pip.py'],
  ['node yarn.js install --immutable', '/w/yarn.js'],
  ['bin/sed -i s/a/b/ f', '/w/bin/sed'],
  ['/w/bin/curl --version', '/w/bin/curl'],
  ['php composer.phar install', '/w/composer.phar'],
])('%s runs what nobody read', (command, program) => {
  expect(unread(`WORKDIR /w\nCOPY . .\nRUN ${command}`)).toEqual([program]);
});

test.each([
  '/opt/venv/bin/pip install a==1',
  '.venv/bin/pip install a==1',
  'python3 /usr/bin/pip3 install a==1',
  'node /usr/lib/node_modules/npm/bin/npm-cli.js ci',
])('%s is read', (command) => {
  expect(unread(`WORKDIR /w\nCOPY . .\nRUN ${command}`)).toEqual([]);
});
