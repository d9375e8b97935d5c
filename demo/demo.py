"""The demonstration of ./setup run: runs the two programs in this directory, without and with the
shim. Fails if a result is not the expected one."""
import errno
import filecmp
import mmap
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.dirname(HERE)
SHIM = [os.path.join(CHECKOUT, 'setup'), 'run']
UNALIGNED = os.path.join(HERE, 'unaligned.py')
ALIGNED = os.path.join(HERE, 'aligned.py')


def fail(why):
    sys.exit(f'demonstration failed: {why}')


def show(command):
    """Print a command as it would be typed at the top of the checkout."""
    short = {SHIM[0]: './setup', UNALIGNED: 'demo/unaligned.py', ALIGNED: 'demo/aligned.py'}
    words = [short.get(word) or os.path.basename(word) for word in command]
    print('$ ' + ' '.join(map(shlex.quote, words)), flush=True)


def run(command):
    show(command)
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)


def title(words):
    print(f'\n{words}')


# A directory whose file system refuses misaligned direct I/O, as most do

def probe(directory):
    """'refuses' or 'takes' misaligned direct I/O; None if there is no O_DIRECT at all."""
    path = None
    try:
        fd, path = tempfile.mkstemp(dir=directory)
        os.close(fd)
        fd = os.open(path, os.O_DIRECT | os.O_WRONLY)
        try:
            # An odd address, across a page boundary: some kernels take any buffer within one page.
            os.write(fd, memoryview(mmap.mmap(-1, 2 * mmap.PAGESIZE))[mmap.PAGESIZE - 511:][:1024])
            return 'takes'
        except OSError as error:
            return 'refuses' if error.errno == errno.EINVAL else None
        finally:
            os.close(fd)
    except OSError:
        return None
    finally:
        if path:
            os.unlink(path)


def filesystem(directory):
    result = subprocess.run(['stat', '-f', '-c', '%T', directory], stdout=subprocess.PIPE,
                            universal_newlines=True)
    return result.stdout.strip().replace('ext2/ext3', 'ext2/3/4')


def choose_directory():
    places = [tempfile.gettempdir(), '/var/tmp', os.path.join(CHECKOUT, 'build')]
    answers = {place: probe(place) for place in places}
    for wanted in 'refuses', 'takes':
        for place, answer in answers.items():
            if answer == wanted:
                return place, answer == 'refuses'
    fail('no O_DIRECT in ' + ', '.join(places))


# The program that ignores alignment

def without_shim(path, copy, particular):
    title('1. A program that writes misaligned data with O_DIRECT, b\' \' * 1024 first:')
    result = run([sys.executable, UNALIGNED, path, copy])
    if particular:
        if result.returncode == 0 or 'OSError: [Errno 22]' not in result.stderr:
            fail(f'the kernel should have refused it\n{result.stdout}{result.stderr}')
        print('  ' + result.stderr.splitlines()[-1])
    else:
        if result.returncode != 0:
            fail(result.stdout + result.stderr)
        print('  (no error: see the note above)')


def with_shim(path, copy):
    title('2. The same program under the shim:')
    result = run(SHIM + [sys.executable, UNALIGNED, path, copy])
    print(result.stdout, end='')
    if result.returncode != 0:
        fail(result.stderr)
    if not filecmp.cmp(path, copy, shallow=False):
        fail('the file, read without O_DIRECT and without the shim, differs')
    print(f'  all {os.path.getsize(path)} bytes, read without O_DIRECT and without the shim, are the same')


# The program that aligns its I/O itself

def traced(strace, prefix, path):
    """Run aligned.py under strace; its buffer's address, and its system calls on the file."""
    log = path + '.strace'
    command = prefix + [sys.executable, ALIGNED, path]
    result = run([strace, '-o', log, '-P', path, '-e', 'raw=read,write'] + command)
    if result.returncode != 0:
        fail(result.stderr)
    with open(log) as lines:
        calls = [line.strip() for line in lines if re.match(r'\w+\(', line)]
    return result.stdout.strip(), calls


def untouched(path):
    title('3. A program with its own aligned buffer (anonymous mmap): the shim changes nothing.')
    strace = shutil.which('strace')
    if not strace or subprocess.call([strace, '-o', os.devnull, 'true'], stderr=subprocess.DEVNULL):
        result = run(SHIM + [sys.executable, ALIGNED, path])
        if result.returncode != 0:
            fail(result.stderr)
        print('  it ran; strace, which would show its system calls, does not work here')
        return
    names = []
    for prefix in [], SHIM:
        address, calls = traced(strace, prefix, path)
        moves = [call for call in calls if re.match(r'(read|write)\(', call)]
        print(f'  its buffer: {address}')
        for call in moves:
            print('  ' + call)
            if call.split(', ')[1] != address:
                fail('the kernel got another address')
        names.append([call.split('(')[0] for call in calls])
        if len(moves) != 2:
            fail('expected one write and one read, got:\n' + '\n'.join(calls))
    if names[0] != names[1]:
        fail(f'different system calls on the file: {names[0]} without the shim, {names[1]} with it')
    print('  both times the kernel got the program\'s own address and the same system calls')


def main():
    os.environ.pop('LD_PRELOAD', None)
    place, particular = choose_directory()
    with tempfile.TemporaryDirectory(prefix='dioshim-demo.', dir=place) as scratch:
        path = os.path.join(scratch, 'file')
        copy = os.path.join(scratch, 'copy')
        print(f'The files are in a temporary directory in {place} ({filesystem(place)}).')
        if not particular:
            print('Note: the file systems here accept misaligned direct I/O, so nothing is refused even\n'
                  'without the shim. On ext4 or XFS, step 1 ends with EINVAL.')
        without_shim(path, copy, particular)
        with_shim(path, copy)
        untouched(path)
    print('\nAll results are as expected.')


if __name__ == '__main__':
    main()
