#!/usr/bin/env python3
"""What the package `gguf` finds in a file.

    gguf_reads.py FILE OUT      writes OUT.json (metadata and types) and OUT.safetensors (numbers)
"""
import json
import sys

import numpy
from gguf import GGUFReader
from gguf.quants import dequantize
from safetensors.numpy import save_file


def main():
    reader = GGUFReader(sys.argv[1])
    entries = {name: field.contents() for name, field in reader.fields.items()
               if not name.startswith("GGUF.")}
    types = {tensor.name: tensor.tensor_type.name for tensor in reader.tensors}
    kinds = {name: [kind.name for kind in field.types] for name, field in reader.fields.items()
             if not name.startswith("GGUF.")}
    with open(sys.argv[2] + ".json", "w") as out:
        json.dump({"metadata": entries, "types": types, "kinds": kinds}, out)
    save_file({tensor.name: numpy.ascontiguousarray(
        dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32).reshape(
            [int(extent) for extent in reversed(tensor.shape)])) for tensor in reader.tensors},
        sys.argv[2] + ".safetensors")


if __name__ == "__main__":
    main()
