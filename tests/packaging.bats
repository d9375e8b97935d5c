#!/usr/bin/env bats
# What packages and releases are made of. packaging/try-deb installs the Debian packages in new roots.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell

load lib

setup() {
  packaging=$DIOSHIM_TOP_SRCDIR/packaging
  version=$("$DIOSHIM_LAUNCHER" --version | sed -n '1s/^dioshim //p')
  cd -- "$BATS_TEST_TMPDIR" || return
}

debian_changelog() { # NEWS
  SOURCE_DATE_EPOCH=0 "$packaging/news-to-changelog" "$1" 'A Packager <packager@example.org>'
}

@test "the changelog of the Debian packages is NEWS" {
  need dpkg-parsechangelog dpkg-dev
  debian_changelog "$DIOSHIM_TOP_SRCDIR/NEWS" >changelog
  [[ $(dpkg-parsechangelog -l changelog -S Version) == "$version"-1 ]]
  run ! grep -E '.{81}' changelog
  # The same words in the same order.
  diff <(sed -n 's/^  \* //p; s/^    //p' changelog | tr -s ' ' '\n') \
    <(sed -n 's/^\* //p; s/^  //p' "$DIOSHIM_TOP_SRCDIR/NEWS" | tr -s ' ' '\n')
}

@test "a changelog has a section, a date and a distribution for each release" {
  need dpkg-parsechangelog dpkg-dev
  printf '%s\n' 'dioshim 0.3.0 (not yet released)' '' '* One.' '' 'dioshim 0.2.0 (2027-03-01)' '' '* Two' '  lines.' >NEWS
  debian_changelog NEWS >changelog
  diff changelog - <<'EOT'
dioshim (0.3.0-1) UNRELEASED; urgency=medium

  * One.

 -- A Packager <packager@example.org>  Thu, 01 Jan 1970 00:00:00 +0000

dioshim (0.2.0-1) unstable; urgency=medium

  * Two lines.

 -- A Packager <packager@example.org>  Mon, 01 Mar 2027 00:00:00 +0000
EOT
  [[ $(dpkg-parsechangelog -l changelog --all -S Version --format rfc822 | grep -c .) == 2 ]]
  echo 'no section' >NEWS
  run ! debian_changelog NEWS
}

# A checkout that can be released, and a make that does nothing but leave a tarball.
releasable() {
  git init -q source
  git -C source config user.name Tester
  git -C source config user.email tester@example.org
  echo 'dioshim 1.2.3 (2027-03-01)' >source/NEWS
  git -C source add NEWS
  git -C source commit -q -m 'Release'
  printf '#!/bin/sh\necho "make $*" >>calls\necho sources >dioshim-1.2.3.tar.xz\n' >fake
  chmod +x fake
}

release() {
  run "$packaging/release" "$PWD/source" 1.2.3 "$PWD/fake"
}

refused() { # PATTERN
  release
  [[ $status == 1 && $output == *$1* ]] || fail "status $status: $output"
  [[ ! -e calls ]] || fail 'it began to work'
}

@test "make release makes a tarball and its checksum, after make distcheck" {
  need git
  releasable
  release
  [[ $status == 0 && $(<calls) == 'make distcheck' ]] || fail "$output"
  (cd release && sha256sum -c --quiet dioshim-1.2.3.tar.xz.sha256)
}

@test "make release refuses what must not be released" {
  need git
  releasable
  echo 'dioshim 1.2.3 (not yet released)' >source/NEWS
  refused 'NEWS has to be'
  echo 'dioshim 1.2.2 (2027-03-01)' >source/NEWS
  refused 'NEWS has to be'
  git -C source checkout -q NEWS
  touch source/forgotten
  refused 'not committed'
  rm source/forgotten
  git -C source tag v1.2.3
  refused 'tag v1.2.3 exists'
}

@test "the tarball has every file of the checkout" {
  need git
  [[ ${DIOSHIM_BUILDS-} == all ]] || skip 'only with DIOSHIM_BUILDS=all: it takes long'
  [[ -e $DIOSHIM_TOP_SRCDIR/.git ]] || skip 'not a git checkout'
  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$(dirname "$DIOSHIM_TEST_BIN")" distdir \
    distdir="$PWD/dist" top_distdir="$PWD/dist" >log 2>&1 || fail "$(tail log)"
  diff <(git -C "$DIOSHIM_TOP_SRCDIR" ls-files | grep -v -x -F .gitignore | sort) \
    <(cd dist && git -C "$DIOSHIM_TOP_SRCDIR" ls-files | while read -r file; do
      [[ ! -e $file ]] || echo "$file"
    done | sort) || fail 'missing in the tarball'
  grep -q '@' dist/AUTHORS
  grep -q -x "Version: *$version" dist/dioshim.spec
}

@test "--help names the address for bugs, if there is one" {
  need gcc
  echo '#include "help.h"
int main(void) { help_print(); }' >main.c
  local address
  for address in '' https://bugs.example.org/dioshim; do
    gcc -I"$DIOSHIM_TOP_SRCDIR/launcher" -DPACKAGE_STRING='"dioshim"' -DPACKAGE_BUGREPORT="\"$address\"" -o main main.c \
      "$DIOSHIM_TOP_SRCDIR/launcher/help.c"
    diff <(./main | sed -n '/^Bugs/p') <(echo "${address:+Bugs: $address}" | sed '/^$/d')
  done
}
