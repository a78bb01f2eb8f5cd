# How a room, a program and a benchmark become targets.
#
#   ordo_room(NAME [TENSOR] [DEPENDS room...] [PACKAGES name...] [LIBS target...])
#     in ordo/NAME/CMakeLists.txt: every *.cpp of the folder is the library ordo::NAME; *_test.cpp
#     are its one test executable (a CTest entry a file); *_fuzz.cpp are fuzz targets that replay
#     ordo/NAME/corpus/<stem>/ as a test and fuzz for real in the preset `asan`. A TENSOR room
#     stands on LibTorch and shares one precompiled header; without LibTorch it is left out.
#   ordo_app(NAME [TENSOR] ROOMS room...)     in apps/NAME/CMakeLists.txt: the program ordo-NAME.
#   ordo_repl(NAME ROOM room TEST script)     after ordo_app: the program has a session
#     (apps/repl_terminal.h), which the script tests at a terminal.
#   ordo_bench(NAME [TENSOR] ROOMS room... [SOURCES file...])   in bench/NAME/CMakeLists.txt: the
#     program bench-NAME, of all the folder's sources where none are named.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(ORDO_CCACHE ccache)
if(ORDO_CCACHE)
  # A precompiled header is only cached if its macros and time stamps may be taken on trust. What was
  # compiled in one checkout serves the others: paths count from the checkout's root. A file that is
  # not in the cache is read once, not preprocessed first.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 ${ORDO_CCACHE})
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  string(REGEX MATCH "^[0-9]+" ORDO_CLANG_MAJOR ${CMAKE_CXX_COMPILER_VERSION})
  find_program(ORDO_LLD NAMES ld.lld-${ORDO_CLANG_MAJOR} ld.lld)
  if(ORDO_LLD)
    add_link_options(-fuse-ld=${ORDO_LLD} -Wno-unused-command-line-argument)
  endif()
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -fno-math-errno
  -Wno-missing-field-initializers)  # what an initialiser leaves out gets its default, on purpose
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # libstdc++ 12's stable_sort calls what libstdc++ 12 itself calls deprecated.
  add_compile_options(-Wno-deprecated-declarations)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-restrict)  # false of "literal" + std::string: GCC bug 105651
endif()
if(ORDO_WERROR)
  add_compile_options(-Werror)
endif()
if(ORDO_SANITIZE)
  add_compile_options(-fsanitize=${ORDO_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ORDO_SANITIZE})
endif()
if(ORDO_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  if(ORDO_COVERAGE)
    add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
    add_link_options(-fprofile-instr-generate)
  endif()
endif()

# A test that hangs ends after this; sanitizers take several times as long.
set(ORDO_TEST_SECONDS 300)
if(ORDO_SANITIZE)
  set(ORDO_TEST_SECONDS 1500)
endif()

find_package(OrdoTorch 2.11 QUIET)
if(OrdoTorch_FOUND)
  message(STATUS "LibTorch ${OrdoTorch_VERSION}: ${OrdoTorch_FOLDER}")
else()
  message(STATUS "No LibTorch of 2.11 or newer: the rooms that need tensors are left out")
endif()

# LibTorch's headers bring a newer fmt without its library: what includes them takes
# fmt::fmt-header-only, everything else fmt::fmt, which compiles in half the time.
#
# One precompiled header for all tensor rooms: reading <torch/torch.h> costs 20 seconds a file, with
# it 3. It is only taken where the flags agree, so these are the flags of everything that uses it.
function(ordo_use_torch target)
  if(NOT TARGET ordo_torch_header)
    set(empty ${CMAKE_BINARY_DIR}/cmake/torch_header.cpp)
    if(NOT EXISTS ${empty})
      file(WRITE ${empty} "")
    endif()
    add_library(ordo_torch_header OBJECT ${empty})
    ordo_torch_flags(ordo_torch_header)
    target_precompile_headers(ordo_torch_header PRIVATE <torch/torch.h>)
  endif()
  ordo_torch_flags(${target})
  target_precompile_headers(${target} REUSE_FROM ordo_torch_header)
endfunction()
function(ordo_torch_flags target)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE -fPIC)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${target} PRIVATE -Xclang -fno-pch-timestamp)  # for ccache
  endif()
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target} PRIVATE OrdoTorch::OrdoTorch)
endfunction()

