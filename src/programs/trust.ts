/** Variables that make programs run or trust what no command line names. */
interface TurningVariable {
  readonly names: RegExp;
  /** Values that turn nothing. */
  readonly unless?: RegExp;
}

/** Programs by their plain names: compilers, wrappers and linkers of the image. */
const PLAIN = /^(?:\/usr\/(?:local\/)?bin\/)?[\w.+-]+$/;
const NODE = /^(?:npm|npx|pnpm|pnpx|yarn|yarnpkg|bun|bunx|corepack|node)$/;
const PYTHON = /^(?:pip[\d.]*|pipx|pipenv|poetry|pdm|uv|uvx|conda|mamba|micromamba|easy_install)$/;

const RUNNING: readonly TurningVariable[] = [
  {
    names:
      /^(?:BASH_FUNC_.*|BASH_ENV|PROMPT_COMMAND|PERL5(?:OPT|DB|LIB)|COMPILER_PATH|GCC_EXEC_PREFIX|PYTHONHOME|GCONV_PATH|ZDOTDIR|LESSOPEN|LESSCLOSE|OPENSSL_(?:CONF|ENGINES|MODULES)|RUBY(?:LIB|OPT)|TAR_OPTIONS|MAKEFILES|LD_AUDIT)$/,
  },
  { names: /^LD_PRELOAD$/, unless: /^\/usr\/lib\/(?:[\w-]+\/)?lib(?:jemalloc|tcmalloc)[\w.]*$/ },
  {
    names:
      /^GIT_(?:DIR|WORK_TREE|COMMON_DIR|OBJECT_DIRECTORY|SSH|SSH_COMMAND|PROXY_COMMAND|ASKPASS|EXTERNAL_DIFF|EDITOR|PAGER|SEQUENCE_EDITOR|EXEC_PATH|TEMPLATE_DIR|CONFIG_PARAMETERS|CONFIG_GLOBAL|CONFIG_SYSTEM|CONFIG_KEY_\d+)$/,
  },
  { names: /^(?:(?:MAN|SYSTEMD_)?PAGER|EDITOR|VISUAL|BROWSER)$/, unless: PLAIN },
  { names: /^(?:SHELLOPTS|BASHOPTS)$/, unless: /^(?!.*(?:noexec|xtrace|expand_aliases))/ },
  { names: /^(?:(?:GNU)?MAKEFLAGS|MFLAGS)$/, unless: /^-?-?[\w -]*$/ },
  {
    names:
      /^(?:CC|CXX|CPP|LD|AR|AS|RANLIB|NM|FC|F77|CONFIG_SHELL|PKG_CONFIG|M4|CMAKE_\w+_(?:COMPILER|LAUNCHER))$/,
    unless: /^[^;|&`$<>()]*$/,
  },
  { names: /^ENV$/, unless: /^[^/]*$/ },
  { names: /^PS4$/, unless: /^(?!.*(?:\$\(|`))/s },
  { names: /^(?:NODE_OPTIONS|npm_config_node_options)$/i, unless: /^(?:--max-[\w-]+=\d+ ?)*$/ },
  {
    names: /^(?:JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS)$/,
    unless: /^(?:-X(?:m\w|ss)\w+ ?)*$/,
  },
  {
    names:
      /^(?:RUSTC|RUSTDOC|RUSTC_WRAPPER|RUSTC_WORKSPACE_WRAPPER|CARGO_BUILD_RUST\w+|CARGO_TARGET_\w+_(?:RUNNER|LINKER))$/,
    unless: PLAIN,
  },
  { names: /^GOFLAGS$/, unless: /^(?!.*--?(?:toolexec|exec|overlay|vettool)\b)/ },
  {
    names:
      /^(?:npm_config_(?:frozen_lockfile|lockfile|package_lock|script_shell|git|node_gyp|userconfig|globalconfig|shell|init_module|viewer|editor)|PIP_CONFIG_FILE|PIP_REQUIREMENT|PIP_EDITABLE|PIP_PYTHON|UV_CONFIG_FILE|UV_OVERRIDE|YARN_RC_FILENAME|YARN_PLUGINS|YARN_YARN_PATH|APT_CONFIG|CURL_HOME|WGETRC|SYSTEM_WGETRC|LUA_INIT|R_PROFILE(?:_USER)?|R_ENVIRON(?:_USER)?|PERL_MM_OPT|PERL_CPANM_OPT|LUAROCKS_CONFIG|CONDARC|MAMBARC)$/i,
  },
];

