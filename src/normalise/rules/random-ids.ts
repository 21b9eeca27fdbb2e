import type { ReportRule } from '../rule.ts';

const FILES = new Set(['etc/machine-id', 'var/lib/dbus/machine-id']);

export const randomIds: ReportRule = {
  id: 'random-ids',
  touches: 'Nothing. A machine id that the build made.',
  safeBecause:
    'An image with an init may want it; `--repro=aggressive` empties it (rule machine-id).',
  answers: 'machine-id',
  mode: 'safe',
  kind: 'report',
  largest: 64,
  applies: ({ path }, { copied }) => !copied && FILES.has(path),
  inspect: (bytes) =>
    /^[0-9a-f]{32}\n?$/.test(Buffer.from(bytes).toString('latin1'))
      ? {
          kind: 'machine-id',
          remedy:
            'Empty it in the RUN that made it (: > /etc/machine-id; rm -f /var/lib/dbus/machine-id).',
        }
      : undefined,
};
