import { spawn } from 'node:child_process';
import { homeOf, smokeOf } from './project.mjs';

/** What `fix --yes --verify` made of a project: level, grade and points before and after, edits, what was taken back. */
export async function fixAndVerify(bin, name, folder, flags) {
  const { code, stdout, stderr } = await run(
    process.execPath,
    [bin, 'fix', '--yes', '--json', ...flags, '--verify', '--smoke', smokeOf(name), folder],
    folder,
    // A store of its own, beside the project: it goes with it.
    { ...process.env, SCOVILLE_HOME: homeOf(folder) },
  );
  try {
    const { edits, left, refusals, verified, diff } = JSON.parse(stdout);
    if (verified === undefined) return { name, error: `${name}: no edit was found\n${stderr}` };
    return { name, edits, left, refusals, diff, ...verified };
  } catch {
    return {
      name,
      error: `${name}: exit ${code}\n${stderr.trim().split('\n').slice(-25).join('\n')}`,
    };
  }
}

/** Not spawnSync: the stand-in for OSV.dev answers in this process. */
function run(command, args, cwd, env) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const out = [];
    const err = [];
    child.stdout.on('data', (chunk) => out.push(chunk));
    child.stderr.on('data', (chunk) => err.push(chunk));
    child.on('error', fail);
    child.on('close', (code) =>
      done({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
}