/** About trust, by the programs that obey them: whatever it says, an install stays open. */
const UNCHECKED: readonly (readonly [programs: RegExp, names: RegExp, unless?: RegExp])[] = [
  [
    NODE,
    /^(?:NODE_TLS_REJECT_UNAUTHORIZED|COREPACK_INTEGRITY_KEYS|npm_config_(?:strict_ssl|.*insecure.*)|YARN_(?:(?:ENABLE_)?STRICT_SSL|UNSAFE_HTTP_WHITELIST|CHECKSUM_BEHAVIOR))$/i,
  ],
  [
    PYTHON,
    /^(?:PIP_TRUSTED_HOST|UV_INSECURE_HOST|(?:CONDA_|MAMBA_)?SSL_VERIFY|PYTHONHTTPSVERIFY)$/,
  ],
  [/^go$/, /^(?:GONOSUMDB|GONOSUMCHECK|GOPRIVATE|GOINSECURE|GONOPROXY)$/],
  [/^go$/, /^GOSUMDB$/, /^sum\.golang\.(?:org|google\.cn)$/],
  [/^go$/, /^GOFLAGS$/, /^(?!.*-insecure)/],
  [/^/, /^GIT_SSL_NO_VERIFY$/, /^(?:0|false|no|off)$/i],
  [/^(?:gem|bundler?|ruby)$/, /^BUNDLE_SSL_VERIFY_MODE$/],
  [/^(?:dotnet|nuget)$/, /SIGNATURE_VERIFICATION$|^NUGET_CERT_REVOCATION_MODE$/i],
  [/^cpanm?$/, /^PERL_LWP_SSL_VERIFY_HOSTNAME$/],
  [/^composer/, /^COMPOSER_(?:NO_TLS|DISABLE_TLS)$/i],
];

/** Variables that say where a manager takes packages from; the first word names it. */
const INDEX_VARIABLES =
  /^(?:PIP_(?:INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|PYPI_URL)|UV_(?:INDEX|INDEX_URL|DEFAULT_INDEX|EXTRA_INDEX_URL|FIND_LINKS)|npm_config_registry|YARN_(?:NPM_)?REGISTRY(?:_SERVER)?|COREPACK_NPM_REGISTRY|BUNDLE_(?:MIRROR__\w+|RUBYGEMS_MIRROR)|CARGO_(?:SOURCE_\w+|REGISTRIES_\w+_INDEX|REGISTRY_(?:INDEX|DEFAULT))|COMPOSER_REPO_PACKAGIST)$/i;
const OBEYS: Readonly<Record<string, RegExp>> = {
  pip: /^(?:pip|easy_install)/,
  uv: /^uvx?$/,
  npm: NODE,
  yarn: NODE,
  corepack: NODE,
  bundle: /^(?:gem|bundler?)$/,
  cargo: /^cargo$/,
  composer: /^composer/,
};

/** True for a variable that says where this program gets packages from. */
export function namesIndex(variable: string, program: string): boolean {
  const manager = OBEYS[variable.replace(/_.*/s, '').toLowerCase()];
  return INDEX_VARIABLES.test(variable) && manager?.test(program) === true;
}

/** Earlier commands that do. */
export const INDEX_COMMANDS =
  /^(?:pip[\d.]* config .*(?:index-url|find-links)|poetry source add|(?:npm|yarn|pnpm) (?:config |c )?set .*(?:registry|npmRegistryServer)|gem sources? |bundler? config .*mirror|composer(?:\.phar)? config .*repo) ?/;
/** Indexes that a language's project or a package's own publisher runs. */
export const OWN_INDEX =
  /^(?:sparse\+)?https:\/\/(?:pypi\.org|files\.pythonhosted\.org|download\.pytorch\.org|pypi\.nvidia\.com|pypi\.ngc\.nvidia\.com|registry\.npmjs\.org|registry\.yarnpkg\.com|(?:index\.)?rubygems\.org|index\.crates\.io|static\.crates\.io|repo\.packagist\.org|packagist\.org|api\.nuget\.org|www\.nuget\.org|conda\.anaconda\.org|repo\.anaconda\.com)(?:\/|$)/i;

