import { lookup } from '../lib/json.ts';

/** Options that take a value as their next word, by programs. What is missing adds an operand. */
const VALUED: Readonly<Record<string, string>> = {
  'apt apt-get aptitude apt-fast install_packages':
    '-t -o -c -a -S -P --target-release --default-release --option --config-file --snapshot --host-architecture --build-profiles',
  apk: '-t -X -p --virtual --repository --root --arch --keys-dir --repositories-file --cache-dir --wait',
  'dnf dnf5 yum microdnf tdnf':
    '-c -x -R -d -e --config --exclude --installroot --releasever --setopt --enablerepo --disablerepo --repo --repoid --repofrompath --forcearch --downloaddir --destdir --comment --advisory',
  zypper:
    '-R -r -p -C -D -c -t --root --repo --from --plus-repo --name --type --cache-dir --config',
  pacman: '-b -r --dbpath --root --config --cachedir',
  'pip uv uvx':
    '-r -c -i -f -t -e -b -d -w --requirement --constraint --index-url --extra-index-url --find-links --target --prefix --root --trusted-host --platform --python-version --implementation --abi ' +
    '--cache-dir --timeout --retries --proxy --progress-bar --upgrade-strategy --no-binary --only-binary --editable --src --config-settings --python --report --log --exclude-newer --wheel-dir ' +
    '--dest --group --root-user-action --build --build-option --global-option --keyring-provider --use-feature --cert --client-cert',
  'uv uvx':
    '-p --index --default-index --with --with-editable --with-requirements --from --project --directory --extra --only-group --no-group --env-file --package --config-file',
  pipx: '-i --index-url --spec --python --pip-args --suffix --preinstall',
  pipenv:
    '-r -e -i --requirements --editable --index --python --pypi-mirror --extra-pip-args --categories',
  poetry: '-C -P -E --directory --project --with --without --only --extras',
  'conda mamba micromamba':
    '-n -p -c -f -r -a --name --prefix --root-prefix --channel --file --solver --cwd --attach',
  'npm npx bunx pnpx yarn yarnpkg pnpm bun corepack':
    '-C -w -F -p --registry --prefix --cache --workspace --loglevel --userconfig --omit --include --tag --before --filter --dir --cwd --network-timeout --cache-folder --modules-folder --package --store-dir --mutex',
  'npm npx bunx pnpx': '-c --call',
  gem: '-v -i -n -P -s --version --install-dir --source --platform --bindir',
  'bundle bundler': '-j --jobs --retry --path --without --with --gemfile',
  cargo:
    '-F -j -p -Z --version --vers --git --rev --tag --branch --path --root --features --target --profile --bin --jobs --registry --index --manifest-path --target-dir --package --config',
  'composer composer.phar': '-d --working-dir',
  'pecl pear': '-D',
  cpanm: '-l -L --mirror --local-lib --local-lib-contained --mirror-index --from',
  dotnet: '--version --tool-path --add-source -v',
  rustup: '-c -t --profile --default-toolchain --default-host --toolchain --component --target',
  curl:
    '-A -b -c -C -d -D -e -E -F -H -K -m -o -P -Q -r -t -T -u -U -w -x -X -y -Y -z --cacert --capath --cert --ciphers --config --connect-timeout --connect-to --cookie --cookie-jar --data ' +
    '--data-binary --data-raw --data-urlencode --doh-url --dump-header --form --header --interface --json --keepalive-time --key --limit-rate --max-filesize --max-redirs --max-time --noproxy ' +
    '--oauth2-bearer --output --output-dir --pass --pinnedpubkey --preproxy --proto --proto-default --proto-redir --proxy --proxy-header --proxy-user --quote --range --referer --request ' +
    '--resolve --retry --retry-delay --retry-max-time --socks4 --socks4a --socks5 --socks5-hostname --speed-limit --speed-time --stderr --time-cond --tls-max --tls13-ciphers --trace ' +
    '--unix-socket --upload-file --url --user --user-agent --write-out --expand-url --expand-output',
  'wget wget2':
    '-n -e --execute -o --output-file -a --append-output -i --input-file -B --base --config -t --tries --retry-on-http-error -O --output-document --progress -T --timeout --dns-timeout ' +
    '--connect-timeout --read-timeout -w --wait --waitretry -Q --quota --bind-address --limit-rate --user --password -P --directory-prefix --cut-dirs --http-user --http-password --header ' +
    '--max-redirect --proxy-user --proxy-password --referer -U --user-agent --load-cookies --save-cookies --post-data --post-file --method --body-data --secure-protocol --certificate ' +
    '--private-key --ca-certificate --ca-directory -l --level -A --accept -R --reject -D --domains -I -X',
  git: '-b -c -C -o -j --branch --depth --config --origin --reference --template --revision --jobs --filter --git-dir --work-tree --separate-git-dir --upload-pack --shallow-since',
  'gpg gpg2 gpgv':
    '-o -u -r --output --homedir --keyring --trust-model --status-fd --logger-fd --keyserver --keyserver-options --passphrase --pinentry-mode --export-options',
  cosign:
    '--key --certificate --certificate-identity --certificate-oidc-issuer --signature --bundle --cert --rekor-url --trusted-root',
  'sha1sum sha224sum sha256sum sha384sum sha512sum b2sum shasum': '-a -l --algorithm --length',
  'cp mv ln install': '-t -m -o -g -S --target-directory --mode --owner --group --suffix',
  'useradd usermod':
    '-u -g -G -c -d -e -f -k -K -p -s -Z -b --uid --gid --groups --comment --home --home-dir --expiredate --inactive --skel --key --password --shell --base-dir',
  adduser:
    '-u -g -G -h -k -s -d -c -p --uid --gid --ingroup --home --shell --gecos --comment --skel --conf',
};

