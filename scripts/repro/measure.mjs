import { spawnSync } from 'node:child_process';

/** A Dockerfile by safe rules, and by aggressive ones where it differs, and with the same inputs where it still does. */
export function measure(bin, { dir, name, args, isKnown }, flags) {
  const row = { name, isKnown };
  const safe = reproduce(bin, dir, 'safe', [...args, ...flags]);
  if (safe.error !== undefined) return { ...row, safe: 'error', isSame: false, error: safe.error };
  if (safe.reproducible) return { ...row, safe: 'same', isSame: true, left: [] };
  const aggressive = reproduce(bin, dir, 'aggressive', [...args, ...flags]);
  if (aggressive.error !== undefined)
    return { ...row, safe: 'differs', aggressive: 'error', isSame: false, error: aggressive.error };
  const found = { ...row, safe: 'differs', bySafe: grouped(safe.differences) };
  if (aggressive.reproducible) return { ...found, aggressive: 'same', isSame: true, left: [] };
  const last = reproduce(bin, dir, 'deterministic', [...args, ...flags]);
  if (last.error !== undefined)
    return {
      ...found,
      aggressive: 'differs',
      deterministic: 'error',
      isSame: false,
      error: last.error,
    };
  return {
    ...found,
    aggressive: 'differs',
    deterministic: last.reproducible ? 'same' : 'differs',
    // A Dockerfile is known to differ by the rules alone.
    isSame: false,
    left: grouped(last.differences),
  };
}

function reproduce(bin, dir, mode, args) {
  const ended = spawnSync(
    process.execPath,
    [bin, 'reproduce', '--json', `--repro=${mode}`, ...args, dir],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  if (ended.status === 0 || ended.status === 1)
    try {
      return JSON.parse(ended.stdout);
    } catch {
      // A build that fails says nothing on stdout.
    }
  return { error: ended.stderr.trim().split('\n').slice(-12).join('\n') };
}

/** Files of one class from one line, the first of them named. */
function grouped(differences) {
  const groups = new Map();
  for (const one of differences) {
    const key = JSON.stringify([one.class, one.line]);
    const group = groups.get(key) ?? { ...one, count: 0 };
    groups.set(key, { ...group, count: group.count + 1 });
  }
  return [...groups.values()];
}
