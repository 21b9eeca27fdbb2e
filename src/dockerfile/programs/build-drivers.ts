import type { LocalPrograms } from './program.ts';

/**
 * Programs that run the steps that the source at hand lists. In source that came by a verified download alone they run what its publisher signed
 * or what its sum names; over source of anybody else they are unread.
 */
export const BUILD_DRIVERS: readonly LocalPrograms[] = [
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
    programs: 'dotnet',
    reason: 'runs the steps of the project at hand, and fetches no packages for it',
    only: /^(?:(?:build|publish|test|pack) .*--no-restore|clean)\b/,
  },
  {
    programs: 'npm yarn pnpm bun',
    reason: 'runs the scripts of the project at hand; where package.json is there they are read',
    only: /^(?:run|run-script|start|test|build)\b/,
  },
  {
    programs: 'perl',
    reason: 'runs the steps of the source at hand',
    only: /^(?:\.\/)?(?:Makefile\.PL|Build\.PL|Configure|config)\b/,
  },
];
