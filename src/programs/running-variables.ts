import { SOURCED_FILES } from './known-scripts.ts';
import { isBuiltin } from './shell-builtins.ts';

/** Variables by which programs run, or take orders from, what no command line names. */
interface RunningVariable {
  readonly names: RegExp;
  /** Programs that obey it; all where not given. */
  readonly programs?: RegExp;
  /** Only command lines like this do, their words joined by blanks. */
  readonly only?: RegExp;
  readonly reason: string;
  /** Values that name nothing to be read. */
  readonly unless?: RegExp;
}

/** Programs by their plain names: compilers, wrappers and linkers of the image. */
const PLAIN_PROGRAM = /^(?:\/usr\/(?:local\/)?bin\/)?[\w.+-]+$/;

const RUNNING_VARIABLES: readonly RunningVariable[] = [
  {
    names: /^LD_(?:PRELOAD|AUDIT)$/,
    reason: 'the loader runs the library in each program',
    unless:
      /^(?:(?:^|[ :]+)(?:[\w.${}-]*\/)*lib(?:jemalloc|tcmalloc|mimalloc|eatmydata|faketime|gomp|stdc\+\+|iomp5|hugetlbfs|gnu-preload|preloadable_libiconv)[\w.+-]*)+$/,
  },
  { names: /^BASH_FUNC_/, reason: 'bash takes it for a function' },
  {
    names:
      /^(?:GCONV_PATH|ZDOTDIR|COMPILER_PATH|GCC_EXEC_PREFIX|LESSOPEN|LESSCLOSE|OPENSSL_(?:ENGINES|MODULES)|PYTHONHOME)$/,
    reason: 'programs load or start what lies there',
    unless: /^\/usr\/(?!local\/)/,
  },
  {
    names: /^OPENSSL_CONF$/,
    reason: 'OpenSSL loads the modules that the file names',
    unless: /^(?:\/etc\/|\/usr\/(?!local\/)|\/dev\/null$)/,
  },
  {
    names: /^TAR_OPTIONS$/,
    reason: 'tar starts what its options name',
    programs: /^(?:g|bsd)?tar$/,
    unless: /^(?!.*(?:checkpoint|command|program|script| -?\w*[IF]\b))/,
  },
  {
    names: /^(?:(?:MAN|GIT_|SYSTEMD_)?PAGER|EDITOR|VISUAL|BROWSER)$/,
    reason: 'programs start it',
    programs: /^(?:git|man|crontab|visudo|vipw|systemctl|less|psql|mysql|npm|bundle|gem|hg|svn)$/,
    unless: PLAIN_PROGRAM,
  },
  {
    names: /^RUBYLIB$/,
    reason: 'ruby loads libraries from it',
    programs: /^(?:ruby|gem|bundler?|rake)[\d.]*$/,
    unless: /^\/usr\/(?!local\/)/,
  },
  {
    names: /^PERL5LIB$/,
    reason: 'perl loads modules from it',
    programs: /^(?:perl[\d.]*|cpanm?)$/,
    unless: /^\/usr\/(?!local\/)/,
  },
  {
    names: /^(?:SHELLOPTS|BASHOPTS)$/,
    reason: 'bash takes its options from it',
    unless: /^(?!.*(?:noexec|xtrace|expand_aliases))/,
  },
  {
    names: /^(?:MAKEFILES|(?:GNU)?MAKEFLAGS|MFLAGS)$/,
    reason: 'make takes its steps from it',
    programs: /^[bg]?make$/,
    unless: /^-?-?[\w -]*$/,
  },
  {
    names:
      /^(?:CC|CXX|CPP|LD|AR|AS|RANLIB|NM|FC|F77|CONFIG_SHELL|PKG_CONFIG|M4|AUTOCONF|AUTOMAKE|CMAKE_\w+_(?:COMPILER|LAUNCHER))$/,
    reason: 'builds start it',
    unless: /^[^;|&`$<>()]*$/,
  },
  {
    names: /^ENV$/,
    programs: /^(?:sh|dash|ash|ksh|mksh|busybox)$/,
    only: /(?:^| )-[a-zA-Z]*i/,
    reason: 'an interactive shell runs the file',
    unless: /^[^/]*$/,
  },
  { names: /^BASH_ENV$/, reason: 'bash runs the file before each script' },
  { names: /^PS4$/, reason: 'the shell expands it with set -x', unless: /^(?!.*(?:\$\(|`))/s },
  { names: /^PROMPT_COMMAND$/, reason: 'bash runs it' },
  {
    names: /^(?:NODE_OPTIONS|npm_config_node_options)$/i,
    reason: 'node loads modules by it',
    unless: /^(?!.*(?:--(?:require|import|loader|experimental-loader)\b|(?:^|\s)-r))/,
  },
  { names: /^RUBYOPT$/, reason: 'ruby loads libraries by it', unless: /^(?!.*(?:^|\s)-?r)/ },
  { names: /^PERL5(?:OPT|DB)$/, reason: 'perl loads modules by it' },
  {
    names: /^(?:JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS)$/,
    reason: 'java loads agents by it',
    unless: /^(?!.*(?:-javaagent|-agent(?:lib|path)|-XX:On\w+Error|-Xbootclasspath|@))/,
  },
  {
    names: /^GIT_SSH(?:_COMMAND)?$/,
    reason: 'git starts it',
    unless: /^(?:\/usr\/bin\/)?ssh(?!.*(?:ProxyCommand|LocalCommand| -F))[\w @:/.=~+-]*$/,
  },
  {
    names:
      /^GIT_(?:PROXY_COMMAND|ASKPASS|EXTERNAL_DIFF|EDITOR|SEQUENCE_EDITOR|EXEC_PATH|TEMPLATE_DIR|CONFIG_PARAMETERS|CONFIG_GLOBAL|CONFIG_SYSTEM)$/,
    reason: 'git starts it, or takes its settings from it',
    unless: /^(?:\/bin\/(?:echo|true)|true|echo|:)$/,
  },
  {
    names: /^GIT_CONFIG_KEY_\d+$/,
    reason: 'git takes the setting from it',
    unless: /^(?:url\..*\.insteadof|user\.\w+|safe\.directory|http\..*extraheader|init\.\w+)$/i,
  },
  {
    names:
      /^(?:RUSTC|RUSTDOC|RUSTC_WRAPPER|RUSTC_WORKSPACE_WRAPPER|CARGO_BUILD_RUST\w+WRAPPER|CARGO_BUILD_RUST(?:C|DOC)|CARGO_TARGET_\w+_(?:RUNNER|LINKER))$/,
    reason: 'cargo starts it',
    unless: PLAIN_PROGRAM,
  },
  {
    names: /^GOFLAGS$/,
    reason: 'go starts what its flags name',
    unless: /^(?!.*--?(?:toolexec|exec|overlay|vettool)\b)/,
  },
  {
    names:
      /^npm_config_(?:script_shell|git|node_gyp|userconfig|globalconfig|shell|init_module|viewer|editor)$/i,
    reason: 'npm starts it, or takes its settings from it',
    unless: /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|a|z)?sh$/,
  },
  {
    names:
      /^(?:PIP_CONFIG_FILE|PIP_REQUIREMENT|PIP_EDITABLE|PIP_PYTHON|UV_CONFIG_FILE|UV_OVERRIDE|YARN_RC_FILENAME|YARN_PLUGINS|YARN_YARN_PATH|APT_CONFIG|CURL_HOME|WGETRC|SYSTEM_WGETRC|LUA_INIT|R_PROFILE(?:_USER)?|R_ENVIRON(?:_USER)?|PERL_MM_OPT|PERL_CPANM_OPT|LUAROCKS_CONFIG|CONDARC|MAMBARC)$/,
    reason: 'the program takes its settings from it',
    unless: /^\/dev\/null$/,
  },
];

