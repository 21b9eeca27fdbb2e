/** Argument condition (runtime-spec, config-linux.md#seccomp). MASKED_EQ: `value` is the mask. */
export interface ArgumentRule {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_MASKED_EQ';
}

/** An entry of `syscalls`. `comment` is Docker's own field, which other readers pass over. */
export interface SyscallRule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';
  readonly errnoRet?: number;
  readonly args?: readonly ArgumentRule[];
  readonly comment?: string;
}

/** A seccomp profile (runtime-spec), as `docker run --security-opt seccomp=FILE` reads it. */
export interface SeccompDocument {
  readonly defaultAction: 'SCMP_ACT_ERRNO';
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SyscallRule[];
}

/** The profile as its file has it. */
export function documentText(document: SeccompDocument): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
