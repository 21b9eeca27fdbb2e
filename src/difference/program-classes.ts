import { type ClassRule, EPOCH, rules } from './class-rule.ts';

/** Programs, compiled files and data of programs. */
export const PROGRAM_CLASSES: readonly ClassRule[] = [
  ...rules(String.raw`
pyc
  [pyc] header
  a compiled Python file contains the time of its source
  → ${EPOCH}, or PYTHONDONTWRITEBYTECODE=1
compiled-code
  [pyc]
  Python compiled the same source otherwise: the order of a set, or which of its constants it shares
  → PYTHONDONTWRITEBYTECODE=1, pip install --no-compile, or PYTHONHASHSEED=0
compiled-date
  [elf] \.rodata
  constants of the program differ: often a date (__DATE__, __TIME__, __TIMESTAMP__) or a path; its
  build id follows from them
  → ${EPOCH}: compilers take __DATE__ and __TIME__ from it, not __TIMESTAMP__ (touch -d
  @$SOURCE_DATE_EPOCH the source); a date of your own: date -u -d @$SOURCE_DATE_EPOCH;
  -ffile-prefix-map for paths. Free Pascal: {$I %SOURCE_DATE_EPOCH%} instead of %TIME%
build-id
  [elf] ^ELF section (?:\.note\.gnu\.build-id|\.note\.go\.buildid|\.gnu_debuglink)
  the program was linked from other input: paths, order or dates
  → check the other sections; -ffile-prefix-map, go build -trimpath
compiled-code
  [elf]
  the program was compiled differently
  → look for parallel code generation, random seeds, and other versions of the compiler
compiled-code | \.(?:gcda|gcno|gch|pch)$
  what a compiler notes for itself: coverage with a random stamp, a precompiled header
  → remove it in the same RUN, or build in a stage of its own; for coverage -frandom-seed=NAME
compiled-cache | (?:^|/)[0-9a-f]{32}/(?:.+/)?[^/]+\.(?:php|inc|phtml|phar)\.bin$
  PHP’s cache of compiled files contains addresses in memory and times of the sources
  → set opcache.file_cache to a folder that is filled when the container starts, or build with
  --repro=aggressive, which leaves these files out
compiled-cache | \.jsa$
  an archive of Java classes contains addresses in memory and the times of its jars; with other
  times of the jars Java does not use it
  → java -XX:+AutoCreateSharedArchive -XX:SharedArchiveFile=FILE makes it when the container starts
  (Java 19 and later), or build with --repro=aggressive, which leaves it out
compiled-cache | (?:^|/)bootsnap/(?:compile-cache(?:-[a-z]+)?/|load-path-cache$)
  bootsnap’s cache contains compiled Ruby code and the times of the sources and of their folders
  → rm -rf tmp/cache/bootsnap in the same RUN: bootsnap writes it again
database-counter
  [sqlite]
  a database counts its changes and contains times
  → make it when the container starts, or dump and restore it in the RUN
`),
];
