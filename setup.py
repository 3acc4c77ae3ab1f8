"""Build pybondd._fast.

PYBONDD_EXTENSION=no leaves it out, =must makes a failed build an error; unset, it is built if
possible and pybondd falls back to the readable twin in pybondd/_pure.py.
"""

import os
from glob import glob

from setuptools import Extension, setup

choice = os.environ.get("PYBONDD_EXTENSION", "")
extension = Extension(
    "pybondd._fast",
    ["pybondd/_fast.pyx"],
    depends=sorted(glob("pybondd/_fast_*.pxi")),
    extra_compile_args=["-O3"],
    optional=choice != "must",
)

setup(ext_modules=[] if choice == "no" else [extension])
