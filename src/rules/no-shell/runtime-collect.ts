/** Libraries that distroless images for programs of C bring themselves. */
const BROUGHT = 'libc|libm|libgcc_s|libstdc\\+\\+';

/**
 * Commands that put the shared libraries of all programs below a folder of the build stage into
 * `/runtime/usr/lib`, by following what each needs, with the records of the Debian packages that
 * they are of, so that an SBOM still names those.
 */
export function libraryLines(folder: string): readonly string[] {
  return [
    'mkdir -p /runtime/usr/lib /runtime/var/lib/dpkg/status.d',
    `find ${folder} -type f -exec ldd {} + 2>/dev/null | awk '$2 == "=>" && $3 ~ "^/" && $1 !~ "^(${BROUGHT.replaceAll('\\+', '[+]')})[.]so" { print $3 }' | sort -u | while read -r lib; do`,
    '  cp -L "$lib" /runtime/usr/lib/;',
    '  package="$(dpkg-query -S "$(realpath "$lib")" 2>/dev/null | cut -d: -f1)";',
    '  if [ -n "$package" ]; then dpkg-query -s "$package" >"/runtime/var/lib/dpkg/status.d/$package"; fi;',
    'done',
  ];
}

/** Packages of Python that the interpreter of the build stage sees, without its installer. */
export const PYTHON_LINES: readonly string[] = [
  'mkdir -p /runtime/packages',
  `python3 -c 'import sys; print(*(p for p in sys.path if p.endswith("-packages")), sep="\\n")' | while read -r path; do`,
  '  if [ -d "$path" ]; then cp -r "$path/." /runtime/packages/; fi;',
  'done',
  'rm -rf /runtime/packages/pip /runtime/packages/pip-*',
  ...libraryLines('/runtime/packages'),
];

/** Ruby as it is there, with its library and the installed gems. */
export const RUBY_LINES: readonly string[] = [
  'mkdir -p /runtime/usr/bin',
  'cp -L "$(command -v ruby)" /runtime/usr/bin/ruby',
  "ruby -e 'puts $LOAD_PATH, Gem.path' | sort -u | while read -r path; do",
  '  if [ -d "$path" ]; then cp -a --parents "$path" /runtime; fi;',
  'done',
  ...libraryLines('/runtime'),
];

/** PHP as it is there, with its extensions and settings. */
export const PHP_LINES: readonly string[] = [
  'mkdir -p /runtime/usr/bin',
  'cp -L "$(command -v php)" /runtime/usr/bin/php',
  `php -r 'echo PHP_EXTENSION_DIR, "\\n", PHP_CONFIG_FILE_PATH, "\\n", PHP_CONFIG_FILE_SCAN_DIR, "\\n";' | while read -r path; do`,
  '  if [ -e "$path" ]; then cp -RL --parents "$path" /runtime; fi;',
  'done',
  ...libraryLines('/runtime'),
];

/** nginx as installed; the unprivileged user owns what it writes, and it does not switch users. */
export const NGINX_LINES: readonly string[] = [
  'mkdir -p /runtime/usr/sbin /runtime/var/lib/nginx /runtime/var/cache/nginx /runtime/var/log/nginx',
  'cp -L "$(command -v nginx)" /runtime/usr/sbin/nginx',
  'for path in /etc/nginx /usr/share/nginx /usr/lib/nginx /var/lib/nginx /var/log/nginx; do',
  '  if [ -e "$path" ]; then cp -a --parents "$path" /runtime; fi;',
  'done',
  "sed -i -e '/^[[:space:]]*user[[:space:]]/d' -e 's#^[[:space:]]*pid[[:space:]].*#pid /tmp/nginx.pid;#' /runtime/etc/nginx/nginx.conf",
  'chown -R 65532:65532 /runtime/var/lib/nginx /runtime/var/cache/nginx /runtime/var/log/nginx',
  ...libraryLines('/runtime'),
];

/** One RUN of these commands, joined by `&&`, except after `do` or `;` in a loop. */
export function collectRun(lines: readonly string[], eol: string): string {
  let text = 'RUN ';
  lines.forEach((line, i) => {
    if (i > 0) {
      const isJoined = /(?:\bdo|;)$/.test(lines[i - 1] ?? '');
      text += ` \\${eol}${isJoined ? '    ' : ' && '}${line.trimStart()}`;
    } else text += line;
  });
  return text;
}
