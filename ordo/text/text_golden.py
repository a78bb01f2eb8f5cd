#!/usr/bin/env python3
"""Small tokenizers of every family, and what the Python packages make of odd texts.

    text_golden.py FOLDER           writes tokenizers, cases.json and parts.json
    text_golden.py --check FOLDER   checks that tokenizers saved by us (FOLDER/saved) give the same

Needs `tokenizers`, `sentencepiece` and `protobuf`.
"""

import json
import pathlib
import sys

import sentencepiece
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

CORPUS = (
    """The quick brown fox jumps over the lazy dog. The dogs weren't lazy; they'd slept, and it's late.
It was the best of times, it was the worst of times, it was the age of wisdom.
for (int i = 0; i < 100; ++i) { sum += values[i] * 2; }  // adds
def tokens(text):\n    return [word for word in text.split() if word]\n
Die Straße ist naß, und Ärger gibt's über Öfen. Größe zählt. Été déjà où naïve façade.
Они говорили о погоде и о том, что будет завтра. Время идёт.
今天天气很好。我们去公园散步吧。東京は日本の首都です。한국어 문장도 있습니다.
Prices: 1234567.89 dollars, 50% off, 3.14159 and 2024-01-31. A1B2C3.
Γειά σου Κόσμε. مرحبا بالعالم. שלום עולם. नमस्ते दुनिया।
""".splitlines(
        keepends=True
    )
    * 3
)

STRINGS = [
    "",
    " ",
    "  ",
    "a",
    "\n",
    "\t x",
    "Hello world",
    "Hello  world   again",
    " leading and trailing ",
    "The dogs weren't lazy; they'd slept, it's LATE. WE'LL SEE, I'M 'SURE'",
    "don\u2019t 'ſ 'S 'Ll",
    "line one\nline two\r\n\r\n  line three\n\n\n",
    "tabs\t\tand \u00a0 nbsp\u2003em\u3000ideographic",
    "1234567 12 1 ١٢٣ ½ ² Ⅷ 〇",
    "for (int i=0;i<10;++i){ a[i]+=2; } // x",
    "snake_case CamelCase HTTPServer2x",
    "https://example.org/a?b=c&d=%20#e",
    "Straße ÄÖÜ naïve façade e\u0301 a\u0323\u0301 ﬁ ﬀ ℌ Å",
    "今天天气很好。東京",
    "한국어 \u1112\u1161\u11ab",
    "नमस्ते दुनिया",
    "مرحبا بالعالم",
    "שָׁלוֹם",
    "Ελλάδα ΣΑΣ",
    "İstanbul ıI",
    "😀😀 👩‍👩‍👧‍👦 🇩🇪 👍🏽 ❤️",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𒀀 𐍈",
    "zero\u200bwidth\u200d\ufeffbom \ufffd \u0000 \u0007",
    "[CLS] and [MASK] in <s>text</s>",
    "<|endoftext|>now<|endoftext|> <|user|> hi",
    "x" * 110,
    "ab" * 55,
    "a b " * 30,
    "!!!???...---___***",
    '... \'tis "quoted" (paren) [br]',
    "mixed 中文and English и русский",
    "\u00ad soft­hyphen \u2028 \u2029 \x85 end",
    "aͤ̂ͅb̴̢̛c",
    "▁mark ▁▁two",
    "Ġalphabet Ċ",
    "<0x41> <0xZZ>",
    "  multiple   spaces    before     words",
    "ends with spaces   ",
    "UPPER lower Title",
    "10,000.50€ £5 ¥7 $9",
    "a\u0300\u0301\u0302\u0303",
    "word" * 26,
    "ﷺ ㍿ ㎏ ﾊﾝｶｸ",
    "unk: \U0001f9ff \U000e0001",
    "the The THE tHE",
]
PAIRS = [("The quick", "brown fox"), ("", "x"), ("it's", ""), ("今天", "Hello world")]
SPECIAL = ["<unk>", "<s>", "</s>"]
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
GPT4O = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_level(size, pre, **settings):
    tokenizer = Tokenizer(models.BPE(**settings))
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(
            vocab_size=size,
            show_progress=False,
            special_tokens=["<|endoftext|>", "<|user|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    return tokenizer


def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), behavior, invert),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def gpt2():
    return byte_level(500, pre_tokenizers.ByteLevel(add_prefix_space=False))


