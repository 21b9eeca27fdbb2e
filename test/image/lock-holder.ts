import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { claimAlone } from '../../src/image/owner.ts';

// A process of owner-race.test.ts that takes and gives back one lock until it is killed, wherever
// it then stands.
const [, , file = ''] = process.argv;

/** Only the holder is inside. One that was killed there has left its number. */
function enter(): void {
  try {
    writeFileSync(`${file}.inside`, String(process.pid), { flag: 'wx' });
  } catch {
    const other = Number(readFileSync(`${file}.inside`, 'utf8'));
    if (other !== 0 && isAlive(other)) process.send?.({ both: [other, process.pid] });
    writeFileSync(`${file}.inside`, String(process.pid));
  }
}

function isAlive(pid: number): boolean {
  try {
    // A zombie was killed already, and nobody has asked for its end yet.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

for (;;) {
  if (!(await claimAlone(file))) continue;
  enter();
  await new Promise((done) => setTimeout(done, Math.random() * 3));
  rmSync(`${file}.inside`);
  rmSync(file);
  process.send?.('had it');
}
