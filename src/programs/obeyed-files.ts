import { fileName } from '../model/path.ts';

/** Files by which programs run, or take orders from, what no command line names. */
export interface ObeyedFile {
  /** Programs that obey it; all where not given. */
  readonly programs?: RegExp;
  /** Only command lines like this do, their words joined by blanks. */
  readonly only?: RegExp;
  /** Its whole path, as far as it is known. */
  readonly path: RegExp;
  /** Where it would be, also in folders that the build copied; `./` is the command's folder. */
  readonly places?: readonly string[];
  readonly reason: string;
  /** It counts only where its content is shown. */
  readonly ifShown?: true;
  /** Content that orders nothing to be run. */
  readonly isHarmless?: (text: string) => boolean;
}

export const none = (refused: RegExp) => (text: string) => !refused.test(text);
export const lines = (allowed: RegExp) => (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .every((line) => line === '' || line.startsWith('#') || allowed.test(line));

/** A step of apt that only removes what it unpacked. */
const CLEANS =
  /(?:Pre|Post)-Invoke(?:-Success)?\s*\{\s*(?:"rm -r?f [^"`$;&|]*(?: \|\| true)?";?\s*)+\}/gi;
const APT_RUNS =
  /invoke|hook|install-pkgs|\bbin\b|detect|proxy-auto|#include|#x-apt|tools|solver|planner|dpkg::path|chroot/i;
const GIT_RUNS =
  /fsmonitor|ssh_?command|hooks_?path|editor|pager|gitproxy|askpass|alias|include|helper|textconv|smudge|clean\s*=|process|\bext::|program|\b(?:driver|cmd)\b|command\s*=|uploadpack|receivepack/i;
const HOOKS =
  'applypatch-msg pre-applypatch post-applypatch pre-commit pre-merge-commit prepare-commit-msg commit-msg post-commit pre-rebase post-checkout post-merge post-rewrite pre-push post-index-change reference-transaction pre-auto-gc push-to-checkout';
/** Plain declarations of a Gemfile. */
const GEMFILE =
  /^(?:source|ruby|gem|gemspec|group|platforms?|end)\b(?!.*(?:`|\b(?:path|git|github|eval|system|exec|File|IO|open)\b|[{$%]))/;
const SHELL_SETTING =
  /^(?:export \w+=[^`();&|<>]*|\w+=[^\s`();&|<>]*|\w+="[^"`(]*"|(?:umask|ulimit|set|shopt) [^`$();&|<>]*|alias (?:ls|ll|la|grep)=[^`$();&|<>]*)$/;
const PRELOADED =
  /^lib(?:jemalloc|tcmalloc|mimalloc|eatmydata|faketime|gnu-preload|preloadable_libiconv)\b/;

export const OBEYED_FILES: readonly ObeyedFile[] = [
  {
    path: /^\/etc\/ld\.so\.preload$/,
    places: ['/etc/ld.so.preload'],
    reason: 'the loader runs the libraries that it names in each program',
    isHarmless: (text) =>
      text.split(/[\s:]/).every((word) => word === '' || PRELOADED.test(fileName(word))),
  },
  {
    path: /\/(?:libc\.so\.6|libselinux\.so\.1|ld-(?:linux|musl)[\w.-]*|libpcre2-8\.so\.0|libcap\.so\.2|libacl\.so\.1|libc\.musl[\w.-]*)$/,
    reason: 'ordinary programs load it',
  },
  {
    programs: /^(?:apt|apt-get|apt-fast|aptitude|apt-key|add-apt-repository)$/,
    path: /^\/etc\/apt\/apt\.conf(?:\.d\/[^/]+)?$/,
    places: ['/etc/apt/apt.conf'],
    reason: 'apt runs the hooks that it names',
    isHarmless: (text) => !APT_RUNS.test(text.replace(CLEANS, '')),
  },
  {
    programs: /^(?:apt|apt-get|apt-fast|aptitude|dpkg)$/,
    path: /^\/etc\/dpkg\/dpkg\.cfg(?:\.d\/[^/]+)?$/,
    places: ['/etc/dpkg/dpkg.cfg'],
    reason: 'dpkg runs the hooks that it names',
    isHarmless: lines(/^(?:path-(?:exclude|include)|force-[\w-]+|no-[\w-]+|log)\b/),
  },
  {
    programs: /^git$/,
    path: /(?:^|\/)(?:\.?gitconfig|\.config\/git\/config)$/,
    places: ['/etc/gitconfig', '/root/.gitconfig', '~/.gitconfig', './.git/config'],
    reason: 'git runs the programs that it names',
    isHarmless: none(GIT_RUNS),
  },
  {
    programs: /^git$/,
    only: /(?:^| )(?:commit|checkout|switch|merge|pull|am|rebase|apply|reset|cherry-pick|fetch|gc|stash|worktree)(?: |$)/,
    path: /\/\.(?:git\/hooks|husky)\/[\w-]+$/,
    places: HOOKS.split(' ').flatMap((name) => [`./.git/hooks/${name}`, `./.husky/${name}`]),
    reason: 'git runs the hooks of a repository',
  },
  {
    programs: /^curl$/,
    path: /(?:^|\/)\.curlrc$/,
    places: ['/root/.curlrc', '~/.curlrc'],
    reason: 'curl takes addresses and options from it',
    isHarmless: none(/url|config|input|output|remote-name|upload|data|form/i),
  },
  {
    programs: /^wget$/,
    path: /(?:^|\/)(?:\.wgetrc|etc\/wgetrc)$/,
    places: ['/etc/wgetrc', '/root/.wgetrc', '~/.wgetrc'],
    reason: 'wget takes addresses and options from it',
    isHarmless: none(/input|base|output|askpass|post|execute/i),
  },
  {
    programs: /^(?:rpm|dnf|dnf5|yum|microdnf|tdnf|zypper|rpmbuild|rpmspec)$/,
    path: /(?:^|\/)(?:\.rpmmacros|etc\/rpm\/macros[\w.-]*|usr\/lib\/rpm\/[^/]*macros[\w.-]*)$/,
    places: ['/root/.rpmmacros', '~/.rpmmacros', '/etc/rpm/macros'],
    reason: 'rpm runs what its macros say',
    isHarmless: none(/%\(|%\{(?:lua|expand|load|shell|uncompress|exec)|%__/),
  },
  {
    programs: /^(?:npm|npx|yarn|pnpm|pnpx)$/,
    path: /(?:^|\/)\.?npmrc$/,
    places: ['./.npmrc', '/root/.npmrc', '~/.npmrc'],
    reason: 'npm starts the programs that it names',
    isHarmless: none(
      /script[-_]shell|node[-_](?:options|gyp)|(?:^|\n)[ \t]*(?:git|shell|viewer|editor)[ \t]*=|(?:init|user|global)[-_]?(?:module|config)|onload|pnpmfile/i,
    ),
  },
  {
    programs: /^(?:yarn|yarnpkg)$/,
    path: /\/\.yarnrc(?:\.yml)?$/,
    places: ['./.yarnrc.yml', './.yarnrc', '~/.yarnrc.yml', '/.yarnrc.yml'],
    reason: 'yarn starts the program and the plugins that it names',
    isHarmless: none(/yarn-?path|plugins|unsafehttp|constraints|script-shell/i),
  },
  {
    programs: /^(?:pnpm|pnpx)$/,
    path: /(?:^|\/)\.?pnpmfile\.c?js$/,
    places: ['./.pnpmfile.cjs'],
    reason: 'pnpm runs it',
  },
  {
    programs: /^(?:pip|pipx|uv|python|pypy|poetry)[\d.]*$/,
    path: /\/(?:sitecustomize|usercustomize)\.py$/,
    reason: 'Python runs it whenever it starts',
  },
  {
    programs: /^(?:pip|pipx|uv|python|pypy|poetry)[\d.]*$/,
    path: /\/(?:site|dist)-packages\/[^/]+\.pth$/,
    reason: 'Python runs lines of it whenever it starts',
    isHarmless: lines(/^(?!import\b)[\w./-]+$/),
  },
  {
    programs: /^(?:pip|uv)[\d.]*$/,
    only: /(?:^| )(?:install|wheel)(?: .*)? (?:\.|-e \.|\.\[[\w,-]+\])(?: |$)/,
    path: /\/setup\.py$/,
    places: ['./setup.py'],
    reason: 'pip runs it',
  },
  {
    programs: /^cargo$/,
    path: /\/\.?cargo\/config(?:\.toml)?$/,
    places: ['./.cargo/config.toml', './.cargo/config', '/root/.cargo/config.toml'],
    reason: 'cargo starts the compilers and linkers that it names',
    isHarmless: none(
      /(?:rustc|rustdoc|rustc-wrapper|rustc-workspace-wrapper|runner|linker)"?\s*=\s*["'][^"'\n]*\/|credential|\balias\b|\binclude\b|-C ?link(?:er)?=/,
    ),
  },
  {
    programs: /^cargo$/,
    only: /^(?:\+\S+ )?(?:build|b|install|rustc|check|c|clippy|doc)\b/,
    path: /\/build\.rs$/,
    places: ['./build.rs'],
    reason: 'cargo compiles and runs it',
  },
  {
    programs: /^bundler?$/,
    path: /\/Gemfile$/,
    places: ['./Gemfile'],
    reason: 'Bundler runs it, for it is Ruby',
    isHarmless: lines(GEMFILE),
  },
  {
    programs: /^mix$/,
    path: /\/mix\.exs$/,
    places: ['./mix.exs'],
    reason: 'mix runs it, for it is Elixir',
    isHarmless: none(
      /System\.(?!get_env|version|otp_release)|:os\b|Port\.|File\.(?!read|exists)|:(?:httpc|gen_tcp|erlang|inets)\b|Code\.|Mix\.(?:install|Shell|shell)|spawn|apply\(|\beval|`/,
    ),
  },
  {
    programs: /^pod$/,
    path: /\/Podfile$/,
    places: ['./Podfile'],
    reason: 'CocoaPods runs it, for it is Ruby',
  },
  {
    programs: /^conan$/,
    path: /\/conanfile\.py$/,
    places: ['./conanfile.py'],
    reason: 'conan runs it',
  },
  {
    programs: /^swift$/,
    path: /\/Package\.swift$/,
    places: ['./Package.swift'],
    reason: 'swift runs it',
    isHarmless: none(/Process|Foundation|URLSession|Glibc|Musl|Darwin|system\(|dlopen|@_/),
  },
  {
    programs: /^rebar3?$/,
    path: /\/rebar\.config(?:\.script)?$/,
    places: ['./rebar.config', './rebar.config.script'],
    reason: 'rebar3 runs its hooks and plugins',
    isHarmless: none(/hook|plugin|script|\{\s*cmd/i),
  },
  {
    programs: /^(?:bash|sh|dash|ash|ksh|mksh|zsh)$/,
    only: /(?:^| )-(?:-login|[a-zA-Z]*l)/,
    path: /^\/etc\/profile(?:\.d\/[^/]+)?$|(?:^|\/)\.(?:bash_|z)?(?:profile|login)$/,
    places: ['/etc/profile', '/root/.profile', '/root/.bash_profile'],
    reason: 'a login shell runs it',
    isHarmless: lines(SHELL_SETTING),
  },
  {
    programs: /^(?:bash|zsh)$/,
    only: /(?:^| )-(?:-interactive|[a-zA-Z]*i)/,
    path: /(?:^|\/)(?:\.(?:bash|zsh)rc|bash\.bashrc)$/,
    places: ['/etc/bash.bashrc', '/root/.bashrc', '~/.bashrc'],
    reason: 'an interactive shell runs it',
    isHarmless: lines(SHELL_SETTING),
  },
  {
    programs: /^openssl$/,
    only: /(?:^| )-config /,
    path: /\.(?:cnf|conf)$/,
    reason: 'OpenSSL loads the modules that it names',
    isHarmless: none(/dynamic_path|\bmodule\s*=|engine/),
  },
  {
    programs: /^zsh$/,
    path: /(?:^|\/)\.?zshenv$/,
    reason: 'zsh runs it whenever it starts',
    isHarmless: lines(SHELL_SETTING),
  },
];