/**
 * A command in the subscript of an array, as text: bash runs it wherever it counts with such a name
 * (`(( x ))`, `[[ x -eq 1 ]]`) or is given one (`unset`, `read`, `test -v`).
 */
export const SUBSCRIPT = /\[[^[\]]*(?:\$\((?!\.\.\.\))|`)/;

type Variables = ReadonlyMap<string, string | undefined>;

/** The first variable by which programs run what was not read; an unknown value may do so. */
export function runningVariable(variables: Variables): string | undefined {
  return [...variables].find(
    ([name, value]) =>
      value !== '' &&
      (SUBSCRIPT.test(value ?? '') ||
        RUNNING.some(
          ({ names, unless }) =>
            names.test(name) && (value === undefined || unless?.test(value) !== true),
        )),
  )?.[0];
}

/** The first variable that may turn a check of this manager off. */
export function uncheckedVariable(variables: Variables, program: string): string | undefined {
  return [...variables].find(
    ([name, value]) =>
      value !== '' &&
      UNCHECKED.some(
        ([programs, names, unless]) =>
          programs.test(program) &&
          names.test(name) &&
          (value === undefined || unless?.test(value) !== true),
      ),
  )?.[0];
}

/** Files that make programs run what no command line names. */
interface ObeyedFile {
  /** Programs that obey it. */
  readonly programs: RegExp;
  /** Paths as they may be put there. */
  readonly path: RegExp;
  /** Where to look for it besides, also in folders that the build copied; `./`: the command's. */
  readonly places: string;
  /** It counts only where a line of its text is not like this, comments aside. */
  readonly lines?: RegExp;
}

const obeyed = (programs: string, path: RegExp, places = '', lines?: RegExp): ObeyedFile => ({
  programs: new RegExp(`^(?:${programs})$`),
  path,
  places,
  ...(lines === undefined ? {} : { lines }),
});
const NPMRC =
  /^(?:(?:fund|audit|loglevel|engine-strict|save-exact|legacy-peer-deps|progress|cache|prefer-\w+|package-lock|update-notifier|auto-install-peers|shamefully-hoist|strict-peer-dependencies|node-linker|nodeLinker|enableTelemetry|enableGlobalCache|compressionLevel)\s*[=:].*|registry\s*[=:] ?https:\/\/registry\.(?:npmjs\.org|yarnpkg\.com)\/?)$/;
const NONE = /^(?!)/;

export const OBEYED_FILES: readonly ObeyedFile[] = [
  obeyed('.*', /^\/etc\/ld\.so\.preload$/, '/etc/ld.so.preload'),
  obeyed(
    '.*',
    /\/(?:libc\.so\.6|libselinux\.so\.1|ld-(?:linux|musl)[\w.-]*|libpcre2-8\.so\.0|libcap\.so\.2|libacl\.so\.1)$/,
  ),
  obeyed(
    'apt|apt-get|apt-fast|aptitude|dpkg|dpkg-reconfigure|apt-key|add-apt-repository',
    /^\/etc\/(?:apt\/apt\.conf|dpkg\/dpkg\.cfg)(?:\.d\/[^/]+)?$|^\/var\/lib\/dpkg\/info\/[^/]+\.(?:preinst|postinst|prerm|postrm|config)$/,
    '/etc/apt/apt.conf /etc/dpkg/dpkg.cfg',
  ),
  obeyed(
    'apk',
    /^\/(?:etc\/apk\/(?:commit_hooks\.d\/|world$)|(?:usr\/)?lib\/apk\/exec\/)/,
    '/etc/apk/world',
  ),
  obeyed('pacman', /^\/etc\/pacman\.d\/hooks\//),
  obeyed(
    'adduser|deluser|useradd|userdel|addgroup',
    /^\/usr\/local\/sbin\/(?:adduser|deluser)\.local$|^\/etc\/shadow-maint\//,
  ),
  obeyed('update-ca-certificates', /^\/etc\/ca-certificates\/update\.d\//),
  obeyed('service|rc-service|invoke-rc\\.d', /^\/etc\/init\.d\//),
  obeyed(
    'rpm|dnf5?|yum|microdnf|tdnf|zypper',
    /(?:^|\/)(?:\.rpmmacros|etc\/rpm\/macros[\w.-]*|usr\/lib\/rpm\/[^/]*macros[\w.-]*)$/,
    '/root/.rpmmacros',
  ),
  obeyed('(?:nginx|php|redis-server)[\\d.-]*', /\.(?:conf|cfg|cnf|ini|load)$/),
  obeyed(
    'git',
    /(?:^|\/)(?:\.?gitconfig|\.config\/git\/config)$|\/\.(?:git\/hooks|husky)\/[\w-]+$/,
    '/etc/gitconfig ~/.gitconfig ./.git/config ./.git/hooks/post-checkout ./.git/hooks/pre-commit ./.git/hooks/post-merge ./.git/hooks/commit-msg ./.husky/pre-commit ./.husky/commit-msg',
  ),
  obeyed('curl', /(?:^|\/)\.curlrc$/, '~/.curlrc'),
  obeyed('wget2?', /(?:^|\/)(?:\.wgetrc|etc\/wgetrc)$/, '/etc/wgetrc ~/.wgetrc'),
  obeyed('curl|wget2?|aria2c|axel', /^\/etc\/hosts$/),
  obeyed('gpg2?', /(?:^|\/)(?:gpg|gpg-agent|dirmngr|common)\.conf$/),
  obeyed('ssh|scp|sftp|git|rsync', /(?:^|\/)\.ssh\/config$|\/ssh_config(?:\.d\/[^/]+)?$/),
  obeyed(
    'npm|npx|yarn|yarnpkg|pnpm|pnpx|bun',
    /(?:^|\/)\.?(?:npmrc|yarnrc(?:\.yml)?|pnpmfile\.c?js)$/,
    './.npmrc ~/.npmrc ./.yarnrc ./.yarnrc.yml ~/.yarnrc.yml ./.pnpmfile.cjs',
    NPMRC,
  ),
  obeyed(
    'npm|pnpm|yarn|yarnpkg|bun',
    NONE,
    './package.json',
    /^(?!.*"(?:pre|post)?(?:install|prepare|prepublish|pack)"\s*:)/,
  ),
  obeyed('composer.*', NONE, './composer.json', /^(?!.*"(?:pre|post)-[\w-]+"\s*:)/),
  obeyed(
    '(?:pip|pipx|uv|python|pypy|poetry)[\\d.]*',
    /\/(?:sitecustomize|usercustomize)\.py$|\/(?:site|dist)-packages\/[^/]+\.pth$/,
  ),
  obeyed(
    'pip[\\d.]*',
    /(?:^|\/)pip\.(?:conf|ini)$/,
    '/etc/pip.conf ~/.pip/pip.conf ~/.config/pip/pip.conf ./setup.py',
    /^(?:\[[\w-]+\]|(?:timeout|retries|no-[\w-]+|disable-pip-version-check|break-system-packages|root-user-action|index-url)\s*=\s*(?:[\w.-]+|https:\/\/pypi\.org\/simple\/?))$/,
  ),
  obeyed('uv', /(?:^|\/)uv\.toml$/, './uv.toml ./setup.py'),
  obeyed('conda|mamba|micromamba', /(?:^|\/)\.?condarc$/, '~/.condarc /opt/conda/.condarc'),
  obeyed(
    'cargo',
    /\/\.?cargo\/config(?:\.toml)?$|\/build\.rs$/,
    './.cargo/config.toml ./.cargo/config ./build.rs',
  ),
  obeyed(
    'gem|bundler?',
    /(?:^|\/)\.?gemrc$|\/\.bundle\/config$/,
    '/etc/gemrc ~/.gemrc ./.bundle/config',
  ),
  obeyed(
    'bundler?',
    /\/Gemfile$/,
    './Gemfile',
    /^(?:source ["']https:\/\/rubygems\.org\/?["']|(?:ruby|gem|gemspec|group|platforms?|end)\b(?!.*(?:`|\b(?:path|git|github|eval|system|exec|File|IO|open)\b|[{$%])).*)$/,
  ),
  obeyed(
    'bash|sh|dash|ash|ksh|mksh|zsh',
    /^\/etc\/(?:profile(?:\.d\/[^/]+)?|bash\.bashrc|zsh\/zshenv)$|(?:^|\/)\.(?:bash_|z)?(?:profile|login|rc|shrc|shenv)$|(?:^|\/)\.bashrc$/,
  ),
];

