import { parseGoBool } from '../cli/flag-table.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import type { BuildxFlag } from '../model/events.ts';
import type { Settings } from '../model/settings.ts';
import { csvAttributes, type ParsedBuild } from './command-line.ts';

export type Step = { readonly on: true } | { readonly on: false; readonly offBecause: string };

export type AttestPlan = ReturnType<typeof planAttestations>;

interface AttestationFlag {
  readonly type: 'provenance' | 'sbom';
  readonly written: string;
  readonly off: boolean;
  readonly parameters: readonly string[];
}

/**
 * Which attestations are made. `--provenance`, `--sbom` and `--attest` keep their meaning: false
 * turns ours off too. `--sbom=true` is answered by our own SBOM, so no scanner image is pulled; a
 * generator that the user names still runs. BUILDX_NO_DEFAULT_ATTESTATIONS turns off what buildx
 * makes by default, provenance, unless a flag asks for it.
 * @param graded whether there is a verdict to attest
 */
export function planAttestations(
  parsed: ParsedBuild,
  settings: Settings,
  env: Readonly<Record<string, string | undefined>>,
  graded: boolean,
) {
  const provenance = lastOf(parsed, 'provenance');
  const sbom = lastOf(parsed, 'sbom');
  const noDefaults = parseGoBool(env['BUILDX_NO_DEFAULT_ATTESTATIONS'] ?? '') ?? false;
  const formats = settings.attest.sbom;
  const provenanceStep = step(
    offByFlag(provenance),
    provenance === undefined && noDefaults && 'BUILDX_NO_DEFAULT_ATTESTATIONS',
    provenance === undefined && !settings.attest.provenance && 'attest.provenance in the settings',
  );
  return {
    sbom: step(
      offByFlag(sbom),
      sbom === undefined && formats.length === 0 && 'attest.sbom in the settings',
    ),
    /** What a flag asks for is in the index too, as BuildKit puts it there. */
    inIndex: { provenance: provenance?.off === false, sbom: sbom?.off === false },
    sbomFormats: formats.length > 0 ? formats : (['cyclonedx'] as const),
    provenance: provenanceStep,
    sign: step(!settings.sign.enabled && 'signing is turned off'),
    verdict: step(
      !graded && 'the image is not graded',
      !settings.attest.verdict && 'attest.verdict in the settings',
    ),
    buildxFlags: [
      // BuildKit's own statement is where ours takes materials and the Dockerfile from: mode=max
      // unless the user chose.
      !provenanceStep.on
        ? flag('provenance', 'false')
        : provenance !== undefined && provenance.parameters.length > 0
          ? flag('attest', provenance.written)
          : flag('provenance', 'mode=max'),
      ...(sbom?.off === false && sbom.parameters.includes('generator')
        ? [flag('attest', sbom.written)]
        : []),
    ] as readonly BuildxFlag[],
  };
}

function flag(name: string, value: string): BuildxFlag {
  return { name, value };
}

/** What a flag says of provenance or SBOM; undefined for other flags, or if buildx refuses it. */
export function attestationFlag(flag: BuildxFlag): AttestationFlag | undefined {
  const written = flag.name === undefined ? undefined : attestForm(flag);
  const attributes = written === undefined ? undefined : csvAttributes(written);
  if (written === undefined || attributes === undefined) return undefined;
  const type = attributes.get('type');
  const disabled = attributes.get('disabled');
  const off = disabled === undefined ? false : parseGoBool(disabled);
  if ((type !== 'provenance' && type !== 'sbom') || off === undefined) return undefined;
  const parameters = [...attributes.keys()].filter((key) => key !== 'type' && key !== 'disabled');
  return { type, written, off, parameters };
}

/** docker/buildx, util/buildflags/attests.go, CanonicalizeAttest. */
function attestForm({ name, value = '' }: Readonly<Partial<Record<'name' | 'value', string>>>) {
  if (name === 'attest') return value;
  if ((name !== 'provenance' && name !== 'sbom') || value === '') return undefined;
  const bool = parseGoBool(value);
  return `type=${name},${bool === undefined ? value : `disabled=${!bool}`}`;
}

