import { randomBytes } from 'node:crypto';
// eslint-disable-next-line no-restricted-imports -- a temporary folder of ours
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { bridgeAddress } from '../build/docker.ts';
import type { SolveStatus } from '../build/progress.ts';
import { hermeticFiles, runFolder, usesHostNetwork } from '../build/sent-dockerfile.ts';
import { errorCode } from '../image/disk.ts';
import { makeTemporaryFolder } from '../image/temporary-folder.ts';
import { diskErrorIn, messageOf, UserError } from '../lib/errors.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { Origins, trustedRoots, trustOf } from '../lib/origins.ts';
import { proxyOf } from '../lib/proxy.ts';
import { type Fetches, type Recording, requestText } from '../model/build-analysis.ts';
import type { PipelineContext } from '../model/context.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import { BuildAuthority, HASHED_NAME, pkcs12 } from './build-authority.ts';
import { type FetchStore, openFetchStore } from './fetch-store.ts';
import { bridgeClients, type Proxy, startProxy, type Unreadable, urlOfRun } from './proxy.ts';
import { type Miss, recording, replay } from './record.ts';
import {
  fetchesByStage,
  incompleteByStage,
  placeOfRun,
  ranAt,
  type Seen,
} from './recorded-fetches.ts';
import { tracesOf } from './refuse-injected.ts';
import { type Connection, StepClock } from './step-clock.ts';
import { networkUpstream } from './upstream.ts';

/** A possible origin of an observation. */
interface Place {
  readonly stages: readonly string[];
  /** `Dockerfile:12`. */
  readonly text: string;
}

/** Why a recording may miss network use of a RUN. */
interface Gap {
  readonly text: string;
  readonly stages: readonly string[];
  /** Not readable for the proxy; past the proxy; or without a count. */
  readonly kind: 'unread' | 'past' | 'uncounted';
}

/** Unread traffic of the proxy. From `most` entries on, any stage may have more. */
export function unreadGaps(
  unreadable: readonly Unreadable[],
  places: readonly Place[],
  most: number,
): readonly Gap[] {
  const kind = 'unread';
  const told = unreadable.map(({ target, why }, i): Gap => {
    const { text = '', stages = [] } = places[i] ?? {};
    return { text: `${text} ${target} could not be read: ${why}`, stages, kind };
  });
  const text = `${most} connections or more were not read`;
  return told.length < most ? told : [...told, { text, stages: [], kind }];
}

/** Traffic past the proxy, or possibly so. */
function pastGaps(past: ReturnType<StepClock['past']>, file: string): readonly Gap[] {
  return past.map(({ place, why, isKnown }) => ({
    text: `${place?.line === undefined ? file : `${file}:${place.line}`} ${why}`,
    stages: place === undefined ? [] : [place.stage],
    kind: isKnown ? 'past' : 'uncounted',
  }));
}

/**
 * Most noted items of one kind, since a command decides how often it connects. More make the
 * recording incomplete.
 */
const MOST_UNREAD = 1000;
const MOST_CONNECTIONS = 100_000;
/** In milliseconds: limit for open answers after the build is over. */
const GRACE_MS = 120_000;

interface SessionRequest {
  readonly lockPath: string;
  /** Default: the lock file's own. */
  readonly store: FetchStore | undefined;
  /** The answers to replay; undefined to record. */
  readonly replayed: Fetches | undefined;
  /** Answers that a recording starts with: those of a build with shared stages. */
  readonly known: Fetches | undefined;
  readonly dockerfile: DockerfileModel;
  readonly dockerfileName: string;
  /** The command that records again. */
  readonly record: string;
}

