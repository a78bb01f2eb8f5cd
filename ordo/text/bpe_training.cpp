// The words of the text are counted; each is a list of ids. A heap holds pairs with their counts
// and the words where they were seen. The most frequent is joined in those words, which changes the
// counts of its neighbours; counts in the heap may be out of date and are put right when they come
// up.
#include "ordo/text/bpe_training.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/text/byte_alphabet.h"
#include "ordo/text/byte_level_spec.h"
#include "ordo/text/pre_tokenizer.h"
#include "ordo/text/word_scanner.h"

namespace ordo::text {
namespace {

using Pair = std::pair<std::uint32_t, std::uint32_t>;

struct PairHash {
  std::size_t operator()(const Pair& pair) const {
    return (std::uint64_t{pair.first} << 32 | pair.second) * 0x9E3779B97F4A7C15ULL;
  }
};

struct Word {
  std::vector<std::uint32_t> ids;
  std::int64_t count = 0;
};

// What joining a pair in one word changed: neighbours that are gone (-1) and new ones (+1).
struct Change {
  Pair pair;
  int by;
};

std::vector<Change> join(std::vector<std::uint32_t>& ids, Pair pair, std::uint32_t joint) {
  std::vector<Change> changes;
  for (std::size_t at = 0; at + 1 < ids.size(); ++at) {
    if (ids[at] != pair.first || ids[at + 1] != pair.second) continue;
    if (at > 0) {
      changes.push_back({{ids[at - 1], pair.first}, -1});
      changes.push_back({{ids[at - 1], joint}, 1});
    }
    ids[at] = joint;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    if (at + 1 < ids.size()) {
      changes.push_back({{pair.second, ids[at + 1]}, -1});
      changes.push_back({{joint, ids[at + 1]}, 1});
    }
  }
  return changes;
}

struct Candidate {
  Pair pair;
  std::int64_t count = 0;
  std::vector<std::uint32_t> words;  // where it was seen, without repetition

