import { X509Certificate } from 'node:crypto';
import { reportRule } from '../rule.ts';
import { MONTHS } from './text-dates.ts';

const HOST_KEY = /^etc\/ssh\/ssh_host_[^/]+_key(\.pub)?$/;
const PEM_KEY = /^-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/;
const HOST_REMEDY =
  'Remove it in the RUN that installs the server (rm -f /etc/ssh/ssh_host_*) and make it when the container starts (ssh-keygen -A).';
const KEY_REMEDY =
  'Everyone with the image has this key. Make it when the container starts, or mount it as a secret.';

export const privateKeys = reportRule('private-keys', 'safe', {
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
});

const SECONDS_A_DAY = 86_400;
const FRESH_REMEDY =
  'It was made during the build and differs every time. Make it when the container starts, or mount it.';

/** Made, not downloaded: its validity starts when the file was written. */
function isFresh(certificate: X509Certificate, mtime: number): boolean {
  const from = Date.parse(certificate.validFrom) / 1000;
  return Math.abs(from - mtime) <= SECONDS_A_DAY;
}

export const freshCertificates = reportRule('fresh-certificates', 'safe', {
  largest: 64 * 1024,
  applies: ({ entry }, { copied, epoch }) => !copied && entry.mtime > epoch,
  startsWith: [Buffer.from('-----BEGIN C', 'latin1')],
  inspect: (bytes, { entry }) => {
    try {
      const certificate = new X509Certificate(bytes);
      return isFresh(certificate, entry.mtime)
        ? { kind: 'certificate', remedy: FRESH_REMEDY }
        : undefined;
    } catch {
      // No certificate, whatever its first line says.
      return undefined;
    }
  },
});

const DATE_REMEDY =
  'Write a date that does not change: declare ARG SOURCE_DATE_EPOCH and use date -u -d @"$SOURCE_DATE_EPOCH".';

/** A day as programs write it: 2026-07-26, 20260726, `Jul 26 …`, `26 Jul 2026`. */
function spellings(seconds: number): RegExp {
  const at = new Date(seconds * 1000);
  const [year = '', month = '', day = ''] = at.toISOString().slice(0, 10).split('-');
  const name = MONTHS[at.getUTCMonth()] ?? '';
  const short = `0?${Number(day)}`;
  return new RegExp(
    `\\b${year}([-/.]?)${month}(?:\\1)${day}(?!\\d)|\\b${name}\\w* +${short}\\b.*\\b${year}\\b|\\b${short}[ -]${name}\\w*[ -]${year}\\b`,
  );
}

export const buildDates = reportRule('build-dates', 'safe', {
  largest: 4096,
  applies: ({ entry }, { copied, epoch }) => !copied && entry.mtime > epoch,
  inspect: (bytes, { entry }) => {
    if (bytes.includes(0)) return undefined;
    const text = Buffer.from(bytes).toString('latin1');
    return spellings(entry.mtime).test(text)
      ? { kind: 'build-date', remedy: DATE_REMEDY }
      : undefined;
  },
});

const FILES = new Set(['etc/machine-id', 'var/lib/dbus/machine-id']);

export const randomIds = reportRule('random-ids', 'safe', {
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
});