/** Options without a value: those that pin and verify nothing less, or that we ask for. */
const FLAGS: Readonly<Record<string, string>> = {
  'apt apt-get aptitude apt-fast':
    '-y -q -f -u -V -d -m --yes --assume-yes --no-install-recommends --no-install-suggests --install-recommends --quiet --fix-missing --fix-broken --no-upgrade --reinstall --allow-downgrades --allow-change-held-packages --allow-remove-essential --auto-remove --autoremove --purge --show-progress --download-only --print-uris --allow-unauthenticated --force-yes --trivial-only',
  apk: '-U -u -q -l -f -v --no-cache --update --update-cache --upgrade --quiet --latest --no-network --progress --no-progress --initdb --clean-protected --purge --allow-untrusted --no-interactive --no-scripts --force --verbose --installed',
  'dnf dnf5 yum microdnf tdnf':
    '-y -q -v -C -b --assumeyes --quiet --verbose --nodocs --allowerasing --skip-broken --nobest --best --refresh --cacheonly --nogpgcheck --noplugins --noautoremove --downloadonly --obsoletes',
  zypper:
    '-n -y -f -q -v -l -G --non-interactive --no-confirm --no-recommends --auto-agree-with-licenses --gpg-auto-import-keys --no-gpg-checks --quiet --verbose --force --oldpackage --no-refresh --allow-unsigned-rpm --allow-downgrade --force-resolution --recommends --details',
  'pip uv uvx pipx':
    '-U -q -v -I --upgrade --quiet --verbose --user --no-cache-dir --no-cache --no-deps --no-index --pre --force-reinstall --ignore-installed --require-hashes --no-build-isolation --no-compile --compile --disable-pip-version-check --break-system-packages --no-input --prefer-binary --no-warn-script-location --no-clean --use-pep517 --no-use-pep517 --isolated --no-python-version-warning --exists-action --check-build-dependencies --no-color --include-deps --force --global --system-site-packages --only-deps',
  'uv uvx':
    '-n --system --frozen --locked --offline --no-dev --no-install-project --no-install-workspace --no-editable --compile-bytecode --all-extras --all-groups --all-packages --dev --inexact --exact --no-progress --no-config --native-tls --no-sync --strict --no-managed-python --managed-python --no-python-downloads --no-default-groups --only-dev --no-build --no-binary --no-sources --no-verify-hashes',
  curl: '-f -s -S -L -O -J -k -v -g -# -4 -6 -N -i -I -q -R -G -1 -2 -3 -0 -n --fail --fail-with-body --silent --show-error --location --location-trusted --remote-name --remote-name-all --remote-header-name --insecure --verbose --globoff --progress-bar --compressed --create-dirs --retry-connrefused --retry-all-errors --ipv4 --ipv6 --http1.1 --http2 --tlsv1 --tlsv1.0 --tlsv1.1 --tlsv1.2 --tlsv1.3 --ssl-reqd --no-buffer --no-progress-meter --no-keepalive --disable --netrc --get --head --http1.0 --remote-time --include --parallel --path-as-is --tcp-nodelay --no-alpn --cert-status --post301 --post302',
  'wget wget2':
    '-q -c -N -S -4 -6 -x -v -d -r -m -p -k -K --quiet --no-verbose --verbose --continue --timestamping --server-response --no-check-certificate --show-progress --no-clobber --no-directories --no-host-directories --no-parent --no-cache --https-only --content-disposition --trust-server-names --no-hsts --no-cookies --inet4-only --inet6-only --no-proxy --auth-no-challenge --retry-connrefused --force-directories --spider --recursive --mirror --page-requisites --no-iri --keep-session-cookies --unlink --no-netrc',
  git: '-q -f -v -n -l -s --quiet --force --verbose --single-branch --no-single-branch --recurse-submodules --recursive --shallow-submodules --no-tags --no-checkout --bare --mirror --progress --no-progress --init --remote --detach --hard --local --no-hardlinks --tags --prune --sparse --no-shallow-submodules --no-recurse-submodules',
  npm: '-g -f -s -d -q -y -D -E -S -P -O -B --global --force --silent --quiet --verbose --save --save-dev --save-exact --save-prod --save-optional --no-save --no-audit --audit --no-fund --fund --ignore-scripts --no-scripts --legacy-peer-deps --strict-peer-deps --production --only --also --dev --unsafe-perm --no-optional --no-progress --progress --prefer-offline --offline --prefer-online --prefer-dedupe --no-update-notifier --no-bin-links --install-links --foreground-scripts --yes --no --json --strict-ssl --bin-links',
  'npx bunx pnpx': '-y -q --yes --quiet --no-install --ignore-existing --offline --bun --silent',
  'yarn yarnpkg':
    '-s -D -E -P -O -W -T --silent --verbose --dev --exact --production --prod --frozen-lockfile --immutable --immutable-cache --check-cache --non-interactive --ignore-scripts --ignore-engines --ignore-optional --ignore-platform --no-progress --no-bin-links --link-duplicates --prefer-offline --offline --pure-lockfile --inline-builds --no-emoji --no-default-rc --global --flat --json --version -v --help',
  pnpm: '-g -P -D -E -r -s -w --global --prod --production --dev --save-dev --save-exact --save-prod --no-optional --frozen-lockfile --no-frozen-lockfile --offline --prefer-offline --ignore-scripts --silent --recursive --workspace-root --shamefully-hoist --strict-peer-dependencies --no-strict-peer-dependencies --unsafe-perm --prefer-frozen-lockfile --no-verify-store-integrity --color --no-color --aggregate-output --stream',
  bun: '-g -p -d -D -E -y --global --production --dev --exact --frozen-lockfile --ignore-scripts --no-save --silent --verbose --no-progress --no-summary --no-cache --yes --trust --no-verify',
  corepack: '-g --global --all --activate --json',
  gem: '-N -q -V -f --no-document --no-ri --no-rdoc --no-user-install --user-install --quiet --verbose --silent --force --conservative --minimal-deps --default --local --remote --both --no-suggestions --no-post-install-message --prerelease --system --env-shebang --no-wrappers --ignore-dependencies --clear-sources',
  'bundle bundler':
    '-V --frozen --deployment --quiet --verbose --system --local --global --full-index --standalone --clean --no-cache --no-prune --no-color --force --redownload --binstubs --version -v --help -h',
  cargo:
    '-q -v -r -f --quiet --verbose --release --locked --frozen --offline --all-features --no-default-features --workspace --all --bins --lib --examples --tests --benches --all-targets --force --no-track --keep-going --future-incompat-report --debug --no-confirm -y --bin --timings',
  'composer composer.phar':
    '-n -o -a -q -v --no-dev --dev --no-interaction --no-scripts --no-plugins --no-progress --no-suggest --optimize-autoloader --classmap-authoritative --apcu-autoloader --prefer-dist --prefer-source --no-autoloader --ignore-platform-reqs --quiet --verbose --no-ansi --ansi --no-cache --audit --no-audit --prefer-stable --no-install --with-all-dependencies --download-only --global --stable --1 --2',
  poetry:
    '-n -q -v --no-root --no-interaction --no-ansi --no-dev --no-directory --sync --all-extras --all-groups --compile --no-cache --quiet --verbose --only-root --no-plugins --dev --no-binary --extras',
  pipenv:
    '-d --deploy --system --ignore-pipfile --dev --clear --verbose --quiet --skip-lock --pre --three --two --keep-outdated --bare --extra-index-url',
  'conda mamba micromamba':
    '-y -q -v --yes --quiet --verbose --force-reinstall --no-deps --override-channels --strict-channel-priority --no-channel-priority --freeze-installed --no-update-deps --copy --no-pin --no-default-packages --dry-run --no-rc --json --offline --use-local --safety-checks --no-shortcuts --always-copy --use-index-cache --experimental',
  'pecl pear':
    '-f -n -o -a -s -l --force --nodeps --onlyreqdeps --alldeps --soft --loose --offline',
  rustup:
    '-q -v --quiet --verbose --no-self-update --allow-downgrade --force --force-non-host --no-update-default-toolchain',
};
/** Of others, a value makes no difference that counts: `--no-audit=true`. */
const DECIDES =
  /^--(?:.*(?:frozen|immutable|locked|offline|lock)|deployment|local$|no-index|no-deps|require-hashes|spider|deploy|ignore-pipfile|head|path|package)/;

