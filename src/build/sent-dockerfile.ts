import { quantity } from '../lib/text.ts';
import {
  type DockerfileModel,
  type Instruction,
  jsonArray,
  type Stage,
} from '../model/dockerfile.ts';

/** Mounted into each RUN: its shell reads the first one, and on exit by it the other. */
const BEGIN_FILE = 'begin';
const WATCH_FILE = 'seen';
export const FOLDER = '/.scoville-hermetic';
export const WATCH_WORDS = `{ . ${FOLDER}/${BEGIN_FILE}; } 2>/dev/null; `;
const WATCH_TRAP = `trap '{ set +ex; . ${FOLDER}/${WATCH_FILE}; } 2>/dev/null' 0\n`;
export const WATCH_MARK = 'scoville-hermetic-seen';

/** In any POSIX shell, with no other program: the RUN's address and kernel counters (proc(5)). */
const WATCH_SCRIPT = `unset IFS
s_ip= s_own= s_all=
while read -r s_a s_b; do
  case $s_a in
    '|--') s_ip=$s_b ;;
    /32) case "$s_b $s_ip" in 'host LOCAL 127.'*) ;; 'host LOCAL '*) s_own=$s_ip ;; esac ;;
  esac
done </proc/net/fib_trie
while read -r s_a s_b; do
  case $s_a in Ip: | Tcp: | Udp: | Icmp:) s_all="$s_all; $s_a $s_b" ;; esac
done </proc/net/snmp
while read -r s_a s_b; do
  case $s_a in Udp6OutDatagrams | Udp6NoPorts) s_all="$s_all; $s_a $s_b" ;; esac
done </proc/net/snmp6
echo "${WATCH_MARK} $s_own$s_all"
`;

/** The shell's own word, not `find -exec`, `mvn exec:java` or `bundle exec`. */
const EXEC =
  /(?<![-\w])(?<!\b(?:bundle|npm|pnpm|yarn|composer|pipenv|dotnet|docker|mise|asdf) )exec\b(?!:)/;
const FIRST_FLAGS = /^\s*RUN(?=\s|\\|$)\s*(?:--\S+(?:\s+|$))*/i;
const FLAGS = /^\s*(?:--\S+(?:\s+|$))*/;

/** Where the words go into a RUN: a line from 1, and a column from 0. */
interface WatchPlace {
  readonly line: number;
  readonly column: number;
}

