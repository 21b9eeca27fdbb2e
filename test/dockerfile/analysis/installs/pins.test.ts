import { describe, expect, test } from 'vitest';
import { downloads, installs } from '../support.ts';

describe('what is a pin', () => {
  test.each([
    ["apt-get satisfy -y 'curl (>= 1)'", 'apt: curl'],
    ["apt-get satisfy -y 'curl (= 7.88.1-10)'", 'apt: curl=7.88.1-10'],
    ["apt satisfy 'curl (= 1), wget'", 'apt: curl=1, wget'],
    ["apt-get satisfy 'curl (=1) | wget'", 'apt: wget'],
    ["apt-get satisfy 'a (<< 2), b (=2~rc1) [amd64]' 'Conflicts: c'", 'apt: a, b=2~rc1'],
    ['aptitude install -y curl', 'apt: curl'],
    ['aptitude install -y curl=7.88.1-10 vim_', 'apt: curl=7.88.1-10'],
    ['apt-get build-dep -y nginx=1.22.1-9', 'apt: nginx'],
    ['apt-get build-dep -y ./nginx', 'apt: ./nginx'],
    ['apt-get remove -y a b+', 'apt: b'],
    ['apt-get install -y g++=4:12.2.0-3', 'apt: g++=4:12.2.0-3'],
    [
      'apt-get install docker-ce=5:29.0.1-1~debian.12~bookworm',
      'apt: docker-ce=5:29.0.1-1~debian.12~bookworm',
    ],
    ["apt-get install 'a=1.*'", 'apt: a'],
    ['apk add git=~2.52', 'apk: git=2.52'],
    ['apk add git~2.52', 'apk: git=2.52'],
    ['apk add git~=2.52', 'apk: git=2.52'],
    ["apk add 'git>2.52'", 'apk: git'],
    ['zypper in -y a=1.2~git3^1', 'zypper: a=1.2~git3^1'],
  ])('%s', (run, found) => {
    expect(installs(`RUN ${run}`)).toEqual([found]);
  });

  test.each(['apt-get remove -y g++ libstdc++', 'apt-get purge -y curl'])('%s', (run) => {
    expect(installs(`RUN ${run}`)).toEqual([]);
  });
});

describe('managers and verbs', () => {
  test.each([
    ['easy_install pip', 'other: pip'],
    ['easy_install-3.8 six==1.16', 'other: six=1.16'],
    ['gem update', 'gem:'],
    ['gem update --system', 'gem:'],
    ['gem update bundler', 'gem: bundler'],
    ['install2.r --error -n 4 dplyr readr', 'other: dplyr, readr'],
    ['Rscript /usr/local/bin/install2.r dplyr', 'other: dplyr'],
    ['bower install --allow-root jquery', 'other: jquery'],
    ['bower install jquery#3.7.1', 'other: jquery=3.7.1'],
    ['go get -tool golang.org/x/tools/cmd/stringer', 'go: golang.org/x/tools/cmd/stringer'],
    ['go get -tool x.org/a@v1.2.3', 'go: x.org/a=v1.2.3'],
    ['go get -tool x.org/a@latest', 'go: x.org/a'],
    ['npm upgrade -g', 'npm:'],
    ['npm upgrade -g npm', 'npm: npm'],
    ['npm update -g', 'npm:'],
    ['yarn upgrade', 'yarn:'],
    ['yarn global upgrade a', 'yarn: a'],
    ['pnpm update -g a', 'pnpm: a'],
    ['pip install -U setuptools', 'pip: setuptools'],
    ['conda update -y conda', 'conda: conda'],
    ['conda upgrade -y numpy', 'conda: numpy'],
    ['cpanm Moose', 'other: Moose'],
    ['cpanm -n Moose@2.2206', 'other: Moose=2.2206'],
    ['cpanm Moose~1.2', 'other: Moose~1.2'],
    ["perl -MCPAN -e 'install Moose'", 'other: Moose'],
    ['luarocks install lpeg', 'other: lpeg'],
    ['luarocks install lpeg 1.0.2-1', 'other: lpeg=1.0.2-1'],
    [`Rscript -e "install.packages('dplyr')"`, 'other: dplyr'],
    [`Rscript -e "BiocManager::install('limma')"`, 'other: limma'],
    [`R -e "remotes::install_version('dplyr', '1.1.4')"`, 'other: dplyr=1.1.4'],
    [`R -e "remotes::install_version('dplyr', version = '1.1.4')"`, 'other: dplyr=1.1.4'],
    [`R -e "update.packages(ask = FALSE)"`, 'other:'],
    ['choco install -y git --version 2.43.0', 'other: git=2.43.0'],
    ['composer upgrade', 'composer:'],
    ['bundle update', 'bundle:'],
  ])('%s', (run, found) => {
    expect(installs(`RUN ${run}`)).toEqual([found]);
  });
});

