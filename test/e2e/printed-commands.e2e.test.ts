import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/criteria/catalogue.ts';
import { advisory, affects, exportZip, putExport } from '../fakes/made-export.ts';
import { bases, discard, output, own, registry } from './harness.ts';
import { paste, printedIn, snapshot, stepsOf } from './printed-commands.ts';
import { serveFolder } from './static-server.ts';
import { folderHere, scovilleHere } from './workplace.ts';

/**
 * Every command that is printed works when it is pasted. A session is what a person types in a
 * project. Each command that its output prints is run from that state, and must end with 0. What a
 * card offered and somebody did is not offered again.
 */

const folder = folderHere('printed');
const image = own('scoville-printed:1');
const absent = own('scoville-absent:1');
const pushed = own(`${registry}/scoville-printed:1`);
const profiled = own('scoville-printed-folder');
const advisories = join(folder, 'advisories');
let server: Awaited<ReturnType<typeof serveFolder>>;

beforeAll(async () => {
  mkdirSync(advisories);
  const record = (id: string, release: string) =>
    advisory(id, {
      modified: new Date().toISOString(),
      affected: [affects(release, 'made-up', [{ introduced: '0' }, { fixed: '1.0' }])],
    });
  putExport(advisories, 'Debian', exportZip([record('CVE-2026-1', 'Debian:13')]));
  putExport(advisories, 'GIT', exportZip([record('CVE-2026-1', 'GIT')]));
  server = await serveFolder(advisories);
});
afterAll(() => {
  server.close();
  discard([image, absent, pushed, profiled]);
});

const SYSTEM = {
  'os-release': 'ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n',
  status: 'Package: made-up\nStatus: install ok installed\nVersion: 0.9\nArchitecture: amd64\n',
};
const SYSTEM_LINES = 'COPY os-release /etc/os-release\nCOPY status /var/lib/dpkg/status\n';
const SECRET = 'AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYz9dkWq81tX\n';

interface Session {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** Lines and the exit code of each. */
  readonly lines: readonly (readonly [code: number, line: string])[];
  /** What must be printed among the rest. */
  readonly prints: readonly RegExp[];
}

const EXPLAIN = `scoville explain ${CATALOGUE.map(({ id }) => id).join(' ')}`;
const FLAGS = `-f 'my files/Prod.Dockerfile' --config 'my settings.yaml' --build-arg "V=$V" -t ${image} .`;

