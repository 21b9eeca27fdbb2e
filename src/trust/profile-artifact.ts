import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type DockerInfo, dockerInfo } from '../build/docker.ts';
import { writeFileBeside } from '../config/project-files.ts';
import { openCache } from '../image/caches.ts';
import { parseStrictJson } from '../image/formats/json.ts';
import { TAR_END, tarFile } from '../image/tar/tar-writer.ts';
import { inTemporaryFolder } from '../image/temporary-folder.ts';
import { err, messageOf, ok, type Result, UserError } from '../lib/errors.ts';
import { isObject, type JsonObject } from '../lib/json.ts';
import type { ToolResult } from '../lib/run-tool.ts';
import type { PipelineContext } from '../model/context.ts';
import { type Descriptor } from '../model/image.ts';
import { isUnproven, seccompFlaw } from '../model/profile.ts';
import { digestOf } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { VERIFIER_ID } from './identity.ts';
import type { StatementToSign } from './sign.ts';

type ProfileKind = 'seccomp' | 'apparmor';

export interface SecurityProfile {
  readonly kind: ProfileKind;
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
/** Fields that no AppArmor profile has, in lower case: Go reads names without regard to case. */
const OF_SECCOMP = /^(?:defaultaction|defaulterrnoret|architectures|archmap|syscalls)$/;
const ENTRY_FIELDS = ['names', 'action', 'errnoRet', 'args'];

/**
 * Reads a profile's file. JSON with a field of seccomp is a seccomp profile, other JSON a
 * structured AppArmor profile. What is not JSON is AppArmor's own language, which has no artifact.
 * The error says why runtimes would refuse it.
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
  const document = parsed.value;
  const isSeccomp = Object.keys(document).some((name) => OF_SECCOMP.test(name.toLowerCase()));
  if (kind === 'apparmor' || (kind === undefined && !isSeccomp))
    return ok({ kind: 'apparmor', predicate: document, layer: bytes });
  const number = oddNumber(new TextDecoder().decode(bytes));
  if (number !== undefined)
    return err(`${number} is not a whole number of 64 bits, and runtimes refuse it`);
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
function seccomp(document: JsonObject, bytes: Uint8Array): Result<SecurityProfile> {
  const rest = bareFields(document) as JsonObject;
  const syscalls: unknown = document['syscalls'];
  const bare = Array.isArray(syscalls) ? { ...rest, syscalls: syscalls.map(bareFields) } : rest;
  const reason = refusal(bare);
  if (reason !== undefined) return err(reason);
  const isBare = JSON.stringify(bare) === JSON.stringify(document);
  const layer = isBare ? bytes : Buffer.from(`${JSON.stringify(bare, null, 2)}\n`);
  return ok({ kind: 'seccomp', predicate: document, layer });
}

/** Without comments, and without conditions of Docker's own that say nothing. */
function bareFields(entry: unknown): unknown {
  if (!isObject(entry)) return entry;
  const isEmpty = (value: unknown): boolean => isObject(value) && Object.keys(value).length === 0;
  const kept = Object.entries(entry).filter(
    ([key, value]) => key !== 'comment' && !(/^(?:in|ex)cludes$/.test(key) && isEmpty(value)),
  );
  return Object.fromEntries(kept);
}

function refusal(profile: JsonObject): string | undefined {
  const flaw = seccompFlaw(profile);
  if (flaw !== undefined) return flaw;
  const entries = (profile['syscalls'] ?? []) as readonly JsonObject[];
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

const LARGEST = 16 * 1024 * 1024;

export async function readBytes(file: string): Promise<Uint8Array> {
  // A pipe that nobody writes into would never be opened.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new Error('it is not a regular file');
    if (found.size > LARGEST) throw new Error(`it is larger than ${LARGEST} bytes`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

export interface ProfileFile extends SecurityProfile {
  readonly file: string;
}

/**
 * The profiles that a build attaches, at most one of each kind: those of `--profile`, else those of
 * the settings. Throws UserError where one cannot be read, or is one that runtimes refuse.
 */
export async function readProfiles(
  cwd: string,
  files: readonly string[],
  { seccomp, apparmor }: Settings['attest'],
): Promise<readonly ProfileFile[]> {
  const named = await Promise.all(
    files.map((file) => readProfile(resolve(cwd, file), undefined, '--profile')),
  );
  const kinds = named.map(({ kind }) => kind);
  const twice = kinds.find((kind, i) => kinds.indexOf(kind) !== i);
  if (twice !== undefined) throw new UserError(`--profile names two ${twice} profiles`);
  const others = Object.entries({ seccomp, apparmor } as const).flatMap(([name, file]) => {
    const kind = name as ProfileKind;
    return file === undefined || kinds.includes(kind)
      ? []
      : [readProfile(file, kind, `attest.${kind} in the settings`)];
  });
  return [...named, ...(await Promise.all(others))];
}

async function readProfile(
  file: string,
  kind: SecurityProfile['kind'] | undefined,
  from: string,
): Promise<ProfileFile> {
  const bytes = await readBytes(file).catch((cause: unknown) => {
    throw new UserError(`the profile ${file} cannot be read: ${messageOf(cause)}`, {
      cause,
      nextStep: `correct ${from}`,
    });
  });
  const read = readSecurityProfile(bytes, kind);
  if (!read.ok)
    throw new UserError(`the profile ${file}: ${read.error}`, {
      nextStep: `correct the file, or ${from}`,
    });
  return { ...read.value, file };
}

const SCHEMA = 1;
const CALL_MS = 60_000;
/** `docker run` exits with these where the container did not start. */
const NOT_STARTED: readonly (number | undefined)[] = [125, 126, 127];
const ALLOWS_ALL = '{"defaultAction":"SCMP_ACT_ALLOW"}';

/** ELF64, little-endian, executable; one segment, the whole file, at 4 MiB; entry behind it. */
const ELF = [
  '7f454c4602010100000000000000000002000000010000007800400000000000',
  '40000000000000000000000000000000000000004000380001000000000000000100000005000000',
  '000000000000000000004000000000000000000000000000',
  '000000000000000000000000000000000010000000000000',
].join('');

/** ELF machine and code of a program that ends at once, by Go's name of the processor. */
const PROGRAMS: Readonly<Record<string, readonly [machine: number, code: string] | undefined>> = {
  // mov eax, 231 (exit_group); xor edi, edi; syscall; ud2
  amd64: [62, 'b8e700000031ff0f050f0b'],
  // mov x8, 94 (exit_group); mov x0, 0; svc 0; udf 0
  arm64: [183, 'c80b80d2000080d2010000d400000000'],
};

/**
 * Starts a container under each seccomp profile, where a local Docker engine can: what Docker or
 * runc refuses must not be signed. A profile is enough that starts with no-new-privileges alone.
 * Throws UserError with the runtime's own words.
 */
export async function startProfiles(
  context: PipelineContext,
  profiles: readonly (SecurityProfile & { readonly file: string })[],
  known?: DockerInfo,
): Promise<void> {
  const seccomp = profiles.flatMap(({ kind, layer, file }) =>
    kind === 'seccomp' && layer !== undefined ? [{ layer, file }] : [],
  );
  if (seccomp.length === 0) return;
  const { run, signal } = context;
  const engine = known ?? (await dockerInfo(run, signal).catch(() => undefined));
  signal.throwIfAborted();
  const archive = imageWith(engine?.os === 'linux' ? engine.architecture : '');
  if (archive === undefined || engine === undefined) return;
  const started = openCache(context, 'proofs', SCHEMA);
  const docker = (args: readonly string[], stdin?: Uint8Array): Promise<ToolResult> =>
    run({ command: 'docker', args, timeoutMs: CALL_MS, signal, ...(stdin && { stdin }) });
  for (const { layer, file } of seccomp) {
    const key = `start ${engine.serverVersion} ${digestOf(layer)}`;
    if ((await started.get(key)) === true) continue;
    const image = `scoville-start:${randomBytes(8).toString('hex')}`;
    await inTemporaryFolder('profile', async (folder) => {
      const profile = join(folder, 'seccomp.json');
      const refusal = async (text: string, ...more: string[]) => {
        await writeFileBeside(profile, text, 0o600);
        const limits = ['--rm', '--pull', 'never', '--network', 'none', ...more];
        const under = ['--security-opt', `seccomp=${profile}`, image, '/start'];
        const ended = await docker(['run', ...limits, ...under]);
        signal.throwIfAborted();
        if (ended.ended !== 'exit') return 'docker run did not end';
        return NOT_STARTED.includes(ended.exitCode) ? ended.stderr.trim() : undefined;
      };
      try {
        await docker(['import', '-', image], archive);
        const own = Buffer.from(layer).toString();
        const first = await refusal(own);
        const refused =
          first === undefined || (await refusal(own, '--security-opt', 'no-new-privileges'));
        if (typeof refused !== 'string') await started.set(key, true);
        // An engine that starts nothing says nothing of the profile.
        else if ((await refusal(ALLOWS_ALL)) === undefined)
          throw new UserError(`no container starts under the profile ${file}: ${first ?? ''}`, {
            nextStep: `correct ${file}, or make one: scoville profile IMAGE`,
          });
      } finally {
        await run({ command: 'docker', args: ['rmi', '--force', image], timeoutMs: CALL_MS });
      }
    });
  }
}

function imageWith(architecture: string): Uint8Array | undefined {
  const [machine, code = ''] = PROGRAMS[architecture] ?? [];
  if (machine === undefined) return undefined;
  const size = ELF.length / 2 + code.length / 2;
  const program = Buffer.from(ELF + code, 'hex');
  program.writeUInt16LE(machine, 18);
  for (const at of [96, 104]) program.writeUInt32LE(size, at);
  return Buffer.concat([tarFile('start', program, 0o755), TAR_END]);
}

/** A profile as a signed statement, and as the artifact that runtimes pull, if it has that form. */
export function profileStatements(
  { kind, predicate, layer }: SecurityProfile,
  subject: Descriptor,
): readonly StatementToSign[] {
  const statement = { predicateType: PROFILE_PREDICATE[kind], predicate, subject };
  return layer === undefined
    ? [statement]
    : [
        statement,
        {
          predicateType: PROFILE_ARTIFACT[kind],
          predicate,
          subject,
          artifact: {
            artifactType: PROFILE_ARTIFACT[kind],
            mediaType: 'application/json',
            title: 'profile.json',
            bytes: layer,
          },
        },
      ];
}
