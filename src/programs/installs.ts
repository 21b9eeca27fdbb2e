import type { InstalledName, PackageManager } from '../model/build-analysis.ts';

/** What a word of an install command names: nothing for a file, a folder or an address. */
type NameReader = (
  word: string,
  /** The value of the option that gives a version to what has none; empty without it. */
  version: string,
  /** The word behind it. */
  next: string | undefined,
) => InstalledName | readonly InstalledName[] | undefined;

/** When a lock file decides every version. Options and variables are parted by blanks. */
interface LockRule {
  readonly options?: string;
  /** Variables that say so by `1` or `true`. */
  readonly variables?: string;
  /** The last command about it before in the stage said so. */
  readonly before?: { readonly about: RegExp; readonly is: RegExp };
  /** Options that undo the others. */
  readonly unless?: string;
  /** The file decides where it is there, with this option, in the folder that an option names. */
  readonly file?: string;
  readonly fileWith?: string;
  readonly folder?: string;
}

/**
 * One form of a manager's command line, and what it installs. Of the forms of a program the first
 * that fits and finds something is taken. Lists of words are parted by blanks, of verbs by `|`.
 */
export interface InstallForm {
  readonly programs: string;
  readonly manager: PackageManager;
  /** The words without a dash that the command begins with; `` any; `-` none at all. */
  readonly verbs: string;
  /** How the words after the verb, or the values of the options `from`, name packages. */
  readonly name?: NameReader;
  readonly from?: string;
  /** One of these options is given; none of those. */
  readonly only?: string;
  readonly unless?: string;
  /** Words that it takes. */
  readonly most?: number;
  /** Options that give the version of what has none of its own. */
  readonly version?: string;
  /** A version pins nothing without one of these: dependencies are the newest. */
  readonly pinsWith?: string;
  /** Without a named package it installs what the project lists; `alone`: if no word follows. */
  readonly unnamed?: 'always' | 'alone';
  readonly lock?: LockRule | true;
  /** Options that freeze, those whose value is a day, and an option with values that do. */
  readonly frozenBy?: string;
  readonly frozenAt?: string;
  readonly frozenValue?: readonly [option: string, is: RegExp];
  /** A repository of the system that was set up so before freezes it. */
  readonly ofArchive?: true;
  /** Words that are packages in files, which name the versions that they need. */
  readonly files?: RegExp;
  /** pip's: options that name files of requirements; `words` where all words do. */
  readonly requirements?: string;
}

/** A package with its pin: the version is exact, or a variable whose value the build gives. */
export function named(name: string, version: string, exact: RegExp): InstalledName {
  const isPinned =
    version !== '' && !version.includes('$(') && (version.includes('${') || exact.test(version));
  return isPinned ? { name, pin: version } : { name };
}

/** Digits and a point, as most write a version. */
const NUMBERS = /^v?\d+\.\d[\w.+-]*$/;
/** A file, a folder or an address. */
const PLACES = /^(?:\.{0,2}\/|\.$|https?:)/;
const FILES = /^(?:\.{0,2}\/|file:|https?:)|\.(?:deb|rpm|apk)$/;
const EXACT = /^[^*?<>~!]+$/;
const SYSTEM_EXACT = /^[^*?<>]+$/;
const SEMVER = /^=?v?\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+[\w.-]+)?$/;
/** One release: `20.11.1`, `jruby-9.4.8.0`. */
const RELEASE = /^(?:[a-z][\w+-]*-)?v?\d+\.\d+\.\d[\w.+-]*$/i;
const CHANNEL = /^(?:\d+\.\d+\.\d+|(?:nightly|beta|stable)-\d{4}-\d{2}-\d{2})(?:-[\w-]+)?$/;

const notOf =
  (files: RegExp, read: NameReader): NameReader =>
  (word, version, next) =>
    files.test(word) ? undefined : read(word, version, next);
/** Whatever version there is. */
const loose: NameReader = notOf(PLACES, (name) => ({ name }));
/** Name and version in one word, parted by the first `joint` or the last. */
const joined = (joint: string, exact = NUMBERS, isLast = false): NameReader =>
  notOf(PLACES, (word, version) => {
    const at = isLast ? word.lastIndexOf(joint) : word.indexOf(joint, 1);
    return at > 0
      ? named(word.slice(0, at), word.slice(at + joint.length) || version, exact)
      : named(word, version, exact);
  });
