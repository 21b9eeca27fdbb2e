import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { output, registry, ROOT, run } from './harness.ts';

/** What the pages name in Docker: put back as it was. */
const NAMES = ['hello', 'my-app', 'short-links', 'mono-api', 'mono-web', 'debian:13'];

/** Images of public registries, by what stands in for them in the local one. */
const STAND_INS = {
  'node:[0-9]+(-trixie)?-slim': 'library/node:22-slim',
  'node:[0-9]+': 'library/node:22',
  'gcr[.]io/distroless/nodejs[0-9]+-debian[0-9]+:nonroot': 'distroless/nodejs22-debian13:nonroot',
};

/** What the first lines of the pages make ready, and what a page's reader has. */
const SHELL = `
# The Dockerfile of this folder takes stand-ins of the local registry, which the project trusts.
mirror() {
  sed -i -E ${Object.entries(STAND_INS)
    .map(([name, standIn]) => `-e 's#([ =])${name}#\\1${registry}/${standIn}#'`)
    .join(' ')} Dockerfile
  [ ! -e .scoville.yaml ] || grep -q '^trust:' .scoville.yaml ||
    printf "trust:\\n  images: ['${registry}/library/*', '${registry}/distroless/*']\\n" >>.scoville.yaml
}
# The bases of examples/node-app by digest, as its README says; its settings trust them.
pinned() {
  docker buildx imagetools inspect --format '{{json .Manifest}}' "$1" |
    node -p "'$1@' + JSON.parse(require('node:fs').readFileSync(0, 'utf8')).digest"
}
pinned_bases() {
  sed -i -e "s#=node:.*#=$(pinned "$SCOVILLE_BASE_NODE")#" -e "s#=gcr.io/distroless/.*#=$(pinned "$SCOVILLE_BASE_NODE_DISTROLESS")#" Dockerfile
}
# The project of the first tutorial, with a hardened Dockerfile.
sample() {
  mkdir -p hello && cd hello
  echo "require('node:http').createServer((q, r) => r.end('hello\\n')).listen(8080);" >server.js
  echo '{ "name": "hello", "version": "1.0.0", "license": "MIT", "scripts": { "start": "node server.js" } }' >package.json
  npm install --package-lock-only --silent
  scoville init --yes --set authors='Jane <jane@example.com>' --offline >/dev/null
  mirror
}
# Two services and the definition that the page shows.
monorepo() {
  for name in api web; do (sample && mv ../hello "../$name"); done
  sed -n '/^\`\`\`hcl/,/^\`\`\`/p' "$ROOT/docs/how-to/monorepo.md" | grep -v '\`\`\`' >docker-bake.hcl
}
repository() {
  git init -q -b main && git add -A
  git -c user.name=Jane -c user.email=jane@example.com commit -qm start
  export GIT_AUTHOR_NAME=Jane GIT_AUTHOR_EMAIL=jane@example.com GIT_COMMITTER_NAME=Jane GIT_COMMITTER_EMAIL=jane@example.com
}
# A project that fetches, and the server, which another day is gone.
release() {
  bridge=$(docker network inspect bridge --format '{{(index .IPAM.Config 0).Gateway}}')
  timeout 900 node -e "
    const server = require('node:http').createServer((q, r) => r.end('answer ' + Math.random()));
    server.listen(0, process.argv[1], () => console.log(server.address().port));
  " "$bridge" >../port 2>/dev/null </dev/null &
  echo $! >../server
  until [ -s ../port ]; do sleep 0.1; done
  printf 'FROM %s\nRUN wget -qO /answer http://%s\nCOPY . /app\n' "$SCOVILLE_BASE_BUSYBOX" "$bridge:$(cat ../port)" >Dockerfile
  repository
  git init -q --bare ../api.git
  git remote add origin "file://$(realpath ../api.git)"
}
another_day() {
  kill "$(cat ../server)"
  git commit -q --allow-empty -m 'a year later'
}
# A reader does not type before a service listens.
curl() { command curl -sS --retry 20 --retry-all-errors --retry-delay 1 "$@"; }
`;

const before = new Map<string, string>();

/** Makes the stand-ins, and notes what the names of the pages mean in Docker by now. */
export async function readyImages(): Promise<void> {
  await output('scripts/engine.sh', ['stacks', 'node:22', 'node:22-slim']);
  await output('scripts/engine.sh', ['stacks', 'nodejs22-debian13:nonroot']);
  for (const name of NAMES) {
    const { stdout } = await run('docker', ['image', 'inspect', '--format', '{{.Id}}', name]);
    before.set(name, stdout.trim());
  }
}

/** Gives the names of the pages back to what had them before. */
export async function putBack(): Promise<void> {
  for (const [name, id] of before) {
    await run('docker', ['rmi', '--force', name]);
    if (id !== '') await run('docker', ['tag', id, name]);
  }
}

/**
 * A folder of its own for a page, with its own Scoville home, and what runs a command in it after
 * the one before.
 */
export function newShell() {
  const folder = mkdtempSync(join(tmpdir(), 'scoville-docs-'));
  const home = join(folder, 'scoville');
  mkdirSync(join(home, 'config'), { recursive: true });
  // The pages show what is printed offline and without a scanner: the same on every machine.
  // The stand-ins are trusted as the images are that they stand in for.
  const trusted = ['library/*', 'distroless/*'].map((name) => `'${registry}/${name}'`).join(', ');
  writeFileSync(
    join(home, 'config/config.yaml'),
    `offline: true\nscanner: osv\ntrust:\n  images: [${trusted}]\n`,
  );
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'scoville'),
    `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'dist/scoville.js')}' "$@"\n`,
  );
  chmodSync(join(bin, 'scoville'), 0o755);
  const work = join(folder, 'work');
  mkdirSync(work);
  const state = join(folder, 'state');
  writeFileSync(state, `cd '${work}'\n`);
  writeFileSync(join(folder, 'shell'), SHELL);
  const env = {
    SCOVILLE_HOME: home,
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    ROOT,
    COSIGN_PASSWORD: undefined,
  };
  return {
    folder,
    bin,
    run: (command: string) =>
      run(
        'bash',
        [
          '-c',
          `. '${folder}/shell'; . '${state}'\n${command}\ncode=$?\n{ export -p; printf 'cd %q\\n(exit %s)\\n' "$PWD" $code; } >'${state}'\nexit $code`,
        ],
        { env, cwd: folder },
      ),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
