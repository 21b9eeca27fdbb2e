import { fileName } from '../../model/path.ts';
import { toolTable, type ToolGroup } from './tools-table.ts';

/** Package managers, by kind. A package database alone (distroless' `status.d`) is not one. */
export const PACKAGE_MANAGER_GROUPS: readonly ToolGroup[] = [
  {
    kind: 'OS package managers',
    entries: {
      'apt apt-get aptitude dpkg dpkg-deb dselect': 'Debian, Ubuntu',
      apk: 'Alpine, Wolfi',
      'yum dnf microdnf tdnf rpm rpm-ostree urpmi': 'Fedora, Red Hat and their kin',
      zypper: 'SUSE',
      pacman: 'Arch',
      'xbps-install emerge eopkg swupd opkg ipkg slackpkg installpkg': 'other distributions',
      'nix nix-env guix brew snap flatpak': 'any distribution',
    },
  },
  {
    kind: 'language package managers',
    entries: {
      'pip pipx pipenv easy_install uv uvx poetry pdm': 'Python',
      'conda mamba micromamba': 'Python and binaries',
      'npm npx yarn yarnpkg pnpm pnpx corepack': 'Node',
      'bun bunx deno': 'a run-time that contains a package manager',
      'gem bundle bundler': 'Ruby',
      'composer pear pecl': 'PHP',
      'cargo rustup': 'Rust',
      go: 'Go modules (`go get`, `go install`)',
      'cpan cpanm luarocks': 'Perl, Lua',
      'mvn gradle sbt lein': 'Java and its kin',
      'cabal stack opam mix rebar3': 'Haskell, OCaml, Elixir, Erlang',
      'nuget conan vcpkg': '.NET, C and C++',
      tlmgr: 'TeX',
      'asdf mise volta': 'run-time versions',
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