/** `name=version`, `name/release`, `name:arch`; `name-` removes. */
const aptName = notOf(FILES, (word) => {
  if (/[a-z0-9.+][-_]$/.test(word)) return undefined;
  const equals = word.indexOf('=');
  return equals < 0
    ? { name: word.replace(/\/[\w.-]+$/, '').replace(/([^+])\+$/, '$1') }
    : named(word.slice(0, equals), word.slice(equals + 1), SYSTEM_EXACT);
});
const apkName = notOf(FILES, (word) => {
  if (word.startsWith('!')) return undefined;
  const parts = /^([^=~<>@]+)(?:@[\w-]+)?(?:=~|~=|=|~)(.+)$/.exec(word);
  return parts === null
    ? { name: word.replace(/[<>@].*/s, '') }
    : named(parts[1] ?? '', parts[2] ?? '', SYSTEM_EXACT);
});
/** `name-[epoch:]version[-release]`: a version has a dot, so that `gcc-toolset-12` is a name. */
const NEVRA =
  /^(.+?)-((?:\d+:)?\d[\w+~^]*\.[\w.+~^]*(?:-\d[\w.+~^]*)?|(?:\d+:)?\d+-\d[\w+~^]*\.[\w.+~^]*)$/;
const rpmName = notOf(FILES, (word) => {
  const parts = /^([a-z0-9_.+-]+)-(\$\{[^]*)$/i.exec(word) ?? NEVRA.exec(word);
  return parts === null ? { name: word } : named(parts[1] ?? '', parts[2] ?? '', SYSTEM_EXACT);
});
const zypperName = notOf(FILES, (word, ...rest) => {
  const equals = word.indexOf('=');
  if (equals < 0) return rpmName(word, ...rest);
  return /[<>]$/.test(word.slice(0, equals))
    ? { name: word.slice(0, equals - 1) }
    : named(word.slice(0, equals), word.slice(equals + 1), SYSTEM_EXACT);
});

/** One requirement (PEP 508) with its pin; undefined if it is not one (an address, a folder). */
export function requirement(text: string): InstalledName | undefined {
  const parts = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\]\s*)?(.*)/s.exec(
    (text.split(';')[0] ?? '').trim(),
  );
  if (parts === null || /^(?:@|:\/\/)/.test(parts[2] ?? '') || text.includes('/')) return undefined;
  const [, name = '', rest = ''] = parts;
  // Of `==1.2,>=1` the first decides: an exact pin leaves no room for the others.
  return named(name, /={2,3}\s*([^,\s]+)/.exec(rest)?.[1] ?? '', EXACT);
}

