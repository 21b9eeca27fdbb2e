import { describe, expect, test } from 'vitest';
import { analysisOf } from './support.ts';

type Files = Readonly<Record<string, string>>;
const EVIL = '#!/bin/sh\nstrange\n';

function unread(run: string, files: Files = { 'a b': '' }): readonly (string | undefined)[] {
  return analysisOf(`FROM x\n${run}`, {}, files).unread.map(({ program }) => program);
}

describe('a known name may mean another program', () => {
  test.each<[string, Files?]>([
    // Of the file's own place only a part is known.
    ['RUN cp /usr/bin/curl /bin/$N\nRUN ls https://e.example'],
    ['RUN cp "$(which curl)" /bin/$N\nRUN ls https://e.example'],
    ['RUN ln -s wget2 "/usr/local/bin/$(echo ls)" && ls https://e.example'],
    ['ARG N\nCOPY evil /usr/bin/$N\nRUN ls', { evil: EVIL }],
    ['ARG D\nCOPY ls $D/\nRUN ls', { ls: EVIL }],
    ['COPY t /t\nRUN cp /t/evil /usr/bin/$N\nRUN ls', { 't/evil': EVIL }],
    ['ARG D\nCOPY t $D/bin\nRUN ls', { 't/ls': EVIL }],
    // Of the folder of PATH only the end is known.
    ['ARG X\nENV PATH=$X/bin:$PATH\nCOPY t /t\nRUN ls', { 't/bin/ls': EVIL }],
    ['ARG X\nENV PATH=$X/bin:$PATH\nCOPY ls /o/bin/\nRUN ls', { ls: EVIL }],
    ['COPY t /t\nRUN PATH=$(cat p)/bin:$PATH ls', { 't/bin/ls': EVIL }],
    // The folder has two names.
    ['COPY ls /usr/bin/\nRUN /bin/ls', { ls: EVIL }],
    // The shell of a RUN is a file too.
    ['COPY x /bin/sh\nRUN ls', { x: '\u007fELF' }],
    ['COPY x /usr/bin/bash\nSHELL ["/bin/bash", "-c"]\nRUN ls', { x: '\u007fELF' }],
    ['COPY x /bin/bash\nRUN bash -c ls', { x: '\u007fELF' }],
    // Programs that write where their words say.
    ["RUN sed -n 'w /usr/bin/ls' /x; ls"],
    ['RUN awk \'{ print > "/usr/bin/ls" }\' /x; ls'],
    ['RUN openssl enc -d -in /x -out /usr/bin/ls; ls'],
    ["RUN python3 -c \"open('/usr/bin/ls', 'w').write('x')\"; ls"],
    ['RUN patch /usr/bin/which x; which x'],
    // Another root folder, and one put over this one.
    ['COPY t /t\nRUN chroot /t ls', { 't/bin/ls': EVIL }],
    ['COPY t /t\nRUN mount --bind /t /usr/bin'],
    // Packages of the context have scripts.
    ['COPY a.deb /\nRUN dpkg -i /a.deb', { 'a.deb': '' }],
    ['COPY a.deb .\nRUN apt-get install -y ./a.deb', { 'a.deb': '' }],
    ['COPY a.apk /\nRUN apk add --allow-untrusted /a.apk', { 'a.apk': '' }],
    ['COPY a.rpm /\nRUN rpm -i /a.rpm', { 'a.rpm': '' }],
    // Python looks beside the script for its own modules.
    ['WORKDIR /w\nCOPY . .\nRUN python3 -c "import json; print(1)"', { 'json.py': 'x' }],
    ['COPY p /p\nENV PYTHONPATH=/p\nRUN python3 -c "import json; print(1)"', { 'p/json.py': 'x' }],
    // Variables by which programs run others.
    ['ENV BASH_FUNC_ls%%="() { strange; }"\nRUN bash -c ls'],
    ['ENV GCONV_PATH=/t\nRUN iconv x'],
    ['ENV OPENSSL_CONF=/t/o.cnf\nRUN openssl version'],
    ["ENV TAR_OPTIONS='--checkpoint=1 --checkpoint-action=exec=x'\nRUN tar xf y.tar"],
    ["ENV PAGER='sh -c x'\nRUN git log"],
    ['ENV RUBYLIB=/t\nRUN gem list'],
    ['RUN gcc @/t/args'],
  ])('%s', (run, files) => {
    expect(unread(run, files)).not.toEqual([]);
  });

  test.each<[string, Files?]>([
    ['RUN mv kubectl-$V /usr/local/bin/ && ls'],
    ['ARG N\nCOPY evil /srv/$N\nRUN ls', { evil: EVIL }],
    ['RUN echo x > "$LOG"; ls'],
    ['RUN ln -s python3 "/usr/local/bin/$(echo python3 | tr -d 3)" && ls'],
    ['ENV PATH=$JAVA_HOME/bin:$PATH\nCOPY . /app\nRUN ls', { 'src/ls': EVIL }],
    ['ENV PATH=$PATH:$X/bin\nCOPY t /t\nRUN ls', { 't/bin/ls': EVIL }],
    ['RUN bash -eo pipefail -c ls'],
    ['SHELL ["/bin/bash", "-xeuo", "pipefail", "-c"]\nRUN ls'],
    ['ENV PAGER=less EDITOR=vim OPENSSL_CONF=/etc/ssl/\nRUN git log'],
    ["RUN sed -i 's/UsePAM yes/UsePAM no/g' /etc/ssh/sshd_config"],
    ["RUN rpm --eval '%{_arch}'"],
    ['SHELL ["powershell", "-Command"]\nRUN java --version; javac -version'],
    ['SHELL ["cmd", "/S", "/C"]\nRUN echo %A%;%PATH% && setx /M PATH %A%;%PATH%'],
    ['SHELL ["cmd", "/S", "/C"]\nRUN javac --version && git --version'],
    ['RUN ls | xargs -n1'],
    ['RUN R -q -e "library(tidyverse)"'],
    ['RUN rabbitmq-plugins enable --offline rabbitmq_management'],
  ])('ok-%s', (run, files) => {
    expect(unread(run, files)).toEqual([]);
  });

  test('sed still runs what its flag says', () => {
    for (const script of ["'s/a/b/e'", "'s/a/b/ge'", "'2s/.*/x/ew f'", "'/x/Is/a/b/e'"])
      expect(unread(`RUN sed ${script} f`)).toEqual(['sed']);
    expect(unread("RUN rpm --eval '%(x)'")).toEqual(['rpm']);
    expect(unread("RUN rpm --eval '%{lua:x}'")).toEqual(['rpm']);
  });
});