/** buildx reads `--attest` first, then the shorthands; the last of a type counts. */
function lastOf(parsed: ParsedBuild, type: AttestationFlag['type']): AttestationFlag | undefined {
  const inOrder = ['attest', type].flatMap((name) => parsed.flags.filter((f) => f.name === name));
  return inOrder.map(attestationFlag).findLast((found) => found?.type === type);
}

function offByFlag(flag: AttestationFlag | undefined): string | false {
  return flag?.off === true && `--${flag.type}=false`;
}

function step(...reasons: readonly (string | false)[]): Step {
  const offBecause = reasons.find((reason) => reason !== false);
  return offBecause === undefined ? { on: true } : { on: false, offBecause };
}

export interface SignerFlags {
  readonly keys: readonly string[];
  readonly identity: string | undefined;
  readonly identityPattern: string | undefined;
  readonly issuer: string | undefined;
  readonly issuerPattern: string | undefined;
}

type Named = { readonly exact: string } | { readonly pattern: string };

/** Names that nobody means: a pattern that takes one of them takes anybody. */
const NOBODY = [
  'q7zx',
  'q7zx@vk3w.invalid',
  'https://vk3w.invalid/q7zx',
  'https://vk3w.invalid/q7zx/.github/workflows/q7zx.yml@refs/heads/q7zx',
  'spiffe://vk3w.invalid/q7zx',
  'http://vk3w.invalid',
];
const MAX_PATTERN = 1024;

/** The identity that flags name, if any. One that anybody satisfies is refused. */
export function namedIdentity(
  flags: SignerFlags,
): Result<{ readonly identity: Named; readonly issuer: Named } | undefined> {
  const who = oneOf('certificate-identity', flags.identity, flags.identityPattern);
  if (!who.ok) return who;
  const by = oneOf('certificate-oidc-issuer', flags.issuer, flags.issuerPattern);
  if (!by.ok) return by;
  const [identity, issuer] = [who.value, by.value];
  if (identity !== undefined && issuer !== undefined) return ok({ identity, issuer });
  if (issuer !== undefined)
    return err('--certificate-oidc-issuer needs --certificate-identity beside it');
  return identity === undefined
    ? ok(undefined)
    : err('--certificate-identity needs --certificate-oidc-issuer beside it');
}

function oneOf(
  flag: string,
  exact: string | undefined,
  pattern: string | undefined,
): Result<Named | undefined> {
  if (exact !== undefined && pattern !== undefined)
    return err(`--${flag} and --${flag}-regexp exclude each other`);
  if (exact !== undefined)
    return exact.trim() === '' || exact.trim() === '*'
      ? err(`--${flag} must name somebody`)
      : ok({ exact });
  if (pattern === undefined) return ok(undefined);
  if (READ_OTHERWISE.test(pattern))
    return err(`--${flag}-regexp has what cannot be checked for taking anybody: \\Q \\p \\x{ [:`);
  const expression = asExpression(pattern);
  if (expression === undefined) return err(`--${flag}-regexp is not a regular expression`);
  return NOBODY.some((name) => expression.test(name))
    ? err(`--${flag}-regexp matches anybody: any-identity verification does not count`)
    : ok({ pattern });
}

/** What Go reads differently than JavaScript, without errors: quotes, class names, code points. */
const READ_OTHERWISE = /\\[QEpPCa]|\\x\{|\[:/;

/** Converts Go's own syntax for JavaScript: leading flags, named groups, anchors of the text. */
function asExpression(pattern: string): RegExp | undefined {
  if (pattern.length > MAX_PATTERN) return undefined;
  const flags = /^\(\?([imsU]+)\)/.exec(pattern)?.[1] ?? '';
  const body = pattern
    .replace(/^\(\?[imsU]+\)/, '')
    .replaceAll('(?P<', '(?<')
    .replace(/\\A/g, '^')
    .replace(/\\z/g, '$');
  try {
    return new RegExp(body, flags.replaceAll('U', ''));
  } catch {
    return undefined;
  }
}