const SESSIONS: readonly Session[] = [
  {
    name: 'much to do, by flags and files of other names',
    files: {
      ...SYSTEM,
      'my files/Prod.Dockerfile': `FROM ${bases.busybox}\nARG V\n${SYSTEM_LINES}COPY . /app\nRUN echo "$V" > /v && touch /helper && chmod 4755 /helper\nCMD ls /app\n`,
      '.env': SECRET,
      'my settings.yaml': 'image: { version: 1.0.0 }\n',
    },
    lines: [
      [1, "scoville lint 'my files/Prod.Dockerfile'"],
      [0, `scoville build ${FLAGS}`],
      [0, `scoville build ${FLAGS}`],
      [1, `scoville build --min-level 5 ${FLAGS}`],
      [0, EXPLAIN],
      [0, `scoville profile ${image}`],
      [
        0,
        `scoville fix --yes --config 'my settings.yaml' --build-arg V --context . 'my files/Prod.Dockerfile'`,
      ],
    ],
    prints: [
      /^scoville explain /m,
      /^scoville fix --yes --build-arg V --config 'my settings.yaml' --context \. 'my files\/Prod.Dockerfile'$/m,
      /^scoville fix --yes --verify --max-risk medium .* 'my files\/Prod.Dockerfile'$/m,
      /^scoville config --config 'my settings.yaml' trust.images=\S+ && scoville build /m,
      /^scoville config --config 'my settings.yaml' secrets.use=none image.source=https:.* 'image.authors=Jane <.*>' && scoville build /m,
      /^scoville db update --policy 'my settings.yaml' && scoville grade --policy 'my settings.yaml' /m,
      /^scoville profile /m,
      /^scoville fix --undo 'my files\/Prod.Dockerfile'$/m,
      /^scoville fix --yes --only .*--config 'my settings.yaml' .* 'my files\/Prod.Dockerfile'$/m,
      /^scoville build --min-level 5 -f 'my files\/Prod.Dockerfile' --config 'my settings.yaml' /m,
      /^scoville report /m,
      /^scoville config attest.seccomp=seccomp.json$/m,
      /^scoville profile --check --output seccomp.json /m,
    ],
  },
  {
    name: 'a second build that differs, and nothing signed',
    files: { Dockerfile: `FROM ${bases.busybox}\nRUN head -c 8 /dev/urandom > /r\n` },
    lines: [
      [0, `scoville build --sign=false --prove -t ${image} .`],
      [0, 'scoville explain signed reproducible'],
      [0, `scoville build --grade=false -t ${image} .`],
    ],
    prints: [/^scoville reproduce --sign=false -t /m, /^scoville build --sign --prove -t /m],
  },
  {
    name: 'a vulnerability without a severity, and bases by the lock',
    files: { ...SYSTEM, Dockerfile: `FROM ${bases.busybox}\n${SYSTEM_LINES}` },
    lines: [
      [0, 'scoville db update Debian'],
      [0, `scoville build -t ${image} .`],
      [0, 'scoville explain no-critical no-known-cves CVE-2026-1'],
      [0, `scoville build --lock -t ${image} .`],
      [0, 'scoville explain no-known-cves'],
      [0, `scoville reproduce --attest -t ${image} .`],
    ],
    prints: [
      /^scoville db update GIT && scoville grade /m,
      /^scoville build --pull -t /m,
      /^scoville vex --vulnerability CVE-2026-1 /m,
      /^scoville lock --lock=true -t \S+ \. && scoville build /m,
      /^scoville grade /m,
    ],
  },
  {
    name: 'what errors say',
    files: {
      'app/Dockerfile': `FROM ${bases.busybox}\nCMD ls\n`,
      [`${profiled}/Dockerfile`]: `FROM ${bases.busybox}\nCMD ls\n`,
      'both/a/Dockerfile': 'FROM scratch\nCOPY Dockerfile /\n',
      'both/b/Dockerfile': 'FROM scratch\nCOPY Dockerfile /\n',
      Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n',
    },
    lines: [
      [2, 'scoville fix both'],
      [2, `scoville load ${absent}`],
      [0, `scoville build --grade=false -t ${image} .`],
      [2, `scoville report ${image}`],
      [0, `scoville build --grade=false -o type=oci,dest=app.tar -t ${pushed} .`],
      [2, 'scoville push app.tar'],
      [0, `scoville profile --for 1s ${profiled}`],
      [0, 'scoville fix --yes app'],
      [0, 'echo >> app/Dockerfile'],
      [2, 'scoville fix --undo app'],
    ],
    prints: [
      /^scoville fix both\/a\/Dockerfile$/m,
      /^scoville build -t \S+absent/m,
      /^scoville grade /m,
      /^scoville push app.tar /m,
      /^scoville build --profile seccomp.json -t \S+ \S+$/m,
      /^scoville profile --check --output seccomp.json --for 1s /m,
      /^scoville fix --undo --force /m,
    ],
  },
  {
    name: 'what doctor says of a key that others read, and of a plugin that is no builder any more',
    files: { Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' },
    lines: [
      [0, `scoville build --grade=false -t ${image} .`],
      [0, 'scoville install --replace-build'],
      [0, 'sed -i s/scoville/buildx/ "$DOCKER_CONFIG/config.json"'],
      [0, 'chmod 644 "$SCOVILLE_HOME/config/keys/cosign.key"'],
      [0, 'scoville doctor'],
    ],
    prints: [/^chmod 600 \S+cosign.key$/m, /^scoville install --replace-build$/m],
  },
];

/** Ends with 1 by what it found, and says what that is. */
const JUDGES = /^scoville (?:reproduce |fix [^-]\S*$)/;

test.each(SESSIONS)(
  'what is printed works when pasted: $name',
  async ({ files, lines, prints }) => {
    const scoville = scovilleHere();
    const cwd = join(folder, String(SESSIONS.findIndex((one) => one.files === files)), 'app');
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true });
      writeFileSync(join(cwd, name), text);
    }
    mkdirSync(join(scoville.home, 'config'), { recursive: true });
    writeFileSync(
      join(scoville.home, 'config/config.yaml'),
      `scanner: osv\nosv: { url: "http://127.0.0.1:1", exports: "${server.address}" }\n`,
    );
    await output('git', ['init', '-q', cwd]);
    for (const [key, value] of [
      ['user.name', 'Jane'],
      ['user.email', 'jane@example.com'],
      ['remote.origin.url', 'https://example.com/app.git'],
    ] as const)
      await output('git', ['-C', cwd, 'config', key, value]);
    const env = {
      ...{ SCOVILLE_HOME: scoville.home, DOCKER_CONFIG: join(cwd, '.git/docker') },
      ...{ V: "it's", COSIGN_PASSWORD: '' },
    };
    const seen = new Set<string>();
    const wrong: unknown[] = [];
    for (const [code, line] of lines) {
      const said = await paste(line, { cwd, env });
      expect([line, said.exitCode, said.exitCode === code ? '' : said.stderr]).toEqual([
        line,
        code,
        '',
      ]);
      const commands = printedIn(said).filter((one) => !seen.has(one));
      if (commands.length === 0) continue;
      const back = snapshot([cwd, scoville.home]);
      for (const command of commands) {
        seen.add(command);
        const ended = await paste(command, { cwd, env });
        // A gate that the first build was short of may still keep the image back.
        const isKept =
          command.includes(' --min-level ') && ended.stderr.includes('short of the gate');
        const isFound =
          (JUDGES.test(command) || isKept) && ended.exitCode === 1 && ended.stdout !== '';
        if (ended.exitCode !== 0 && !isFound) wrong.push([command, ended.exitCode, ended.stderr]);
        const steps = stepsOf(said);
        if (steps.includes(command) && !command.startsWith('scoville explain ')) {
          const build = /next: (scoville build .*)/.exec(ended.stderr)?.[1];
          const later = build === undefined ? ended : await paste(build, { cwd, env });
          if (stepsOf(later).includes(command)) wrong.push([command, 'is offered again']);
        }
        back();
      }
    }
    expect(wrong).toEqual([]);
    for (const form of prints) expect([...seen].join('\n')).toMatch(form);
  },
);