/** Where a RUN's command begins; undefined where a POSIX shell would not run our words. */
export function watchPlace(
  lines: readonly string[],
  run: Instruction,
  { escape, stages }: DockerfileModel,
): WatchPlace | undefined {
  const { range, rawArguments, heredocs } = run;
  const isOther = stages.some(({ instructions }) =>
    instructions.some(
      ({ keyword, rawArguments: text }) =>
        keyword === 'SHELL' && !/^\[\s*"(?:[^"]*\/)?(?:ba|da|a|k)?sh"/.test(text),
    ),
  );
  const [script] = heredocs;
  const isPrivileged = run.flags.some(
    ({ name, value }) => name === 'security' && value === 'insecure',
  );
  const isExec = shownTexts(run).some((text) => EXEC.test(text));
  if (isOther || isPrivileged || isOnHost(run) || escape !== '\\' || isExec) return undefined;
  if (jsonArray(rawArguments) !== undefined) return undefined;
  for (let line = range.startLine; line <= range.endLine; line++) {
    const text = lines[line - 1] ?? '';
    const isFirst = line === range.startLine;
    if (!isFirst && /^\s*(?:#|$)/.test(text)) continue;
    const [flags = ''] = (isFirst ? FIRST_FLAGS : FLAGS).exec(text) ?? [];
    const rest = text.slice(flags.length).trimEnd().replace(/\\$/, '').trimEnd();
    if (rest === '') continue;
    // A quoted flag with a space in it.
    if (!rawArguments.startsWith(rest)) return undefined;
    if (!rest.startsWith('<<')) return { line, column: flags.length };
    const isScript = /^<<-?["']?[\w.-]+["']?$/.test(rest) && heredocs.length === 1;
    return isScript && script !== undefined && /^(?!#!)[^]/.test(script.content)
      ? { line: line + 1, column: 0 }
      : undefined;
  }
  return undefined;
}

/** True for a Dockerfile with a RUN that sends from this machine's own addresses. */
export function usesHostNetwork({ stages }: Pick<DockerfileModel, 'stages'>): boolean {
  return stages.some(({ instructions }) => instructions.some(isOnHost));
}

function isOnHost({ flags }: Pick<Instruction, 'flags'>): boolean {
  return flags.some(({ name, value }) => name === 'network' && value === 'host');
}

export interface RunCounts {
  readonly client: string;
  readonly opened: number;
  /** Datagrams that no port of its own refused, and echo requests. */
  readonly datagrams: number;
  /** Packets of IPv4 that neither TCP, UDP nor ICMP has counted, at least: of raw sockets. */
  readonly raw: number;
}

/** Reads the line of a log; undefined where it lacks a count. */
export function runCounts(line: string): RunCounts | undefined {
  const [client = '', ...parts] = line.split(';').map((part) => part.trim());
  const counts = new Map<string, number>();
  const names = new Map<string, readonly string[]>();
  for (const part of parts) {
    const [kind = '', ...words] = part.split(/\s+/);
    const known = names.get(kind);
    if (!kind.endsWith(':')) counts.set(kind, Number(words[0]));
    else if (known === undefined) names.set(kind, words);
    else known.forEach((name, i) => counts.set(`${kind}${name}`, Number(words[i])));
  }
  const count = (name: string, otherwise = Number.NaN): number => counts.get(name) ?? otherwise;
  // What is opened to itself is opened from its side too.
  const opened = count('Tcp:ActiveOpens') - count('Tcp:AttemptFails') - count('Tcp:PassiveOpens');
  const datagrams =
    count('Udp:OutDatagrams') -
    count('Udp:NoPorts') +
    count('Udp6OutDatagrams', 0) -
    count('Udp6NoPorts', 0) +
    count('Icmp:OutEchos');
  // What TCP has counted may have gone out in fewer packets.
  const counted = ['Tcp:OutSegs', 'Tcp:RetransSegs', 'Udp:OutDatagrams', 'Icmp:OutMsgs'];
  const sum = counted.reduce((all, name) => all + count(name), 0);
  // Older kernels count under OutRequests what newer ones have as OutTransmits.
  const raw = Math.max(0, count('Ip:OutTransmits', count('Ip:OutRequests')) - sum);
  return Number.isNaN(opened + datagrams + raw) ? undefined : { client, opened, datagrams, raw };
}

/** What bypassed the proxy, in words; undefined if nothing. `proxied`: connections that it saw. */
export function pastProxy(
  { opened, datagrams, raw }: RunCounts,
  proxied: number,
): string | undefined {
  const connections = opened - proxied;
  const found = [
    ...(connections > 0 ? [quantity(connections, 'TCP connection')] : []),
    ...(datagrams > 0 ? [quantity(datagrams, 'UDP or ICMP packet')] : []),
    ...(raw > 0 ? [quantity(raw, 'raw packet')] : []),
  ];
  return found.length === 0 ? undefined : `sent ${found.join(' and ')} past the proxy`;
}

/** The build context by which certificates and settings come in. */
export const HERMETIC_CONTEXT = 'scoville-hermetic';

const CA = `${FOLDER}/ca.pem`;

/** Files of that context, in a folder for each RUN. */
const HERMETIC_FILES = {
  ca: 'ca.pem',
  apt: 'apt.conf',
  java: 'java-options',
  javaTrust: 'ca.p12',
  maven: 'maven-settings.xml',
  resolver: 'resolv.conf',
  wget: 'wgetrc',
} as const;

/** Variables by which programs find certificates. */
const CA_VARIABLES = [
  ...['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'PIP_CERT', 'CURL_CA_BUNDLE'],
  ...['GIT_SSL_CAINFO', 'CARGO_HTTP_CAINFO', 'AWS_CA_BUNDLE', 'DENO_CERT', 'BUNDLE_SSL_CA_CERT'],
  ...['COMPOSER_CAFILE', 'HEX_CACERTS_PATH', 'NIX_SSL_CERT_FILE'],
];

/** Of programs that need a setting of their own, beside certificates. */
const OTHER_VARIABLES = {
  NODE_USE_ENV_PROXY: '1', // Node's own fetch, from Node 22.21 and 24.5.
  // The file has the proxy's password, and each JVM prints this variable. Java 8 ignores such
  // files.
  JAVA_TOOL_OPTIONS: `-XX:+IgnoreUnrecognizedVMOptions -XX:VMOptionsFile=${FOLDER}/${HERMETIC_FILES.java}`,
  // Maven takes a proxy's password of settings alone; those of its installation are replaced.
  MAVEN_ARGS: `--global-settings ${FOLDER}/${HERMETIC_FILES.maven}`,
  // GnuTLS, which Debian's wget uses, ignores such variables.
  SYSTEM_WGETRC: `${FOLDER}/${HERMETIC_FILES.wget}`,
};

/** Yarn 1 reads them too. Yarn 2 and later ignore `https_proxy` and other programs' variables. */
export const YARN_ARGUMENTS = ['YARN_HTTP_PROXY', 'YARN_HTTPS_PROXY'];

export const INJECTED_VALUES = [
  ...CA_VARIABLES.map((name): [string, string] => [name, CA]),
  ...Object.entries(OTHER_VARIABLES),
];
/** In each stage that runs something; removed from the history again. */
const ARGUMENTS_LINE = `ARG ${[
  ...INJECTED_VALUES.map(
    ([name, value]) => `${name}=${value.includes(' ') ? `"${value}"` : value}`,
  ),
  ...YARN_ARGUMENTS,
].join(' ')}`;
/** BuildKit gives them to RUNs and not to the history (reference, "Predefined ARGs"). */
export const PROXY_ARGUMENTS = ['http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy'].flatMap(
  (name) => [name, name.toUpperCase()],
);

/** The namespace by which BuildKit separates cache mounts of builds. */
export const CACHE_NAMESPACE = 'BUILDKIT_CACHE_MOUNT_NS';

/** The whole bundle of a distribution, for programs that read nothing else. */
const BUNDLES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt'];
/** No server: names are not looked up. */
const RESOLVER = 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n';
/** What may write the bundle again; over a mount it cannot. */
const WRITES_BUNDLE =
  /\b(?:apt|apt-get|aptitude|dpkg|apk|dnf|microdnf|tdnf|yum|rpm|zypper|pacman|nix|mmdebstrap|debootstrap)\b|ca-cert|update-ca|c_rehash/;

interface HermeticInjection {
  /** Name under which OpenSSL finds the certificate in its folder. */
  readonly hashedName: string;
  /** The session's: by it, a list of the files' names is found too. */
  readonly mark: string;
  /** RUNs, by their first line, that get no network at all. */
  readonly offline: ReadonlySet<number>;
}

/** Mounts by which a RUN trusts the proxy. Names are not looked up: what ignores it fails. */
function runFlags(run: Instruction, { hashedName, mark, offline }: HermeticInjection): string {
  const { ca, apt, resolver } = HERMETIC_FILES;
  const bundles = shownTexts(run).some((text) => WRITES_BUNDLE.test(text)) ? [] : BUNDLES;
  const flags = [
    ['', FOLDER],
    [ca, `/etc/ssl/certs/${hashedName}`],
    // What apk was built with (CA_CERT_FILE of its libfetch).
    [ca, '/etc/apk/ca.pem'],
    // Read after all others of its folder.
    [apt, `/etc/apt/apt.conf.d/99scoville-${mark}`],
    [resolver, '/etc/resolv.conf'],
    ...bundles.map((path) => [ca, path]),
  ].map(([file = '', target = '']) => {
    const source = [runFolder(run.range.startLine), file].filter(Boolean).join('/');
    return `--mount=type=bind,from=${HERMETIC_CONTEXT},source=${source},target=${target}`;
  });
  const isOffline =
    offline.has(run.range.startLine) && !run.flags.some(({ name }) => name === 'network');
  return [...(isOffline ? ['--network=none'] : []), ...flags].join(' ');
}

function shownTexts({ rawArguments, heredocs }: Instruction): readonly string[] {
  return [rawArguments, ...heredocs.map(({ content }) => content)];
}

export function runFolder(line: number): string {
  return `run${line}`;
}

interface FilesRequest {
  readonly pem: string;
  readonly trustStore: Uint8Array;
  readonly proxyUrl: string;
  /** Drawn for the session: by it, copies of files without a secret are found. */
  readonly mark: string;
  readonly mode: 'record' | 'replay';
}

/** The files' content for one RUN. A replay accepts expired indexes, but checks signatures. */
export function hermeticFiles({
  pem,
  trustStore,
  proxyUrl,
  mark,
  mode,
}: FilesRequest): Readonly<Record<string, string | Uint8Array>> {
  const { ca, apt, java, javaTrust, maven, resolver, wget } = HERMETIC_FILES;
  const proxied = [...PROXY_ARGUMENTS, ...YARN_ARGUMENTS].map((name) => `${name}=${proxyUrl}`);
  const expired = mode === 'replay' ? 'Acquire::Check-Valid-Until "false";\n' : '';
  return {
    [ca]: pem,
    [apt]: `// ${mark}\nAcquire::https::CaInfo "${CA}";\n${expired}`,
    [java]: javaOptions(proxyUrl),
    [javaTrust]: trustStore,
    [maven]: mavenSettings(proxyUrl),
    [resolver]: `# ${mark}\n${RESOLVER}`,
    [wget]: `ca_certificate = ${CA}\n`,
    // What a RUN does first: from then on its programs name it to the proxy.
    [BEGIN_FILE]: `export ${proxied.join(' ')}\n${WATCH_TRAP}`,
    [WATCH_FILE]: WATCH_SCRIPT,
  };
}

/** JVM options, one per line. Gradle and Coursier use the password; Java's own clients do not. */
function javaOptions(proxyUrl: string): string {
  const { hostname, port, username, password } = new URL(proxyUrl);
  const proxy = { Host: hostname, Port: port, User: username, Password: password };
  const properties = [
    `javax.net.ssl.trustStore=${FOLDER}/${HERMETIC_FILES.javaTrust}`,
    'javax.net.ssl.trustStoreType=PKCS12',
    ...['http', 'https'].flatMap((scheme) =>
      Object.entries(proxy).map(([name, value]) => `${scheme}.proxy${name}=${value}`),
    ),
    'http.nonProxyHosts=localhost|127.*|[::1]',
    // Java refuses passwords in clear text on a proxy for HTTPS.
    'jdk.http.auth.tunneling.disabledSchemes=',
  ];
  return properties.map((property) => `-D${property}\n`).join('');
}

function mavenSettings(proxyUrl: string): string {
  const { hostname, port, username, password } = new URL(proxyUrl);
  const proxies = ['http', 'https'].map(
    (scheme) =>
      `<proxy><id>scoville-${scheme}</id><active>true</active><protocol>${scheme}</protocol><host>${hostname}</host><port>${port}</port><username>${username}</username><password>${password}</password><nonProxyHosts>localhost|127.*</nonProxyHosts></proxy>`,
  );
  return `<settings><proxies>${proxies.join('')}</proxies></settings>\n`;
}

/** Those of the clock may stand before them. */
const INJECTED_FLAGS = new RegExp(
  `(\\bRUN(?: --\\S+){0,9}?)(?: --network=none)?(?: --mount=type=bind,from=${HERMETIC_CONTEXT},\\S+)+`,
  'gi',
);

function withoutFlags(text: string): string {
  return text.replaceAll(INJECTED_FLAGS, '$1').replaceAll(WATCH_WORDS, '');
}

export const CLOCK_CONTEXT = 'scoville-clock';

/** Files of that context, and where a RUN has them: the loader's own list, and what it names. */
export const CLOCK_FILES = {
  libraries: { name: 'lib', target: '/.scoville-clock' },
  preload: { name: 'ld.so.preload', target: '/etc/ld.so.preload' },
} as const;

/** Mounts are not in the history and leave nothing in a layer. */
export const CLOCK_MOUNTS = Object.values(CLOCK_FILES)
  .map(
    ({ name, target }) => `--mount=type=bind,from=${CLOCK_CONTEXT},source=${name},target=${target}`,
  )
  .join(' ');

export interface Injection {
  /** ARGs of a stage that runs something; those that it declares or sets itself are left out. */
  readonly names: (stage: Stage) => readonly string[];
  readonly clock: boolean;
  readonly hermetic: HermeticInjection | undefined;
}

export interface SentDockerfile {
  readonly text: string;
  /** By line as sent, from index 0: the line as written (from 1), undefined for an added one. */
  readonly lines: readonly (number | undefined)[];
}

/** Adds ARGs behind each FROM with a RUN, mounts and words into RUNs; undefined for nothing. */
export function sentDockerfile(
  text: string,
  model: DockerfileModel,
  { names, clock, hermetic }: Injection,
): SentDockerfile | undefined {
  const runs = new Map<number, Instruction>();
  const behind = new Map<number, readonly string[]>();
  for (const stage of model.stages) {
    const own = stage.instructions.filter(({ keyword }) => keyword === 'RUN');
    for (const run of own) runs.set(run.range.startLine, run);
    if (own.length === 0) continue;
    const missing = names(stage).filter((name) => !isKnown(stage, name));
    behind.set(stage.range.endLine, [
      ...missing.map((name) => `ARG ${name}`),
      ...(hermetic === undefined ? [] : [ARGUMENTS_LINE]),
    ]);
  }
  const mounts = (run: Instruction): string =>
    [...(clock ? [CLOCK_MOUNTS] : []), ...(hermetic ? [runFlags(run, hermetic)] : [])].join(' ');
  const isMounted = runs.size > 0 && (clock || hermetic !== undefined);
  if (!isMounted && [...behind.values()].every((added) => added.length === 0)) return undefined;
  const written = text.split(/\r?\n/);
  const watched = new Map<number, number>();
  if (hermetic !== undefined)
    for (const run of runs.values()) {
      const place = watchPlace(written, run, model);
      if (place !== undefined) watched.set(place.line, place.column);
    }
  const sent: string[] = [];
  const lines: (number | undefined)[] = [];
  written.forEach((line, i) => {
    const run = runs.get(i + 1);
    const column = watched.get(i + 1);
    const words =
      column === undefined ? line : line.slice(0, column) + WATCH_WORDS + line.slice(column);
    sent.push(
      run === undefined || !isMounted
        ? words
        : words.replace(/^(\s*RUN)(?=\s|\\|$)/i, `$1 ${mounts(run)}`),
    );
    lines.push(i + 1);
    for (const added of behind.get(i + 1) ?? []) {
      sent.push(added);
      lines.push(undefined);
    }
  });
  return { text: sent.join(text.includes('\r\n') ? '\r\n' : '\n'), lines };
}

/** One that declares or sets it means what it says. */
function isKnown({ instructions }: Stage, name: string): boolean {
  return instructions.some(
    ({ keyword, rawArguments }) =>
      (keyword === 'ARG' || keyword === 'ENV') && new RegExp(`\\b${name}\\b`).test(rawArguments),
  );
}

/** The text without what puts RUNs behind the proxy, as it would have been sent else. */
export function withoutInjection(text: string): SentDockerfile {
  const written: string[] = [];
  const lines = text.split('\n').map((line) => {
    if (line.replace(/\r$/, '') === ARGUMENTS_LINE) return undefined;
    written.push(withoutFlags(line));
    return written.length;
  });
  return { text: written.join('\n'), lines };
}

/** What BuildKit or a command says without what was put in; undefined where nothing is left. */
export function readBack(text: string): string | undefined {
  const shown = withoutFlags(text).replaceAll(` ${CLOCK_MOUNTS}`, '');
  const at = shown.indexOf(WATCH_MARK);
  if (at < 0) return shown;
  const rest = shown.slice(0, at);
  return /^(?:#\d+ [\d.]+ ?)?$/.test(rest) ? undefined : rest;
}

/** A line of BuildKit's message with the user's line numbers; undefined for an added line. */
export function asWritten(
  line: string,
  { lines }: Pick<SentDockerfile, 'lines'>,
  fileName: string,
): string | undefined {
  const place = /^(.*):(\d+)$/.exec(line);
  if (place?.[1] === fileName) return `${fileName}:${lines[Number(place[2]) - 1] ?? place[2]}`;
  const excerpt = /^( *)(\d+)( \|.*)$/.exec(line);
  if (excerpt === null) return line;
  const [, indent = '', number = '', rest = ''] = excerpt;
  const original = lines[Number(number) - 1];
  if (original === undefined) return Number(number) > lines.length ? line : undefined;
  return `${String(original).padStart(indent.length + number.length)}${rest}`;
}
