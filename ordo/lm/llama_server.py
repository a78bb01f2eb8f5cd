#!/usr/bin/env python3
"""Sets `ordo lm chat` on a model file beside llama.cpp's server on the same file.

    llama_server.py ORDO_LM FILE.gguf

The server is that of the Python package xllamacpp. It is asked through `ordo lm chat --endpoint`, for
streamed and for whole answers, which must be equal, and for one that ends before a stop string. Its
best tokens must be ours at the beginning of each answer. They need not stay so: llama.cpp rounds what
it multiplies with quantized weights to 8 bits, and where two tokens are nearly as good as each other,
that tips the choice.
"""
import json
import os
import subprocess
import sys

import xllamacpp

QUESTIONS = ["Who wrote Romeo and Juliet?", "Count from one to ten.",
             "Name the days of the week.", "Repeat after me: the cat sat on the mat."]
EQUAL_CHARACTERS = 20  # at least, at the beginning of every answer


def serve(file):
    options = xllamacpp.CommonParams()
    options.model.path = file
    options.hostnames, options.port = ["127.0.0.1"], 0  # any that is free
    options.n_ctx, options.n_parallel = 2048, 1
    options.cpuparams.n_threads = 1
    options.warmup = False
    options.verbosity = 0
    return xllamacpp.Server(options)


def chat(program, *arguments):
    done = subprocess.run([program, "chat", *arguments, "--temperature", "0", "--max-tokens", "48",
                           "--threads", "1"], check=True, capture_output=True, text=True,
                          env={**os.environ, "OMP_WAIT_POLICY": "passive"})
    return done.stdout


def whole_answer(program, *arguments):
    return json.loads(chat(program, *arguments, "--json"))["messages"][-1]["content"]


def main():
    program, file = sys.argv[1:]
    server = serve(file)
    there = ["--endpoint", server.listening_address + "/v1", "--model", "smollm2"]
    for question in QUESTIONS:
        theirs, ours = chat(program, question, *there), chat(program, question, "--model", file)
        whole = whole_answer(program, question, *there)
        equal = len(os.path.commonprefix([theirs, ours]))
        print(f"{question}\n  {equal} of {len(theirs)} characters are equal\n"
              f"  theirs: {theirs!r}\n  ours:   {ours!r}", flush=True)
        assert theirs == whole + "\n", (theirs, whole)
        assert equal >= EQUAL_CHARACTERS, (theirs, ours)
    stop = theirs[4:7]
    assert chat(program, question, *there, "--stop", stop) == theirs[:theirs.index(stop)] + "\n"


if __name__ == "__main__":
    main()
