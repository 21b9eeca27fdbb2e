import { describe, expect, test } from 'vitest';
import { downloads } from '../support.ts';

const SUM = 'a'.repeat(64);

describe('what comes over a bare connection', () => {
  test.each([
    ['RUN nc example.com 80 < request > f', 'other: nothing'],
    ['RUN printf "GET /f" | ncat --ssl example.com 443 | tar x', 'other: nothing'],
    ['RUN printf "GET /f" | nc example.com 80 | sh', 'other: shell'],
    ['RUN busybox nc example.com 80 > f', 'other: nothing'],
    ['RUN x=$(nc example.com 80) && eval "$x"', 'other: shell'],
    ['RUN socat - TCP:example.com:80 > f', 'other: nothing'],
    ['RUN socat -u OPENSSL:example.com:443 OPEN:f,creat', 'other: nothing'],
    ['RUN exec 3<>/dev/tcp/example.com/80; cat <&3 > f', 'other: nothing'],
    ['RUN bash -c "cat < /dev/tcp/example.com/80 > f"', 'other: nothing'],
    ['RUN ssh build@example.com cat /f > f', 'other: nothing'],
    ['RUN ssh build@example.com "tar c /f" | tar x', 'other: nothing'],
    [
      'RUN openssl s_client -connect example.com:443 </dev/null | openssl x509 > c.pem',
      'other: nothing',
    ],
    [`RUN nc example.com 80 > f && echo "${SUM}  f" | sha256sum -c`, 'other: sha256sum -c'],
  ])('%s', (run, found) => {
    expect(downloads(run)).toEqual([found]);
  });

  test.each([
    'RUN until nc -z db 5432; do sleep 1; done',
    'RUN nc -l -p 80 > f',
    'RUN echo ruok | nc zk 2181',
    'RUN echo ruok | nc zk 2181 | grep imok',
    'RUN nc localhost 80 > f',
    'RUN socat TCP-LISTEN:80 EXEC:cat',
    'RUN socat -u OPEN:f TCP:127.0.0.1:80',
    'RUN (: </dev/tcp/db/5432) && echo up',
    'RUN ssh -T git@github.com',
    'RUN ssh host make deploy',
    'RUN openssl s_client -connect example.com:443 </dev/null > /dev/null',
    'RUN openssl x509 -in c.pem > d.pem',
  ])('ok-%s', (run) => {
    expect(downloads(run)).toEqual([]);
  });
});