def roberta():
    tokenizer = byte_level(400, pre_tokenizers.ByteLevel(add_prefix_space=True))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True), "<s>", "</s>"])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", tokenizer.token_to_id("</s>")), ("<s>", tokenizer.token_to_id("<s>"))
    )
    return tokenizer


def llama3():
    tokenizer = byte_level(450, split(LLAMA3), ignore_merges=True)
    tokenizer.add_special_tokens(["<|begin|>"])
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single="<|begin|> $A",
                pair="<|begin|> $A <|begin|>:1 $B:1",
                special_tokens=[("<|begin|>", tokenizer.token_to_id("<|begin|>"))],
            ),
        ]
    )
    return tokenizer


def qwen():
    tokenizer = byte_level(450, split(LLAMA3.replace("{1,3}", "")))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    return tokenizer


def gpt4o():
    return byte_level(450, split(GPT4O, "removed", True))


def smollm():
    return byte_level(
        450,
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False),
            ]
        ),
    )


def llama2():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(
            vocab_size=500,
            show_progress=False,
            special_tokens=SPECIAL + [f"<0x{byte:02X}>" for byte in range(256)],
            limit_alphabet=60,
        ),
    )
    made = json.loads(tokenizer.to_str())
    made["added_tokens"] = made["added_tokens"][:3]  # bytes are tokens of the model alone
    tokenizer = Tokenizer.from_str(json.dumps(made))
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)]
    )
    return tokenizer


def unknown_bpe():
    """Unknown characters one by one, prefixes and suffixes: BPE as before bytes."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(
            vocab_size=300,
            show_progress=False,
            special_tokens=["<unk>"],
            end_of_word_suffix="</w>",
            limit_alphabet=60,
        ),
    )
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    return tokenizer


def bert():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=50))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.WordPieceTrainer(
            vocab_size=400,
            show_progress=False,
            special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
        ),
    )
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    tokenizer.enable_truncation(128)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]", length=128)
    return tokenizer


def cased_bert():
    tokenizer = bert()
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def train_pieces(folder, name, **settings):
    corpus = folder / "corpus.txt"
    corpus.write_text("".join(CORPUS), encoding="utf-8")
    rules = folder / "rules.tsv"
    rules.write_text(
        "".join(
            f"{' '.join(f'{ord(c):X}' for c in left)}\t{' '.join(f'{ord(c):X}' for c in right)}\n"
            for left, right in [
                ("ﬁ", "fi"),
                ("ﬀ", "ff"),
                ("㍿", "株式会社"),
                ("\u3000", " "),
                ("\u00a0", " "),
                ("\t", " "),
                ("\n", " "),
                ("e\u0301", "é"),
                ("½", "1/2"),
                ("\u200b", ""),
                ("\u212b", "\u00c5"),
                ("²", "2"),
                ("…", "..."),
                ("ﾊ", "ハ"),
                ("ﾝ", "ン"),
            ]
        )
    )
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus),
        model_prefix=str(folder / name),
        minloglevel=2,
        hard_vocab_limit=False,
        normalization_rule_tsv=str(rules),
        num_threads=1,
        **settings,
    )
    corpus.unlink()
    rules.unlink()
    (folder / f"{name}.vocab").unlink()
    return folder / f"{name}.model"


def unigram(folder):
    """A Unigram tokenizer.json as converters make it from SentencePiece's model."""
    from sentencepiece import sentencepiece_model_pb2 as pb

    model = pb.ModelProto()
    model.ParseFromString((folder / "unigram.model").read_bytes())
    tokenizer = Tokenizer(
        models.Unigram([(piece.piece, piece.score) for piece in model.pieces], 0, False)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap),
            normalizers.Strip(left=False, right=True),
            normalizers.Replace(Regex(" {2,}"), "▁"),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 2)]
    )
    return tokenizer


