// Archives with the same bytes for the same content: a .tar.gz with an executable, and the .deb.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Packs a folder as `out`, all of it root's and of one time (seconds since 1970). GNU tar. */
export function tarGz(folder, out, epoch) {
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--format=ustar'];
  const tar = execFileSync('tar', [...same, `--mtime=@${epoch}`, '-C', folder, '-cf', '-', '.'], {
    maxBuffer: 2 ** 30,
  });
  writeFileSync(out, gzipSync(tar, { level: 9 }));
}

/** Docker's CLI and what else is asked for, by the names of Debian and of Docker's own packages. */
const RECOMMENDS = [
  'docker-cli | docker-ce-cli | docker.io',
  'docker-buildx | docker-buildx-plugin',
  'cosign',
  'git',
  'ca-certificates',
];

/** No address takes mail for all of them. */
const MAINTAINER = 'The Scoville contributors <contributors@scoville.invalid>';

// In Debian's order a tilde comes before the end: 1.0.0~rc.1 is older than 1.0.0.
const debianVersion = ({ version }) => version.replace('-', '~');

/** In the form of deb-changelog(5); what changed is in CHANGELOG.md. */
function changelog(about, epoch) {
  const day = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  return `scoville (${debianVersion(about)}) unstable; urgency=medium\n\n  * See /usr/share/doc/scoville/CHANGELOG.md.\n\n -- ${MAINTAINER}  ${day}\n`;
}

const COPYRIGHT = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Scoville
Comment: THIRD-PARTY-NOTICES.txt in this folder has the notices of what the bundle contains.

Files: *
Copyright: 2026 The Scoville contributors
License: Apache-2.0
 On Debian systems, the text of this license is in
 /usr/share/common-licenses/Apache-2.0.
`;

/** What lintian takes for programs of this machine. */
const OVERRIDES = `# RUNs of a build load them, in containers of either processor: native/README.md of the source.
scoville: arch-independent-package-contains-binary-or-object [usr/lib/scoville/native/lib/*]
scoville: statically-linked-binary [usr/lib/scoville/native/lib/*/steady-run]
scoville: shared-library-lacks-prerequisites [usr/lib/scoville/native/lib/*]
`;

function control(about) {
  const { description, license, repository } = about;
  const homepage = /^git\+(.*)\.git$/.exec(repository?.url ?? '')?.[1];
  return [
    'Package: scoville',
    `Version: ${debianVersion(about)}`,
    'Architecture: all',
    `Maintainer: ${MAINTAINER}`,
    'Section: utils',
    'Priority: optional',
    'Depends: nodejs (>= 20.19)',
    `Recommends: ${RECOMMENDS.join(', ')}`,
    ...(homepage === undefined ? [] : [`Homepage: ${homepage}`]),
    `Description: ${description}`,
    ` License: ${license}. Also a plugin of Docker's CLI: docker scoville.`,
    '',
  ].join('\n');
}

/** Sets modes by Debian's policy, and one time, on all that is below. */
function evenOut(folder, epoch) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) evenOut(path, epoch);
    else if (entry.isFile()) chmodSync(path, statSync(path).mode & 0o100 ? 0o755 : 0o644);
    lutimesSync(path, epoch, epoch);
  }
  chmodSync(folder, 0o755);
  lutimesSync(folder, epoch, epoch);
}

/**
 * Writes the .deb of a staged package. It needs Debian's nodejs, which Debian's security team keeps: docs/decisions/0025-the-debian-package.md.
 * `completions` are the scripts by shell.
 */
export function writeDeb({ staged, about, work, out, epoch, completions }) {
  rmSync(work, { recursive: true, force: true });
  const put = (path, write) => {
    const at = join(work, path);
    mkdirSync(dirname(at), { recursive: true });
    write(at);
  };
  for (const name of ['dist', 'templates', 'native', 'schema', 'package.json'])
    put(`usr/lib/scoville/${name}`, (at) => cpSync(join(staged, name), at, { recursive: true }));
  // Debian's Node.js, whatever another one is first on the PATH.
  const script = join(work, 'usr/lib/scoville/dist/scoville.js');
  writeFileSync(script, readFileSync(script, 'utf8').replace(/^#!.*/, '#!/usr/bin/node'));
  const made = ['THIRD-PARTY-NOTICES.txt', 'sbom.cdx.json'];
  for (const name of ['README.md', 'CHANGELOG.md'])
    put(`usr/share/doc/scoville/${name}`, (at) => copyFileSync(join(staged, name), at));
  const texts = {
    'doc/scoville/copyright': COPYRIGHT,
    'doc/scoville/changelog.gz': gzipSync(changelog(about, epoch), { level: 9 }),
    'lintian/overrides/scoville': OVERRIDES,
  };
  for (const [path, text] of Object.entries(texts))
    put(`usr/share/${path}`, (at) => writeFileSync(at, text));
  for (const name of made) {
    rmSync(join(work, 'usr/lib/scoville/dist', name));
    put(`usr/share/doc/scoville/${name}`, (at) => copyFileSync(join(staged, 'dist', name), at));
  }
  put('usr/bin/scoville', (at) => symlinkSync('../lib/scoville/dist/scoville.js', at));
  put('usr/libexec/docker/cli-plugins/docker-scoville', (at) =>
    symlinkSync('../../../bin/scoville', at),
  );
  const places = {
    bash: 'bash-completion/completions/scoville',
    zsh: 'zsh/vendor-completions/_scoville',
    fish: 'fish/vendor_completions.d/scoville.fish',
  };
  for (const [shell, path] of Object.entries(places))
    put(`usr/share/${path}`, (at) => writeFileSync(at, completions[shell]));
  for (const name of readdirSync(join(staged, 'man')))
    put(`usr/share/man/man1/${name}.gz`, (at) =>
      writeFileSync(at, gzipSync(readFileSync(join(staged, 'man', name)), { level: 9 })),
    );
  put('DEBIAN/control', (at) => writeFileSync(at, control(about)));
  evenOut(work, epoch);
  execFileSync(
    'dpkg-deb',
    ['--root-owner-group', '-Zxz', '--threads-max=1', '--build', work, out],
    {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
}
