import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runContainer } from './containers.ts';
import { bases, own, run } from './harness.ts';
import { rows } from './rows.ts';
import { scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
const folders: string[] = [];
const images: string[] = [];
afterAll(async () => {
  if (images.length > 0) await run('docker', ['rmi', '--force', ...images]);
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

interface Project {
  readonly dockerfile: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly answer: string;
  /** Text that the fixed Dockerfile has. */
  readonly has?: string;
  /** Text that it has with edits of medium risk alone. */
  readonly hasAtMedium?: string;
}

const CHECK = '#!/bin/sh\necho checked\n';
const PROJECTS: Readonly<Record<string, Project>> = {
  'Node.js in shell form': {
    dockerfile: `FROM ${bases.node}\nWORKDIR /app\nCOPY hello.js .\nCMD node hello.js\n`,
    files: { 'hello.js': 'console.log(6 * 7)\n' },
    answer: '42\n',
    has: 'CMD ["node", "hello.js"]',
  },
  'a job that only prints': {
    dockerfile: `FROM ${bases.debian}\nCOPY notes.txt /notes.txt\nCMD ["cat", "/notes.txt"]\n`,
    files: { 'notes.txt': 'hello\n' },
    answer: 'hello\n',
    hasAtMedium: 'USER 65532:65532',
  },
  'a script of the context in shell form': {
    dockerfile: `FROM ${bases.debian}\nCOPY --chmod=755 start.sh /start.sh\nCMD /start.sh --now\n`,
    files: { 'start.sh': '#!/bin/sh\necho "got $1"\n' },
    answer: 'got --now\n',
    has: 'CMD ["/start.sh", "--now"]',
  },
  'an entry point that hands on': {
    dockerfile: `FROM ${bases.debian}\nCOPY --chmod=755 entry.sh /entry.sh\nENTRYPOINT ["/entry.sh"]\nCMD echo second\n`,
    files: { 'entry.sh': '#!/bin/sh\necho first\nexec "$@"\n' },
    answer: 'first\nsecond\n',
    has: 'CMD ["echo", "second"]',
  },
  'a script without a first line of its own': {
    dockerfile: `FROM ${bases.debian}\nCOPY --chmod=755 start.sh /start.sh\nCMD /start.sh\n`,
    files: { 'start.sh': 'echo hello\n' },
    answer: 'hello\n',
    has: 'CMD /start.sh',
  },
  'a script that the base’s shell starts': {
    dockerfile: `FROM ${bases.debian}\nRUN echo make\nCOPY check.sh /check.sh\nENTRYPOINT ["/bin/sh", "/check.sh"]\n`,
    files: { 'check.sh': CHECK },
    answer: 'checked\n',
    has: 'ENTRYPOINT ["/bin/sh", "/check.sh"]',
  },
  'what hands files over as root': {
    dockerfile: `FROM ${bases.debian}\nRUN mkdir /share\nCOPY --chmod=755 run.sh /run.sh\nCMD ["/run.sh"]\n`,
    files: { 'run.sh': '#!/bin/sh\nchown 1000 /share && stat -c %u /share\n' },
    answer: '1000\n',
  },
  CRLF: {
    dockerfile: `FROM ${bases.node}\r\nCOPY hello.js /\r\nCMD node /hello.js\r\n`,
    files: { 'hello.js': 'console.log("hi")\n' },
    answer: 'hi\n',
    has: 'CMD ["node", "/hello.js"]\r\n',
  },
};

async function answerOf(folder: string, tag: string): Promise<string> {
  images.push(tag);
  const built = await run('docker', ['buildx', 'build', '--load', '-t', tag, folder]);
  expect([built.exitCode, built.exitCode === 0 ? '' : built.stderr]).toEqual([0, '']);
  const { exitCode, stdout, stderr } = await runContainer([tag]);
  return exitCode === 0 ? stdout : `exit ${exitCode}: ${stderr}`;
}

describe('images answer the same before and after fix --yes', () => {
  test.each(rows(Object.entries(PROJECTS), (_, at) => at === 0))(
    '%s',
    async (name, { dockerfile, files = {}, answer, has, hasAtMedium }) => {
      const folder = await mkdtemp(join(tmpdir(), 'fix-corpus-'));
      folders.push(folder);
      const file = join(folder, 'Dockerfile');
      await writeFile(file, dockerfile);
      for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
      const tag = `${own('scoville-fix-corpus')}:${name.toLowerCase().replace(/[^a-z]+/g, '-')}`;
      expect(await answerOf(folder, `${tag}-before`)).toBe(answer);
      // Edits of medium risk are made on request alone; here they hold all the same.
      for (const risk of ['low', 'medium']) {
        await writeFile(file, dockerfile);
        await scoville.expect(0, ['fix', '--yes', '--max-risk', risk, folder], { cwd: folder });
        expect(await answerOf(folder, `${tag}-${risk}`)).toBe(answer);
        const { stdout } = await run('cat', [file]);
        if (has !== undefined) expect(stdout).toContain(has);
        if (hasAtMedium !== undefined)
          expect([risk, stdout.includes(hasAtMedium)]).toEqual([risk, risk === 'medium']);
      }
    },
  );
});
