import type { DockerfileModel } from '../../model/dockerfile.ts';
import type { Fetch, Fetches, Incomplete, Recording } from '../../model/fetches.ts';
import { byName } from '../../model/order.ts';

/** The stage of what no step is known to have fetched. */
export const UNKNOWN_STAGE = 'unknown';

/**
 * What was fetched, by stage, in the order of the requests. The last answer to a request is given
 * again and again, so each stage has it once; an answer that another one followed counts each time.
 */
export function fetchesByStage(
  found: readonly { readonly fetch: Fetch; readonly stages: readonly string[] }[],
): Fetches {
  const last = new Map<string, { readonly answer: string; readonly from: number }>();
  found.forEach(({ fetch }, i) => {
    const answer = JSON.stringify([fetch.status, fetch.digest, fetch.headers]);
    if (last.get(askedKey(fetch))?.answer !== answer)
      last.set(askedKey(fetch), { answer, from: i });
  });
  const stages = new Map<string, Fetch[]>();
  const kept = new Set<string>();
  found.forEach(({ fetch, stages: names }, i) => {
    const key = askedKey(fetch);
    const isLast = i >= (last.get(key)?.from ?? 0);
    for (const name of known(names)) {
      if (isLast && kept.has(`${name} ${key}`)) continue;
      if (isLast) kept.add(`${name} ${key}`);
      listOf(stages, name).push(fetch);
    }
  });
  return new Map(byName(stages));
}

/** In characters, and reasons per stage: a command decides what it connects to and how often. */
const LONGEST_REASON = 300;
const MOST_REASONS = 20;

/** Why a recording is not complete, by stage, each reason once, as a lock can have it. */
export function incompleteByStage(
  found: readonly { readonly text: string; readonly stages: readonly string[] }[],
): Incomplete {
  const stages = new Map<string, string[]>();
  for (const { text, stages: names } of found)
    for (const name of known(names)) {
      const list = listOf(stages, name);
      const plain = text.replaceAll(/[^ -~]/g, '?').slice(0, LONGEST_REASON);
      if (list.length < MOST_REASONS && !list.includes(plain)) list.push(plain);
    }
  return new Map(byName(stages));
}

/** Two recordings of one Dockerfile, where the second one was given what the first has. */
export function merged(first: Recording | undefined, second: Recording): Recording {
  if (first === undefined) return second;
  const fetches = new Map([...first.fetches].map(([stage, list]) => [stage, [...list]]));
  for (const [stage, list] of second.fetches) {
    const all = listOf(fetches, stage);
    const asked = new Set(all.map(askedKey));
    all.push(...list.filter((fetch) => !asked.has(askedKey(fetch))));
  }
  const reasons = [first, second].flatMap(({ incomplete }) =>
    [...incomplete].flatMap(([stage, list]) => list.map((text) => ({ text, stages: [stage] }))),
  );
  return { fetches: new Map(byName(fetches)), incomplete: incompleteByStage(reasons) };
}

/**
 * What of a lock's recording a build is given: that of its own stages, in the order of the
 * Dockerfile, in which they were asked for. A stage that fetched nothing gets no network, so that
 * nothing can be missing of it.
 */
export function recordingFor(
  { fetches, incomplete }: Recording,
  { stages, reached }: Pick<DockerfileModel, 'stages' | 'reached'>,
): Recording {
  const places = new Map(stages.map(({ name, index }) => [name ?? `stage-${index}`, index]));
  const isOwn = ([stage]: readonly [string, unknown]): boolean => {
    const index = places.get(stage);
    return index === undefined || reached.includes(index);
  };
  const place = (stage: string): number => places.get(stage) ?? stages.length;
  const own = new Map([...fetches].filter(isOwn).sort(([a], [b]) => place(a) - place(b)));
  const isOnline = (stage: string): boolean => own.has(stage) || own.has(UNKNOWN_STAGE);
  return {
    fetches: own,
    incomplete: new Map(
      [...incomplete].filter(
        ([stage]) => isOwn([stage, undefined]) && (isOnline(stage) || !places.has(stage)),
      ),
    ),
  };
}

function known(stages: readonly string[]): readonly string[] {
  return stages.length === 0 ? [UNKNOWN_STAGE] : stages;
}

function listOf<T>(lists: Map<string, T[]>, name: string): T[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
}

/** All fetches of all stages, each address with its digest once, as materials of a provenance. */
export function fetchedMaterials(
  fetches: Fetches,
): readonly { readonly uri: string; readonly digest: Readonly<Record<string, string>> }[] {
  return [...fetches.values()]
    .flat()
    .filter(
      ({ status }) => status === undefined || (status >= 200 && status < 300 && status !== 204),
    )
    .map(({ address, digest }) => ({
      uri: address,
      digest: { sha256: digest.slice('sha256:'.length) },
    }));
}

function askedKey({ method = 'GET', address, request }: Fetch): string {
  return `${method} ${address} ${request ?? ''}`;
}
