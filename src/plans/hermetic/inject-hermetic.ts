import type { DockerfileModel, Instruction } from '../../model/dockerfile.ts';
import type { InjectedDockerfile } from '../reproduce/inject-arguments.ts';

/** The build context by which certificates and settings come in. */
export const HERMETIC_CONTEXT = 'scoville-hermetic';

const FOLDER = '/.scoville-hermetic';
const CA = `${FOLDER}/ca.pem`;

/** Files of that context. */
export const HERMETIC_FILES = { ca: 'ca.pem', apt: 'apt.conf', resolver: 'resolv.conf' } as const;

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
  'YARN_HTTPS_CA_FILE_PATH',
];

const VALUES = CA_VARIABLES.map((name) => `${name}=${CA}`);
const ARG_LINE = `ARG ${VALUES.join(' ')}`;
/** As BuildKit writes them in front of a RUN's command in the history. */
const ARG_WORDS = VALUES.map((value) => `${value} `).join('');

/** Arguments that BuildKit hands to each RUN and records in no history (Dockerfile reference, "Predefined ARGs"). */
export const PROXY_ARGUMENTS = ['http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy'].flatMap(
  (name) => [name, name.toUpperCase()],
);

/** The whole bundle of a distribution, for programs that read nothing else. */
const BUNDLES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt'];
/** What may write the bundle anew; over a mount it cannot. */
const WRITES_BUNDLE =
  /\b(?:apt|apt-get|aptitude|dpkg|apk|dnf|microdnf|tdnf|yum|rpm|zypper|pacman|nix|mmdebstrap|debootstrap)\b|ca-cert|update-ca|c_rehash/;

/** What is put into a Dockerfile that is sent. */
interface HermeticInjection {
  /** Name under which OpenSSL finds the certificate in its folder. */
  readonly hashedName: string;
  /** RUNs, by their first line, that get no network at all. */
  readonly offline: ReadonlySet<number>;
}

/**
 * The Dockerfile with what each RUN needs to trust the proxy: mounts, which leave nothing in a layer,
 * and an ARG for each stage that runs something, which is taken out of the history again
 * (`withoutInjected`). Names are not looked up in a RUN, so that a program that goes by no proxy fails.
 * Undefined where nothing is run.
 */
export function injectHermetic(
  text: string,
  model: DockerfileModel,
  injection: HermeticInjection,
): InjectedDockerfile | undefined {
  const runs = new Map<number, Instruction>();
  const declaring = new Set<number>();
  for (const stage of model.stages)
    for (const instruction of stage.instructions.filter(({ keyword }) => keyword === 'RUN')) {
      runs.set(instruction.range.startLine, instruction);
      declaring.add(stage.range.endLine);
    }
  if (runs.size === 0) return undefined;
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const sent: string[] = [];
  const lines: (number | undefined)[] = [];
  text.split(/\r?\n/).forEach((line, i) => {
    const run = runs.get(i + 1);
    const flags = run === undefined ? '' : runFlags(run, injection);
    sent.push(run === undefined ? line : line.replace(/^(\s*RUN)(?=\s|\\|$)/i, `$1 ${flags}`));
    lines.push(i + 1);
    if (!declaring.has(i + 1)) return;
    sent.push(ARG_LINE);
    lines.push(undefined);
  });
  return { text: sent.join(ending), lines };
}

function runFlags(run: Instruction, { hashedName, offline }: HermeticInjection): string {
  const { ca, apt, resolver } = HERMETIC_FILES;
  const shown = [run.rawArguments, ...run.heredocs.map(({ content }) => content)];
  const bundles = shown.some((text) => WRITES_BUNDLE.test(text)) ? [] : BUNDLES;
  const mounts = [
    [ca, CA],
    [ca, `/etc/ssl/certs/${hashedName}`],
    [apt, '/etc/apt/apt.conf.d/99scoville-hermetic'],
    [resolver, '/etc/resolv.conf'],
    ...bundles.map((path) => [ca, path]),
  ].map(
    ([file = '', target = '']) =>
      `--mount=type=bind,from=${HERMETIC_CONTEXT},source=${file},target=${target}`,
  );
  const isOffline =
    offline.has(run.range.startLine) && !run.flags.some(({ name }) => name === 'network');
  return [...(isOffline ? ['--network=none'] : []), ...mounts].join(' ');
}

/** What those files hold. Indexes that have expired since are taken in a replay; their signatures are checked all the same. */
export function hermeticFiles(
  pem: string,
  mode: 'record' | 'replay',
): Readonly<Record<string, string>> {
  const { ca, apt, resolver } = HERMETIC_FILES;
  const expired = mode === 'replay' ? 'Acquire::Check-Valid-Until "false";\n' : '';
  return {
    [ca]: pem,
    [apt]: `Acquire::https::CaInfo "${CA}";\n${expired}`,
    [resolver]: 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n',
  };
}

/** An entry of an image's history as it would be without what was put in; undefined for the ARG itself. */
export function withoutInjected<E extends { readonly created_by?: string }>(
  entry: E,
): E | undefined {
  const { created_by: text } = entry;
  if (text === undefined) return entry;
  if (text === ARG_LINE) return undefined;
  const [head = '', count = ''] = /^(?:RUN )?\|(\d+) /.exec(text) ?? [];
  if (head === '' || !text.startsWith(ARG_WORDS, head.length)) return entry;
  const left = Number(count) - VALUES.length;
  const rest = text.slice(head.length + ARG_WORDS.length);
  const start = head.startsWith('RUN ') ? 'RUN ' : '';
  return { ...entry, created_by: `${start}${left === 0 ? '' : `|${left} `}${rest}` };
}

const INJECTED_FLAGS = new RegExp(
  `^(\\s*RUN)(?: --network=none)?(?: --mount=type=bind,from=${HERMETIC_CONTEXT},\\S+)+`,
  'i',
);

const SHOWN_FLAGS = new RegExp(
  `(\\bRUN)(?: --network=none)?(?: --mount=type=bind,from=${HERMETIC_CONTEXT},\\S+)+`,
  'gi',
);

/** What BuildKit says of a step, without what was put into it. */
export function withoutFlags(text: string): string {
  return text.replaceAll(SHOWN_FLAGS, '$1');
}

/** The text as it was before `injectHermetic`, and by line as sent the line as written. */
export function withoutInjection(text: string): InjectedDockerfile {
  const written: string[] = [];
  const lines = text.split('\n').map((line) => {
    if (line.replace(/\r$/, '') === ARG_LINE) return undefined;
    written.push(line.replace(INJECTED_FLAGS, '$1'));
    return written.length;
  });
  return { text: written.join('\n'), lines };
}
