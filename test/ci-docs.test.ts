import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

const action = parse(read('action.yml')) as {
  inputs: Record<string, { default?: string }>;
  outputs: Record<string, unknown>;
};

const [github = '', gitlab = ''] = read('docs/ci.md').split('\n## GitLab\n');

/** What the first columns of a text's tables name. */
function namedIn(text: string): readonly string[] {
  const rows = [...text.matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|/gm)];
  return rows
    .flatMap(([, cell = '']) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name))
    .toSorted();
}

test('docs/ci.md has every input and output of action.yml, and no other', () => {
  expect(namedIn(github)).toEqual(
    [...Object.keys(action.inputs), ...Object.keys(action.outputs)].toSorted(),
  );
});

test('docs/ci.md has every input of the component, and no other', () => {
  const [spec] = parseAllDocuments(read('templates/scoville.yml'));
  const { inputs } = (spec?.toJS() as { spec: { inputs: object } }).spec;
  expect(namedIn(gitlab)).toEqual(Object.keys(inputs).toSorted());
});

test('the example gives the action only inputs that it has', () => {
  const workflow = parse(read('examples/ci/github-workflow.yml')) as {
    jobs: { image: { steps: { id?: string; with?: Record<string, unknown> }[] } };
  };
  const step = workflow.jobs.image.steps.find(({ id }) => id === 'scoville');
  expect(Object.keys(step?.with ?? {}).filter((name) => !(name in action.inputs))).toEqual([]);
});
