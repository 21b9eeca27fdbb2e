import { EXIT } from '../../model/errors.ts';
import { err, type Result } from '../../model/result.ts';
import { GRADES } from '../../model/scorecard.ts';
import { SCANNER_CHOICES } from '../../model/settings.ts';
import { type FlagSpec, parseGoBool } from './flag-spec.ts';
import {
  bool,
  camelCase,
  choice,
  type Flag,
  type FlagValues,
  many,
  ONE_RUN,
  readTable,
  reports,
  specsOf,
  standard,
  text,
  toggle,
  whole,
} from './flag.ts';
import type { UsageProblem } from './scan-arguments.ts';

const HOST = /^(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/i;
export const LEVELS = ['0', '1', '2', '3', '4', '5'] as const;
/** The greatest age that `--max-age` takes, in days. */
export const LONGEST_AGE = 36_500;

const NEEDS_IMAGE = { needsImage: true } as const;

/** Flags of ours that count for one image. */
export const IMAGE_FLAGS = {
  'dry-run': bool('Show the plan; build nothing', ONE_RUN),
  json: bool('Print the scorecard (or the plan) as JSON', ONE_RUN),
  verbose: bool('Show every check, passed ones too', ONE_RUN),
  report: { ...reports(), ...ONE_RUN },
  'min-level': level('Publish nothing below this level', {
    ...ONE_RUN,
    ...NEEDS_IMAGE,
    setting: 'gate.minLevel',
  }),
  'min-grade': choice(GRADES, 'GRADE', 'Publish nothing below this grade', {
    ...ONE_RUN,
    ...NEEDS_IMAGE,
    setting: 'gate.minGrade',
  }),
  sign: toggle('Sign the image and its attestations', { ...NEEDS_IMAGE, standard: 'on' }),
  key: text('FILE|URI', 'Sign with this key: a file, or a KMS or PKCS#11 URI', {
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
    'Which normalizer rules make the image reproducible',
    { needsImage: ['deterministic'], setting: 'reproducible.mode' },
  ),
  prove: toggle('Build once more elsewhere, and attest whether it is the same', {
    ...NEEDS_IMAGE,
    standard: 'on with --min-level 5',
  }),
  pin: toggle('Pin external images to digests', { standard: 'on', setting: 'reproducible.pin' }),
  lock: lock(),
  locked: bool('Fail, publishing nothing, where the build departs from scoville.lock'),
  record: bool('Record what RUNs fetch, into scoville.lock and the cache', NEEDS_IMAGE),
  replay: bool('Build without a network, from what was recorded', NEEDS_IMAGE),
  'with-inputs': bool(
    'With --push: publish what was recorded, so that anyone can replay it',
    NEEDS_IMAGE,
  ),
  grade: standard(toggle('Grade the image'), 'true'),
  scanner: choice(SCANNER_CHOICES, 'NAME', 'Vulnerability scanner', { setting: 'scanner' }),
  offline: toggle('Use no network for grading', { setting: 'offline' }),
  vex: many('FILE', 'An OpenVEX or CycloneDX VEX document; may be repeated', { path: true }),
  profile: many('FILE', 'Sign and publish this seccomp or AppArmor profile; may be repeated', {
    ...NEEDS_IMAGE,
    path: true,
  }),
  'max-age': whole(
    'DAYS',
    'Age up to which an image counts as recent',
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
    standard: 'the nearest .scoville.yaml',
  }),
  'trust-policy': text('FILE', 'Settings file whose trust, scanner and gate go first', {
    path: true,
  }),
  review: bool(
    'After the build, pick edits of the Dockerfile on the screen of scoville fix',
    ONE_RUN,
  ),
  'buildx-arg': many('ARG', 'Hand this argument on to buildx unread; may be repeated'),
} as const;

/**
 * The flags that `scoville build` adds. No buildx has them; if a later one adds such a name, use
 * `--buildx-arg`.
 */
export const OWN = {
  ...IMAGE_FLAGS,
  interactive: standard(toggle('Ask and draw in a terminal', ONE_RUN), 'true'),
} as const;

export const OWN_FLAGS: readonly FlagSpec[] = specsOf(OWN);

/** The flags of ours that were given; what was not given is undefined and the settings decide. */
export type OwnOptions = FlagValues<typeof OWN>;

/**
 * A flag that was given and would do nothing without an image: its name; undefined where there is
 * none.
 */
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

/** `--min-level`, as a number. */
function level(help: string, more: Parameters<typeof choice>[3]): Flag<number | undefined> {
  const one = choice(LEVELS, 'LEVEL', help, more);
  return mapped(one, (found) => (found === undefined ? undefined : Number(found)));
}

/** `--lock`: true, false, or the file. */
function lock(): Flag<boolean | string | undefined> {
  const one = text(
    '[=FILE|false]',
    'Write scoville.lock where there is none; false: leave one unread',
    { bare: 'true', path: true },
  );
  return mapped(one, (found) => (found === undefined ? undefined : (parseGoBool(found) ?? found)));
}

function mapped<T, U>(flag: Flag<T>, map: (value: T) => U): Flag<U> {
  const read: Flag<U>['read'] = (given, name) => {
    const found = flag.read(given, name);
    return found.ok ? { ok: true, value: map(found.value) } : found;
  };
  return { ...flag, read };
}