/** A proxy for one build. Throws UserError if the engine's containers cannot reach it. */
export async function openSession(context: PipelineContext, request: SessionRequest) {
  const { replayed, known } = request;
  const now = (): number => Date.now();
  const store = request.store ?? (await openFetchStore(context.paths.cache, request.lockPath));
  const authority = new BuildAuthority();
  const mark = randomBytes(24).toString('hex');
  const unreadable: (Unreadable & Seen)[] = [];
  const connections: Connection[] = [];
  const host = await bridgeAddress(context.run, context.signal);
  if (host === undefined) throw noProxy('the engine has no bridge network');
  // A replay never opens a connection, so it gets no way to do so.
  const network = replayed === undefined ? await networkOf(context, host) : undefined;
  const recorder = network === undefined ? undefined : recording(store, network.ask, now, known);
  const player = replayed === undefined ? undefined : replay(replayed, store, now);
  const answer = recorder?.answer ?? player?.answer;
  if (answer === undefined) throw new Error('a session records or replays');
  const proxy = await listening(
    host,
    startProxy({
      host,
      authority,
      answer,
      ...(usesHostNetwork(request.dockerfile) ? {} : { isClient: bridgeClients(host) }),
      onUnreadable: (seen) => {
        if (unreadable.length < MOST_UNREAD) unreadable.push({ ...seen, at: now() });
      },
      onConnection: (peer) => {
        if (connections.length < MOST_CONNECTIONS) connections.push({ peer, at: now() });
      },
    }),
  );
  const folder = await makeTemporaryFolder('hermetic');
  const mounts = join(folder, 'mounts');
  const close = async (): Promise<void> => {
    await proxy.close();
    await network?.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const mode = replayed === undefined ? 'record' : 'replay';
    const { pem } = authority;
    const all = request.dockerfile.stages.flatMap(({ instructions }) => instructions);
    for (const { range } of all.filter(({ keyword }) => keyword === 'RUN')) {
      const line = range.startLine;
      const proxyUrl = urlOfRun(proxy.url, line);
      const files = hermeticFiles({ pem, trustStore: pkcs12(pem), proxyUrl, mark, mode });
      await writeReadable(join(mounts, runFolder(line)), files);
    }
  } catch (error) {
    await close();
    throw diskErrorIn(folder, error);
  }
  const steps = new StepClock();
  const places = (seen: readonly Seen[]): readonly Place[] => placesOf(steps, seen, request);
  return {
    proxyUrl: proxy.url,
    /** Of the certificate, for OpenSSL's folder. */
    hashedName: HASHED_NAME,
    mark,
    /** Mounted into each RUN. */
    mounts,
    /** Marks of what was put into RUNs (`refuseInjected`). */
    traces: tracesOf(proxy.url, authority.pem, mark),
    /** Gets BuildKit's progress, to find the RUN behind a request. */
    watch: (status: SolveStatus): void => {
      steps.push(status);
    },
    close,
    /**
     * Ends the session; returns what was fetched, and where that may be incomplete. Throws
     * UserError for an answer that was not stored whole, and in a replay for a request that the
     * lock cannot answer. A `failed` build is not recorded.
     */
    finish: async (failed: boolean): Promise<Recording | undefined> => {
      // Connections that a RUN opened and left at once may still be queued.
      await setImmediate();
      await setImmediate();
      await recorder?.settled(AbortSignal.any([context.signal, graceSignal()]));
      const gaps = [
        ...unreadGaps(unreadable, places(unreadable), MOST_UNREAD),
        ...pastGaps(steps.past(request.dockerfile, connections), request.dockerfileName),
      ];
      const isRefused = ({ kind }: Gap): boolean => kind === 'past' && player !== undefined;
      const told = gaps.filter((gap) => !isRefused(gap) && (!failed || gap.kind === 'unread'));
      const incomplete = incompleteByStage(told);
      for (const text of new Set([...incomplete.values()].flat()))
        context.emit({
          kind: 'warning',
          text: `the recording is not complete: ${text}`,
          nextStep: 'see "What is not" in docs/how-to/rebuild-a-release.md',
        });
      const refuse = (what: string, lines: readonly string[], nextStep: string): void => {
        const text = [what, ...new Set(lines)].join('\n  ');
        if (lines.length > 0)
          throw new UserError(text, { nextStep: `nothing was published; ${nextStep}` });
      };
      const misses = player?.misses() ?? [];
      refuse(
        `the build departs from ${request.lockPath}`,
        [...missLines(misses, places(misses)), ...gaps.filter(isRefused).map(({ text }) => text)],
        `record it again: ${request.record}`,
      );
      if (failed) {
        // What an edit fetches in a stage without a network does not reach the player.
        if (player !== undefined)
          context.emit({
            kind: 'warning',
            text: 'a replay has nothing but what was recorded',
            nextStep: `after an edit, record it again: ${request.record}`,
          });
        return undefined;
      }
      const failures = recorder?.failures() ?? [];
      const lines = failures.map(({ address, why }) => `${address}: ${why}`);
      refuse('the recording is not complete', lines, 'build again');
      const found = recorder?.fetches() ?? [];
      const at = places(found);
      const staged = found.map(({ fetch }, i) => ({ fetch, stages: at[i]?.stages ?? [] }));
      return { fetches: replayed ?? fetchesByStage(staged), incomplete };
    },
  };
}

