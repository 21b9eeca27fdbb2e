import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { SecurityProfile } from '../../attestations/security-profile.ts';
import { digestOf } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { ToolResult } from '../../model/run.ts';
import { plainEntry } from '../../model/tar.ts';
import { openCache } from '../../oci/layout/caches.ts';
import { TAR_END, tarHeader, tarPadding } from '../../tar/writer.ts';
import { type DockerInfo, dockerInfo } from '../../tools/docker/docker.ts';
import type { PipelineContext } from '../context.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';
import { writeFileBeside } from '../write-file-beside.ts';

const SCHEMA = 1;
const CALL_MS = 60_000;
/** `docker run` exits with these where the container did not start. */
const NOT_STARTED: readonly (number | undefined)[] = [125, 126, 127];
const ALLOWS_ALL = '{"defaultAction":"SCMP_ACT_ALLOW"}';

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
  given?: DockerInfo,
): Promise<void> {
  const seccomp = profiles.flatMap(({ kind, layer, file }) =>
    kind === 'seccomp' && layer !== undefined ? [{ layer, file }] : [],
  );
  if (seccomp.length === 0) return;
  const { run, signal } = context;
  const engine = given ?? (await dockerInfo(run, signal).catch(() => undefined));
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

/** A tar archive with the program alone, for `docker import`. */
function imageWith(architecture: string): Uint8Array | undefined {
  const [machine, code = ''] = PROGRAMS[architecture] ?? [];
  if (machine === undefined) return undefined;
  const size = 120 + code.length / 2;
  const program = Buffer.alloc(size);
  // ELF64, little-endian, executable; one segment, the whole file, at 4 MiB.
  program.write('7f454c46020101', 'hex');
  for (const [at, value] of [
    [16, 2],
    [18, machine],
    [52, 64],
    [54, 56],
    [56, 1],
  ] as const)
    program.writeUInt16LE(value, at);
  for (const [at, value] of [
    [20, 1],
    [24, 0x400078],
    [32, 64],
    [64, 1],
    [68, 5],
  ] as const)
    program.writeUInt32LE(value, at);
  for (const [at, value] of [
    [80, 0x400000],
    [96, size],
    [104, size],
    [112, 0x1000],
  ] as const)
    program.writeUInt32LE(value, at);
  program.write(code, 120, 'hex');
  const header = tarHeader(plainEntry('start', 'file', size, 0o755));
  return Buffer.concat([header, program, tarPadding(size), TAR_END]);
}
