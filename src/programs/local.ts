import { valuedOptions } from './options.ts';

/** The plain name of programs that end in a version (`python3.12`, `gcc-12`). */
export function unversioned(program: string): string {
  return !/[\d.]$/.test(program) ? program : program.replace(/(?<![\d.-])-?[\d.]+$/, '');
}

/**
 * Programs that fetch nothing and run nothing but what their command line names. What is in no row
 * is unknown.
 */
interface LocalPrograms {
  /** Names, parted by blanks; `python3.12` counts as `python`. */
  readonly programs: string;
  /** Only command lines like this: the words behind the program, joined by blanks. */
  readonly only?: RegExp;
  /** The same, matched with the words without options and their values. */
  readonly verbs?: RegExp;
  /** Command lines like this reach out, or run something that was not read. */
  readonly unless?: RegExp;
  /** It may start a compiler, or what packages bring. */
  readonly starts?: true;
}

const BUILTIN_NAMES =
  ': [ [[ (( test true false cd pwd pushd popd dirs echo printf read let getopts shift set unset export readonly local declare typeset ' +
  'shopt umask ulimit exit return break continue wait jobs bg fg disown kill times type command hash exec builtin logout bind trap mapfile readarray';
/** Words of the language, and builtins that run or read something else. */
const WORDS =
  'if then elif else fi for while until do done case esac in function select time coproc { } ! . source eval alias unalias enable fc help history';
const BUILTINS: ReadonlySet<string> = new Set(BUILTIN_NAMES.split(' '));
const SHELL_WORDS: ReadonlySet<string> = new Set(`${BUILTIN_NAMES} ${WORDS}`.split(' '));
/** Builtins that lie on PATH as programs, too. */
const FILES: ReadonlySet<string> = new Set('[ test true false echo printf pwd kill'.split(' '));

export function isBuiltin(program: string): boolean {
  return BUILTINS.has(program);
}

/** True for a word that means something to a shell instead of a program: `if`, `cd`, `eval`. */
export function isShellWord(word: string): boolean {
  return SHELL_WORDS.has(word);
}

/** True for a word that only a shell knows: no program has its name. */
export function isOfShellAlone(word: string): boolean {
  return isShellWord(word) && !FILES.has(word);
}

/** Settings of git that name neither a program nor another file of settings. */
const GIT_KEYS =
  '(?:user|author|committer|advice|color|safe|https?|fetch|pull|push|pack|protocol\\.(?!ext)|core\\.(?:autocrlf|symlinks|longpaths|compression|quotepath|quotePath|filemode|fileMode|eol|safecrlf)\\b|init\\.default[bB]ranch|url\\.\\S+insteadO?o?f|gc\\.auto)';
const GIT = new RegExp(
  '^(?:-C \\S+ |-c ' +
    GIT_KEYS +
    '\\S* |--no-pager |--bare )*(?:config (?:--(?:global|system|local|add|replace-all) )*(?:' +
    GIT_KEYS +
    '|--(?:get|list|unset)|-l\\b)|(?:submodule (?:init|status|sync|deinit)|remote (?:-v|set-url|remove|rm|rename|get-url)|init|checkout|switch|restore|reset|clean|add|rm|mv|commit|tag|branch|log|show|status|diff|describe|rev-parse|rev-list|apply|am|merge|cherry-pick|stash|gc|ls-files|ls-tree|cat-file|show-ref|update-ref|archive|verify-commit|verify-tag|fsck|lfs (?:install|checkout|track)|--version|version)(?: |$))',
);
const COMPRESSORS = '(?:zstd|xz|gzip|pigz|lz4|lzip|bzip2|pbzip2|brotli)(?:[ "\'-]|$)';
/** `-F`, `-T` and `-I` of tar start programs, and so may lines of a list of names. */
const TAR = new RegExp(
  `^[a-zA-Z]*[IFT]|(?:^| )(?:-[a-zA-Z]*[FT]|--(?:f(?!ile\\b|orce|ull|ormat)|to-c|check|rmt|rs|inf|new|vo))|(?:^| )(?:-[a-zA-Z]*I|--us?e?-?c?[a-z-]*(?=[ =]))(?![ =]?["']?${COMPRESSORS})|(?:^| )(?:-?[a-zA-Z]*f |-f|--file[ =])[\\w.@-]+:`,
);
/** True where sed only edits: scripts of known commands, none of them in a file. */
function onlyEdits(words: readonly string[]): boolean {
  const scripts: string[] = [];
  const rest: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (/^(?:-[nrEsuz]*e|--expression)$/.test(word)) scripts.push(words[(at += 1)] ?? '');
    else if (/^(?:-e|--expression=)/.test(word))
      scripts.push(word.replace(/^(?:-e|--expression=)/, ''));
    else if (
      /^(?:-[nrEsuz]*(?:i.*)?|--(?:quiet|silent|in-place(?:=.*)?|regexp-extended))$/.test(word)
    )
      continue;
    else if (word.startsWith('-')) return false;
    else rest.push(word);
  }
  const all = scripts.length > 0 ? scripts : rest.slice(0, 1);
  return all.length > 0 && all.every(isEditing);
}

