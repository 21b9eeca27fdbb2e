import { pathRule } from '../rule.ts';

export const machineId = pathRule({
  id: 'machine-id',
  touches: 'etc/machine-id and var/lib/dbus/machine-id.',
  safeBecause:
    'An empty one is written again at first boot. One that all containers of an image share ' +
    'identifies nothing. But a program that runs without an init may want one.',
  answers: 'machine-id',
  mode: 'aggressive',
  kind: 'empty',
  files: ['etc/machine-id', 'var/lib/dbus/machine-id'],
});
