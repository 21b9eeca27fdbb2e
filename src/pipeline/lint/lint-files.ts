import { UserError } from '../../model/errors.ts';
import type { DeclarationsFact } from '../../model/facts.ts';
import type { LintedFile } from '../../model/lint.ts';
import type { Settings } from '../../model/settings.ts';
import { wholeStream } from '../../model/whole-stream.ts';
import { givenDockerfile, readGivenDockerfile } from '../grade/given-dockerfile.ts';
import { lintDockerfile } from './lint-dockerfile.ts';

const LARGEST_INPUT = 1024 * 1024;

interface LintFilesOptions {
  readonly cwd: string;
  /** `--build-arg`, NAME=VALUE. */
  readonly buildArgs: readonly string[];
  readonly target: string | undefined;
  /** The build context, absolute; the Dockerfile's folder where none is named. */
  readonly contextFolder?: string;
  /** The text of a Dockerfile that is no file of its own. */
  readonly inline?: string;
  readonly settings: Settings;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What the settings declare of an image. */
export function declared({
  settings,
  now,
}: Pick<LintFilesOptions, 'settings' | 'now'>): DeclarationsFact {
  return {
    secrets: settings.secrets.use,
    secretFiles: settings.secrets.files,
    trustedImages: settings.trust.images,
    maxAgeDays: settings.recentDays,
    now,
  };
}

async function readInput(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const bytes = await wholeStream(stdin, LARGEST_INPUT);
  if (bytes === undefined) throw new UserError('the Dockerfile on stdin is larger than 1 MiB');
  return bytes.toString('utf8');
}

/**
 * Lints one Dockerfile by its path, or stdin by `-`. Files of its folder are read where it runs
 * them or installs by them. Throws UserError where it cannot be read.
 */
export async function lintFile(path: string, options: LintFilesOptions): Promise<LintedFile> {
  const { cwd, stdin } = options;
  const declarations = declared(options);
  if (options.inline !== undefined)
    return lintDockerfile({ ...givenDockerfile(path, options.inline, options), declarations });
  if (path === '-')
    return lintDockerfile({
      ...givenDockerfile('-', await readInput(stdin), options),
      declarations,
    });
  return lintDockerfile({
    ...(await readGivenDockerfile(cwd, path, options)),
    declarations,
  });
}
