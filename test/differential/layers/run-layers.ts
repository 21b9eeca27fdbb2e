import { Random } from '../random.ts';
import { differences } from './compare-answers.ts';
import type { Stack } from './crafted-layer.ts';
import { dockerArchive } from './docker-archive.ts';
import type { EngineClient } from './engine-client.ts';
import { StackMaker } from './grammar.ts';
import { ourAnswer } from './our-tree.ts';
import type { Answer, EngineAnswers } from './seen-tree.ts';

/** Who unpacks: the engines by store, and us. A test hands in somebody else in our place. */
export interface Unpackers {
  readonly containerd: EngineClient | undefined;
  readonly overlay2: EngineClient | undefined;
  readonly ours?: (stack: Stack) => Promise<Answer>;
}

export interface LayerDifference {
  readonly seed: number;
  readonly stack: Stack;
  readonly lines: readonly string[];
  readonly engines: EngineAnswers;
}

export interface LayerRun {
  readonly cases: number;
  /** Stacks that some store took. */
  readonly taken: number;
  readonly differences: readonly LayerDifference[];
}

/** The stack that a seed makes. */
export function stackOf(seed: number): Promise<Stack> {
  return new StackMaker(new Random(seed)).make(
    async (layer) => 'tree' in (await ourAnswer([{ entries: [] }, layer])),
  );
}

/** Stacks under way: engines mostly wait for the disk. */
const AT_ONCE = 5;
let names = 0;

/** What the stores make of a stack. */
export async function engineAnswers(stack: Stack, unpackers: Unpackers): Promise<EngineAnswers> {
  const name = `scoville-differential:${process.pid}-${(names += 1)}`;
  const archive = dockerArchive(stack, name);
  const [containerd, overlay2] = await Promise.all([
    unpackers.containerd?.answer(archive, name),
    unpackers.overlay2?.answer(archive, name),
  ]);
  return { containerd, overlay2 };
}

/**
 * Makes stacks from `seed` on until the time is over, `cases` were made or `most` differences are
 * found, and holds what we make of them against the stores.
 */
export async function runLayers(
  unpackers: Unpackers,
  options: {
    readonly seed: number;
    readonly until: number;
    readonly cases?: number;
    readonly most?: number;
    readonly log?: (line: string) => void;
  },
): Promise<LayerRun> {
  const { log = () => undefined, cases: limit = Infinity, most = 10 } = options;
  const ours = unpackers.ours ?? ourAnswer;
  const check = async (stack: Stack): Promise<[readonly string[], EngineAnswers]> => {
    const [own, engines] = await Promise.all([ours(stack), engineAnswers(stack, unpackers)]);
    const lines = differences(own, engines);
    if (lines.length === 0) return [lines, engines];
    // An answer counts that comes again. A load is refused once if another stack's removal takes the
    // snapshot that it was to stand on, and a layer is taken unread while another stack has the same.
    const again = await engineAnswers(stack, unpackers);
    return [differences(own, again), again];
  };
  const found: LayerDifference[] = [];
  let cases = 0;
  let taken = 0;
  let next = options.seed;
  const work = async (): Promise<void> => {
    while (Date.now() < options.until && found.length < most && next - options.seed < limit) {
      const seed = next++;
      const made = await stackOf(seed);
      const [lines, engines] = await check(made);
      cases += 1;
      if ([engines.containerd, engines.overlay2].some((a) => a !== undefined && 'tree' in a))
        taken += 1;
      if (cases % 200 === 0) log(`${cases} stacks, ${taken} taken, ${found.length} differ`);
      if (lines.length === 0) continue;
      log(`seed ${seed}: ${lines.join('; ')}`);
      found.push({ seed, stack: made, lines, engines });
      log(`${JSON.stringify(made)}\n${JSON.stringify(engines)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { cases, taken, differences: found };
}
