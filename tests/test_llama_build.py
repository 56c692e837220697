"""llama.cpp is compiled without its AMX kernels on x86-64, whatever the compiler, and with what the user asks for."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from workbench import CHECKOUT

INCLUDED = CHECKOUT / ".ci" / "llama.cmake"
CMAKE = Path(sys.executable).with_name("cmake")
pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64" or sys.platform != "linux", reason="AMX is a matter of x86-64"
)

# A stand-in for llama.cpp: compiled for a processor with AMX, as it would be by -march=native on one.
PROJECT = """
cmake_minimum_required(VERSION 3.21)
project(llama_cpp C CXX)
add_library(kernels STATIC kernels.c more.cpp)
target_compile_options(kernels PRIVATE -march=sapphirerapids)
if(LLAMA_BUILD_COMMON)
    message(FATAL_ERROR "the helpers of llama.cpp's programs are compiled")
endif()
"""
KERNELS = """
#if defined(__AMX_TILE__) || defined(__AMX_INT8__) || defined(__AMX_BF16__)
#error AMX is on
#endif
#ifndef __AVX512VNNI__
#error VNNI is off
#endif
#ifndef MINE
#error what the user asked for is lost
#endif
int AGREED;
"""


def build(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Configure and compile the stand-in."""
    folder.mkdir(exist_ok=True)
    (folder / "CMakeLists.txt").write_text(PROJECT, encoding="utf-8")
    for name, agreed in (("kernels.c", "in_c"), ("more.cpp", "in_cpp")):
        (folder / name).write_text(KERNELS.replace("AGREED", agreed), encoding="utf-8")
    env = {"PATH": os.environ["PATH"], "CFLAGS": "-DMINE", "CXXFLAGS": "-DMINE", **variables}
    cmake = str(CMAKE)
    configured = subprocess.run(
        [cmake, "-S", str(folder), "-B", str(folder / "build"), "-G", "Unix Makefiles", *options],
        env=env,
        capture_output=True,
        text=True,
    )
    if configured.returncode:
        return configured
    return subprocess.run([cmake, "--build", str(folder / "build")], env=env, capture_output=True, text=True)


def test_amx_is_off_in_c_and_cpp_and_all_else_stays(tmp_path: Path) -> None:
    result = build(tmp_path, f"-DCMAKE_PROJECT_llama_cpp_INCLUDE={INCLUDED}")
    assert result.returncode == 0, result.stderr


def test_left_alone_the_compiler_takes_amx(tmp_path: Path) -> None:
    result = build(tmp_path)
    assert "AMX is on" in result.stderr


def test_flags_in_the_options_of_cmake_are_kept_too(tmp_path: Path) -> None:
    flags = (f"-DCMAKE_{language}_FLAGS=-DMINE" for language in ("C", "CXX"))
    result = build(tmp_path, f"-DCMAKE_PROJECT_llama_cpp_INCLUDE={INCLUDED}", *flags, CFLAGS="", CXXFLAGS="")
    assert result.returncode == 0, result.stderr


def test_a_compiler_that_knows_no_amx_is_not_asked_to_leave_it_out(tmp_path: Path) -> None:
    for name in ("cc", "c++"):
        compiler = tmp_path / name
        compiler.write_text(
            f'#!/bin/sh\ncase "$*" in *-amx-*) echo "unknown option" >&2; exit 1 ;; esac\n'
            f'exec {shutil.which(name)} -mno-amx-tile -mno-amx-int8 -mno-amx-bf16 "$@"\n',
            encoding="utf-8",
        )
        compiler.chmod(0o755)
    result = build(
        tmp_path / "project",
        f"-DCMAKE_PROJECT_llama_cpp_INCLUDE={INCLUDED}",
        CC=str(tmp_path / "cc"),
        CXX=str(tmp_path / "c++"),
    )
    assert result.returncode == 0, result.stderr
