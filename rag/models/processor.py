"""Which instruction sets the processor of this machine has, in llama.cpp's own names."""

from __future__ import annotations

from pathlib import Path

# Name in llama.cpp: the name that Linux gives it, on x86-64 and ARM.
KNOWN = {
    "SSE3": "pni",
    "SSSE3": "ssse3",
    "AVX": "avx",
    "AVX_VNNI": "avx_vnni",
    "AVX2": "avx2",
    "F16C": "f16c",
    "FMA": "fma",
    "BMI2": "bmi2",
    "AVX512": "avx512f",
    "AVX512_VBMI": "avx512vbmi",
    "AVX512_VNNI": "avx512_vnni",
    "AVX512_BF16": "avx512_bf16",
    "AMX_INT8": "amx_int8",
    "NEON": "asimd",
    "DOTPROD": "asimddp",
    "MATMUL_INT8": "i8mm",
    "SVE": "sve",
}


def instruction_sets(cpuinfo: Path = Path("/proc/cpuinfo")) -> tuple[str, ...]:
    """Those of :data:`KNOWN` that the processor has; none where the system does not say, as on macOS."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    said = next((line for line in lines if line.startswith(("flags", "Features"))), "").split()
    return tuple(name for name, flag in KNOWN.items() if flag in said)
