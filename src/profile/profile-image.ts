import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type ImageService, imageService, requirePorts } from '../build/docker-containers.ts';
import { dockerInfo, inspectLocalImages } from '../build/docker.ts';
import { writeFileBeside } from '../config/project-files.ts';
import { compareWithDefault, readProfile } from '../criteria/security-profile/seccomp.ts';
import { inTemporaryFolder } from '../image/temporary-folder.ts';
import { UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { quantity } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Digest } from '../model/reference.ts';
import { type Exercise, exerciseWords, namedPorts } from '../model/template.ts';
import {
  canProfile,
  documentText,
  makeProfile,
  profileComment,
  type SeccompDocument,
} from './make-profile.ts';
import { ANSWER_MS, type Confinement, confinementWords, runContainer } from './run-container.ts';
import { withSecretFiles } from './secret-files.ts';
import { type Tracer, traceImage, tracerFiles } from './trace-image.ts';
import type { Trace } from './trace-reader.ts';

export interface ProfileRequest {
  readonly image: string;
  readonly exercises: readonly Exercise[];
  readonly env: readonly string[];
  readonly volumes: readonly string[];
  readonly secretFiles: readonly string[];
  readonly timeoutMs: number;
  readonly forMs: number;
  readonly strict: boolean;
  readonly ioctl: boolean;
}

/** An image that answered under the tracer. */
export interface TracedImage {
  readonly image: string;
  /** Its copy with made-up secrets, where it needs them, else the image: what runs. */
  readonly runs: string;
  readonly digest: Digest;
  /** GOARCH. */
  readonly architecture: string;
  readonly trace: Trace;
  readonly confinement: Confinement;
  /** In words. */
  readonly exercises: readonly string[];
  readonly service: ImageService;
}

/** A profile that the image works under. */
interface ProvenProfile {
  readonly document: SeccompDocument;
  readonly refused: readonly string[];
  /** Calls that the profile keeps, of those of the default. */
  readonly kept: number;
  readonly total: number;
}

/** Without exercises, how long a program must run under its profile. */
const STAYING_MS = 3_000;
/** Tightest first: the first that the program answers in is used. */
const CONFINEMENTS: readonly Confinement[] = [
  { readOnly: true, rights: 'none' },
  { readOnly: false, rights: 'none' },
  { readOnly: false, rights: 'default' },
];

/**
 * Runs an image of the engine's store under the tracer, as confined as it still answers, and gives
 * `use` the trace. Throws UserError for a missing tracer or an image that does not answer,
 * Interrupted and ToolError.
 */
export async function traceForProfile<T>(
  context: PipelineContext,
  request: ProfileRequest,
  use: (traced: TracedImage) => Promise<T>,
): Promise<T> {
  const { image, exercises } = request;
  const engine = await dockerInfo(context.run, context.signal);
  const [local] = await inspectLocalImages(context.run, [image], context.signal);
  if (local === undefined)
    throw new UserError(`Docker has no image ${image}`, { nextStep: `docker pull ${image}` });
  const { architecture } = local;
  requireTracer(engine, architecture);
  const service = await imageService(context.run, image, context.signal);
  if (service.program.length === 0)
    throw new UserError(`${image} has neither ENTRYPOINT nor CMD: it starts nothing`);
  if (exercises.some(({ kind }) => kind !== 'run'))
    await requirePorts(context, [...namedPorts(exercises), ...service.ports]);
  const tracer = await tracerFiles(context);
  return withSecretFiles(context, request, service, async (runs) => {
    const about = { image, runs, digest: local.id, architecture, service };
    return use({ ...about, ...(await traceConfined(context, request, about, tracer)) });
  });
}

async function traceConfined(
  context: PipelineContext,
  { exercises, env, volumes, timeoutMs, forMs }: ProfileRequest,
  {
    image,
    runs,
    architecture,
    service,
  }: Pick<TracedImage, 'image' | 'runs' | 'architecture' | 'service'>,
  tracer: Tracer,
): Promise<Pick<TracedImage, 'trace' | 'confinement' | 'exercises'>> {
  const words = [
    ...exercises.map(exerciseWords),
    ...(service.healthcheck.length > 0 ? ['HEALTHCHECK'] : []),
  ];
  const failures: string[] = [];
  let log = '';
  let saidBefore: string | undefined;
  // A refusal in one confinement mostly repeats in all: the others share the time of one.
  let end = context.now() + timeoutMs;
  let left = timeoutMs;
  const refusalMs = timeoutMs / CONFINEMENTS.length;
  for (const confinement of CONFINEMENTS) {
    const how = confinementWords(confinement);
    context.emit({
      kind: 'notice',
      text: `tracing ${image} (${how}): ${words.join(', ') || 'its start alone'}`,
    });
    const ran = await traceImage(context, {
      image: runs,
      service,
      exercises,
      env,
      volumes,
      forMs,
      confinement,
      tracer,
      architecture,
      timeoutMs: left,
      refusalMs,
      ...given({ saidBefore }),
    });
    if (ran.failure === undefined) {
      warn(context, ran.trace, ran.killed);
      return { trace: ran.trace, confinement, exercises: words };
    }
    failures.push(`${how}: ${ran.failure}`);
    log = ran.log;
    saidBefore = ran.said;
    if (!ran.refused) end = context.now() + timeoutMs;
    left = end - context.now();
    if (left < ANSWER_MS) break;
  }
  throw new UserError(
    `${image} does not answer. ${failures.join('. ')}${log === '' ? '' : `\n${log}`}`,
    {
      nextStep: `docker run --rm ${image}`,
    },
  );
}

