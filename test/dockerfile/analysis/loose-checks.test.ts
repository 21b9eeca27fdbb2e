import { describe, expect, test } from 'vitest';
import { downloads } from './support.ts';

const SUM = 'a'.repeat(64);
const COMMIT = 'b'.repeat(40);
const GET = 'RUN curl -fo f https://x.org/f';

describe('checks that nothing fails', () => {
  test.each([
    [
      'a sum of the file in its own list',
      `${GET} && echo "$(sha256sum f | cut -d' ' -f1)  f" | sha256sum -c`,
      'curl: not by sha256sum -c, the sum was made from the file itself',
    ],
    ['a part of a sum', `${GET} && sha256sum f | grep aaaa`, 'curl: nothing'],
    ['anything', `${GET} && sha256sum f | grep .`, 'curl: nothing'],
    // Any line has the empty text in it.
    ['a sum that is not set', `ARG SUM\n${GET} && sha256sum f | grep -q "$SUM"`, 'curl: nothing'],
    ['the sum is not this', `${GET} && sha256sum f | grep -v ${SUM}`, 'curl: nothing'],
    [
      "anybody's signature",
      `${GET} && cosign verify-blob --certificate-identity-regexp '.*' --certificate-oidc-issuer-regexp '.*' --bundle f.b f`,
      'curl: nothing',
    ],
    [
      "anybody's signature, anchored",
      `${GET} && cosign verify-blob --certificate-identity-regexp='^https://.*$' --bundle f.b f`,
      'curl: nothing',
    ],
    [
      'another repository',
      `RUN git clone https://x.org/r /r && git clone https://x.org/s /s && test "$(git -C /s rev-parse HEAD)" = ${COMMIT}`,
      'git: nothing',
    ],
    [
      'a short commit',
      'RUN git clone https://x.org/r r && test "$(git -C r rev-parse HEAD)" = bbbbbbb',
      'git: nothing',
    ],
    [
      'a comparison that cannot stop',
      `RUN git clone https://x.org/r r; test "$(git -C r rev-parse HEAD)" = ${COMMIT}; make`,
      'git: nothing',
    ],
    [
      'a difference',
      `RUN git clone https://x.org/r r && test "$(git -C r rev-parse HEAD)" != ${COMMIT}`,
      'git: nothing',
    ],
  ])('%s', (_name, run, found) => {
    expect(downloads(run)[0]).toBe(found);
  });

  test.each([
    ['a whole sum', `${GET} && sha256sum f | grep -qx "${SUM}  f"`, 'curl: sha256sum | grep'],
    [
      'a sum in a variable',
      `ARG SUM\n${GET} && sha256sum f | grep -qx "$SUM  f"`,
      'curl: sha256sum | grep',
    ],
    [
      'an identity',
      `${GET} && cosign verify-blob --certificate-identity-regexp '^https://github.com/a/b/' --bundle f.b f`,
      'curl: cosign verify-blob',
    ],
    [
      'the commit at hand',
      `RUN git clone https://x.org/r r && test "$(git -C r rev-parse HEAD)" = ${COMMIT}`,
      'git: commit',
    ],
    [
      'the commit, by grep',
      `RUN git clone https://x.org/r r && git -C r rev-parse HEAD | grep -q ^${COMMIT}$`,
      'git: commit',
    ],
    ['a changeset', `RUN hg clone -r ${COMMIT} https://x.org/r`, 'git: commit'],
    [
      'a changeset, later',
      `RUN hg clone https://x.org/r r && hg -R r update -r ${COMMIT}`,
      'git: commit',
    ],
  ])('ok-%s', (_name, run, found) => {
    expect(downloads(run)).toEqual([found]);
  });
});

const FPR = 'A1'.repeat(20);
const CLONE = 'RUN git clone https://x.org/r r && cd r';

