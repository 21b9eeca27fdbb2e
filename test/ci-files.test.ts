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

test('the job for GitLab names its engine to buildx by a context, which has the certificates', () => {
  const text = readFileSync(new URL('../examples/ci/gitlab-ci.yml', import.meta.url), 'utf8');
  expect(text).toContain("DOCKER_TLS_VERIFY: '1'");
  expect(text).toContain('docker context create dind\n');
  expect(/buildx create (.*)/.exec(text)?.[1]).toBe('--use --name scoville dind');
});
