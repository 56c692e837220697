"""A made-up llama-cpp-python: a source that "compiles" at once, into a library that does what a test wants of it.

What it does is decided when it is compiled, by the options that it gets: ``MADE_UP`` in the environment holds a JSON
object from a build of ``.ci/llama.py`` to ``runs``, ``hangs``, ``reckons wrongly``, ``cannot be imported``, ``does not
compile`` or the name of a signal. Each compile adds a line to the
file ``MADE_UP_LOG``.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

BACKEND = """
import json, os, zipfile
from pathlib import Path

NAME = "llama_cpp_python-{version}"
METADATA = "Metadata-Version: 2.1\\nName: llama-cpp-python\\nVersion: {version}\\nRequires-Dist: made-up-need\\n"

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = Path(folder) / (NAME + ".dist-info")
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    return info.name

def build_wheel(folder, config_settings=None, metadata_directory=None):
    options = os.environ.get("CMAKE_ARGS", "")
    on = "GGML_NATIVE=OFF" in options, "GGML_AVX2=ON" in options
    build = {(False, False): "native", (True, True): "x86-64-v3", (True, False): "x86-64-v2"}[on]
    with open(os.environ["MADE_UP_LOG"], "a") as log:
        log.write(build + " " + options + "\\n")
    does = json.loads(os.environ["MADE_UP"])[build]
    if does == "does not compile":
        raise SystemExit("error: the compiler is too old")
    print("[1/2] Building\\n[2/2] Linking")
    library = Path(__file__).with_name("library.txt").read_text().replace("DOES", does).replace("BUILD", build)
    library = "import made_up_need" + library
    info = NAME + ".dist-info"
    with zipfile.ZipFile(Path(folder) / (NAME + "-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("llama_cpp/__init__.py", library)
        wheel.writestr(info + "/METADATA", METADATA)
        wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "/RECORD", "")
    return NAME + "-py3-none-any.whl"
"""
LIBRARY = """
import ctypes, os, signal, time

build = "BUILD"
if "DOES" == "cannot be imported":
    raise ImportError("no such symbol")

def llama_print_system_info():
    return b"CPU : AVX2 = 1 | FMA = 1 | OPENMP = 1 | "

class Llama:
    ctx = None
    def __init__(self, path, **settings):
        pass
    def n_vocab(self):
        return 8
    def eval(self, tokens):
        if "DOES" == "hangs":
            time.sleep(600)
        elif "DOES".startswith("SIG"):
            os.kill(os.getpid(), getattr(signal, "DOES"))
            time.sleep(60)

_scores = (ctypes.c_float * 8)(*range(7), float("nan") if "DOES" == "reckons wrongly" else 7)

def llama_get_logits_ith(context, number):
    return ctypes.cast(_scores, ctypes.POINTER(ctypes.c_float))
"""


def write_source(folder: Path, version: str) -> Path:
    """Write the source distribution into a folder, from where pip takes it with ``--find-links``, and what it needs."""
    name = f"llama_cpp_python-{version}"
    place = folder / f"{name}.tar.gz"
    texts = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: llama-cpp-python\nVersion: {version}\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": BACKEND.replace("{version}", version),
        "library.txt": LIBRARY,
    }
    with tarfile.open(place, "w:gz") as archive:
        for file, text in texts.items():
            member = tarfile.TarInfo(f"{name}/{file}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    info = "made_up_need-1.dist-info"
    with zipfile.ZipFile(folder / "made_up_need-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("made_up_need.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: made-up-need\nVersion: 1\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return place


def write_library(folder: Path, does: str) -> Path:
    """Write the library alone; the folder to put on PYTHONPATH."""
    (folder / "llama_cpp").mkdir(parents=True)
    text = LIBRARY.replace("DOES", does).replace("BUILD", "none")
    (folder / "llama_cpp" / "__init__.py").write_text(text, encoding="utf-8")
    return folder
