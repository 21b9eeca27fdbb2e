import type { LocalPrograms } from './program.ts';

/** What comes with languages, except what installs packages or runs a project's scripts. */
export const LANGUAGES: readonly LocalPrograms[] = [
  {
    programs: 'python pypy',
    reason: 'a module of Python’s own that works on files',
    only: /^(?:-[IEsSBOu]+ )*-m (?:venv|virtualenv|compileall|py_compile|json\.tool|zipfile|tarfile|site|sysconfig|ensurepip|pip (?:--version|list|freeze|check|show|cache|config|debug|uninstall|inspect|hash)|whichdb|platform|base64)\b/,
  },
  {
    programs: 'virtualenv pyvenv py3compile py3clean pyclean pycompile pypy3compile python-config',
    reason: 'makes a folder with Python’s own files, or compiles files that are there',
  },
  {
    programs: 'php',
    reason: 'prints facts about itself',
    only: /^(?:-[vmi]|--version|--ini|(?:-d \S+ )*-r '?echo (?:PHP_\w+|ini_get\("[\w.]+"\));'?)$/,
  },
  {
    programs:
      'docker-php-ext-configure docker-php-ext-enable docker-php-ext-install docker-php-source phpize php-config',
    reason:
      'comes with the official image of PHP: builds an extension from the source in the image',
  },
  {
    programs: 'node nodejs',
    reason: 'prints facts about itself',
    only: /^(?:-v|--version|-p process\.\w+)$/,
  },
  {
    programs: 'java',
    reason: 'prints facts about itself',
    only: /^(?:-version|--version|-Xshare:dump|-XshowSettings(?::\w+)?(?: -version)?)$/,
  },
  {
    programs: 'go',
    reason: 'lists and cleans Go’s own folders',
    unless:
      /(?:^| )--?(?:toolexec|exec|overlay|vettool)\b|^env .*\b(?:GONOSUM|GONOSUMDB|GOSUMDB|GOINSECURE|GOFLAGS|GOAUTH|GOCACHEPROG|PKG_CONFIG|AR|CC|CXX|FC)=/,
    only: /^(?:version|env|clean|list|fmt|tool dist|telemetry|mod (?:init|edit|verify|graph|why))\b/,
  },
  {
    programs: 'cargo',
    reason: 'lists and cleans Cargo’s own folders',
    unless: /--config[= ]\S*(?:rustc|runner|linker|rustdoc)/,
    only: /^(?:(?:\+\S+ )?(?:clean|version|new|init|metadata|locate-project|fmt|tree)|chef prepare)\b/,
  },
  {
    programs: 'rustup',
    reason: 'lists and changes what is installed',
    only: /^(?:--version|-V|default|set|override|toolchain (?:list|link|uninstall|remove)|component (?:list|remove)|target (?:list|remove)|self uninstall|completions)\b/,
  },
  {
    programs: 'R Rscript',
    reason: 'prints facts about itself',
    only: /^(?:--version|CMD javareconf|(?:(?:-q|--quiet|--slave|--vanilla|--no-save) )*-e (?:library|require)\([\w.]+\);?)$/,
  },
];
