import { describe, expect, test } from 'vitest';
import { analysisOf } from './support.ts';

const SUM = 'a'.repeat(64);
const GET = 'curl -fsSLO https://example.com/f.tgz';
const CHECK = `echo "${SUM}  f.tgz" | sha256sum -c -`;

function isVerified(run: string): boolean {
  const { downloads, unread } = analysisOf(`FROM x\n${run}`);
  return unread.length === 0 && downloads.every(({ verifiedBy }) => verifiedBy !== undefined);
}

describe('a check whose failure does not always end the RUN verifies nothing', () => {
  test.each([
    `RUN set -e; ${GET}; ! ${CHECK}; tar xf f.tgz`,
    `RUN ${GET} && ! ${CHECK} || exit 1; tar xf f.tgz`,
    `RUN ${GET} && { ! ${CHECK}; } && tar xf f.tgz`,
    `RUN set -e\nSHELL ["/bin/sh", "-c", "eval \\"$0\\"; true"]\nRUN ${GET} && ${CHECK}`,
    `SHELL ["/bin/bash", "-n", "-c"]\nRUN ${GET} && ${CHECK}`,
    `SHELL ["/opt/x/bash", "-c"]\nRUN ${GET} && ${CHECK}`,
    `RUN trap 'exit 0' EXIT; set -e; ${GET}; ${CHECK}`,
    `RUN f() { exit 0; }; trap f EXIT; set -e; ${GET}; ${CHECK}`,
    `RUN <<E\nalias sha256sum=true\nset -e\n${GET}\n${CHECK}\nE`,
    `RUN hash -p /bin/true sha256sum; set -e; ${GET}; ${CHECK}`,
    `RUN sha256sum() { true; }; set -e; ${GET}; ${CHECK}`,
    `RUN set -e; set +e; ${GET}; ${CHECK}; true`,
    `RUN set -e; f() { set +e; }; f; ${GET}; ${CHECK}; true`,
    `RUN set -e; eval 'set +e'; ${GET}; ${CHECK}; true`,
    `RUN set -e; ${GET}; exit 0; ${CHECK}`,
    `RUN set -e; ${GET}; if [ -n "$X" ]; then exit 0; fi; ${CHECK}`,
    `RUN set -e; ${GET}; exec true; ${CHECK}`,
    `RUN set -e; f() { ${GET}; return 0; ${CHECK}; }; f; tar xf f.tgz`,
    `RUN set -e; ${GET}; for i in 1; do break; ${CHECK}; done; tar xf f.tgz`,
    `RUN set -e; ${GET}; for i in $X; do ${CHECK}; done; tar xf f.tgz`,
    `RUN set -e; ${GET}; case "$X" in a) ${CHECK} ;; esac; tar xf f.tgz`,
    `RUN set -e; ${GET}; grep -q a b && ${CHECK}; tar xf f.tgz`,
    `RUN set -e; ${GET}; test -f ok || ${CHECK}; tar xf f.tgz`,
    `RUN ${GET} && ${CHECK} || { [ -n "$X" ] && exit 1; true; }; tar xf f.tgz`,
    `RUN ${GET}; ${CHECK} || { exit 0; exit 1; }`,
    `RUN ${GET}; ${CHECK} || exit 256`,
    `RUN ${GET}; ${CHECK} || exit $CODE`,
    `RUN ${GET}; ${CHECK} || { echo bad; exit; }`,
    `RUN ${GET}; ${CHECK} || exit 1 & tar xf f.tgz`,
    `RUN ${GET}; ${CHECK} || return 1; tar xf f.tgz`,
    `RUN exit() { true; }; ${GET}; ${CHECK} || exit 1; tar xf f.tgz`,
    `RUN set -e; ${GET}; x=$(${CHECK}; echo); tar xf f.tgz`,
    `RUN set -e; ${GET}; ${CHECK} &> /dev/null; tar xf f.tgz`,
    `RUN set -e; ${GET}; (${CHECK}) & tar xf f.tgz`,
    `COPY fake /usr/bin/sha256sum\nRUN ${GET} && ${CHECK}`,
    `COPY sha256sum /usr/local/bin/\nRUN ${GET} && ${CHECK}`,
    `RUN ln -sf /bin/true /usr/bin/sha256sum\nRUN ${GET} && ${CHECK}`,
    `RUN printf x > /usr/local/bin/sha256sum; ${GET} && ${CHECK}`,
    `ENV PATH=/evil\nRUN ${GET} && ${CHECK}`,
    `RUN PATH=/evil; ${GET} && ${CHECK}`,
    `RUN command_not_found_handle() { true; }; ${GET} && ${CHECK}`,
    `RUN set -e; ${GET}; test "$(sha256sum f.tgz)" = "${SUM}  f.tgz" -o 1 = 1`,
    `SHELL ["/bin/bash", "-ec"]\nRUN ${GET}; [[ "$(sha256sum f.tgz)" == "${SUM}  f.tgz" || 1 == 1 ]]`,
    `ARG SUM\nADD --checksum=$SUM https://x.org/f /f`,
    `ENV SUM=\nADD --checksum=$SUM https://x.org/f /f`,
    `RUN curl -O https://x.org/f -O https://x.org/f.asc && gpg --recv-keys DEADBEEF && gpg --verify f.asc f`,
  ])('%s', (run) => {
    expect(isVerified(run)).toBe(false);
  });

  test.each([
    `RUN ${GET}; ${CHECK} || exit`,
    `RUN ${GET}; ${CHECK} || exit $?`,
    `RUN ${GET}; ${CHECK} || { echo bad >&2; exit 1; }; tar xf f.tgz`,
    `RUN die() { echo "$1"; exit 1; }; ${GET}; ${CHECK} || die bad; tar xf f.tgz`,
    `RUN ${GET}; if ! ${CHECK}; then exit 1; fi; tar xf f.tgz`,
    `RUN ${GET}; ! ${CHECK} && exit 1; tar xf f.tgz`,
    `RUN trap 'rm -f x' EXIT; set -e; ${GET}; ${CHECK}`,
    `RUN set -e; [ -n "$X" ] || exit 1; ${GET}; ${CHECK}; tar xf f.tgz`,
    `RUN set -e; if [ -z "$X" ]; then exit 0; fi; ${GET}; ${CHECK}`,
    `RUN set -e; ${GET}; for s in a b; do ${CHECK}; done; tar xf f.tgz`,
    `SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN ${GET} && ${CHECK}`,
    `SHELL ["/bin/bash", "-xeuo", "pipefail", "-c"]\nRUN ${GET}; ${CHECK} &> /dev/null; true`,
    `RUN set -e; f() { ${GET}; ${CHECK}; }; f; tar xf f.tgz`,
    `RUN ln -s /bin/busybox /usr/bin/sha256sum\nRUN ${GET} && ${CHECK}`,
    `ENV PATH=/opt/x/bin:/usr/bin:/bin\nRUN ${GET} && ${CHECK}`,
    `ARG SUM=sha256:${SUM}\nADD --checksum=$SUM https://x.org/f /f`,
    `SHELL ["/bin/bash", "-ec"]\nRUN ${GET}; [[ "$(sha256sum f.tgz)" == "${SUM}  f.tgz" ]]`,
  ])('ok-%s', (run) => {
    expect(isVerified(run)).toBe(true);
  });
});
