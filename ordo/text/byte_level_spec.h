// What all byte-level tokenizers share beside their vocabulary.
#pragma once

#include "ordo/text/tokenizer_spec.h"

namespace ordo::text {

/// Pre-tokenizer and decoder for words cut by `pattern`; GPT-2's if it is empty.
TokenizerSpec byte_level_spec(std::string_view pattern);

}  // namespace ordo::text
