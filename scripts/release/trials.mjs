// Clean roots for each form of the release, where it is installed and does the main job (main-job.mjs).
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mainJob } from './main-job.mjs';

const quietly = (command, args, options = {}) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });
const which = (program) => quietly('sh', ['-c', `command -v ${program}`]).trim();

function inFolder(act) {
  const folder = mkdtempSync(join(tmpdir(), 'scoville-root-'));
  try {
    return act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An empty prefix of npm: nothing else is found than Node.js, and what a build needs. */
export function tryNpm(tarball, job) {
  return inFolder((root) => {
    const bin = join(root, 'bin');
    mkdirSync(bin);
    for (const name of ['node', 'docker', 'cosign', 'git', 'sh', 'env'])
      symlinkSync(which(name), join(bin, name));
    const env = { HOME: root, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
    const prefix = join(root, 'prefix');
    quietly('npm', ['install', '--offline', '--no-audit', '--prefix', prefix, tarball], { env });
    const npx = quietly('npx', ['--offline', '--package', tarball, '--', 'scoville', '--version'], {
      cwd: root,
      env,
    });
    if (npx !== `scoville ${job.version}\n`) throw new Error(`npx printed ${npx}`);
    const clean = (folder) => ({ HOME: folder, SCOVILLE_HOME: join(folder, 'home') });
    const path = `${join(prefix, 'node_modules/.bin')}:${bin}`;
    const command = (folder, program, args) => [
      which('env'),
      '-i',
      `PATH=${path}`,
      ...Object.entries(clean(folder)).map(([name, value]) => `${name}=${value}`),
      program,
      ...args,
    ];
    return mainJob({ command, env }, job);
  });
}

/** In a container of `image`, with the engine's socket and the host's network; with `entry` no program is named. */
function inContainer(image, { entry = false } = {}) {
  return (folder, program, args) => [
    ...['docker', 'run', '--rm', '--network', 'host', '--user', '0'],
    ...['-v', '/var/run/docker.sock:/var/run/docker.sock', '-v', `${folder}:${folder}`],
    ...['-w', folder, '-e', `HOME=${folder}`, '-e', `SCOVILLE_HOME=${folder}/home`],
    // The image starts scoville; Docker's own command is in it too.
    ...(entry && program !== 'scoville' ? ['--entrypoint', program] : []),
    image,
    ...(entry ? args : [program, ...args]),
  ];
}

/** A Debian with `files` in /tmp and `script` run in it; the image is taken away again. */
function inDebian({ debian, files, script }, act) {
  const image = `scoville-release-trial:${process.pid}`;
  return inFolder((context) => {
    for (const file of files) copyFileSync(file.from, join(context, file.name));
    const copies = files.map(({ name }) => `COPY ${name} /tmp/${name}\n`).join('');
    writeFileSync(join(context, 'Dockerfile'), `FROM ${debian}\n${copies}RUN ${script}\n`);
    try {
      quietly('docker', ['build', '--tag', image, context]);
      return act(image);
    } finally {
      quietly('docker', ['rmi', '--force', image]);
    }
  });
}

const INSTALL = 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq';

/** zsh without its list of words: what the first Tab offers for `scoville bu`. */
const FIRST_TAB =
  'autoload -U compinit; compinit -u; _describe() { print -rl -- $answer }; words=(scoville bu) CURRENT=2; _scoville';

/** Debian with nothing of ours: apt brings what the package depends on and recommends. */
export function tryDeb(deb, debian, job) {
  const files = [{ from: deb, name: 'scoville.deb' }];
  const script = [
    `${INSTALL} /tmp/scoville.deb lintian zsh`,
    'lintian --allow-root --fail-on error,warning /tmp/scoville.deb',
    'test -x /usr/libexec/docker/cli-plugins/docker-scoville',
    `zsh -fc '${FIRST_TAB}' | grep -q ^build:`,
  ].join(' && ');
  return inDebian({ debian, files, script }, (image) => {
    const [command, ...args] = inContainer(image)('/tmp', 'sh', [
      '-c',
      'scoville doctor --json || true',
    ]);
    const plugin = '/usr/libexec/docker/cli-plugins/docker-scoville';
    if (!quietly(command, args).includes(plugin)) throw new Error('doctor finds no plugin');
    return mainJob({ command: inContainer(image) }, { ...job, hasPlugin: true });
  });
}

/** Debian without Node.js. */
export function tryExecutable(program, debian, job) {
  const files = [{ from: program, name: 'scoville' }];
  const tools = 'docker-cli docker-buildx cosign git ca-certificates';
  const script = `${INSTALL} --no-install-recommends ${tools} && install /tmp/scoville /usr/local/bin && ! command -v node`;
  return inDebian({ debian, files, script }, (image) =>
    mainJob({ command: inContainer(image) }, job),
  );
}

/** The image as it is, by its entry point. */
export function tryImage(image, job) {
  try {
    return mainJob({ command: inContainer(image, { entry: true }) }, { ...job, hasPlugin: true });
  } finally {
    quietly('docker', ['rmi', '--force', image]);
  }
}

/** An executable of arm64 under emulation: no build, but a start with all that it unpacks. Undefined where nothing emulates it. */
export function tryEmulated(program, job) {
  if (!existsSync('/usr/bin/qemu-aarch64') || !existsSync('/usr/bin/mmdebstrap')) return undefined;
  return inFolder((root) => {
    const arm64 = join(root, 'arm64');
    const libraries = '--include=libc6,libstdc++6,libgcc-s1';
    // Only root may be root of another folder; nothing is run in it, so that anyone else needs none.
    const mode = process.getuid() === 0 ? 'root' : 'chrootless';
    const how = [`--mode=${mode}`, '--variant=extract', '--architectures=arm64', libraries];
    quietly('mmdebstrap', [...how, 'trixie', arm64]);
    // Only unpacked: what base-files would link is not there.
    if (!existsSync(join(arm64, 'lib'))) symlinkSync('usr/lib', join(arm64, 'lib'));
    const env = { ...process.env, SCOVILLE_HOME: join(root, 'home') };
    const said = quietly('qemu-aarch64', ['-L', arm64, program, '--version'], { env });
    if (said !== `scoville ${job.version}\n`) throw new Error(`arm64 printed ${said}`);
    return said.trim();
  });
}
