import { describe, expect, test } from 'vitest';
import { digestHex, digestOf } from '../../src/model/reference.ts';
import { builderId, imagePurl, runAddress } from '../../src/trust/identity.ts';

const digest = digestOf('image');
const version = `sha256%3A${digestHex(digest)}`;

describe('imagePurl', () => {
  test.each([
    ['app', `pkg:oci/app@${version}?repository_url=docker.io/library/app`],
    [
      'localhost:5000/team/app:1.0',
      `pkg:oci/app@${version}?repository_url=localhost:5000/team/app&tag=1.0`,
    ],
    ['ghcr.io/o/r', `pkg:oci/r@${version}?repository_url=ghcr.io/o/r`],
    [digest, `pkg:oci/image@${version}`],
    ['no reference at all', `pkg:oci/image@${version}`],
  ])('%s', (name, purl) => {
    expect(imagePurl({ name, digest })).toBe(purl);
  });
});

describe('who built, and in which run', () => {
  const github = {
    GITHUB_ACTIONS: 'true',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: 'o/r',
    GITHUB_RUN_ID: '42',
    GITHUB_RUN_ATTEMPT: '2',
    GITHUB_WORKFLOW_REF: 'o/r/.github/workflows/ci.yml@refs/heads/main',
  };
  const gitlab = {
    GITLAB_CI: 'true',
    CI_PROJECT_URL: 'https://gitlab.example/g/p',
    CI_JOB_URL: 'https://gitlab.example/g/p/-/jobs/7',
  };

  test.each([
    [{}, 'pkg:npm/scoville', undefined],
    [
      github,
      'pkg:npm/scoville#https://github.com/o/r/.github/workflows/ci.yml',
      'https://github.com/o/r/actions/runs/42/attempts/2',
    ],
    [gitlab, 'pkg:npm/scoville#https://gitlab.example/g/p', 'https://gitlab.example/g/p/-/jobs/7'],
    [{ ...github, GITHUB_WORKFLOW_REF: 'a b\n' }, 'pkg:npm/scoville', expect.any(String)],
    [{ ...gitlab, CI_JOB_URL: 'javascript:x' }, expect.any(String), undefined],
  ])('%o', (env, id, run) => {
    expect([builderId(env), runAddress(env)]).toEqual([id, run]);
  });
});
