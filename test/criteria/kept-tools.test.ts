import { describe, expect, test } from 'vitest';
import { linted } from '../lint/lint-support.ts';

const APT = 'apt-get install -y gcc make';

/** The packages that the rule says stay in the image. */
function staying(run: string): readonly string[] {
  return linted(`FROM x\nRUN ${run}\n`)
    .findings.filter(({ rule }) => rule === 'no-build-tooling')
    .map(({ message }) => message.split(' ')[0] ?? '');
}

describe('build tools that the same RUN takes out again', () => {
  test.each([
    `${APT} && x && apt-get purge -y --auto-remove gcc make`,
    `${APT} && x && apt-get remove -y gcc make`,
    `${APT} && x && apt-get autoremove -y gcc make`,
    `${APT} && x && dpkg -P gcc make`,
    `${APT} && x && apt-get purge -y 'gcc*' 'mak*'`,
    'apt-get install -y gcc=4:12 && x && apt-get purge -y gcc',
    `${APT} && apt-mark auto gcc make && apt-get purge -y --auto-remove`,
    `${APT} && apt-mark auto '.*' > /dev/null && apt-get autoremove -y`,
    'tools="gcc make" && apt-get install -y $tools && x && apt-get purge -y $tools',
    'apk add --no-cache --virtual .b gcc && x && apk del .b',
    'apk add -t .b gcc make && x && apk del --no-network .b',
    'apk add gcc && x && apk del gcc',
    'dnf install -y gcc && x && dnf remove -y gcc',
    'sudo yum install -y gcc && x && sudo yum erase -y gcc',
  ])('%s', (run) => {
    expect(staying(run)).toEqual([]);
  });

  test.each([
    [`${APT} && apt-get purge -y --auto-remove curl`, ['gcc', 'make']],
    [`${APT} && apt-get purge -y gcc`, ['make']],
    [`${APT} && apt-get autoremove -y`, ['gcc', 'make']],
    [`${APT} && apt-mark auto curl && apt-get autoremove -y`, ['gcc', 'make']],
    [`apt-get purge -y gcc make; ${APT}`, ['gcc', 'make']],
    [`${APT}\nRUN apt-get purge -y gcc make`, ['gcc', 'make']],
    ['apk add -t .b gcc && apk del .c', ['gcc']],
    ['apk add gcc && apt-get purge -y gcc', ['gcc']],
    ['dnf install -y gcc && dnf autoremove -y', ['gcc']],
  ])('not %s', (run, names) => {
    expect(staying(run)).toEqual(names);
  });
});
