/*
 * Comes before the first line of every file of the library (-include, src.am).
 *
 * The library defines read(), open(), open64() and the like, so no header may turn one name into another:
 * FORTIFY makes read() a function around __read_chk(), and _FILE_OFFSET_BITS makes open() another name of
 * open64(). Builders set these macros in CPPFLAGS or CFLAGS, and some compilers define them on their own. All
 * of that is earlier than this file.
 */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS
