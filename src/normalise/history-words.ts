import type { HistoryEntry } from '../model/oci.ts';

const NAME = /^[A-Za-z_]\w*(?==|$)/;

/**
 * What a history entry says of EXPOSE and ARG, in words that do not depend on the BuildKit: that of Docker 26 writes `EXPOSE map[80/tcp:{}]` and `ARG A`, that of
 * Docker 28 `EXPOSE [80/tcp]` and `ARG A=1` for the same build. Ports are sorted, and of arguments the names stay: a value that a RUN used stands in that RUN's entry.
 */
export function steadyWords({ created_by: text }: HistoryEntry): Pick<HistoryEntry, 'created_by'> {
  const ports = /^EXPOSE (?:map)?\[([^\]]*)\]$/.exec(text ?? '')?.[1];
  if (ports !== undefined) {
    const names = new Set(ports.split(' ').map((port) => port.replace(/:\{\}$/, '')));
    return { created_by: `EXPOSE [${[...names].sort().join(' ')}]` };
  }
  const declared = /^ARG (.*)$/s.exec(text ?? '')?.[1];
  if (declared === undefined) return {};
  const names = declared.split(/\s+/).flatMap((word) => NAME.exec(word)?.[0] ?? []);
  return { created_by: `ARG ${names.join(' ')}` };
}
