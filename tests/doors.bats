#!/usr/bin/env bats
# Real programs that come in by other doors than read() and write(): syscall(2), libaio, sendfile. A program that
# sends misaligned requests must fail without the shim. For one that aligns its requests itself, the test shows
# only that nothing breaks. See also programs.bats, copies.bats, stdio.bats, aio.bats (fio).
#
#   DIOSHIM_DOORS=all   also what takes long: a database

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # scratch, where: on_each in lib.bash

load lib

setup() {
  bats_require_minimum_version 1.5.0
  strict=(ext4-512 xfs)
}

# Runs a program with and without the shim on a file that has the pattern. It must succeed with it only.
only_with_the_shim() { # COMMAND [ARG...]
  pattern 100003 >"$scratch/file"
  run "$@"
  echo "without the shim: status $status: $output"
  ((status != 0))
  [[ $output == *"Invalid argument"* || $output == *"Failed to read file"* || $output == *"Checksum mismatch"* ]]
  pattern 100003 >"$scratch/file"
  shim "$@"
}

# By pread() or pwrite(), and by libaio's functions, of which io_submit() calls syscall(2).
ioping_requests() {
  local file=$scratch/file
  only_with_the_shim ioping -q -D -c 20 -i 0 -s 1000 "$file"
  cmp "$file" <(pattern 100003)
  only_with_the_shim ioping -q -D -A -c 20 -i 0 -s 1000 "$file"
  cmp "$file" <(pattern 100003)
  only_with_the_shim ioping -q -D -WWW -c 20 -i 0 -s 1000 "$file"
  only_with_the_shim ioping -q -D -A -WWW -c 20 -i 0 -s 1000 "$file"
  # What is written are whole requests within the file.
  (($(stat -c %s "$file") == 100003))
}

@test "ioping: requests of 1000 bytes, synchronous and asynchronous" {
  need ioping
  on_each "${strict[@]}" -- ioping_requests
}

# Each block has a checksum, which is verified when it is read.
sysbench_blocks() { # sync|async
  local files=(--file-total-size=2000000 --file-num=2 --file-block-size=1000 --validate=on)
  (
    cd "$scratch" || exit
    sysbench fileio "${files[@]}" prepare >/dev/null
    # Without the shim the first requests fail; where errors of events are not looked at, checksums do.
    only_with_the_shim sysbench fileio "${files[@]}" --file-io-mode="$1" --file-extra-flags=direct \
      --file-test-mode=rndrw --time=10 --events=200 --file-fsync-freq=50 run
    # What it has written is right for a program without O_DIRECT, too.
    sysbench fileio "${files[@]}" --file-test-mode=rndrd --time=10 --events=1000 run >/dev/null
  )
}

@test "sysbench fileio: blocks of 1000 bytes with checksums, synchronous" {
  need sysbench
  on_each ext4-512 -- sysbench_blocks sync
}

@test "sysbench fileio: blocks of 1000 bytes with checksums, asynchronous" {
  need sysbench
  on_each ext4-512 -- sysbench_blocks async
}

# It aligns its requests itself, and compares what it has written.
stressapptest_files() {
  (
    cd "$scratch" || exit
    shim stressapptest -s 1 -M 16 -m 1 -f ./one -f ./two --filesize 1048576
  )
}

@test "stressapptest: two files (its requests are aligned)" {
  need stressapptest
  on_each ext4-512 -- stressapptest_files
}

# xfs_io makes its calls by syscall(2), or by name, depending on its version.
xfs_io_requests() {
  local file=$scratch/file
  only_with_the_shim xfs_io -d -c 'pread -v 4097 17' "$file"
  cmp "$file" <(pattern 100003)
  only_with_the_shim xfs_io -d -c 'pwrite -S 0x41 99000 2003' -c 'pwrite -S 0x42 -V 2 -b 3000 5 6000' "$file"
  cmp "$file" <({
    pattern 5
    head -c 6000 /dev/zero | tr '\0' B
    pattern 99000 | tail -c +6006
    head -c 2003 /dev/zero | tr '\0' A
  })
}

@test "xfs_io -d: pread, pwrite, pwritev" {
  need xfs_io xfsprogs
  on_each "${strict[@]}" -- xfs_io_requests
}

nginx_start() { # [PRELOAD]
  : >"$scratch/errors"
  (
    cd "$scratch" || exit
    # bats waits for whoever holds its descriptor 3.
    exec env ${1:+LD_PRELOAD="$1"} nginx -p "$scratch" -c "$scratch/nginx.conf" 3>&-
  ) &
  server=$!
  for ((i = 0; i < 200; i++)); do
    [[ ! -S $scratch/socket ]] || return 0
    sleep 0.05
  done
  cat "$scratch/errors"
  fail "nginx does not start"
}

