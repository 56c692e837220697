# Read by llama.cpp's own build, right after its project() line. Whatever compiler and generator CMake takes.

# llama.cpp's helpers for its own programs are half of the compile, and nothing here uses them.
set(LLAMA_BUILD_COMMON OFF)

# llama.cpp's AMX kernels end the process: the compiler drops most of the tile configuration before it is loaded
# (ggml-org/llama.cpp#20824). Compiled for the machine it stands on, it would take them wherever there is AMX.
if(NOT APPLE AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|X86_64|AMD64|amd64)$")
    include(CheckCCompilerFlag)
    include(CheckCXXCompilerFlag)
    foreach(extension tile int8 bf16)
        check_c_compiler_flag(-mno-amx-${extension} C_KNOWS_NO_AMX_${extension})
        check_cxx_compiler_flag(-mno-amx-${extension} CXX_KNOWS_NO_AMX_${extension})
        if(C_KNOWS_NO_AMX_${extension})
            add_compile_options($<$<COMPILE_LANGUAGE:C>:-mno-amx-${extension}>)
        endif()
        if(CXX_KNOWS_NO_AMX_${extension})
            add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-mno-amx-${extension}>)
        endif()
    endforeach()
endif()
