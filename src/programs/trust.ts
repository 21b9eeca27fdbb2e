/** Variables that make programs run or trust what no command line names. */
interface TurningVariable {
  readonly names: RegExp;
  /** Programs that obey it; all where not given. */
  readonly programs?: RegExp;
  /** Values that turn nothing. */
  readonly unless?: RegExp;
}

/** Programs by their plain names: compilers, wrappers and linkers of the image. */
const PLAIN = /^(?:\/usr\/(?:local\/)?bin\/)?[\w.+-]+$/;
const SYSTEM = /^\/usr\/(?!local\/)/;
const OFF = /^(?:0|false|no|off)$/i;
const ON = /^(?:1|true|yes|on)$/i;
const NODE = /^(?:npm|npx|pnpm|pnpx|yarn|yarnpkg|bun|bunx|corepack|node)$/;
const PYTHON = /^(?:pip[\d.]*|pipx|pipenv|poetry|pdm|uv|uvx|conda|mamba|micromamba|easy_install)$/;

const RUNNING: readonly TurningVariable[] = [
  {
    names: /^LD_(?:PRELOAD|AUDIT)$/,
    unless:
      /^(?:(?:^|[ :]+)(?:[\w.${}-]*\/)*lib(?:jemalloc|tcmalloc|mimalloc|eatmydata|gomp)[\w.+-]*)+$/,
  },
  {
    names:
      /^(?:BASH_FUNC_.*|BASH_ENV|PROMPT_COMMAND|PERL5(?:OPT|DB)|COMPILER_PATH|GCC_EXEC_PREFIX|PYTHONHOME)$/,
  },
  {
    names:
      /^(?:GCONV_PATH|ZDOTDIR|LESSOPEN|LESSCLOSE|OPENSSL_(?:ENGINES|MODULES)|RUBYLIB|PERL5LIB)$/,
    unless: SYSTEM,
  },
  { names: /^GIT_(?:DIR|WORK_TREE|COMMON_DIR|OBJECT_DIRECTORY)$/ },
  { names: /^OPENSSL_CONF$/, unless: /^(?:\/etc\/|\/usr\/(?!local\/)|\/dev\/null$)/ },
  { names: /^TAR_OPTIONS$/, unless: /^(?!.*(?:checkpoint|command|program|script| -?\w*[IF]\b))/ },
  { names: /^(?:(?:MAN|GIT_|SYSTEMD_)?PAGER|EDITOR|VISUAL|BROWSER)$/, unless: PLAIN },
  { names: /^(?:SHELLOPTS|BASHOPTS)$/, unless: /^(?!.*(?:noexec|xtrace|expand_aliases))/ },
  { names: /^(?:MAKEFILES|(?:GNU)?MAKEFLAGS|MFLAGS)$/, unless: /^-?-?[\w -]*$/ },
  {
    names:
      /^(?:CC|CXX|CPP|LD|AR|AS|RANLIB|NM|FC|F77|CONFIG_SHELL|PKG_CONFIG|M4|CMAKE_\w+_(?:COMPILER|LAUNCHER))$/,
    unless: /^[^;|&`$<>()]*$/,
  },
  { names: /^ENV$/, unless: /^[^/]*$/ },
  { names: /^PS4$/, unless: /^(?!.*(?:\$\(|`))/s },
  {
    names: /^(?:NODE_OPTIONS|npm_config_node_options)$/i,
    unless: /^(?!.*(?:--(?:require|import|loader|experimental-loader)\b|(?:^|\s)-r))/,
  },
  { names: /^RUBYOPT$/, unless: /^(?!.*(?:^|\s)-?r)/ },
  {
    names: /^(?:JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS)$/,
    unless: /^(?!.*(?:-javaagent|-agent(?:lib|path)|-XX:On\w+Error|-Xbootclasspath|@))/,
  },
  {
    names:
      /^GIT_(?:SSH|SSH_COMMAND|PROXY_COMMAND|ASKPASS|EXTERNAL_DIFF|EDITOR|SEQUENCE_EDITOR|EXEC_PATH|TEMPLATE_DIR|CONFIG_PARAMETERS|CONFIG_GLOBAL|CONFIG_SYSTEM)$/,
    unless:
      /^(?:\/bin\/(?:echo|true)|true|echo|:|(?:\/usr\/bin\/)?ssh(?: -o StrictHostKeyChecking=[\w-]+)*)$/,
  },
  {
    names: /^GIT_CONFIG_KEY_\d+$/,
    unless: /^(?:url\..*\.insteadof|user\.\w+|safe\.directory|http\..*extraheader|init\.\w+)$/i,
  },
  {
    names:
      /^(?:RUSTC|RUSTDOC|RUSTC_WRAPPER|RUSTC_WORKSPACE_WRAPPER|CARGO_BUILD_RUST\w+|CARGO_TARGET_\w+_(?:RUNNER|LINKER))$/,
    unless: PLAIN,
  },
  { names: /^GOFLAGS$/, unless: /^(?!.*--?(?:toolexec|exec|overlay|vettool)\b)/ },
  {
    names:
      /^npm_config_(?:script_shell|git|node_gyp|userconfig|globalconfig|shell|init_module|viewer|editor)$/i,
    unless: /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|a|z)?sh$/,
  },
  {
    names:
      /^(?:PIP_CONFIG_FILE|PIP_REQUIREMENT|PIP_EDITABLE|PIP_PYTHON|UV_CONFIG_FILE|UV_OVERRIDE|YARN_RC_FILENAME|YARN_PLUGINS|YARN_YARN_PATH|APT_CONFIG|CURL_HOME|WGETRC|SYSTEM_WGETRC|LUA_INIT|R_PROFILE(?:_USER)?|R_ENVIRON(?:_USER)?|PERL_MM_OPT|PERL_CPANM_OPT|LUAROCKS_CONFIG|CONDARC|MAMBARC)$/,
    unless: /^\/dev\/null$/,
  },
];

