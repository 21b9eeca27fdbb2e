import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test.each(['action.yml', 'examples/ci/github-workflow.yml'])(
  '%s takes every action at a commit, as the criteria ask of images',
  (file) => {
    const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
    const used = [...text.matchAll(/^\s*(?:- )?uses: (\S+)/gm)].map(([, name = '']) => name);
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((name) => !/^[\w./-]+@[0-9a-f]{40}$/.test(name))).toEqual([]);
  },
);
