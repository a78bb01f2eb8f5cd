#!/usr/bin/env python3
"""Encodes thousands of varied strings with real tokenizers, here and in the Python package.

    agree.py BENCH_TEXT TOKENIZER... [--count N]

A TOKENIZER is a tokenizer.json, or a pair OURS=TOKENIZER_JSON: another file of the same tokenizer
(a *.tiktoken, *.gguf, vocab.json, ...), whose ids must be those of the tokenizer.json; or a *.model,
which is set beside `sentencepiece`, or a *.tiktoken with Llama 3's way to cut words, which is set
beside `tiktoken`. Ids, offsets and the decoded text are compared. Exits 1 if
anything differs.
"""

import json
import random
import subprocess
import sys

from tokenizers import Tokenizer

BLOCKS = [
    (0x20, 0x7E),
    (0xA0, 0x24F),
    (0x250, 0x36F),
    (0x370, 0x52F),
    (0x590, 0x6FF),
    (0x900, 0xDFF),
    (0xE00, 0xFFF),
    (0x1000, 0x10FF),
    (0x1100, 0x11FF),
    (0x1200, 0x1CFF),
    (0x1D00, 0x1FFF),
    (0x2000, 0x2BFF),
    (0x2C00, 0x2FFF),
    (0x3000, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA000, 0xABFF),
    (0xAC00, 0xD7A3),
    (0xE000, 0xF8FF),
    (0xF900, 0xFAFF),
    (0xFB00, 0xFFFF),
    (0x10000, 0x10FFF),
    (0x11000, 0x12FFF),
    (0x13000, 0x1FFFF),
    (0x1D400, 0x1D7FF),
    (0x1F300, 0x1FAFF),
    (0x20000, 0x3FFFF),
    (0xE0000, 0xE01EF),
    (0xF0000, 0x10FFFF),
]
WORDS = """the of and to in is you that it he was for on are as with his they I at be this have from or one had by word
Straße naïve façade Öl über Größe déjà œuvre привет мир время Κόσμος שלום مرحبا नमस्ते สวัสดี 今天 天气 東京 日本語 한국어 사람
tokenizer HTTPServer snake_case camelCase x1y2 3.14 1,000,000 2024-01-31 http://a.b/c?d=e&f user@host.org can't won't it's we'll I'M
def return import include <vector> std:: printf("%d\\n"); i++; {} [] () => -> != == && || // /* */ # $ % ^ & * ~ ` ' "
😀 👍🏽 👩‍👩‍👧‍👦 🇩🇪 ❤️ ½ ² Ⅷ ﬁ ﷺ ㎏ e\u0301 a\u0323\u0301 \u200b \u200d \ufeff \u00ad \u2028 … — “quoted” ‘single’ «guillemets»""".split(
    " "
)
SPACES = [
    " ",
    " ",
    " ",
    " ",
    " ",
    "  ",
    "   ",
    "\n",
    "\n\n",
    "\t",
    "\r\n",
    "\u00a0",
    "\u3000",
    "",
    " \n ",
    "\n    ",
]


def text_of(generator, specials):
    kind = generator.randrange(10)
    if kind < 3:  # words of all kinds
        return "".join(
            generator.choice(WORDS) + generator.choice(SPACES)
            for _ in range(generator.randint(1, 40))
        )
    if kind < 6:  # characters of one or two blocks
        blocks = generator.sample(BLOCKS, 2)
        return "".join(
            (
                chr(generator.randint(*generator.choice(blocks)))
                if generator.random() < 0.85
                else generator.choice(SPACES)
            )
            for _ in range(generator.randint(1, 60))
        )
    if kind == 6:  # any code point
        points = (generator.randrange(0x110000) for _ in range(generator.randint(1, 40)))
        return "".join(chr(point) for point in points if not 0xD800 <= point <= 0xDFFF)
    if kind == 7:  # long runs
        return generator.choice(WORDS + SPACES + ["a", "0", "=", "-"]) * generator.randint(20, 300)
    if kind == 8:  # ASCII noise, as in code
        return "".join(chr(generator.randint(9, 126)) for _ in range(generator.randint(1, 200)))
    return "".join(
        generator.choice(
            [generator.choice(WORDS), generator.choice(SPACES), generator.choice(specials or ["x"])]
        )
        for _ in range(generator.randint(1, 20))
    )


def starts(text):
    places = [0]
    for character in text:
        places.append(places[-1] + len(character.encode()))
    return places


def expected_of(tokenizer, text):
    encoding = tokenizer.encode(text)
    places = starts(text)
    return [
        encoding.ids,
        [places[end] for span in encoding.offsets for end in span],
        tokenizer.decode(encoding.ids, skip_special_tokens=False),
    ]


def beside_sentencepiece(path):
    import sentencepiece

    model = sentencepiece.SentencePieceProcessor(model_file=path)
    return [], lambda text: [model.encode(text)]


LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def beside_tiktoken(path):
    import tiktoken
    from tiktoken.load import load_tiktoken_bpe

    encoding = tiktoken.Encoding(
        path, pat_str=LLAMA3, mergeable_ranks=load_tiktoken_bpe(path), special_tokens={}
    )
    return [], lambda text: [encoding.encode_ordinary(text)]


def beside_tokenizers(path):
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    specials = [token.content for token in tokenizer.get_added_tokens_decoder().values()][:300]
    return specials, lambda text: expected_of(tokenizer, text)


def is_encoded(expected, text):
    """Not what the other side refuses: characters that a vocabulary lacks, without a token for them."""
    try:
        expected(text)
    except Exception:  # tokenizers raises nothing more special
        return False
    return True


def compare(bench, name, count):
    ours, _, theirs = name.partition("=")
    theirs = theirs or ours
    peers = {".model": beside_sentencepiece, ".tiktoken": beside_tiktoken}
    extension = "." + theirs.rsplit(".", 1)[-1]
    specials, expected = peers.get(extension, beside_tokenizers)(theirs)
    generator = random.Random(name.rsplit("/", 1)[-1])
    texts = [text_of(generator, specials) for _ in range(count)]
    if extension == ".model":  # a NUL ends a text there, and what looks like a control piece is none
        texts = [text.replace("\0", "").replace("<", "") for text in texts]
    texts = [text for text in texts if is_encoded(expected, text)]
    process = subprocess.run(
        [bench, "encode", ours],
        input="".join(json.dumps(text) + "\n" for text in texts),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if process.returncode != 0:
        print(f"{name}: {process.stderr.strip()}")
        return False
    lines = process.stdout.split("\n")[:-1]
    if len(lines) != len(texts):
        print(f"{name}: {len(lines)} answers to {len(texts)} strings")
        return False
    whole = ours == theirs and extension not in peers
    differences, shown = [0, 0, 0], 0
    for text, line in zip(texts, lines):
        found, wanted = json.loads(line), expected(text)
        for part in range(3 if whole else 1):
            if found[part] != wanted[part]:
                differences[part] += 1
                if shown < 3:
                    shown += 1
                    print(
                        f"  {ascii(text)[:300]}\n    ours   {str(found[part])[:300]}\n    theirs {str(wanted[part])[:300]}"
                    )
    kinds = "ids, offsets, text" if whole else "ids"
    print(
        f"{name}: {len(texts)} strings, differing in {kinds}: {', '.join(map(str, differences[:3 if whole else 1]))}",
        flush=True,
    )
    return differences == [0, 0, 0]


def main():
    words = sys.argv[1:]
    count = 10_000
    if "--count" in words:
        place = words.index("--count")
        count = int(words[place + 1])
        del words[place : place + 2]
    results = [compare(words[0], name, count) for name in words[1:]]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
