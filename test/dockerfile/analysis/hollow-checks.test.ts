import { describe, expect, test } from 'vitest';
import { downloads } from './support.ts';

const SUM = 'a'.repeat(64);
const COMMIT = 'b'.repeat(40);
const GET = 'curl -fsSLO https://example.com/f.tgz';
const CHECK = `echo "${SUM}  f.tgz" | sha256sum -c -`;
const CONDITION = ['curl: not by sha256sum -c, it runs only under a condition'];
const VERIFIED = ['curl: sha256sum -c'];

describe('a check that runs only under a condition', () => {
  test.each([
    ['if', `RUN ${GET} && if [ -n "$V" ]; then ${CHECK}; fi && tar xf f.tgz`, CONDITION],
    ['never', `RUN ${GET} && if false; then ${CHECK}; fi && tar xf f.tgz`, CONDITION],
    ['&&', `RUN set -e; ${GET}; [ -n "$V" ] && ${CHECK}; tar xf f.tgz`, CONDITION],
    ['||', `RUN set -e; ${GET}; [ -z "$V" ] || ${CHECK}; tar xf f.tgz`, CONDITION],
    ['a loop', `RUN set -e; ${GET}; while false; do ${CHECK}; done; tar xf f.tgz`, CONDITION],
    [
      'one way of two',
      `RUN set -e; ${GET}; if [ -n "$V" ]; then ${CHECK}; else echo unchecked; fi; tar xf f.tgz`,
      CONDITION,
    ],
    [
      'one kind of machine of two',
      `RUN set -e; ${GET}; case "$(uname -m)" in x86_64) ${CHECK} ;; *) echo unchecked ;; esac; tar xf f.tgz`,
      CONDITION,
    ],
  ])('%s', (_name, run, found) => {
    expect(downloads(run)).toEqual(found);
  });

  test.each([
    ['the download under the same', `RUN if [ -n "$V" ]; then set -e; ${GET}; ${CHECK}; fi`],
    ['the download in the condition', `RUN set -e; if ${GET}; then ${CHECK}; fi`],
    ['else the build ends', `RUN set -e; ${GET}; if [ -n "$V" ]; then ${CHECK}; else exit 1; fi`],
    ['each way', `RUN set -e; ${GET}; if [ -n "$V" ]; then ${CHECK}; else ${CHECK}; fi`],
    [
      'each kind of machine that is known',
      `RUN set -e; ${GET}; case "$(uname -m)" in x86_64) ${CHECK} ;; aarch64) ${CHECK} ;; *) exit 1 ;; esac`,
    ],
    ['the test stops the build too', `RUN ${GET} && [ -n "$V" ] && ${CHECK} && tar xf f.tgz`],
    ['a guard before it', `RUN set -e; [ -n "$V" ] || exit 1; ${GET}; ${CHECK}`],
    [
      'inside of a condition, and again outside',
      `RUN set -e; ${GET}; if [ -n "$V" ]; then ${CHECK}; fi; ${CHECK}`,
    ],
    [
      'a download under a condition, the check not',
      `RUN set -e; if [ ! -f f.tgz ]; then ${GET}; fi; ${CHECK}`,
    ],
  ])('ok-%s', (_name, run) => {
    expect(downloads(run)).toEqual(VERIFIED);
  });
});

describe('a condition whose answer the Dockerfile gives', () => {
  test.each([
    ['if', `ENV SUM=${SUM}\nRUN set -e; ${GET}; if [ -n "$SUM" ]; then ${CHECK}; fi`],
    ['unequal', `ENV SUM=${SUM}\nRUN set -e; ${GET}; if [ "$SUM" != "" ]; then ${CHECK}; fi`],
    ['negated', `ARG SUM=${SUM}\nRUN set -e; ${GET}; if ! test -z "$SUM"; then ${CHECK}; fi`],
    ['&&', `ENV SUM=${SUM}\nRUN set -e; ${GET}; [ -n "$SUM" ] && cd . && ${CHECK}; true`],
    ['||', `ENV SUM=${SUM}\nRUN set -e; ${GET}; [ -z "$SUM" ] || ${CHECK}`],
  ])('ok-%s', (_name, run) => {
    expect(downloads(run)).toEqual(VERIFIED);
  });

  test.each([
    ['empty', `ENV SUM=\nRUN set -e; ${GET}; if [ -n "$SUM" ]; then ${CHECK}; fi`],
    ['not given', `ARG SUM\nRUN set -e; ${GET}; if [ -n "$SUM" ]; then ${CHECK}; fi`],
    ['another', `ENV SUM=x\nRUN set -e; ${GET}; if [ "$SUM" = y ]; then ${CHECK}; fi`],
    ['a file', `ENV SUM=x\nRUN set -e; ${GET}; if [ -f "$SUM" ]; then ${CHECK}; fi`],
    ['||', `ENV SUM=\nRUN set -e; ${GET}; [ -z "$SUM" ] || ${CHECK}`],
  ])('%s', (_name, run) => {
    expect(downloads(run)).toEqual(CONDITION);
  });
});

