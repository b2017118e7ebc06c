# kv::options: how every target of this project is compiled; linked PRIVATE.
add_library(kv_options INTERFACE)
add_library(kv::options ALIAS kv_options)
target_compile_features(kv_options INTERFACE cxx_std_20)
set(CMAKE_CXX_EXTENSIONS OFF)
target_compile_options(kv_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual
  # g++ 12 sees uninitialised members where a temporary with containers is moved from.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
target_compile_definitions(kv_options INTERFACE _GLIBCXX_ASSERTIONS)
if(KV_WERROR)
  target_compile_options(kv_options INTERFACE -Werror)
endif()
if(KV_SANITIZE)
  set(flags -fsanitize=${KV_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(kv_options INTERFACE ${flags})
  target_link_options(kv_options INTERFACE ${flags})
  if(KV_SANITIZE MATCHES thread)
    # asio's headers hold fences, which this sanitizer doesn't model and g++ warns of.
    target_compile_options(kv_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  endif()
endif()

# A rebuild after a switch of branches or presets is then a matter of seconds.
find_program(KV_CCACHE ccache)
if(KV_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KV_CCACHE})
endif()
