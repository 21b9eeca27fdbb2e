import { parseStrictJson } from '../formats/strict-json.ts';
import { isObject } from '../model/json-value.ts';
import { isUnproven } from '../model/made-profile.ts';
import { err, ok, type Result } from '../model/result.ts';
import { seccompFlaw } from '../model/seccomp-flaw.ts';
import { VERIFIER_ID } from './identity.ts';

export type ProfileKind = 'seccomp' | 'apparmor';

/** A security profile as it is attached. */
export interface SecurityProfile {
  readonly kind: ProfileKind;
  /** The predicate of the signed statement. */
  readonly predicate: Readonly<Record<string, unknown>>;
  /** Its artifact's layer (KEP-6061, "OCI Artifact Format"); undefined where runtimes take none. */
  readonly layer: Uint8Array | undefined;
}

/** Of statements: in-toto has none for profiles. */
export const PROFILE_PREDICATE: Readonly<Record<ProfileKind, string>> = {
  seccomp: `${VERIFIER_ID}#seccomp-profile/v1`,
  apparmor: `${VERIFIER_ID}#apparmor-profile/v1`,
};

/** Of artifacts: `artifactType` and the config's media type (KEP-6061). */
export const PROFILE_ARTIFACT: Readonly<Record<ProfileKind, string>> = {
  seccomp: 'application/vnd.cncf.seccomp-profile.config.v1+json',
  apparmor: 'application/vnd.cncf.apparmor-profile.config.v1+json',
};

/** What runtimes take by default. */
const MAX_LAYER_BYTES = 1024 * 1024;
const MAX_ENTRIES = 128;
/** Fields of the runtime specification (config-linux.md, "Seccomp"); runtimes refuse all others. */
const FIELDS = ['defaultAction', 'defaultErrnoRet', 'architectures', 'flags', 'syscalls'];
const ENTRY_FIELDS = ['names', 'action', 'errnoRet', 'args'];

/**
 * Reads a profile's file: JSON with a `defaultAction` is a seccomp profile, other JSON a structured
 * AppArmor profile, and what is not JSON is AppArmor's own language, which has no artifact. The
 * error says why runtimes would refuse it.
 */
export function readSecurityProfile(
  bytes: Uint8Array,
  kind?: ProfileKind,
): Result<SecurityProfile> {
  const isJson = /^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 100)));
  if (!isJson) return kind === 'seccomp' ? err('it is not a JSON object') : appArmorText(bytes);
  const parsed = parseStrictJson(bytes, 'it', MAX_LAYER_BYTES);
  if (!parsed.ok) return parsed;
  if (!isObject(parsed.value)) return err('it is not a JSON object');
  const number = oddNumber(new TextDecoder().decode(bytes));
  if (kind !== 'apparmor' && number !== undefined && 'defaultAction' in parsed.value)
    return err(`${number} is not a whole number of 64 bits, and runtimes refuse it`);
  const document = parsed.value;
  if (kind === 'apparmor' || (kind === undefined && !('defaultAction' in document)))
    return ok({ kind: 'apparmor', predicate: document, layer: bytes });
  return seccomp(document, bytes);
}

/** A number of a JSON text that Go takes for no uint64: `1e3`, `0.0` and 2^64 are none. */
function oddNumber(text: string): string | undefined {
  const bare = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  const numbers = bare.match(/-?\d[\d.eE+-]*/g) ?? [];
  return numbers.find((one) => !/^\d{1,20}$/.test(one) || BigInt(one) >= 2n ** 64n)?.slice(0, 40);
}

function appArmorText(bytes: Uint8Array): Result<SecurityProfile> {
  if (bytes.length > MAX_LAYER_BYTES) return err(`it is larger than ${MAX_LAYER_BYTES} bytes`);
  const text = new TextDecoder().decode(bytes);
  if (isUnproven(text))
    return err(
      'nobody has run the program under it: make it with scoville profile --apparmor on a machine with AppArmor',
    );
  return /\bprofile\s|\{/.test(text)
    ? ok({ kind: 'apparmor', predicate: { content: text }, layer: undefined })
    : err('it is neither JSON nor an AppArmor profile');
}

/** The layer is the file as it is, but for comments, which runtimes refuse. */
function seccomp(
  document: Readonly<Record<string, unknown>>,
  bytes: Uint8Array,
): Result<SecurityProfile> {
  const bare = bareProfile(document);
  const reason = refusal(bare);
  if (reason !== undefined) return err(reason);
  const isBare = JSON.stringify(bare) === JSON.stringify(document);
  const layer = isBare ? bytes : Buffer.from(`${JSON.stringify(bare, null, 2)}\n`);
  return ok({ kind: 'seccomp', predicate: document, layer });
}

/** Without comments, and without conditions of Docker's own that say nothing. */
function bareProfile(document: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const rest = Object.fromEntries(Object.entries(document).filter(([key]) => key !== 'comment'));
  const { syscalls } = rest;
  if (!Array.isArray(syscalls)) return rest;
  return { ...rest, syscalls: (syscalls as readonly unknown[]).map(bareEntry) };
}

function bareEntry(entry: unknown): unknown {
  if (!isObject(entry)) return entry;
  const kept = Object.entries(entry).filter(
    ([key, value]) =>
      key !== 'comment' &&
      !(
        (key === 'includes' || key === 'excludes') &&
        isObject(value) &&
        Object.keys(value).length === 0
      ),
  );
  return Object.fromEntries(kept);
}

function refusal(profile: Readonly<Record<string, unknown>>): string | undefined {
  const flaw = seccompFlaw(profile);
  if (flaw !== undefined) return flaw;
  const entries = (profile['syscalls'] ?? []) as readonly Readonly<Record<string, unknown>>[];
  const odd =
    Object.keys(profile).find((key) => !FIELDS.includes(key)) ??
    entries.flatMap(Object.keys).find((key) => !ENTRY_FIELDS.includes(key));
  if (odd !== undefined)
    return odd.startsWith('listener')
      ? `runtimes refuse ${odd}: a profile from an image must not talk to a program of the node`
      : `${JSON.stringify(odd)} is not in the runtime specification, and runtimes refuse it`;
  const counts = new Map<string, number>();
  for (const { names } of entries)
    for (const name of Array.isArray(names) ? new Set(names.map(String)) : [])
      counts.set(name, (counts.get(name) ?? 0) + 1);
  const [many] = [...counts].find(([, count]) => count > MAX_ENTRIES) ?? [];
  return many === undefined
    ? undefined
    : `it has more than ${MAX_ENTRIES} entries for ${many}, and runtimes refuse that`;
}
