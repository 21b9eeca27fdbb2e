import type { RewriteRule } from '../rule.ts';

const LARGEST = 16 * 1024 * 1024;
const MODULES = /(?:^|\/)node_modules\/\.modules\.yaml$/;
const STATE = /(?:^|\/)node_modules\/\.pnpm-workspace-state(?:-v\d+)?\.json$/;
const INDEX = /(?:^|\/)(?:\.pnpm-store|pnpm\/store)\/v\d+\/(?:index|files)\/.+\.json$/;

export const pnpmDates: RewriteRule = {
  id: 'pnpm-dates',
  touches:
    'What pnpm notes of an installation: prunedAt in node_modules/.modules.yaml, lastValidatedTimestamp in node_modules/.pnpm-workspace-state*.json, checkedAt in the index of its store, where they are later than the epoch.',
  safeBecause:
    'prunedAt tells when to look for packages that nobody needs. A validation is dated one second before the epoch, so that pnpm compares manifests and lock file by their content, as it does after any change. Files of the store are no newer than its checks of them.',
  answers: 'Dates that installers note',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path, entry }) =>
    entry.size <= LARGEST && (MODULES.test(path) || STATE.test(path) || INDEX.test(path)),
  rewrite: (bytes, { epoch, path }) => {
    const before = Buffer.from(bytes).toString('latin1');
    const after = MODULES.test(path)
      ? before.replace(
          /^(\s*"?prunedAt"?: *"?)([A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT)/m,
          (line, key: string, date: string) =>
            Date.parse(date) > epoch * 1000 ? key + new Date(epoch * 1000).toUTCString() : line,
        )
      : STATE.test(path)
        ? clamped(before, 'lastValidatedTimestamp', epoch, epoch - 1)
        : clamped(before, 'checkedAt', epoch, epoch);
    return after === before ? undefined : Buffer.from(after, 'latin1');
  },
};

function clamped(text: string, key: string, epoch: number, becomes: number): string {
  return text.replace(
    new RegExp(`("${key}": ?)(\\d{13})(?=[,}\\s])`),
    (line, name: string, time: string) =>
      Number(time) > epoch * 1000 ? `${name}${becomes * 1000}` : line,
  );
}