describe('checks that say nothing of what is used', () => {
  test.each([
    ['what HEAD must not be', `${CLONE} && git rev-parse HEAD | grep -qv ${COMMIT}`],
    [
      'what HEAD must not be, in full',
      `${CLONE} && git rev-parse HEAD | grep --invert-match ${COMMIT}`,
    ],
    ['a commit that is fetched and not checked out', `${CLONE} && git fetch origin ${COMMIT}`],
    ['a commit of one file', `${CLONE} && git checkout ${COMMIT} -- f`],
    ['a signed tag that is left', `${CLONE} && git verify-tag v1 && git checkout main`],
  ])('%s', (_name, run) => {
    expect(downloads(run)).toEqual(['git: nothing']);
  });

  test.each([
    [
      'a commit that is fetched, then checked out',
      `${CLONE} && git fetch origin ${COMMIT} && git checkout FETCH_HEAD`,
      'commit',
    ],
    ['a signed tag', `${CLONE} && git verify-tag v1 && git checkout tags/v1`, 'git signature'],
    ['a tag by -v', `${CLONE} && git tag -v v1 && git checkout v1`, 'git signature'],
  ])('ok-%s', (_name, run, found) => {
    expect(downloads(run)).toEqual([`git: ${found}`]);
  });

  test('a key that must not be there', () => {
    const run = `RUN curl -o k https://x.org/k && gpg --show-keys k`;
    expect(downloads(`${run} | grep -v ${FPR}`)).toEqual(['curl: nothing']);
  });

  test('ok-a key that was unpacked on its way', () => {
    const run = `RUN curl https://x.org/k | gpg --dearmor -o /k.gpg && gpg --show-keys /k.gpg | grep ${FPR}`;
    expect(downloads(run)[0]).toContain('curl: fingerprint looked for');
  });

  test('a list that tee made of the file itself', () => {
    const run = 'RUN curl -O https://x.org/f && sha256sum f | tee f.sum && sha256sum -c f.sum';
    expect(downloads(run)).toEqual([
      'curl: not by sha256sum -c, the sum was made from the file itself',
    ]);
  });

  test('a script’s second file', () => {
    const run = `RUN python -c "urlretrieve('https://x.org/f', 'f'); urlretrieve('https://x.org/g', 'g')" && echo "${SUM}  f" | sha256sum -c`;
    expect(downloads(run)).toEqual(['other: sha256sum -c', 'other: nothing']);
  });
});

describe('a path that a second download takes', () => {
  const second = `curl -fo /tmp/x https://y.org/g && echo "${SUM}  /tmp/x" | sha256sum -c`;
  test.each(['mv', 'cp'])('after %s', (program) => {
    const run = `RUN curl -fo /tmp/x https://x.org/f && ${program} /tmp/x /opt/a && ${second}`;
    expect(downloads(run)).toEqual(['curl: nothing', 'curl: sha256sum -c']);
  });

  test.each([
    [
      'a mirror',
      `RUN (curl -fo /tmp/x https://x.org/f || curl -fo /tmp/x https://y.org/g) && echo "${SUM}  /tmp/x" | sha256sum -c`,
    ],
    ['what nobody used', `RUN curl -fo /tmp/x https://x.org/f; ${second}`],
    [
      'what is checked where it went',
      `RUN curl -fo /tmp/x https://x.org/f && mv /tmp/x /a && ${second} && echo "${SUM}  /a" | sha256sum -c`,
    ],
  ])('ok-%s', (_name, run) => {
    expect(downloads(run)).toEqual(['curl: sha256sum -c', 'curl: sha256sum -c']);
  });
});

describe('programs that only start another', () => {
  test.each([
    'setpriv --reuid 1000 --clear-groups',
    'chroot /mnt',
    'flock -w 5 /lock',
    'unshare -r',
    'strace -f -o log',
    'fakeroot',
    'torsocks',
    'proxychains4 -q',
    'chronic',
    'taskset 0x1',
    'tini --',
    'xvfb-run -a',
  ])('%s', (wrapper) => {
    expect(downloads(`RUN ${wrapper} curl -O https://x.org/f`)).toEqual(['curl: nothing']);
  });

  test('git archive of another machine', () => {
    expect(downloads('RUN git archive --remote=ssh://x.org/r HEAD | tar x')).toEqual([
      'git: nothing',
    ]);
  });
});
