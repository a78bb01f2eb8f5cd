# Finds cpp-httplib as the target CppHttplib::CppHttplib: Debian's package libcpp-httplib-dev is a
# compiled library, whose headers must be read with the features it was built with; pkg-config's file
# names them. A single header without a library is compiled where it is used.
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(CppHttplib_PC QUIET IMPORTED_TARGET GLOBAL cpp-httplib)
endif()
find_path(CppHttplib_INCLUDE_DIR httplib.h)
mark_as_advanced(CppHttplib_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CppHttplib REQUIRED_VARS CppHttplib_INCLUDE_DIR
                                  VERSION_VAR CppHttplib_PC_VERSION)
if(CppHttplib_FOUND AND NOT TARGET CppHttplib::CppHttplib)
  add_library(CppHttplib::CppHttplib INTERFACE IMPORTED GLOBAL)
  if(TARGET PkgConfig::CppHttplib_PC)
    target_link_libraries(CppHttplib::CppHttplib INTERFACE PkgConfig::CppHttplib_PC)
  endif()
  target_include_directories(CppHttplib::CppHttplib SYSTEM INTERFACE ${CppHttplib_INCLUDE_DIR})
endif()
