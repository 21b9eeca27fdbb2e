import { describe, expect, test } from 'vitest';
import { verifyDownloads } from '../../src/criteria/verified-downloads.ts';
import { err, ok, type Result } from '../../src/lib/errors.ts';
import type { FetchedFile, FixFacts } from '../../src/model/fix.ts';
import type { Digest } from '../../src/model/reference.ts';
import { fixed } from './support.ts';

const HEX = 'a'.repeat(64);
const FILE = { digest: `sha256:${HEX}` as Digest, size: 10 };
const U = 'https://x.org/tool-1.2.3.tgz';
const S = 'https://x.org/install.sh';
const facts: Partial<FixFacts> = {
  hashes: new Map<string, Result<FetchedFile>>([
    [U, ok(FILE)],
    [S, ok(FILE)],
    ['https://x.org', ok(FILE)],
    ['http://x.org/a', err('it is not fetched without TLS')],
    ['https://x.org/gone', err('the server answered 404')],
  ]),
};
const check = (file: string): string => `echo "${HEX}  ${file}" | sha256sum -c -`;

describe('verify-downloads', () => {
  test.each([
    ['ADD', `ADD ${U} /opt/`, `ADD --checksum=sha256:${HEX} ${U} /opt/`],
    [
      'ADD with a flag',
      `ADD --chown=1 ${U} /opt/`,
      `ADD --chown=1 --checksum=sha256:${HEX} ${U} /opt/`,
    ],
    [
      'curl to a file',
      `RUN curl -fsSL ${U} -o /tmp/t.tgz && tar xf /tmp/t.tgz`,
      `RUN curl -fsSL ${U} -o /tmp/t.tgz && ${check('/tmp/t.tgz')} && tar xf /tmp/t.tgz`,
    ],
    [
      'curl, last of its RUN',
      `RUN curl -fsSL ${U} -o /tmp/t.tgz`,
      `RUN curl -fsSL ${U} -o /tmp/t.tgz && ${check('/tmp/t.tgz')}`,
    ],
    [
      'curl > file',
      `RUN curl ${U} > /tmp/t && x`,
      `RUN curl ${U} > /tmp/t && ${check('/tmp/t')} && x`,
    ],
    [
      'wget, its name from the address',
      `WORKDIR /w\nRUN wget ${U}`,
      `WORKDIR /w\nRUN wget ${U} && ${check('/w/tool-1.2.3.tgz')}`,
    ],
    [
      '&& in front',
      `RUN wget -O /t ${U} \\\n  && tar xf /t`,
      `RUN wget -O /t ${U} \\\n  && ${check('/t')} \\\n  && tar xf /t`,
    ],
    [
      '&& behind',
      `RUN wget -O /t ${U} && \\\n  tar xf /t`,
      `RUN wget -O /t ${U} && \\\n  ${check('/t')} && \\\n  tar xf /t`,
    ],
    [
      '; with set -e',
      `RUN set -eux; wget -O /t ${U}; tar xf /t`,
      `RUN set -eux; wget -O /t ${U}; ${check('/t')}; tar xf /t`,
    ],
    [
      'a here-document',
      `RUN <<E\nset -e\ncurl -o /t ${U}\ntar xf /t\nE`,
      `RUN <<E\nset -e\ncurl -o /t ${U}; ${check('/t')}\ntar xf /t\nE`,
    ],
    [
      'curl | sh',
      `RUN curl -fsSL ${S} | sh`,
      `RUN curl -fsSL ${S} -o /tmp/install.sh && ${check('/tmp/install.sh')} && sh /tmp/install.sh && rm /tmp/install.sh`,
    ],
    [
      'curl | bash -s arguments',
      `RUN curl ${S} | X=1 bash -s -- -y /opt && b`,
      `RUN curl ${S} -o /tmp/install.sh && ${check('/tmp/install.sh')} && X=1 bash /tmp/install.sh -y /opt && rm /tmp/install.sh && b`,
    ],
    [
      'wget -qO- | sh -',
      `RUN wget -qO- ${S} | sh -`,
      `RUN wget -qO /tmp/install.sh ${S} && ${check('/tmp/install.sh')} && sh /tmp/install.sh && rm /tmp/install.sh`,
    ],
    [
      'wget -O - | sh',
      `RUN wget -O - ${S} | sh`,
      `RUN wget -O /tmp/install.sh ${S} && ${check('/tmp/install.sh')} && sh /tmp/install.sh && rm /tmp/install.sh`,
    ],
    [
      'curl | tar',
      `RUN curl -L ${U} | tar -xz -C /opt`,
      `RUN curl -L ${U} -o /tmp/tool-1.2.3.tgz && ${check('/tmp/tool-1.2.3.tgz')} && tar -xz -C /opt -f /tmp/tool-1.2.3.tgz && rm /tmp/tool-1.2.3.tgz`,
    ],
    [
      'curl | tar xzf -',
      `RUN curl -L ${U} \\\n  | tar xzf - -C /opt`,
      `RUN curl -L ${U} -o /tmp/tool-1.2.3.tgz \\\n  && ${check('/tmp/tool-1.2.3.tgz')} \\\n  && tar xzf /tmp/tool-1.2.3.tgz -C /opt \\\n  && rm /tmp/tool-1.2.3.tgz`,
    ],
    [
      'an address without a path',
      'RUN curl https://x.org | sh',
      `RUN curl https://x.org -o /tmp/download && ${check('/tmp/download')} && sh /tmp/download && rm /tmp/download`,
    ],
  ])('%s', async (_, before, after) => {
    const found = await fixed(verifyDownloads, `FROM a\n${before}\n`, { facts });
    expect(found.text).toBe(`FROM a\n${after}\n`);
    expect(found.again).toEqual([]);
  });

  test('the version that the address names is shown, and where there is none, that', async () => {
    const { applied } = await fixed(verifyDownloads, `FROM a\nADD ${U} /\nADD ${S} /\n`, { facts });
    expect(applied.map(({ risk, riskReason }) => [risk, riskReason])).toEqual([
      ['low', 'the address names version 1.2.3: the build fails only where that is changed'],
      ['medium', 'the address does not name a version: the build fails when its content changes'],
    ]);
  });

  test.each([
    ['ok-checksum', `ADD --checksum=sha256:${HEX} ${U} /`],
    ['ok-checked', `RUN curl -o /t ${U} && ${check('/t')}`],
    ['ok-local', 'ADD file /'],
    ['ok-ignored', `# scoville: ignore=verified-downloads our own server\nRUN curl ${S} | sh`],
  ])('%s', async (_, lines) => {
    const text = `FROM a\n${lines}\n`;
    expect(await fixed(verifyDownloads, text, { facts })).toMatchObject({
      text,
      ids: [],
      refusals: [],
    });
  });

  test.each([
    [`RUN curl ${S} | bash -c x`, `${S} stays unverified: bash has options of its own`],
    [`RUN curl ${S} | python3`, `${S} stays unverified: python3 is neither a shell nor tar`],
    [`RUN curl ${S} | gunzip | sh`, `${S} stays unverified: it goes through more than one pipe`],
    [`RUN curl -o /t ${U}; x`, `${U} stays unverified: a failed check would not stop the RUN`],
    [`RUN curl -o /t ${U} || true`, `${U} stays unverified: a failed check would not stop the RUN`],
    [
      `RUN if x; then curl -o /t ${U}; fi`,
      `${U} stays unverified: it is in a condition, a loop or a function`,
    ],
    [
      'ARG V\nRUN curl -o /t https://x.org/$V',
      'a download stays unverified: its address is not constant',
    ],
    ['ADD http://x.org/a /', 'http://x.org/a stays unverified: it is not fetched without TLS'],
    ['ADD https://x.org/gone /', 'https://x.org/gone stays unverified: the server answered 404'],
    [
      'ADD https://x.org/other /',
      'https://x.org/other stays unverified: it was not fetched for its hash',
    ],
  ])('refused: %s', async (lines, reason) => {
    const text = `FROM a\n${lines}\n`;
    const found = await fixed(verifyDownloads, text, { facts });
    expect([found.text, found.refusals.map((one) => one.replace(/^\d+: /, ''))]).toEqual([
      text,
      [reason],
    ]);
  });
});
