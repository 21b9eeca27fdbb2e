import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

/** Build arguments by the ARGs that the repository's own Dockerfiles declare for their bases, as scripts/engine.sh names them. */
const BASES = {
  NODE_BUILD: 'SCOVILLE_BASE_NODE',
  NODE_RUNTIME: 'SCOVILLE_BASE_NODE_DISTROLESS',
  DEBIAN: 'SCOVILLE_BASE_DEBIAN',
  BUSYBOX: 'SCOVILLE_BASE_BUSYBOX',
};

/** The folders with a Dockerfile that `paths` are or hold, each with its name, build arguments and whether it is known to differ. */
export function corpus(paths, known) {
  return paths
    .flatMap((path) => {
      const dir = resolve(path);
      if (existsSync(join(dir, 'Dockerfile')) || !existsSync(dir)) return [dir];
      return readdirSync(dir)
        .sort()
        .map((name) => join(dir, name));
    })
    .filter((dir) => existsSync(join(dir, 'Dockerfile')))
    .map((dir) => ({
      dir,
      name: basename(dir),
      isKnown: known.includes(basename(dir)) || existsSync(join(dir, 'expect-difference')),
      args: baseArguments(),
    }));
}

/** Calls `use` with the folder; where it has a script `prepare`, with a copy that it was run in: a repository cannot be kept inside another. */
export function withPrepared(folder, use) {
  if (!existsSync(join(folder.dir, 'prepare'))) return use(folder);
  const work = mkdtempSync(join(tmpdir(), 'scoville-repro-'));
  try {
    const dir = join(work, folder.name);
    cpSync(folder.dir, dir, { recursive: true });
    execFileSync('sh', ['prepare'], { cwd: dir, stdio: 'ignore' });
    return use({ ...folder, dir });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function baseArguments() {
  return Object.entries(BASES).flatMap(([name, variable]) =>
    process.env[variable] === undefined ? [] : ['--build-arg', `${name}=${process.env[variable]}`],
  );
}
