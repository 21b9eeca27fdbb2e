/** An option, a setting or a variable by which a manager takes what nobody signed or summed. */
interface UncheckedVariable {
  readonly programs: RegExp;
  readonly names: RegExp;
  /** Values that leave the checks on. */
  readonly unless?: RegExp;
}

const NODE = /^(?:npm|npx|pnpm|pnpx|yarn|yarnpkg|bun|bunx|corepack|node)$/;
const PYTHON = /^(?:pip[\d.]*|pipx|pipenv|poetry|pdm|uv|uvx|conda|mamba|micromamba|easy_install)$/;
const ANY = /./;
const ON = /^(?:1|true|yes|on)$/i;
const OFF = /^(?:0|false|no|off)$/i;

/**
 * Variables about trust, whatever they say: one that may turn a check off leaves the install open.
 */
export const UNCHECKED_VARIABLES: readonly UncheckedVariable[] = [
  { programs: NODE, names: /^NODE_TLS_REJECT_UNAUTHORIZED$/, unless: ON },
  {
    programs: NODE,
    names:
      /^(?:npm_config_strict_ssl|YARN_(?:ENABLE_)?STRICT_SSL|npm_config_.*insecure.*|YARN_(?:UNSAFE_HTTP_WHITELIST|CHECKSUM_BEHAVIOR))$/i,
    unless: /^(?:1|true|throw)$/i,
  },
  { programs: NODE, names: /^(?:COREPACK_INTEGRITY_KEYS)$/, unless: /^\{/ },
  {
    programs: PYTHON,
    names: /^(?:PIP_TRUSTED_HOST|UV_INSECURE_HOST)$/,
    unless: /^(?:localhost|127\.)[\d.:]*$/,
  },
  { programs: PYTHON, names: /^(?:CONDA_|MAMBA_)?SSL_VERIFY$|^PYTHONHTTPSVERIFY$/, unless: ON },
  { programs: /^go$/, names: /^(?:GONOSUMDB|GONOSUMCHECK|GOPRIVATE|GOINSECURE|GONOPROXY)$/ },
  { programs: /^go$/, names: /^GOSUMDB$/, unless: /^sum\.golang\.(?:org|google\.cn)$/ },
  { programs: /^go$/, names: /^GOFLAGS$/, unless: /^(?!.*-insecure)/ },
  { programs: ANY, names: /^GIT_SSL_NO_VERIFY$/, unless: OFF },
  {
    programs: /^(?:gem|bundler?|ruby)$/,
    names: /^BUNDLE_SSL_VERIFY_MODE$/,
    unless: /^[1-9]/,
  },
  {
    programs: /^(?:dotnet|nuget)$/,
    names: /SIGNATURE_VERIFICATION$|^NUGET_CERT_REVOCATION_MODE$/i,
    unless: /^(?:true|1|online)$/i,
  },
  { programs: /^cpanm?$/, names: /^PERL_LWP_SSL_VERIFY_HOSTNAME$/, unless: ON },
  {
    programs: /^composer/,
    names: /^COMPOSER_(?:DISABLE_NETWORK|NO_TLS|DISABLE_TLS)$/i,
    unless: OFF,
  },
];

/** Spellings that turn a check off for sure. */
const SURE: readonly { readonly programs: RegExp; readonly word: RegExp }[] = [
  {
    programs: /^(?:apt|apt-get|apt-fast|aptitude)$/,
    word: /^--(?:allow-unauthenticated|force-yes)$|^(?:-o=?)?APT::Get::(?:AllowUnauthenticated|Force-Yes)=(?:true|yes|1|on|with|enable)$/i,
  },
  { programs: /^apk$/, word: /^--allow-untrusted$/ },
  {
    programs: /^(?:dnf5?|yum|microdnf|tdnf)$/,
    word: /^--(?:nogpgcheck|no-gpgchecks)$|^(?:--setopt=)?(?:[\w*-]+\.)?gpgcheck=(?:0|false|no|off)$/i,
  },
  { programs: /^zypper$/, word: /^--(?:no-gpg-checks|allow-unsigned-rpm)$/ },
  { programs: PYTHON, word: /^--(?:trusted-host|allow-insecure-host)(?:=(?!localhost|127\.).+)?$/ },
];

/**
 * Words of an option about trust; programs take beginnings of long names, and values that are
 * glued.
 */
const ABOUT =
  /^--?[\w.-]*?(?:no-?gpg|nogpg|gpgcheck|no-?(?:check|verif|sign|ssl|tls|strict)|allow-?(?:un|ins|weak)|insecur|un?trust|unauth|unsafe(?!-perm)|unsigned|trusted|strict-ssl|ssl-?verif|sslverify|tls-?verif|skip-?(?:verif|sig|check)|disable-?(?:ssl|tls|sig|verif|check)|ignore-?(?:sig|check|ssl|tls)|force-?yes|http$|mod=mod|dangerous|nosignature|nodigest|no-?digest)/i;
const SETTING =
  /(AllowUnauthenticated|AllowInsecure\w*|AllowWeak\w*|Check-?(?:Valid|Date)|Verify-(?:Peer|Host)|\bgpgcheck|localpkg_gpgcheck|sslverify|strict-?ssl|SigLevel|sslVerify|trusted-host|trusted_host|ssl_verify(?:_mode)?|insecure|http\.sslVerify|disable-tls|secure-http|unsafeHttpWhitelist|checksumBehavior)["']?\s*(?:[=: \t]|$)\s*["']?([\w-]*)/gi;
/** Lines of files that managers read, wherever a command writes them. */
const WRITTEN: readonly (readonly [RegExp, string])[] = [
  [
    /\[(?=[^\][]*\btrusted\s*=\s*(?:yes|true|1|on)\b)[^\][]*\]\s+(?!file:|copy:|cdrom:)\S/i,
    'trusted=yes',
  ],
  [
    /(?:^|\n|\\n)[ \t]*(?:Trusted|Allow-Insecure|Allow-Weak)[ \t]*:[ \t]*(?:yes|true|1|on)\b/i,
    'Trusted: yes',
  ],
  [/\bAllowUnauthenticated\s+"?(?:true|yes|1|on)\b/i, 'AllowUnauthenticated'],
  [/(?:^|\n|\\n|\/)[ \t]*gpgcheck\s*=\s*(?:0|false|no|off)(?=\s|\\n|\/|$)/im, 'gpgcheck=0'],
  [/(?:^|\n|\\n)[ \t]*SigLevel\s*=\s*(?:Never|\S*TrustAll|Optional)/i, 'SigLevel'],
];
const LEAVES_ON = /^(?:1|true|yes|on|required|database\w*|trustedonly|online|throw)$/i;

/** Harmless in front of every install: dates of an archive that is frozen, and what only asks. */
const HARMLESS =
  /Check-Valid-Until|Check-Date|^--(?:no-install-recommends|no-check-update|no-verify-ssl=false|ignore-checks?um?=false|no-sign-request)$/i;

/**
 * The word or line by which a command turns the checks of a manager off, or may do so: an option or
 * a setting about trust that is not known to leave them on. `isSure` where it does.
 */
export function turnsChecksOff(
  program: string,
  words: readonly string[],
  input: string,
  isManager: boolean,
  isInstall: boolean,
): { readonly by: string; readonly isSure: boolean } | undefined {
  const sure = SURE.find((row) => row.programs.test(program));
  const names = words.filter((one) => !one.startsWith('-')).slice(1);
  const isOwn =
    names.length > 0 &&
    names.every((one) => /^(?:\.{0,2}\/|file:)|\.(?:deb|rpm|apk|whl)$/.test(one));
  const word = !isInstall || isOwn ? undefined : sure && words.find((one) => sure.word.test(one));
  if (isInstall && isOwn) return undefined;
  if (
    sure !== undefined &&
    word !== undefined &&
    !/localhost|127\./.test(words[words.indexOf(word) + 1] ?? '')
  )
    return { by: word.replace(/^-o=?/, ''), isSure: true };
  const texts = [...words, input];
  const line = WRITTEN.find(([pattern]) => texts.some((text) => pattern.test(text)));
  if (line !== undefined) return { by: line[1], isSure: true };
  for (const one of isManager ? words : []) {
    const value = one.includes('=') ? one.slice(one.indexOf('=') + 1) : '';
    if (HARMLESS.test(one)) continue;
    // Short for --no-gpgcheck.
    const isShort = program === 'zypper' && /^-[a-z]*G[a-z]*$/.test(one);
    if (
      (isShort || ABOUT.test(one)) &&
      !/^(?:localhost|127\.)/.test(value || (words[words.indexOf(one) + 1] ?? '')) &&
      !isOn(one, value)
    )
      return { by: one, isSure: false };
  }
  const all = [words.join(' '), ...input.split('\n')];
  for (const text of isManager ? all : [...words, ...input.split('\n')]) {
    if (HARMLESS.test(text) || !(isManager || /[=:]/.test(text))) continue;
    for (const { 0: said, 1: name = '', 2: value = '' } of text.matchAll(SETTING)) {
      const leaves = NEGATIVE.test(name) ? OFF : LEAVES_ON;
      if (!leaves.test(value) && !/^(?:localhost|127$)/.test(value))
        return { by: said.slice(0, 40).trim(), isSure: false };
    }
  }
  return undefined;
}

/** Names of settings that turn a check off where they are on. */
const NEGATIVE = /allow|insecure|disable|unsafe|trusted|no-?verify/i;

function isOn(option: string, value: string): boolean {
  const isNegative = /no-?|insecur|un|skip|disable|ignore|force|dangerous|trusted/i.test(
    option.replace(/=.*/s, ''),
  );
  return isNegative ? OFF.test(value) : LEAVES_ON.test(value);
}
