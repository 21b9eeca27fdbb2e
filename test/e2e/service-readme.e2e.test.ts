import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { expect, test } from 'vitest';
import { CLI, ROOT } from './harness.ts';
import { serveRegistry } from './registry-server.ts';
import { pushImage } from './service.ts';
import { folderHere } from './workplace.ts';

const ALONE = ['--map-root-user', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
const REGISTRY = 'localhost:5000';

/** The commands as README.md prints them, of the local registry. */
function printed(): readonly string[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const lines = readme.split('\n').filter((line) => /^scoville serve /.test(line));
  return lines.map((line) => line.replaceAll('registry.example.com', REGISTRY));
}

// With a network of its own, which has the registry and nothing else.
test.runIf(execaSync('unshare', [...ALONE, 'true'], { reject: false }).exitCode === 0)(
  'the two commands of README.md grade an image, in an empty home and without a network',
  async () => {
    const folder = folderHere('service-readme');
    const pushed = await serveRegistry({ folder });
    await pushImage(`localhost:${pushed.port}`, 'shop/api:1');
    await pushed.stop();
    const [serve = '', ask = '', ...more] = printed();
    expect(more).toEqual([]);
    const settings = join(folder, 'registry.yml');
    const text = readFileSync(settings, 'utf8').replace('127.0.0.1:0', '127.0.0.1:5000');
    writeFileSync(settings, text);
    const script = `
      scoville() { '${process.execPath}' '${CLI}' "$@"; }
      get() { '${process.execPath}' -e 'fetch(process.argv[1]).then(async (r) => console.log(r.status, await r.text()))' "$1"; }
      ip link set lo up
      docker-registry serve '${settings}' >registry-output 2>&1 &
      until get http://${REGISTRY}/v2/ >/dev/null 2>&1; do sleep 0.2; done
      {
        ${serve}
      } >address 2>service-output &
      until grep -q ^http address; do sleep 0.2; done
      { ${ask}
      } | tee asked
      sed -n 's/^badge *//p' asked >badge
      for address in "$(cat address)" "$(cat badge)" "$(sed s/overall/level/ badge)"; do get "$address"; done
    `;
    const home = join(folder, 'home');
    mkdirSync(home);
    const { stdout } = await execa('unshare', [...ALONE, 'bash', '-ec', script], {
      ...{ cwd: folder, extendEnv: false, env: { HOME: home, PATH: process.env['PATH'] } },
      timeout: 120_000,
    });
    const [first = ''] = stdout.split('\n');
    expect(first).toMatch(/: level \d, grade [A-D] /);
    const [, level = '', grade = ''] = /: level (\d), grade ([A-D])/.exec(first) ?? [];
    const [, page = '', overall = '', ofLevel = ''] = stdout.split(/^200 /m);
    expect(page).toContain(`${REGISTRY}/shop/api`);
    expect(overall).toContain(`>${grade}<`);
    expect(ofLevel).toMatch(new RegExp(`>(?:level )?${level}\\b[^<]*<`));
  },
);
