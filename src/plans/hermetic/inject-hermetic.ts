import type { Instruction } from '../../model/dockerfile.ts';
import {
  BEGIN_FILE,
  beginScript,
  FOLDER,
  WATCH_FILE,
  WATCH_SCRIPT,
  WATCH_WORDS,
} from './watch-runs.ts';

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
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
  'PIP_CERT',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'CARGO_HTTP_CAINFO',
  'AWS_CA_BUNDLE',
  'DENO_CERT',
  'BUNDLE_SSL_CA_CERT',
  'COMPOSER_CAFILE',
  'HEX_CACERTS_PATH',
  'NIX_SSL_CERT_FILE',
];

/** Of programs that need a setting of their own, beside certificates. */
const OTHER_VARIABLES = {
  NODE_USE_ENV_PROXY: '1', // Node's own fetch, from Node 22.21 and 24.5.
  // The file has the proxy's password, and each JVM prints this variable. Java 8 reads no such
  // file.
  JAVA_TOOL_OPTIONS: `-XX:+IgnoreUnrecognizedVMOptions -XX:VMOptionsFile=${FOLDER}/${HERMETIC_FILES.java}`,
  // Maven takes a proxy's password of settings alone; those of its installation are replaced.
  MAVEN_ARGS: `--global-settings ${FOLDER}/${HERMETIC_FILES.maven}`,
  // GnuTLS, which Debian's wget uses, reads no variable.
  SYSTEM_WGETRC: `${FOLDER}/${HERMETIC_FILES.wget}`,
};

/** Yarn 1 reads them too. Yarn 2 and later ignore `https_proxy` and other programs' variables. */
export const YARN_ARGUMENTS = ['YARN_HTTP_PROXY', 'YARN_HTTPS_PROXY'];

/** Arguments with their values. */
export const INJECTED_VALUES = [
  ...CA_VARIABLES.map((name): [string, string] => [name, CA]),
  ...Object.entries(OTHER_VARIABLES),
];
/**
 * Declares them in each stage that runs something; it is taken out of the history again
 * (restore-build.ts).
 */
export const ARGUMENTS_LINE = `ARG ${[
  ...INJECTED_VALUES.map(
    ([name, value]) => `${name}=${value.includes(' ') ? `"${value}"` : value}`,
  ),
  ...YARN_ARGUMENTS,
].join(' ')}`;
/**
 * Arguments that BuildKit gives each RUN and keeps out of the history (Dockerfile reference,
 * "Predefined ARGs").
 */
export const PROXY_ARGUMENTS = ['http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy'].flatMap(
  (name) => [name, name.toUpperCase()],
);

/** By which BuildKit tells cache mounts of one build from those of others. */
export const CACHE_NAMESPACE = 'BUILDKIT_CACHE_MOUNT_NS';

/** The whole bundle of a distribution, for programs that read nothing else. */
const BUNDLES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt'];
/** Read after all others of its folder. */
export const APT_FILE = '99scoville-hermetic';
/** No server: names are not looked up. */
export const RESOLVER = 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n';
/** What may write the bundle anew; over a mount it cannot. */
const WRITES_BUNDLE =
  /\b(?:apt|apt-get|aptitude|dpkg|apk|dnf|microdnf|tdnf|yum|rpm|zypper|pacman|nix|mmdebstrap|debootstrap)\b|ca-cert|update-ca|c_rehash/;

/** What is put into a Dockerfile whose RUNs are behind the proxy. */
export interface HermeticInjection {
  /** Name under which OpenSSL finds the certificate in its folder. */
  readonly hashedName: string;
  /** RUNs, by their first line, that get no network at all. */
  readonly offline: ReadonlySet<number>;
}

/**
 * Mounts by which a RUN trusts the proxy; they leave nothing in a layer. Names are not looked up in
 * a RUN, so that a program that goes by no proxy fails.
 */
export function runFlags(run: Instruction, { hashedName, offline }: HermeticInjection): string {
  const { ca, apt, resolver } = HERMETIC_FILES;
  const shown = [run.rawArguments, ...run.heredocs.map(({ content }) => content)];
  const bundles = shown.some((text) => WRITES_BUNDLE.test(text)) ? [] : BUNDLES;
  const folder = runFolder(run.range.startLine);
  const mounts = [
    [ca, `/etc/ssl/certs/${hashedName}`],
    // What apk was built with (CA_CERT_FILE of its libfetch).
    [ca, '/etc/apk/ca.pem'],
    [apt, `/etc/apt/apt.conf.d/${APT_FILE}`],
    [resolver, '/etc/resolv.conf'],
    ...bundles.map((path) => [ca, path]),
  ].map(([file = '', target = '']) => [`${folder}/${file}`, target]);
  const flags = [[folder, FOLDER], ...mounts].map(
    ([source = '', target = '']) =>
      `--mount=type=bind,from=${HERMETIC_CONTEXT},source=${source},target=${target}`,
  );
  const isOffline =
    offline.has(run.range.startLine) && !run.flags.some(({ name }) => name === 'network');
  return [...(isOffline ? ['--network=none'] : []), ...flags].join(' ');
}

/** The folder of the RUN that begins on a line. */
export function runFolder(line: number): string {
  return `run${line}`;
}

interface FilesRequest {
  /** The authority's certificate. */
  readonly pem: string;
  /** As a PKCS #12 store. */
  readonly trustStore: Uint8Array;
  /** With the RUN's own name. */
  readonly proxyUrl: string;
  readonly mode: 'record' | 'replay';
}

/** The files' content for one RUN. A replay accepts expired indexes, but checks signatures. */
export function hermeticFiles({
  pem,
  trustStore,
  proxyUrl,
  mode,
}: FilesRequest): Readonly<Record<string, string | Uint8Array>> {
  const { ca, apt, java, javaTrust, maven, resolver, wget } = HERMETIC_FILES;
  const expired = mode === 'replay' ? 'Acquire::Check-Valid-Until "false";\n' : '';
  return {
    [ca]: pem,
    [apt]: `Acquire::https::CaInfo "${CA}";\n${expired}`,
    [java]: javaOptions(proxyUrl),
    [javaTrust]: trustStore,
    [maven]: mavenSettings(proxyUrl),
    [resolver]: RESOLVER,
    [wget]: `ca_certificate = ${CA}\n`,
    [BEGIN_FILE]: beginScript([...PROXY_ARGUMENTS, ...YARN_ARGUMENTS], proxyUrl),
    [WATCH_FILE]: WATCH_SCRIPT,
  };
}

/** JVM options, one per line. Gradle and Coursier use the password; Java's own clients do not. */
function javaOptions(proxyUrl: string): string {
  const { hostname, port, username, password } = new URL(proxyUrl);
  const proxy = ['http', 'https'].flatMap((scheme) => [
    `${scheme}.proxyHost=${hostname}`,
    `${scheme}.proxyPort=${port}`,
    `${scheme}.proxyUser=${username}`,
    `${scheme}.proxyPassword=${password}`,
  ]);
  const properties = [
    `javax.net.ssl.trustStore=${FOLDER}/${HERMETIC_FILES.javaTrust}`,
    'javax.net.ssl.trustStoreType=PKCS12',
    ...proxy,
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

/** A text without those flags and the words that a RUN starts with. */
export function withoutFlags(text: string): string {
  return text.replaceAll(INJECTED_FLAGS, '$1').replaceAll(WATCH_WORDS, '');
}
