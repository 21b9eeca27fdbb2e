import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { differences } from '../differential/layers/compare-answers.ts';
import type { CraftedEntry, Stack } from '../differential/layers/crafted-layer.ts';
import { EngineClient } from '../differential/layers/engine-client.ts';
import { ISSUE_STACKS } from '../differential/layers/issue-stacks.ts';
import { ourAnswer } from '../differential/layers/our-tree.ts';
import { engineAnswers, runLayers, type Unpackers } from '../differential/layers/run-layers.ts';
import { type ClassicEngine, startClassicEngine } from './classic-engine.ts';
import { isWhole, rows } from './rows.ts';

let engines: readonly ClassicEngine[] = [];
let unpackers: Unpackers = { containerd: undefined, overlay2: undefined };

beforeAll(async () => {
  engines = await Promise.all([startClassicEngine(true), startClassicEngine(false)]);
  const [containerd, overlay2] = engines.map(({ host }) => new EngineClient(host));
  unpackers = { containerd, overlay2 };
});
afterAll(() => Promise.all(engines.map((engine) => engine.stop())));

/** By number, not by time: a busy machine tries as many. */
const CASES = isWhole ? 200 : 12;
/** Ends what hangs. */
const longest = (): number => Date.now() + 600_000;

describe('layers are read as both stores of Docker unpack them', () => {
  test.each(rows(Object.entries(ISSUE_STACKS), (_, at) => at % 6 === 0))('%s', async (_, stack) => {
    const answers = await engineAnswers(stack, unpackers);
    expect(differences(await ourAnswer(stack), answers)).toEqual([]);
  });

  test('at random', async () => {
    const run = await runLayers(unpackers, { seed: 1, cases: CASES, until: longest() });
    expect(run.differences.map(({ seed, lines }) => ({ seed, lines }))).toEqual([]);
    expect(run.taken).toBeGreaterThan(CASES / 3);
  });
});

/** Readers that are wrong in one thing: what they do not see is left out before we read. */
const WRONG: Readonly<Record<string, (entry: CraftedEntry) => CraftedEntry | undefined>> = {
  'opaque marks do nothing': (entry) => (/\.wh\.\.wh\.\.opq$/.test(entry.name) ? undefined : entry),
  'whiteouts do nothing': (entry) => (/\.wh\.[^/]*$/.test(entry.name) ? undefined : entry),
  'capabilities are not read': (entry) => ({ ...entry, pax: [] }),
};

describe('a reader that is wrong is found', () => {
  test.each(rows(Object.entries(WRONG), (_, at) => at === 0))('%s', async (_, change) => {
    const wrong = (stack: Stack): Stack =>
      stack.map((layer) => ({
        ...layer,
        entries: layer.entries.flatMap((entry) => change(entry) ?? []),
      }));
    const ours = (stack: Stack) => ourAnswer(wrong(stack));
    const options = { seed: 1, cases: 200, until: longest(), most: 1 };
    const run = await runLayers({ ...unpackers, ours }, options);
    expect(run.differences.length).toBeGreaterThan(0);
  });
});
