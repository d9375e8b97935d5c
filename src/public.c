/* What the public tier keeps for a thread. See public.h. */
#include "public.h"

__thread int *public_errno;
