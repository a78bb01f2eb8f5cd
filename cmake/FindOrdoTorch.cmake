# Finds LibTorch, the tensor engine, as the target OrdoTorch::OrdoTorch.
#
# ORDO_TORCH says where: the folder that holds include/ and lib/ (an unpacked LibTorch, or the folder
# `torch` of a Python installation); empty: the torch of ORDO_PYTHON, by default that of python3, else
# of .venv beside the sources; "off": none. Sets OrdoTorch_FOUND, OrdoTorch_VERSION, OrdoTorch_FOLDER
# and, where it is a Python's, OrdoTorch_PYTHON.
#
# LibTorch's own TorchConfig.cmake is not used: its CUDA flavour asks for a CUDA compiler, which
# nobody needs who only calls the kernels inside.

set(ORDO_TORCH "" CACHE STRING "Folder of LibTorch (with include/ and lib/), or 'off'; empty: Python's")
set(ORDO_PYTHON "" CACHE FILEPATH "Python whose torch is used, and that the package is built for; empty: python3, else .venv's")
set(_ordo_torch_tested 2.11 2.13)

# With -E also if pip's isolated build hides what is installed by way of PYTHONPATH.
function(_ordo_torch_of_python python result)
  set(${result} "" PARENT_SCOPE)
  foreach(flags "" -E)
    execute_process(
      COMMAND ${python} ${flags} -c "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
      OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
    if(status EQUAL 0 AND folder)
      set(${result} "${folder}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

function(_ordo_torch_version folder result)
  set(version "")
  foreach(header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
    if(NOT version AND EXISTS ${folder}/include/${header})
      file(STRINGS ${folder}/include/${header} lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
      string(REGEX REPLACE "[^0-9;]" "" numbers "${lines}")
      string(REPLACE ";" "." version "${numbers}")
    endif()
  endforeach()
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

set(OrdoTorch_FOLDER "")
set(OrdoTorch_PYTHON "")
if(NOT ORDO_TORCH STREQUAL "off")
  set(OrdoTorch_FOLDER "${ORDO_TORCH}")
  if(ORDO_PYTHON)
    set(_pythons ${ORDO_PYTHON})
  else()
    set(_pythons python3 ${CMAKE_SOURCE_DIR}/.venv/bin/python)
  endif()
  foreach(_python IN LISTS _pythons)
    if(NOT OrdoTorch_PYTHON)
      _ordo_torch_of_python(${_python} _folder)
      _ordo_torch_version("${_folder}" _version)
      if(NOT OrdoTorch_FOLDER AND _version VERSION_GREATER_EQUAL 2.11)
        set(OrdoTorch_FOLDER "${_folder}")
      endif()
      if(OrdoTorch_FOLDER AND "${_folder}" STREQUAL "${OrdoTorch_FOLDER}")
        execute_process(COMMAND ${_python} -c "import sys; print(sys.executable)"
                        OUTPUT_VARIABLE OrdoTorch_PYTHON OUTPUT_STRIP_TRAILING_WHITESPACE)
      endif()
    endif()
  endforeach()
endif()

set(OrdoTorch_VERSION "")
if(OrdoTorch_FOLDER)
  _ordo_torch_version("${OrdoTorch_FOLDER}" OrdoTorch_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OrdoTorch REQUIRED_VARS OrdoTorch_FOLDER OrdoTorch_VERSION
                                  VERSION_VAR OrdoTorch_VERSION)

if(OrdoTorch_FOUND AND NOT TARGET OrdoTorch::OrdoTorch)
  string(REGEX MATCH "^[0-9]+\\.[0-9]+" _minor "${OrdoTorch_VERSION}")
  if(NOT _minor IN_LIST _ordo_torch_tested)
    message(WARNING "LibTorch ${OrdoTorch_VERSION} was not tested with Ordo (tested: ${_ordo_torch_tested})")
  endif()
  add_library(OrdoTorch::OrdoTorch INTERFACE IMPORTED GLOBAL)
  target_include_directories(OrdoTorch::OrdoTorch SYSTEM INTERFACE
    ${OrdoTorch_FOLDER}/include ${OrdoTorch_FOLDER}/include/torch/csrc/api/include)
  target_link_libraries(OrdoTorch::OrdoTorch INTERFACE
    ${OrdoTorch_FOLDER}/lib/libtorch.so ${OrdoTorch_FOLDER}/lib/libtorch_cpu.so
    ${OrdoTorch_FOLDER}/lib/libc10.so)
  # A module of Python finds all of it loaded, for the CPU or for GPUs.
  set(_is_program "$<NOT:$<STREQUAL:$<TARGET_PROPERTY:TYPE>,MODULE_LIBRARY>>")
  if(EXISTS ${OrdoTorch_FOLDER}/lib/libtorch_cuda.so)
    # Nothing refers to it by name: its kernels register themselves when it is loaded.
    target_link_libraries(OrdoTorch::OrdoTorch INTERFACE
      "$<${_is_program}:-Wl,--no-as-needed;${OrdoTorch_FOLDER}/lib/libtorch_cuda.so;-Wl,--as-needed;${OrdoTorch_FOLDER}/lib/libc10_cuda.so>")
  endif()
  target_link_options(OrdoTorch::OrdoTorch INTERFACE
    "$<${_is_program}:-Wl,-rpath,${OrdoTorch_FOLDER}/lib>")
endif()
