import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BuildAuthority, HASHED_NAME } from '../../hermetic/build-authority.ts';
import { openFetchStore } from '../../hermetic/fetch-store.ts';
import { type Proxy, startProxy } from '../../hermetic/proxy.ts';
import { recording } from '../../hermetic/record.ts';
import { type Miss, replay } from '../../hermetic/replay.ts';
import type { Unreadable } from '../../hermetic/tunnel.ts';
import { networkUpstream } from '../../hermetic/upstream.ts';
import type { DockerfileModel } from '../../model/dockerfile.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { type Fetches, requestText } from '../../model/fetches.ts';
import { errorCode } from '../../oci/blobs/disk.ts';
import {
  attribute,
  placeOf,
  type RanStep,
  type Seen,
} from '../../plans/hermetic/attribute-fetches.ts';
import { hermeticFiles } from '../../plans/hermetic/inject-hermetic.ts';
import { fetchesByStage } from '../../plans/hermetic/recorded-fetches.ts';
import type { SolveStatus } from '../../tools/buildx/progress-rawjson.ts';
import { bridgeAddress } from '../../tools/docker/docker-bridge.ts';
import { Origins } from '../../tools/network/origins.ts';
import { proxyOf } from '../../tools/network/proxy.ts';
import { trustedRoots } from '../../tools/network/trusted-roots.ts';
import type { PipelineContext } from '../context.ts';

interface SessionRequest {
  readonly lockPath: string;
  /** What to replay; undefined to record. */
  readonly fetches: Fetches | undefined;
  readonly dockerfile: DockerfileModel;
  readonly dockerfileName: string;
}

/** A proxy in front of one build. */
export interface HermeticSession {
  readonly proxyUrl: string;
  /** Of the certificate, in OpenSSL's folder. */
  readonly hashedName: string;
  /** A temporary folder of the session, and in it the one with what is mounted into each RUN. */
  readonly folder: string;
  readonly mounts: string;
  /** Told BuildKit's progress, so that a request can be told from which RUN it came. */
  readonly watch: (status: SolveStatus) => void;
  /**
   * Ends it and gives what was fetched. Throws UserError for an answer that was not kept whole, and
   * in a replay for a request that the lock cannot answer. A build that `failed` is not recorded.
   */
  readonly finish: (failed: boolean) => Promise<Fetches | undefined>;
  readonly close: () => Promise<void>;
}

/** Starts it. Throws UserError where the engine's containers could not reach it. */
export async function openSession(
  context: PipelineContext,
  request: SessionRequest,
): Promise<HermeticSession> {
  const { fetches } = request;
  const now = (): number => Date.now();
  const store = await openFetchStore(context.paths.cache, request.lockPath);
  const authority = new BuildAuthority();
  const unreadable: (Unreadable & Seen)[] = [];
  // A replay opens no connection: what could is not even made.
  const network = fetches === undefined ? await networkOf(context) : undefined;
  const recorder = network === undefined ? undefined : recording(store, network.ask, now);
  const player = fetches === undefined ? undefined : replay(fetches, store, now);
  const answer = recorder?.answer ?? player?.answer;
  if (answer === undefined) throw new Error('a session records or replays');
  const proxy = await listening(context, (host) =>
    startProxy({
      host,
      authority,
      answer,
      onUnreadable: (seen) => unreadable.push({ ...seen, at: now() }),
    }),
  );
  const folder = await mkdtemp(join(tmpdir(), 'scoville-hermetic-'));
  const mounts = join(folder, 'mounts');
  const close = async (): Promise<void> => {
    await proxy.close();
    await network?.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const files = hermeticFiles(authority.pem, fetches === undefined ? 'record' : 'replay');
    await mkdir(mounts);
    for (const [name, text] of Object.entries(files)) await writeFile(join(mounts, name), text);
  } catch (error) {
    await close();
    throw error;
  }
  const steps = new StepClock();
  const places = (seen: readonly Seen[]): readonly Place[] => placesOf(steps.ran(), seen, request);
  return {
    proxyUrl: proxy.url,
    hashedName: HASHED_NAME,
    folder,
    mounts,
    watch: (status) => {
      steps.push(status);
    },
    close,
    finish: async (failed) => {
      await recorder?.settled();
      const atUnread = places(unreadable);
      unreadable.forEach(({ target, why }, i) => {
        context.emit({
          kind: 'notice',
          text: `${target} (${atUnread[i]?.text ?? ''}) is not recorded: ${why}`,
        });
      });
      const misses = player?.misses() ?? [];
      if (misses.length > 0) throw missError(request.lockPath, misses, places(misses));
      if (failed) return undefined;
      const failures = recorder?.failures() ?? [];
      if (failures.length > 0)
        throw new UserError(
          [
            'the recording is not complete',
            ...failures.map(({ address, why }) => `${address}: ${why}`),
          ].join('\n  '),
          { nextStep: 'build again; nothing was published' },
        );
      const found = recorder?.fetches() ?? [];
      const at = places(found);
      return (
        fetches ??
        fetchesByStage(found.map(({ fetch }, i) => ({ fetch, stages: at[i]?.stages ?? [] })))
      );
    },
  };
}

