// A server that speaks OSV's API, with some vulnerabilities for each base of the fleet.
import { fakeOsv } from '../../test/fakes/fake-osv.ts';

const osv = await fakeOsv();
const add = (id: string, name: string, versions?: readonly string[]): void => {
  const affected = { package: { ecosystem: 'Debian:13', name } };
  osv.entries.push({
    id,
    affected: [versions === undefined ? affected : { ...affected, versions }],
  });
};
// By these it shows that it knows the release.
add('DEBIAN-CVE-2020-1', 'curl', ['0']);
add('DEBIAN-CVE-2020-2', 'openssl', ['0']);
for (let base = 0; base < 20; base += 1)
  for (let i = 0; i < 8; i += 1)
    add(`DEBIAN-CVE-2026-${1000 + base * 10 + i}`, `part-${base}-${i}`);
process.stdout.write(`${osv.url}\n`);
