#!/usr/bin/env python3
"""Numbers, and the blocks that the package `gguf` packs them into.

    gguf_pack_golden.py FOLDER      writes packed.safetensors

Besides drawn numbers of many sizes there are rows of zeros, of halves between two codes or two
neighbouring halves, of numbers below the smallest normal half, and of -0.
"""
import pathlib
import sys

import numpy
from gguf import GGMLQuantizationType as Type
from gguf.quants import quantize
from safetensors.numpy import save_file


def rows():
    generator = numpy.random.default_rng(11)
    drawn = generator.standard_normal((16, 32)) * 10.0 ** generator.uniform(-6, 4, (16, 1))
    ties = numpy.arange(32) + 0.5
    ties[0] = 127.0  # so that the scale is 1 and every other code a tie
    halves = 1 + (2 * numpy.arange(32) + 1) * 2.0 ** -11
    tiny = (numpy.arange(32) - 16) * 0.5 * 2.0 ** -24
    return numpy.vstack([drawn, ties, -ties, halves, tiny, 40 * tiny, numpy.zeros(32),
                         -numpy.zeros(32), numpy.full(32, 65519.0)]).astype(numpy.float32)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    numbers = rows()
    packed = {kind.name: numpy.ascontiguousarray(quantize(numbers, kind)).view(numpy.uint8)
              for kind in (Type.F32, Type.F16, Type.BF16, Type.Q8_0)}
    save_file({"numbers": numbers, **packed}, folder / "packed.safetensors")


if __name__ == "__main__":
    main()
