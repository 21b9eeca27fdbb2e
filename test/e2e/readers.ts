import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from './harness.ts';

const second = process.env['SCOVILLE_SECOND_TOOLCHAIN'] ?? '';
export const COSIGN_3 = join(second, 'bin', 'cosign');
const VSA = 'https://slsa.dev/verification_summary/v1';

type Call = readonly [command: string, args: readonly string[]];

interface Signed {
  /** Flags that name the signer. */
  readonly by: readonly string[];
  /** The trusted root of bundles. */
  readonly trustedRoot: string;
}

/** How each reader in the table of docs/attestations.md is asked; the image comes last. */
export function readers({ by, trustedRoot }: Signed): Readonly<Record<string, Call>> {
  const bundles = ['--trusted-root', trustedRoot];
  const type = ['--type', VSA];
  return {
    'cosign 2.5 `verify`': ['cosign', ['verify', ...by]],
    'cosign 2.5 `verify-attestation`': ['cosign', ['verify-attestation', ...by, ...type]],
    'cosign 2.5 `verify-attestation --new-bundle-format`': [
      'cosign',
      ['verify-attestation', '--new-bundle-format', ...by, ...bundles, ...type],
    ],
    'cosign 3.1 `verify`': [COSIGN_3, ['verify', ...by, ...bundles]],
    'cosign 3.1 `verify-attestation`': [
      COSIGN_3,
      ['verify-attestation', ...by, ...bundles, ...type],
    ],
  };
}

/** What a reader answers about each image: `yes` where it accepts it. */
export async function answers(
  [command, args]: Call,
  images: readonly string[],
  options: Parameters<typeof run>[2] = {},
): Promise<readonly string[]> {
  const said: string[] = [];
  for (const image of images) {
    const { exitCode } = await run(command, [...args, image], options);
    said.push(exitCode === 0 ? 'yes' : 'no');
  }
  return said;
}

/**
 * The cells of the reader's row: tag and platform of an image signed with a key, and of one signed
 * keylessly.
 */
export function cells(reader: string): {
  readonly key: readonly string[];
  readonly keyless: readonly string[];
} {
  const page = readFileSync(join(ROOT, 'docs/attestations.md'), 'utf8');
  const row = page.split('\n').find((line) => line.startsWith(`| ${reader} |`)) ?? '';
  const all = row.split('|').map((cell) => cell.trim());
  return { key: all.slice(2, 4), keyless: all.slice(4, 6) };
}

/**
 * Asks skopeo for an image, whole and of this platform, by a policy of one requirement; what it
 * says of each, empty where it takes it.
 */
export async function askSkopeo(
  folder: string,
  image: string,
  requirement: Readonly<Record<string, unknown>>,
): Promise<readonly [index: string, platform: string]> {
  const [registry = ''] = image.split('/');
  const signedIdentity = { type: 'matchRepository' };
  const policy = {
    default: [{ type: 'reject' }],
    transports: {
      docker: {
        [image.replace(/:[^:/]+$/, '')]: [
          { type: 'sigstoreSigned', ...requirement, signedIdentity },
        ],
      },
    },
  };
  writeFileSync(join(folder, 'policy.json'), JSON.stringify(policy));
  writeFileSync(
    join(folder, 'r.yaml'),
    `docker:\n  ${registry}:\n    use-sigstore-attachments: true\n`,
  );
  const copy = async (...more: readonly string[]): Promise<string> => {
    const given = ['--policy', join(folder, 'policy.json'), '--registries.d', folder];
    const source = ['--src-tls-verify=false', `docker://${image}`, `dir:${join(folder, 'out')}`];
    const ended = await run('skopeo', [...given, 'copy', ...more, ...source]);
    return ended.exitCode === 0 ? '' : ended.stderr;
  };
  return [await copy('--all'), await copy()];
}
