import { toolTable, type ToolGroup } from './tools-table.ts';

/** Shells, by kind. Without `es`, `rc` and `ion`: these names mostly belong to other programs. */
export const SHELL_GROUPS: readonly ToolGroup[] = [
  {
    kind: 'POSIX shells',
    entries: {
      'sh bash rbash dash ash hush': 'a shell that distributions have as `sh`, or bash',
      'ksh ksh93 rksh pdksh mksh lksh oksh loksh': 'KornShell and its kin',
      'yash posh bosh sash osh gash brush': 'a rarer shell of POSIX syntax',
    },
  },
  { kind: 'zsh and fish', entries: { 'zsh rzsh fish': 'an interactive shell' } },
  { kind: 'C shells', entries: { 'csh tcsh bsd-csh': 'C shell' } },
  {
    kind: 'other shells',
    entries: {
      'pwsh powershell': 'PowerShell',
      'nu nushell elvish xonsh ysh murex scsh': 'a shell of its own syntax',
    },
  },
  {
    kind: 'multi-call binaries',
    entries: { 'busybox toybox': 'contains `sh`, run as `busybox sh` without any link' },
  },
];

/** Every shell, for those who look for one in an image. */
export const SHELL_PROGRAMS = toolTable(SHELL_GROUPS);

/** Shells whose scripts are read, by their programs. */
export const SHELLS: ReadonlySet<string> = new Set('sh bash dash ash zsh ksh mksh fish'.split(' '));

/** Shells of another syntax, in which people work. */
export const C_SHELLS: ReadonlySet<string> = new Set(['csh', 'tcsh']);
