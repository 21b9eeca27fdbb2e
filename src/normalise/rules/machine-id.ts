import { pathPattern } from '../path-pattern.ts';
import type { PathRule } from '../rule.ts';

const isMeant = pathPattern('etc/machine-id', 'var/lib/dbus/machine-id');

export const machineId: PathRule = {
  id: 'machine-id',
  touches: 'etc/machine-id and var/lib/dbus/machine-id.',
  safeBecause:
    'An empty one is written again at first boot. One that all containers of an image share ' +
    'identifies nothing. But a program that runs without an init may want one.',
  answers: 'machine-id',
  mode: 'aggressive',
  kind: 'empty',
  applies: ({ path }) => isMeant(path),
};
