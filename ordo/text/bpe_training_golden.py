#!/usr/bin/env python3
"""What the trainer of the Python package `tokenizers` learns from small texts.

bpe_training_golden.py FOLDER [more]     writes bpe_training.json; with `more` of longer texts too
"""

import json
import pathlib
import random
import sys

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

TEXTS = [
    "the cat sat on the mat. The cat's hat: that's that!",
    "aaaa aaab aabb abbb bbbb abab baba aaaaaaa",
    "Größe, Öl und Käse; 東京は東京。 naïve 😀😀",
    "x = x + 1; y = y + 1; z = z + 10; # 100 1000 10000",
    "she sells sea shells by the sea shore, he sells tea",
]
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train(texts, vocab_size, min_frequency, special, pattern):
    tokenizer = Tokenizer(models.BPE())
    if pattern is None:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(pattern), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocab_size,
            min_frequency=min_frequency,
            special_tokens=special,
            show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    model = json.loads(tokenizer.to_str())["model"]
    return {
        "texts": texts,
        "vocab_size": vocab_size,
        "min_frequency": min_frequency,
        "special": special,
        "pattern": pattern,
        "vocab": model["vocab"],
        "merges": model["merges"],
    }


def long_text(seed):
    """Words out of few letters, so that many pairs are equally frequent."""
    generator = random.Random(seed)
    words = [
        "".join(generator.choice("abcde") for _ in range(generator.randint(1, 9)))
        for _ in range(600)
    ]
    return [" ".join(generator.choice(words) for _ in range(2000)) for _ in range(5)]


def main():
    folder = pathlib.Path(sys.argv[1])
    made = [
        train(TEXTS, 330, 2, ["<|endoftext|>"], None),
        train(TEXTS, 300, 1, [], LLAMA3),
        train(TEXTS, 400, 3, ["<s>", "</s>"], None),
    ]
    if sys.argv[2:] == ["more"]:
        made += [
            train(long_text(seed), 256 + 100 * seed, 1 + seed % 3, [], None) for seed in range(1, 9)
        ]
    (folder / "bpe_training.json").write_text(
        json.dumps(made, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
