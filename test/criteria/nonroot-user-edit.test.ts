import { describe, expect, test } from 'vitest';
import { nonrootEdit } from '../../src/criteria/nonroot-user.ts';
import { withBase, WITHOUT_BASE } from './bases.ts';
import { type Around, fixed } from './support.ts';

describe('nonroot-user', () => {
  test.each([
    ['nothing but FROM', 'FROM a', 'FROM a\nUSER 65532:65532', withBase()],
    [
      'behind a last line that nothing continues',
      'FROM a\r\nRUN y \\',
      'FROM a\r\nRUN y\r\nUSER 65532:65532',
      withBase(),
    ],
    [
      'behind a here-document',
      'FROM a\nRUN <<E\ny \\\nE\n',
      'FROM a\nRUN <<E\ny \\\nE\nUSER 65532:65532\n',
      withBase(),
    ],
    [
      'behind what needs root, before CMD',
      'FROM a\nCOPY x /x\nRUN y\nEXPOSE 80\nCMD ["z"]\n',
      'FROM a\nCOPY x /x\nRUN y\nUSER 65532:65532\nEXPOSE 80\nCMD ["z"]\n',
      withBase(),
    ],
    [
      'the base’s own user',
      'FROM a\nRUN y\n',
      'FROM a\nRUN y\nUSER 1000:1000\n',
      withBase({ passwd: { root: 0, node: 1000, nobody: 65534 } }),
    ],
    [
      'the user that the base starts as',
      'FROM a\nUSER root\nRUN y\n',
      'FROM a\nUSER root\nRUN y\nUSER 472:0\n',
      withBase({ user: 'app:0', passwd: { root: 0, app: 472, node: 1000 } }),
    ],
    [
      'folders of a server that a script starts',
      'FROM a\nCOPY run.sh /\nCMD ["/run.sh"]\n',
      'FROM a\nCOPY run.sh /\nRUN mkdir -p /var/run/apache2 /var/lock/apache2 /var/log/apache2 && chown -R 65532:65532 /var/run/apache2 /var/lock/apache2 /var/log/apache2\nUSER 65532:65532\nCMD ["/run.sh"]\n',
      {
        ...withBase(),
        files: { 'run.sh': '#!/bin/sh\n. /etc/apache2/envvars\napache2 -D FOREGROUND\n' },
      },
    ],
    [
      'two users of people: neither',
      'FROM a\nRUN y\n',
      'FROM a\nRUN y\nUSER 65532:65532\n',
      withBase({ passwd: { a: 1000, b: 1001 } }),
    ],
    [
      'the working directory',
      'FROM a\r\nWORKDIR /app\r\nCOPY . .\r\nCMD ["z"]\r\n',
      'FROM a\r\nWORKDIR /app\r\nCOPY . .\r\nRUN mkdir -p /app && chown 65532:65532 /app\r\nUSER 65532:65532\r\nCMD ["z"]\r\n',
      withBase(),
    ],
    [
      'volumes and folders of its own',
      'FROM a\nRUN mkdir -p /data/x /etc/y\nVOLUME ["/var/lib/z"]\n',
      'FROM a\nRUN mkdir -p /data/x /etc/y\nRUN mkdir -p /data/x /var/lib/z && chown -R 65532:65532 /data/x /var/lib/z\nUSER 65532:65532\nVOLUME ["/var/lib/z"]\n',
      withBase(),
    ],
    [
      'USER root',
      'FROM a\nUSER root\nCMD ["z"]\n',
      'FROM a\nUSER 65532:65532\nCMD ["z"]\n',
      withBase(),
    ],
    [
      'USER root with work behind it',
      'FROM a\nUSER 0:0\nRUN y\nCMD ["z"]\n',
      'FROM a\nUSER 0:0\nRUN y\nUSER 65532:65532\nCMD ["z"]\n',
      withBase(),
    ],
    [
      'no shell: the working directory stays',
      'FROM a\nWORKDIR /app\nCOPY x .\n',
      'FROM a\nWORKDIR /app\nCOPY x .\nUSER 65532:65532\n',
      withBase({ has: () => false }),
    ],
    [
      'scratch',
      'FROM scratch\nCOPY x /x\nCMD ["/x"]\n',
      'FROM scratch\nCOPY x /x\nUSER 65532:65532\nCMD ["/x"]\n',
      {},
    ],
    [
      'the last stage',
      'FROM a AS b\nRUN x\nFROM a\nCOPY --from=b /x /x\n',
      'FROM a AS b\nRUN x\nFROM a\nCOPY --from=b /x /x\nUSER 65532:65532\n',
      withBase(),
    ],
    [
      'a stage on a stage',
      'FROM a AS b\nRUN x\nFROM b\n',
      'FROM a AS b\nRUN x\nFROM b\nUSER 65532:65532\n',
      withBase(),
    ],
  ])('%s', async (_, before, after, more) => {
    expect(await fixed(nonrootEdit, before, more)).toMatchObject({
      text: after,
      refusals: [],
      again: [],
    });
  });

  test('a known server: its folders, and its port pointed out', async () => {
    const found = await fixed(
      nonrootEdit,
      'FROM a\nEXPOSE 80 8080/tcp\nCMD ["nginx", "-g", "daemon off;"]\n',
      withBase(),
    );
    expect(found.text).toContain(
      'chown -R 65532:65532 /var/cache/nginx /var/lib/nginx /var/log/nginx /run\nUSER',
    );
    expect(found.applied[0]).toMatchObject({
      risk: 'medium',
      riskReason:
        'it can write to /var/cache/nginx, /var/lib/nginx, /var/log/nginx, /run and /tmp, and nowhere else; port 80 is below 1024: Docker lets everybody listen there, other engines may not',
    });
  });

  test('a database: the user that its entry point becomes', async () => {
    const server = (name: string, passwd: Record<string, number>): Around => {
      const { facts } = withBase({ passwd, entrypoint: ['docker-entrypoint.sh'] });
      const base = facts.bases?.get('docker.io/library/a:latest');
      if (base === undefined) throw new Error('no base');
      return { facts: { bases: new Map([[`docker.io/library/${name}:1`, base]]) } };
    };
    const text = 'FROM postgres:1\nCOPY a.sql /docker-entrypoint-initdb.d/\n';
    const found = await fixed(nonrootEdit, text, server('postgres', { root: 0, postgres: 999 }));
    expect(found.text).toBe(`${text}USER 999\n`);
    expect(found.again).toEqual([]);
    const unknown = async (name: string): Promise<readonly string[]> =>
      (await fixed(nonrootEdit, `FROM ${name}:1\n`, server(name, { root: 0 }))).refusals;
    expect(await unknown('postgres')).toEqual([
      '1: the entry point of postgres may need to start as root',
    ]);
    expect(await unknown('other')).toEqual([
      '1: the entry point of other may need to start as root',
    ]);
    expect(await unknown('node')).toEqual([]);
  });

  test.each([
    ['ok-numeric', 'FROM a\nUSER 1000\n', withBase()],
    ['ok-name', 'FROM a\nUSER node\n', withBase()],
    ['ok-variable', 'FROM a\nARG U\nUSER $U\n', withBase()],
    ['ok-base', 'FROM a\nRUN x\n', withBase({ user: '65532' })],
    ['ok-ignored', '# scoville: ignore=nonroot-user the engine maps it\nFROM a\n', withBase()],
  ])('%s', async (_, text, more) => {
    expect(await fixed(nonrootEdit, text, more)).toMatchObject({ text, ids: [], refusals: [] });
  });

  test.each([
    [
      'a base that cannot be had',
      'FROM a\n',
      WITHOUT_BASE,
      '1: the base a could not be read: no such host',
    ],
    ['a base of Windows', 'FROM a\n', withBase({ os: 'windows' }), '1: the base a is of windows'],
    [
      'an entry point that drops root',
      'FROM a\nENTRYPOINT ["/docker-entrypoint.sh"]\n',
      withBase(),
      '1: it may have to start as root: ENTRYPOINT starts /docker-entrypoint.sh, which could not be read',
    ],
    [
      'no shell for a volume',
      'FROM a\nVOLUME /data\n',
      withBase({ has: () => false }),
      '1: the image does not have a shell to change the owner of /data',
    ],
    ['a base of a variable', 'ARG X\nFROM $X\n', {}, '2: the base $X is not known'],
  ])('refused: %s', async (_, text, more, reason) => {
    const found = await fixed(nonrootEdit, text, more);
    expect([found.text, found.refusals]).toEqual([text, [reason]]);
  });
});