/** The network as this machine reaches it; client certificates that Docker keeps for registries are not for a RUN. */
function networkOf({ env }: PipelineContext): ReturnType<typeof networkUpstream> {
  const { platform } = process;
  const origins = new Origins({ env, platform, folders: [] }, true);
  return networkUpstream({
    roots: trustedRoots(env, platform),
    behindProxy: (address) =>
      proxyOf(address, env) === undefined ? undefined : origins.prepare(new URL(address)),
  });
}

async function listening(
  { run, signal }: PipelineContext,
  start: (host: string) => Promise<Proxy>,
): Promise<Proxy> {
  const cannot = (why: string, cause?: unknown): UserError =>
    new UserError(`the build's commands cannot be put behind a proxy: ${why}`, { cause });
  const host = await bridgeAddress(run, signal);
  if (host === undefined) throw cannot('the engine has no bridge network');
  return start(host).catch((error: unknown) => {
    throw errorCode(error) === 'EADDRNOTAVAIL'
      ? cannot(`the engine is not on this machine (it has no address ${host})`, error)
      : cannot(messageOf(error), error);
  });
}

/** When each step ran. */
class StepClock {
  readonly #steps = new Map<string, RanStep>();

  push({ vertexes }: SolveStatus): void {
    for (const { digest, name, started, completed, cached } of vertexes) {
      const before = this.#steps.get(digest);
      const from = before?.started ?? started;
      if (from === undefined || cached) continue;
      this.#steps.set(digest, { name, started: from, ended: completed ?? before?.ended });
    }
  }

  ran(): readonly RanStep[] {
    return [...this.#steps.values()].filter(({ name }) => /\] RUN\b/.test(name));
  }
}

interface Place {
  readonly stages: readonly string[];
  /** `Dockerfile:12`. */
  readonly text: string;
}

function placesOf(
  steps: readonly RanStep[],
  seen: readonly Seen[],
  { dockerfile, dockerfileName }: SessionRequest,
): readonly Place[] {
  const places = steps.map(({ name }) => placeOf(name, dockerfile));
  return attribute(steps, seen).map((found) => {
    const at = found.flatMap((i) => places[i] ?? []);
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

function missError(path: string, misses: readonly Miss[], places: readonly Place[]): UserError {
  const lines = misses.map(({ asked, why }, i) => {
    const what =
      why === 'lock' ? 'is not in the lock' : 'is in the lock, and its bytes are not here';
    return `${places[i]?.text ?? ''}: ${requestText(asked)} ${what}`;
  });
  return new UserError([`the build departs from ${path}`, ...new Set(lines)].join('\n  '), {
    nextStep: 'scoville build --record fetches it; nothing was published',
  });
}