# Adds a room once, wherever it is first asked for, so that ORDO_ROOMS needs only name the tops.
macro(ordo_use room)
  if(NOT TARGET ordo_${room})
    if(NOT EXISTS ${CMAKE_SOURCE_DIR}/ordo/${room}/CMakeLists.txt)
      message(FATAL_ERROR "There is no room '${room}' (ordo/${room}/CMakeLists.txt)")
    endif()
    add_subdirectory(${CMAKE_SOURCE_DIR}/ordo/${room} ${CMAKE_BINARY_DIR}/ordo/${room})
  endif()
endmacro()

function(ordo_room name)
  cmake_parse_arguments(ARG "TENSOR" "" "DEPENDS;PACKAGES;LIBS" ${ARGN})
  if(ARG_TENSOR)
    if(NOT OrdoTorch_FOUND)
      return()
    endif()
    list(APPEND ARG_PACKAGES OrdoTorch)
    list(APPEND ARG_LIBS OrdoTorch::OrdoTorch)
  endif()
  foreach(package IN LISTS ARG_PACKAGES)
    find_package(${package} REQUIRED GLOBAL)
  endforeach()
  foreach(room IN LISTS ARG_DEPENDS)
    ordo_use(${room})
  endforeach()

  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cpp)
  file(GLOB fuzzers CONFIGURE_DEPENDS *_fuzz.cpp)
  if(tests OR fuzzers)
    list(REMOVE_ITEM sources ${tests} ${fuzzers})
  endif()
  list(TRANSFORM ARG_DEPENDS PREPEND ordo:: OUTPUT_VARIABLE rooms)

  add_library(ordo_${name} STATIC ${sources})
  add_library(ordo::${name} ALIAS ordo_${name})
  set_target_properties(ordo_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  target_include_directories(ordo_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>
                                                 $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(ordo_${name} PUBLIC ${rooms} PRIVATE ${ARG_LIBS})
  target_compile_features(ordo_${name} PUBLIC cxx_std_20)
  if(ARG_TENSOR)
    ordo_use_torch(ordo_${name})
  endif()
  ordo_install_room(${name} "${ARG_DEPENDS}" "${ARG_PACKAGES}")

  if(ORDO_TESTS AND tests)
    add_executable(ordo_${name}_test ${tests})
    target_link_libraries(ordo_${name}_test PRIVATE ordo_${name} ${ARG_LIBS} GTest::gmock
                                                    GTest::gtest_main)
    ordo_tell_folders(${tests})
    set_target_properties(ordo_${name}_test PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test)
    if(ARG_TENSOR)
      ordo_use_torch(ordo_${name}_test)
    endif()
    foreach(test IN LISTS tests)
      ordo_add_test_file(${name} ${test})
    endforeach()
  endif()
  foreach(fuzzer IN LISTS fuzzers)
    ordo_add_fuzzer(${name} ${fuzzer} "${ARG_LIBS}")
  endforeach()
endfunction()

# Tells those tests that ask for them where sources and programs are; the others compile to the same
# object in every checkout, which ccache then has to compile only once.
function(ordo_tell_folders)
  foreach(file IN LISTS ARGN)
    file(STRINGS ${file} asks REGEX "ORDO_(SOURCE|BIN)_DIR|python_testing\\.h")
    if(asks)
      set_property(SOURCE ${file} APPEND PROPERTY COMPILE_DEFINITIONS
        ORDO_SOURCE_DIR="${CMAKE_SOURCE_DIR}" ORDO_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
    endif()
  endforeach()
endfunction()

# One CTest entry a test file: the suites that the file defines, found by reading it.
function(ordo_add_test_file room file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(STRINGS ${file} lines REGEX "^(TEST|TEST_F|TEST_P|TYPED_TEST|RC_GTEST_PROP)\\(")
  set(suites "")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^[A-Z_]+\\( *([A-Za-z0-9_]+).*" "\\1" suite "${line}")
    list(APPEND suites ${suite})
  endforeach()
  list(REMOVE_DUPLICATES suites)
  set(filter "")
  foreach(suite IN LISTS suites)
    string(APPEND filter "${suite}.*:${suite}/*:*/${suite}.*:")
  endforeach()
  cmake_path(GET file STEM stem)
  string(REGEX REPLACE "_test$" "" stem ${stem})
  add_test(NAME ${room}.${stem} COMMAND ordo_${room}_test --gtest_filter=${filter}
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${room}.${stem} PROPERTIES LABELS "${room}" TIMEOUT ${ORDO_TEST_SECONDS})
endfunction()

function(ordo_add_fuzzer room file libs)
  cmake_path(GET file STEM stem)
  string(REGEX REPLACE "_fuzz$" "" stem ${stem})
  set(target fuzz_${room}_${stem})
  set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${stem})
  if(ORDO_FUZZ)
    add_executable(${target} ${file})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    set(replay ${target} -runs=0 ${corpus})
  elseif(ORDO_TESTS)
    add_executable(${target} ${file} ${CMAKE_SOURCE_DIR}/cmake/fuzz_replay.cpp)
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test)
    set(replay ${target} ${corpus})
  else()
    return()
  endif()
  if(ORDO_TESTS)
    add_test(NAME ${room}.fuzz.${stem} COMMAND ${replay})
    set_tests_properties(${room}.fuzz.${stem} PROPERTIES LABELS "${room}" TIMEOUT ${ORDO_TEST_SECONDS})
  endif()
  target_link_libraries(${target} PRIVATE ordo_${room} ${libs})
endfunction()

# Puts the bytes of a file into a room, as what FUNCTION ("ordo::report::page_template"), declared in
# HEADER, returns, so that no program looks for the file when it runs. The assembler takes them in as
# they are, whatever the compiler, in no time.
function(ordo_embed room input function header)
  string(REGEX MATCH "^(.*)::([^:]+)$" matched ${function})
  set(namespace ${CMAKE_MATCH_1})
  set(name ${CMAKE_MATCH_2})
  string(MAKE_C_IDENTIFIER ${function} symbol)
  set(stem ${CMAKE_CURRENT_BINARY_DIR}/${name})
  configure_file(${CMAKE_SOURCE_DIR}/cmake/embed.s.in ${stem}.s @ONLY)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/embed.cpp.in ${stem}.cpp @ONLY)
  cmake_path(GET input FILENAME file)
  add_custom_command(OUTPUT ${stem}.o
    COMMAND ${CMAKE_CXX_COMPILER} -c ${stem}.s -o ${stem}.o
    DEPENDS ${input} ${stem}.s
    COMMENT "Embedding ${file}")
  set_source_files_properties(${stem}.o PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
  target_sources(ordo_${room} PRIVATE ${stem}.o ${stem}.cpp)
endfunction()

function(ordo_app name)
  cmake_parse_arguments(ARG "TENSOR" "" "ROOMS;LIBS" ${ARGN})
  foreach(room IN LISTS ARG_ROOMS)
    if(NOT TARGET ordo_${room})
      return()
    endif()
  endforeach()
  if(name STREQUAL "ordo")
    set(program ordo)
  else()
    set(program ordo-${name})
  endif()
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  add_executable(${program} ${sources})
  list(TRANSFORM ARG_ROOMS PREPEND ordo:: OUTPUT_VARIABLE rooms)
  target_link_libraries(${program} PRIVATE ${rooms} ${ARG_LIBS})
  if(ARG_TENSOR)
    ordo_use_torch(${program})
  endif()
  install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# A program with a session: its lines are edited with libedit where there is one, and its terminal
# is tested.
function(ordo_repl name)
  cmake_parse_arguments(ARG "" "ROOM;TEST" "" ${ARGN})
  if(NOT TARGET ordo-${name})
    return()
  endif()
  find_path(ORDO_LIBEDIT_HEADERS histedit.h)
  find_library(ORDO_LIBEDIT edit)
  set(editing "")
  if(ORDO_LIBEDIT_HEADERS AND ORDO_LIBEDIT)
    set(editing --editing)
    target_compile_definitions(ordo-${name} PRIVATE ORDO_LIBEDIT)
    target_include_directories(ordo-${name} SYSTEM PRIVATE ${ORDO_LIBEDIT_HEADERS})
    target_link_libraries(ordo-${name} PRIVATE ${ORDO_LIBEDIT})
  else()
    message(STATUS "No libedit: lines of sessions of ordo ${name} cannot be edited")
  endif()
  find_program(ORDO_PYTHON python3)
  if(ORDO_TESTS AND ORDO_PYTHON)
    add_test(NAME ${ARG_ROOM}.terminal.${name}
             COMMAND ${ORDO_PYTHON} ${ARG_TEST} $<TARGET_FILE:ordo-${name}> ${editing})
    set_tests_properties(${ARG_ROOM}.terminal.${name} PROPERTIES LABELS ${ARG_ROOM} TIMEOUT 300)
  endif()
endfunction()

function(ordo_bench name)
  cmake_parse_arguments(ARG "TENSOR" "" "ROOMS;LIBS;SOURCES" ${ARGN})
  foreach(room IN LISTS ARG_ROOMS)
    if(NOT TARGET ordo_${room})
      return()
    endif()
  endforeach()
  if(NOT ARG_SOURCES)
    file(GLOB ARG_SOURCES CONFIGURE_DEPENDS *.cpp)
  endif()
  add_executable(bench-${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_ROOMS PREPEND ordo:: OUTPUT_VARIABLE rooms)
  target_link_libraries(bench-${name} PRIVATE ${rooms} ${ARG_LIBS})
  if(ARG_TENSOR)
    ordo_use_torch(bench-${name})
  endif()
  target_compile_definitions(bench-${name} PRIVATE
    ORDO_SOURCE_DIR="${CMAKE_SOURCE_DIR}" ORDO_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endfunction()

# Each room is a component of the installed package with an export file of its own, so that
# find_package(ordo COMPONENTS stats) asks only for what `stats` needs.
function(ordo_install_room name rooms packages)
  install(TARGETS ordo_${name} EXPORT ordo-${name} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ordo/${name}
          FILES_MATCHING PATTERN "*.h" PATTERN "*_testing.h" EXCLUDE PATTERN corpus EXCLUDE
          PATTERN declared EXCLUDE)
  install(EXPORT ordo-${name} NAMESPACE ordo:: FILE ordo-${name}-targets.cmake
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ordo)
  set(needs "set(ordo_${name}_rooms \"${rooms}\")\nset(ordo_${name}_packages \"${packages}\")\n")
  file(WRITE ${CMAKE_BINARY_DIR}/cmake/ordo-${name}-needs.cmake "${needs}")
  install(FILES ${CMAKE_BINARY_DIR}/cmake/ordo-${name}-needs.cmake
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ordo)
endfunction()

function(ordo_install_package)
  include(CMakePackageConfigHelpers)
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/cmake/ordo-config-version.cmake
                                   COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_SOURCE_DIR}/cmake/ordo-config.cmake ${CMAKE_SOURCE_DIR}/cmake/FindOrdoTorch.cmake
                ${CMAKE_SOURCE_DIR}/cmake/FindCppHttplib.cmake
                ${CMAKE_SOURCE_DIR}/cmake/FindPcre2.cmake
                ${CMAKE_BINARY_DIR}/cmake/ordo-config-version.cmake
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ordo)
endfunction()
