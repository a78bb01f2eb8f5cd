// Post-processors of tokenizer.json: they join one or two texts' tokens with the special ones.
#pragma once

#include <vector>

#include "ordo/text/config.h"
#include "ordo/text/tokenizer.h"

namespace ordo::text {

class PostProcessor {
 public:
  PostProcessor() = default;
  /// Throws InputError for a type it does not know, and for special tokens that are not declared.
  explicit PostProcessor(const Config& config);

  /// One sequence of one or two texts and their encodings. `tokens`: how each id is spelled.
  Encoding join(std::vector<Encoding> parts, const std::vector<std::string_view>& texts,
                const std::vector<std::string>& tokens, bool add_special_tokens) const;
  /// Of ids alone, for one text.
  std::vector<TokenId> join(std::vector<TokenId> ids, bool add_special_tokens) const;

 private:
  struct Piece {
    int sequence = -1;         ///< 0 or 1: a text; -1: special tokens
    std::vector<TokenId> ids;  ///< those
    std::uint8_t type_id = 0;
  };
  struct Template {
    std::vector<Piece> single, pair;
  };
  struct Trim {
    bool on = false, add_prefix_space = true;
  };
  /// First the offsets are trimmed, then the template is filled.
  struct Step {
    Trim trim;
    bool has_template = false;
    bool only_with_special = false;  ///< without special tokens the types stay as they are
    Template filling;
  };

  void add(const Config& config);
  void add_template(const Config& config);
  void add_bert(const Config& config);
  void add_roberta(const Config& config);
  static Encoding fill(const std::vector<Piece>& pieces, std::vector<Encoding>& parts,
                       bool add_special_tokens);

  std::vector<Step> steps_;
};

}  // namespace ordo::text