/** About trust: one that may turn a check off leaves an install open. */
const UNCHECKED: readonly TurningVariable[] = [
  { programs: NODE, names: /^NODE_TLS_REJECT_UNAUTHORIZED$/, unless: ON },
  {
    programs: NODE,
    names:
      /^(?:npm_config_(?:strict_ssl|.*insecure.*)|YARN_(?:(?:ENABLE_)?STRICT_SSL|UNSAFE_HTTP_WHITELIST|CHECKSUM_BEHAVIOR))$/i,
    unless: /^(?:1|true|throw)$/i,
  },
  { programs: NODE, names: /^COREPACK_INTEGRITY_KEYS$/, unless: /^\{/ },
  {
    programs: PYTHON,
    names: /^(?:PIP_TRUSTED_HOST|UV_INSECURE_HOST)$/,
    unless: /^(?:localhost|127\.)[\d.:]*$/,
  },
  { programs: PYTHON, names: /^(?:CONDA_|MAMBA_)?SSL_VERIFY$|^PYTHONHTTPSVERIFY$/, unless: ON },
  { programs: /^go$/, names: /^(?:GONOSUMDB|GONOSUMCHECK|GOPRIVATE|GOINSECURE|GONOPROXY)$/ },
  { programs: /^go$/, names: /^GOSUMDB$/, unless: /^sum\.golang\.(?:org|google\.cn)$/ },
  { programs: /^go$/, names: /^GOFLAGS$/, unless: /^(?!.*-insecure)/ },
  { names: /^GIT_SSL_NO_VERIFY$/, unless: OFF },
  { programs: /^(?:gem|bundler?|ruby)$/, names: /^BUNDLE_SSL_VERIFY_MODE$/, unless: /^[1-9]/ },
  {
    programs: /^(?:dotnet|nuget)$/,
    names: /SIGNATURE_VERIFICATION$|^NUGET_CERT_REVOCATION_MODE$/i,
    unless: /^(?:true|1|online)$/i,
  },
  { programs: /^cpanm?$/, names: /^PERL_LWP_SSL_VERIFY_HOSTNAME$/, unless: ON },
  { programs: /^composer/, names: /^COMPOSER_(?:NO_TLS|DISABLE_TLS)$/i, unless: OFF },
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

function turning(
  table: readonly TurningVariable[],
  variables: ReadonlyMap<string, string | undefined>,
  program: string,
): string | undefined {
  for (const [name, value] of variables) {
    if (value === '') continue;
    const isTurned = table.some(
      ({ names, programs, unless }) =>
        names.test(name) &&
        programs?.test(program) !== false &&
        !(value !== undefined && unless?.test(value) === true),
    );
    if (isTurned) return name;
  }
  return undefined;
}

/** The first variable by which programs run what was not read; an unknown value may do so. */
export function runningVariable(
  variables: ReadonlyMap<string, string | undefined>,
): string | undefined {
  const hidden = [...variables].find(([, value]) => value !== undefined && SUBSCRIPT.test(value));
  return turning(RUNNING, variables, '') ?? hidden?.[0];
}

/** The first variable that may turn a check of this manager off. */
export function uncheckedVariable(
  variables: ReadonlyMap<string, string | undefined>,
  program: string,
): string | undefined {
  return turning(UNCHECKED, variables, program);
}

/** Files that make programs run what no command line names. */
interface ObeyedFile {
  /** Programs that obey it; all where not given. */
  readonly programs?: RegExp;
  /** Paths as they may be put there. */
  readonly path: RegExp;
  /** Where to look for it besides, also in folders that the build copied; `./`: the command's. */
  readonly places?: string;
  /** Text that orders nothing: each of its lines, but for comments, is like this. */
  readonly lines?: RegExp;
  /** It counts only where its text says so. */
  readonly says?: RegExp;
}

/** Lines of npm's settings that add nothing; addresses only of the language's own index. */
const NPMRC =
  /^(?:(?:fund|audit|loglevel|engine-strict|save-exact|legacy-peer-deps|progress|cache|prefer-\w+|package-lock|update-notifier|auto-install-peers|shamefully-hoist|strict-peer-dependencies|node-linker|nodeLinker|enableTelemetry|enableGlobalCache|compressionLevel)\s*[=:].*|registry\s*[=:] ?https:\/\/registry\.(?:npmjs\.org|yarnpkg\.com)\/?)$/;
const SHELL_SETTING =
  /^(?:export \w+=[^`();&|<>]*|\w+=[^\s`();&|<>]*|\w+="[^"`(]*"|(?:umask|ulimit) [^`$();&|<>]*|alias (?:ls|ll|la|grep)=[^`$();&|<>]*)$/;

export const OBEYED_FILES: readonly ObeyedFile[] = [
  { path: /^\/etc\/ld\.so\.preload$/, places: '/etc/ld.so.preload' },
  {
    path: /\/(?:libc\.so\.6|libselinux\.so\.1|ld-(?:linux|musl)[\w.-]*|libpcre2-8\.so\.0|libcap\.so\.2|libacl\.so\.1)$/,
  },
  {
    programs: /^(?:apt|apt-get|apt-fast|aptitude|dpkg|apt-key|add-apt-repository)$/,
    path: /^\/etc\/(?:apt\/apt\.conf|dpkg\/dpkg\.cfg)(?:\.d\/[^/]+)?$/,
    places: '/etc/apt/apt.conf /etc/dpkg/dpkg.cfg',
    lines:
      /^(?:(?:APT::(?:Install-(?:Recommends|Suggests)|Get::Assume-Yes)|Acquire::(?:Retries|Check-Valid-Until|Languages|ForceIPv4)) .*|path-(?:exclude|include)=.*|force-[\w-]+|no-[\w-]+)$/i,
  },
  {
    programs: /^(?:dpkg|dpkg-reconfigure|apt|apt-get|aptitude)$/,
    path: /^\/var\/lib\/dpkg\/info\/[^/]+\.(?:preinst|postinst|prerm|postrm|config)$/,
  },
  {
    programs: /^apk$/,
    path: /^\/(?:etc\/apk\/(?:commit_hooks\.d\/|world$)|(?:usr\/)?lib\/apk\/exec\/)/,
    places: '/etc/apk/world',
  },
  { programs: /^pacman$/, path: /^\/etc\/pacman\.d\/hooks\// },
  {
    programs: /^(?:adduser|deluser|useradd|userdel|addgroup)$/,
    path: /^\/usr\/local\/sbin\/(?:adduser|deluser)\.local$|^\/etc\/shadow-maint\//,
  },
  { programs: /^update-ca-certificates$/, path: /^\/etc\/ca-certificates\/update\.d\// },
  { programs: /^(?:service|rc-service|invoke-rc\.d)$/, path: /^\/etc\/init\.d\// },
  {
    programs: /^(?:rpm|dnf5?|yum|microdnf|tdnf|zypper)$/,
    path: /(?:^|\/)(?:\.rpmmacros|etc\/rpm\/macros[\w.-]*|usr\/lib\/rpm\/[^/]*macros[\w.-]*)$/,
    places: '/root/.rpmmacros',
  },
  { programs: /^(?:nginx|php|redis-server)[\d.-]*$/, path: /\.(?:conf|cfg|cnf|ini|load)$/ },
  { programs: /^man$/, path: /(?:^|\/)(?:\.manpath|manpath\.config|man_db\.conf)$/ },
  {
    programs: /^git$/,
    path: /(?:^|\/)(?:\.?gitconfig|\.config\/git\/config)$|\/\.(?:git\/hooks|husky)\/[\w-]+$/,
    places:
      '/etc/gitconfig ~/.gitconfig ./.git/config ./.git/hooks/post-checkout ./.git/hooks/pre-commit ./.git/hooks/post-merge ./.git/hooks/commit-msg ./.husky/pre-commit ./.husky/commit-msg',
    lines:
      /^(?:\[(?:core|user|remote "[^"]*"|branch "[^"]*"|init|safe|http)\]|(?:repositoryformatversion|filemode|bare|logallrefupdates|ignorecase|precomposeunicode|url|fetch|remote|merge|name|email|defaultBranch|directory)\s*=[^!]*)$/i,
  },
  { programs: /^curl$/, path: /(?:^|\/)\.curlrc$/, places: '~/.curlrc' },
  {
    programs: /^wget2?$/,
    path: /(?:^|\/)(?:\.wgetrc|etc\/wgetrc)$/,
    places: '/etc/wgetrc ~/.wgetrc',
  },
  { programs: /^(?:curl|wget2?|aria2c|axel)$/, path: /^\/etc\/hosts$/ },
  { programs: /^gpg2?$/, path: /(?:^|\/)(?:gpg|gpg-agent|dirmngr|common)\.conf$/ },
  {
    programs: /^(?:ssh|scp|sftp|git|rsync)$/,
    path: /(?:^|\/)\.ssh\/config$|\/ssh_config(?:\.d\/[^/]+)?$/,
  },
  {
    programs: /^(?:npm|npx|yarn|yarnpkg|pnpm|pnpx|bun)$/,
    path: /(?:^|\/)\.?(?:npmrc|yarnrc(?:\.yml)?|pnpmfile\.c?js)$/,
    places: './.npmrc ~/.npmrc ./.yarnrc ./.yarnrc.yml ~/.yarnrc.yml ./.pnpmfile.cjs',
    lines: NPMRC,
  },
  {
    programs: /^(?:npm|pnpm|yarn|yarnpkg|bun)$/,
    path: /^$/,
    places: './package.json',
    says: /"(?:pre|post)?(?:install|prepare|prepublish|pack)"\s*:/,
  },
  {
    programs: /^composer/,
    path: /^$/,
    places: './composer.json',
    says: /"(?:pre|post)-[\w-]+"\s*:/,
  },
  {
    programs: /^(?:pip|pipx|uv|python|pypy|poetry)[\d.]*$/,
    path: /\/(?:sitecustomize|usercustomize)\.py$|\/(?:site|dist)-packages\/[^/]+\.pth$/,
  },
  {
    programs: /^pip[\d.]*$/,
    path: /(?:^|\/)pip\.(?:conf|ini)$/,
    places: '/etc/pip.conf ~/.pip/pip.conf ~/.config/pip/pip.conf',
    lines:
      /^(?:\[[\w-]+\]|(?:timeout|retries|no-[\w-]+|disable-pip-version-check|break-system-packages|root-user-action|index-url)\s*=\s*(?:[\w.-]+|https:\/\/pypi\.org\/simple\/?))$/,
  },
  { programs: /^(?:pip|uv)[\d.]*$/, path: /^$/, places: './setup.py', says: /./ },
  { programs: /^uv$/, path: /(?:^|\/)uv\.toml$/, places: './uv.toml' },
  {
    programs: /^(?:conda|mamba|micromamba)$/,
    path: /(?:^|\/)\.?condarc$/,
    places: '~/.condarc /opt/conda/.condarc',
  },
  {
    programs: /^cargo$/,
    path: /\/\.?cargo\/config(?:\.toml)?$/,
    places: './.cargo/config.toml ./.cargo/config',
  },
  { programs: /^cargo$/, path: /\/build\.rs$/, places: './build.rs' },
  {
    programs: /^(?:gem|bundler?)$/,
    path: /(?:^|\/)\.?gemrc$|\/\.bundle\/config$/,
    places: '/etc/gemrc ~/.gemrc ./.bundle/config',
  },
  {
    programs: /^bundler?$/,
    path: /\/Gemfile$/,
    places: './Gemfile',
    lines:
      /^(?:source ["']https:\/\/rubygems\.org\/?["']|(?:ruby|gem|gemspec|group|platforms?|end)\b(?!.*(?:`|\b(?:path|git|github|eval|system|exec|File|IO|open)\b|[{$%])).*)$/,
  },
  {
    programs: /^(?:mix|swift|stack|cabal|deno)$/,
    path: /\/(?:mix\.exs|Package\.swift|Setup\.hs)$/,
    places: './mix.exs ./Package.swift',
  },
  {
    programs: /^(?:bash|sh|dash|ash|ksh|mksh|zsh)$/,
    path: /^\/etc\/(?:profile(?:\.d\/[^/]+)?|bash\.bashrc|zsh\/zshenv)$|(?:^|\/)\.(?:bash_|z)?(?:profile|login|rc|shrc|shenv)$|(?:^|\/)\.bashrc$/,
    lines: SHELL_SETTING,
  },
];