describe('an address that a variable holds, part of which is not known', () => {
  test('is followed to the name of its file', () => {
    const run = `RUN set -e; case "$(uname -m)" in x86_64) a=amd64 ;; *) a=arm64 ;; esac; u="https://x.org/$a/tool"; wget "$u"; echo "${SUM}  tool" | sha256sum -c`;
    expect(downloads(run)).toEqual(['wget: sha256sum -c']);
    const exported = run.replace('u=', 'export u=');
    expect(downloads(exported)).toEqual(['wget: sha256sum -c']);
  });

  test('what a command prints has no name', () => {
    const run = `RUN set -e; u="https://x.org/$(uname -m)"; wget "$u"; echo "${SUM}  tool" | sha256sum -c`;
    expect(downloads(run)).toEqual(['wget: nothing']);
  });
});

describe('a file that a pipe leads to', () => {
  const get = 'curl -fsSL https://example.com/f.gz';
  const check = `echo "${SUM}  /bin/f" | sha256sum -c -`;
  test.each([
    ['unpacked', `RUN ${get} | gunzip > /bin/f && ${check}`],
    ['through two', `RUN ${get} | base64 -d | zcat > /bin/f && ${check}`],
    ['tee', `RUN ${get} | tee /bin/f > /dev/null && ${check}`],
  ])('ok-%s', (_name, run) => {
    expect(downloads(run)).toEqual(VERIFIED);
  });

  test.each([
    ['another file', `RUN ${get} | gunzip > /bin/g && ${check}`, 'nothing'],
    ['unpacked as an archive', `RUN ${get} | tar xz -C /bin && ${check}`, 'nothing'],
    ['run as well', `RUN ${get} | tee /bin/f | sh && ${check}`, 'shell'],
  ])('%s', (_name, run, found) => {
    expect(downloads(run)).toEqual([`curl: ${found}`]);
  });
});

describe('a sum that was made from the file itself', () => {
  test.each([
    [`RUN ${GET} && sha256sum f.tgz > f.sum && sha256sum -c f.sum`, 'sha256sum -c'],
    [`RUN ${GET} && test "$(sha256sum f.tgz)" = "$(sha256sum f.tgz)"`, 'sha256sum compared'],
  ])('%s', (run, method) => {
    expect(downloads(run)).toEqual([
      `curl: not by ${method}, the sum was made from the file itself`,
    ]);
  });

  test('ok-another file to compare with', () => {
    expect(
      downloads(
        `COPY known.tgz /k/\nRUN ${GET} && test "$(sha256sum < f.tgz)" = "$(sha256sum < /k/known.tgz)"`,
      ),
    ).toEqual(['curl: sha256sum compared']);
  });
});

describe('a commit that is left again', () => {
  const clone = `git clone https://example.com/r && cd r && git checkout ${COMMIT}`;
  test.each(['git pull', 'git checkout main', 'git switch main', 'git merge origin/main'])(
    '%s',
    (command) => {
      expect(downloads(`RUN ${clone} && ${command}`)).toEqual(['git: nothing']);
    },
  );
  test.each([
    'git checkout -b own',
    'git checkout -- f',
    'git reset --hard',
    'git status',
    'git checkout .',
  ])('ok-%s', (command) => {
    expect(downloads(`RUN ${clone} && ${command}`)).toEqual(['git: commit']);
  });
});
