import { spawn, spawnSync } from 'node:child_process';

const MOST_COMMANDS = 10;
const GOAL = 3;
/** A step of a card, or the command that goes on from another: `1. scoville fix`, `next: scoville build .`. */
const PRINTED = /^ *(?:\d\. |next: )(scoville .*?)(?: {2,}.*)?$/gm;
const LEVEL = /^ *Level (\d) of 5/gm;

/**
 * Pastes one command after the other, each the first of those printed last that was not tried since the image changed. Ends at level 3, after ten commands, or where
 * nothing printed is left.
 */
export async function pasteOn({ name, folder, image, env, smoke }) {
  const commands = [];
  let [level, points, printed, tried] = [undefined, undefined, [], new Set()];
  let command = `scoville build -t ${image} .`;
  while (command !== undefined && commands.length < MOST_COMMANDS && !(level >= GOAL)) {
    const ended = await paste(command, folder, env);
    const before = level;
    const after = last(LEVEL, ended.output);
    const gained = /, (\d+) of 23/.exec(ended.output)?.[1];
    const next = [...ended.output.matchAll(PRINTED)].map(([, one]) => one);
    tried.add(command);
    if (next.length > 0) printed = next;
    // A file that was edited, or an image that is graded otherwise: what was tried may do something now.
    if (/^written: /m.test(ended.output) || (gained !== undefined && gained !== points))
      tried = new Set(gained === undefined ? [] : [command]);
    points = gained ?? points;
    if (after !== undefined) level = Number(after);
    commands.push({ command, ...ended, before, after: level, points });
    command = printed.find((one) => !tried.has(one));
  }
  const answers = level === undefined || smoke === undefined ? undefined : await asks(image, smoke);
  spawnSync('docker', ['rmi', '--force', image], { stdio: 'ignore' });
  return { name, level, answers, commands, seconds: sum(commands) };
}

function last(pattern, text) {
  return [...text.matchAll(pattern)].at(-1)?.[1];
}

function sum(commands) {
  return commands.reduce((all, { seconds }) => all + seconds, 0);
}

/** A command as a shell runs it, without a terminal; both outputs as they came. */
export function paste(command, cwd, env) {
  const start = performance.now();
  return new Promise((done, fail) => {
    const child = spawn('bash', ['-c', command], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', fail);
    child.on('close', (exitCode) =>
      done({
        exitCode,
        seconds: (performance.now() - start) / 1000,
        output: Buffer.concat(chunks).toString(),
      }),
    );
  });
}

/** Whether the app in the image answers over HTTP as it did. */
async function asks(image, smoke) {
  const started = spawnSync('docker', ['run', '--detach', '--publish-all', image], {
    encoding: 'utf8',
  });
  const container = started.stdout.trim();
  if (started.status !== 0) return false;
  try {
    for (let tries = 0; tries < 60; tries++) {
      const ports = spawnSync('docker', ['port', container], { encoding: 'utf8' }).stdout;
      const port = /:(\d+)$/m.exec(ports)?.[1];
      const env = { ...process.env, SCOVILLE_URL: `http://127.0.0.1:${port}` };
      if (spawnSync('sh', ['-c', smoke], { env, stdio: 'ignore' }).status === 0) return true;
      await new Promise((done) => setTimeout(done, 500));
    }
    return false;
  } finally {
    spawnSync('docker', ['rm', '--force', container], { stdio: 'ignore' });
  }
}