function byProgram(table: Readonly<Record<string, string>>): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [programs, options] of Object.entries(table))
    for (const program of programs.split(' '))
      found.set(program, new Set([...(found.get(program) ?? []), ...options.split(' ')]));
  return found;
}

const BY_PROGRAM = byProgram(VALUED);
const FLAGS_OF = byProgram(FLAGS);
const NONE: ReadonlySet<string> = new Set();

function of<T>(table: ReadonlyMap<string, T>, program: string): T | undefined {
  return table.get(program) ?? table.get(program.replace(/(?<![\d.-])-?[\d.]+$/, ''));
}

/** The options of a program that take a value as their next word; `pip3.12` has those of `pip`. */
export function valuedOptions(program: string): ReadonlySet<string> {
  return of(BY_PROGRAM, program) ?? NONE;
}

/** True for a known option without a value, and for each of a program without a row. */
export function isFlag(program: string, option: string, isGlued: boolean): boolean {
  const known = of(FLAGS_OF, program);
  return known === undefined || (known.has(option) && !(isGlued && DECIDES.test(option)));
}

/** A program that only starts another one. */
interface Wrapper {
  /** Options that take a value as their next word. */
  readonly valued: ReadonlySet<string>;
  /** A word of its own stands before the command. */
  readonly own: boolean;
  /** The command runs as another user, or below another root. */
  readonly asAnother: boolean;
}

