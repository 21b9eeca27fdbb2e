import { describe, expect, test } from 'vitest';
import { analysisOf } from './support.ts';

const SUM = 'a'.repeat(64);
const GET = 'curl -fsSLO https://example.com/f.tgz';
const CHECK = `echo "${SUM}  f.tgz" | sha256sum -c -`;
const CHECKED = `RUN ${GET} && ${CHECK}`;

/** What of a Dockerfile was not read, and whether all that it downloads is verified. */
function read(
  text: string,
  files?: Readonly<Record<string, string>>,
): { readonly unread: readonly (string | undefined)[]; readonly isVerified: boolean } {
  const { downloads, unread } = analysisOf(`FROM x AS first\n${text}`, {}, files);
  return {
    unread: unread.map(({ program }) => program),
    isVerified: downloads.every(({ verifiedBy }) => verifiedBy !== undefined),
  };
}

describe('a program in a folder of PATH that the build filled is unknown', () => {
  test.each([
    [`COPY evil/ /evil/\nENV PATH=/evil:$PATH\n${CHECKED}`],
    [`COPY evil /evil\nENV PATH=/evil:$PATH\n${CHECKED}`],
    [`COPY evil/ /evil/\nENV PATH "/evil:\${PATH}"\n${CHECKED}`],
    [`COPY evil/ /evil/\nENV PATH=/evil:$PATH\nENV PATH=/opt/x/bin:$PATH\n${CHECKED}`],
    [`COPY evil/ /evil/\nENV D=/evil\nENV PATH=$D:$PATH\n${CHECKED}`],
    [`COPY evil/ /evil/\nRUN export PATH=/evil:$PATH; ${GET} && ${CHECK}`],
    [`COPY evil/ /evil/\nRUN PATH=/evil:$PATH && ${GET} && ${CHECK}`],
    [`COPY evil/ /evil/\nRUN ${GET} && echo "${SUM}  f.tgz" | PATH=/evil:$PATH sha256sum -c -`],
    [`COPY evil/ /evil/\nRUN ${GET} && echo "${SUM}  f.tgz" | env PATH=/evil:$PATH sha256sum -c -`],
    [
      `COPY evil/ /evil/\nRUN PATH=$(echo /evil):$PATH; ${GET} && ${CHECK}`.replace(
        'COPY evil/ /evil/',
        'COPY evil/sha256sum.x /evil/sha256sum',
      ),
    ],
    [`WORKDIR /w\nCOPY evil/ .\nENV PATH=:$PATH\n${CHECKED}`],
    [`WORKDIR /w\nCOPY evil/ .\nENV PATH=.:$PATH\n${CHECKED}`],
    [`COPY sha256sum /\nENV PATH=.:$PATH\nWORKDIR /\n${CHECKED}`],
    [`WORKDIR /w\nCOPY evil/ e/\nENV PATH=e:$PATH\n${CHECKED}`],
    [`COPY --from=other/image /bin /evil\nENV PATH=/evil:$PATH\n${CHECKED}`],
    [`ADD evil.tar /evil\nENV PATH=/evil:$PATH\n${CHECKED}`],
    [`COPY evil.tar /\nRUN tar -xf evil.tar -C /evil\nENV PATH=/evil:$PATH\n${CHECKED}`],
    [`COPY evil/ /evil/\nENV PATH=/evil:$PATH\nFROM first\n${CHECKED}`],
    [`ENV PATH=/evil:$PATH\nRUN --mount=type=bind,source=evil,target=/evil ${GET} && ${CHECK}`],
    [`COPY evil/ /evil/\nENV PATH=/usr/local/bin:/evil:/usr/bin:/bin\n${CHECKED}`],
  ])('%s', (text) => {
    const { unread } = read(text);
    expect(unread.filter((one) => one?.endsWith('sha256sum'))).toHaveLength(1);
  });

  test('it is told with program, line and folder', () => {
    const { unread } = analysisOf('FROM x\nCOPY evil/ /evil/\nENV PATH=/evil:$PATH\nRUN ls -l');
    expect(unread.map(({ program, range, reason }) => [program, range.startLine, reason])).toEqual([
      ['/evil/ls', 4, '/evil/ls runs, and it may come from the build context, which was not given'],
    ]);
  });

  test('a script in it is followed, and checks nothing', () => {
    const text = `RUN echo exit 0 > /evil/sha256sum\nENV PATH=/evil:$PATH\n${CHECKED}`;
    expect(read(text)).toEqual({ unread: [], isVerified: false });
  });

  test('a link to another program in it checks nothing', () => {
    const text = `RUN ln -s /bin/true /evil/sha256sum\nENV PATH=/evil:$PATH\n${CHECKED}`;
    expect(read(text).isVerified).toBe(false);
  });

  test('a checked download is not what checks', () => {
    expect(
      read(
        `ENV PATH=/evil:$PATH\nRUN curl -o /evil/sha256sum https://example.com/s && echo "${SUM}  /evil/sha256sum" | sha256sum -c -`,
      ).isVerified,
    ).toBe(false);
  });
});

