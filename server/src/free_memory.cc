#include "free_memory.h"

#include <cstddef>

#include <malloc.h>

// Of jemalloc, which kvnode is linked with, but not what tests and sanitizers build.
extern "C" __attribute__((weak)) int mallctl(const char* name, void* old_value,
                                             std::size_t* old_size, void* new_value,
                                             std::size_t new_size);

namespace kv {

void give_back_free_memory() {
  if (mallctl == nullptr) {
    ::malloc_trim(0);
  } else {
    // 4096 stands for all arenas.
    (void)mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
  }
}

std::string_view allocator_name() {
  return mallctl == nullptr ? "libc" : "jemalloc";
}

}  // namespace kv
