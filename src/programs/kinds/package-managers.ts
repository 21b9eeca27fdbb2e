import { fileName } from '../../model/path.ts';
import { toolTable, type ToolGroup } from './tools-table.ts';

/** Package managers, by kind. A package database alone (distroless' `status.d`) is not one. */
export const PACKAGE_MANAGER_GROUPS: readonly ToolGroup[] = [
  {
    kind: 'OS package managers',
    entries: {
      apt: 'Debian, Ubuntu',
      'apt-get': 'Debian, Ubuntu',
      aptitude: 'Debian, Ubuntu',
      dpkg: 'Debian, Ubuntu: installs package files',
      'dpkg-deb': 'Debian, Ubuntu: unpacks package files',
      dselect: 'Debian front end',
      apk: 'Alpine, Wolfi',
      yum: 'older Red Hat kin',
      dnf: 'Fedora, Red Hat kin',
      microdnf: 'UBI minimal',
      tdnf: 'Photon, Azure Linux',
      zypper: 'SUSE',
      rpm: 'installs rpm package files',
      'rpm-ostree': 'Fedora CoreOS kin',
      urpmi: 'Mageia',
      pacman: 'Arch',
      'xbps-install': 'Void',
      emerge: 'Gentoo',
      eopkg: 'Solus',
      swupd: 'Clear Linux',
      opkg: 'OpenWrt and embedded kin',
      ipkg: 'embedded, before opkg',
      slackpkg: 'Slackware',
      installpkg: 'Slackware',
      nix: 'Nix',
      'nix-env': 'Nix',
      guix: 'Guix',
      brew: 'Homebrew',
      snap: 'snap packages',
      flatpak: 'flatpak packages',
    },
  },
  {
    kind: 'language package managers',
    entries: {
      pip: 'Python',
      pipx: 'Python applications',
      pipenv: 'Python',
      easy_install: 'Python, before pip',
      uv: 'Python',
      uvx: "uv's runner, which fetches",
      poetry: 'Python',
      pdm: 'Python',
      conda: 'Python and binaries',
      mamba: 'conda packages',
      micromamba: 'conda packages',
      npm: 'Node',
      npx: "npm's runner, which fetches",
      yarn: 'Node',
      yarnpkg: "yarn by Debian's name",
      pnpm: 'Node',
      pnpx: "pnpm's runner, which fetches",
      corepack: 'fetches yarn and pnpm',
      bun: 'a run-time that contains a package manager (`bun add`)',
      bunx: "bun's runner, which fetches",
      deno: 'a run-time that contains a package manager (`deno add`)',
      gem: 'Ruby',
      bundle: 'Ruby',
      bundler: 'Ruby',
      composer: 'PHP',
      pear: 'PHP',
      pecl: 'PHP extensions',
      cargo: 'Rust',
      rustup: 'Rust tool chains',
      go: 'Go modules (`go get`, `go install`)',
      cpan: 'Perl',
      cpanm: 'Perl',
      luarocks: 'Lua',
      mvn: 'Java',
      gradle: 'Java',
      sbt: 'Scala',
      lein: 'Clojure',
      cabal: 'Haskell',
      stack: 'Haskell',
      opam: 'OCaml',
      mix: 'Elixir',
      rebar3: 'Erlang',
      nuget: '.NET',
      conan: 'C and C++',
      vcpkg: 'C and C++',
      tlmgr: 'TeX',
      asdf: 'run-time versions',
      mise: 'run-time versions',
      volta: 'Node versions',
    },
  },
];

export const PACKAGE_MANAGERS = toolTable(PACKAGE_MANAGER_GROUPS);

/** Folders of a language's packages, and those where managers come bundled or unpacked. */
const HOMES = /(?:^|\/)(?:(?:site|dist)-packages|node_modules|gems|_bundled|opt)\/([^/]+)/g;

/** The manager whose code is at this path (`usr/lib/node_modules/npm/package.json` is npm). */
export function managerAt(path: string): string {
  const owner = [...path.matchAll(HOMES)].at(-1)?.[1] ?? fileName(path);
  return owner.replace(/-v?\d.*|\.phar$/s, '');
}