def word_level():
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("merged_with_previous")]
    )
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.WordLevelTrainer(vocab_size=100, show_progress=False, special_tokens=["[UNK]"]),
    )
    tokenizer.add_tokens(
        [
            AddedToken("quick", single_word=True),
            AddedToken("fox", rstrip=True, lstrip=True),
            AddedToken("THE", normalized=True),
        ]
    )
    return tokenizer


def places(text, offsets):
    """Characters to bytes."""
    starts = [0]
    for character in text:
        starts.append(starts[-1] + len(character.encode()))
    return [starts[place] for span in offsets for place in span]


def case(tokenizer, text):
    with_special = tokenizer.encode(text)
    plain = tokenizer.encode(text, add_special_tokens=False)
    return {
        "ids": plain.ids,
        "offsets": places(text, plain.offsets),
        "special": with_special.ids,
        "text": tokenizer.decode(with_special.ids),
        "whole": tokenizer.decode(with_special.ids, skip_special_tokens=False),
    }


def pair_case(tokenizer, first, second):
    both = tokenizer.encode(first, second)
    return {
        "first": first,
        "second": second,
        "ids": both.ids,
        "types": both.type_ids,
        "special": both.special_tokens_mask,
    }


def plain(tokenizer):
    """Truncation and padding are for callers."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def cases_of(tokenizer):
    tokenizer = plain(tokenizer)
    return {
        "cases": [case(tokenizer, text) for text in STRINGS],
        "pairs": [pair_case(tokenizer, *pair) for pair in PAIRS],
    }


def state(part):
    return json.loads(part.__getstate__())


def parts():
    """Normalizers, pre-tokenizers and decoders one by one."""
    normalizing = [
        normalizers.NFC(),
        normalizers.NFD(),
        normalizers.NFKC(),
        normalizers.NFKD(),
        normalizers.Lowercase(),
        normalizers.StripAccents(),
        normalizers.Nmt(),
        normalizers.ByteLevel(),
        normalizers.Strip(),
        normalizers.Strip(left=True, right=False),
        normalizers.Prepend("▁x"),
        normalizers.Replace("a", "bcd"),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Replace(Regex(r"[^\w\s]"), ""),
        normalizers.BertNormalizer(),
        normalizers.BertNormalizer(
            clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False
        ),
        normalizers.Sequence(
            [normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase()]
        ),
    ]
    cutting = [
        pre_tokenizers.ByteLevel(),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        pre_tokenizers.Whitespace(),
        pre_tokenizers.WhitespaceSplit(),
        pre_tokenizers.BertPreTokenizer(),
        pre_tokenizers.Punctuation(),
        pre_tokenizers.Punctuation("removed"),
        pre_tokenizers.Punctuation("merged_with_next"),
        pre_tokenizers.Punctuation("contiguous"),
        pre_tokenizers.Digits(),
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.Metaspace(),
        pre_tokenizers.Metaspace(prepend_scheme="first"),
        pre_tokenizers.Metaspace(prepend_scheme="never", split=False),
        pre_tokenizers.CharDelimiterSplit("a"),
        pre_tokenizers.FixedLength(3),
        pre_tokenizers.Split(" ", "merged_with_previous"),
        pre_tokenizers.Split("ab", "isolated"),
        pre_tokenizers.Split(Regex(r"\p{L}+|\d+"), "removed"),
        pre_tokenizers.Split(Regex(r"\p{L}+|\d+"), "removed", True),
        pre_tokenizers.Split(Regex(r"[\s\p{P}]"), "contiguous"),
        pre_tokenizers.Split(Regex(r"(?i:[a-f])+"), "merged_with_next"),
        pre_tokenizers.Split(Regex(r"\h+|\S(?=\s)|^\w|\w$"), "isolated"),
        pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
        pre_tokenizers.Split(Regex(GPT4O), "isolated"),
        pre_tokenizers.Split(Regex(r"[^\P{L}\p{Lu}]+|[[:space:]]|[^[:word:]]"), "isolated"),
    ]
    tokens = [
        ["▁Hello", "▁world", "<0xE2>", "<0x82>", "<0xAC>", "<0xFF>", "!"],
        ["ĠHello", "Ġw", "Ã", "©", "âĤ", "x▁"],
        ["un", "##related", ".", "don", "'", "t", "do", "not", "'s"],
        ["a</w>", "b", "c</w>"],
        [],
        ["<pad>", "h", "h", "|", "<pad>", "l", "<pad>", "l"],
        ["  lead", "trail  ", " ."],
    ]
    decoding = [
        decoders.ByteLevel(),
        decoders.WordPiece(),
        decoders.WordPiece(cleanup=False),
        decoders.Metaspace(),
        decoders.Metaspace(prepend_scheme="never"),
        decoders.ByteFallback(),
        decoders.Fuse(),
        decoders.Strip(" ", 1, 1),
        decoders.BPEDecoder(),
        decoders.CTC(),
        decoders.Replace("▁", " "),
        decoders.Replace(Regex("[aeiou]"), "_"),
        decoders.Sequence(
            [
                decoders.Replace("▁", " "),
                decoders.ByteFallback(),
                decoders.Fuse(),
                decoders.Strip(" ", 1, 0),
            ]
        ),
    ]
    return {
        "normalizers": [
            {"config": state(part), "texts": [part.normalize_str(text) for text in STRINGS]}
            for part in normalizing
        ],
        "pre_tokenizers": [
            {
                "config": state(part),
                "pieces": [
                    [[piece, *places(text, [span])] for piece, span in part.pre_tokenize_str(text)]
                    for text in STRINGS
                ],
            }
            for part in cutting
        ],
        "decoders": [
            {"config": state(part), "texts": [part.decode(list(some)) for some in tokens]}
            for part in decoding
        ],
        "tokens": tokens,
    }


def sentencepiece_cases(path):
    model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    texts = [text for text in STRINGS if "<" not in text and "\0" not in text]
    return [
        {"text": text, "ids": model.encode(text), "decoded": model.decode(model.encode(text))}
        for text in texts
    ]


def write(path, value):
    path.write_text(
        json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
    )


MAKERS = [
    gpt2,
    roberta,
    llama3,
    qwen,
    gpt4o,
    smollm,
    llama2,
    unknown_bpe,
    bert,
    cased_bert,
    word_level,
]


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    train_pieces(folder, "unigram", vocab_size=300, model_type="unigram", character_coverage=0.98)
    train_pieces(
        folder, "bpe", vocab_size=560, model_type="bpe", byte_fallback=True, character_coverage=0.98
    )
    cases = {"strings": STRINGS, "tokenizers": {}, "sentencepiece": {}}
    for maker in MAKERS + [lambda: unigram(folder)]:
        name = maker.__name__ if maker.__name__ != "<lambda>" else "unigram"
        tokenizer = maker()
        write(folder / f"{name}.tokenizer.json", json.loads(tokenizer.to_str()))
        cases["tokenizers"][name] = cases_of(tokenizer)
    for name in ("unigram", "bpe"):
        cases["sentencepiece"][name] = sentencepiece_cases(folder / f"{name}.model")
    write(folder / "cases.json", cases)
    write(folder / "parts.json", parts())


def check(folder):
    """What we saved must load, and encode as the original did."""
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    for name, expected in cases["tokenizers"].items():
        saved = Tokenizer.from_file(str(folder / "saved" / f"{name}.json"))
        if cases_of(saved) != expected:
            sys.exit(f"{name}: the saved tokenizer gives other tokens")


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        check(pathlib.Path(sys.argv[2]))
    else:
        make(pathlib.Path(sys.argv[1]))