/** Spellings that turn a check off for sure. */
const SURE: readonly (readonly [programs: RegExp, word: RegExp])[] = [
  [
    /^(?:apt|apt-get|apt-fast|aptitude)$/,
    /^--(?:allow-unauthenticated|force-yes)$|^(?:-o=?)?APT::Get::(?:AllowUnauthenticated|Force-Yes)=(?:true|yes|1|on|with|enable)$/i,
  ],
  [/^apk$/, /^--allow-untrusted$/],
  [
    /^(?:dnf5?|yum|microdnf|tdnf)$/,
    /^--(?:nogpgcheck|no-gpgchecks)$|^(?:--setopt=)?(?:[\w*-]+\.)?gpgcheck=(?:0|false|no|off)$/i,
  ],
  [/^zypper$/, /^--(?:no-gpg-checks|allow-unsigned-rpm)$/],
  [PYTHON, /^--(?:trusted-host|allow-insecure-host)(?:=(?!localhost|127\.).+)?$/],
];
/** Options about trust; programs take beginnings of long names, and values that are glued. */
const ABOUT =
  /^--?[\w.-]*?(?:no-?gpg|nogpg|gpgcheck|no-?(?:check|verif|sign|ssl|tls|strict)|allow-?(?:un|ins|weak)|insecur|un?trust|unauth|unsafe(?!-perm)|unsigned|trusted|strict-ssl|ssl-?verif|sslverify|tls-?verif|skip-?(?:verif|sig|check)|disable-?(?:ssl|tls|sig|verif|check)|ignore-?(?:sig|check|ssl|tls)|force-?yes|http$|mod=mod|dangerous|nosignature|nodigest|no-?digest)/i;
