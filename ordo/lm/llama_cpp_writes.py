#!/usr/bin/env python3
"""What llama.cpp (by the package `xllamacpp`) writes on from prompts with a GGUF file, always taking
the best token.

    llama_cpp_writes.py FILE OUT TOKENS PROMPT...      writes OUT, a JSON array of texts
"""
import json
import sys

import xllamacpp


def main():
    model, out, tokens, prompts = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx = 256
    params.n_parallel = 1
    params.n_gpu_layers = 0
    params.warmup = False
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    texts = []
    for prompt in prompts:
        answer = server.handle_completions({"prompt": prompt, "n_predict": tokens,
                                            "temperature": 0, "top_k": 1, "cache_prompt": False})
        answer = json.loads(answer) if isinstance(answer, (str, bytes)) else answer
        texts.append(answer["choices"][0]["text"] if "choices" in answer else answer["content"])
    with open(out, "w") as file:
        json.dump(texts, file)


if __name__ == "__main__":
    main()
