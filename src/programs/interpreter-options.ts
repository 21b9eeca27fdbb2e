import { lookup } from '../model/lookup.ts';

/** Options of an interpreter by which it loads nothing besides the script that it is given. */
interface Interpreter {
  readonly known: RegExp;
  /** Of these the value is the next word. */
  readonly valued?: RegExp;
  /** Values that load nothing. */
  readonly values?: RegExp;
  /** Behind these stands the script. */
  readonly script: RegExp;
}

const PYTHON: Interpreter = {
  known: /^-(?:[IEsSOBbuqvdixV]*[cm]?|[WX].*|[cm].+)$|^--(?:version|help.*)$/,
  valued: /^-[WX]$/,
  script: /^-\w*[cm]$|^-[cm]/,
};
const NODE: Interpreter = {
  known:
    /^-(?:e|p|pe|c|v|i|h)$|^--(?:eval|print|check|version|help|run|test|expose-gc|harmony|no-[\w-]+|(?:max|stack|trace|input|unhandled|preserve|dns|tls|use|enable|throw)-[\w-]+|experimental-(?!loader)[\w-]+)(?:=.*)?$/,
  script: /^-(?:e|p|pe)$|^--(?:eval|print)/,
};

const INTERPRETERS = lookup<Interpreter>({
  python: PYTHON,
  pypy: PYTHON,
  node: NODE,
  nodejs: NODE,
  perl: {
    known: /^-(?:[wWtTUXaclnps0-9]*(?:i[\w.~*]*)?[eE]?|F.*|[Mm].*|C\d*|v|V.*)$/,
    script: /^-\w*[eE]$/,
  },
  ruby: {
    known:
      /^-(?:[wWvlnpaUsS0-9]*e?|r.*|F.*|E.*|K.|i.*)$|^--(?:version|encoding|disable|enable|jit|yjit)[\w=,-]*$/,
    script: /^-\w*e$/,
  },
  php: {
    known: /^-(?:[nqCHrvmiBRFEwslhf]|d.*)$|^--(?:version|ini|run|ri|re)$/,
    valued: /^-d$/,
    values:
      /^(?:-d)?(?:memory_limit|allow_url_fopen|phar\.readonly|error_reporting|display_(?:startup_)?errors|html_errors|date\.timezone|max_execution_time|zend\.(?:enable_gc|assertions)|disable_functions|opcache\.(?!preload)\w+|variables_order|short_open_tag|post_max_size|upload_max_filesize|xdebug\.mode|apc\.\w+|pcre\.\w+|detect_unicode|open_basedir|default_socket_timeout|output_buffering)(?:\s*=|$)/,
    script: /^-[rBREF]$|^--run$/,
  },
});

/** True where an option in front of its script may have an interpreter load or run another file. */
export function loadsByOption(language: string, words: readonly string[]): boolean {
  const interpreter = INTERPRETERS[language];
  if (interpreter === undefined) return false;
  const { known, valued, values, script } = interpreter;
  // perl and ruby start what a name of a file is with a bar.
  if (
    !language.startsWith('py') &&
    words.some((word) => /^\|./.test(word) || /\w\s*\|$/.test(word))
  )
    return true;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (!/^-./.test(word) || word === '--') return false;
    if (!known.test(word)) return true;
    const value = valued?.test(word) === true ? words[(at += 1)] : word;
    if (values !== undefined && word.startsWith('-d') && !values.test(value ?? '')) return true;
    if (script.test(word)) return false;
  }
  return false;
}
