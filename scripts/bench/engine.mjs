import { spawnSync } from 'node:child_process';
import { MARK } from './image.mjs';
import { timed } from './timing.mjs';

export const BASE = `${MARK}-base:1`;
export const PLAIN = `${MARK}-plain:1`;
export const OURS = `${MARK}-scoville:1`;

/** `docker buildx build`, as a person would call it. Seconds. */
export function plainBuild(dir, ...flags) {
  return timed('docker', ['buildx', 'build', '-t', PLAIN, ...flags, dir]).seconds;
}

/** `scoville build` with its own home; seconds, and the seconds of each phase as the log tells them. */
export function ourBuild({ bin, home }, dir, ...flags) {
  const args = [bin, 'build', '-t', OURS, ...flags, dir];
  const env = { ...process.env, SCOVILLE_HOME: home };
  const { seconds, stderr } = timed(process.execPath, args, { env });
  return { seconds, phases: phasesIn(stderr) };
}

/** `scoville: PHASE: what it did (cached, 0.1s)` */
function phasesIn(log) {
  const lines = log.matchAll(/^scoville: ([a-z ]+): (.*) \((cached, )?([\d.]+)s\)$/gim);
  return [...lines].map(([, phase, detail, , seconds]) => ({
    phase,
    detail,
    seconds: Number(seconds),
  }));
}

/** Ids, descriptions, types and sizes of the build cache's records. */
function cacheRecords() {
  const { stdout } = timed('docker', ['buildx', 'du', '--verbose']);
  return stdout.split(/\n\n+/).flatMap((block) => {
    const field = (name) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(block)?.[1] ?? '';
    const id = field('ID');
    return id === ''
      ? []
      : [{ id, text: field('Description'), isLarge: /\d\d(?:\.\d+)?MB|GB/.test(field('Size')) }];
  });
}

/** The ids of the records that are there before anything is built. */
export function cacheBefore() {
  return new Set(cacheRecords().map(({ id }) => id));
}

/** Removes the images and what the build cache gained by them: records that name our folder, and large copies of contexts. */
export function cleanEngine(before) {
  spawnSync('docker', ['rmi', '--force', PLAIN, OURS, BASE], { stdio: 'ignore' });
  // A record goes once nothing rests on it: some passes.
  for (let pass = 0; pass < 4; pass += 1) {
    const ours = cacheRecords().filter(
      ({ id, text, isLarge }) =>
        !before.has(id) &&
        (text.includes(MARK) ||
          /(?:ADD \d\.tar \/|COPY \d \/srv\/\d)$/.test(text) ||
          (isLarge && text.startsWith('local source'))),
    );
    if (ours.length === 0) return;
    for (const { id } of ours)
      spawnSync('docker', ['buildx', 'prune', '--all', '--force', '--filter', `id=${id}`], {
        stdio: 'ignore',
      });
  }
}
