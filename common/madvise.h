/* madvise(2), with the values that an older C library's headers lack. */
#ifndef DIOSHIM_MADVISE_H
#define DIOSHIM_MADVISE_H

#include <sys/mman.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18 /* Linux 4.14 */
#endif

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif

#endif
