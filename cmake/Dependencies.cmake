# Libraries from Debian's packages. A missing one says which package brings it.
function(kv_find name package)
  find_package(${name} ${ARGN} QUIET)
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "${name} is missing. Install the Debian package ${package}: apt-get install ${package} "
                        "(./kv build installs all that is needed).")
  endif()
endfunction()

function(kv_find_header variable header package)
  find_path(${variable} ${header} ${ARGN})
  if(NOT ${variable})
    message(FATAL_ERROR "${header} is missing. Install the Debian package ${package}: apt-get install ${package} "
                        "(./kv build installs all that is needed).")
  endif()
endfunction()

kv_find(Threads libc6-dev)
kv_find(nlohmann_json nlohmann-json3-dev)
kv_find(fmt libfmt-dev)
kv_find(spdlog libspdlog-dev)
kv_find(CLI11 libcli11-dev)
kv_find_header(XXHASH_INCLUDE xxhash.h libxxhash-dev)
kv_find_header(ASIO_INCLUDE asio.hpp libasio-dev)
kv_find_header(EDITLINE_INCLUDE editline/readline.h libedit-dev)
kv_find(glfw3 libglfw3-dev)
kv_find_header(IMGUI_INCLUDE imgui.h libimgui-dev PATH_SUFFIXES imgui)
kv_find_header(STB_INCLUDE stb_image_write.h libstb-dev PATH_SUFFIXES stb)
if(BUILD_TESTING)
  kv_find(GTest libgtest-dev)
endif()

add_library(kv_editline INTERFACE)
add_library(kv::editline ALIAS kv_editline)
target_include_directories(kv_editline SYSTEM INTERFACE ${EDITLINE_INCLUDE})
target_link_libraries(kv_editline INTERFACE edit)

# Debian's library holds the backends for GLFW and OpenGL as well.
add_library(kv_imgui INTERFACE)
add_library(kv::imgui ALIAS kv_imgui)
target_include_directories(kv_imgui SYSTEM INTERFACE ${IMGUI_INCLUDE} ${STB_INCLUDE})
target_link_libraries(kv_imgui INTERFACE imgui stb)
