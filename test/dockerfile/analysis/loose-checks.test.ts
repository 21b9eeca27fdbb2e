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
      `ARG SUM\n${GET} && sha256sum f | grep -q "$SUM"`,
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