describe('folders of PATH that nothing is known to fill', () => {
  test.each([
    ['ENV PATH=/usr/local/go/bin:$PATH'],
    ['ENV PATH=/root/.local/bin:$PATH'],
    ['RUN python3 -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH'],
    ['WORKDIR /app\nCOPY . .\nENV PATH=/app/node_modules/.bin:$PATH'],
    ['COPY . /app\nENV PATH=/app/.venv/bin:$PATH'],
    ['COPY --from=golang /usr/local/go /usr/local/go\nENV PATH=/usr/local/go/bin:$PATH'],
    ['RUN python3 -m venv /v\nFROM x\nCOPY --from=0 /v /v\nENV PATH=/v/bin:$PATH'],
    ['ADD jdk.tar.gz /opt\nENV PATH=/opt/jdk/bin:$PATH'],
    ['COPY evil/ /evil/\nENV PATH=$PATH:/evil'],
    ['ENV PATH=$HOME/.local/bin:$PATH'],
    ['COPY evil/ /evil/\nENV PATH=/usr/bin:/evil'],
  ])('%s', (text) => {
    const { unread, isVerified } = read(`${text}\n${CHECKED}`);
    expect({ unread: unread.filter((one) => one !== 'python3 -m venv'), isVerified }).toEqual({
      unread: [],
      isVerified: true,
    });
  });

  test('the context at hand tells what is in it', () => {
    const text = `COPY tools /evil\nENV PATH=/evil:$PATH\n${CHECKED}`;
    expect(read(text, { 'tools/run.sh': 'ls' }).unread).toEqual([]);
    expect(read(text, { 'tools/sha256sum': '\u007fELF' }).unread).toEqual(['?ELF']);
  });
});

describe('a program under the name of another', () => {
  const URL = 'https://example.com/x';
  test.each([
    [`RUN cp /usr/bin/curl /bin/ls && ls -O ${URL}`, '/bin/ls'],
    [`RUN mv /usr/bin/curl /bin/ls\nRUN ls -O ${URL}`, '/bin/ls'],
    [`RUN install -m 755 /usr/bin/curl /usr/local/bin/ls\nRUN ls -O ${URL}`, '/usr/local/bin/ls'],
    [`RUN ln -sf curl /bin/cat\nFROM first\nRUN cat -O ${URL}`, '/bin/cat'],
    [`RUN ln -sf curl /bin/true\nRUN ["true", "-O", "${URL}"]`, '/bin/true'],
    [`RUN ln /usr/bin/c?rl /bin/ls && ls -O ${URL}`, '/bin/ls'],
    [`RUN cp /usr/bin/env /bin/ls && ls curl -O ${URL}`, '/bin/ls'],
    [`RUN cp /bin/sh /bin/ls && ls -c 'curl -O ${URL}'`, '/bin/ls'],
    [`RUN cat /usr/bin/curl > /bin/ls && ls -O ${URL}`, '/bin/ls'],
    [`RUN dd if=/usr/bin/curl of=/bin/ls && ls -O ${URL}`, '/bin/ls'],
    [`RUN rsync /usr/bin/curl /bin/ls && ls -O ${URL}`, '/bin/ls'],
    [`RUN update-alternatives --install /bin/ls ls /usr/bin/curl 1 && ls -O ${URL}`, '/bin/ls'],
  ])('%s', (text, program) => {
    expect(read(text).unread).toContain(program);
  });

  test.each([
    ['RUN ln -s /usr/bin/python3 /usr/bin/python && python -c "print(1)"'],
    ['RUN ln -s /usr/bin/nodejs /usr/bin/node && node --version'],
    ['RUN ln -sf /bin/bash /bin/sh && sh -c "ls"'],
    ['RUN ln -sf /bin/busybox /bin/ls && ls -l'],
    ['RUN ln -sf gcc-12 /usr/bin/gcc && ln -sf /usr/bin/clang /usr/bin/cc && cc --version'],
    ['RUN ln -sf /bin/true /sbin/initctl && initctl start'],
    ['RUN ln -s fdfind /usr/bin/fd && ln -sf gawk /usr/bin/awk && awk 1 x'],
  ])('ordinary: %s', (text) => {
    expect(read(text).unread).toEqual([]);
  });
});
