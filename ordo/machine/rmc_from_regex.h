// Regular expressions into the Relational Machine Calculus: a letter pops itself off the stack
// `in`, union, sequence and star are the calculus' own.
//
//   e ::= a | 'abc' | eps | empty | e e | e + e | e "|" e | e* | e? | (e)
//
// A letter is any letter or digit, or any text between quotes; `eps` and `empty` (also ε, ∅) are
// words of their own where they stand alone. The word w1...wn is the memory `in: end wn ... w1`;
// the expression followed by `in<end>` accepts it. The number of runs is the word's ambiguity.
#pragma once

#include <vector>

#include "ordo/machine/rmc_dialect.h"

namespace ordo::machine::rmc {

/// Adds the expression's program, and a query for the question's word.
void from_regex(Translation& translation);

/// A word's letters as constants: letters and digits, quoted texts, blanks between them.
std::vector<TermId> read_word(Terms& terms, const SourceMap& sources, SourceId file, Marks marks,
                              Diagnostics& problems);
/// The memory entry `location: end wn ... w1`.
MemoryEntry word_on_stack(Terms& terms, std::string_view location, const std::vector<TermId>& word);

}  // namespace ordo::machine::rmc
