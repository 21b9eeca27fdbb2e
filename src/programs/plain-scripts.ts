import { lookup } from '../model/lookup.ts';
import { unversioned } from './program.ts';

/** What a script of a language may say and still be known to fetch, start and load nothing. */
interface Language {
  /** Words and signs by which it starts programs, reaches out, or runs text. */
  readonly refused: RegExp;
  /** How it loads modules; the first group that matched holds their names. */
  readonly loads?: RegExp;
  /** Words that stand for a module being loaded: each has to be one of `loads`. */
  readonly loading?: RegExp;
  readonly modules: ReadonlySet<string>;
  /** Its calls are these alone, where any function can be called by a name in a string. */
  readonly calls?: ReadonlySet<string>;
}

function modules(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

const FETCH_CALL =
  /\b(?:copy|urllib\.request\.urlretrieve|urlretrieve)\(\s*\\?(['"])(?:https?|ftp):\/\/[^'"\\]*\\?\1\s*,\s*\\?(['"])[^'"\\]*\\?\2\s*\)/g;

const PYTHON: Language = {
  refused:
    /\b(?:exec\w*|eval|(?<!re\.)compile|getattr|setattr|globals|locals|vars|system|popen\w*|spawn\w*|fork\w*|startfile|posix_spawn\w*|import_module|modules|cmdclass|breakpoint|builtins|entry_points|setup_requires|subprocess|socket|addsitedir|meta_path|path_hooks|urlopen|urlretrieve|\w*[oO]pener\w*|urlcleanup)\b|\bsys\s*\.\s*path\s*(?:[.[=+]|$)|\bfrom\s+sys\s+import\b|__(?!(?:name|main|version|file|doc|future|init)__)[a-zA-Z0-9]+(?:_[a-zA-Z0-9]+)*__/,
  loads:
    /(?:^|[;:\n])[ \t]*(?:import[ \t]+([\w.]+(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t]*[\w.]+(?:[ \t]+as[ \t]+\w+)?)*)|from[ \t]+([\w.]+)[ \t]+import[ \t]+[\w(][\w, \t()*]*)/g,
  loading: /\bimport\b/g,
  modules: modules(
    '__future__ sys os os.path json re platform struct sysconfig site compileall hashlib base64 pathlib shutil glob math time datetime string random secrets uuid textwrap itertools ' +
      'functools collections configparser csv io codecs tempfile stat zipfile tarfile gzip tomllib locale logging argparse typing setuptools distutils distutils.core distutils.sysconfig ' +
      'crypt getpass pwd grp errno fnmatch operator copy enum dataclasses contextlib unicodedata xml.etree.ElementTree urllib.request',
  ),
};

const JAVASCRIPT: Language = {
  refused:
    /\b(?:eval|Function|child_process|fetch|import|binding|dlopen|constructor|exec\w*|spawn\w*|globalThis|mainModule|createRequire)\b|`|\[\s*['"]/,
  loads: /\brequire\(\s*\\?['"]([^'"\\]+)\\?['"]\s*\)/g,
  loading: /\brequire\b/g,
  modules: modules('fs path os crypto util assert node:fs node:path node:os node:crypto node:util'),
};

const PERL: Language = {
  refused:
    /`|\b(?:system|exec|qx|open|socket|connect|eval|require|do|fork|syscall|readpipe|pipe|dofile|sysopen)\b|[/}|#!,][^\We]*e\w*(?=\s*(?:[;"'})]|$))|\|/,
  loads: /\buse\s+([\w:]+)/g,
  loading: /\buse\b/g,
  modules: modules(
    'strict warnings utf8 Config Cwd File::Basename File::Spec JSON::PP Digest::SHA POSIX',
  ),
};

const RUBY: Language = {
  refused:
    /`|\b(?:system|exec|spawn|popen\w*|open|eval|instance_eval|class_eval|send|public_send|__send__|Kernel|Process|IO|load|fork|autoload|const_get|syscall|Open3|Net)\b|%x/,
  loads: /\brequire\s*(?:\(\s*)?\\?['"]([\w/]+)\\?['"]/g,
  loading: /\brequire\w*\b/g,
  modules: modules(
    'json yaml rbconfig digest fileutils openssl securerandom etc time date pathname',
  ),
};

const PHP: Language = {
  refused:
    /`|\b(?:eval|assert|include\w*|require\w*|new|function|fn)\b|->|::|\$\{?\w+\}?\s*\(|[\])}"']\s*\(/i,
  modules: new Set(),
  calls: modules(
    'if elseif while for foreach switch return echo print exit die isset unset empty list array and or ' +
      'file_exists is_file is_dir is_writable mkdir rmdir unlink touch chmod rename dirname basename realpath file_put_contents filesize glob getcwd chdir ' +
      'hash hash_file hash_algos md5 md5_file sha1 sha1_file crc32 trim rtrim ltrim strlen substr strpos strtolower strtoupper str_replace str_repeat ' +
      'sprintf printf number_format implode explode in_array count array_keys array_values array_merge array_diff is_array is_string intval ' +
      'json_encode json_decode var_dump var_export print_r phpinfo phpversion php_sapi_name php_uname php_ini_loaded_file php_ini_scanned_files ini_get ini_get_all extension_loaded ' +
      'get_loaded_extensions version_compare defined define function_exists class_exists getenv date time microtime error_reporting preg_match opcache_get_status ' +
      'gd_info curl_version random_bytes bin2hex base64_encode base64_decode password_hash',
  ),
};

const LANGUAGES = lookup<Language>({
  python: PYTHON,
  pypy: PYTHON,
  node: JAVASCRIPT,
  nodejs: JAVASCRIPT,
  perl: PERL,
  ruby: RUBY,
  php: PHP,
});

/** `python3.12` as `python`; '' for what is no interpreter that is read. */
export function languageOf(program: string): string {
  const plain = unversioned(program);
  return LANGUAGES[plain] === undefined ? '' : plain;
}

/** True for a module that only works on files and text. */
export function isPlainModule(language: string, name: string): boolean {
  return LANGUAGES[language]?.modules.has(name) === true;
}

const MAX_SCRIPT = 65_536;

/** The script with empty strings. */
function withoutTexts(text: string): string {
  return text.replace(/\\?(["'])(?:\\[^]|(?!\1)[^\\])*\\?\1/g, '""');
}

function callsOnly(text: string, calls: ReadonlySet<string>): boolean {
  const found = withoutTexts(text).matchAll(/(?<![\w\\])([\w\\]+)\s*\(/g);
  return [...found].every(([, name = '']) => calls.has(name.toLowerCase()));
}

/**
 * True where every word of a script is known to do no more than work on files and text: it loads
 * modules of a short list alone, and says none of the words by which its language starts programs,
 * reaches out or runs text. What it copies from an address by one plain call is a download of its
 * own.
 */
export function isPlainScript(language: string, text: string): boolean {
  const known = LANGUAGES[language];
  if (known === undefined || text.length > MAX_SCRIPT || text.includes('$(')) return false;
  const rest = text.replace(FETCH_CALL, '0');
  if (known.refused.test(known.calls === undefined ? rest : withoutTexts(rest))) return false;
  if (known.calls !== undefined && !callsOnly(rest, known.calls)) return false;
  if (known.loads === undefined) return true;
  const loads = [...rest.matchAll(known.loads)];
  const count = known.loading === undefined ? 0 : [...rest.matchAll(known.loading)].length;
  const names = loads
    .flatMap(([, first, second]) => (first ?? second ?? '').split(','))
    .map((name) => name.trim().replace(/(?<!\s)\s+as\s+\w+$/, ''));
  return (
    count === loads.length &&
    names.every(
      (name) =>
        known.modules.has(name) || (language.startsWith('node') && /^[./\w-]+\.json$/.test(name)),
    )
  );
}

/** Names of the modules that a script of Python may load, by their first part. */
export function loadedModules(text: string): readonly string[] {
  const found = text.slice(0, MAX_SCRIPT).matchAll(PYTHON.loads ?? /$^/g);
  const names = [...found].flatMap(([, first, second]) => (first ?? second ?? '').split(','));
  return [...new Set(names.map((name) => /[a-zA-Z]\w*/.exec(name)?.[0] ?? 'sitecustomize'))];
}

/** `import x; print(x.__version__)`: looks whether what was installed can be loaded. */
const LOOKS =
  /^\s*(?:import [\w.]+(?: as \w+)?(?:, ?[\w.]+)*;?\s*)+(?:print\([\w.]+(?:__version__)?\(?\)?\);?\s*)?$/;

/** True where a script only looks whether an installed module can be loaded. */
export function looksForModule(language: string, text: string): boolean {
  return language === 'python' && LOOKS.test(text);
}
