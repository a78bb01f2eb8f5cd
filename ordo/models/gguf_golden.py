#!/usr/bin/env python3
"""A GGUF file with a tensor of every type that we read, and what the package `gguf` makes of it.

    gguf_golden.py FOLDER      writes blocks.gguf and blocks.safetensors

Codes and scales are random bytes (half-precision scales kept finite), so that every bit counts.
"""
import pathlib
import sys

import numpy
from gguf import GGMLQuantizationType as Type, GGUFWriter
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize
from safetensors.numpy import save_file

ROWS, COLUMNS = 3, 512
# Where a block's half-precision numbers are.
HALVES = {Type.F16: [0], Type.BF16: [], Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q8_0: [0],
          Type.Q4_K: [0, 2], Type.Q6_K: [208]}


def blocks_of(kind, generator):
    if kind == Type.F32:
        return generator.standard_normal((ROWS, COLUMNS)).astype(numpy.float32).view(numpy.uint8)
    if kind == Type.BF16:
        floats = generator.standard_normal((ROWS, COLUMNS)).astype(numpy.float32)
        return (floats.view(numpy.uint32) >> 16).astype(numpy.uint16).view(numpy.uint8)
    numbers, size = GGML_QUANT_SIZES[kind]
    blocks = generator.integers(0, 256, (ROWS * COLUMNS // numbers, size), dtype=numpy.uint8)
    for place in HALVES[kind]:
        scales = generator.standard_normal(len(blocks)).astype(numpy.float16)
        blocks[:, place:place + 2] = scales.view(numpy.uint8).reshape(-1, 2)
    return blocks.reshape(ROWS, -1)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    generator = numpy.random.default_rng(7)
    writer = GGUFWriter(folder / "blocks.gguf", "llama")
    writer.add_string("text", "käse\n")
    writer.add_array("words", ["a", "", "ü"])
    writer.add_array("numbers", [1, -2, 3])
    writer.add_float32("third", 1 / 3)
    writer.add_float64("tenth", 0.1)
    writer.add_bool("yes", True)
    writer.add_uint64("large", 2 ** 62)
    writer.add_int8("small", -7)
    expected = {}
    for kind in [Type.F32, *HALVES]:
        blocks = blocks_of(kind, generator)
        expected[kind.name] = dequantize(blocks, kind).astype(numpy.float32).reshape(ROWS, COLUMNS)
        writer.add_tensor(kind.name, blocks, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(expected, folder / "blocks.safetensors")


if __name__ == "__main__":
    main()
