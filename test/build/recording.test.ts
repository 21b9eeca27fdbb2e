import { expect, test } from 'vitest';
import { remoteAdds } from '../../src/build/recording.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';

test('names what BuildKit fetches by itself, of the stages that are built', () => {
  const read = parseDockerfile(
    [
      'FROM a AS unused',
      'ADD https://example.com/unused /',
      'FROM a',
      'ARG VERSION=1',
      'ADD https://example.com/a-$VERSION.tar.gz local.txt /src/',
      'ADD git@example.com:x/y.git#v1 /y',
      'ADD --chown=1 local https://example.com/',
      'COPY https /',
    ].join('\n'),
  );
  expect(read.ok && remoteAdds(read.value)).toEqual([
    { address: 'https://example.com/a-1.tar.gz', line: 5 },
    { address: 'git@example.com:x/y.git#v1', line: 6 },
  ]);
});
