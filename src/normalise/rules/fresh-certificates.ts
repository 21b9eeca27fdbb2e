import { X509Certificate } from 'node:crypto';
import type { ReportRule } from '../rule.ts';

const SECONDS_A_DAY = 86_400;
const REMEDY =
  'It was made during the build and differs every time. Make it when the container starts, or mount it.';

/** Made, not downloaded: its validity starts when the file was written. */
function isFresh(certificate: X509Certificate, mtime: number): boolean {
  const from = Date.parse(certificate.validFrom) / 1000;
  return Math.abs(from - mtime) <= SECONDS_A_DAY;
}

export const freshCertificates: ReportRule = {
  id: 'fresh-certificates',
  touches:
    'Nothing. Certificates that the build made: the first in a PEM file, valid from within a day of when the file was written.',
  safeBecause:
    'Serial number, key and dates differ every time, and only their owner can say what belongs there instead.',
  answers: 'Certificates made by a RUN',
  mode: 'safe',
  kind: 'report',
  largest: 64 * 1024,
  applies: ({ entry }, { copied, epoch }) => !copied && entry.mtime > epoch,
  startsWith: [Buffer.from('-----BEGIN C', 'latin1')],
  inspect: (bytes, { entry }) => {
    try {
      const certificate = new X509Certificate(bytes);
      return isFresh(certificate, entry.mtime)
        ? { kind: 'certificate', remedy: REMEDY }
        : undefined;
    } catch {
      // No certificate, whatever its first line says.
      return undefined;
    }
  },
};
