import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

const action = parse(read('action.yml')) as {
  inputs: Record<string, { default?: string }>;
  outputs: Record<string, unknown>;
};

test('docs/ci.md has every input and output of action.yml, and no other', () => {
  const rows = [...read('docs/ci.md').matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|/gm)];
  const named = rows.flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name),
  );
  expect(named.toSorted()).toEqual(
    [...Object.keys(action.inputs), ...Object.keys(action.outputs)].toSorted(),
  );
});

test('the example gives the action only inputs that it has', () => {
  const workflow = parse(read('examples/ci/github-workflow.yml')) as {
    jobs: { image: { steps: { id?: string; with?: Record<string, unknown> }[] } };
  };
  const step = workflow.jobs.image.steps.find(({ id }) => id === 'scoville');
  expect(Object.keys(step?.with ?? {}).filter((name) => !(name in action.inputs))).toEqual([]);
});
