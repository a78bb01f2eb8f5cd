#!/usr/bin/env python3
"""Makes what the room knows about code points.

    unicode_tables.py FOLDER      writes unicode_points.inc and normal_forms.inc

Tokenizers were made with the Unicode of their day: the Python package `tokenizers` mixes several
versions (its regular expressions, its normal forms and its punctuation come from different
libraries). To give the same tokens, the package is asked code point by code point.
"""

import pathlib
import sys
import unicodedata

from tokenizers import Regex, normalizers, pre_tokenizers

POINTS = [point for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF]
CATEGORIES = [
    "Cn",
    "Cc",
    "Cf",
    "Co",
    "Cs",
    "Ll",
    "Lm",
    "Lo",
    "Lt",
    "Lu",
    "Mc",
    "Me",
    "Mn",
    "Nd",
    "Nl",
    "No",
    "Pc",
    "Pd",
    "Pe",
    "Pf",
    "Pi",
    "Po",
    "Ps",
    "Sc",
    "Sk",
    "Sm",
    "So",
    "Zl",
    "Zp",
    "Zs",
]
CHUNK = 4096
HEADER = "// Made by unicode_tables.py.\n"


def matched_by(pre_tokenizer):
    """The code points that a pre-tokenizer removes."""
    found = set()
    for begin in range(0, len(POINTS), CHUNK):
        points = POINTS[begin : begin + CHUNK]
        kept = set()
        for _, (left, right) in pre_tokenizer.pre_tokenize_str("".join(map(chr, points))):
            kept.update(range(left, right))
        found.update(points[index] for index in range(len(points)) if index not in kept)
    return found


def matched_by_regex(pattern):
    return matched_by(pre_tokenizers.Split(Regex(pattern), "removed"))


def words():
    """What the package's own Whitespace takes for word characters: they stay with an 'a'."""
    whitespace = pre_tokenizers.Whitespace()
    found = set()
    for point in POINTS:
        if len(whitespace.pre_tokenize_str("a" + chr(point))) == 1 and not chr(point).isspace():
            found.add(point)
    return found


def records():
    """One tuple a code point: category, then flags in the order of PointFlag in unicode.h."""
    category = {}
    for number, name in enumerate(CATEGORIES):
        if name not in ("Cn", "Cs"):
            for point in matched_by_regex(r"\p{%s}" % name):
                category[point] = number
    clean = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False
    )
    bert_marks = normalizers.BertNormalizer(
        clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False
    )
    han = normalizers.BertNormalizer(
        clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False
    )
    accents, strip = normalizers.StripAccents(), normalizers.Strip()
    flags = [
        matched_by_regex(r"\w"),
        words(),
        matched_by(pre_tokenizers.Punctuation("removed")),
        matched_by_digits(),
        {point for point in POINTS if strip.normalize_str(chr(point)) == ""},
        {point for point in POINTS if clean.normalize_str(chr(point)) == ""},
        {point for point in POINTS if bert_marks.normalize_str(chr(point)) == ""},
        {point for point in POINTS if accents.normalize_str(chr(point)) == ""},
        {point for point in POINTS if len(han.normalize_str(chr(point))) == 3},
    ]
    return [
        (
            category.get(point, 4 if 0xD800 <= point <= 0xDFFF else 0),
            sum((point in flag) << bit for bit, flag in enumerate(flags)),
        )
        for point in range(0x110000)
    ]


def matched_by_digits():
    digits = pre_tokenizers.Digits(individual_digits=True)
    return {point for point in POINTS if len(digits.pre_tokenize_str("aa" + chr(point))) == 2}


def combining_classes():
    """Two marks are put in order by their classes; so a scale of marks of known classes tells."""
    nfd = normalizers.NFD()
    last, scale = chr(0x345), {240: chr(0x345)}  # of the highest class
    for point in POINTS:
        known, mark = unicodedata.combining(chr(point)), chr(point)
        moves = (
            nfd.normalize_str(last + mark) == mark + last
        )  # else it is too young for the package
        if known and moves:
            scale.setdefault(known, mark)
    first = scale[min(scale)]
    classes = {}
    for point in POINTS:
        mark = chr(point)
        if nfd.normalize_str(mark) != mark:
            continue
        if (
            nfd.normalize_str(last + mark) != mark + last
            and nfd.normalize_str(mark + first) != first + mark
        ):
            continue  # it never moves
        classes[point] = max(
            value for value, one in scale.items() if nfd.normalize_str(one + mark) == one + mark
        )
    return classes


def decompositions():
    """[point, length | canonical << 8 | composes << 9, decomposition...] for all but Hangul."""
    nfd, nfkd, nfc = normalizers.NFD(), normalizers.NFKD(), normalizers.NFC()
    numbers = []
    for point in POINTS:
        if 0xAC00 <= point <= 0xD7A3:
            continue
        one = chr(point)
        canonical, compatible = nfd.normalize_str(one), nfkd.normalize_str(one)
        if canonical != one:
            composes = len(canonical) > 1 and nfc.normalize_str(canonical) == one
            numbers += [point, len(canonical) | 1 << 8 | composes << 9, *map(ord, canonical)]
        if compatible != canonical:
            numbers += [point, len(compatible), *map(ord, compatible)]
    return numbers


def lower_case():
    """[point, length, letters...]"""
    lower = normalizers.Lowercase()
    numbers = []
    for point in POINTS:
        mapped = lower.normalize_str(chr(point))
        if mapped != chr(point):
            numbers += [point, len(mapped), *map(ord, mapped)]
    return numbers


def array(name, kind, numbers):
    text, line = f"constexpr {kind} {name}[] = {{\n", ""
    for number in numbers:
        piece = f"{number},"
        if len(line) + len(piece) > 100:
            text += line + "\n"
            line = ""
        line += piece
    return text + line + "\n};\n"


def main():
    folder = pathlib.Path(sys.argv[1])
    table = records()
    kinds = sorted(set(table))
    runs, begin = [], 0
    for point in range(1, 0x110001):
        if point == 0x110000 or table[point] != table[begin]:
            runs += [kinds.index(table[begin]), point - begin]
            begin = point
    (folder / "unicode_points.inc").write_text(
        HEADER
        + array(
            "kPointKinds", "std::uint16_t", [category | flags << 5 for category, flags in kinds]
        )
        + array("kPointRuns", "std::uint32_t", runs)
        + array("kLowerCase", "std::uint32_t", lower_case())
    )
    classes, last = [], 0
    for point, value in sorted(combining_classes().items()):
        classes += [point - last, value]
        last = point
    (folder / "normal_forms.inc").write_text(
        HEADER
        + array("kCombiningClasses", "std::uint32_t", classes)
        + array("kDecompositions", "std::uint32_t", decompositions())
    )


if __name__ == "__main__":
    main()