const SED_ADDRESS = String.raw`(?:\d+(?:~\d+)?|\$|\/(?:\\.|[^/\\])*\/[IM]*)[ \t]*`;
/** Up to the delimiter of an expression. */
const SED_PART = String.raw`(?:\\[^]|(?!\1)[^\\])*\1`;
/** Commands that run nothing. */
const SED_COMMAND = String.raw`[=dDgGhHnNpPx]|[qQ]\d*|[:btT] ?\w*|[sy]([^\w\s\\])${SED_PART}${SED_PART}[gpiIm\d]*`;
/** Text that is put in: a whole line or more. */
const SED_TEXT = String.raw`[aic](?:\\[^]|[^\\\n])*(?=\n|$)`;
const SED_PIECE = new RegExp(
  String.raw`[\s;{}]*(?:${SED_ADDRESS}(?:,[ \t]*[+~]?${SED_ADDRESS})?)?(?:![ \t]*)?(?:\{|${SED_TEXT}|(?:${SED_COMMAND})[ \t]*(?=[\n;}]|$))`,
  'y',
);

/** As GNU sed reads a script: only `e`, alone or as a flag of `s`, runs a command. */
function isEditing(script: string): boolean {
  let at = 0;
  for (let count = 0; count < 200; count += 1) {
    if (/^[\s;{}]*$/.test(script.slice(at))) return true;
    SED_PIECE.lastIndex = at;
    if (!SED_PIECE.test(script)) return false;
    at = SED_PIECE.lastIndex;
  }
  return false;
}

