// A token's text depends on the tokens before it: its bytes may end a character, its space may be
// left out. So the last piece handed out is decoded again in front of what is new, and what follows
// it is new text. A text that ends in U+FFFD may be a character that is not complete yet.
#include "ordo/text/tokenizer.h"

namespace ordo::text {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";
// No character takes more tokens; what is still broken then stays so.
constexpr std::size_t kMostPending = 8;

}  // namespace

StreamDecoder::StreamDecoder(Tokenizer tokenizer, DecodeOptions options)
    : tokenizer_(std::move(tokenizer)), options_(options) {}

std::string StreamDecoder::push(TokenId id) {
  context_.push_back(id);
  const std::string text = tokenizer_.decode(context_, options_);
  const bool waits = text.ends_with(kReplacement) && context_.size() - shown_ < kMostPending;
  if (waits || text.size() <= given_.size()) return {};
  std::string fresh = text.substr(given_.size());
  context_.erase(context_.begin(), context_.begin() + static_cast<std::ptrdiff_t>(shown_));
  shown_ = context_.size();
  given_ = tokenizer_.decode(context_, options_);
  return fresh;
}

std::string StreamDecoder::finish() {
  const std::string text = tokenizer_.decode(context_, options_);
  std::string fresh = text.size() > given_.size() ? text.substr(given_.size()) : std::string();
  context_.clear();
  given_.clear();
  shown_ = 0;
  return fresh;
}

}  // namespace ordo::text
