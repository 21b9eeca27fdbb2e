import { describe, expect, test } from 'vitest';
import { cpuMs } from '../../../cpu-time.ts';
import { downloads } from '../support.ts';

const SUM = 'a'.repeat(64);
const COMMIT = 'b'.repeat(40);
const URL = 'https://example.com/f.tgz';
const check = (path: string): string => `RUN echo "${SUM}  ${path}" | sha256sum -c`;
const fetched = (target = '/tmp/f'): string => `FROM x AS get\nRUN curl -fo ${target} ${URL}`;

describe('a file that a later stage checks', () => {
  test.each([
    ['under a new name', `${fetched()}\nFROM y\nCOPY --from=get /tmp/f /opt/g\n${check('/opt/g')}`],
    ['into a folder', `${fetched()}\nFROM y\nCOPY --from=get /tmp/f /opt/\n${check('/opt/f')}`],
    [
      'into a folder that was there',
      `${fetched()}\nFROM y\nCOPY --from=get /tmp/f /usr/bin\n${check('/usr/bin/f')}`,
    ],
    ['by the stage’s number', `${fetched()}\nFROM y\nCOPY --from=0 /tmp/f /g\n${check('/g')}`],
    ['within its folder', `${fetched()}\nFROM y\nCOPY --from=get /tmp /in\n${check('/in/f')}`],
    ['by a pattern', `${fetched()}\nFROM y\nCOPY --from=get /tmp/f* /in/\n${check('/in/f')}`],
    [
      'one of several',
      `${fetched()}\nFROM y\nCOPY --from=get /etc/x /tmp/f /in\n${check('/in/f')}`,
    ],
    [
      'relative to a working directory',
      `${fetched()}\nFROM y\nWORKDIR /w\nCOPY --from=get /tmp/f g\nRUN echo "${SUM}  g" | sha256sum -c`,
    ],
    [
      'from a working directory',
      `FROM x AS get\nWORKDIR /dl\nRUN curl -fO ${URL}\nFROM y\nCOPY --from=get /dl/f.tgz /\n${check('/f.tgz')}`,
    ],
    [
      'through a stage between',
      `${fetched()}\nFROM y AS mid\nCOPY --from=get /tmp/f /m\nFROM z\nCOPY --from=mid /m /g\n${check('/g')}`,
    ],
    [
      'through a stage that builds on it',
      `${fetched()}\nFROM get AS mid\nRUN true\nFROM z\nCOPY --from=mid /tmp/f /g\n${check('/g')}`,
    ],
    [
      'of a mount',
      `${fetched()}\nFROM y\nRUN --mount=from=get,source=/tmp,target=/in echo "${SUM}  /in/f" | sha256sum -c`,
    ],
    [
      'and use afterwards',
      `${fetched()}\nFROM y\nCOPY --from=get /tmp/f /g\n${check('/g')}\nRUN tar xf /g`,
    ],
    [
      'and a later one uses',
      `${fetched()}\nFROM y AS c\nCOPY --from=get /tmp/f /g\n${check('/g')}\nFROM c\nRUN tar xf /g`,
    ],
    [
      'that ADD fetched',
      `FROM x AS get\nADD ${URL} /tmp/f\nFROM y\nCOPY --from=get /tmp/f /g\n${check('/g')}`,
    ],
    ['after mv', `FROM x\nRUN curl -fo /tmp/f ${URL} && mv /tmp/f /opt/g\n${check('/opt/g')}`],
    [
      'after install',
      `FROM x\nRUN curl -fo /tmp/f ${URL} && install -m 755 /tmp/f /opt/\n${check('/opt/f')}`,
    ],
  ])('%s', (_name, file) => {
    expect(downloads(file)[0]).toMatch(/^(?:curl|add): sha256sum -c$/);
  });

  test('by its list, which came along', () => {
    const file = `FROM x AS get\nWORKDIR /dl\nRUN curl -fO ${URL} && curl -fO https://example.com/SHA256SUMS\nFROM y\nCOPY --from=get /dl /in\nRUN cd /in && sha256sum -c SHA256SUMS`;
    expect(downloads(file)).toEqual([
      'curl: sha256sum -c (the checksum comes from the same origin as the file)',
      'curl: used only to verify (sha256sum -c)',
    ]);
  });

  test('by the commit of a repository', () => {
    const file = `FROM x AS get\nRUN git clone https://x.org/r /r\nFROM y\nCOPY --from=get /r /src\nRUN cd /src && git checkout ${COMMIT}`;
    expect(downloads(file)).toEqual(['git: commit']);
  });
});

describe('what is not shown to be that file', () => {
  test.each([
    [
      'another of the same name',
      `${fetched()}\nFROM y\nCOPY --from=get /etc/x /x\nRUN wget https://y.org/f && echo "${SUM}  f" | sha256sum -c`,
      'nothing',
    ],
    [
      'the place where it lay in the other stage',
      `${fetched()}\nFROM y\nCOPY --from=get /tmp/f /g\n${check('/tmp/f')}`,
      'nothing',
    ],
    ['another file', `${fetched()}\nFROM y\nCOPY --from=get /tmp/f /g\n${check('/h')}`, 'nothing'],
    [
      'a file of another stage',
      `${fetched()}\nFROM y AS b\nRUN touch /tmp/f\nFROM z\nCOPY --from=get /etc/x /x\nCOPY --from=b /tmp/f /g\n${check('/g')}`,
      'nothing',
    ],
    [
      'one that its own stage unpacked before',
      `${fetched()}\nRUN tar xf /tmp/f\nFROM y\nCOPY --from=get /tmp/f /g\n${check('/g')}`,
      'not by sha256sum -c, the file is used before',
    ],
    [
      'one that this stage unpacked before',
      `${fetched()}\nFROM y\nCOPY --from=get /tmp/f /g\nRUN tar xf /g\n${check('/g')}`,
      'not by sha256sum -c, the file is used before',
    ],
    [
      'one that a stage beside it uses, which does not wait',
      `${fetched()}\nFROM y AS c\nCOPY --from=get /tmp/f /g\n${check('/g')}\nFROM z AS d\nCOPY --from=get /tmp/f /g\nRUN tar xf /g\nFROM scratch\nCOPY --from=c / /\nCOPY --from=d / /`,
      'not by sha256sum -c, the file is used before',
    ],
    [
      'one whose check cannot stop the build',
      `${fetched()}\nFROM y\nCOPY --from=get /tmp/f /g\n${check('/g')} || true`,
      'not by sha256sum -c',
    ],
    [
      'one that a stage checks which the target does not reach',
      `${fetched()}\nFROM y AS c\nCOPY --from=get /tmp/f /g\n${check('/g')}\nFROM z\nCOPY --from=get /tmp/f /g`,
      'nothing',
    ],
  ])('%s', (_name, file, found) => {
    expect(downloads(file)[0]).toContain(`curl: ${found}`);
  });
});

test('files that are copied on by thousands of copies are followed in no more time than it takes to read them', () => {
  const fetches = Array.from({ length: 290 }, (_, i) => `RUN curl -fo /d/f${i} ${URL}`);
  const words = Array.from({ length: 200 }, (_, i) => `/d/g${i}`).join(' ');
  const copies = Array.from({ length: 300 }, () => `COPY --from=get ${words} /in/`);
  const file = ['FROM x AS get', ...fetches, 'FROM y', ...copies].join('\n');
  expect(cpuMs(() => downloads(file))).toBeLessThan(4000);
});