  // The heap's top has the greatest count and, of equals, the smallest pair.
  bool operator<(const Candidate& other) const {
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

class Trainer {
 public:
  Trainer(const BpeTrainingOptions& options, Context& context)
      : options_(options), context_(context) {
    if (options.vocab_size > std::size_t{1} << 24)
      throw UsageError("a vocabulary has at most 2^24 tokens");
    for (const std::string& token : options.special_tokens) {
      check_utf8(token, "special token");
      if (token.empty()) throw UsageError("a special token is empty");
      add_token(token);
    }
    special_ = tokens_.size();
    std::vector<char32_t> letters;
    for (unsigned byte = 0; byte < 256; ++byte) {
      letters.push_back(letter_of_byte(static_cast<unsigned char>(byte)));
    }
    std::sort(letters.begin(), letters.end());
    for (const char32_t letter : letters) {
      letter_ids_[static_cast<std::size_t>(byte_of_letter(letter))] = add_token(to_utf8(letter));
    }
    if (tokens_.size() > options.vocab_size) {
      throw UsageError(
          fmt::format("a vocabulary of {} tokens has no room for {} special ones and 256 bytes",
                      options.vocab_size, options.special_tokens.size()));
    }
  }

  void count_words(const TextSource& source, const PreTokenizer& cut) {
    std::unordered_map<std::string, std::int64_t> counts;
    source([&](std::string_view text) {
      context_.check_stop();
      check_utf8(text, "training text");
      Pieces pieces{Normalized(text, 0, Track::nothing), {}};
      if (!text.empty()) pieces.spans.push_back({0, text.size()});
      cut.apply(pieces);
      for (const ByteSpan& span : pieces.spans) {
        ++counts[pieces.text.text().substr(span.begin, span.end - span.begin)];
      }
    });
    words_.reserve(counts.size());
    for (const auto& [bytes, count] : counts) {
      Word word;
      word.count = count;
      for (const char byte : bytes)
        word.ids.push_back(letter_ids_[static_cast<unsigned char>(byte)]);
      words_.push_back(std::move(word));
    }
  }

  void merge() {
    Seen seen;
    for (std::uint32_t number = 0; number < words_.size(); ++number) {
      const Word& word = words_[number];
      for (std::size_t at = 0; at + 1 < word.ids.size(); ++at) {
        note(seen, {word.ids[at], word.ids[at + 1]}, word.count, number);
      }
    }
    push(seen);
    const std::size_t begin = tokens_.size();
    while (tokens_.size() < options_.vocab_size && !heap_.empty()) {
      Candidate top = pop();
      const std::int64_t count = counts_[top.pair];
      if (top.count != count) {
        top.count = count;
        heap_.push_back(std::move(top));
        std::push_heap(heap_.begin(), heap_.end());
        continue;
      }
      if (count < 1 || static_cast<std::uint64_t>(count) < options_.min_frequency) break;
      join_everywhere(top, seen);
      if (merges_.size() % 64 == 0) {
        context_.check_stop();
        context_.progress("merges", static_cast<double>(tokens_.size() - begin),
                          static_cast<double>(options_.vocab_size - begin), "tokens");
      }
    }
  }

  void write(TokenizerSpec& spec) const {
    spec.model.tokens = tokens_;
    spec.model.merges = merges_;
    for (std::size_t id = 0; id < special_; ++id) {
      spec.added_tokens.push_back(
          {.id = static_cast<TokenId>(id), .content = tokens_[id], .special = true});
    }
  }

 private:
  using Seen = std::unordered_map<Pair, std::vector<std::uint32_t>, PairHash>;

  std::uint32_t add_token(const std::string& token) {
    const auto [place, is_new] = ids_.emplace(token, static_cast<std::uint32_t>(tokens_.size()));
    if (is_new) tokens_.push_back(token);
    return place->second;
  }

  void note(Seen& seen, Pair pair, std::int64_t count, std::uint32_t word) {
    counts_[pair] += count;
    std::vector<std::uint32_t>& words = seen[pair];
    if (words.empty() || words.back() != word) words.push_back(word);  // words come in order
  }

  void push(Seen& seen) {
    for (auto& [pair, words] : seen) {
      const std::int64_t count = counts_[pair];
      if (count <= 0) continue;
      heap_.push_back({pair, count, std::move(words)});
      std::push_heap(heap_.begin(), heap_.end());
    }
    seen.clear();
  }

  Candidate pop() {
    std::pop_heap(heap_.begin(), heap_.end());
    Candidate top = std::move(heap_.back());
    heap_.pop_back();
    return top;
  }

  // The joint token may be there already (as "abc" out of "a" and "bc", then out of "ab" and "c").
  void join_everywhere(const Candidate& top, Seen& seen) {
    const std::uint32_t joint = add_token(tokens_[top.pair.first] + tokens_[top.pair.second]);
    merges_.push_back({top.pair.first, top.pair.second, joint});
    for (const std::uint32_t number : top.words) {
      Word& word = words_[number];
      for (const Change& change : join(word.ids, top.pair, joint)) {
        if (change.by > 0) {
          note(seen, change.pair, word.count, number);
        } else {
          counts_[change.pair] -= word.count;
        }
      }
    }
    push(seen);
  }

  const BpeTrainingOptions& options_;
  Context& context_;
  std::vector<std::string> tokens_;
  std::size_t special_ = 0;  // the first so many are special
  std::unordered_map<std::string, std::uint32_t> ids_;
  std::uint32_t letter_ids_[256] = {};
  std::vector<Word> words_;
  std::unordered_map<Pair, std::int64_t, PairHash> counts_;
  std::vector<Candidate> heap_;
  std::vector<MergeRule> merges_;
};

}  // namespace

Tokenizer train_byte_level_bpe(const TextSource& source, const BpeTrainingOptions& options,
                               Context& context) {
  TokenizerSpec spec = byte_level_spec(options.pattern.value_or(""));
  if (options.add_prefix_space) {
    if (options.pattern) throw UsageError("add_prefix_space goes with GPT-2's pattern only");
    spec.pre_tokenizer["add_prefix_space"] = true;
  }
  PreTokenizer cut(Config(spec.pre_tokenizer, "pattern"));
  cut.leave_out_byte_letters();
  Trainer trainer(options, context);
  trainer.count_words(source, cut);
  trainer.merge();
  trainer.write(spec);
  return Tokenizer(std::move(spec));
}

Tokenizer train_byte_level_bpe(const std::vector<std::string>& texts,
                               const BpeTrainingOptions& options, Context& context) {
  const TextSource source = [&](const std::function<void(std::string_view)>& receiver) {
    for (const std::string& text : texts) receiver(text);
  };
  return train_byte_level_bpe(source, options, context);
}

}  // namespace ordo::text
