import { lines, none, type ObeyedFile } from './obeyed-files.ts';

/** Settings by which a server, or PHP, loads or runs a file that is not of its own package. */
const LOADS =
  /^[ \t]*(?:load_?module|LoadFile|LoadModule\s+\S+|plugin[-_]load[\w-]*\s*=|shared_preload_libraries\s*=|(?:zend_)?extension\s*=)\s*["']?(?:\.\/|\/(?!usr\/(?:lib|local\/(?:lib|apache2))))|\blua-load|auto_(?:ap|pre)pend_file\s*=\s*["']?[^\s"']|include_shell|\binit[-_]file|^[ \t]*(?:perl_|js_)\w|cc_command|external-check command|\bprg:/im;

/** Pip settings that add nothing to install; addresses in them are judged elsewhere. */
const PIP_SETTING =
  /^(?:\[[\w-]+\]|https?:\S+|[\w.-]+|;.*|(?:(?:extra-)?index-url|find-links|index|trusted-host|(?:default-)?timeout|retries|proxy|cert|client-cert|cache-dir|log|no-[\w-]+|disable-pip-version-check|break-system-packages|only-binary|prefer-binary|progress-bar|root-user-action|user|require-[\w-]+|quiet|verbose|compile|target|prefix|constraint|use-feature|keyring-provider)\s*[=:].*)$/;

/** Scripts in folders that distribution tools run, and settings with which programs load others. */
export const HOOK_FILES: readonly ObeyedFile[] = [
  {
    programs: /^(?:npm|pnpm|yarn|yarnpkg|bun)$/,
    only: /^(?!.*--ignore-scripts)(?:$|-|(?:ci|install|i|add|in|install-test|it|clean-install|rebuild|rb|update|up)\b)/,
    path: /^$/,
    places: ['./package.json'],
    reason: 'its scripts run around an install',
    ifShown: true,
    isHarmless: none(/"(?:pre|post)?(?:install|prepare|prepublish|pack)"\s*:/),
  },
  {
    programs: /^composer(?:\.phar)?$/,
    only: /^(?!.*--no-scripts)/,
    path: /^$/,
    places: ['./composer.json'],
    reason: 'its scripts run around an install',
    ifShown: true,
    isHarmless: none(/"(?:pre|post)-[\w-]+"\s*:/),
  },
  {
    programs: /^(?:service|invoke-rc\.d|rc-service)$/,
    path: /^$/,
    places: ['/etc/init.d/*'],
    reason: 'it is the script of the service',
  },
  {
    programs: /^update-ca-certificates$/,
    path: /^\/etc\/ca-certificates\/update\.d\//,
    reason: 'update-ca-certificates runs it',
  },
  {
    programs: /^update-initramfs$/,
    path: /^\/(?:etc|usr\/share)\/initramfs-tools\//,
    reason: 'update-initramfs runs it',
  },
  {
    programs: /^(?:dpkg|dpkg-reconfigure|apt|apt-get|apt-fast|aptitude)$/,
    path: /^\/var\/lib\/dpkg\/info\/[^/]+\.(?:preinst|postinst|prerm|postrm|config)$/,
    places: ['/var/lib/dpkg/info/*.postinst', '/var/lib/dpkg/info/*.config'],
    reason: 'dpkg runs it',
  },
  {
    programs: /^apk$/,
    path: /^\/(?:etc\/apk\/commit_hooks\.d|(?:usr\/)?lib\/apk\/exec)\//,
    reason: 'apk runs it',
  },
  { programs: /^pacman$/, path: /^\/etc\/pacman\.d\/hooks\//, reason: 'pacman runs what it names' },
  {
    programs: /^(?:adduser|deluser|useradd|userdel|addgroup)$/,
    path: /^\/usr\/local\/sbin\/(?:adduser|deluser)\.local$|^\/etc\/shadow-maint\//,
    places: ['/usr/local/sbin/adduser.local', '/usr/local/sbin/deluser.local'],
    reason: 'the tools that add users run it',
  },
  {
    programs: /^man$/,
    path: /(?:^|\/)(?:\.manpath|manpath\.config|man_db\.conf)$/,
    reason: 'man starts the programs that it names',
  },
  {
    programs: /^(?:gdk-pixbuf-query-loaders|gio-querymodules)/,
    path: /\.so$/,
    reason: 'it is loaded',
  },
  {
    programs: /^(?:convert|magick|identify)$/,
    path: /\/(?:delegates|configure|policy)\.xml$/,
    reason: 'ImageMagick starts the programs that it names',
  },
  {
    programs: /^(?:psql|sqlite3|mysql|mariadb)$/,
    path: /(?:^|\/)\.?(?:psqlrc|sqliterc|my\.cnf)$/,
    reason: 'it is run, or names what is started',
  },
  {
    programs: /^(?:curl|wget2?|aria2c|axel)$/,
    path: /^\/etc\/hosts$/,
    reason: 'it says which machine is meant',
    isHarmless: none(/localhost/),
  },
  {
    programs: /^gpg2?$/,
    path: /(?:^|\/)(?:gpg|gpg-agent|dirmngr|common)\.conf$/,
    reason: 'gpg takes keys and programs by it',
    isHarmless: none(/program|auto-key|exec|photo|load-|trust-model|keyring/i),
  },
  {
    programs: /^(?:ssh|scp|sftp|git|rsync)$/,
    path: /(?:^|\/)\.ssh\/config$|\/ssh_config(?:\.d\/[^/]+)?$/,
    reason: 'ssh starts the programs that it names',
    isHarmless: none(/command|\bexec\b|pkcs11|provider|include/i),
  },
  {
    programs:
      /^(?:nginx|haproxy|lighttpd|apache2ctl|apachectl|httpd|varnishd|squid|redis-server|mysqld\w*|mariadbd\w*|mongod|pg_ctl|pg_ctlcluster|php-fpm[\d.]*|php[\d.]*)$/,
    path: /\.(?:conf|cfg|cnf|ini|vcl|load)$|^\/etc\/(?:nginx|apache2|httpd|haproxy|lighttpd|redis|mysql|postgresql|php)\//,
    reason: 'it names what the program loads',
    isHarmless: none(LOADS),
  },
  {
    programs: /^pip[\d.]*$/,
    only: /(?:^| )(?:install|download|wheel)(?: |$)/,
    path: /(?:^|\/)pip\.(?:conf|ini)$/,
    places: [
      '/etc/pip.conf',
      '/root/.pip/pip.conf',
      '/root/.config/pip/pip.conf',
      '~/.pip/pip.conf',
    ],
    reason: 'pip installs what it names',
    isHarmless: lines(PIP_SETTING),
  },
  {
    programs: /^(?:conda|mamba|micromamba)$/,
    path: /(?:^|\/)\.?condarc$/,
    places: ['/root/.condarc', '~/.condarc', '/opt/conda/.condarc'],
    reason: 'conda installs what it names',
    isHarmless: none(/create_default_packages|pinned_packages|plugins|envs?_dirs/),
  },
  {
    programs: /^apk$/,
    only: /(?:^| )(?:add|fix|upgrade)(?: |$)/,
    path: /^\/etc\/apk\/world$/,
    places: ['/etc/apk/world'],
    reason: 'apk installs what it names',
  },
];
