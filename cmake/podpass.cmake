# One helper: a folder under src/ becomes the library `podpass_<name>` from its .cc files, and its *_test.cc files
# become one test program, `<name>_test`. There are no file lists: adding a file to a folder is enough.
#
#   podpass_library(codec DEPENDS base LINK Boost::json)
#
# DEPENDS names other folders; they are the only folders whose headers the layer check (tools/tidy.py) lets this one
# include. LINK names outside libraries.
function(podpass_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|suite|main)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_(test|suite)\\.cc$")
  podpass_units(${name} "${sources}" sources)
  podpass_units(${name}_test "${tests}" tests)

  set(library podpass_${name})
  if(sources)
    add_library(${library} STATIC ${sources})
    set(visibility PUBLIC)
  else()
    add_library(${library} INTERFACE)
    set(visibility INTERFACE)
  endif()
  target_include_directories(${library} ${visibility} ${CMAKE_SOURCE_DIR}/src)
  if(sources)
    target_compile_options(${library} PRIVATE ${PODPASS_OPTIMISATION})
  endif()
  list(TRANSFORM arg_DEPENDS PREPEND podpass_)
  target_link_libraries(${library} ${visibility} ${arg_DEPENDS} ${arg_LINK})

  if(tests AND PODPASS_TESTS)
    add_executable(${name}_test ${tests})
    target_compile_options(${name}_test PRIVATE -O0)  # it runs once: compiling it is what takes time
    target_link_libraries(${name}_test PRIVATE ${library} GTest::gtest GTest::gmock GTest::gtest_main)
    # AddressSanitizer's preset is another compiler's. This finds what GCC's coroutines forget to destroy, at no cost.
    if(PODPASS_PRESET STREQUAL "release")
      target_link_options(${name}_test PRIVATE -fsanitize=leak)
    endif()
    add_test(NAME ${PODPASS_PRESET}.${name} COMMAND ${name}_test
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/src/${name})
    set_tests_properties(${PODPASS_PRESET}.${name} PROPERTIES LABELS unit TIMEOUT 300)
  endif()
endfunction()

# What a compiler is given for a list of sources: themselves, or with PODPASS_UNITY files that include up to eight of
# them each, since headers are most of what it reads (docs/decisions/072).
function(podpass_units name sources units)
  if(PODPASS_UNITY)
    set(folder ${CMAKE_BINARY_DIR}/units)
    set(made)
    while(sources)
      list(SUBLIST sources 0 8 some)
      list(REMOVE_ITEM sources ${some})
      list(LENGTH made number)
      set(text)
      foreach(source ${some})
        file(RELATIVE_PATH source ${folder} ${source})  # so that another clone's are the same
        string(APPEND text "#include \"${source}\"\n")
      endforeach()
      file(CONFIGURE OUTPUT ${folder}/${name}_${number}.cc CONTENT "${text}" @ONLY)
      list(APPEND made ${folder}/${name}_${number}.cc)
    endwhile()
    set(sources ${made})
  endif()
  set(${units} ${sources} PARENT_SCOPE)
endfunction()

# A program: src/<folder>/<NAME>.cc, linked with the folders that it builds its commands from.
function(podpass_program folder)
  cmake_parse_arguments(arg "" "NAME" "DEPENDS;LINK" ${ARGN})
  add_executable(${arg_NAME} ${CMAKE_SOURCE_DIR}/src/${folder}/${arg_NAME}.cc)
  list(TRANSFORM arg_DEPENDS PREPEND podpass_)
  target_link_libraries(${arg_NAME} PRIVATE ${arg_DEPENDS} ${arg_LINK})
endfunction()

# Puts the console's files, built from console/, into a program.
function(podpass_console program)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/console/*)
  list(FILTER sources EXCLUDE REGEX "/node_modules/|/src/api/operations\\.ts$")
  set(files ${CMAKE_BINARY_DIR}/console_files.cc)
  add_custom_command(OUTPUT ${files}
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/console $<TARGET_FILE:operations_json> ${files}
    DEPENDS operations_json ${CMAKE_SOURCE_DIR}/scripts/console ${sources}
    COMMENT "Building the console")
  target_sources(${program} PRIVATE ${files})
  target_include_directories(${program} PRIVATE ${CMAKE_SOURCE_DIR}/src)
endfunction()