/** True where awk's program, on the command line, starts nothing and opens no connection. */
function onlyReadsText(words: readonly string[]): boolean {
  const line = words
    .join(' ')
    // Only looks whether a file is there.
    .replace(/\bsystem\("\[ -[a-z] [^"`$;&|]*" \$\d+ " \]"\)/g, '0')
    .replace(/^(?:-F ?\S+ )?/, '');
  if (/^-|^\S+ -[fEil]|inet/.test(line)) return false;
  // Texts and patterns are not run.
  const code = line
    .replace(/"(?:\\.|[^"\\\n])*"/g, '""')
    .replace(/((?:^|[~(,!&|;{}])\s*)\/(?:\\.|[^/\\\n])*\//g, '$1 ');
  return !/\bsystem\b|@|(?<!\|)\|(?!\|)|\bgetline\b|"/.test(code.replaceAll('""', ''));
}

/** Files from a program or the system that set shell variables and functions. */
export const SOURCED_FILES: readonly RegExp[] = [
  /^\/(?:etc|usr\/lib)\/(?:os|lsb|alpine|debian|redhat)-(?:release|version)$/,
  /^\/etc\/(?:profile|environment|bash\.bashrc|bashrc|apache2\/envvars|default\/\w+|profile\.d\/[\w.-]+)$/,
  /^(?:~|\$\{?HOME\}?|\/root|\/home\/[^/]+)\/\.(?:profile|bashrc|bash_profile|zshrc)$/,
  /\/bin\/activate$|\/\.?cargo\/env$|(?:\/|^)nvm\.sh$|sdkman-init\.sh$|\/conda\.sh$|^\/opt\/ros\/[^/]+\/setup\.\w+$/,
];

const ROWS: readonly LocalPrograms[] = [
  { programs: BUILTIN_NAMES, unless: /^-p |(?:^| )-C/ },
  {
    programs:
      'cat tac head tail cut paste tr uniq wc nl fold fmt join comm expand unexpand tee rev column shuf csplit od hexdump xxd strings grep egrep fgrep ' +
      'cmp jq yq iconv dos2unix unix2dos envsubst look base64 base32 seq numfmt factor expr bc sponge pv uuidgen tput msgfmt',
  },
  { programs: 'sort split diff', unless: /(?:^| )--(?:co|f|di)/ },
  {
    programs:
      'ls dir tree stat file du df find updatedb readlink realpath basename dirname mkdir rmdir rm unlink cp mv ln link touch truncate ' +
      'chmod chown chgrp chattr lsattr setfacl getfacl setcap getcap mknod mkfifo mktemp dd shred sync fallocate patch',
  },
  { programs: 'install', unless: /(?:^| )--st\w*-p/ },
  { programs: 'tar bsdtar gtar', unless: TAR },
  {
    programs:
      'gzip gunzip zcat pigz bzip2 bunzip2 bzcat xz unxz xzcat lzma zstd unzstd lz4 brotli zip unzip unrar 7z 7za uncompress rpm2cpio unsquashfs jar',
    unless: /(?:^| )(?:-\w*TT|--(?:un|pl))/,
  },
  { programs: 'cpio', unless: /(?:^| )(?:-[a-zA-Z]*[FIO]|--(?:f|rs))/ },
  { programs: 'md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum shasum' },
  {
    programs: 'gpg gpgv gpg2 gpgconf',
    unless: /--(?:se|ref|loc|auto-key|ag|dirm|pin|key\w*-p|photo|exec|opt|load)/,
  },
  {
    programs: 'openssl',
    only: /^(?:dgst|dhparam|ecparam|enc|genpkey|genrsa|passwd|pkcs12|pkey|rand|rehash|req|rsa|sha\d+|version|x509)(?: |$)/,
    unless: /-(?:engine|provider|propquery|config)/,
  },
  { programs: 'cosign', only: /^(?:verify|verify-blob|version)\b/ },
  { programs: 'keytool', unless: /(?:^| )-(?:J|provider|sslserver)/ },
  { programs: 'xargs', only: /^(?:-(?:[0rt]+|[nLP] ?\d+)(?: |$))*$/ },
  {
    programs:
      'adduser addgroup useradd usermod userdel groupadd groupmod groupdel deluser delgroup passwd chpasswd chsh gpasswd id whoami groups getent',
  },
  {
    programs:
      'htpasswd mkpasswd uname arch hostname nproc getconf date uptime free ps env printenv locale lsb_release umount sysctl sleep yes ldd ldconfig getopt kill killall pkill ' +
      'which locale-gen localedef update-locale dpkg-reconfigure debconf-set-selections update-alternatives alternatives update-rc.d rc-update rc-service systemctl service dpkg-divert ' +
      'dpkg-statoverride dpkg-query dpkg-deb dpkg-scanpackages apt-ftparchive apt-mark apt-cache apt-config update-ca-certificates update-ca-trust c_rehash fc-cache mkfontscale mkfontdir ' +
      'update-mime-database update-desktop-database gtk-update-icon-cache mandb newaliases postmap postconf a2enmod a2dismod a2ensite a2dissite a2enconf a2disconf phpenmod phpdismod ' +
      'lighty-enable-mod make-ssl-cert crontab catatonit',
    unless: /(?:^| )--hooks/,
  },
  { programs: 'dpkg-architecture', unless: /(?:^| )(?:-c|--c)/ },
  {
    programs: 'dpkg rpm rpmkeys',
    unless:
      /--(?:pre|post)-invoke|(?:^| )(?:-[A-Za-z]*E|--eval)(?![ =]?%\{?\??\w+\}?(?: |$))|(?:^| )(?:-D|--(?:def|load|pipe|mac|rc|spec))/,
  },
  { programs: 'apt-key add-apt-repository apt-add-repository yum-config-manager' },
  { programs: 'catalina.sh', only: /^(?:configtest|version)$/ },
  { programs: 'nginx', only: /^-[tTvV]$/ },
  {
    programs: 'curl wget wget2',
    only: /^(?:$|-V|-h|[^]*[^-]\S)/,
    unless: /(?:^| )(?:-K|--con(?:fig|f-path)|-e(?: |\S)|--execute|--on-|--use-ask)/,
  },
  {
    programs: 'git',
    only: GIT,
    unless: /\bext::|(?:^|[ =])["']?!|--(?:upl|rece|exec|templ|ext-d|textc|rem)/,
  },
  // Their scripts are read elsewhere.
  { programs: 'sed gsed awk gawk mawk nawk', only: /^(?!)/ },
  {
    programs: 'apt apt-get',
    verbs:
      /^(?:update|clean|autoclean|distclean|dist-clean|remove|purge|autoremove|autopurge|check|mark|hold|unhold|list|show|search|policy|changelog)(?: |$)/,
    unless: /invoke|hooks?\b|Dir::Bin|Acquire::\w+::(?:Proxy-Auto|ProxyAutoDetect)/i,
  },
  {
    programs: 'apk',
    verbs:
      /^(?:add$|(?:update|del|info|list|search|policy|cache (?:clean|purge|sync)|fix|verify|audit|version|stats|index)(?: |$))/,
  },
  {
    programs: 'dnf dnf5 yum microdnf tdnf zypper',
    verbs:
      /^(?:clean|cc|makecache|refresh|ref|remove|rm|erase|autoremove|list|ls|info|search|repolist|repoquery|check|check-update|config-manager|copr|module (?:enable|disable|reset|list)|addrepo|ar|removerepo|rr|modifyrepo|mr|repos|lr|versionlock|provides)(?: |$)/,
    unless: /--setopt=\S*plugin/,
  },
  { programs: 'pacman', only: /(?:^| )(?:-[SRQ]\w*|--sync|--noconfirm)(?: |$)/ },
  {
    starts: true,
    programs:
      'gcc g++ cc c++ clang clang++ cpp ld ar as nm objcopy objdump strip readelf ranlib pkg-config pkgconf nasm yasm musl-gcc gfortran rustc protoc bison flex swig ' +
      'patchelf upx llvm-config jlink jdeps jmod javadoc scanelf',
    unless:
      /(?:^| )(?:@|-B|-cc |-pp |-fuse-ld=\S*\/|-Wl,\S*(?:plugin|@)|-f?plugin|-fpass|-wrapper|-load|--?specs|--plugin|-Xplugin|-Xclang|-C ?linker|--codegen|-Z|--extern|-doclet|-taglet|-J-)/,
  },
  {
    starts: true,
    programs: 'javac',
    unless:
      /-(?:processor|Xplugin|J)|(?:^| )@|^(?!.*-proc:none).*(?:-cp|-class-?path|--class-path)/,
  },
  {
    programs: 'python pypy',
    starts: true,
    only: /^(?:-[IEsSBOu]+ )*-m (?:venv|virtualenv|compileall|py_compile|ensurepip)\b/,
    unless: / --(?:upgrade-|do|seeder|extra-)/,
  },
  { programs: 'virtualenv', starts: true, unless: /--(?:upgrade-|do|seeder|extra-)/ },
  // What they fetch by a name they check by sums of their own, or of its origin.
  { programs: 'nvm', starts: true, only: /^(?:-|install\b|$)/ },
  { programs: 'php', starts: true, only: /^(?:-[vmi]|--version|--ini)$/ },
  {
    programs:
      'docker-php-ext-configure docker-php-ext-enable docker-php-ext-install docker-php-source',
    starts: true,
  },
  {
    programs: 'go',
    starts: true,
    only: /^(?:version|clean|list|fmt|mod (?:init|verify|graph))\b|^env(?! .*-w)/,
    unless: /-(?:toolexec|exec|overlay|vettool)/,
  },
  {
    programs: 'cargo',
    starts: true,
    only: /^(?:\+\S+ )?(?:clean|version|new|init|metadata|fmt|tree|chef prepare)\b/,
    unless: /--config/,
  },
  {
    programs: 'rustup',
    starts: true,
    only: /^(?:--quiet )?(?:--version|set|override|show|update|default|install|toolchain (?:install|add)|(?:component|target) (?:list|remove|add))\b/,
  },
  {
    starts: true,
    programs: 'npm pnpm bun',
    verbs:
      /^(?:config|c|set|get|cache (?:clean|verify)|store|ls|list|view|info|show|prune|uninstall|remove|rm|r|root|prefix|bin|audit(?! .*fix)|outdated|version|fund|pkg|init$|ping|rebuild|rb|(?:link|ln)$)(?: |$)/,
    unless: /--(?:sc|git|node-)|(?:^| )audit .*fix/,
  },
  {
    starts: true,
    programs: 'yarn yarnpkg',
    only: /^(?:-\S+ )*(?:config|cache|list|info|why|remove|audit(?!.*fix)|check|import|autoclean|global (?:remove|list|bin|dir)|--(?:version|help)$)/,
  },
  { starts: true, programs: 'corepack', only: /^(?:enable|disable|cache|prepare|install|use)\b/ },
  {
    starts: true,
    programs:
      'pip pipx gem bundle bundler poetry pipenv conda mamba micromamba composer composer.phar',
    verbs:
      /^(?:list|freeze|check|show|cache|config|debug|uninstall|remove|inspect|hash|ensurepath|info|env(?! (?:create|update))|environment|version|export|clean|cleanup|clear-cache|clearcache|sources|update --system|search|init|activate|index|validate|diagnose|dump-autoload|lock|platform|outdated|create)(?: |$)/,
    unless: /(?:^| )(?:run-script|run|exec)(?: |$)/,
  },
  {
    starts: true,
    programs: 'uv',
    verbs:
      /^(?:venv|cache|version|export|lock|tree|init|pip (?:list|freeze|check|show|uninstall|compile)|tool (?:list|dir)|python (?:list|find|dir|pin)|remove)(?: |$)/,
  },
];

/** Programs that run steps, configuration or code of the source at hand. */
const DRIVERS =
  'make gmake ninja cmake ctest cpack meson scons waf qmake autoreconf autoconf automake aclocal autoheader libtoolize configure Configure config buildconf bootstrap ' +
  'bootstrap.sh autogen.sh build.sh Build install.sh dpkg-buildpackage rpmbuild abuild ant vite webpack rollup next nuxt astro ng nx turbo gulp grunt eslint jest doxygen';
const DRIVEN: Readonly<Record<string, RegExp>> = {
  python: /^(?:-\w+ )*(?:\.\/)?(?:setup|waf|configure|bootstrap)(?:\.py)?\b/,
  perl: /^(?:\.\/)?(?:Makefile\.PL|Build\.PL|Configure|config)\b/,
  npm: /^(?:run|run-script|start|test)\b/,
  yarn: /^(?:run|start|test|build)\b/,
  pnpm: /^(?:run|start|test|build)\b/,
  bun: /^(?:run|test|build)\b/,
  dotnet: /^(?:restore|build|publish|test|pack|run|msbuild|clean)\b/,
  mix: /^(?!deps\.get|local\.|archive)/,
  nuget: /restore/i,
  stack: /^(?:build|install|test|exec)\b/,
  cabal: /^(?:v2-|new-)?(?:build|test|run)\b|^install(?: -\S+)*(?: \.|$)/,
  swift: /^(?:build|test|run)\b/,
};
/** Words by which a driver takes its steps, or what it starts, from elsewhere than its source. */
const FROM_ELSEWHERE =
  /^(?:--eval|SHELL=|MAKE=|\w*SHELL=|-D(?:CMAKE_(?:TOOLCHAIN|PROJECT|\w+_(?:COMPILER|LAUNCHER))|\w+_EXECUTABLE)|--toolchain|--native-file|--cross-file|--init-script|-P$|-f$|--file|--makefile|-I$|-S\S)|[;|&`<>]|\$\((?!\.\.\.\))/;

/** True where it runs the steps of the source in its folder (`make`, `./configure`). */
export function isBuildDriver(program: string, words: readonly string[]): boolean {
  const name = unversioned(program);
  if (DRIVERS.split(' ').includes(program)) return true;
  return Object.hasOwn(DRIVEN, name) && DRIVEN[name]?.test(words.join(' ')) === true;
}

/** True where the words of a driver do not change what its source runs. */
export function drivesPlainly(program: string, words: readonly string[]): boolean {
  if (program === 'cmake' && words.some((word) => word.startsWith('-C'))) return false;
  return !words.some((word) => FROM_ELSEWHERE.test(word));
}

const BY_NAME = new Map<string, LocalPrograms[]>();
for (const row of ROWS)
  for (const name of row.programs.split(' '))
    BY_NAME.set(name, [...(BY_NAME.get(name) ?? []), row]);

function rowsOf(program: string): readonly LocalPrograms[] {
  return BY_NAME.get(program) ?? BY_NAME.get(unversioned(program)) ?? [];
}

function isIn(row: LocalPrograms, program: string, words: readonly string[]): boolean {
  const line = words.join(' ');
  if (row.only?.test(line) === false || row.unless?.test(line) === true) return false;
  if (row.verbs === undefined) return true;
  const valued = valuedOptions(program);
  const spoken = words.filter(
    (word, at) => !word.startsWith('-') && !valued.has(words[at - 1] ?? '-'),
  );
  return spoken.length === 0 || row.verbs.test(spoken.join(' '));
}

/** True for a program that is known by its name, whatever its words. */
export function isKnownProgram(program: string): boolean {
  return rowsOf(program).length > 0;
}

/** True if a command line is known to fetch and install nothing and to run nothing unread. */
export function isLocal(program: string, words: readonly string[]): boolean {
  if (/^g?sed$/.test(program)) return onlyEdits(words);
  if (/^[gmn]?awk$/.test(program)) return onlyReadsText(words);
  return rowsOf(program).some((row) => isIn(row, program, words));
}

/** True where its words make it run what they name, whatever else is known of it. */
export function isRefused(program: string, words: readonly string[]): boolean {
  const line = words.join(' ');
  return rowsOf(program).some(({ unless }) => unless?.test(line) === true);
}

const INSTALLS =
  /^(?:apt|apt-get|aptitude|apt-fast|apk|dnf5?|yum|microdnf|tdnf|zypper) (?:-\S+ )*(?:(?:re)?install|in|add|fetch|download|source|build-dep|upgrade|update|up|dup|patch|dist-upgrade|full-upgrade)\b/;

/** True where this command line is known to start neither a compiler nor another program. */
export function startsNoOther(program: string, words: readonly string[]): boolean {
  if (INSTALLS.test([program, ...words].join(' '))) return true;
  return !rowsOf(program).some(({ starts }) => starts === true) && isLocal(program, words);
}
