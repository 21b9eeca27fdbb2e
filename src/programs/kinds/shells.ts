import { toolTable, type ToolGroup } from './tools-table.ts';

/** Shells, by kind. Without `es`, `rc` and `ion`: these names mostly belong to other programs. */
export const SHELL_GROUPS: readonly ToolGroup[] = [
  {
    kind: 'POSIX shells',
    entries: {
      sh: 'the POSIX shell, whichever program provides it',
      bash: 'GNU Bourne-Again Shell',
      rbash: 'restricted bash, which is bash',
      dash: 'Debian Almquist Shell, the `sh` of Debian and Ubuntu',
      ash: 'Almquist Shell, the `sh` of busybox',
      hush: "busybox' small shell",
      ksh: 'KornShell',
      ksh93: 'KornShell 93',
      rksh: 'restricted KornShell',
      pdksh: 'public domain KornShell',
      mksh: 'MirBSD KornShell, the shell of Android',
      lksh: "mksh' legacy form",
      oksh: "OpenBSD's KornShell, portable",
      loksh: "OpenBSD's KornShell for Linux",
      yash: 'yet another shell, POSIX',
      posh: 'policy-compliant ordinary shell of Debian',
      bosh: "Schily's Bourne shell",
      sash: 'stand-alone shell with built-in commands',
      osh: "Oils' POSIX shell",
      gash: 'POSIX shell in Guile',
      brush: 'bash-compatible shell in Rust',
    },
  },
  {
    kind: 'zsh and fish',
    entries: {
      zsh: 'Z shell',
      rzsh: 'restricted Z shell',
      fish: 'friendly interactive shell',
    },
  },
  {
    kind: 'C shells',
    entries: { csh: 'C shell', tcsh: 'TENEX C shell', 'bsd-csh': "Debian's C shell binary" },
  },
  {
    kind: 'other shells',
    entries: {
      pwsh: 'PowerShell',
      powershell: 'PowerShell by its long name',
      nu: 'Nushell',
      nushell: 'Nushell by its long name',
      elvish: 'Elvish shell',
      xonsh: 'shell in Python',
      ysh: "Oils' own shell",
      murex: 'typed shell',
      scsh: 'Scheme shell',
    },
  },
  {
    kind: 'multi-call binaries',
    entries: {
      busybox: 'contains `ash`, run as `busybox sh` without any link',
      toybox: 'contains `sh`, run as `toybox sh` without any link',
    },
  },
];

/** Every shell, for those who look for one in an image. */
export const SHELL_PROGRAMS = toolTable(SHELL_GROUPS);

/** Shells whose scripts are read, by their programs. */
export const SHELLS: ReadonlySet<string> = new Set('sh bash dash ash zsh ksh mksh fish'.split(' '));

/** Shells of another syntax, in which people work. */
export const C_SHELLS: ReadonlySet<string> = new Set(['csh', 'tcsh']);