nginx_stop() {
  kill "$server"
  wait "$server" || :
  rm -f "$scratch/socket"
}

# Prints bytes FROM to TO, or all.
nginx_get() { # [FROM TO]
  curl -sS --max-time 20 --unix-socket "$scratch/socket" ${1:+-r "$1-$2"} http://localhost/file
}

nginx_configuration() { # ALIGNMENT
  cat <<END
daemon off; master_process off; pid $scratch/pid; error_log $scratch/errors; user root;
events { worker_connections 16; }
http {
  access_log off; sendfile on; aio threads; directio 4k; directio_alignment $1; output_buffers 2 10000;
  client_body_temp_path $scratch/1; proxy_temp_path $scratch/2; fastcgi_temp_path $scratch/3;
  uwsgi_temp_path $scratch/4; scgi_temp_path $scratch/5;
  server { listen unix:$scratch/socket; root $scratch; }
}
END
}

# nginx reads blocks of directio_alignment, and turns O_DIRECT off for the end of a file.
nginx_files() { # ALIGNMENT [fails]
  pattern 300007 >"$scratch/file"
  chmod -R a+rX "$scratch"
  nginx_configuration "$1" >"$scratch/nginx.conf"
  if [[ ${2-} ]]; then
    nginx_start
    ! nginx_get 1001 70000 | cmp - <(pattern 70001 | tail -c +1002) || fail "it works without the shim"
    nginx_stop
  fi
  nginx_start "$DIOSHIM_LIB"
  nginx_get | cmp - "$scratch/file"
  nginx_get 1001 70000 | cmp - <(pattern 70001 | tail -c +1002)
  nginx_get 299999 300006 | cmp - <(tail -c 8 "$scratch/file")
  nginx_stop
  [[ $(<"$scratch/errors") != *"Invalid argument"* ]]
}

@test "nginx: directio with blocks that the device refuses, and with blocks that it takes" {
  need nginx nginx-light
  need curl
  on_each ext4-4096 -- nginx_files 512 fails
  on_each ext4-512 xfs -- nginx_files 512
}

# InnoDB's blocks are aligned. Debian's has io_uring and no libaio, so this is its own AIO, by threads and pread() and
# pwrite(); another build has libaio here.
mariadb_load() {
  local data=$scratch/data
  # As root, in a directory that only root can enter.
  mkdir "$data"
  mariadb-install-db --no-defaults --user=root --datadir="$data" --skip-test-db \
    --auth-root-authentication-method=normal >/dev/null
  (
    exec "$DIOSHIM_LAUNCHER" --no-io-uring mariadbd --no-defaults --user=root --datadir="$data" \
      --skip-networking --socket="$data/socket" --innodb-use-native-aio=1 --innodb-flush-method=O_DIRECT \
      --innodb-log-file-size=10M --innodb-buffer-pool-size=6M --pid-file="$data/pid" 3>&- >"$data/log" 2>&1
  ) &
  server=$!
  for ((i = 0; i < 600; i++)); do
    mariadb-admin --no-defaults --user=root --socket="$data/socket" ping >/dev/null 2>&1 && break
    sleep 0.1
  done
  cat "$data/log"
  mariadb --no-defaults --user=root --socket="$data/socket" >"$scratch/answers" <<'SQL'
CREATE DATABASE d; USE d;
CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, text VARCHAR(500), KEY (text(20))) ENGINE=InnoDB;
INSERT INTO t (text) SELECT REPEAT(MD5(seq), 12) FROM seq_1_to_20000;
UPDATE t SET text = CONCAT('x', text) WHERE id % 3 = 0;
DELETE FROM t WHERE id % 7 = 0;
CHECK TABLE t EXTENDED;
SELECT COUNT(*), SUM(text LIKE 'x%'), SUM(LENGTH(text)) FROM t;
SQL
  kill "$server"
  wait "$server"
  cat "$scratch/answers"
  grep -q 'check.*status.*OK' "$scratch/answers"
  ! grep -iE 'error.*(aio|write|read)|corrupt' "$data/log"
}

@test "MariaDB: InnoDB with O_DIRECT (its requests are aligned)" {
  [[ ${DIOSHIM_DOORS-} == all ]] || skip "only with DIOSHIM_DOORS=all: takes a minute"
  need mariadbd mariadb-server
  on_each ext4-512 xfs -- mariadb_load
}
