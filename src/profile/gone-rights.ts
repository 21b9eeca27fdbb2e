import { onlyThreads } from './argument-rules.ts';
import type { SeccompDocument } from './seccomp-document.ts';
import type { Trace } from './trace-reader.ts';

/** Something that the default lets every container do, by the calls that do it. */
interface Right {
  readonly words: string;
  readonly calls: readonly string[];
}

const right = (words: string, calls: string): Right => ({ words, calls: calls.split(' ') });

/** What attackers can use, worst first. Without calls that the default refuses (mount, bpf ...). */
const RIGHTS: readonly Right[] = [
  right('read or write the memory of other processes', 'ptrace process_vm_readv process_vm_writev'),
  right('run a program from memory', 'memfd_create execveat'),
  right('open connections to other hosts', 'connect sendto sendmsg sendmmsg'),
  right('accept connections', 'listen accept accept4'),
  right('make devices and special files', 'mknod mknodat'),
  right('change modes of files', 'chmod fchmod fchmodat fchmodat2'),
  right('change owners of files', 'chown fchown lchown fchownat'),
  right('make links', 'link linkat symlink symlinkat'),
  right('remove or rename files', 'unlink unlinkat rename renameat renameat2 rmdir'),
  right('open files by handle', 'name_to_handle_at'),
  right('move pages between pipes (splice, vmsplice, tee)', 'splice vmsplice tee'),
  right('use asynchronous input and output (io_setup)', 'io_setup io_submit'),
  right('share memory or messages (System V, POSIX)', 'shmget msgget semget mq_open'),
  right('watch files', 'inotify_init inotify_init1 fanotify_mark'),
  right('signal other processes by descriptor', 'pidfd_open pidfd_send_signal'),
  right('change the order of processes', 'sched_setscheduler sched_setattr setpriority'),
  right('change tables of the processor', 'modify_ldt'),
  right('set the clock', 'clock_adjtime adjtimex'),
];

const MACHINE_NOTES: Readonly<Record<string, string>> = {
  SCMP_ARCH_X86_64: 'call the kernel as a program of 32 bits or x32',
  SCMP_ARCH_AARCH64: 'call the kernel as a program of 32 bits',
};

/** What a program under the profile can no longer do, as words that follow "it can no longer". */
export function goneRights(
  { syscalls, architectures }: SeccompDocument,
  trace: Trace,
): readonly string[] {
  const allowed = new Set(
    syscalls.filter(({ action }) => action === 'SCMP_ACT_ALLOW').flatMap(({ names }) => names),
  );
  const [only = '', ...others] = architectures;
  const note = others.length === 0 ? MACHINE_NOTES[only] : undefined;
  return [
    ...(startsProcesses(trace) ? [] : ['start another process (fork, spawn, a shell beside it)']),
    ...RIGHTS.filter(({ calls }) => !calls.some((name) => allowed.has(name))).map(
      ({ words, calls }) =>
        `${words}${words.includes('(') ? '' : ` (${calls.slice(0, 2).join(', ')})`}`,
    ),
    ...(note === undefined ? [] : [note]),
  ];
}

/** True where something that ran under the trace made a process, not threads alone. */
export function startsProcesses({ calls }: Trace): boolean {
  return calls.has('fork') || calls.has('vfork') || !onlyThreads(calls.get('clone'));
}