/** For RUNs of any user, whatever the umask. */
async function writeReadable(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  await makeFolders(folder);
  await chmod(folder, 0o755);
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content);
    await chmod(join(folder, name), 0o644);
  }
}

function graceSignal(): AbortSignal {
  const controller = new AbortController();
  const end = (): void => {
    controller.abort(new Error(`its answer went on ${GRACE_MS / 1000} s after the build's end`));
  };
  setTimeout(end, GRACE_MS).unref();
  return controller.signal;
}

/** The network as this machine reaches it, without Docker's client certificates. */
function networkOf({ env }: PipelineContext, gateway: string): ReturnType<typeof networkUpstream> {
  const { platform } = process;
  const origins = new Origins({ env, platform, folders: [] }, true);
  return networkUpstream({
    gateway,
    trust: trustOf(trustedRoots(env, platform)),
    behindProxy: (address) =>
      proxyOf(address, env) === undefined ? undefined : origins.prepare(new URL(address)),
  });
}

function noProxy(why: string, cause?: unknown): UserError {
  return new UserError(`the build's commands cannot be put behind a proxy: ${why}`, { cause });
}

function listening(host: string, started: Promise<Proxy>): Promise<Proxy> {
  return started.catch((error: unknown) => {
    throw errorCode(error) === 'EADDRNOTAVAIL'
      ? noProxy(`the engine is not on this machine (it has no address ${host})`, error)
      : noProxy(messageOf(error), error);
  });
}

function placesOf(
  clock: StepClock,
  seen: readonly Seen[],
  { dockerfile, dockerfileName }: SessionRequest,
): readonly Place[] {
  const steps = clock.ran();
  const places = steps.map(({ name }) => clock.place(name, dockerfile));
  return seen.map(({ run, at: time }) => {
    const own = run === undefined ? undefined : placeOfRun(run, dockerfile);
    const at = own === undefined ? ranAt(steps, time).flatMap((n) => places[n] ?? []) : [own];
    const lines = [...new Set(at.flatMap(({ line }) => line ?? []))].sort((a, b) => a - b);
    return {
      stages: [...new Set(at.map(({ stage }) => stage))],
      text:
        lines.length === 0
          ? dockerfileName
          : lines.map((n) => `${dockerfileName}:${n}`).join(' or '),
    };
  });
}

function missLines(misses: readonly Miss[], places: readonly Place[]): readonly string[] {
  return misses.map(({ asked, why }, i) => {
    const what =
      why === 'lock' ? 'is not in the lock' : 'is in the lock, and its bytes are not here';
    return `${places[i]?.text ?? ''}: ${requestText(asked)} ${what}`;
  });
}
