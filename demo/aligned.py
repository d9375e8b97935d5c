"""The usual workaround: a page-aligned buffer from anonymous mmap, and aligned lengths and offsets."""
import ctypes
import mmap
import os
import sys

f = os.open(sys.argv[1], os.O_CREAT | os.O_TRUNC | os.O_DIRECT | os.O_RDWR)
page = mmap.mmap(-1, 4096)
page.write(b' ' * 4096)
os.write(f, page)
os.lseek(f, 0, os.SEEK_SET)
with open(f, 'rb', buffering=0) as file:
    file.readinto(page)

print(f'{ctypes.addressof(ctypes.c_char.from_buffer(page)):#x}')