/**
 * A command in the subscript of an array, as text: bash runs it wherever it counts with such a name
 * (`(( x ))`, `[[ x -eq 1 ]]`) or is given one (`unset`, `read`, `test -v`, `printf -v`).
 */
const SUBSCRIPT = /\[[^[\]]*(?:\$\((?!\.\.\.\))|`)/;

/** True where a word of one of the shell's own commands is run as a command. */
export function hidesCommand(program: string, text: string, words: readonly string[]): boolean {
  if (/\$\{[^{}]*@P\}/.test(text)) return true;
  const isPrinted = program === 'echo' || (program === 'printf' && words[0] !== '-v');
  return isBuiltin(program) && !isPrinted && words.some((word) => SUBSCRIPT.test(word));
}

const BY_NAME = new Map<string, RunningVariable | undefined>();
/** Of names; a hostile file may have more. */
const MOST_KEPT = 512;

function runningNamed(name: string): RunningVariable | undefined {
  if (BY_NAME.has(name)) return BY_NAME.get(name);
  const known = RUNNING_VARIABLES.find(({ names }) => names.test(name));
  if (BY_NAME.size < MOST_KEPT) BY_NAME.set(name, known);
  return known;
}

/** The first variable that makes a program run something unread; an unknown value may do so. */
export function runningVariable(
  variables: ReadonlyMap<string, string | undefined>,
  program = '',
  words: readonly string[] = [],
): string | undefined {
  for (const [name, value] of variables) {
    if (value === '') continue;
    const known = runningNamed(name);
    if (known === undefined && value !== undefined && SUBSCRIPT.test(value)) return name;
    if (known === undefined || known.programs?.test(program) === false) continue;
    if (known.only?.test(words.join(' ')) === false) continue;
    const isSystem =
      name === 'BASH_ENV' && SOURCED_FILES.some(({ path }) => path.test(value ?? ''));
    const isHarmless = value !== undefined && known.unless?.test(value) === true;
    if (!isSystem && !isHarmless) return name;
  }
  return undefined;
}
