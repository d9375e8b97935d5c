"""A program that ignores alignment: it uses O_DIRECT with any buffer, length and offset."""
import mmap
import os
import sys


def blanks(size):
    """b' ' * size, at an address that every kernel refuses: odd, and the bytes cross a page boundary.
    What Python allocates is sometimes aligned by chance, and some kernels take any buffer that lies
    within one page."""
    for blank in [b' ' * (size + 1) for _ in range(1000)]:
        address = id(blank) + bytes.__basicsize__
        if address % 2 == 1 and address % mmap.PAGESIZE + size > mmap.PAGESIZE:
            return memoryview(blank)[1:]
    sys.exit('no misaligned buffer found')


f = os.open(sys.argv[1], os.O_CREAT | os.O_TRUNC | os.O_DIRECT | os.O_RDWR)
os.write(f, blanks(1024))
print(f'  wrote {1024:7} bytes at {0:7}')

# The expected contents of the file.
wanted = bytearray(b' ' * 1024)


def put(data, offset):
    assert os.pwrite(f, data, offset) == len(data)
    wanted.extend(bytes(max(0, offset + len(data) - len(wanted))))
    wanted[offset:offset + len(data)] = data
    print(f'  wrote {len(data):7} bytes at {offset:7}')


def compare(length, offset):
    data = os.pread(f, length, offset)
    same = data == wanted[offset:offset + length]
    print(f'  read  {len(data):7} bytes at {offset:7}: {"the same" if same else "DIFFERENT"}')
    if not same:
        sys.exit(1)


put(b'a line of text\n', 1001)
put(os.urandom(70001), 4099)
put(os.urandom(1234567), 65537)
put(b'!', 3000001)

compare(1, 1023)
compare(333, 999)
compare(4097, 4095)
compare(1000003, 66666)
compare(100000, 2999999)            # stops at the end of the file, as read() does
compare(len(wanted), 0)

with open(sys.argv[2], 'wb') as copy:
    copy.write(wanted)