describe('programs behind others', () => {
  test.each([
    ['scl enable rh-python38 -- pip install six', 'pip: six'],
    ["scl enable rh-python38 devtoolset-7 'pip install six'", 'pip: six'],
    ["rvm-shell -c 'gem install rails'", 'gem: rails'],
    ["rvm-shell 3.2 -c 'gem install rails'", 'gem: rails'],
    ['rvm 3.2 do gem install rails', 'gem: rails'],
    ['rbenv exec gem install rails', 'gem: rails'],
    ['pyenv exec pip install six', 'pip: six'],
    ['opam exec -- npm install -g a', 'npm: a'],
    ['nvm exec 20 npm install -g a', 'npm: a'],
    ["nix-shell -p nodejs --run 'npm install -g a'", 'npm: a'],
    ["sg docker -c 'pip install six'", 'pip: six'],
    ['python -m pip install six', 'pip: six'],
    ['python3.12 -Im pip install six', 'pip: six'],
    ['python3 -mpip install six', 'pip: six'],
    ['python3 -E -W ignore -m pip install six', 'pip: six'],
    ['python3 /usr/bin/pip3 install six', 'pip: six'],
    ['/usr/bin/python3 -s /opt/venv/bin/pip3.12 install six==1.16', 'pip: six=1.16'],
    ['/usr/bin/env pip install six', 'pip: six'],
    ['/usr/bin/env -S python3 -m pip install six', 'pip: six'],
    ['ruby -S gem install rails', 'gem: rails'],
    ['ruby /usr/bin/gem install rails', 'gem: rails'],
    ['perl -S cpanm Moose', 'other: Moose'],
    ['perl /usr/bin/cpanm Moose', 'other: Moose'],
    ['node /usr/lib/node_modules/npm/bin/npm-cli.js install -g a', 'npm: a'],
    ['node --require ./x /usr/lib/node_modules/npm/bin/npx-cli.js -y a', 'npm: a'],
    ['php -d memory_limit=-1 /usr/local/bin/composer.phar require a/b', 'composer: a/b'],
    ['lua /usr/bin/luarocks install lpeg', 'other: lpeg'],
    ['sudo -H python3 /usr/bin/pip3 install six', 'pip: six'],
  ])('%s', (run, found) => {
    expect(installs(`RUN ${run}`)).toEqual([found]);
  });

  test.each([
    'python3 /usr/bin/pip3 install git+https://x.org/a.git',
    'python3 -m pip install git+https://x.org/a.git',
    'pip3.12 install git+https://x.org/a.git',
  ])('%s', (run) => {
    expect(downloads(`RUN ${run}`)).toEqual(['pip-url: nothing']);
  });

  test.each(['python3 setup.py pip install', 'python -c "print(1)" pip install six', 'node pip'])(
    '%s installs nothing',
    (run) => {
      expect(installs(`RUN ${run}`)).toEqual([]);
    },
  );
});