const SETTING =
  /(AllowUnauthenticated|AllowInsecure\w*|AllowWeak\w*|Check-?(?:Valid|Date)|Verify-(?:Peer|Host)|\bgpgcheck|localpkg_gpgcheck|sslverify|strict-?ssl|SigLevel|sslVerify|trusted-host|trusted_host|ssl_verify(?:_mode)?|insecure|http\.sslVerify|disable-tls|secure-http|unsafeHttpWhitelist|checksumBehavior)["']?\s*(?:[=: \t]|$)\s*["']?([\w-]*)/gi;
/** Lines of files that managers read, wherever a command writes them. */
const WRITTEN =
  /\[(?=[^\][]*\btrusted\s*=\s*(?:yes|true|1|on)\b)[^\][]*\]\s+(?!file:|copy:|cdrom:)\S|(?:^|\n|\\n)[ \t]*(?:Trusted|Allow-Insecure|Allow-Weak)[ \t]*:[ \t]*(?:yes|true|1|on)\b|\bAllowUnauthenticated\s+"?(?:true|yes|1|on)\b|(?:^|\n|\\n|\/)[ \t]*gpgcheck\s*=\s*(?:0|false|no|off)(?=\s|\\n|\/|$)|(?:^|\n|\\n)[ \t]*SigLevel\s*=\s*(?:Never|\S*TrustAll|Optional)/i;
const LEAVES_ON = /^(?:1|true|yes|on|required|database\w*|trustedonly|online|throw)$/i;
/** Settings that turn a check off by being on. */
const NEGATIVE =
  /allow|insecur|disable|unsafe|trusted|no-?verify|no-?|un|skip|ignore|force|dangerous/i;
const NEGATIVE_SETTING = /allow|insecure|disable|unsafe|trusted|no-?verify/i;
/** Dates of an archive that is frozen, and options that only ask. */
const HARMLESS =
  /Check-Valid-Until|Check-Date|^--(?:no-install-recommends|no-check-update|no-sign-request)$/i;
const HERE = /^(?:localhost|127\.)/;

/**
 * The word or line by which a command turns the checks of a manager off, or may do so. An option or
 * a setting about trust that is not known to leave them on may. `isSure` where it does.
 */
export function turnsChecksOff(
  program: string,
  words: readonly string[],
  input: string,
  isManager: boolean,
  isInstall: boolean,
): { readonly by: string; readonly isSure: boolean } | undefined {
  const names = words.filter((one) => !one.startsWith('-')).slice(1);
  const isOwn =
    isInstall &&
    names.length > 0 &&
    names.every((one) => /^(?:\.{0,2}\/|file:)|\.(?:deb|rpm|apk|whl)$/.test(one));
  if (isOwn) return undefined;
  const behind = (word: string): string => words[words.indexOf(word) + 1] ?? '';
  const sure = isInstall ? SURE.find(([programs]) => programs.test(program))?.[1] : undefined;
  const word = words.find((one) => sure?.test(one));
  if (word !== undefined && !HERE.test(behind(word)))
    return { by: word.replace(/^-o=?/, ''), isSure: true };
  const line = [...words, input].map((text) => WRITTEN.exec(text)?.[0]).find((one) => one);
  if (line !== undefined) return { by: line.trim().slice(0, 40), isSure: true };
  for (const one of isManager ? words : []) {
    const value = one.includes('=') ? one.slice(one.indexOf('=') + 1) : '';
    // Short for --no-gpgcheck.
    const isShort = program === 'zypper' && /^-[a-z]*G[a-z]*$/.test(one);
    if (HARMLESS.test(one) || !(isShort || ABOUT.test(one)) || HERE.test(value || behind(one)))
      continue;
    const isOn = NEGATIVE.test(one.replace(/=.*/s, '')) ? OFF.test(value) : LEAVES_ON.test(value);
    if (!isOn) return { by: one, isSure: false };
  }
  const lines = input.split('\n');
  for (const text of isManager ? [words.join(' '), ...lines] : [...words, ...lines]) {
    if (HARMLESS.test(text) || !(isManager || /[=:]/.test(text))) continue;
    for (const { 0: said, 1: name = '', 2: value = '' } of text.matchAll(SETTING)) {
      const leaves = NEGATIVE_SETTING.test(name) ? OFF : LEAVES_ON;
      if (!leaves.test(value) && !/^(?:localhost|127$)/.test(value))
        return { by: said.slice(0, 40).trim(), isSure: false };
    }
  }
  return undefined;
}
