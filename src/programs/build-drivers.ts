import { ECOSYSTEMS } from './managers/ecosystems.ts';
import type { LocalPrograms } from './program.ts';

const ASKS_VERSION = /^(?:-v|-V|--version)$/;

/**
 * Programs that run steps, configuration or code of the source at hand, in whichever language. In
 * source that came by a verified download alone they run what its publisher signed or what its sum
 * names; over source of anybody else they are unread.
 */
export const BUILD_DRIVERS: readonly LocalPrograms[] = [
  ...ECOSYSTEMS.flatMap(({ programs, builds, reason }) =>
    builds === undefined ? [] : [{ programs, only: builds, reason }],
  ),
  {
    programs:
      'make gmake bmake ninja samu cmake ctest cpack meson scons waf qmake autoreconf autoconf automake aclocal autoheader libtoolize configure Configure config buildconf bootstrap bootstrap.sh autogen.sh ' +
      'build.sh Build xmkmf imake intltoolize gtkdocize mkinstalldirs install-sh install.sh config.sub config.guess checkinstall dpkg-buildpackage debuild rpmbuild abuild makepkg ant',
    reason: 'runs the steps of the source at hand',
  },
  {
    programs: 'python',
    reason: 'runs the steps of the source at hand',
    only: /^(?:-\w+ )*(?:\.\/)?(?:setup|waf|configure|bootstrap)(?:\.py)?\b/,
  },
  {
    programs: 'npm yarn pnpm bun',
    reason: 'runs the scripts of the project at hand; where package.json is there they are read',
    only: /^(?:run|run-script|start|test|build)\b/,
  },
  {
    programs:
      'vite webpack rollup babel postcss tailwindcss lessc node-sass svgo stylelint eslint prettier tslint svelte-check vue-tsc tsc-alias react-scripts jest',
    reason: 'runs its configuration and plugins, which are part of the project at hand',
    unless: ASKS_VERSION,
  },
  {
    programs:
      'next nuxt nuxi astro gatsby svelte-kit remix react-router vinxi docusaurus vitepress vuepress hexo eleventy nitropack vue-cli-service ng nx turbo craco react-app-rewired parcel rspack rsbuild tsup tsdown unbuild gulp grunt',
    reason: 'runs its configuration, plugins and pages, which are part of the project at hand',
    unless: ASKS_VERSION,
  },
  {
    programs: 'crystal nim ghc',
    reason: 'runs code of the source while it compiles: macros, staticExec, Template Haskell',
    unless: ASKS_VERSION,
  },
  {
    programs: 'doxygen a2x asciidoc',
    reason: 'runs the filters that its configuration names',
    unless: ASKS_VERSION,
  },
  {
    programs: 'perl',
    reason: 'runs the steps of the source at hand',
    only: /^(?:\.\/)?(?:Makefile\.PL|Build\.PL|Configure|config)\b/,
  },
];

/** Options by which a driver takes its steps, or what it starts, from elsewhere than its source. */
const FROM_ELSEWHERE =
  /^(?:--eval|-f|--file|--makefile|--toolchain|--native-file|--cross-file|-P|--init-script|-I)$|^(?:--eval|--toolchain|--native-file|--cross-file|--init-script)=|^-D(?:CMAKE_(?:TOOLCHAIN_FILE|PROJECT_\w*INCLUDE\w*|\w+_(?:COMPILER|LAUNCHER))|\w+_EXECUTABLE)(?::\w+)?=.*\/|^(?:SHELL|MAKE|\w*_?(?:SHELL|LAUNCHER))=/;
/** Text for a shell, but for the number of processors and folders that are asked for. */
const SHELL_TEXT = /[;|&`<>]|\$\((?!\.\.\.\))/;
/** A path that is not of the source. */
const OUTSIDE = /^(?:\/|\.\.\/\.\.)/;

/** True where the words of a driver leave it to its source what it runs. */
export function drivesPlainly(program: string, words: readonly string[]): boolean {
  // To these it is a script, to others a folder.
  if (program === 'cmake' && words.some((word) => word.startsWith('-C'))) return false;
  if (program === 'ctest' && words.some((word) => word.startsWith('-S'))) return false;
  return words.every((word, at) => {
    if (SHELL_TEXT.test(word)) return false;
    const option = FROM_ELSEWHERE.exec(word);
    if (option === null) return true;
    const given = word.includes('=') ? word.slice(word.indexOf('=') + 1) : (words[at + 1] ?? '');
    return !/^(?:--eval|SHELL|MAKE)/.test(word) && !OUTSIDE.test(given);
  });
}
