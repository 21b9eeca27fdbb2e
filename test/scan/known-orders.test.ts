import { describe, expect, test } from 'vitest';
import type { Package } from '../../src/model/packages.ts';
import { VERSION_ORDERS } from '../../src/scan/versions.ts';

/**
 * Each line rises from left to right; `=` joins what is equal. As the tools themselves order them.
 */
const RISING = `
deb 1.0~beta1~svn1 1.0~beta1 1.0 1.0-1 1.0-1+b1 1.0-1.1 1.0a-1 1.0+dfsg-1 1.1 1:0.1 2:0
deb 3.0.15-1~deb12u1 3.0.15-1 3.0.17-1~deb12u2 3.0.17-1~deb12u10
rpm 1.0~rc1-1 1.0-1 1.0^git1-1 1.0.1-1 1.0.1-1.el9 1.0.1-1.el9_2 1:0.9-1
rpm 1.a 1.1 1.9=1.09 1.10 2
apk 1.0_alpha 1.0_alpha2 1.0_beta 1.0_pre 1.0_rc1-r0 1.0 1.0-r0 1.0-r10 1.0_p1 1.0a 1.0.1
apk nonsense 1.05 1.1 1.1.1q-r3 1.1.1w-r0 1.10 3.0.0-r0
npm branch 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1
  1.0.0=v1.0.0=1.0=1.0.0+build.5 1.2.0
golang v0.0.0-20230101000000-abcdefabcdef v0.0.0-20240101000000-000000000000 v0.1.0
  v0.1.1-0.20240101000000-abcdefabcdef v0.1.1 2.0.0=v2.0.0+incompatible
golang go1.20.14 go1.21rc2=1.21.0-rc.2 go1.21rc10 go1.21=1.21.0 go1.21.3
cargo 1.0.0-rc.1 1.0.0 111.11.0 111.15.0
nuget 1.0.0-alpha=1.0.0-ALPHA 1.0.0=1.0.0.0 1.0.0.1 1.0.1
pypi 2004d 1.0.dev1 1.0a1.dev1 1.0a1=1.0alpha1=1.0-a.1 1.0b1 1.0rc1=1.0c1=1.0preview1 1.0=1.0.0=v1.0
  1.0+abc 1.0+5 1.0.post1.dev1 1.0.post1=1.0-1=1.0.r1 1.0.1 1!0.1
maven 1-alpha2 1-beta 1-milestone1=1-m1 1-rc=1-cr 1-SNAPSHOT 1=1.0=1-ga=1.0.0.final=1.RELEASE 1-sp
  1-abc 1-1 1.1 1.10
gem 1.0.0.a 1.0.0.a.2 1.0.0.b1 1.0.0-1=1.0.0.pre.1 1.0.0.rc1 1.0=1=1.0.0 1.0.1 1.10
composer dev-main 1.0-dev 1.0-alpha1=1.0a1 1.0-beta2 1.0-RC1 1.0=v1.0.0.0=1.0-stable
  1.0-patch1=1.0p1 1.0.1
`;

describe('versions in the order of their own tools', () => {
  test.each(RISING.trim().split(/\n(?=\S)/))('%s', (row) => {
    const [type = '', ...line] = row.split(/\s+/);
    const order = VERSION_ORDERS[type as Package['type']];
    const rank = line.flatMap((equal, i) => equal.split('=').map((text) => ({ text, i })));
    for (const one of rank)
      for (const other of rank)
        expect([one.text, other.text, Math.sign(order(one.text, other.text))]).toEqual([
          one.text,
          other.text,
          Math.sign(one.i - other.i),
        ]);
  });
});
