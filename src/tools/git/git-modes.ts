import type { RunTool } from '../../model/run.ts';
import { mayBeInRepository, quietGit } from './quiet-git.ts';

/** A tracked file as git would check it out under umask 022. */
interface TrackedFile {
  /** Relative to the folder that was asked about. */
  readonly path: string;
  readonly mode: 0o644 | 0o755;
}

/** What git tracks below a folder. */
interface TrackedFiles {
  readonly files: readonly TrackedFile[];
  /** `core.fileMode`: the file system's own executable bits mean something. */
  readonly fileModes: boolean;
}

/** The regular files in `dir` that git tracks, with modes; undefined without repository or git. */
export async function trackedFiles(run: RunTool, dir: string): Promise<TrackedFiles | undefined> {
  if (!mayBeInRepository(dir)) return undefined;
  // In pieces as it comes: what is captured as text is bounded, and a repository has no bound.
  const chunks: Uint8Array[] = [];
  const git = quietGit(run, dir);
  const [listed, hasModes] = await Promise.all([
    git(['ls-files', '--stage', '-z'], {
      onStdout: (chunk) => {
        chunks.push(Uint8Array.from(chunk));
        return Promise.resolve();
      },
    }),
    fileModes(git),
  ]);
  if (listed.ended !== 'exit' || listed.exitCode !== 0) return undefined;
  const files = parseStage(Buffer.concat(chunks).toString('utf8'));
  return { files, fileModes: hasModes };
}

/** Reads `git ls-files --stage -z` (mode, object, stage, TAB, path); only merged regular files. */
function parseStage(stdout: string): readonly TrackedFile[] {
  return stdout.split('\0').flatMap((record): readonly TrackedFile[] => {
    const [, bits, path] = /^100(644|755) [0-9a-f]+ 0\t(.*)$/s.exec(record) ?? [];
    return path === undefined ? [] : [{ path, mode: bits === '755' ? 0o755 : 0o644 }];
  });
}

async function fileModes(git: ReturnType<typeof quietGit>): Promise<boolean> {
  const setting = await git(['config', '--type=bool', 'core.fileMode']);
  return !(setting.ended === 'exit' && setting.stdout.trim() === 'false');
}