/** The tracer is this machine's, so it must fit the engine's kernel and the image. */
function requireTracer(
  engine: { readonly os: string; readonly architecture: string },
  architecture: string,
): void {
  const here = { x64: 'amd64', ia32: '386' }[process.arch as string] ?? process.arch;
  if (process.platform !== 'linux' || engine.os !== 'linux' || engine.architecture !== here)
    throw new UserError(
      `this machine (${process.platform}/${here}) has no tracer for the engine's (${engine.os}/${engine.architecture})`,
      {
        nextStep:
          'run it on Linux, on a machine such as the engine’s: a CI runner, or inside the VM',
      },
    );
  const isNative = architecture === here || (here === 'amd64' && architecture === '386');
  if (!isNative || !canProfile(architecture))
    throw new UserError(
      `the image is for ${architecture}, and the engine runs on ${engine.architecture}: an emulator’s calls are not the program’s`,
      { nextStep: `trace it on a machine of ${architecture}` },
    );
}

function warn(context: PipelineContext, trace: Trace, killed: boolean): void {
  if (trace.calls.size === 0)
    throw new UserError('the tracer wrote nothing: ptrace may be forbidden here', {
      nextStep: 'sysctl kernel.yama.ptrace_scope (3 forbids it; set it to 1 and restart)',
    });
  if (trace.unread > 0)
    context.emit({
      kind: 'warning',
      text: `${quantity(trace.unread, 'line of the trace is', 'lines of the trace are')} not strace’s: the program wrote into it`,
    });
  if (killed)
    context.emit({
      kind: 'warning',
      text: 'the program ran on after its stop signal and was killed, so its end was not traced',
    });
}

/**
 * Makes the profile of a trace and proves it: no wider than the engine's default in any argument,
 * and the same exercises pass. Throws UserError otherwise.
 */
export async function proveProfile(
  context: PipelineContext,
  traced: TracedImage,
  request: ProfileRequest,
): Promise<ProvenProfile> {
  const { architecture, confinement } = traced;
  const { strict, ioctl } = request;
  const { document, refused } = makeProfile(
    traced.trace,
    { architecture, strict, ioctl },
    profileOrigin(context, traced),
  );
  const { more, kept, total } = compareWithDefault(readProfile(document), architecture);
  if (more.length > 0)
    throw new UserError(`the profile allows what the default forbids: ${more.join(', ')}`);
  context.emit({ kind: 'notice', text: `running it again under the profile (${kept} calls)` });
  await inTemporaryFolder('profile', async (folder) => {
    const file = join(folder, 'seccomp.json');
    await writeFileBeside(file, documentText(document), 0o600);
    const { failure, log } = await runContainer(context, {
      ...request,
      image: traced.runs,
      service: traced.service,
      confinement,
      name: `scoville-profile-${randomBytes(6).toString('hex')}`,
      exec: undefined,
      // Without it the engine makes more calls under the filter, so this is the harder case.
      newPrivileges: !strict,
      refusalMs: request.timeoutMs,
      forMs: traced.exercises.length > 0 ? 0 : STAYING_MS,
      options: ['--security-opt', `seccomp=${file}`],
    });
    if (failure !== undefined)
      throw new UserError(
        `under its profile the program does not answer: ${failure}${log === '' ? '' : `\n${log}`}`,
        { nextStep: strict ? 'leave out --strict' : 'exercise more of it (--exercise, --for)' },
      );
  });
  return { document, refused, kept, total };
}

function profileOrigin(
  { now }: PipelineContext,
  { digest, architecture, exercises, confinement }: TracedImage,
): string {
  return profileComment({
    image: digest,
    platform: `linux/${architecture}`,
    when: new Date(now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    exercises,
    confinement: confinementWords(confinement),
  });
}
