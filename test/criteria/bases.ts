import { ok } from '../../src/lib/errors.ts';
import type { BaseImage, FixFacts } from '../../src/model/fix.ts';

/** A base `a` with a shell, its users and setuid files; `more` changes it. */
export function withBase(
  more: Partial<BaseImage> & {
    readonly user?: string;
    readonly folder?: string;
    readonly entrypoint?: readonly string[];
    readonly os?: string;
  } = {},
): {
  readonly facts: Partial<FixFacts>;
} {
  const { user, folder, entrypoint, os = 'linux', ...rest } = more;
  const base: BaseImage = {
    config: {
      architecture: 'amd64',
      os,
      rootfs: { type: 'layers', diff_ids: [] },
      config: {
        ...(user === undefined ? {} : { User: user }),
        ...(folder === undefined ? {} : { WorkingDir: folder }),
        ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
      },
    },
    passwd: { root: 0, nobody: 65534 },
    has: (path) => path === 'bin/sh' || path === 'usr/bin/find',
    elevated: [],
    packages: [],
    ...rest,
  };
  return { facts: { bases: new Map([['docker.io/library/a:latest', ok(base)]]) } };
}
