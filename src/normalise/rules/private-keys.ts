import type { ReportRule } from '../rule.ts';

const HOST_KEY = /^etc\/ssh\/ssh_host_[^/]+_key(\.pub)?$/;
const PEM_KEY = /^-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/;
const HOST_REMEDY =
  'Remove it in the RUN that installs the server (rm -f /etc/ssh/ssh_host_*) and make it when the container starts (ssh-keygen -A).';
const KEY_REMEDY =
  'Everyone with the image has this key. Make it when the container starts, or mount it as a secret.';

export const privateKeys: ReportRule = {
  id: 'private-keys',
  touches: 'Nothing. Private keys that the build made (PEM and OpenSSH), SSH host keys.',
  safeBecause:
    'They are random and secret: they do not belong in an image, and only their owner can say what does instead.',
  answers: 'Keys made by a RUN',
  mode: 'safe',
  kind: 'report',
  largest: 64 * 1024,
  applies: ({ path, entry }, { copied, epoch }) =>
    !copied && (entry.mtime > epoch || HOST_KEY.test(path)),
  startsWith: [
    Buffer.from('-----BEGIN ', 'latin1'),
    Buffer.from('ssh-', 'latin1'),
    Buffer.from('ecdsa-', 'latin1'),
  ],
  inspect: (bytes, { path }) => {
    if (HOST_KEY.test(path)) return { kind: 'private-key', remedy: HOST_REMEDY };
    const head = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
    return PEM_KEY.test(head) ? { kind: 'private-key', remedy: KEY_REMEDY } : undefined;
  },
};