/** Options with a value; `own`: one more word before the command; `user`: it runs as another. */
const WRAPPER_ROWS: readonly (readonly [
  names: string,
  valued: string,
  ...is: readonly ('own' | 'user')[],
])[] = [
  [
    'sudo',
    '-u -g -C -D -h -p -R -r -T -t -U --user --group --host --prompt --chdir --chroot --role --type --other-user',
    'user',
  ],
  ['doas', '-u -C', 'user'],
  ['env', '-u -C -a --unset --chdir --argv0'],
  [
    'cross-env command builtin nohup linux32 linux64 i386 busybox toybox setsid eatmydata chronic unbuffer sccache distcc with-contenv catatonit',
    '',
  ],
  ['exec', '-a'],
  ['time', '-f -o --format --output'],
  ['nice', '-n --adjustment'],
  ['ionice', '-c -n --class --classdata'],
  ['chrt', '-T -P -D', 'own'],
  ['setarch taskset', '', 'own'],
  ['stdbuf', '-i -o -e --input --output --error'],
  ['prlimit', '-o --output'],
  ['timeout', '-k -s --signal --kill-after', 'own'],
  ['gosu su-exec setuidgid s6-setuidgid', '', 'own', 'user'],
  ['chpst', '-u -U -e -/ -C -n -l -L -m -d -o -p -f -c -r -t', 'user'],
  ['runuser', '-u -g -G -w --user --group --supp-group', 'user'],
  ['xargs', '-n -P -I -L -d -a -s -E --max-args --max-procs --max-chars --delimiter --arg-file'],
  [
    'setpriv',
    '--reuid --regid --ruid --euid --rgid --egid --groups --inh-caps --ambient-caps --bounding-set --securebits --pdeathsig',
    'user',
  ],
  ['chroot', '--userspec --groups', 'own', 'user'],
  ['flock', '-w -E --timeout --wait --conflict-exit-code', 'own'],
  ['unshare', '-S -G -R -w -l --setuid --setgid --root --wd --map-user --map-group', 'user'],
  ['strace', '-a -b -e -E -I -o -O -p -P -s -S -u -U -X'],
  ['fakeroot', '-s -i -l -f -b --lib --faked'],
  ['torsocks proxychains proxychains4', '-a -P -u -p -f'],
  ['faketime envdir s6-envdir', '', 'own'],
  ['ccache', '-M -F -o -k -d -x -X'],
  ['tini', '-p -e'],
  ['dumb-init', '-r --rewrite'],
  ['dbus-run-session', '--config-file --dbus-daemon'],
  ['ssh-agent', '-a -E -O -P -t'],
  ['xvfb-run', '-n -s -e -f -p -w --server-num --server-args --error-file --auth-file'],
];