/** Options and settings about trust, as words and as lines of files that a command writes. */
const ABOUT =
  /^--?[\w.-]*?(?:no-?gpg|nogpg|gpgcheck|no-?(?:check|verif|sign|ssl|tls|strict)|allow-?(?:un|ins|weak)|insecur|un?trust|unauth|unsafe(?!-perm)|unsigned|trusted|strict-ssl|ssl-?verif|sslverify|tls-?verif|skip-?(?:verif|sig|check)|disable-?(?:ssl|tls|sig|verif|check)|ignore-?(?:sig|check|ssl|tls)|force-?yes|http$|mod=mod|dangerous|nosignature|nodigest|no-?digest)/i;
const SETTING =
  /(?:AllowUnauthenticated|AllowInsecure\w*|AllowWeak\w*|Force-Yes|Check-?(?:Valid|Date)|Verify-(?:Peer|Host)|\bgpgcheck|localpkg_gpgcheck|sslverify|strict-?ssl|SigLevel|sslVerify|trusted-host|trusted_host|ssl_verify(?:_mode)?|insecure|http\.sslVerify|disable-tls|secure-http|unsafeHttpWhitelist|checksumBehavior)["']?\s*(?:[=: \t]|$)\s*["']?[\w-]*/i;
/** Lines of files that managers read, wherever a command writes them. */
const WRITTEN =
  /\[(?=[^\][]*\btrusted\s*=\s*(?:yes|true|1|on)\b)[^\][]*\]\s+(?!file:|copy:|cdrom:)\S|(?:^|\n|\\n)[ \t]*(?:Trusted|Allow-Insecure|Allow-Weak)[ \t]*:[ \t]*(?:yes|true|1|on)\b|(?:^|\n|\\n|\/)[ \t]*gpgcheck\s*=\s*(?:0|false|no|off)(?=\s|\\n|\/|$)/i;
/** Dates of an archive that is frozen, and options that only ask or leave a check on. */
const HARMLESS =
  /(?:Check-Valid-Until|Check-Date)\S*|--(?:no-install-recommends|no-check-update|no-sign-request)(?= |$)|\bgpgcheck=(?:1|true|yes|on)\b|-?-?strict-ssl[= ]true\b|--(?:trusted|allow-insecure)-host[= ](?:localhost|127\.)\S*/gi;

/** What turns a check off for sure, where it is said to an install. */
const SURE =
  /^--(?:allow-un\w+|force-yes|nogpgcheck|no-gpg-?checks)$|^\[.*trusted|^Trusted|(?:Unauthenticated|Force-Yes)\W+(?:true|yes|1|on|with|enable)\b|gpgcheck\W+(?:0|false|no|off)\b/i;

/** The word or line by which a command turns the checks of a manager off, or may do so. */
export function turnsChecksOff(
  program: string,
  words: readonly string[],
  input: string,
  { isManager, isInstall }: { readonly isManager: boolean; readonly isInstall: boolean },
): { readonly by: string; readonly isSure: boolean } | undefined {
  const names = words.filter((one) => !one.startsWith('-')).slice(1);
  const isOwn = (one: string): boolean => /^(?:\.{0,2}\/|file:)|\.(?:deb|rpm|apk|whl)$/.test(one);
  if (isInstall && names.length > 0 && names.every(isOwn)) return undefined;
  const bare = (text: string): string => text.replace(HARMLESS, '');
  const line = bare(words.join(' '));
  const written = [...words, input].flatMap((text) => WRITTEN.exec(text)?.[0].trim() ?? []);
  const found =
    written[0] ??
    // `-G` is zypper's --nogpgcheck.
    (isManager ? line.split(' ') : []).find(
      (one) => ABOUT.test(one) || (program === 'zypper' && /^-[a-z]*G[a-z]*$/.test(one)),
    ) ??
    [...(isManager ? [line] : words), ...input.split('\n')]
      .map((text) => SETTING.exec(bare(text)))
      .find((one) => one !== null && (isManager || /[=:]/.test(one.input)))?.[0];
  const by = found?.trim();
  const isSure = by !== undefined && (isInstall || written.length > 0) && SURE.test(by);
  return by === undefined ? undefined : { by: by.slice(0, 40), isSure };
}
