"""Tags the wheel: with the library inside it is for one kind of machine and every Python 3. All else is in pyproject.toml."""

import pathlib

from setuptools import Distribution, setup

try:
    from setuptools.command.bdist_wheel import bdist_wheel  # since setuptools 70.1
except ImportError:
    from wheel.bdist_wheel import bdist_wheel

LIBRARY = pathlib.Path(__file__).with_name("prnn") / "libprnn.so.0"


class PlatformDistribution(Distribution):
    def has_ext_modules(self):
        return LIBRARY.exists()


class PlatformWheel(bdist_wheel):
    def get_tag(self):
        _, _, platform = super().get_tag()
        return "py3", "none", platform


setup(distclass=PlatformDistribution, cmdclass={"bdist_wheel": PlatformWheel})
