import {
  bool,
  camelCase,
  choice,
  type CommandSpec,
  type Flag,
  type FlagSpec,
  type FlagValues,
  many,
  mapped,
  ONE_RUN,
  parseGoBool,
  readTable,
  reports,
  shownFlags,
  slice,
  specsOf,
  standard,
  text,
  toggle,
  type UsageProblem,
  whole,
} from '../cli/flag-table.ts';
import { err, EXIT, type Result } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { originsBehind } from '../model/key-scheme.ts';
import { GRADES } from '../model/scorecard.ts';
import {
  SCANNER_CHOICES,
  type Settings,
  type SigstoreChoice,
  withPlainHttp,
} from '../model/settings.ts';

const HOST = /^(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/i;
export const LEVELS = ['0', '1', '2', '3', '4', '5'] as const;
export const LONGEST_AGE = 36_500;

const NEEDS_IMAGE = { needsImage: true } as const;

export const IMAGE_FLAGS = {
  'dry-run': bool('Show the plan; build nothing', ONE_RUN),
  json: bool('Print the scorecard (or the plan) as JSON', ONE_RUN),
  verbose: bool('Show every check, passed ones too', ONE_RUN),
  report: { ...reports(), ...ONE_RUN },
  'min-level': level('Publish nothing below this', {
    ...NEEDS_IMAGE,
    setting: 'gate.minLevel',
  }),
  'min-grade': choice(GRADES, 'GRADE', 'Publish nothing below this', {
    ...NEEDS_IMAGE,
    setting: 'gate.minGrade',
  }),
  sign: toggle('Sign the image and its attestations', { ...NEEDS_IMAGE, standard: 'on' }),
  key: text('FILE|URI', 'Sign with this key file, or KMS or PKCS#11 URI', {
    ...NEEDS_IMAGE,
    path: true,
  }),
  keyless: toggle('Sign with an OIDC identity instead of a key', NEEDS_IMAGE),
  'public-log': toggle('Agree that your identity is kept in a public log, for ever', {
    setting: 'sign.publicLog',
  }),
  'fulcio-url': text('URL', 'Sign keylessly with this Fulcio'),
  'rekor-url': text('URL', 'Log keyless signatures in this Rekor (version 1)'),
  'tsa-url': text('URL', 'Have keyless signatures timestamped here'),
  'oidc-issuer': text('URL', 'Log in at this OIDC issuer'),
  'signing-config': text('FILE', 'Sign keylessly with the services that this file names', {
    path: true,
  }),
  'trusted-root': text('FILE', 'The trusted root of the sigstore that signs', { path: true }),
  'signature-format': choice(
    ['auto', 'bundle', 'legacy', 'both'],
    'FORMAT',
    'Store signatures as bundles, under old tags, or both',
    { setting: 'sign.format' },
  ),
  repro: choice(
    ['safe', 'aggressive', 'deterministic', 'off'],
    'MODE',
    'Which rules make the image reproducible',
    { needsImage: ['deterministic'], setting: 'reproducible.mode' },
  ),
  prove: toggle('Build once more elsewhere, and attest the result', {
    ...NEEDS_IMAGE,
    standard: 'on with --min-level 5',
  }),
  pin: toggle('Pin external images to digests', { standard: 'on', setting: 'reproducible.pin' }),
  lock: lock(),
  locked: bool('Fail where the build departs from scoville.lock'),
  record: bool('Record what RUNs fetch, for --replay', NEEDS_IMAGE),
  replay: bool('Build without a network, from what was recorded', NEEDS_IMAGE),
  'with-inputs': bool(
    'With --push: publish what was recorded, so that anyone can replay it',
    NEEDS_IMAGE,
  ),
  grade: standard(toggle('Grade the image'), 'true'),
  scanner: choice(SCANNER_CHOICES, 'NAME', 'Vulnerability scanner', { setting: 'scanner' }),
  offline: toggle('Use no network for grading', { setting: 'offline' }),
  vex: many('FILE', 'An OpenVEX or CycloneDX VEX document', { path: true }),
  profile: many('FILE', 'Publish this seccomp or AppArmor profile, signed', {
    ...NEEDS_IMAGE,
    path: true,
  }),
  'max-age': whole(
    'DAYS',
    'Age up to which an image is recent',
    { least: 1, most: LONGEST_AGE, of: 'of days ' },
    { standard: '30', setting: 'recentDays' },
  ),
  'plain-http': many(
    'HOST',
    'Speak HTTP without TLS to this registry; may be repeated',
    {},
    (given, name) =>
      HOST.test(given)
        ? undefined
        : `--${name} takes a host with an optional port, not ${JSON.stringify(given)}`,
  ),
  config: text('FILE', 'Settings file', {
    path: true,
    standard: 'nearest .scoville.yaml',
  }),
  'trust-policy': text('FILE', 'Settings file whose trust, scanner and gate go first', {
    path: true,
  }),
  review: bool('Afterward, pick edits as in scoville fix', ONE_RUN),
  'buildx-arg': many('ARG', 'Hand this argument on to buildx unread; may be repeated'),
} as const;

/** The flags that `scoville build` adds. Of a buildx with such a name: `--buildx-arg`. */
export const OWN = {
  ...IMAGE_FLAGS,
  interactive: standard(toggle('Ask and draw in a terminal', ONE_RUN), 'true'),
} as const;

export const OWN_FLAGS: readonly FlagSpec[] = specsOf(OWN);

/** The flags of ours that were given; what was not given is undefined and the settings decide. */
export type OwnOptions = FlagValues<typeof OWN>;

export function uselessWithoutImage(own: OwnOptions): string | undefined {
  const values = own as Readonly<Record<string, unknown>>;
  const found = OWN_FLAGS.find(({ name, needsImage }) => {
    const value = values[camelCase(name)];
    const isGiven = Array.isArray(value)
      ? value.length > 0
      : value !== undefined && value !== false;
    return isGiven && (needsImage === true || needsImage?.includes(String(value)) === true);
  });
  return found?.name;
}

/** Reads our own flags' values; for single values the last wins. Bad values have exit code 2. */
export function readOwnOptions(
  given: readonly { readonly spec: FlagSpec; readonly value: string }[],
): Result<OwnOptions, UsageProblem> {
  const read = readTable(OWN, (name) =>
    given.filter(({ spec }) => spec.name === name).map(({ value }) => value),
  );
  return read.ok ? read : err({ message: read.error, exitCode: EXIT.failed });
}

function level(help: string, more: Parameters<typeof choice>[3]): Flag<number | undefined> {
  const one = choice(LEVELS, 'LEVEL', help, more);
  return mapped(one, (found) => (found === undefined ? undefined : Number(found)));
}

function lock(): Flag<boolean | string | undefined> {
  const one = text('[=FILE|false]', 'Write a missing scoville.lock; false: ignore it', {
    bare: 'true',
    path: true,
  });
  return mapped(one, (found) => (found === undefined ? undefined : (parseGoBool(found) ?? found)));
}

const OLD = 'Kept by buildx for old scripts';
const HIDDEN = { hidden: true } as const;
const SINCE_29 = { since: '0.29.1' } as const;
/** With BUILDX_EXPERIMENTAL=1. */
const EXPERIMENTAL = { hidden: true, experimental: true } as const;

/** Of `docker buildx build` 0.13.1 and later (commands/build.go). Others are passed through. */
export const BUILDX_FLAGS: readonly FlagSpec[] = specsOf({
  'add-host': slice('HOST:IP', 'Add a custom host-to-IP mapping'),
  allow: many(
    'ENTITLEMENT',
    'Allow an extra entitlement (network.host, security.insecure; newer: device)',
  ),
  annotation: many('KEY=VALUE', 'Add an annotation to the image'),
  attest: many('type=...', 'Attestation parameters'),
  'build-arg': many('NAME=VALUE', 'Set a build-time variable'),
  'build-context': many('NAME=PATH', 'Add a named build context'),
  builder: text('NAME', 'Use this builder instance'),
  'cache-from': many('SOURCE', 'Import cache from here'),
  'cache-to': many('DESTINATION', 'Export cache to here', ONE_RUN),
  call: text(
    'METHOD',
    'Evaluate the build instead of running it (check, outline, targets)',
    SINCE_29,
  ),
  'cgroup-parent': text('CGROUP', 'Parent cgroup of RUN instructions'),
  check: bool('Short for --call=check', SINCE_29),
  debug: bool('Log debug messages', { short: 'D', since: '0.29.1' }),
  file: text('FILE', 'The Dockerfile (default: PATH/Dockerfile)', { short: 'f', path: true }),
  iidfile: text('FILE', 'Write the image ID here', { ...ONE_RUN, path: true }),
  label: many('KEY=VALUE', 'Set metadata of the image'),
  load: bool('Load the image into Docker (the default)', ONE_RUN),
  'metadata-file': text('FILE', 'Write metadata of the build result here', {
    ...ONE_RUN,
    path: true,
  }),
  network: text('MODE', 'Networking mode of RUN instructions'),
  'no-cache': bool('Build without the cache', ONE_RUN),
  'no-cache-filter': many('STAGE', 'Do not cache these stages'),
  output: many('type=...,dest=...', 'Where the result goes', { ...ONE_RUN, short: 'o' }),
  platform: many('OS/ARCH', 'Target platforms of the build'),
  policy: many('filename=...', 'Policy that sources must meet', { since: '0.31.0' }),
  progress: text('TYPE', 'How progress is shown', {
    ...ONE_RUN,
    choices: ['auto', 'none', 'plain', 'quiet', 'rawjson', 'tty'],
  }),
  provenance: text('MODE', 'Provenance: true, false (none), mode=min|max'),
  pull: bool('Always look for newer images', ONE_RUN),
  push: bool('Push the image to its registry', ONE_RUN),
  quiet: bool('Print the image ID only', { ...ONE_RUN, short: 'q' }),
  resource: many('NAME=LIMIT', 'Resource limits of build containers', { since: '0.35.0' }),
  sbom: text('VALUE', 'SBOM: true, false (none), generator=IMAGE'),
  secret: many('id=...,src=...', 'Secret to expose to the build'),
  'shm-size': text('BYTES', 'Size of /dev/shm'),
  ssh: many('default|ID=...', 'SSH agent or keys to expose'),
  tag: many('NAME[:TAG]', 'Name of the image', { short: 't' }),
  target: text('STAGE', 'Build this stage'),
  ulimit: many('NAME=SOFT[:HARD]', 'Ulimit options'),
  compress: bool(OLD, HIDDEN),
  rm: bool(OLD, HIDDEN),
  'force-rm': bool(OLD, HIDDEN),
  squash: bool(OLD, HIDDEN),
  'security-opt': slice('VALUE', OLD, HIDDEN),
  isolation: text('VALUE', OLD, HIDDEN),
  'memory-swap': text('VALUE', OLD, HIDDEN),
  'cpu-period': text('VALUE', OLD, HIDDEN),
  'cpu-quota': text('VALUE', OLD, HIDDEN),
  'cpuset-cpus': text('VALUE', OLD, HIDDEN),
  'cpuset-mems': text('VALUE', OLD, HIDDEN),
  memory: text('VALUE', 'Memory limit', { short: 'm', hidden: true }),
  'cpu-shares': text('VALUE', 'CPU shares', { short: 'c', hidden: true }),
  print: text('VALUE', 'Same as --call', EXPERIMENTAL),
  // 0.13.1 only; later versions dropped them.
  detach: bool('Detach the server', EXPERIMENTAL),
  root: text('VALUE', 'Root of the server', EXPERIMENTAL),
  'server-config': text('VALUE', 'Configuration of the server', EXPERIMENTAL),
});

export const BUILD: CommandSpec<typeof OWN> = {
  name: 'build',
  usage: ['build [flags] PATH | URL | -'],
  about: `
Builds as docker build does, reproducibly, and loads the image; then signs, attests and grades it. With a gate, such as
--min-level, nothing is loaded before it is met. A push comes last.`,
  examples: [
    ['scoville build -t my-app .', 'like docker build'],
    ['scoville build --min-level 3 -t my-app .', 'publish nothing below level 3'],
    ['scoville build --push -t HOST/my-app .', 'push, signed and with attestations'],
    ['scoville build --dry-run .', 'show the plan and build nothing'],
  ],
  exits: [
    ['0', 'built, and the gate met'],
    ['1', 'judged, and below the gate; stderr says by what'],
    ['2', 'could not be judged or published, or a wrong flag or setting'],
    ['130', 'canceled'],
    ['other', 'the exit code of buildx, for a failed build'],
  ],
  flags: OWN,
  groups: [
    [
      'What is built',
      'file build-arg build-context target platform secret ssh network pull no-cache cache-from cache-to builder',
    ],
    ['Output', 'tag load push output label annotation iidfile metadata-file quiet progress'],
    ['Reproducibility', 'repro prove pin lock locked record replay'],
    ['Signing and attestations', 'sign key keyless provenance sbom profile'],
    ['Grade and gate', 'min-level min-grade scanner offline vex max-age grade'],
    ['Reports and settings', 'report json verbose dry-run review config plain-http'],
  ],
  titles: {
    'public-log': 'Rarely needed',
    'add-host': 'Rarely needed, of docker buildx build',
  },
  others: BUILDX_FLAGS,
  end: `
Flags of docker buildx build mean what they mean there, and any other is passed to it. --no-NAME is --NAME=false.
--help=all shows every flag, such as those of a private sigstore. Settings: .scoville.yaml (docs/configuration.md).`,
  operands: { folders: true },
};

export const SHOWN_BUILD_FLAGS = shownFlags(BUILD);

/** The settings below what the command line says. `--key` or `--keyless` turns signing on. */
export function applyOptions(settings: Settings, own: OwnOptions): Settings {
  const { sign, registries, vex } = settings;
  const named = own.key !== undefined || own.keyless === true;
  const changed: Settings = {
    ...settings,
    origins: originsBehind(settings.origins, {
      'sign.key': own.key ?? own.keyless,
      'sign.keyless': own.key ?? own.keyless,
      recentDays: own.maxAge,
      scanner: own.scanner,
      offline: own.offline,
    }),
    sign: given({
      ...sign,
      enabled: own.sign ?? (named || sign.enabled),
      key: own.key ?? (own.keyless === true ? undefined : sign.key),
      keyless: own.keyless ?? (own.key === undefined && sign.keyless),
      ...sigstoreOf(sign, own),
    }) as Settings['sign'],
    hermetic: own.record ? 'record' : own.replay ? 'replay' : settings.hermetic,
    registries: withPlainHttp(registries, own.plainHttp),
    vex: [...vex, ...own.vex],
  };
  const values = own as Readonly<Record<string, unknown>>;
  return OWN_FLAGS.reduce((all, { name, setting }) => {
    const value = values[camelCase(name)];
    return setting === undefined || value === undefined ? all : withSetting(all, setting, value);
  }, changed);
}

function withSetting(settings: Settings, path: string, value: unknown): Settings {
  const [group, name] = path.split('.') as [keyof Settings, string?];
  if (name === undefined) return { ...settings, [group]: value };
  return { ...settings, [group]: { ...(settings[group] as object), [name]: value } };
}

type Unset<T> = { readonly [K in keyof T]: T[K] | undefined };

/** The user's Sigstore. An address by flag overrides the settings' config file, and vice versa. */
function sigstoreOf(sign: Settings['sign'], own: OwnOptions): Required<Unset<SigstoreChoice>> {
  const { fulcioUrl, rekorUrl, tsaUrl, oidcIssuer, signingConfig, trustedRoot } = own;
  const isByUrl = [fulcioUrl, rekorUrl, tsaUrl, oidcIssuer].some((url) => url !== undefined);
  const urls: SigstoreChoice = signingConfig === undefined ? sign : {};
  return {
    fulcioUrl: fulcioUrl ?? urls.fulcioUrl,
    rekorUrl: rekorUrl ?? urls.rekorUrl,
    tsaUrl: tsaUrl ?? urls.tsaUrl,
    oidcIssuer: oidcIssuer ?? urls.oidcIssuer,
    signingConfig: signingConfig ?? (isByUrl ? undefined : sign.signingConfig),
    trustedRoot: trustedRoot ?? sign.trustedRoot,
  };
}