/** Addresses are downloads; wheels and archives were put there before. */
const ELSEWHERE = /^(?:git\+|https?:|file:)|\s@\s|@ ?(?:git\+|https?:)|\.(?:whl|tar\.gz|zip)$/;
const pipName: NameReader = notOf(ELSEWHERE, (text) =>
  /^\.{0,2}\/?$|^\.{0,2}\/|^\.\[/.test(text)
    ? { name: text }
    : (requirement(text) ?? { name: text }),
);
/** `ruff==0.5`, and `ruff@0.5.0` as uv and poetry spell it. */
const withAt: NameReader = notOf(/^(?:git\+|https?:|\.{0,2}\/)/, (text) => {
  const at = text.lastIndexOf('@');
  return at > 0
    ? named(text.slice(0, at), text.slice(at + 1), /^\d[\w.]*$/)
    : (requirement(text) ?? { name: text });
});
const condaName: NameReader = notOf(PLACES, (text) => {
  const parts = /^([^=<>!~]+)={1,2}(.+)$/.exec(text);
  if (parts === null) return { name: text.replace(/[<>!~].*/s, '') };
  // `python=3` is any version of Python 3.
  return named(
    parts[1] ?? '',
    parts[2] ?? '',
    text.includes('==') ? EXACT : /^[^*<>.=]*[.=][^*<>]+$/,
  );
});
/** `name@1.2.3`, `@scope/name@1.2.3`; not repositories, files, folders and addresses. */
const npmName: NameReader = notOf(
  /^(?:git\+|github:|gitlab:|[\w-]+\/[\w.-]+(?:#|$))|^(?:\.{0,2}\/|file:|https?:|git[@+:])|\.tgz$/,
  (word) => {
    const at = word.indexOf('@', 1);
    return at < 0 ? { name: word } : named(word.slice(0, at), word.slice(at + 1), SEMVER);
  },
);
const gemName = notOf(/\.gem$/, joined(':', /^=? ?\d[\w.]*$/));
const composerName: NameReader = (word) => {
  const [name = '', version = ''] = word.split(/[:=]/);
  return named(name, version, /^v?\d+\.\d+\.\d[\w.-]*$/);
};
const crate = joined('@', /^=?\d+\.\d+\.\d+|^[0-9a-f]{40}$/);
const release: NameReader = (word) => named(word, word, RELEASE);
const channel: NameReader = (word) =>
  word === 'none' ? undefined : named(`rust ${word}`, word, CHANNEL);

const form = (
  manager: PackageManager,
  programs: string,
  verbs: string,
  rest: Omit<InstallForm, 'manager' | 'programs' | 'verbs'> = {},
): InstallForm => ({ manager, programs, verbs, ...rest });
const ALL = { unnamed: 'always' } as const;
const APT = 'apt apt-get';
const DNF = 'dnf dnf5 microdnf tdnf yum';
const CONDA = 'conda mamba micromamba';
const apt = {
  ofArchive: true,
  frozenValue: ['-S --snapshot -o --option', /^(?:APT::Snapshot=)?\d{8}T\d{6}Z$/i],
} as const;
// Amazon Linux 2023 freezes its repository by release (2023.6.20250203).
const dnf = { name: rpmName, frozenValue: ['--releasever', /^\d{4}\.\d+\.\d{8}$/] } as const;
const pip = {
  name: pipName,
  requirements: '-r --requirement',
  frozenBy: '--no-index',
  frozenAt: '--exclude-newer',
} as const;
const LOCKED = { options: '--locked --frozen --offline' } as const;
const yarnLock: LockRule = {
  options: '--immutable --immutable-cache',
  variables: 'YARN_ENABLE_IMMUTABLE_INSTALLS',
  // Without a yarn.lock, Yarn 1 takes the newest and says nothing, `--frozen-lockfile` or not.
  file: 'yarn.lock',
  fileWith: '--frozen-lockfile',
  folder: '--cwd',
};
const bundleLock: LockRule = {
  options: '--frozen --deployment',
  variables: 'BUNDLE_FROZEN BUNDLE_DEPLOYMENT',
  before: {
    about: /^bundler? .*\b(?:frozen|deployment)\b/,
    is: /^bundle config (?:set )?(?:--\w+ )*(?:frozen|deployment) (?:1|true|'true'|"true")$/,
  },
};
/** Programs that fetch and run a package; without `-y`, one without a version may be local. */
const runs = (programs: string, verbs: string): readonly InstallForm[] => [
  form('npm', programs, verbs, { name: npmName, only: '-p --package', from: '-p --package' }),
  form('npm', programs, verbs, { name: npmName, only: '-y --yes', most: 1 }),
  form('npm', programs, verbs, { name: notOf(/^[^@]+$|^@[^@]*$/, npmName), most: 1 }),
];

/** What each package manager's command lines install. */
export const INSTALL_FORMS: readonly InstallForm[] = [
  form('apt', APT, 'upgrade|dist-upgrade|dselect-upgrade|full-upgrade|safe-upgrade', {
    ...apt,
    ...ALL,
  }),
  form('apt', APT, 'build-dep', { ...apt, name: loose }),
  // `name+` installs all the same.
  form('apt', APT, 'remove|purge|autoremove|auto-remove|autopurge', {
    ...apt,
    name: (word, ...rest) => (/[^+]\+$/.test(word) ? aptName(word, ...rest) : undefined),
  }),
  form('apt', APT, 'install|reinstall|download|source', { ...apt, name: aptName, files: FILES }),
  // A repair takes the newest version.
  form('apt', APT, 'install|-', { ...apt, ...ALL, only: '-f --fix-broken' }),
  form('apk', 'apk', 'upgrade|cache download', ALL),
  form('apk', 'apk', 'fix', { ...ALL, name: loose, only: '-u --upgrade' }),
  form('apk', 'apk', 'add|fetch', { name: apkName, files: FILES }),
  form(
    'dnf',
    DNF,
    'upgrade|update|distro-sync|upgrade-minimal|update-minimal|group upgrade|module update',
    { ...dnf, ...ALL },
  ),
  form(
    'dnf',
    DNF,
    'install|in|reinstall|download|localinstall|groupinstall|builddep|module install|group install',
    { ...dnf, files: FILES },
  ),
  form('zypper', 'zypper', 'update|up|patch|dist-upgrade|dup', ALL),
  form('zypper', 'zypper', 'install|in|source-install|si', { name: zypperName, files: FILES }),
  form('pacman', 'pacman', '', { name: notOf(FILES, loose), only: '-u --sysupgrade', ...ALL }),
  form('pacman', 'pacman', '', { name: notOf(FILES, loose), only: '-S --sync' }),
  form('pip', 'pip pip3 pipx', 'install|download|wheel', pip),
  form('uv', 'uvx', '', { name: withAt, only: '--from', from: '--from' }),
  form('uv', 'uvx', '', { name: withAt, unless: '--from', most: 1 }),
  form('uv', 'uv', 'pip install', pip),
  form('uv', 'uv', 'pip sync', { ...pip, requirements: 'words' }),
  form('uv', 'uv', 'tool install', {
    name: (word, ...rest) => withAt(word, ...rest) ?? { name: word },
    most: 1,
  }),
  form('uv', 'uv', 'run', {
    name: (text, ...rest) => text.split(',').flatMap((one) => withAt(one, ...rest) ?? []),
    from: '--with',
  }),
  form('uv', 'uv', 'add', { name: pipName, ...ALL }),
  form('uv', 'uv', 'sync', {
    ...ALL,
    lock: { options: '--frozen --locked', variables: 'UV_FROZEN UV_LOCKED' },
    frozenAt: '--exclude-newer',
  }),
  form('other', 'uv', 'python install', { name: release, unnamed: 'always' }),
  // poetry installs what its lock file says, and refuses one that does not fit, when there is one.
  form('poetry', 'poetry', 'install|sync', {
    ...ALL,
    lock: { file: 'poetry.lock', folder: '-C -P --directory --project' },
  }),
  form('poetry', 'poetry', 'add|self add|update|self update', { name: withAt, ...ALL }),
  form('pipenv', 'pipenv', 'sync', { ...ALL, lock: true }),
  form('pipenv', 'pipenv', 'install', {
    name: pipName,
    ...ALL,
    lock: { options: '--deploy --ignore-pipfile' },
  }),
  form('pipenv', 'pipenv', 'update|upgrade', ALL),
  form('conda', CONDA, 'env create|env update|env install|env upgrade', ALL),
  form('conda', CONDA, 'install|create|update|upgrade', { name: condaName, unnamed: 'always' }),
  form('npm', 'npm', 'ci|clean-install|ic|install-clean', { ...ALL, lock: true }),
  form('npm', 'npm', 'install|i|add|in|isntall|update|up|upgrade|install-test|it', {
    name: npmName,
    unnamed: 'alone',
    frozenAt: '--before',
  }),
  ...runs('npm', 'exec|x'),
  ...runs('npx bunx pnpx', ''),
  form('yarn', 'yarn yarnpkg', 'add|global add', { name: npmName }),
  form('yarn', 'yarn yarnpkg', 'upgrade|up|global upgrade', { ...ALL, name: npmName }),
  form('yarn', 'yarn yarnpkg', 'create|dlx', { name: npmName, most: 1 }),
  form('yarn', 'yarn yarnpkg', 'install', { ...ALL, lock: yarnLock }),
  form('yarn', 'yarn yarnpkg', '-', { ...ALL, lock: yarnLock, unless: '--version -v --help' }),
  ...(['pnpm', 'bun'] as const).flatMap((program) => [
    form(program, program, 'ci|fetch', { ...ALL, lock: true }),
    form(program, program, 'add', { name: npmName }),
    form(program, program, program === 'bun' ? 'update|up' : 'update|up|upgrade', {
      ...ALL,
      name: npmName,
    }),
    form(program, program, 'dlx|create', { name: npmName, most: 1 }),
    form(program, program, 'install|i', {
      name: npmName,
      unnamed: 'alone',
      // pnpm takes the lock file as frozen where CI is set.
      lock: {
        options: program === 'pnpm' ? '--frozen-lockfile --offline' : '--frozen-lockfile',
        unless: '--no-frozen-lockfile',
        ...(program === 'pnpm' ? { variables: 'CI' } : {}),
      },
    }),
  ]),
  form('npm', 'corepack', 'prepare|install|use', {
    // `pnpm@9.1.0+sha512.…` is pinned by a sum besides.
    name: (word, ...rest) => npmName(word.replace(/\+sha\d+\..*/s, ''), ...rest) ?? { name: word },
  }),
  form('gem', 'gem', 'update|up', { name: loose, ...ALL }),
  form('gem', 'gem', 'install|inst|ins|in|i|fetch', { name: gemName, version: '-v --version' }),
  form('bundle', 'bundle bundler', 'update|add', ALL),
  form('bundle', 'bundle bundler', 'install', { ...ALL, lock: bundleLock }),
  form('bundle', 'bundle bundler', '-', {
    ...ALL,
    lock: bundleLock,
    unless: '--version -v --help -h',
  }),
  // `cargo install` takes the newest dependencies unless `--locked`: a version alone pins little.
  form('cargo', 'cargo', 'build|b|fetch|run|chef cook|vendor', { ...ALL, lock: LOCKED }),
  form('cargo', 'cargo', 'install', { ...ALL, only: '--path', lock: LOCKED }),
  form('cargo', 'cargo', 'install', {
    name: crate,
    version: '--version --vers --rev',
    unless: '--path',
    pinsWith: LOCKED.options,
  }),
  form('cargo', 'cargo', 'binstall', { name: crate, version: '--version --vers' }),
  form('composer', 'composer composer.phar', 'install|global install', {
    ...ALL,
    lock: { file: 'composer.lock', folder: '-d --working-dir' },
  }),
  form('composer', 'composer composer.phar', 'require|global require', { name: composerName }),
  form('composer', 'composer composer.phar', 'create-project', { name: loose, most: 1 }),
  form(
    'composer',
    'composer composer.phar',
    'update|upgrade|u|global update|global upgrade|global u',
    ALL,
  ),
  form('composer', 'composer composer.phar', 'self-update|selfupdate', {
    name: (word) => named('composer', word, /^\d+\.\d+\.\d+$/),
    ...ALL,
  }),
  form('other', 'cpanm cpm', '', { name: joined('@') }),
  form('other', 'pecl pear', 'install|upgrade', { name: joined('-', NUMBERS, true) }),
  form('other', 'dotnet', 'tool install|tool update|add package', {
    name: joined('@'),
    version: '--version',
    most: 1,
  }),
  form('other', 'rustup', 'toolchain install|toolchain add|install|default', { name: channel }),
  form('other', 'rustup', 'update', ALL),
  form('other', 'nvm', 'install', {
    name: release,
    unnamed: 'always',
    lock: { file: '.nvmrc' },
    most: 1,
  }),
];

/** The programs of the forms: each checks packages against its index, by signatures or sums. */
const INSTALLERS = new Set(['go', ...INSTALL_FORMS.flatMap(({ programs }) => programs.split(' '))]);

export function isInstaller(program: string): boolean {
  return INSTALLERS.has(program) || INSTALLERS.has(program.replace(/(?<![\d.-])-?[\d.]+$/, ''));
}

/** Command lines that write the lock file of a project again. */
const WRITES_LOCK =
  /^(?:npm (?:.* )?(?:--package-lock-only|shrinkwrap|dedupe|ddp|update|up|upgrade|audit fix)|pnpm (?:.* )?(?:--lockfile-only|--fix-lockfile|update|up|upgrade|dedupe)|yarn (?:.* )?(?:--mode[= ]update-lockfile|up|upgrade|dedupe|import)|bun (?:.* )?(?:--lockfile-only|update)|(?:poetry|pdm|pipenv|uv|bundler?) (?:lock|update|upgrade|add|remove)|cargo (?:\+\S+ )?(?:update|generate-lockfile|add|remove|upgrade)|composer(?:\.phar)? (?:.* )?(?:update|upgrade|require|remove)|go (?:mod tidy|get|work sync))(?: |$)/;
/** These only check the lock file, or keep to it. */
const KEEPS = / (?:--check|--locked|--frozen|--offline|--local|--lock)(?: |$)/;
const FAMILY: Readonly<Record<string, string>> = {
  npx: 'npm',
  yarnpkg: 'yarn',
  bundler: 'bundle',
  'composer.phar': 'composer',
};

/** True if a command line, program first, may have changed the lock that `program` reads later. */
export function writesLock(program: string, line: string): boolean {
  const family = (name: string): string => FAMILY[name] ?? name;
  const writer = line.split(' ', 1)[0] ?? '';
  return family(program) === family(writer) && WRITES_LOCK.test(line) && !KEEPS.test(line);
}
