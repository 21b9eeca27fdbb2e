import { DOWNLOADS } from './download-rules.ts';

/** Exact rules that criteria pages show as tables; each row has its test in test/criteria, test/dockerfile or test/accuracy. */
export interface RuleTable {
  readonly heading: string;
  /** Before the table, one paragraph. */
  readonly says?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** OS packages by what was installed, counted by `apt-get install -s` on the engine's Debian 13 base, its dpkg database and mmdebstrap. */
const COUNTED: RuleTable = {
  heading: 'How the limits were set',
  says:
    'OS packages counted on bases that can be built without a public registry (`scripts/engine.sh`, `mmdebstrap`; Debian 13, recommended packages ' +
    'left out). What runs one program on Debian stays below the lower limit, a tool chain or a system is above it; what no minimal base explains is above the higher one.',
  head: ['root', 'OS packages'],
  rows: [
    ['one static program, busybox, Node unpacked from .debs without records', '0'],
    ['Debian minbase, as in `debian:trixie-slim`', '78'],
    ['the engine’s Debian base (minbase, ca-certificates, openssl), its Node base alike', '80'],
    ['… with perl, redis-server, haproxy', '85 to 86'],
    ['… with openjdk-21-jre-headless', '88'],
    ['… with python3, nodejs, ruby', '94 to 95'],
    ['… with nginx, php-fpm', '96 to 104'],
    ['… with curl', '103'],
    ['… with curl and git', '115'],
    ['**the limit where no base is named**', '**120**'],
    ['… with apache2, imagemagick, postgresql-17, mariadb-server', '123 to 131'],
    ['… with build-essential', '133'],
    ['mmdebstrap `important`', '144'],
    ['… with curl, git, mercurial, subversion, gnupg, openssh-client, procps', '160'],
    ['mmdebstrap `standard`', '240'],
    ['… with chromium, with ffmpeg', '250, 287'],
    ['**the limit on a base of the table**', '**400**'],
    ['… with the development packages that full official images are built on', '448'],
  ],
};

const PACKAGES: RuleTable = {
  heading: 'What pins a version',
  says: 'Each name of each install command of the stages that the target reaches. ARG and ENV are put in; a version by variable counts as exact.',
  head: ['command', 'pinned', 'not pinned'],
  rows: [
    [
      '`apt`, `apt-get install`',
      '`pkg=1.2-3`; a snapshot.debian.org or snapshot.ubuntu.com source, `-S DATE`',
      '`pkg`, `pkg/suite`, `pkg=1.*`',
    ],
    ['`apk add`', '`pkg=1.2-r0`, `pkg~1.2`', '`pkg`, `pkg>1`, `pkg@edge`'],
    [
      '`dnf`, `yum`, `zypper install`',
      '`pkg-1.2-3.fc41`, `pkg=1.2`; Amazon Linux `--releasever=2023.6.20250203`',
      '`pkg`, groups',
    ],
    ['`pacman -S`, upgrades of everything (`apt-get upgrade`)', '', 'always'],
    [
      '`pip`, `uv pip install`',
      '`pkg==1.2`, `--require-hashes`, `-r` of a file whose lines are pinned',
      '`pkg`, `pkg>=1`, `.`; unknown where the file is not seen',
    ],
    [
      '`uv sync`, `poetry install`, `pipenv`',
      '`--frozen`, `--locked`; a copied `poetry.lock`; `sync`, `--deploy`',
      'else',
    ],
    ['`conda`, `mamba install`', '`pkg=1.2`', '`pkg`'],
    [
      '`npm`, `npx`, `corepack`',
      '`npm ci`, `pkg@1.2.3`, `--before` a day that is past',
      '`npm install`, `pkg`, `pkg@^1`, `pkg@latest`',
    ],
    ['`yarn`, `pnpm`, `bun`', '`--immutable`, `--frozen-lockfile`; `pnpm` with `CI`', 'else'],
    ['`gem`, `bundle install`', '`-v 1.2.3`, `pkg:1.2.3`; `--frozen`, `--deployment`', 'else'],
    [
      '`go install`, `go get`, `go mod download`',
      '`pkg@v1.2.3`, `pkg@COMMIT`; by go.sum',
      '`pkg@latest`, `-u`',
    ],
    ['`cargo install`, `cargo build`', '`--locked`, with a version where a crate is named', 'else'],
    ['`composer`', '`install` with a copied `composer.lock`; `require pkg:1.2.3`', 'else'],
    [
      '`uv tool`, `uvx`, `pipx`, `pecl`, `cpanm`, `dotnet tool`, `rustup`, `nvm`',
      'a whole version: `tool@1.2.3`, `redis-6.0.2`, `--version 1.2.3`',
      'else',
    ],
    [
      'managers that are met rarely: `brew`, `opam`, `pdm`, `luarocks`, `mise`',
      '',
      'always unknown',
    ],
  ],
};

const SBOM: RuleTable = {
  heading: 'What matches',
  says:
    'The packages that are found in the layers by this tool’s own catalog are looked for in the SBOM, each name and version once. A purl counts without qualifiers, with or ' +
    'without its namespace; case, Python’s separators, a Debian or RPM epoch and Go’s `v` make no difference. CycloneDX JSON, SPDX 2 JSON and SPDX 3 JSON-LD are read; the image itself and its operating system are not content.',
  head: ['the image contains', 'the SBOM names', 'verdict'],
  rows: [
    ['packages', 'at least 75 % of them', 'pass, with the share'],
    ['packages', 'fewer, none, or the same in other versions', 'fail, with those left out'],
    ['packages', 'nothing but the image or its operating system', 'fail: empty'],
    [
      'no package that is found',
      'the program, a file that is there, language packages',
      'pass, with how many',
    ],
    ['no package that is found', 'nothing', 'fail: empty'],
    [
      'no package that is found',
      'OS packages, or only files that do not exist',
      'fail: another image’s',
    ],
    ['anything', 'anything, under the digest of another image', 'fail'],
    ['anything', 'none found, and a place that could not be asked', 'unknown'],
  ],
};

const USERS: RuleTable = {
  heading: 'How `User` is resolved',
  says: 'As runc does, what is before the colon: a number is a uid, whatever names etc/passwd has; anything else is a name in the image’s etc/passwd.',
  head: ['`User`', 'verdict'],
  rows: [
    ['none, `0`, `00`, `0:1000`, `root`, `root:root`', 'fail'],
    ['a name with uid 0', 'fail'],
    ['a name that passwd does not list, or no passwd', 'fail: the container does not start'],
    ['a negative or too large number', 'fail'],
    ['`1000`, `1000:0`, with or without passwd', 'pass'],
    ['a name with another uid', 'pass; a number is advised'],
  ],
};

const RENAMED: RuleTable = {
  heading: 'Under another name',
  says: 'A program is recognized by its name, and a shell by its content too: ELF programs of 16 KiB to 4 MiB are searched for texts that only the shell itself has.',
  head: ['the shell', 'is it found'],
  rows: [
    ['busybox or toybox, copied or linked to any name', 'yes, by the banner in it'],
    ['a link of any name to a shell that keeps its own', 'yes: what it points to has the name'],
    ['with target, version or ending: `bash-5.2`, `x86_64-linux-gnu-sh`, `zsh.real`', 'yes'],
    [
      'bash, dash, zsh, mksh and ksh93 copied or moved to another name (`cp /bin/bash /usr/bin/foo`)',
      'yes, by the texts of their versions or errors',
    ],
    [
      'fish, tcsh and rarer shells under another name, where no file of its own name is left',
      '**no**: the criterion passes',
    ],
    ['a shell that is packed (UPX), or larger than 4 MiB, under another name', '**no**'],
    ['in an archive, a disk image, or the memory of another program', '**no**'],
  ],
};

const AGE: RuleTable = {
  heading: 'Which time counts',
  head: ['there is', 'verdict'],
  rows: [
    [
      'a finish time of this build, or in provenance about this digest',
      'it counts, whatever `created` says',
    ],
    ['`created`, later than the epoch of the build', 'it counts'],
    ['`created` at or before SOURCE_DATE_EPOCH', 'unknown'],
    ['`created` before 2013, before images existed (a zero)', 'unknown'],
    ['no time, or one that is more than a day in the future', 'unknown'],
  ],
};

const PROFILES: RuleTable = {
  heading: 'What is tighter',
  head: ['profile', 'verdict'],
  rows: [
    [
      'seccomp that denies by default and allows a part of what Docker’s default allows, and nothing else',
      'pass',
    ],
    [
      'seccomp that allows, logs or passes on by default; or names a call that the default forbids; or allows all of the default',
      'fail',
    ],
    ['AppArmor in enforce mode that grants less as a whole than docker-default', 'pass'],
    [
      'AppArmor in complain or unconfined mode, or with mount, ptrace, change_profile, userns',
      'fail',
    ],
    ['AppArmor in JSON (KEP-6061)', 'unknown: the runtime makes the rules of it'],
    ['AppArmor that says it is not proven', 'unknown'],
    ['SELinux', 'unknown: it adds to a policy of the host'],
    ['several that are signed', 'the worst of them'],
    ['what cannot be read as any of them', 'fail'],
  ],
};

/** By criterion. */
export const RULE_TABLES: Readonly<Record<string, readonly RuleTable[]>> = {
  'minimal-base': [COUNTED],
  'no-shell': [RENAMED],
  'verified-downloads': DOWNLOADS,
  'pinned-packages': [PACKAGES],
  sbom: [SBOM],
  'nonroot-user': [USERS],
  'recently-updated': [AGE],
  'security-profile': [PROFILES],
};
