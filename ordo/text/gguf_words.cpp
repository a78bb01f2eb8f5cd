#include "ordo/text/gguf_words.h"

#include "ordo/text/word_scanner.h"

namespace ordo::text {
namespace {

constexpr std::string_view kTekken =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
    R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kGpt4o =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

}  // namespace

const std::vector<GgufWords>& gguf_words() {
  const std::string_view llama3 = regex_of(WordPattern::llama3), qwen = regex_of(WordPattern::qwen);
  static const std::vector<GgufWords> rules = {{"default", {}},
                                               {"gpt-2", {}},
                                               {"olmo", {}},
                                               {"phi-2", {}},
                                               {"roberta-bpe", {}},
                                               {"smollm", {}, true},
                                               {"starcoder", {}, true},
                                               {"refact", {}, true},
                                               {"command-r", {}, true},
                                               {"llama-bpe", llama3, false, false, true},
                                               {"llama3", llama3, false, false, true},
                                               {"dbrx", llama3},
                                               {"smaug-bpe", llama3},
                                               {"qwen2", qwen, false, true},
                                               {"stablelm2", qwen, false, true},
                                               {"deepseek-r1-qwen", qwen, false, true},
                                               {"tekken", kTekken, false, false, true},
                                               {"gpt-4o", kGpt4o}};
  return rules;
}

std::string gguf_filler(std::size_t id) { return "[PAD" + std::to_string(id) + "]"; }

}  // namespace ordo::text