export const WRAPPERS = lookup<Wrapper>(
  Object.fromEntries(
    WRAPPER_ROWS.flatMap(([names, valued, ...is]) =>
      names.split(' ').map((name) => [
        name,
        {
          valued: new Set(valued.split(' ')),
          own: is.includes('own'),
          asAnother: is.includes('user'),
        },
      ]),
    ),
  ),
);

/** Wrappers whose command runs as another user, or below another root. */
export const USER_CHANGERS: readonly string[] = Object.entries(WRAPPERS).flatMap(
  ([name, { asAnother }]) => (asAnother ? [name] : []),
);

/** Programs that run text as shell behind `-c`, `--command` or `--run`. */
export const RUNS_TEXT: ReadonlySet<string> = new Set('su runuser script flock sg'.split(' '));

/** True if the next word is the option's value: the option, or its last letter, takes one. */
function takesNext(word: string, valued: ReadonlySet<string>): boolean {
  if (valued.has(word)) return true;
  if (!/^-[A-Za-z]{2,}$/.test(word)) return false;
  for (let at = 1; at < word.length; at += 1)
    if (valued.has(`-${word.charAt(at)}`)) return at === word.length - 1;
  return false;
}

/**
 * Where the command begins that a wrapper starts, as an index into the words behind its name, with
 * the indexes of the variables that it sets. Undefined for other programs, and where it starts
 * nothing.
 */
export function startedAt(
  program: string,
  words: readonly string[],
): { readonly at: number; readonly sets: readonly number[] } | undefined {
  const wrapper = WRAPPERS[program];
  if (wrapper === undefined) return undefined;
  // `command -v` names a program; `runuser app` starts a shell.
  if (program === 'command' && /^-p?[vV]/.test(words[0] ?? '')) return undefined;
  if (program === 'runuser' && !words.some((word) => /^(?:-u|--user(?:=|$))/.test(word)))
    return undefined;
  const { valued, own } = wrapper;
  const sets: number[] = [];
  let at = 0;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') return { at: at + 1, sets };
    if (takesNext(word, valued)) at += 1;
    else if (/^(?:sudo|(?:cross-)?env)$/.test(program) && /^[A-Za-z_]\w*=/.test(word))
      sets.push(at);
    else if (!word.startsWith('-')) break;
  }
  // `setarch -R COMMAND` has no word of its own.
  if (own && !(program === 'setarch' && /^-/.test(words[0] ?? ''))) at += 1;
  if (program === 'setarch') while (words[at]?.startsWith('-') === true) at += 1;
  // In `flock FILE -c` a text follows.
  return RUNS_TEXT.has(program) && words[at] === '-c' ? undefined : { at, sets };
}

/** Programs that run a command in the environment they keep, by the verb before it. */
const RUNNERS: Readonly<Record<string, RegExp>> = Object.fromEntries(
  Object.entries({
    'conda mamba micromamba poetry pipenv pdm rye hatch pixi uv': /^run$/,
    'bundle rbenv pyenv asdf opam mise': /^(?:exec|x)$/,
    nvm: /^(?:exec|run)$/,
  }).flatMap(([names, verb]) => names.split(' ').map((name) => [name, verb])),
);

/** Where the command begins that a runner starts (`poetry run COMMAND`); undefined for others. */
export function runAt(program: string, words: readonly string[]): number | undefined {
  const verb = Object.hasOwn(RUNNERS, program) ? RUNNERS[program] : undefined;
  if (verb === undefined) return undefined;
  const valued = valuedOptions(program);
  let own = program === 'nvm' ? 1 : program === 'mise' ? Infinity : 0;
  let isVerbSeen = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (isVerbSeen && word === '--') return at + 1;
    if (valued.has(word)) at += 1;
    else if (!word.startsWith('-')) {
      if (isVerbSeen && own-- <= 0) return at;
      if (!isVerbSeen && !verb.test(word)) return undefined;
      isVerbSeen = true;
    }
  }
  return undefined;
}
