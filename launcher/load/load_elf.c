/* libelf. See load.h. */
#include <gelf.h>

#include "load/load.h"

#define LIBRARY "libelf.so.1"

LOAD_LIBRARY(elf)

LOAD(Elf *, elf_begin, (int fd, Elf_Cmd command, Elf *ref), (fd, command, ref))
LOAD(int, elf_end, (Elf * elf), (elf))
LOAD(unsigned, elf_version, (unsigned version), (version))
LOAD(Elf_Kind, elf_kind, (Elf * elf), (elf))
LOAD(int, elf_getphdrnum, (Elf * elf, size_t *count), (elf, count))
LOAD(int, elf_getshdrstrndx, (Elf * elf, size_t *index), (elf, index))
LOAD(Elf_Scn *, elf_nextscn, (Elf * elf, Elf_Scn *section), (elf, section))
LOAD(char *, elf_strptr, (Elf * elf, size_t index, size_t offset), (elf, index, offset))
LOAD(Elf_Data *, elf_getdata_rawchunk, (Elf * elf, int64_t offset, size_t size, Elf_Type type),
     (elf, offset, size, type))
LOAD(GElf_Ehdr *, gelf_getehdr, (Elf * elf, GElf_Ehdr *header), (elf, header))
LOAD(GElf_Phdr *, gelf_getphdr, (Elf * elf, int index, GElf_Phdr *header), (elf, index, header))
LOAD(GElf_Shdr *, gelf_getshdr, (Elf_Scn * section, GElf_Shdr *header), (section, header))
LOAD(GElf_Dyn *, gelf_getdyn, (Elf_Data * data, int index, GElf_Dyn *entry), (data, index, entry))
LOAD(GElf_Sym *, gelf_getsym, (Elf_Data * data, int index, GElf_Sym *symbol), (data, index, symbol))
LOAD(size_t, gelf_getnote,
     (Elf_Data * data, size_t offset, GElf_Nhdr *note, size_t *name, size_t *description),
     (data, offset, note, name, description))
LOAD(size_t, gelf_fsize, (Elf * elf, Elf_Type type, size_t count, unsigned version),
     (elf, type, count, version))
