import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bases, output, registry, ROOT, run } from './harness.ts';
import { isWhole } from './rows.ts';
import { until } from './until.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
const folder = folderHere('fix-verify');
const dockerfile = join(folder, 'Dockerfile');

/** A service that answers by way of a shell. */
const SHELL_APP = `const { execSync } = require('child_process');
require('http')
  .createServer((request, response) => {
    let text = 'no shell';
    try { text = execSync('echo hello').toString(); } catch {}
    response.end(text);
  })
  .listen(8080);
process.on('SIGTERM', () => process.exit(0));
`;

interface FixJson {
  readonly edits: readonly { readonly id: string }[];
  readonly verified: {
    readonly builds: number;
    readonly before: { readonly points: number };
    readonly after: {
      readonly points: number;
      readonly smoke: {
        readonly answers: boolean;
        readonly judge: string;
        readonly rights: string;
      };
    };
    readonly takenBack: readonly {
      readonly id: string;
      readonly broke: string;
      readonly reason: string;
    }[];
  };
}

beforeAll(async () => {
  await output('scripts/engine.sh', ['stacks', 'nodejs22-debian13:nonroot']);
  writeFileSync(
    join(folder, '.scoville.yaml'),
    `scanner: none\nfix:\n  distroless: ${registry}/distroless\n`,
  );
  writeFileSync(join(folder, 'server.js'), SHELL_APP);
  writeFileSync(
    dockerfile,
    `FROM ${bases.node}\nWORKDIR /app\nCOPY server.js .\nEXPOSE 8080\nCMD node server.js\n`,
  );
});

async function isGone(container: string): Promise<boolean> {
  const { exitCode, stderr } = await run('docker', ['container', 'inspect', container]);
  return exitCode !== 0 && /no such container/i.test(stderr);
}

describe('fix --verify', () => {
  test.runIf(isWhole)(
    'a final stage without the shell that the program needs is taken back, the other edits stay',
    async () => {
      const asked = join(folder, 'asked');
      const smoke = `echo "$SCOVILLE_CONTAINER" >>${asked}; curl -fsS --max-time 2 "$SCOVILLE_URL" | grep -q hello`;
      const args = [
        ...['fix', '--yes', '--json', '--verify', '--smoke', smoke, '--smoke-timeout', '20'],
      ];
      const { stdout } = await scoville.expect(1, [...args, folder], { cwd: folder });
      const { edits, verified } = JSON.parse(stdout) as FixJson;
      expect(verified.takenBack).toMatchObject([
        {
          id: 'runtime-stage:final',
          broke: 'answer',
          reason: expect.stringContaining('no answer in time') as string,
        },
      ]);
      const ids = edits.map(({ id }) => id);
      expect(ids).not.toContain('runtime-stage:final');
      expect(ids).toContain('exec-form:cmd');
      expect(verified.after.points).toBeGreaterThan(verified.before.points);
      expect(verified.after.smoke).toMatchObject({
        answers: true,
        judge: 'smoke command',
        rights: 'none',
      });
      const text = readFileSync(dockerfile, 'utf8');
      expect(text).toContain('CMD ["node", "server.js"]');
      expect(text).not.toContain('distroless');
      for (const container of new Set(readFileSync(asked, 'utf8').trim().split('\n')))
        expect(await isGone(container)).toBe(true);
    },
  );

  test('an image that does not answer as it is proves nothing, and nothing is written', async () => {
    const before = 'FROM ' + bases.node + '\nCMD ["node", "-e", "process.exit(7)"]\n';
    writeFileSync(dockerfile, before);
    const args = ['fix', '--yes', '--verify', '--smoke', 'false', folder];
    const { stderr } = await scoville.expect(2, args, { cwd: folder });
    expect(stderr).toContain('does not answer as it is');
    expect(stderr).toContain('the container ended with exit code 7');
    expect(readFileSync(dockerfile, 'utf8')).toBe(before);
  });

  test('secrets that come as files are there with a made-up value', async () => {
    const project = folderHere('fix-verify-secrets');
    writeFileSync(
      join(project, '.scoville.yaml'),
      'scanner: none\nsecrets: { files: [/etc/app/token] }\n',
    );
    writeFileSync(
      join(project, 'Dockerfile'),
      `FROM ${bases.busybox}\nENV DB_PASSWORD_FILE=/run/secrets/db\nCMD cat /run/secrets/db /etc/app/token && exec sleep 60\n`,
    );
    const { stdout, stderr } = await scoville.run(['fix', '--yes', '--json', '--verify', project]);
    expect(stderr.match(/made-up secrets are in .*/g)).toEqual([
      'made-up secrets are in /run/secrets/db, /etc/app/token',
    ]);
    const { verified } = JSON.parse(stdout) as FixJson;
    expect(verified.after.smoke).toMatchObject({ answers: true, judge: 'staying up' });
  });

  test('Ctrl-C while it is asked removes the container', async () => {
    writeFileSync(
      dockerfile,
      `FROM ${bases.node}\nEXPOSE 8080\nCMD node -e "setInterval(Date.now, 1000)"\n`,
    );
    const mark = join(folder, 'container');
    const smoke = `echo "$SCOVILLE_CONTAINER" >${mark}; sleep 60`;
    let kill: (signal: NodeJS.Signals) => void = () => undefined;
    const ending = scoville.run(['fix', '--yes', '--verify', '--smoke', smoke, folder], {
      cwd: folder,
      onStderr: (_text, by) => (kill = by),
    });
    await until(
      'a container that is asked',
      () => existsSync(mark) && readFileSync(mark, 'utf8') !== '',
    );
    kill('SIGINT');
    const ended = await ending;
    expect(ended.exitCode).toBe(130);
    expect(await isGone(readFileSync(mark, 'utf8').trim())).toBe(true);
  });
});

describe.runIf(isWhole)('npm run fixes', () => {
  test('lifts a bad Dockerfile of the set by two levels, and it answers', async () => {
    const { stdout, stderr, exitCode } = await run(
      process.execPath,
      ['scripts/fixes.mjs', 'nginx-site'],
      { cwd: ROOT, env: { SCOVILLE_HOME: scoville.home } },
    );
    expect(stderr + stdout).toMatch(
      /\| nginx-site \| level [01], \S+ \d+\/\d+ \| level [2-5], \S+ \d+\/\d+ \| yes \|/,
    );
    expect(exitCode).toBe(0);
  });
});
