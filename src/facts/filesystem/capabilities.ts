/** Names by number, linux/capability.h. */
const NAMES = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
  'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin ' +
  'sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override ' +
  'mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ');

const REVISION = 0xff000000;
/** Bytes by revision: magic, then pairs of permitted and inheritable words; v3 ends with a root uid. */
const SIZES = new Map([
  [0x01000000, 12],
  [0x02000000, 20],
  [0x03000000, 24],
]);

/**
 * Decodes a `security.capability` attribute (VFS capabilities v1, v2, v3; capabilities(7)) given as latin-1 text, to
 * `cap_net_raw+ep` by name. A value of no known form is `unreadable`, since the kernel's view of it is not known.
 */
export function decodeCapabilities(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 12) return ['unreadable'];
  const magic = bytes.readUInt32LE(0);
  const size = SIZES.get((magic & REVISION) >>> 0);
  if (size === undefined || bytes.length !== size) return ['unreadable'];
  const effective = (magic & 1) === 1;
  const words = size === 12 ? 1 : 2;
  const found: string[] = [];
  for (let word = 0; word < words; word += 1) {
    const permitted = bytes.readUInt32LE(4 + word * 8);
    const inheritable = bytes.readUInt32LE(8 + word * 8);
    for (let bit = 0; bit < 32; bit += 1) {
      const isPermitted = ((permitted >>> bit) & 1) === 1;
      const isInheritable = ((inheritable >>> bit) & 1) === 1;
      if (!isPermitted && !isInheritable) continue;
      const name = NAMES[word * 32 + bit] ?? String(word * 32 + bit);
      const flags = `${effective ? 'e' : ''}${isInheritable ? 'i' : ''}${isPermitted ? 'p' : ''}`;
      found.push(`cap_${name}+${flags}`);
    }
  }
  return found;
}
